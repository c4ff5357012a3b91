/*
 * The scheduler against random events in virtual time, two million a run. The model
 * (scheduler_model.h) checks what it does; here is what happens to it.
 *
 * The seed is printed; AURORA_TEST_SEED runs one again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "pool/scheduler.h"
#include "scheduler_model.h"
#include "support/runner.h"

enum { EVENTS = 2000000 };

static uint64_t random_for_scheduler(void *state, uint64_t limit)
{
  (void)state;
  return below(limit);
}

static void wait_or_cancel(void)
{
  guest_t *guest = &model.guests[below(WAITERS)];
  uint64_t deadline = below(2) ? model.now + below(100) : 0;
  unsigned limit = model.limits.queue_limit;
  bool full = limit && waiting(false) >= count(IDLE) + limit;
  int code;

  if (guest->queued) {
    /* Cancelling is as rare as waiting is, else nobody would ever wait. */
    if (below(4))
      return;
    expect(aurora__scheduler_cancel(&model.scheduler, &guest->waiter), "not cancelled");
    guest->queued = false;
    return;
  }
  expect(!aurora__scheduler_cancel(&model.scheduler, &guest->waiter), "cancelled twice");
  aurora__waiter_init(&guest->waiter);
  code = aurora__scheduler_enqueue(&model.scheduler, &guest->waiter, deadline);
  expect(code == (model.closing ? AURORA_ECLOSED
                  : full        ? AURORA_EQUEUEFULL
                                : 0),
         "a waiter is refused, or not");
  guest->queued = code == 0;
  guest->doomed = false;
  guest->deadline = deadline;
  guest->order = model.last_order++;
}

static void gone(room_t *room)
{
  aurora__scheduler_gone(&model.scheduler, &room->slot);
  room->kind = ABSENT;
  room->retiring = false;
}

static void connected(room_t *room)
{
  uint64_t lifetime = model.limits.max_lifetime;

  aurora__scheduler_connected(&model.scheduler, &room->slot, model.now);
  model.failures = 0;
  room->kind = IDLE;
  room->idle_since = room->proven_at = model.now;
  room->expires_at = room->slot.expires_at;
  expect(lifetime ? room->expires_at <= model.now + lifetime &&
                        room->expires_at >= model.now + lifetime - lifetime / 10
                  : room->expires_at == UINT64_MAX,
         "a wrong lifetime");
}

static void connecting_ends(room_t *room)
{
  bool for_good = model.weather == REJECTING;

  if (model.weather == UP || (model.weather == FLAKY && below(2))) {
    connected(room);
  } else {
    aurora__scheduler_connect_failed(&model.scheduler, &room->slot,
                                     for_good ? AURORA__FAILED_FOR_GOOD : AURORA__FAILED_FOR_NOW,
                                     model.now);
    room->kind = ABSENT;
    note_failure(for_good);
  }
}

static void ready(room_t *room)
{
  aurora__scheduler_ready(&model.scheduler, &room->slot, model.now);
  room->kind = IDLE;
  room->idle_since = room->proven_at = model.now;
}

static void pinged(room_t *room)
{
  aurora__scheduler_pinged(&model.scheduler, &room->slot, model.now);
  room->kind = IDLE;
  room->proven_at = model.now;
}

static void tended(room_t *room)
{
  aurora__scheduler_upkeep(&model.scheduler, &room->slot);
  if (room->kind != CLOSING)
    room->kind = TENDED;
}

/* A connection proves useless as soon as somebody uses it. */
static void put_back(room_t *room)
{
  guest_t *guest = room->guest;

  if (room->kind != BUSY || guest->queued || guest->order != room->guest_order)
    return;
  aurora__scheduler_put_back(&model.scheduler, &guest->waiter);
  guest->queued = true;
  guest->doomed = model.closing;
  guest->order = --model.first_order;
  if (below(2))
    gone(room);
  else
    tended(room);
}

/* Something happens to a connection; as a rule what is to be expected. */
static void happens(room_t *room, bool as_expected)
{
  if (!as_expected && room->kind != ABSENT) {
    if (room->kind != CONNECTING && below(2))
      tended(room);
    else
      gone(room);
    return;
  }
  switch (room->kind) {
  case CONNECTING:
    connecting_ends(room);
    break;
  case BUSY:
  case TENDED:
    ready(room);
    break;
  case PINGED:
  case VALIDATED:
    pinged(room);
    break;
  case CLOSING:
    gone(room);
    break;
  case ABSENT:
  case IDLE:
  case KINDS:
    break;
  }
}

/* Time goes on. Returns whether it went to a wake-up, and no further. */
static bool time_passes(void)
{
  uint64_t wakeup = aurora__scheduler_wakeup(&model.scheduler);

  if (below(3) && wakeup != UINT64_MAX) {
    model.now = wakeup;
    return true;
  }
  model.now += below(8) ? below(5) : below(300);
  return false;
}

