/*
 * The longest time that the loop was held up while 20 TLS connections were opened, each verified with
 * a large file of certificates.
 *
 * stall_watch.h tells how it is taken. The same is taken on the idle loop for as long right before, for
 * the gaps that the machine itself makes; the figure is the difference.
 *
 * The workers that connect, the server and the loop share the cores, and a gap may be nothing but a
 * thread that was ready and got none. The longest gap without such time is what the pool itself did to
 * the loop, and is given beside the figure.
 */
#include <stdio.h>

#include "measure.h"
#include "pool_run.h"
#include "progress.h"
#include "samples.h"
#include "stall_watch.h"

enum { CONNECTIONS = 20, LEAST_IDLE_MS = 200 };

typedef struct {
  pool_client_t client;
  stall_watch_t watch;
  bool ended;
  bool failed;
  bare_error_t error;
} stall_t;

typedef struct {
  samples_t idle, busy, beyond, own, took; /* ms, a value a round */
} rounds_t;

static void on_idle_over(uv_timer_t *timer)
{
  uv_close((uv_handle_t *)timer, NULL);
  uv_stop(timer->loop);
}

/* The loop with nothing to do. */
static int run_idle(stall_t *stall, uint64_t ms, double *ret_longest)
{
  uv_loop_t *loop = &stall->client.loop;
  uv_timer_t end;

  uv_timer_init(loop, &end);
  uv_timer_start(&end, on_idle_over, ms, 0);
  if (stall_watch_start(&stall->watch, loop))
    return -1;
  uv_run(loop, UV_RUN_DEFAULT);
  stall_watch_stop(&stall->watch);
  *ret_longest = (double)stall->watch.longest / 1e6;
  return 0;
}

static void on_warm(const aurora_error_t *error, void *data)
{
  stall_t *stall = data;

  stall->ended = true;
  stall->failed = error != NULL;
  if (error)
    snprintf(stall->error.message, sizeof stall->error.message, "the warm-up failed: %s",
             error->message);
  uv_stop(&stall->client.loop);
}

/* The loop while connections are opened, creating the pool included. */
static int run_busy(stall_t *stall, const aurora_config_t *config, double *ret_took)
{
  uv_loop_t *loop = &stall->client.loop;
  aurora_error_t error;
  uint64_t begin;
  int code;

  if (stall_watch_start(&stall->watch, loop))
    return -1;
  begin = uv_hrtime();
  code = aurora_pool_create(loop, config, &stall->client.pool, &error);
  if (!code)
    code = aurora_pool_warmup(stall->client.pool, on_warm, stall);
  if (code) {
    stall->failed = true;
    snprintf(stall->error.message, sizeof stall->error.message, "no pool: %s",
             aurora_strerror(code));
  }
  while (!code && !stall->ended)
    uv_run(loop, UV_RUN_DEFAULT);
  *ret_took = (double)(uv_hrtime() - begin) / 1e6;
  stall_watch_stop(&stall->watch);
  return stall->failed ? -1 : 0;
}

static int run_round(const aurora_config_t *config, rounds_t *rounds, bare_error_t *ret_error)
{
  stall_t stall = {.error.message = "the kernel gives no timer"};
  uint64_t idle_ms = (uint64_t)samples_max(&rounds->took);
  double idle = 0, busy, took = 0;
  int code;

  uv_loop_init(&stall.client.loop);
  code = run_idle(&stall, idle_ms > LEAST_IDLE_MS ? idle_ms : LEAST_IDLE_MS, &idle);
  if (!code)
    code = run_busy(&stall, config, &took);
  busy = (double)stall.watch.longest / 1e6;
  pool_client_close(&stall.client);
  if (code) {
    *ret_error = stall.error;
    return -1;
  }
  samples_add(&rounds->idle, idle);
  samples_add(&rounds->busy, busy);
  samples_add(&rounds->beyond, busy > idle ? busy - idle : 0);
  samples_add(&rounds->own, (double)stall.watch.longest_own / 1e6);
  samples_add(&rounds->took, took);
  return 0;
}

static void fill_in(figure_t *figure, rounds_t *rounds)
{
  figure_set(figure, samples_median(&rounds->beyond));
  figure_part(figure, "rounds", (double)rounds->beyond.count);
  figure_part(figure, "beyond_idle_median_ms", samples_median(&rounds->beyond));
  figure_part(figure, "beyond_idle_max_ms", samples_max(&rounds->beyond));
  figure_part(figure, "idle_median_ms", samples_median(&rounds->idle));
  figure_part(figure, "idle_max_ms", samples_max(&rounds->idle));
  figure_part(figure, "opening_median_ms", samples_median(&rounds->busy));
  figure_part(figure, "opening_max_ms", samples_max(&rounds->busy));
  figure_part(figure, "opening_own_median_ms", samples_median(&rounds->own));
  figure_part(figure, "opening_own_max_ms", samples_max(&rounds->own));
  figure_part(figure, "warmup_median_ms", samples_median(&rounds->took));
  snprintf(figure->detail, sizeof figure->detail,
           "Longest gap on the loop: %.2f ms while connections open, %.2f ms idle (medians of %zu "
           "rounds; at worst %.2f and %.2f ms). Without the time in which the loop's thread was "
           "ready and other threads had the cores, %.2f ms (at worst %.2f). Opening took %.0f ms.",
           samples_median(&rounds->busy), samples_median(&rounds->idle), rounds->beyond.count,
           samples_max(&rounds->busy), samples_max(&rounds->idle), samples_median(&rounds->own),
           samples_max(&rounds->own), samples_median(&rounds->took));
}

static void free_rounds(rounds_t *rounds)
{
  samples_free(&rounds->idle);
  samples_free(&rounds->busy);
  samples_free(&rounds->beyond);
  samples_free(&rounds->own);
  samples_free(&rounds->took);
}

int measure_stall(const target_t *target, const measure_size_t *size, figures_t *figures,
                  bare_error_t *ret_error)
{
  static char what[80];
  const bare_error_t *missing = &target->missing[TARGET_TLS_BUNDLE];
  figure_t *figure;
  rounds_t rounds = {0};
  aurora_config_t config;
  int code = 0;

  snprintf(what, sizeof what, "longest loop stall, 20 TLS opening, CA of %u",
           target->bundle_count ? target->bundle_count : (unsigned)TARGET_BUNDLE);
  figure = figures_add(figures, "stall_beyond_idle_ms", what, "ms", 0, 2);
  figure->meaning =
      "How much longer than on the idle loop a callback had to wait at worst while 20 "
      "TLS connections were opened, each verified with a CA file of many "
      "certificates (the system's and the server's).";
  if (missing->message[0]) {
    snprintf(figure->why_not, sizeof figure->why_not, "%.250s", missing->message);
    return 0;
  }
  progress_step("Watching the loop while TLS connections open");
  target_config(target, TARGET_TLS_BUNDLE, &config);
  config.pool_size = config.warmup_size = CONNECTIONS;
  config.min_idle = 0;
  for (unsigned i = 0; i < size->stall_rounds && !code; i++) {
    progress_round(i + 1, size->stall_rounds);
    code = run_round(&config, &rounds, ret_error);
  }
  if (!code)
    fill_in(figure, &rounds);
  free_rounds(&rounds);
  return code;
}
