/*
 * The pool under load: callers that ask again as soon as they have their answer.
 *
 * The loop runs until nothing is in flight: an idle pool does not keep it alive.
 */
#include "pool_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 1000 };

typedef struct {
  aurora_pool_t *pool;
  const bare_statement_t *statement;
  uint64_t unsent;
  bare_sample_cb sample;
  void *data;
  bool failed;
  bare_totals_t totals;
  bare_error_t error;
} run_t;

typedef struct {
  run_t *run;
  uint64_t started_at; /* ns */
} caller_t;

static void fail(run_t *run, const char *what, const char *why)
{
  if (!run->failed)
    snprintf(run->error.message, sizeof run->error.message, "%s: %s", what, why);
  run->failed = true;
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data);

static void ask(caller_t *caller)
{
  run_t *run = caller->run;
  const bare_statement_t *statement = run->statement;
  int code;

  if (run->sample)
    caller->started_at = uv_hrtime();
  run->unsent--;
  if (statement->kind == BARE_TEXT)
    code = aurora_pool_query(run->pool, statement->sql, AURORA_NO_PARAMS, on_result, caller);
  else
    code = aurora_pool_query(run->pool, statement->sql,
                             AURORA_PARAMS(run->unsent % statement->keys + 1), on_result, caller);
  if (code)
    fail(run, "the pool refused a query", aurora_strerror(code));
}

static void count_rows(const aurora_result_t *result, bare_totals_t *totals)
{
  size_t rows = aurora_result_rows(result);
  unsigned columns = aurora_result_columns(result);

  totals->rows += rows;
  for (size_t row = 0; row < rows; row++) {
    for (unsigned column = 0; column < columns; column++)
      totals->bytes += aurora_result_is_null(result, row, column) ? 0 : sizeof(int64_t);
  }
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  caller_t *caller = data;
  run_t *run = caller->run;

  if (error) {
    fail(run, "a query failed", error->message);
    return;
  }
  count_rows(result, &run->totals);
  run->totals.queries++;
  if (run->sample)
    run->sample(uv_hrtime() - caller->started_at, run->data);
  if (run->unsent && !run->failed)
    ask(caller);
}

int pool_client_run(pool_client_t *client, const bare_statement_t *statement, uint64_t count,
                    unsigned callers, bare_sample_cb sample, void *data, bare_totals_t *ret_totals,
                    bare_error_t *ret_error)
{
  caller_t *all = calloc(callers, sizeof *all);
  run_t run = {.pool = client->pool,
               .statement = statement,
               .unsent = count,
               .sample = sample,
               .data = data};
  uint64_t cpu = bare_cpu_time();
  uint64_t begin = uv_hrtime();

  if (!all) {
    snprintf(ret_error->message, sizeof ret_error->message, "out of memory");
    return -1;
  }
  for (unsigned i = 0; i < callers && run.unsent && !run.failed; i++) {
    all[i].run = &run;
    ask(&all[i]);
  }
  uv_run(&client->loop, UV_RUN_DEFAULT);
  run.totals.elapsed = uv_hrtime() - begin;
  run.totals.cpu = bare_cpu_time() - cpu;
  free(all);
  if (!run.failed && run.totals.queries != count)
    fail(&run, "callbacks are missing", "the loop ended before every query was answered");
  if (run.failed) {
    *ret_error = run.error;
    return -1;
  }
  *ret_totals = run.totals;
  return 0;
}

/* --- Opening and closing ------------------------------------------------------------------------ */

typedef struct {
  bool called;
  bool failed;
  uint64_t at; /* ns */
  aurora_error_t error;
} done_t;

static void on_done(const aurora_error_t *error, void *data)
{
  done_t *done = data;

  done->at = uv_hrtime();
  done->called = true;
  done->failed = error != NULL;
  if (error)
    done->error = *error;
}

void pool_client_close(pool_client_t *client)
{
  if (client->pool && aurora_pool_close(client->pool, DRAIN_MS, NULL, NULL) == 0)
    uv_run(&client->loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&client->loop))
    fprintf(stderr, "aurora-bench: the closed pool has left something on its loop\n");
  client->pool = NULL;
}

static int warm_up(pool_client_t *client, uint64_t *ret_warmup, bare_error_t *ret_error)
{
  done_t done = {0};
  uint64_t begin = uv_hrtime();
  int code = aurora_pool_warmup(client->pool, on_done, &done);

  if (!code)
    uv_run(&client->loop, UV_RUN_DEFAULT);
  if (code || !done.called || done.failed) {
    snprintf(ret_error->message, sizeof ret_error->message, "the warm-up failed: %s",
             code          ? aurora_strerror(code)
             : done.failed ? done.error.message
                           : "its callback was not called");
    return -1;
  }
  if (ret_warmup)
    *ret_warmup = done.at - begin;
  return 0;
}

int pool_client_open(pool_client_t *client, const aurora_config_t *config, unsigned connections,
                     uint64_t *ret_warmup, bare_error_t *ret_error)
{
  aurora_config_t sized = *config;
  aurora_error_t error;
  int code = uv_loop_init(&client->loop);

  client->pool = NULL;
  if (code) {
    snprintf(ret_error->message, sizeof ret_error->message, "no loop: %s", uv_strerror(code));
    return -1;
  }
  sized.pool_size = connections;
  sized.warmup_size = connections;
  sized.min_idle = 0;
  if (aurora_pool_create(&client->loop, &sized, &client->pool, &error)) {
    snprintf(ret_error->message, sizeof ret_error->message, "no pool: %s", error.message);
    pool_client_close(client);
    return -1;
  }
  if (warm_up(client, ret_warmup, ret_error)) {
    pool_client_close(client);
    return -1;
  }
  return 0;
}
