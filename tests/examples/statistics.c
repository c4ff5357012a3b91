/*
 * Statistics: a snapshot of what the pool does and has done, for a metrics page.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  *(int *)data += error != NULL;
}

static void print_latency(const char *name, const aurora_latency_t *latency)
{
  /* Nanoseconds. A real page would show them; this one only says that they make sense. */
  int good = latency->min > 0 && latency->min <= latency->p50 && latency->p50 <= latency->p99 &&
             latency->sum >= latency->max;

  printf("%s: %" PRIu64 " measured, %s\n", name, latency->count, good ? "plausible" : "strange");
}

static void print_stats(const aurora_pool_t *pool)
{
  aurora_stats_t stats;

  aurora_pool_stats(pool, &stats); /* no I/O: as often as you like */
  printf("now: %zu connections, %zu idle, %zu busy; %zu requests wait\n", stats.size, stats.idle,
         stats.busy, stats.waiting);
  printf("so far: %" PRIu64 " queries, %" PRIu64 " failed, of these %" PRIu64 " timed out\n",
         stats.queries, stats.failed, stats.timed_out);
  printf("statements: %" PRIu64 " prepared, %" PRIu64 " found in the cache\n",
         stats.statement_misses, stats.statement_hits);
  print_latency("aurora_query", &stats.aurora_query);
  print_latency("connect", &stats.connect);
  /* Connections that ended, by reason. The words are those of the log. */
  for (int reason = 0; reason < AURORA_CLOSE_REASONS; reason++)
    if (stats.closed[reason] > 0)
      printf("closed, %s: %" PRIu64 "\n", aurora_close_reason_name((aurora_close_reason_t)reason),
             stats.closed[reason]);
}

/* The reasons at compile time, such as for the labels of a metric. */
#define LABEL(name, text) text,
static const char *const labels[] = {AURORA_CLOSE_REASON_MAP(LABEL)};
#undef LABEL

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  int errors = 0, code, i;

  printf("the label of AURORA_CLOSE_LOST: %s\n", labels[AURORA_CLOSE_LOST]);
  aurora_config_init(&config);
  code = aurora_config_from_env(&config, &error);
  config.pool_size = 1;
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  for (i = 0; code == 0 && i < 10; i++)
    code = aurora_pool_query(pool, "SELECT ? * 2", AURORA_PARAMS(i), on_result, &errors);
  if (code == 0)
    code = aurora_pool_query(pool, "SELEC 1", AURORA_NO_PARAMS, on_result, &errors);
  if (code == 0)
    code = aurora_pool_query(pool, "SELECT ? * 2", AURORA_PARAMS(i), on_result, &errors);
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_recycle(pool); /* ends the idle connection */
  uv_run(loop, UV_RUN_DEFAULT);
  print_stats(pool);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || code != 0 || errors != 1;
}
