/*
 * How long a loop was held up: a clock of the kernel (timerfd) rings on it every 0.1 ms, and the
 * longest gap between two rings is what any other callback would have had to wait.
 *
 * Time in which the loop's thread was ready and the machine ran others is taken out, as far as the
 * kernel counts it (/proc/thread-self/schedstat): what is left is what was done on the loop.
 */
#ifndef BENCH_STALL_WATCH_H
#define BENCH_STALL_WATCH_H

#include <stdint.h>
#include <uv.h>

typedef struct {
  uv_poll_t poll;
  int fd;
  int schedstat;                 /* a descriptor; -1: the kernel does not tell */
  uint64_t last_at, last_ready;  /* ns; 0: no ring yet */
  uint64_t longest, longest_own; /* ns; the second without the time in which others ran */
} stall_watch_t;

/* 0, or -1 when there is no such clock. It does not keep the loop alive. */
int stall_watch_start(stall_watch_t *watch, uv_loop_t *loop);
/* The longest gap of its own so far, ms, that which is under way included; and begins anew. */
double stall_watch_take(stall_watch_t *watch);
/* Ends it, running the loop for a turn; the longest gap of its own since the start,
 * ms. `longest` and `longest_own` stay. */
double stall_watch_stop(stall_watch_t *watch);

#endif
