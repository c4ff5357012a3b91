/*
 * The scheduler's decisions. next() looks at the state in the order of urgency and tells one action,
 * whose effect on the lists it has already made:
 *
 *   expired waiters, failed waiters, (closing: idle slots), hand-outs, upkeep of idle slots, opening
 *
 * Taking and giving back a connection costs the same however many there are: hand-outs look at the
 * head of the idle list, and further only if it needs validation. All idle slots are looked at only
 * when upkeep_at has come, which is a lower bound of the moments at which one of them needs something:
 * it is lowered when a slot becomes idle and found anew by the look itself. It says 0 (look at once)
 * after an event that may make a slot due that was not: a recycle, the end of a warm-up, the end of a
 * retirement or of a ping while others are held.
 */
#include "pool/scheduler.h"

#include "pool/scheduler_state.h"

static bool tell_waiter(aurora__scheduler_t *scheduler, aurora__action_kind_t kind,
                        aurora__waiter_t *waiter, aurora__action_t *ret_action)
{
  *ret_action = (aurora__action_t){.kind = kind, .waiter = waiter};
  aurora__waiter_leave(scheduler, waiter);
  return true;
}

/* An idle slot -> UPKEEP. */
static void take(aurora__scheduler_t *scheduler, aurora__slot_t *slot, aurora__upkeep_t upkeep)
{
  scheduler->idle_count--;
  aurora__slot_enter_upkeep(scheduler, slot, upkeep);
}

static bool tell_close(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                       aurora_close_reason_t reason, aurora__action_t *ret_action)
{
  take(scheduler, slot, AURORA__UPKEEP_CLOSE);
  *ret_action = (aurora__action_t){.kind = AURORA__ACTION_CLOSE, .slot = slot, .reason = reason};
  return true;
}

static bool tell_too_old(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                         aurora__action_t *ret_action)
{
  scheduler->retiring = slot;
  return tell_close(scheduler, slot, AURORA_CLOSE_TOO_OLD, ret_action);
}

static bool tell_ping(aurora__scheduler_t *scheduler, aurora__slot_t *slot, bool validate,
                      aurora__action_t *ret_action)
{
  take(scheduler, slot, validate ? AURORA__UPKEEP_VALIDATE : AURORA__UPKEEP_PING);
  *ret_action = (aurora__action_t){.kind = validate ? AURORA__ACTION_VALIDATE : AURORA__ACTION_PING,
                                   .slot = slot};
  return true;
}

static bool tell_grant(aurora__scheduler_t *scheduler, aurora__slot_t *slot,
                       aurora__action_t *ret_action)
{
  aurora__waiter_t *waiter = aurora__container_of(scheduler->waiters.next, aurora__waiter_t, node);

  scheduler->idle_count--;
  aurora__slot_move(slot, AURORA__SLOT_BUSY, &scheduler->busy);
  scheduler->busy_count++;
  *ret_action = (aurora__action_t){.kind = AURORA__ACTION_GRANT, .waiter = waiter, .slot = slot};
  aurora__waiter_leave(scheduler, waiter);
  return true;
}

/* Not idle for so long that it must answer before somebody gets it. */
static bool fresh(const aurora__scheduler_t *scheduler, const aurora__slot_t *slot, uint64_t now)
{
  uint64_t limit = scheduler->limits.validate_after;

  /* It may have become idle after now, which is the moment at which the pool began to ask. */
  return !limit || aurora__slot_fresh_at(slot) + limit > now;
}

static bool usable(const aurora__scheduler_t *scheduler, const aurora__slot_t *slot, uint64_t now)
{
  /* While another retires, an old one serves once more: waiters come first. */
  return slot->generation == scheduler->generation &&
         (slot->expires_at > now || scheduler->retiring) && fresh(scheduler, slot, now);
}

/* The most recently used of the idle slots that can be handed out as they are; NULL: none. */
static aurora__slot_t *find_usable(const aurora__scheduler_t *scheduler, uint64_t now)
{
  for (aurora__list_t *node = scheduler->idle.next; node != &scheduler->idle; node = node->next) {
    if (usable(scheduler, aurora__slot_of(node), now))
      return aurora__slot_of(node);
  }
  return NULL;
}

