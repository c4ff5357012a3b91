/*
 * W1 to W4 and W8 through the pool: callers that ask again as soon as they have their answer. The
 * statements of a request go one after the other, each on whatever connection the pool has.
 */
#include "aurora_client.h"

#include <stdlib.h>

typedef struct {
  aurora_pool_t *pool;
  const workload_t *workload;
  meter_t *meter;
  uint64_t random;
  bool failed;
  bare_error_t error;
} run_t;

typedef struct {
  run_t *run;
  uint64_t asked_at; /* ns */
  request_t request;
} caller_t;

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data);

static void fail(run_t *run, const char *why)
{
  if (!run->failed)
    peer_failed(&run->error, "a query failed: %s", why);
  run->failed = true;
}

/* Every cell is looked at, and none converted: the bare loop does not either. */
static void see(const aurora_result_t *result, rows_seen_t *seen)
{
  size_t rows = aurora_result_rows(result);
  unsigned columns = aurora_result_columns(result);

  seen->rows += rows;
  for (size_t row = 0; row < rows; row++) {
    for (unsigned column = 0; column < columns; column++)
      seen->sum += !aurora_result_is_null(result, row, column);
  }
}

static int on_row(const aurora_result_t *row, void *data)
{
  caller_t *caller = data;

  see(row, &caller->run->meter->seen);
  return 0;
}

static void make_page(const aurora_result_t *result)
{
  fortunes_t fortunes;

  fortunes_begin(&fortunes);
  for (size_t row = 0; row < aurora_result_rows(result); row++) {
    aurora_value_t id = aurora_result_value(result, row, 0);
    aurora_value_t text = aurora_result_value(result, row, 1);

    fortunes_add(&fortunes, id.as.int64, text.as.text.data, text.as.text.size);
  }
  fortunes_end(&fortunes);
}

static int ask(caller_t *caller, int index)
{
  static const aurora_query_options_t streamed = {.on_row = on_row};
  run_t *run = caller->run;
  const work_statement_t *work = &run->workload->statements[index];
  const int32_t *params = caller->request.params;

  if (run->workload->stream)
    return aurora_pool_query_with(run->pool, work->sql, AURORA_NO_PARAMS, &streamed, on_result,
                                  caller, NULL);
  switch (work->params) {
  case 0:
    return aurora_pool_query(run->pool, work->sql, AURORA_NO_PARAMS, on_result, caller);
  case 1:
    return aurora_pool_query(run->pool, work->sql, AURORA_PARAMS(params[0]), on_result, caller);
  default:
    return aurora_pool_query(run->pool, work->sql, AURORA_PARAMS(params[0], params[1]), on_result,
                             caller);
  }
}

/* Asks for the next statement of the request. */
static void go_on(caller_t *caller)
{
  run_t *run = caller->run;
  int index = request_next(&caller->request, run->workload, &run->random);
  int code;

  if (index < 0) {
    caller->asked_at = meter_done(run->meter, caller->asked_at);
    if (!meter_more(run->meter))
      return;
    index = request_next(&caller->request, run->workload, &run->random);
  }
  code = ask(caller, index);
  if (code)
    fail(run, aurora_strerror(code));
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  caller_t *caller = data;
  run_t *run = caller->run;

  if (error) {
    fail(run, error->message);
    return;
  }
  see(result, &run->meter->seen);
  if (run->workload->fortunes)
    make_page(result);
  if (!run->failed)
    go_on(caller);
}

int aurora_requests_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  run_t run = {.workload = options->workload, .meter = meter};
  caller_t *callers = calloc(options->callers, sizeof *callers);
  uv_loop_t loop;

  if (!callers || uv_loop_init(&loop)) {
    free(callers);
    return peer_failed(ret_error, "out of memory");
  }
  meter_memory_empty(meter);
  if (aurora_client_open(&loop, options, &run.pool, ret_error)) {
    free(callers);
    return -1; /* the process ends */
  }
  meter_memory_open(meter);
  meter_start(meter);
  for (unsigned i = 0; i < options->callers && meter_more(meter); i++) {
    callers[i].run = &run;
    callers[i].asked_at = meter->last_at;
    go_on(&callers[i]);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  meter_stop(meter);
  aurora_pool_close(run.pool, 1000, NULL, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&loop) && !run.failed)
    fail(&run, "the closed pool has left something on its loop");
  free(callers);
  *ret_error = run.error;
  return run.failed ? -1 : 0;
}
