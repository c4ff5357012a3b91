/*
 * W5: each caller has a pool of one connection, runs one query through it and lets the connection go
 * (aurora_pool_recycle), so that the next query needs a new one. All the pools are on one loop.
 */
#include "aurora_client.h"

#include <stdlib.h>

typedef struct {
  uv_loop_t loop;
  aurora_config_t config;
  const char *sql;
  meter_t *meter;
  bool failed;
  bare_error_t error;
} run_t;

typedef struct {
  run_t *run;
  aurora_pool_t *pool;
  uint64_t began_at; /* ns */
} caller_t;

static void ask(caller_t *caller);

static void fail(run_t *run, const char *why)
{
  if (!run->failed)
    peer_failed(&run->error, "%s", why);
  run->failed = true;
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  caller_t *caller = data;
  run_t *run = caller->run;

  if (error)
    fail(run, error->message);
  else
    run->meter->seen.rows += aurora_result_rows(result);
  aurora_pool_recycle(caller->pool);
  caller->began_at = meter_done(run->meter, caller->began_at);
  if (!run->failed && meter_more(run->meter))
    ask(caller);
}

static void ask(caller_t *caller)
{
  run_t *run = caller->run;
  int code = aurora_pool_query(caller->pool, run->sql, AURORA_NO_PARAMS, on_result, caller);

  if (code)
    fail(run, aurora_strerror(code));
}

static void begin(caller_t *caller)
{
  run_t *run = caller->run;
  aurora_error_t error;

  caller->began_at = run->meter->last_at;
  if (aurora_pool_create(&run->loop, &run->config, &caller->pool, &error))
    fail(run, error.message);
  else
    ask(caller);
}

int aurora_connect_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  run_t run = {.sql = options->workload->statements[0].sql, .meter = meter};
  caller_t *callers = calloc(options->callers, sizeof *callers);
  peer_options_t one = *options;

  one.connections = 1;
  if (!callers || aurora_client_config(&one, &run.config, ret_error) || uv_loop_init(&run.loop)) {
    free(callers);
    return -1;
  }
  meter_start(meter);
  for (unsigned i = 0; i < options->callers && meter_more(meter); i++) {
    callers[i].run = &run;
    begin(&callers[i]);
  }
  uv_run(&run.loop, UV_RUN_DEFAULT);
  meter_stop(meter);
  for (unsigned i = 0; i < options->callers; i++)
    if (callers[i].pool)
      aurora_pool_close(callers[i].pool, 0, NULL, NULL);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  uv_loop_close(&run.loop);
  aurora_config_clear(&run.config);
  free(callers);
  *ret_error = run.error;
  return run.failed ? -1 : 0;
}
