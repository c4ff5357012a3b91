/*
 * The scheduler: who gets which connection, when one is opened, checked, retired. Pure: no libuv, no
 * libmariadb, no clock, no allocation. The pool tells it what happened (events) and then asks what is
 * to be done (aurora__scheduler_next) until nothing is. Because each answer is derived from the
 * present state and not from the last event, a wake-up cannot be lost.
 *
 *             opening()              connected()/ready()            GRANT
 *   (OPEN) -------------> CONNECTING ------------------> IDLE ------------------> BUSY
 *                             | connect_failed()         ^  | PING, VALIDATE, CLOSE   |
 *                             v                ready(),  |  v                         | upkeep()
 *                           (gone)             pinged()  UPKEEP <--------------------+
 *                                                         | gone()
 *                                                         v (gone)
 *
 * Invariants:
 *  - no waiter waits while a connection is idle (after next() said there is nothing to do), unless
 *    all idle ones need validation and as many are being validated as there are waiters;
 *  - total = connecting + idle + busy + upkeep never passes pool_size; connecting never passes
 *    max_connecting, nor 1 while the server is down;
 *  - while the server is down (no connection lives, none is being opened, and the back-off runs) nobody
 *    waits but those who have a deadline, and not even they when it has refused for good: the others are
 *    failed at once, so that no request makes an attempt of its own;
 *  - waiters are granted in the order they came; each leaves exactly once: granted, failed, expired
 *    or cancelled;
 *  - counts are kept with the lists they count;
 *  - the idle list is sorted by idle_since, the latest first, with connections of an older generation
 *    (which the next next() closes) at its end.
 *
 * Which file: scheduler.c and scheduler_state.c take the events, the latter those that change the state
 * of a connection that is up; scheduler_next.c decides.
 */
#ifndef AURORA_POOL_SCHEDULER_H
#define AURORA_POOL_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/stats.h>

#include "base/deadline.h"
#include "base/list.h"
#include "session/failure.h"

typedef struct aurora__waiter {
  aurora__list_t node;         /* in scheduler.waiters or scheduler.failing */
  aurora__deadline_t deadline; /* in scheduler.deadlines, when it has one and is not failing */
  bool patient;                /* has a deadline: waits through a server that is down for now */
  bool failing;                /* in scheduler.failing */
} aurora__waiter_t;

typedef enum {
  AURORA__SLOT_NONE, /* not in the scheduler */
  AURORA__SLOT_CONNECTING,
  AURORA__SLOT_IDLE,
  AURORA__SLOT_BUSY,
  AURORA__SLOT_UPKEEP
} aurora__slot_state_t;

/* What an UPKEEP slot is there for. */
typedef enum {
  AURORA__UPKEEP_OTHER,    /* told by upkeep(): a reset, a kill ... */
  AURORA__UPKEEP_PING,     /* comes back soon, as a rule: counts as idle for min_idle */
  AURORA__UPKEEP_VALIDATE, /* the same, and is promised to a waiter, as a connecting one is */
  AURORA__UPKEEP_CLOSE     /* never comes back: counts for pool_size only */
} aurora__upkeep_t;

/* One connection, as the scheduler sees it. Embedded in the connection. */
typedef struct {
  aurora__list_t node; /* in the list of its state */
  aurora__slot_state_t state;
  aurora__upkeep_t upkeep; /* while UPKEEP */
  uint64_t idle_since;     /* ms; end of its last use */
  uint64_t proven_at;      /* ms; when the server last answered on it */
  uint64_t expires_at;     /* ms; max_lifetime less jitter; UINT64_MAX: never */
  uint64_t generation;     /* of the scheduler when it was opened */
} aurora__slot_t;

