/*
 * W6: callers take a connection out of the pool and give it back in the callback, without a query.
 *
 * The callers ask together in a loop turn, as requests of a server do; the last one that is answered
 * asks for all of them again. Throughput is what one costs, amortised over a turn. The latency is that
 * of the turn's first caller only: reading the clock for each would cost more than what is measured.
 */
#include "aurora_client.h"

typedef struct {
  aurora_pool_t *pool;
  meter_t *meter;
  unsigned callers;
  unsigned waiting; /* callers that are not answered yet */
  uint64_t asked_at;
  bool failed;
  bare_error_t error;
} run_t;

static void ask_all(run_t *run);

static void fail(run_t *run, const char *why)
{
  if (!run->failed)
    peer_failed(&run->error, "no connection: %s", why);
  run->failed = true;
}

static void on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  run_t *run = data;

  if (error)
    fail(run, error->message);
  else
    aurora_connection_release(connection);
  if (run->waiting == run->callers)
    run->asked_at = meter_done(run->meter, run->asked_at);
  if (--run->waiting == 0 && !run->failed && meter_more(run->meter))
    ask_all(run);
}

static void ask_all(run_t *run)
{
  int code = 0;

  if (run->meter->latency)
    run->asked_at = meter_now();
  run->waiting = run->callers;
  for (unsigned i = 0; i < run->callers && !code; i++)
    code = aurora_pool_acquire(run->pool, on_connection, run);
  if (code)
    fail(run, aurora_strerror(code));
}

int aurora_acquire_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  run_t run = {.meter = meter, .callers = options->callers};
  uv_loop_t loop;

  if (uv_loop_init(&loop) || aurora_client_open(&loop, options, &run.pool, ret_error))
    return -1;
  meter->queries = (meter->queries + options->callers - 1) / options->callers;
  meter_start(meter);
  if (meter_more(meter))
    ask_all(&run);
  uv_run(&loop, UV_RUN_DEFAULT);
  meter_stop(meter);
  meter->done *= options->callers;
  aurora_pool_close(run.pool, 1000, NULL, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  *ret_error = run.error;
  return run.failed ? -1 : 0;
}
