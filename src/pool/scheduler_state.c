/*
 * The scheduler's events about connections that are up: each moves the slot to the list that is its
 * new state, and notes when the idle ones will need upkeep.
 */
#include "pool/scheduler.h"

#include "base/error.h"
#include "pool/scheduler_state.h"

static void uncount_upkeep(aurora__scheduler_t *scheduler, aurora__upkeep_t upkeep)
{
  scheduler->upkeep_count--;
  switch (upkeep) {
  case AURORA__UPKEEP_OTHER:
    break;
  case AURORA__UPKEEP_VALIDATE:
    scheduler->validating_count--;
    __attribute__((fallthrough));
  case AURORA__UPKEEP_PING:
    scheduler->pinging_count--;
    /* A place for a ping that was held back. */
    if (scheduler->pings_held)
      scheduler->upkeep_at = 0;
    break;
  case AURORA__UPKEEP_CLOSE:
    scheduler->closing_count--;
    break;
  }
}

void aurora__slot_uncount(aurora__scheduler_t *scheduler, const aurora__slot_t *slot)
{
  switch (slot->state) {
  case AURORA__SLOT_NONE:
    aurora__bug("slot_uncount", "the slot is in no state");
  case AURORA__SLOT_CONNECTING:
    scheduler->connecting_count--;
    break;
  case AURORA__SLOT_IDLE:
    scheduler->idle_count--;
    break;
  case AURORA__SLOT_BUSY:
    scheduler->busy_count--;
    break;
  case AURORA__SLOT_UPKEEP:
    uncount_upkeep(scheduler, slot->upkeep);
    break;
  }
}

/* The node after which a slot goes: the one of those used later that is nearest to the end. */
static aurora__list_t *idle_place(aurora__scheduler_t *scheduler, const aurora__slot_t *slot)
{
  aurora__list_t *head = &scheduler->idle;
  aurora__list_t *place;

  if (slot->generation != scheduler->generation)
    return head->prev;
  /* The usual case is a connection that was in use until now. */
  if (aurora__list_empty(head) || aurora__slot_of(head->next)->idle_since <= slot->idle_since)
    return head;
  /* One that was pinged belongs near the end. */
  for (place = head->prev; place != head; place = place->prev) {
    const aurora__slot_t *other = aurora__slot_of(place);

    if (other->generation == scheduler->generation && other->idle_since > slot->idle_since)
      break;
  }
  return place;
}

static void need_upkeep_at(aurora__scheduler_t *scheduler, uint64_t at)
{
  if (at < scheduler->upkeep_at)
    scheduler->upkeep_at = at;
}

/* An uncounted slot -> IDLE. */
static void enter_idle(aurora__scheduler_t *scheduler, aurora__slot_t *slot)
{
  aurora__slot_move(slot, AURORA__SLOT_IDLE, idle_place(scheduler, slot));
  scheduler->idle_count++;
  if (slot->generation != scheduler->generation)
    scheduler->upkeep_at = 0;
  /* While another retires this one cannot; when that is gone, all are looked at. */
  if (!scheduler->retiring)
    need_upkeep_at(scheduler, slot->expires_at);
  /* Early rather than exact: it is the price of every use. */
  if (scheduler->upkeep_interval) {
    need_upkeep_at(scheduler, slot->idle_since + scheduler->upkeep_interval);
    /* One more than min_idle, and now the least recently used may go. */
    if (scheduler->idle_count == scheduler->limits.min_idle + (size_t)1)
      need_upkeep_at(scheduler, aurora__slot_of(scheduler->idle.prev)->idle_since +
                                    scheduler->upkeep_interval);
  }
}

static void require(const aurora__slot_t *slot, aurora__slot_state_t state, const char *where)
{
  if (slot->state != state)
    aurora__bug(where, "the slot is not in the state for this");
}

void aurora__scheduler_connected(aurora__scheduler_t *scheduler, aurora__slot_t *slot, uint64_t now)
{
  const aurora__limits_t *limits = &scheduler->limits;

  require(slot, AURORA__SLOT_CONNECTING, "scheduler_connected");
  aurora__slot_uncount(scheduler, slot);
  scheduler->failures = 0;
  slot->idle_since = now;
  slot->proven_at = now;
  slot->expires_at = UINT64_MAX;
  /* The jitter spreads the renewals; that only one is made at a time keeps them apart for certain. */
  if (limits->max_lifetime)
    slot->expires_at = now + limits->max_lifetime -
                       limits->random(limits->random_state, limits->max_lifetime / 10 + 1);
  enter_idle(scheduler, slot);
}

static void require_returning(const aurora__slot_t *slot, const char *where)
{
  require(slot, AURORA__SLOT_UPKEEP, where);
  if (slot->upkeep == AURORA__UPKEEP_CLOSE)
    aurora__bug(where, "the slot was to be closed");
}

void aurora__scheduler_ready(aurora__scheduler_t *scheduler, aurora__slot_t *slot, uint64_t now)
{
  if (slot->state == AURORA__SLOT_BUSY) {
    scheduler->busy_count--;
  } else {
    require_returning(slot, "scheduler_ready");
    aurora__slot_uncount(scheduler, slot);
  }
  slot->idle_since = now;
  slot->proven_at = now;
  enter_idle(scheduler, slot);
}

void aurora__scheduler_pinged(aurora__scheduler_t *scheduler, aurora__slot_t *slot, uint64_t now)
{
  require_returning(slot, "scheduler_pinged");
  aurora__slot_uncount(scheduler, slot);
  slot->proven_at = now;
  enter_idle(scheduler, slot);
}

void aurora__scheduler_upkeep(aurora__scheduler_t *scheduler, aurora__slot_t *slot)
{
  if (slot->state == AURORA__SLOT_CONNECTING)
    aurora__bug("scheduler_upkeep", "the slot is still connecting");
  /* What is being closed stays that. */
  if (slot->state == AURORA__SLOT_UPKEEP && slot->upkeep == AURORA__UPKEEP_CLOSE)
    return;
  aurora__slot_uncount(scheduler, slot);
  aurora__slot_enter_upkeep(scheduler, slot, AURORA__UPKEEP_OTHER);
}

void aurora__scheduler_gone(aurora__scheduler_t *scheduler, aurora__slot_t *slot)
{
  aurora__slot_uncount(scheduler, slot);
  aurora__list_remove(&slot->node);
  slot->state = AURORA__SLOT_NONE;
  if (scheduler->retiring == slot) {
    scheduler->retiring = NULL;
    scheduler->upkeep_at = 0;
  }
}