static void event(void)
{
  uint64_t dice = below(1000);
  bool exact = false;

  model.events++;
  if (dice < model.demand) {
    wait_or_cancel();
  } else if (dice < 700) {
    if (below(20))
      happens(&model.rooms[below(SLOTS)], below(10) != 0);
    else
      put_back(&model.rooms[below(SLOTS)]);
  } else if (dice < 970) {
    exact = time_passes();
  } else if (dice < 985) {
    model.weather = below(2) ? UP : (weather_t)below(WEATHERS);
  } else if (dice < 990) {
    aurora__scheduler_recycle(&model.scheduler);
    model.generation++;
  } else {
    model.floor = below(2) ? 0 : (unsigned)below(SLOTS + 2);
    aurora__scheduler_set_floor(&model.scheduler, model.floor);
    if (model.floor > model.limits.pool_size)
      model.floor = model.limits.pool_size;
  }
  settle(exact);
}

/* The lives of pools. */

static uint64_t sometimes(uint64_t limit)
{
  return below(3) ? 1 + below(limit) : 0;
}

static void begin(void)
{
  uint64_t events = model.events;
  uint64_t told[AURORA__ACTION_CLOSE + 1];
  aurora__limits_t *limits = &model.limits;

  memcpy(told, model.told, sizeof told);
  memset(&model, 0, sizeof model);
  memcpy(model.told, told, sizeof told);
  model.events = events;
  model.now = below(2) ? 0 : below(UINT64_C(1) << 40);
  model.first_order = model.last_order = UINT64_C(1) << 32;
  model.demand = below(2) ? 350 : 10 + (unsigned)below(200);
  limits->pool_size = 1 + (unsigned)below(SLOTS);
  limits->max_connecting = 1 + (unsigned)below(3);
  limits->queue_limit = (unsigned)sometimes(10);
  limits->min_idle = (unsigned)below(limits->pool_size + 1) * (unsigned)below(2);
  limits->idle_timeout = sometimes(300);
  limits->max_lifetime = sometimes(2000);
  limits->keepalive_interval = sometimes(200);
  limits->validate_after = sometimes(100);
  limits->backoff_min = 1 + below(20);
  limits->backoff_max = limits->backoff_min + below(200);
  limits->random = random_for_scheduler;
  aurora__scheduler_init(&model.scheduler, limits);
  for (int i = 0; i < WAITERS; i++)
    aurora__waiter_init(&model.guests[i].waiter);
  for (int i = 0; i < SLOTS; i++)
    aurora__slot_init(&model.rooms[i].slot);
}

/* Everything goes well from now on: everybody must be answered soon. */
static void serve_all(void)
{
  model.weather = UP;
  for (int round = 0; waiting(false); round++) {
    expect(round < 1000, "somebody waits for ever");
    for (int i = 0; i < SLOTS; i++) {
      happens(&model.rooms[i], true);
      settle(false);
    }
    if (waiting(false) && alive() + count(CLOSING) + count(CONNECTING) == 0) {
      model.now = aurora__scheduler_wakeup(&model.scheduler);
      settle(false);
    }
  }
}

static void end(void)
{
  aurora__scheduler_close(&model.scheduler);
  model.closing = true;
  for (int i = 0; i < WAITERS; i++)
    model.guests[i].doomed = model.guests[i].queued;
  settle(false);
  for (int i = 0; i < 200; i++)
    event();
  for (int i = 0; i < 2 * SLOTS; i++) {
    happens(&model.rooms[i % SLOTS], true);
    settle(false);
  }
  expect(aurora__scheduler_total(&model.scheduler) == 0, "a connection outlives the pool");
  expect(aurora__scheduler_wakeup(&model.scheduler) == UINT64_MAX, "a wake-up of a closed pool");
}

START_TEST(random_events)
{
  while (model.events < EVENTS) {
    begin();
    for (uint64_t left = 1 + below(5000); left; left--)
      event();
    if (below(2))
      serve_all();
    end();
  }
  printf("# %llu events: %llu granted, %llu expired, %llu failed, %llu opened, %llu pinged, "
         "%llu validated, %llu closed\n",
         (unsigned long long)model.events, (unsigned long long)model.told[AURORA__ACTION_GRANT],
         (unsigned long long)model.told[AURORA__ACTION_EXPIRE],
         (unsigned long long)model.told[AURORA__ACTION_FAIL],
         (unsigned long long)model.told[AURORA__ACTION_OPEN],
         (unsigned long long)model.told[AURORA__ACTION_PING],
         (unsigned long long)model.told[AURORA__ACTION_VALIDATE],
         (unsigned long long)model.told[AURORA__ACTION_CLOSE]);
  fflush(stdout);
  for (int kind = 0; kind <= AURORA__ACTION_CLOSE; kind++)
    ck_assert_uint_gt(model.told[kind], 1000);
}
END_TEST

int main(void)
{
  const char *given = getenv("AURORA_TEST_SEED");
  uint64_t now = (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
  uint64_t seed = given ? strtoull(given, NULL, 10) : now;
  Suite *suite = suite_create("scheduler, random");
  TCase *tcase = tcase_create("random");

  random_start(seed);
  printf("# AURORA_TEST_SEED=%llu\n", (unsigned long long)seed);
  fflush(stdout);
  tcase_set_timeout(tcase, 300);
  tcase_add_test(tcase, random_events);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
