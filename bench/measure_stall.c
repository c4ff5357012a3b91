/*
 * The longest time that the loop was held up while 20 TLS connections were opened, each verified with
 * a large file of certificates.
 *
 * A clock of the kernel (timerfd) rings on the loop every 0.1 ms; the longest gap between two of its
 * callbacks is what any other callback of the program would have had to wait. The same is taken on
 * the idle loop for as long right before, for the gaps that the machine itself makes; the figure is
 * the difference. The CPU time that the loop's thread used between two rings is noted beside it: it
 * tells what the pool did there from what the machine did to the thread, as the workers that connect,
 * the server and the loop share its cores.
 */
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"
#include "pool_run.h"
#include "progress.h"
#include "samples.h"

enum { CONNECTIONS = 20, RING_NS = 100000, LEAST_IDLE_MS = 200 };

typedef struct {
  int fd;
  uv_poll_t poll;
  uint64_t last_at, last_cpu; /* ns; 0: no ring yet */
  uint64_t longest, longest_cpu;
} watch_t;

typedef struct {
  pool_client_t client;
  watch_t watch;
  bool ended;
  bool failed;
  bare_error_t error;
} stall_t;

typedef struct {
  samples_t idle, busy, beyond, cpu, took; /* ms, a value a round */
} rounds_t;

static uint64_t thread_cpu(void)
{
  struct timespec time;

  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void look(watch_t *watch)
{
  uint64_t now = uv_hrtime(), cpu = thread_cpu();

  if (watch->last_at && now - watch->last_at > watch->longest)
    watch->longest = now - watch->last_at;
  if (watch->last_at && cpu - watch->last_cpu > watch->longest_cpu)
    watch->longest_cpu = cpu - watch->last_cpu;
  watch->last_at = now;
  watch->last_cpu = cpu;
}

static void on_ring(uv_poll_t *poll, int status, int events)
{
  watch_t *watch = poll->data;
  uint64_t rings;

  (void)events;
  if (status == 0 && read(watch->fd, &rings, sizeof rings) == sizeof rings)
    look(watch);
}

static int watch_start(watch_t *watch, uv_loop_t *loop)
{
  struct itimerspec every = {{0, RING_NS}, {0, RING_NS}};

  *watch = (watch_t){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
  if (watch->fd < 0)
    return -1;
  watch->poll.data = watch;
  uv_poll_init(loop, &watch->poll, watch->fd);
  uv_poll_start(&watch->poll, UV_READABLE, on_ring);
  timerfd_settime(watch->fd, 0, &every, NULL);
  return 0;
}

static void watch_stop(watch_t *watch, uv_loop_t *loop)
{
  look(watch);
  uv_close((uv_handle_t *)&watch->poll, NULL);
  uv_run(loop, UV_RUN_NOWAIT);
  close(watch->fd);
}

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
  if (watch_start(&stall->watch, loop))
    return -1;
  uv_run(loop, UV_RUN_DEFAULT);
  watch_stop(&stall->watch, loop);
  *ret_longest = (double)stall->watch.longest / 1e6;
  return 0;
}

static void on_warm(const aurora_error_t *error, void *data)
{
  stall_t *stall = data;

  stall->ended = true;
  stall->failed = error != NULL;
  if (error)
    snprintf(stall->error.message, sizeof stall->error.message, "the warm-up failed: %.400s",
             error->message);
  uv_stop(&stall->client.loop);
}

/* The loop while connections are opened, creating the pool and closing it included. */
static int run_busy(stall_t *stall, const aurora_config_t *config, double *ret_took)
{
  uv_loop_t *loop = &stall->client.loop;
  aurora_error_t error;
  uint64_t begin;

  if (watch_start(&stall->watch, loop))
    return -1;
  uv_run(loop, UV_RUN_ONCE);
  begin = uv_hrtime();
  if (aurora_pool_create(loop, config, &stall->client.pool, &error)) {
    stall->failed = true;
    snprintf(stall->error.message, sizeof stall->error.message, "no pool: %.400s", error.message);
  } else if (aurora_pool_warmup(stall->client.pool, on_warm, stall) == 0) {
    while (!stall->ended)
      uv_run(loop, UV_RUN_DEFAULT);
  }
  *ret_took = (double)(uv_hrtime() - begin) / 1e6;
  watch_stop(&stall->watch, loop);
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
  samples_add(&rounds->cpu, (double)stall.watch.longest_cpu / 1e6);
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
  figure_part(figure, "loop_cpu_max_ms", samples_max(&rounds->cpu));
  figure_part(figure, "warmup_median_ms", samples_median(&rounds->took));
  snprintf(figure->detail, sizeof figure->detail,
           "Longest gap on the loop: %.2f ms while connections open, %.2f ms idle (medians of %zu "
           "rounds; at worst %.2f and %.2f ms). Of CPU time the loop's thread never used more than "
           "%.2f ms in one go. Opening took %.0f ms.",
           samples_median(&rounds->busy), samples_median(&rounds->idle), rounds->beyond.count,
           samples_max(&rounds->busy), samples_max(&rounds->idle), samples_max(&rounds->cpu),
           samples_median(&rounds->took));
}

static void free_rounds(rounds_t *rounds)
{
  samples_free(&rounds->idle);
  samples_free(&rounds->busy);
  samples_free(&rounds->beyond);
  samples_free(&rounds->cpu);
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
  figure->meaning = "How much longer than on the idle loop a callback had to wait at worst while 20 "
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
