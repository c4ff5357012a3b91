/*
 * The clock that rings.
 */
#include "stall_watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { RING_NS = 100000 };

/* How long this thread has been ready to run, and did not; ns. */
static uint64_t ready_time(const stall_watch_t *watch)
{
  char text[96];
  ssize_t size = watch->schedstat < 0 ? 0 : pread(watch->schedstat, text, sizeof text - 1, 0);
  unsigned long long cpu, ready;

  text[size > 0 ? size : 0] = '\0';
  return sscanf(text, "%llu %llu", &cpu, &ready) == 2 ? ready : 0;
}

static void look(stall_watch_t *watch)
{
  uint64_t now = uv_hrtime(), ready = ready_time(watch);
  uint64_t gap = now - watch->last_at, waited = ready - watch->last_ready;

  if (watch->last_at) {
    watch->longest = gap > watch->longest ? gap : watch->longest;
    gap = gap > waited ? gap - waited : 0;
    watch->longest_own = gap > watch->longest_own ? gap : watch->longest_own;
  }
  watch->last_at = now;
  watch->last_ready = ready;
}

static void on_ring(uv_poll_t *poll, int status, int events)
{
  stall_watch_t *watch = poll->data;
  uint64_t rings;

  (void)events;
  if (status == 0 && read(watch->fd, &rings, sizeof rings) == sizeof rings)
    look(watch);
}

int stall_watch_start(stall_watch_t *watch, uv_loop_t *loop)
{
  struct itimerspec every = {{0, RING_NS}, {0, RING_NS}};

  *watch = (stall_watch_t){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
  if (watch->fd < 0)
    return -1;
  watch->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  watch->poll.data = watch;
  uv_poll_init(loop, &watch->poll, watch->fd);
  uv_poll_start(&watch->poll, UV_READABLE, on_ring);
  uv_unref((uv_handle_t *)&watch->poll);
  timerfd_settime(watch->fd, 0, &every, NULL);
  look(watch);
  return 0;
}

double stall_watch_take(stall_watch_t *watch)
{
  double longest;

  look(watch);
  longest = (double)watch->longest_own / 1e6;
  watch->longest = watch->longest_own = 0;
  return longest;
}

double stall_watch_stop(stall_watch_t *watch)
{
  uv_loop_t *loop = watch->poll.loop;

  look(watch);
  uv_close((uv_handle_t *)&watch->poll, NULL);
  uv_run(loop, UV_RUN_NOWAIT);
  close(watch->fd);
  if (watch->schedstat >= 0)
    close(watch->schedstat);
  return (double)watch->longest_own / 1e6;
}
