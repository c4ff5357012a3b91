/*
 * The scheduler's events, about waiters, attempts to connect and the pool as a whole; those about
 * connections that are up are in scheduler_state.c. Each notes in the state what has happened, and
 * decides nothing, with one exception: a failed connect picks the waiters that it fails, because some of
 * them may not fail for what the state says afterwards, when another attempt is still under way.
 *
 * The scheduler owns nothing. A waiter belongs to its request and may be freed once it has left, a
 * slot to its connection and may be freed once it is gone.
 */
#include "pool/scheduler.h"

#include <limits.h>

#include "base/error.h"
#include "pool/scheduler_state.h"

/* How long an idle slot needs nothing, its age apart; 0: for ever. */
static uint64_t upkeep_interval(const aurora__limits_t *limits)
{
  uint64_t ping = limits->keepalive_interval;
  uint64_t idle = limits->idle_timeout;

  return ping && (!idle || ping < idle) ? ping : idle;
}

void aurora__scheduler_init(aurora__scheduler_t *scheduler, const aurora__limits_t *limits)
{
  *scheduler = (aurora__scheduler_t){.limits = *limits, .upkeep_at = UINT64_MAX};
  scheduler->upkeep_interval = upkeep_interval(limits);
  aurora__list_init(&scheduler->waiters);
  aurora__list_init(&scheduler->failing);
  aurora__list_init(&scheduler->connecting);
  aurora__list_init(&scheduler->idle);
  aurora__list_init(&scheduler->busy);
  aurora__list_init(&scheduler->upkeep);
  aurora__deadlines_init(&scheduler->deadlines);
}

void aurora__waiter_init(aurora__waiter_t *waiter)
{
  aurora__list_init(&waiter->node);
  aurora__deadline_init(&waiter->deadline);
  waiter->patient = false;
  waiter->failing = false;
}

void aurora__slot_init(aurora__slot_t *slot)
{
  *slot = (aurora__slot_t){.state = AURORA__SLOT_NONE, .expires_at = UINT64_MAX};
  aurora__list_init(&slot->node);
}

static void enqueue(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter, uint64_t deadline)
{
  waiter->patient = deadline != 0;
  if (waiter->patient)
    aurora__deadline_add(&scheduler->deadlines, &waiter->deadline, deadline);
  else
    scheduler->impatient++;
  aurora__list_push_back(&scheduler->waiters, &waiter->node);
  scheduler->waiting++;
}

int aurora__scheduler_enqueue(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter,
                              uint64_t deadline)
{
  unsigned limit = scheduler->limits.queue_limit;

  if (!aurora__list_empty(&waiter->node))
    aurora__bug("scheduler_enqueue", "the waiter is queued already");
  if (scheduler->closing)
    return AURORA_ECLOSED;
  if (limit && scheduler->waiting >= scheduler->idle_count + limit)
    return AURORA_EQUEUEFULL;
  enqueue(scheduler, waiter, deadline);
  return 0;
}

void aurora__scheduler_enqueue_anyway(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter)
{
  if (!aurora__list_empty(&waiter->node) || scheduler->closing)
    aurora__bug("scheduler_enqueue_anyway", "the waiter is queued already, or it is closing");
  enqueue(scheduler, waiter, 0);
}

bool aurora__scheduler_cancel(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter)
{
  if (aurora__list_empty(&waiter->node))
    return false;
  aurora__waiter_leave(scheduler, waiter);
  return true;
}

void aurora__scheduler_opening(aurora__scheduler_t *scheduler, aurora__slot_t *slot)
{
  if (slot->state != AURORA__SLOT_NONE)
    aurora__bug("scheduler_opening", "the slot is in use");
  aurora__slot_move(slot, AURORA__SLOT_CONNECTING, &scheduler->connecting);
  scheduler->connecting_count++;
  /* A recycle while it connects is meant for it too: it may hold the old credentials. */
  slot->generation = scheduler->generation;
}

void aurora__scheduler_fail_waiters(aurora__scheduler_t *scheduler, bool patient_too)
{
  size_t left = patient_too ? scheduler->waiting : scheduler->impatient;
  aurora__list_t *node = scheduler->waiters.next;

  while (left) {
    aurora__waiter_t *waiter = aurora__container_of(node, aurora__waiter_t, node);

    node = node->next;
    if (waiter->patient && !patient_too)
      continue;
    aurora__waiter_leave(scheduler, waiter);
    waiter->failing = true;
    aurora__list_push_back(&scheduler->failing, &waiter->node);
    left--;
  }
}

/* The longest pause after so many failures: backoff_min doubled with each, up to backoff_max. */
static uint64_t backoff(const aurora__limits_t *limits, unsigned failures)
{
  uint64_t pause = limits->backoff_min;

  for (unsigned i = 1; i < failures && pause < limits->backoff_max; i++)
    pause *= 2;
  return pause < limits->backoff_max ? pause : limits->backoff_max;
}

void aurora__scheduler_attempt_failed(aurora__scheduler_t *scheduler, aurora__failure_t failure,
                                      uint64_t now)
{
  const aurora__limits_t *limits = &scheduler->limits;
  uint64_t pause;

  if (scheduler->failures < UINT_MAX)
    scheduler->failures++;
  scheduler->for_good = failure == AURORA__FAILED_FOR_GOOD;
  /* Full jitter: many clients of a server that comes back must not come all at once. */
  pause = limits->random(limits->random_state, backoff(limits, scheduler->failures) + 1);
  scheduler->retry_at = now + (pause ? pause : 1);
  if (!aurora__scheduler_alive(scheduler))
    aurora__scheduler_fail_waiters(scheduler, scheduler->for_good);
}

void aurora__scheduler_open_failed(aurora__scheduler_t *scheduler, uint64_t now)
{
  aurora__scheduler_attempt_failed(scheduler, AURORA__FAILED_FOR_NOW, now);
}

void aurora__scheduler_connect_failed(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                                      aurora__failure_t failure, uint64_t now)
{
  if (slot->state != AURORA__SLOT_CONNECTING)
    aurora__bug("scheduler_connect_failed", "the slot is not connecting");
  aurora__scheduler_gone(scheduler, slot);
  aurora__scheduler_attempt_failed(scheduler, failure, now);
}

void aurora__scheduler_recycle(aurora__scheduler_t *scheduler)
{
  scheduler->generation++;
  scheduler->upkeep_at = 0;
}

void aurora__scheduler_set_floor(aurora__scheduler_t *scheduler, unsigned floor)
{
  unsigned size = scheduler->limits.pool_size;

  scheduler->floor = floor < size ? floor : size;
  scheduler->upkeep_at = 0;
}

void aurora__scheduler_put_back(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter)
{
  if (!aurora__list_empty(&waiter->node))
    aurora__bug("scheduler_put_back", "the waiter is queued");
  if (waiter->patient)
    aurora__deadline_add(&scheduler->deadlines, &waiter->deadline, waiter->deadline.at);
  else
    scheduler->impatient++;
  aurora__list_push_front(&scheduler->waiters, &waiter->node);
  scheduler->waiting++;
  if (scheduler->closing)
    aurora__scheduler_fail_waiters(scheduler, true);
}

void aurora__scheduler_close(aurora__scheduler_t *scheduler)
{
  scheduler->closing = true;
  aurora__scheduler_fail_waiters(scheduler, true);
}
