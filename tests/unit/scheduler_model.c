#include "scheduler_model.h"

#include "support/runner.h"

model_t model;
uint64_t random_seed;

static uint64_t random_state;

void random_start(uint64_t seed)
{
  random_seed = seed;
  random_state = seed;
}

/* splitmix64, Sebastiano Vigna, public domain. */
static uint64_t random64(void)
{
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t below(uint64_t limit)
{
  return random64() % limit;
}

void expect(bool fulfilled, const char *what)
{
  if (!fulfilled)
    ck_abort_msg("%s (event %llu of AURORA_TEST_SEED=%llu)", what, (unsigned long long)model.events,
                 (unsigned long long)random_seed);
}

/* The books. */

size_t count(kind_t kind)
{
  size_t number = 0;

  for (int i = 0; i < SLOTS; i++)
    number += model.rooms[i].kind == kind;
  return number;
}

size_t alive(void)
{
  return count(IDLE) + count(BUSY) + count(TENDED) + count(PINGED) + count(VALIDATED);
}

size_t waiting(bool impatient_only)
{
  size_t number = 0;

  for (int i = 0; i < WAITERS; i++) {
    const guest_t *guest = &model.guests[i];

    number += guest->queued && !guest->doomed && !(impatient_only && guest->deadline);
  }
  return number;
}

static bool retiring(void)
{
  for (int i = 0; i < SLOTS; i++) {
    if (model.rooms[i].retiring)
      return true;
  }
  return false;
}

static uint64_t fresh_at(const room_t *room)
{
  return room->proven_at > room->idle_since ? room->proven_at : room->idle_since;
}

static bool fresh(const room_t *room)
{
  return !model.limits.validate_after || model.now - fresh_at(room) < model.limits.validate_after;
}

static bool may_shrink(void)
{
  return model.limits.idle_timeout && !model.floor && count(IDLE) > model.limits.min_idle;
}

static bool may_ping(void)
{
  return count(PINGED) + count(VALIDATED) <
         (count(IDLE) + count(PINGED) + count(VALIDATED) + 3) / 4;
}

/* A connection is wanted and there is room for it, the server's state apart. */
static bool wanted(void)
{
  size_t total = SLOTS - count(ABSENT);
  size_t connecting = count(CONNECTING);

  if (model.closing || total >= model.limits.pool_size ||
      connecting >= (model.failures ? 1 : model.limits.max_connecting))
    return false;
  return waiting(false) > connecting + count(VALIDATED) || total - count(CLOSING) < model.floor ||
         count(IDLE) + count(PINGED) + count(VALIDATED) + connecting < model.limits.min_idle;
}

static bool may_open(void)
{
  return wanted() && (!model.failures || model.now >= model.scheduler.retry_at);
}

/* Nobody who cannot wait may wait for the end of a back-off. */
static void doom_in_backoff(void)
{
  if (!model.failures || model.now >= model.scheduler.retry_at || alive() || count(CONNECTING))
    return;
  for (int i = 0; i < WAITERS; i++) {
    guest_t *guest = &model.guests[i];

    if (guest->queued && (!guest->deadline || (model.for_good && guest->deadline > model.now)))
      guest->doomed = true;
  }
}

static room_t *room_of(aurora__slot_t *slot, kind_t kind)
{
  room_t *room = aurora__container_of(slot, room_t, slot);

  expect(room->kind == kind, "an action for a connection in another state");
  return room;
}

/* The actions. */

static void leave(aurora__waiter_t *waiter, bool doomed)
{
  guest_t *guest = aurora__container_of(waiter, guest_t, waiter);

  expect(guest->queued, "a waiter is answered twice");
  expect(guest->doomed == doomed, "a waiter is failed that should not be, or the reverse");
  guest->queued = false;
}

static void check_grant(const aurora__action_t *action)
{
  const guest_t *guest = aurora__container_of(action->waiter, guest_t, waiter);
  const room_t *room = room_of(action->slot, IDLE);

  expect(!model.closing, "granted while closing");
  expect(room->generation == model.generation, "granted an old generation");
  expect(room->expires_at > model.now || retiring(), "granted one that is too old");
  expect(fresh(room), "granted one that should be validated");
  for (int i = 0; i < WAITERS; i++)
    expect(!model.guests[i].queued || model.guests[i].doomed ||
               model.guests[i].order >= guest->order,
           "a waiter is overtaken");
  for (int i = 0; i < SLOTS; i++)
    expect(model.rooms[i].kind != IDLE || model.rooms[i].idle_since <= room->idle_since ||
               !fresh(&model.rooms[i]),
           "granted one that is not the last used");
}

static void check_close(room_t *room, aurora_close_reason_t reason)
{
  if (reason == AURORA_CLOSE_POOL_CLOSED) {
    expect(model.closing, "closed by pool, which is open");
  } else if (reason == AURORA_CLOSE_RECYCLED) {
    expect(room->generation != model.generation, "recycled one of this generation");
  } else if (reason == AURORA_CLOSE_TOO_OLD) {
    expect(room->expires_at <= model.now, "too old before its time");
    expect(!retiring(), "two retire at the same time");
    room->retiring = true;
  } else {
    expect(reason == AURORA_CLOSE_IDLE_TOO_LONG, "closed for an unknown reason");
    expect(may_shrink(), "idle too long although it is needed");
    expect(room->idle_since + model.limits.idle_timeout <= model.now, "idle, but not too long");
    for (int i = 0; i < SLOTS; i++)
      expect(model.rooms[i].kind != IDLE || model.rooms[i].idle_since >= room->idle_since,
             "idle too long, but another is longer");
  }
}

void note_failure(bool for_good)
{
  uint64_t longest = model.limits.backoff_min;

  model.failures++;
  model.for_good = for_good;
  for (unsigned i = 1; i < model.failures && longest < model.limits.backoff_max; i++)
    longest *= 2;
  if (longest > model.limits.backoff_max)
    longest = model.limits.backoff_max;
  expect(model.scheduler.retry_at > model.now && model.scheduler.retry_at <= model.now + longest,
         "the pause is too short or too long");
  if (alive())
    return;
  for (int i = 0; i < WAITERS; i++) {
    guest_t *guest = &model.guests[i];

    if (guest->queued && (for_good || !guest->deadline))
      guest->doomed = true;
  }
}

static void open_one(void)
{
  room_t *room = model.rooms;

  expect(may_open(), "opened without need, or in spite of a limit");
  if (model.weather == NO_MEMORY) {
    aurora__scheduler_open_failed(&model.scheduler, model.now);
    note_failure(false);
    return;
  }
  while (room->kind != ABSENT)
    room++;
  aurora__slot_init(&room->slot);
  aurora__scheduler_opening(&model.scheduler, &room->slot);
  room->kind = CONNECTING;
  room->generation = model.generation;
}

static void perform(const aurora__action_t *action)
{
  room_t *room;

  model.told[action->kind]++;
  switch (action->kind) {
  case AURORA__ACTION_GRANT:
    check_grant(action);
    leave(action->waiter, false);
    room = room_of(action->slot, IDLE);
    room->kind = BUSY;
    room->guest = aurora__container_of(action->waiter, guest_t, waiter);
    room->guest_order = room->guest->order;
    break;
  case AURORA__ACTION_EXPIRE:
    leave(action->waiter, false);
    expect(aurora__container_of(action->waiter, guest_t, waiter)->deadline - 1 < model.now,
           "expired before its deadline");
    break;
  case AURORA__ACTION_FAIL:
    leave(action->waiter, true);
    break;
  case AURORA__ACTION_OPEN:
    open_one();
    break;
  case AURORA__ACTION_PING:
    room = room_of(action->slot, IDLE);
    expect(model.limits.keepalive_interval &&
               fresh_at(room) + model.limits.keepalive_interval <= model.now,
           "pinged before its time");
    expect(may_ping(), "too many pings at once");
    room->kind = PINGED;
    break;
  case AURORA__ACTION_VALIDATE:
    room = room_of(action->slot, IDLE);
    expect(!fresh(room), "validated without need");
    expect(waiting(false) > count(VALIDATED), "validated for nobody");
    room->kind = VALIDATED;
    break;
  case AURORA__ACTION_CLOSE:
    room = room_of(action->slot, IDLE);
    check_close(room, action->reason);
    room->kind = CLOSING;
    break;
  }
}

/* What must hold when nothing is left to do. */

static void check_room(const room_t *room)
{
  static const aurora__slot_state_t states[KINDS] = {
      AURORA__SLOT_NONE,   AURORA__SLOT_CONNECTING, AURORA__SLOT_IDLE,   AURORA__SLOT_BUSY,
      AURORA__SLOT_UPKEEP, AURORA__SLOT_UPKEEP,     AURORA__SLOT_UPKEEP, AURORA__SLOT_UPKEEP};

  expect(room->slot.state == states[room->kind], "the slot's state is not the model's");
  if (room->kind != IDLE)
    return;
  expect(!model.closing, "idle in a closing pool");
  expect(room->generation == model.generation, "an old generation is idle");
  expect(room->expires_at > model.now || retiring(), "one that is too old is idle");
  expect(!may_shrink() || room->idle_since + model.limits.idle_timeout > model.now,
         "one is idle for too long");
  expect(!model.limits.keepalive_interval ||
             fresh_at(room) + model.limits.keepalive_interval > model.now ||
             count(PINGED) + count(VALIDATED),
         "a ping is overdue");
  expect(!waiting(false) || !fresh(room), "somebody waits while a connection is idle");
}

static size_t length(const aurora__list_t *head)
{
  size_t number = 0;

  for (const aurora__list_t *node = head->next; node != head; node = node->next)
    number++;
  return number;
}

static void check_list(const aurora__list_t *list, size_t counted, size_t expected)
{
  expect(counted == expected, "a count is wrong");
  expect(length(list) == expected, "a list is wrong");
}

static void check_lists(void)
{
  const aurora__scheduler_t *scheduler = &model.scheduler;
  uint64_t idle_since = UINT64_MAX;

  check_list(&scheduler->waiters, scheduler->waiting, waiting(false));
  check_list(&scheduler->connecting, scheduler->connecting_count, count(CONNECTING));
  check_list(&scheduler->idle, scheduler->idle_count, count(IDLE));
  check_list(&scheduler->busy, scheduler->busy_count, count(BUSY));
  check_list(&scheduler->upkeep, scheduler->upkeep_count,
             count(TENDED) + count(PINGED) + count(VALIDATED) + count(CLOSING));
  expect(aurora__scheduler_total(scheduler) <= model.limits.pool_size, "more than pool_size");
  expect(count(CONNECTING) <= model.limits.max_connecting, "more than max_connecting");
  for (aurora__list_t *node = scheduler->idle.next; node != &scheduler->idle; node = node->next) {
    const aurora__slot_t *slot = aurora__container_of(node, aurora__slot_t, node);

    expect(slot->idle_since <= idle_since, "the idle list is out of order");
    idle_since = slot->idle_since;
  }
}

static void earliest(uint64_t *at, uint64_t other)
{
  if (other > model.now && other < *at)
    *at = other;
}

/* When the scheduler will have to act, by the rules. What is due already is held back by an event. */
static uint64_t due(void)
{
  uint64_t at = UINT64_MAX;

  for (int i = 0; i < WAITERS; i++) {
    if (model.guests[i].queued && model.guests[i].deadline)
      earliest(&at, model.guests[i].deadline);
  }
  for (int i = 0; i < SLOTS && !model.closing; i++) {
    const room_t *room = &model.rooms[i];

    if (room->kind != IDLE)
      continue;
    if (!retiring())
      earliest(&at, room->expires_at);
    if (may_shrink())
      earliest(&at, room->idle_since + model.limits.idle_timeout);
    if (model.limits.keepalive_interval)
      earliest(&at, fresh_at(room) + model.limits.keepalive_interval);
  }
  if (model.failures && wanted())
    earliest(&at, model.scheduler.retry_at);
  return at;
}

static void check_wakeup(bool exact)
{
  uint64_t wakeup = aurora__scheduler_wakeup(&model.scheduler);
  size_t under_way = SLOTS - count(ABSENT) - count(IDLE);

  expect(wakeup > model.now, "a wake-up that would spin");
  expect(wakeup <= due(), "a wake-up too late");
  expect(!exact || wakeup == due(), "a second wake-up too early");
  expect(!waiting(false) || under_way || wakeup != UINT64_MAX, "a waiter waits for nothing");
}

void settle(bool exact_wakeup)
{
  aurora__action_t action;
  int actions = 0;

  doom_in_backoff();
  while (aurora__scheduler_next(&model.scheduler, model.now, &action)) {
    expect(++actions < 1000, "no end of actions");
    perform(&action);
    doom_in_backoff();
  }
  for (int i = 0; i < WAITERS; i++) {
    const guest_t *guest = &model.guests[i];

    expect(!guest->queued || !guest->doomed, "a waiter was not failed");
    expect(!guest->queued || !guest->deadline || guest->deadline > model.now,
           "a waiter was not expired");
  }
  for (int i = 0; i < SLOTS; i++)
    check_room(&model.rooms[i]);
  check_lists();
  expect(!may_open(), "a connection should be opened");
  check_wakeup(exact_wakeup && !actions);
}