/* Times in ms, 0 as in aurora_config_t. */
typedef struct {
  unsigned pool_size;
  unsigned max_connecting;
  unsigned queue_limit;
  unsigned min_idle;
  uint64_t idle_timeout;
  uint64_t max_lifetime;
  uint64_t keepalive_interval;
  uint64_t validate_after;
  uint64_t backoff_min;
  uint64_t backoff_max;
  /* A number from 0 to limit - 1, evenly spread; for jitter. limit is at least 1. */
  uint64_t (*random)(void *random_state, uint64_t limit);
  void *random_state;
} aurora__limits_t;

typedef struct {
  aurora__limits_t limits;
  aurora__list_t waiters; /* the first came first */
  aurora__deadlines_t deadlines;
  size_t waiting;         /* in waiters */
  size_t impatient;       /* of these: without a deadline */
  aurora__list_t failing; /* left waiters for a FAIL that next() has not told yet */
  aurora__list_t connecting, idle, busy, upkeep; /* idle: the last used first */
  size_t connecting_count, idle_count, busy_count, upkeep_count;
  size_t pinging_count, validating_count, closing_count; /* of upkeep_count, by slot.upkeep */
  unsigned floor;      /* connections wanted at least: the size of a warm-up under way, or 0 */
  uint64_t generation; /* slots of an older one die when they are free */
  bool closing;
  /* Coming back. */
  unsigned failures; /* connect failures in a row; 0: the server is up */
  bool for_good;     /* the last of them was */
  uint64_t retry_at; /* ms; no attempt before this, whoever wants one */
  /* Upkeep of idle slots. */
  uint64_t upkeep_at;       /* ms; none of them needs any before this */
  uint64_t upkeep_interval; /* ms; how long one needs none after use, its age apart; 0: ever */
  bool pings_held;          /* some are due for a ping, but enough are under way */
  aurora__slot_t *retiring; /* the one slot that is being closed for its age, or NULL */
} aurora__scheduler_t;

typedef enum {
  AURORA__ACTION_GRANT,    /* slot is BUSY now and belongs to waiter, who has left the queue */
  AURORA__ACTION_EXPIRE,   /* waiter's deadline has passed; it has left the queue */
  AURORA__ACTION_FAIL,     /* waiter cannot be served (connect error, or closing); it has left */
  AURORA__ACTION_OPEN,     /* make a connection and call aurora__scheduler_opening, or
                              aurora__scheduler_open_failed if it cannot even be started, before
                              the next next() */
  AURORA__ACTION_PING,     /* slot is UPKEEP now: ping it, then pinged() or gone() */
  AURORA__ACTION_VALIDATE, /* the same, because a waiter is to get it */
  AURORA__ACTION_CLOSE     /* slot is UPKEEP now: close it for `reason`, then gone() */
} aurora__action_kind_t;

typedef struct {
  aurora__action_kind_t kind;
  aurora__waiter_t *waiter;     /* GRANT, EXPIRE, FAIL */
  aurora__slot_t *slot;         /* GRANT, PING, VALIDATE, CLOSE */
  aurora_close_reason_t reason; /* CLOSE */
} aurora__action_t;

void aurora__scheduler_init(aurora__scheduler_t *scheduler, const aurora__limits_t *limits);
void aurora__waiter_init(aurora__waiter_t *waiter);
void aurora__slot_init(aurora__slot_t *slot);

/* Events. All times are ms of one monotonic clock, which never goes back. */

/* deadline 0: none. 0, AURORA_EQUEUEFULL or AURORA_ECLOSED. queue_limit counts the requests that
 * cannot be served at once by an idle connection. */
int aurora__scheduler_enqueue(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter,
                              uint64_t deadline);
/* The same without a deadline and without the limit. Not while it is closing. */
void aurora__scheduler_enqueue_anyway(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter);
/* Takes a waiter out that is still queued (true); false: it had left already. */
bool aurora__scheduler_cancel(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter);

/* A waiter that was granted a slot which then proved useless: first in line again, with the deadline
 * that it had. */
void aurora__scheduler_put_back(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter);

