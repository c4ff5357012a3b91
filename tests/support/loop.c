/*
 * Each run is bounded by a guard timer of its own, closed before the function returns: a loop is
 * left with the handles it had. The timer keeps the loop going, for what is waited for may come from an
 * unreferenced timer of the pool.
 */
#include "support/loop.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  uv_timer_t timer;
  bool expired, closed;
} guard_t;

uint64_t now_ms(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t slowly(uint64_t ms)
{
  const char *slowness = getenv("AURORA_TEST_SLOWNESS");

  return slowness ? ms * strtoul(slowness, NULL, 10) : ms;
}

static void on_expired(uv_timer_t *timer)
{
  guard_t *guard = timer->data;

  guard->expired = true;
}

static void on_closed(uv_handle_t *handle)
{
  guard_t *guard = handle->data;

  guard->closed = true;
}

static void guard_start(guard_t *guard, uv_loop_t *loop, uint64_t ms)
{
  *guard = (guard_t){.expired = false};
  ck_assert_int_eq(uv_timer_init(loop, &guard->timer), 0);
  guard->timer.data = guard;
  uv_update_time(loop); /* the loop may not have run for long */
  ck_assert_int_eq(uv_timer_start(&guard->timer, on_expired, ms, 0), 0);
}

static void guard_stop(guard_t *guard)
{
  uv_loop_t *loop = guard->timer.loop;

  uv_close((uv_handle_t *)&guard->timer, on_closed);
  while (!guard->closed)
    uv_run(loop, UV_RUN_NOWAIT);
}

void loop_run_until_count(uv_loop_t *loop, const unsigned *count, unsigned wanted,
                          unsigned timeout_ms)
{
  guard_t guard;

  guard_start(&guard, loop, slowly(timeout_ms));
  while (*count < wanted && !guard.expired)
    uv_run(loop, UV_RUN_ONCE);
  guard_stop(&guard);
  if (*count < wanted)
    ck_abort_msg("waited %u ms for %u, came to %u", timeout_ms, wanted, *count);
}

void loop_run_until(uv_loop_t *loop, const bool *flag, unsigned timeout_ms)
{
  guard_t guard;

  guard_start(&guard, loop, slowly(timeout_ms));
  while (!*flag && !guard.expired)
    uv_run(loop, UV_RUN_ONCE);
  guard_stop(&guard);
  if (!*flag)
    ck_abort_msg("what was waited for did not happen within %u ms", timeout_ms);
}

void loop_run_for(uv_loop_t *loop, unsigned ms)
{
  guard_t guard;

  guard_start(&guard, loop, ms);
  while (!guard.expired)
    uv_run(loop, UV_RUN_ONCE);
  guard_stop(&guard);
}

static void on_tick(uv_timer_t *timer)
{
  (void)timer; /* only ends the turn */
}

void loop_run_until_true(uv_loop_t *loop, bool (*condition)(void *data), void *data,
                         unsigned timeout_ms)
{
  guard_t guard;
  guard_t tick;
  bool met;

  guard_start(&guard, loop, slowly(timeout_ms));
  guard_start(&tick, loop, 1);
  ck_assert_int_eq(uv_timer_start(&tick.timer, on_tick, 1, 1), 0);
  while (!(met = condition(data)) && !guard.expired)
    uv_run(loop, UV_RUN_ONCE);
  guard_stop(&tick);
  guard_stop(&guard);
  if (!met)
    ck_abort_msg("what was waited for did not become true within %u ms", timeout_ms);
}

void loop_close_clean(uv_loop_t *loop)
{
  int status;

  uv_run(loop, UV_RUN_NOWAIT); /* close callbacks that are due */
  status = uv_loop_close(loop);
  if (status) {
    uv_print_all_handles(loop, stderr);
    ck_abort_msg("uv_loop_close: %s", uv_strerror(status));
  }
}

unsigned open_descriptors(void)
{
  DIR *directory;
  uv_loop_t loop;
  unsigned count = 0;

  ck_assert_int_eq(uv_loop_init(&loop), 0);
  ck_assert_int_eq(uv_loop_close(&loop), 0);
  directory = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(directory);
  while (readdir(directory))
    count++;
  closedir(directory);
  return count - 3; /* ".", ".." and the directory's own */
}