/* There are a waiter and an idle slot: bring them together. False: all that can be done is under way. */
static bool hand_out(aurora__scheduler_t *scheduler, uint64_t now, aurora__action_t *ret_action)
{
  aurora__slot_t *slot = aurora__slot_of(scheduler->idle.next);
  aurora__slot_t *best;

  if (slot->generation != scheduler->generation)
    return tell_close(scheduler, slot, AURORA_CLOSE_RECYCLED, ret_action);
  if (slot->expires_at <= now && !scheduler->retiring)
    return tell_too_old(scheduler, slot, ret_action);
  /* A ping may have proven one that was used less recently: better than to wait for another ping. */
  best = find_usable(scheduler, now);
  if (best)
    return tell_grant(scheduler, best, ret_action);
  return scheduler->validating_count < scheduler->waiting &&
         tell_ping(scheduler, slot, true, ret_action);
}

/* At most a quarter of the idle connections are pinged at once, so that callers find the others and
 * neither they nor the server see a storm when all were opened together. */
static bool may_ping(const aurora__scheduler_t *scheduler)
{
  return scheduler->pinging_count < (scheduler->idle_count + scheduler->pinging_count + 3) / 4;
}

/* Looks at all idle slots, the least recently used first. False: none needs anything before the new
 * upkeep_at. */
static bool look_after_idle(aurora__scheduler_t *scheduler, uint64_t now,
                            aurora__action_t *ret_action)
{
  const bool shrink = aurora__scheduler_may_shrink(scheduler);
  bool held = false;
  uint64_t at = UINT64_MAX;

  for (aurora__list_t *node = scheduler->idle.prev; node != &scheduler->idle; node = node->prev) {
    aurora__slot_t *slot = aurora__slot_of(node);
    uint64_t idle_end = shrink ? aurora__slot_idle_end(scheduler, slot) : UINT64_MAX;
    uint64_t expires_at = scheduler->retiring ? UINT64_MAX : slot->expires_at;
    uint64_t ping_at = aurora__slot_ping_at(scheduler, slot);

    if (slot->generation != scheduler->generation)
      return tell_close(scheduler, slot, AURORA_CLOSE_RECYCLED, ret_action);
    if (expires_at <= now)
      return tell_too_old(scheduler, slot, ret_action);
    if (idle_end <= now)
      return tell_close(scheduler, slot, AURORA_CLOSE_IDLE_TOO_LONG, ret_action);
    if (ping_at <= now) {
      if (may_ping(scheduler))
        return tell_ping(scheduler, slot, false, ret_action);
      held = true;
      ping_at = UINT64_MAX;
    }
    at = idle_end < at ? idle_end : at;
    at = expires_at < at ? expires_at : at;
    at = ping_at < at ? ping_at : at;
  }
  scheduler->pings_held = held;
  scheduler->upkeep_at = at;
  return false;
}

/* Waiters to whom no connection is promised that is on its way. */
static bool waiters_want(const aurora__scheduler_t *scheduler)
{
  return scheduler->waiting > scheduler->connecting_count + scheduler->validating_count;
}

/* Somebody or some rule would have one more connection. */
static bool wants_connection(const aurora__scheduler_t *scheduler)
{
  size_t unclosed = aurora__scheduler_total(scheduler) - scheduler->closing_count;
  size_t soon_idle = scheduler->idle_count + scheduler->pinging_count + scheduler->connecting_count;

  return waiters_want(scheduler) || unclosed < scheduler->floor ||
         soon_idle < scheduler->limits.min_idle;
}

static bool has_room(const aurora__scheduler_t *scheduler)
{
  size_t limit = scheduler->failures ? 1 : scheduler->limits.max_connecting;

  return aurora__scheduler_total(scheduler) < scheduler->limits.pool_size &&
         scheduler->connecting_count < limit;
}

