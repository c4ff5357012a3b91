/*
 * The callers of the chaos test: what each asks for next, and when.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "chaos.h"
#include "chaos_storm.h"

enum { THINKS_MS = 12, AFTER_FAILURE_MS = 60 };

/* How often each is asked for. */
static const unsigned char weights[CHAOS_KINDS] = {
    [CHAOS_TEXT] = 120,   [CHAOS_PREPARED] = 90,    [CHAOS_INSERT] = 120, [CHAOS_STREAM] = 12,
    [CHAOS_LARGE] = 12,   [CHAOS_TOO_LARGE] = 3,    [CHAOS_WRONG] = 30,   [CHAOS_SLEEP] = 24,
    [CHAOS_SESSION] = 36, [CHAOS_TRANSACTION] = 48, [CHAOS_WARM_UP] = 3,  [CHAOS_CHECK] = 6,
    [CHAOS_RECYCLE] = 1,  [CHAOS_REFUSED] = 12,
};

static chaos_kind_t random_kind(chaos_t *chaos)
{
  unsigned sum = 0, at, kind;

  for (kind = 0; kind < CHAOS_KINDS; kind++)
    sum += weights[kind];
  at = chaos_random(&chaos->random, sum);
  for (kind = 0; at >= weights[kind]; kind++)
    at -= weights[kind];
  return (chaos_kind_t)kind;
}

/* --- What is not a query ------------------------------------------------------------------------ */

static void on_done(const aurora_error_t *error, void *data)
{
  chaos_slot_t *slot = data;

  chaos_answered(slot, error);
  chaos_end(slot);
}

static void on_health(bool healthy, const aurora_error_t *why_not, void *data)
{
  ck_assert(healthy == (why_not == NULL));
  on_done(why_not, data);
}

static int account_for(chaos_slot_t *slot, int code)
{
  chaos_t *chaos = slot->caller->chaos;

  chaos->inside--;
  if (!code) {
    slot->due++;
    chaos->accepted++;
  }
  return code;
}

static void on_nothing(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
  ck_abort_msg("a refused call called back");
}

