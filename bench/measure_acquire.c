/*
 * Taking a connection: aurora_pool_acquire to its callback, with idle connections in the pool.
 *
 * The loop sleeps between two takes, as that of a program that waits for its next request: a timer
 * rings every ms, and each ring takes one connection and gives it back in the callback. The pool then
 * resets the session, which is not part of the time, and the next take waits until a connection is
 * idle again. Back to back everything would be in the CPU's caches and the figure nicer.
 */
#include <stdio.h>

#include "measure.h"
#include "pool_run.h"
#include "progress.h"
#include "samples.h"

enum { CONNECTIONS = 20, PACE_MS = 1, WARM_UP_TAKES = 100 };

typedef struct {
  pool_client_t client;
  uv_timer_t pace;
  unsigned left;
  unsigned taken;
  bool under_way;
  bool idle_is_known; /* a connection was idle after the last take */
  uint64_t started_at;
  samples_t samples; /* us */
  bool failed;
  bare_error_t error;
} acquire_t;

static void stop(acquire_t *acquire)
{
  uv_close((uv_handle_t *)&acquire->pace, NULL);
}

static bool some_are_idle(const acquire_t *acquire)
{
  aurora_stats_t stats;

  aurora_pool_stats(acquire->client.pool, &stats);
  return stats.idle > 0;
}

static void on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  acquire_t *acquire = data;
  uint64_t took = uv_hrtime() - acquire->started_at;

  acquire->under_way = false;
  if (error) {
    acquire->failed = true;
    snprintf(acquire->error.message, sizeof acquire->error.message, "no connection: %s",
             error->message);
    stop(acquire);
    return;
  }
  if (acquire->taken++ >= WARM_UP_TAKES)
    samples_add(&acquire->samples, (double)took / 1e3);
  aurora_connection_release(connection);
  acquire->idle_is_known = some_are_idle(acquire);
  if (--acquire->left == 0)
    stop(acquire);
}

static void on_ring(uv_timer_t *timer)
{
  acquire_t *acquire = timer->data;
  int code;

  if (acquire->under_way)
    return;
  if (!acquire->idle_is_known) {
    acquire->idle_is_known = some_are_idle(acquire);
    return;
  }
  acquire->under_way = true;
  acquire->started_at = uv_hrtime();
  code = aurora_pool_acquire(acquire->client.pool, on_connection, acquire);
  if (code) {
    acquire->failed = true;
    snprintf(acquire->error.message, sizeof acquire->error.message, "acquire: %s",
             aurora_strerror(code));
    stop(acquire);
  }
}

static void fill_in(figure_t *figure, samples_t *samples)
{
  double p50 = samples_median(samples);
  double p99 = samples_quantile(samples, 0.99);

  figure_set(figure, p99 / 1e3);
  figure_part(figure, "takes", (double)samples->count);
  figure_part(figure, "p50_us", p50);
  figure_part(figure, "p99_us", p99);
  figure_part(figure, "max_us", samples_max(samples));
  snprintf(figure->detail, sizeof figure->detail,
           "%zu takes, each from a sleeping loop: half of them within %.1f us, 99 of 100 within "
           "%.1f us, the longest %.1f us.",
           samples->count, p50, p99, samples_max(samples));
}

int measure_acquire(const target_t *target, const measure_size_t *size, figures_t *figures,
                    bare_error_t *ret_error)
{
  figure_t *figure =
      figures_add(figures, "acquire_p99_ms", "take a connection when one is idle", "ms", 5, 0.01);
  acquire_t acquire = {.left = size->acquires + WARM_UP_TAKES};
  aurora_config_t config;

  figure->meaning =
      "The 99th percentile of the time from aurora_pool_acquire to its callback, with idle "
      "connections in the pool.";
  progress_step("Taking connections");
  target_config(target, target->queries, &config);
  if (pool_client_open(&acquire.client, &config, CONNECTIONS, NULL, ret_error))
    return -1;
  acquire.idle_is_known = true;
  uv_timer_init(&acquire.client.loop, &acquire.pace);
  acquire.pace.data = &acquire;
  uv_timer_start(&acquire.pace, on_ring, PACE_MS, PACE_MS);
  uv_run(&acquire.client.loop, UV_RUN_DEFAULT);
  pool_client_close(&acquire.client);
  if (!acquire.failed)
    fill_in(figure, &acquire.samples);
  else
    *ret_error = acquire.error;
  samples_free(&acquire.samples);
  return acquire.failed ? -1 : 0;
}