static bool may_open(const aurora__scheduler_t *scheduler, uint64_t now)
{
  return has_room(scheduler) && !aurora__scheduler_backs_off(scheduler, now);
}

/* Those who will not wait for the next attempt are told why the last one failed. */
static void fail_in_backoff(aurora__scheduler_t *scheduler, uint64_t now)
{
  if (scheduler->waiting && aurora__scheduler_backs_off(scheduler, now) &&
      !scheduler->connecting_count && !aurora__scheduler_alive(scheduler))
    aurora__scheduler_fail_waiters(scheduler, scheduler->for_good);
}

static bool tell_open(aurora__action_t *ret_action)
{
  *ret_action = (aurora__action_t){.kind = AURORA__ACTION_OPEN};
  return true;
}

/* Waiters to whom no connection is to be given any more. */
static bool next_leaving(aurora__scheduler_t *scheduler, uint64_t now, aurora__action_t *ret_action)
{
  aurora__deadline_t *first = aurora__deadline_first(&scheduler->deadlines);

  if (first && first->at <= now)
    return tell_waiter(scheduler, AURORA__ACTION_EXPIRE,
                       aurora__container_of(first, aurora__waiter_t, deadline), ret_action);
  if (!aurora__list_empty(&scheduler->failing))
    return tell_waiter(scheduler, AURORA__ACTION_FAIL,
                       aurora__container_of(scheduler->failing.next, aurora__waiter_t, node),
                       ret_action);
  return false;
}

/* All there may be to do. Out of line, so that the usual way through next() has no need of a frame. */
__attribute__((noinline)) static bool next_of_all(aurora__scheduler_t *scheduler, uint64_t now,
                                                  aurora__action_t *ret_action)
{
  if (next_leaving(scheduler, now, ret_action))
    return true;
  fail_in_backoff(scheduler, now);
  if (next_leaving(scheduler, now, ret_action))
    return true;
  if (scheduler->closing)
    return scheduler->idle_count && tell_close(scheduler, aurora__slot_of(scheduler->idle.next),
                                               AURORA_CLOSE_POOL_CLOSED, ret_action);
  if (scheduler->waiting && scheduler->idle_count && hand_out(scheduler, now, ret_action))
    return true;
  if (now >= scheduler->upkeep_at && look_after_idle(scheduler, now, ret_action))
    return true;
  return wants_connection(scheduler) && may_open(scheduler, now) && tell_open(ret_action);
}

bool aurora__scheduler_next(aurora__scheduler_t *scheduler, uint64_t now,
                            aurora__action_t *ret_action)
{
  const aurora__deadline_t *first = aurora__deadline_first(&scheduler->deadlines);
  aurora__slot_t *slot = aurora__slot_of(scheduler->idle.next);

  /* The usual answers first, a hand-out and nothing. */
  if ((first && first->at <= now) || !aurora__list_empty(&scheduler->failing) || scheduler->closing)
    return next_of_all(scheduler, now, ret_action);
  if (scheduler->waiting) {
    if (scheduler->idle_count && usable(scheduler, slot, now))
      return tell_grant(scheduler, slot, ret_action);
    if (aurora__scheduler_is_saturated(scheduler) && now < scheduler->upkeep_at)
      return false;
  } else if (now < scheduler->upkeep_at && !(scheduler->floor | scheduler->limits.min_idle)) {
    return false;
  }
  return next_of_all(scheduler, now, ret_action);
}

uint64_t aurora__scheduler_wakeup(const aurora__scheduler_t *scheduler)
{
  const aurora__deadline_t *first = aurora__deadline_first(&scheduler->deadlines);
  uint64_t at = first ? first->at : UINT64_MAX;

  if (scheduler->closing)
    return at;
  if (scheduler->upkeep_at < at)
    at = scheduler->upkeep_at;
  if (scheduler->failures && scheduler->retry_at < at && wants_connection(scheduler) &&
      has_room(scheduler))
    at = scheduler->retry_at;
  return at;
}