static void make_refused_calls(chaos_t *chaos)
{
  static const char no_utf8[] = "\xff\xfe";
  aurora_query_options_t options = {.flags = 1u << 31};
  aurora_pool_t *pool = chaos->client.fixture.pool;

  ck_assert_int_eq(aurora_pool_query(pool, "", AURORA_NO_PARAMS, on_nothing, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, NULL, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(pool, "SELECT ?", AURORA_PARAMS(no_utf8), on_nothing, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(
      aurora_pool_query_with(pool, "SELECT 1", AURORA_NO_PARAMS, &options, on_nothing, NULL, NULL),
      UV_EINVAL);
}

/* --- Requests ----------------------------------------------------------------------------------- */

static int start_request(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;

  slot->timeout = slot->acquire_timeout = 0;
  slot->cancelled = slot->stopped = slot->queued = false;
  slot->server_errno = 0;
  switch (slot->kind) {
  case CHAOS_TEXT:
  case CHAOS_PREPARED:
  case CHAOS_INSERT:
  case CHAOS_STREAM:
  case CHAOS_LARGE:
  case CHAOS_TOO_LARGE:
  case CHAOS_WRONG:
  case CHAOS_SLEEP:
    return chaos_query_start(slot);
  case CHAOS_SESSION:
  case CHAOS_TRANSACTION:
    return chaos_lease_start(slot);
  case CHAOS_WARM_UP:
    chaos->inside++;
    return account_for(slot, aurora_pool_warmup(chaos->client.fixture.pool, on_done, slot));
  case CHAOS_CHECK:
    chaos->inside++;
    return account_for(slot, aurora_pool_check(chaos->client.fixture.pool, on_health, slot));
  case CHAOS_RECYCLE:
    ck_assert_int_eq(aurora_pool_recycle(chaos->client.fixture.pool), 0);
    return 0;
  case CHAOS_REFUSED:
    make_refused_calls(chaos);
    return 0;
  case CHAOS_KINDS:
    break;
  }
  return UV_EINVAL;
}

static void start(chaos_slot_t *slot, chaos_kind_t kind)
{
  chaos_t *chaos = slot->caller->chaos;
  int code;

  ck_assert(!slot->busy && !slot->due && !slot->connection);
  slot->kind = kind;
  slot->sequence = ++slot->caller->sequence;
  slot->busy = true;
  slot->failed = false;
  chaos->requests[kind]++;
  code = start_request(slot);
  if (code) {
    aurora_error_t error = {.code = code, .outcome = AURORA_NOT_SENT};

    ck_assert_msg(code == AURORA_EQUEUEFULL, "%s: %s", chaos_kind_name(kind),
                  aurora_err_name(code));
    slot->failed = true;
    chaos_count_error(chaos, &error);
  }
  if (!slot->due)
    chaos_end(slot); /* there is no callback to come */
}

static void on_next(uv_timer_t *timer)
{
  chaos_slot_t *slot = timer->data;
  chaos_t *chaos = slot->caller->chaos;
  chaos_slot_t *slots = chaos->slots[slot->caller->number];

  if (chaos->over)
    return;
  start(slot, random_kind(chaos));
  if (!chaos_one_in(chaos, 20))
    return;
  chaos->bursts++;
  for (int i = 1; i < CHAOS_SLOTS; i++) {
    if (!slots[i].busy)
      start(&slots[i], random_kind(chaos));
  }
}

void chaos_pause(chaos_slot_t *slot, uint32_t most_ms, uv_timer_cb cb)
{
  uint64_t ms = chaos_random(&slot->caller->chaos->random, most_ms + 1);

  ck_assert_int_eq(uv_timer_start(&slot->timer, cb, ms, 0), 0);
}

void chaos_end(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;

  ck_assert(slot->busy && !slot->due && !slot->connection);
  slot->busy = false;
  if (!slot->failed)
    chaos->succeeded[slot->kind]++;
  if (slot->goes_on && !chaos->over)
    chaos_pause(slot, slot->failed ? AFTER_FAILURE_MS : THINKS_MS, on_next);
}

/* --- All of them -------------------------------------------------------------------------------- */

void chaos_callers_start(chaos_t *chaos)
{
  for (int i = 0; i < CHAOS_CALLERS; i++) {
    chaos->callers[i].chaos = chaos;
    chaos->callers[i].number = i;
    for (int k = 0; k < CHAOS_SLOTS; k++) {
      chaos_slot_t *slot = &chaos->slots[i][k];

      slot->caller = &chaos->callers[i];
      slot->goes_on = k == 0;
      slot->timer.data = slot;
      ck_assert_int_eq(uv_timer_init(&chaos->client.fixture.loop, &slot->timer), 0);
    }
    chaos_pause(&chaos->slots[i][0], THINKS_MS, on_next);
  }
}

bool chaos_callers_are_done(void *data)
{
  chaos_t *chaos = data;

  for (int i = 0; i < CHAOS_CALLERS; i++) {
    for (int k = 0; k < CHAOS_SLOTS; k++) {
      if (chaos->slots[i][k].busy)
        return false;
    }
  }
  return true;
}

void chaos_callers_ask_calmly(chaos_t *chaos)
{
  static const chaos_kind_t kinds[] = {CHAOS_TEXT,   CHAOS_PREPARED, CHAOS_INSERT,
                                       CHAOS_STREAM, CHAOS_SESSION,  CHAOS_TRANSACTION};

  for (int i = 0; i < CHAOS_CALLERS; i++) {
    chaos->slots[i][0].calm = true;
    start(&chaos->slots[i][0], kinds[i % (sizeof kinds / sizeof *kinds)]);
  }
}

void chaos_callers_stop(chaos_t *chaos)
{
  for (int i = 0; i < CHAOS_CALLERS; i++) {
    for (int k = 0; k < CHAOS_SLOTS; k++)
      uv_close((uv_handle_t *)&chaos->slots[i][k].timer, NULL);
  }
}
