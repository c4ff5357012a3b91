/*
 * Inside the scheduler: the steps from list to list, and what both its halves ask about the state.
 * Inline because a hand-out is made of these and little else.
 */
#ifndef AURORA_POOL_SCHEDULER_STATE_H
#define AURORA_POOL_SCHEDULER_STATE_H

#include "pool/scheduler.h"

static inline aurora__slot_t *aurora__slot_of(aurora__list_t *node)
{
  return aurora__container_of(node, aurora__slot_t, node);
}

/* A change of state has three steps: out of the count of the old one (any but NONE), from list to list,
 * into the count of the new one. */
void aurora__slot_uncount(aurora__scheduler_t *scheduler, const aurora__slot_t *slot);

/* Behind `place` in the list of the new state. */
static inline void aurora__slot_move(aurora__slot_t *slot, aurora__slot_state_t state,
                                     aurora__list_t *place)
{
  slot->state = state;
  slot->node.prev->next = slot->node.next;
  slot->node.next->prev = slot->node.prev;
  aurora__list_push_front(place, &slot->node);
}

/* An uncounted slot -> UPKEEP. */
static inline void aurora__slot_enter_upkeep(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                                             aurora__upkeep_t upkeep)
{
  aurora__slot_move(slot, AURORA__SLOT_UPKEEP, &scheduler->upkeep);
  slot->upkeep = upkeep;
  scheduler->upkeep_count++;
  scheduler->validating_count += upkeep == AURORA__UPKEEP_VALIDATE;
  scheduler->pinging_count += upkeep == AURORA__UPKEEP_VALIDATE || upkeep == AURORA__UPKEEP_PING;
  scheduler->closing_count += upkeep == AURORA__UPKEEP_CLOSE;
}

/* From the queue to those that are to be failed, patient ones too or not. */
void aurora__scheduler_fail_waiters(aurora__scheduler_t *scheduler, bool patient_too);

/* Out of the queue, or out of those that are to be failed. */
static inline void aurora__waiter_leave(aurora__scheduler_t *scheduler, aurora__waiter_t *waiter)
{
  aurora__list_remove(&waiter->node);
  if (waiter->failing) {
    waiter->failing = false;
    return;
  }
  scheduler->waiting--;
  if (waiter->patient)
    aurora__deadline_remove(&scheduler->deadlines, &waiter->deadline);
  else
    scheduler->impatient--;
}

/* Connections that serve, or may serve again without a connect. */
static inline size_t aurora__scheduler_alive(const aurora__scheduler_t *scheduler)
{
  return scheduler->idle_count + scheduler->busy_count + scheduler->upkeep_count -
         scheduler->closing_count;
}

/* When the slot was last known to work. */
static inline uint64_t aurora__slot_fresh_at(const aurora__slot_t *slot)
{
  return slot->proven_at > slot->idle_since ? slot->proven_at : slot->idle_since;
}

/* When an idle slot is due for a ping; UINT64_MAX: never. */
static inline uint64_t aurora__slot_ping_at(const aurora__scheduler_t *scheduler,
                                            const aurora__slot_t *slot)
{
  uint64_t interval = scheduler->limits.keepalive_interval;

  return interval ? aurora__slot_fresh_at(slot) + interval : UINT64_MAX;
}

/* When an idle slot will have been idle too long; UINT64_MAX: never. */
static inline uint64_t aurora__slot_idle_end(const aurora__scheduler_t *scheduler,
                                             const aurora__slot_t *slot)
{
  uint64_t timeout = scheduler->limits.idle_timeout;

  return timeout ? slot->idle_since + timeout : UINT64_MAX;
}

/* Whether that is a reason to close one. Not during a warm-up: it opens connections before they are
 * used, and with a short idle_timeout it would never end. */
static inline bool aurora__scheduler_may_shrink(const aurora__scheduler_t *scheduler)
{
  return scheduler->idle_count > scheduler->limits.min_idle && !scheduler->floor;
}

#endif
