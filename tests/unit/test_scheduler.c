/*
 * The scheduler, by a table of conversations (scheduler_conversations.h): plays each and compares.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "pool/scheduler.h"
#include "scheduler_conversations.h"
#include "support/runner.h"

enum { WAITERS = 26, SLOTS = 20 };

typedef struct {
  aurora__scheduler_t scheduler;
  aurora__waiter_t waiters[WAITERS];
  aurora__slot_t slots[SLOTS + 1];
  size_t opened;
  bool cannot_open;
  char actions[1000];
} stage_t;

static const char *const reasons[] = {
#define REASON_GEN(name, text) [AURORA_CLOSE_##name] = text,
    AURORA_CLOSE_REASON_MAP(REASON_GEN)
#undef REASON_GEN
};

static uint64_t largest(void *state, uint64_t limit)
{
  (void)state;
  return limit - 1;
}

static void append(stage_t *stage, const char *what, aurora__waiter_t *waiter, aurora__slot_t *slot,
                   const char *why)
{
  size_t used = strlen(stage->actions);
  char who[32] = "", which[32] = "";

  if (waiter)
    snprintf(who, sizeof who, " %c", 'A' + (int)(waiter - stage->waiters));
  if (slot)
    snprintf(which, sizeof which, " %d", (int)(slot - stage->slots));
  snprintf(stage->actions + used, sizeof stage->actions - used, "%s%s%s%s%s", used ? ", " : "",
           what, who, which, why);
}

static void open_one(stage_t *stage, uint64_t now)
{
  if (stage->cannot_open) {
    append(stage, "open", NULL, NULL, "");
    aurora__scheduler_open_failed(&stage->scheduler, now);
    return;
  }
  ck_assert_uint_lt(stage->opened, SLOTS);
  stage->opened++;
  append(stage, "open", NULL, &stage->slots[stage->opened], "");
  aurora__scheduler_opening(&stage->scheduler, &stage->slots[stage->opened]);
}

static void append_action(stage_t *stage, const aurora__action_t *action, uint64_t now)
{
  char why[64];

  switch (action->kind) {
  case AURORA__ACTION_GRANT:
    append(stage, "grant", action->waiter, action->slot, "");
    break;
  case AURORA__ACTION_EXPIRE:
    append(stage, "expire", action->waiter, NULL, "");
    break;
  case AURORA__ACTION_FAIL:
    append(stage, "fail", action->waiter, NULL, "");
    break;
  case AURORA__ACTION_OPEN:
    open_one(stage, now);
    break;
  case AURORA__ACTION_PING:
    append(stage, "ping", NULL, action->slot, "");
    break;
  case AURORA__ACTION_VALIDATE:
    append(stage, "validate", NULL, action->slot, "");
    break;
  case AURORA__ACTION_CLOSE:
    snprintf(why, sizeof why, " %s", reasons[action->reason]);
    append(stage, "close", NULL, action->slot, why);
    break;
  }
}

static void wait_event(stage_t *stage, char letter, uint64_t deadline)
{
  int code = aurora__scheduler_enqueue(&stage->scheduler, &stage->waiters[letter - 'A'], deadline);

  if (code == AURORA_EQUEUEFULL)
    append(stage, "full", NULL, NULL, "");
  else if (code == AURORA_ECLOSED)
    append(stage, "closed", NULL, NULL, "");
  else
    ck_assert_int_eq(code, 0);
}

static void cancel_event(stage_t *stage, char letter)
{
  aurora__waiter_t *waiter = &stage->waiters[letter - 'A'];

  if (!aurora__scheduler_cancel(&stage->scheduler, waiter))
    append(stage, "left", NULL, NULL, "");
  ck_assert(!aurora__scheduler_cancel(&stage->scheduler, waiter));
}

static void back_event(stage_t *stage, char letter)
{
  aurora__scheduler_put_back(&stage->scheduler, &stage->waiters[letter - 'A']);
}

static bool waiter_event(stage_t *stage, const char *event)
{
  char letter;
  unsigned long long deadline = 0;

  if (sscanf(event, "wait %c %llu", &letter, &deadline) >= 1)
    wait_event(stage, letter, deadline);
  else if (sscanf(event, "cancel %c", &letter) == 1)
    cancel_event(stage, letter);
  else if (sscanf(event, "back %c", &letter) == 1)
    back_event(stage, letter);
  else
    return false;
  return true;
}

static bool slot_event(stage_t *stage, const char *event, uint64_t now)
{
  aurora__scheduler_t *scheduler = &stage->scheduler;
  char verb[16];
  unsigned number;
  aurora__slot_t *slot;

  if (sscanf(event, "%15s %u", verb, &number) != 2 || strcmp(verb, "floor") == 0)
    return false;
  slot = &stage->slots[number];
  if (strcmp(verb, "connected") == 0)
    aurora__scheduler_connected(scheduler, slot, now);
  else if (strcmp(verb, "failed") == 0)
    aurora__scheduler_connect_failed(scheduler, slot, AURORA__FAILED_FOR_NOW, now);
  else if (strcmp(verb, "rejected") == 0)
    aurora__scheduler_connect_failed(scheduler, slot, AURORA__FAILED_FOR_GOOD, now);
  else if (strcmp(verb, "ready") == 0)
    aurora__scheduler_ready(scheduler, slot, now);
  else if (strcmp(verb, "pinged") == 0)
    aurora__scheduler_pinged(scheduler, slot, now);
  else if (strcmp(verb, "upkeep") == 0)
    aurora__scheduler_upkeep(scheduler, slot);
  else if (strcmp(verb, "gone") == 0)
    aurora__scheduler_gone(scheduler, slot);
  else
    ck_abort_msg("unknown event: %s", event);
  return true;
}

static void pool_event(stage_t *stage, const char *event)
{
  unsigned floor;

  if (sscanf(event, "floor %u", &floor) == 1)
    aurora__scheduler_set_floor(&stage->scheduler, floor);
  else if (strcmp(event, "recycle") == 0)
    aurora__scheduler_recycle(&stage->scheduler);
  else if (strcmp(event, "close") == 0)
    aurora__scheduler_close(&stage->scheduler);
  else if (strcmp(event, "cannot open") == 0)
    stage->cannot_open = true;
  else if (strcmp(event, "can open") == 0)
    stage->cannot_open = false;
  else if (*event)
    ck_abort_msg("unknown event: %s", event);
}

static void perform(stage_t *stage, const char *conversation, const step_t *step)
{
  aurora__action_t action;
  uint64_t wakeup;

  stage->actions[0] = '\0';
  if (!waiter_event(stage, step->event) && !slot_event(stage, step->event, step->now))
    pool_event(stage, step->event);
  for (int i = 0; aurora__scheduler_next(&stage->scheduler, step->now, &action); i++) {
    ck_assert_msg(i < 100, "%s: at %u: no end", conversation, (unsigned)step->now);
    append_action(stage, &action, step->now);
  }
  ck_assert_msg(strcmp(stage->actions, step->actions) == 0,
                "%s: at %u, %s: \"%s\" instead of \"%s\"", conversation, (unsigned)step->now,
                step->event, stage->actions, step->actions);
  wakeup = aurora__scheduler_wakeup(&stage->scheduler);
  ck_assert_msg(!step->wakeup || wakeup == (uint64_t)step->wakeup,
                "%s: at %u, %s: wake-up at %lld instead of %lld", conversation, (unsigned)step->now,
                step->event, (long long)wakeup, (long long)step->wakeup);
}

START_TEST(conversation)
{
  const conversation_t *played = &conversations[_i];
  aurora__limits_t limits = played->limits;
  static stage_t stage;

  limits.random = largest;
  aurora__scheduler_init(&stage.scheduler, &limits);
  for (int i = 0; i < WAITERS; i++)
    aurora__waiter_init(&stage.waiters[i]);
  for (int i = 0; i <= SLOTS; i++)
    aurora__slot_init(&stage.slots[i]);
  for (const step_t *step = played->steps; step < played->steps + STEPS && step->event; step++)
    perform(&stage, played->name, step);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("scheduler");
  TCase *tcase = tcase_create("conversations");

  tcase_add_loop_test(tcase, conversation, 0, sizeof conversations / sizeof *conversations);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