void aurora__scheduler_opening(aurora__scheduler_t *scheduler, aurora__slot_t *slot);
/* An OPEN that could not be started, for want of memory, say: counts as a failure for now. */
void aurora__scheduler_open_failed(aurora__scheduler_t *scheduler, uint64_t now);
/* A connect failed that was none of the pool's connections: the back-off holds after it, too. */
void aurora__scheduler_attempt_failed(aurora__scheduler_t *scheduler, aurora__failure_t failure,
                                      uint64_t now);
/* CONNECTING -> IDLE. */
void aurora__scheduler_connected(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                                 uint64_t now);
/* CONNECTING -> gone. */
void aurora__scheduler_connect_failed(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                                      aurora__failure_t failure, uint64_t now);
/* BUSY or UPKEEP -> IDLE, after use, at the head of the idle list. */
void aurora__scheduler_ready(aurora__scheduler_t *scheduler, aurora__slot_t *slot, uint64_t now);
/* UPKEEP -> IDLE, after a PING or VALIDATE: it keeps its idle_since and its place in the order. */
void aurora__scheduler_pinged(aurora__scheduler_t *scheduler, aurora__slot_t *slot, uint64_t now);
/* IDLE, BUSY or UPKEEP -> UPKEEP: being reset, killed or closed. A slot whose ping has failed but
 * whose closing takes a while is told here, so that nobody counts on it any more. */
void aurora__scheduler_upkeep(aurora__scheduler_t *scheduler, aurora__slot_t *slot);
/* Any state but NONE -> gone. A connection that dies tells nothing about whether the server is up. */
void aurora__scheduler_gone(aurora__scheduler_t *scheduler, aurora__slot_t *slot);
/* Every present connection is to die as soon as it is free. */
void aurora__scheduler_recycle(aurora__scheduler_t *scheduler);
/* A warm-up wants this many connections (capped at pool_size); 0: no more. */
void aurora__scheduler_set_floor(aurora__scheduler_t *scheduler, unsigned floor);
/* No more waiters are taken; those that wait are failed, idle connections closed, none opened. */
void aurora__scheduler_close(aurora__scheduler_t *scheduler);

/* True when there is nothing to do at this time for sure: what next() would find out at more cost. */
static inline bool aurora__scheduler_is_quiet(const aurora__scheduler_t *scheduler, uint64_t now)
{
  return !scheduler->waiting && now < scheduler->upkeep_at && !scheduler->floor &&
         !scheduler->limits.min_idle && !scheduler->closing &&
         aurora__list_empty(&scheduler->failing);
}

static inline size_t aurora__scheduler_total(const aurora__scheduler_t *scheduler)
{
  return scheduler->connecting_count + scheduler->idle_count + scheduler->busy_count +
         scheduler->upkeep_count;
}

/* After a failed connect, until the next one may be made. */
static inline bool aurora__scheduler_backs_off(const aurora__scheduler_t *scheduler, uint64_t now)
{
  return scheduler->failures && now < scheduler->retry_at;
}

/* True when waiters can only wait: for a connection to be given back, or their deadlines. */
static inline bool aurora__scheduler_is_saturated(const aurora__scheduler_t *scheduler)
{
  return !scheduler->idle_count &&
         aurora__scheduler_total(scheduler) >= scheduler->limits.pool_size && !scheduler->closing &&
         (!scheduler->failures || scheduler->busy_count) && aurora__list_empty(&scheduler->failing);
}

/* The next thing to do at this time; false: nothing. */
bool aurora__scheduler_next(aurora__scheduler_t *scheduler, uint64_t now,
                            aurora__action_t *ret_action);
/* When next() will have something to do though no event happens: ms, UINT64_MAX: never. To be asked
 * once next() has nothing left to do. It may be early (a slot was used since the time was noted):
 * next() then finds nothing to do, and the time is right from then on. */
uint64_t aurora__scheduler_wakeup(const aurora__scheduler_t *scheduler);

#endif
