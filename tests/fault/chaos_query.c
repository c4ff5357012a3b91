/*
 * Single queries of the chaos test: asked for at random, cancelled at random, their rows compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <mysqld_error.h>

#include "chaos.h"
#include "support/loop.h"

enum {
  SHORT_MS = 120,  /* a small time-out */
  LONG_MS = 30000, /* one that is not meant to end anything */
  LONGEST_PARAMETER = 6000,
  CANCEL_WITHIN_MS = 30
};

/* --- Asking ------------------------------------------------------------------------------------- */

void chaos_choose_times(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;

  slot->timeout = 0;
  slot->acquire_timeout = slowly(LONG_MS);
  if (slot->calm)
    return;
  if (chaos_one_in(chaos, 6))
    slot->timeout = chaos_random(&chaos->random, SHORT_MS) + 1;
  if (chaos_one_in(chaos, 8))
    slot->acquire_timeout = 0; /* told at once that the server is down */
  else if (chaos_one_in(chaos, 6))
    slot->acquire_timeout = chaos_random(&chaos->random, SHORT_MS) + 1;
}

void chaos_cancel(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;

  if (!slot->query)
    return;
  chaos->inside++;
  if (aurora_query_cancel(slot->query) == 0) {
    slot->cancelled = true;
    slot->query = NULL;
    chaos->cancels++;
  }
  chaos->inside--;
}

static void on_cancel(uv_timer_t *timer)
{
  chaos_cancel(timer->data);
}

/* Now, at some moment, or by a callback of somebody else. */
static void maybe_cancel(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;
  chaos_slot_t *other;

  if (slot->calm)
    return;
  if (chaos_one_in(chaos, 40))
    chaos_cancel(slot);
  else if (chaos_one_in(chaos, 12))
    chaos_pause(slot, CANCEL_WITHIN_MS, on_cancel);
  if (chaos_one_in(chaos, 40)) {
    other = chaos->slots[chaos_random(&chaos->random, CHAOS_CALLERS)];
    if (other != slot && !other->calm)
      chaos_cancel(other);
  }
}

int chaos_ask(chaos_slot_t *slot, const char *sql, aurora_params_t params, aurora_row_cb on_row,
              aurora_query_cb cb)
{
  chaos_t *chaos = slot->caller->chaos;
  aurora_query_options_t options = {
      .timeout_ms = slot->timeout, .acquire_timeout_ms = slot->acquire_timeout, .on_row = on_row};
  aurora_query_t *query;
  int code;

  if (slot->kind == CHAOS_TEXT && chaos_one_in(chaos, 3))
    options.flags = AURORA_QUERY_IDEMPOTENT;
  slot->asked_at = now_ms();
  slot->cancelled = slot->stopped = false;
  chaos->inside++;
  if (slot->connection)
    code = aurora_connection_query_with(slot->connection, sql, params, &options, cb, slot, &query);
  else
    code =
        aurora_pool_query_with(chaos->client.fixture.pool, sql, params, &options, cb, slot, &query);
  chaos->inside--;
  if (code)
    return code;
  slot->due++;
  chaos->accepted++;
  if (!slot->queued) {
    slot->query = query;
    maybe_cancel(slot);
  }
  return 0;
}

/* --- Results ------------------------------------------------------------------------------------ */

static void row_must_be_right(const chaos_slot_t *slot, const aurora_result_t *result, size_t row,
                              uint32_t number)
{
  aurora_text_t text;

  chaos_row_must_be_mine(slot, result, row);
  ck_assert_int_eq(chaos_cell(result, row, 2), number);
  ck_assert_int_eq(aurora_result_text(result, row, 3, &text), 0);
  ck_assert_uint_eq(text.size, slot->row_size);
  ck_assert_int_eq(text.data[0], 'a' + slot->caller->number % 26);
  ck_assert_int_eq(text.data[text.size - 1], 'a' + slot->caller->number % 26);
}

static void keep_some_result(chaos_t *chaos, const chaos_slot_t *slot,
                             const aurora_result_t *result)
{
  if (!chaos_one_in(chaos, 20))
    return;
  if (chaos->kept)
    ck_assert_uint_eq(aurora_result_rows(chaos->kept), chaos->kept_rows);
  aurora_result_unref(chaos->kept);
  chaos->kept = aurora_result_ref(result);
  chaos->kept_rows = slot->rows_wanted;
}

static void result_must_be_right(chaos_slot_t *slot, const aurora_result_t *result)
{
  switch (slot->kind) {
  case CHAOS_INSERT:
    ck_assert_uint_eq(aurora_result_affected_rows(result), 1);
    return;
  case CHAOS_STREAM:
    ck_assert_uint_eq(slot->rows_seen, slot->rows_wanted);
    ck_assert_uint_eq(aurora_result_rows(result), 0);
    return;
  case CHAOS_SLEEP:
    ck_assert_uint_eq(aurora_result_rows(result), 1);
    chaos_row_must_be_mine(slot, result, 0);
    return;
  case CHAOS_TEXT:
  case CHAOS_PREPARED:
  case CHAOS_LARGE:
    ck_assert_uint_eq(aurora_result_rows(result), slot->rows_wanted);
    for (uint32_t i = 0; i < slot->rows_wanted; i++)
      row_must_be_right(slot, result, i, i + 1);
    if (slot->kind == CHAOS_LARGE)
      keep_some_result(slot->caller->chaos, slot, result);
    return;
  case CHAOS_TOO_LARGE:
  case CHAOS_WRONG:
  case CHAOS_SESSION:
  case CHAOS_TRANSACTION:
  case CHAOS_WARM_UP:
  case CHAOS_CHECK:
  case CHAOS_RECYCLE:
  case CHAOS_REFUSED:
  case CHAOS_KINDS:
    break;
  }
  ck_abort_msg("%s succeeded", chaos_kind_name(slot->kind));
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  chaos_slot_t *slot = data;

  chaos_answered(slot, error);
  ck_assert((error == NULL) != (result == NULL));
  if (slot->kind == CHAOS_INSERT)
    chaos_ledger_write(slot->caller, slot->sequence, chaos_ledger_entry_of(error), false);
  if (!error)
    result_must_be_right(slot, result);
  chaos_end(slot);
}

static int on_row(const aurora_result_t *row, void *data)
{
  chaos_slot_t *slot = data;

  ck_assert_msg(slot->busy && slot->due && !slot->cancelled && !slot->stopped,
                "a row of a query that has ended");
  row_must_be_right(slot, row, 0, ++slot->rows_seen);
  slot->stopped = slot->rows_seen == slot->stop_at;
  return slot->stopped;
}

/* --- Requests ----------------------------------------------------------------------------------- */

static int ask_rows(chaos_slot_t *slot, uint32_t rows, unsigned size, aurora_row_cb row_cb)
{
  char sql[200];

  slot->rows_wanted = rows;
  slot->row_size = size;
  snprintf(sql, sizeof sql,
           "SELECT %d, %u, seq, REPEAT('%c', %u) FROM numbers WHERE seq <= %u ORDER BY seq",
           slot->caller->number, slot->sequence, 'a' + slot->caller->number % 26, size, rows);
  return chaos_ask(slot, sql, AURORA_NO_PARAMS, row_cb, on_result);
}

/* Of more statements than a connection keeps. */
static int ask_prepared(chaos_slot_t *slot)
{
  static char letters[26][LONGEST_PARAMETER];
  chaos_t *chaos = slot->caller->chaos;
  char *text = letters[slot->caller->number % 26];
  char sql[80];

  memset(text, 'a' + slot->caller->number % 26, LONGEST_PARAMETER);
  slot->rows_wanted = 1;
  slot->row_size = chaos_random(&chaos->random, LONGEST_PARAMETER) + 1;
  snprintf(sql, sizeof sql, "SELECT ?, ?, 1, ? /* %u */",
           chaos_random(&chaos->random, 2 * CHAOS_STATEMENT_CACHE));
  return chaos_ask(
      slot, sql,
      AURORA_PARAMS(slot->caller->number, slot->sequence, aurora_text(text, slot->row_size)), NULL,
      on_result);
}

static int ask_insert(chaos_slot_t *slot)
{
  char sql[80];

  if (chaos_one_in(slot->caller->chaos, 2))
    return chaos_ask(slot, "INSERT INTO ledger VALUES (?, ?, 0)",
                     AURORA_PARAMS(slot->caller->number, slot->sequence), NULL, on_result);
  snprintf(sql, sizeof sql, "INSERT INTO ledger VALUES (%d, %u, 0)", slot->caller->number,
           slot->sequence);
  return chaos_ask(slot, sql, AURORA_NO_PARAMS, NULL, on_result);
}

static int ask_wrong(chaos_slot_t *slot)
{
  static const struct {
    const char *sql;
    unsigned server_errno;
    bool has_param;
  } wrong[] = {
      {"SELECT nonsense", ER_BAD_FIELD_ERROR, false},
      {"SELECT nonsense + ?", ER_BAD_FIELD_ERROR, true},
      {"INSERT INTO nowhere VALUES (1)", ER_NO_SUCH_TABLE, false},
      {"SELEKT 1", ER_PARSE_ERROR, false},
      {"SELECT ? +", ER_PARSE_ERROR, true},
      {"KILL 0", ER_NO_SUCH_THREAD, false},
      {"SELECT ?, ?", 0, true}, /* AURORA_EPARAMS */
  };
  uint32_t i = chaos_random(&slot->caller->chaos->random, sizeof wrong / sizeof *wrong);

  slot->server_errno = wrong[i].server_errno;
  return chaos_ask(slot, wrong[i].sql, wrong[i].has_param ? AURORA_PARAMS(1) : AURORA_NO_PARAMS,
                   NULL, on_result);
}

static int ask_sleep(chaos_slot_t *slot)
{
  char sql[80];

  snprintf(sql, sizeof sql, "SELECT %d, %u, SLEEP(0.%03u)", slot->caller->number, slot->sequence,
           chaos_random(&slot->caller->chaos->random, 150));
  return chaos_ask(slot, sql, AURORA_NO_PARAMS, NULL, on_result);
}

int chaos_query_start(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;

  slot->rows_seen = 0;
  slot->stop_at = 0;
  chaos_choose_times(slot);
  switch (slot->kind) {
  case CHAOS_TEXT:
    return ask_rows(slot, 1 + chaos_random(&chaos->random, 4), 10, NULL);
  case CHAOS_PREPARED:
    return ask_prepared(slot);
  case CHAOS_INSERT:
    return ask_insert(slot);
  case CHAOS_STREAM:
    if (!slot->calm && chaos_one_in(chaos, 4))
      slot->stop_at = 1 + chaos_random(&chaos->random, 2000);
    return ask_rows(slot, 1 + chaos_random(&chaos->random, 2000), 500, on_row);
  case CHAOS_LARGE:
    return ask_rows(slot, 1 + chaos_random(&chaos->random, 900), 1000, NULL);
  case CHAOS_TOO_LARGE:
    return ask_rows(slot, 2000, 1000, NULL);
  case CHAOS_WRONG:
    return ask_wrong(slot);
  case CHAOS_SLEEP:
    return ask_sleep(slot);
  case CHAOS_SESSION:
  case CHAOS_TRANSACTION:
  case CHAOS_WARM_UP:
  case CHAOS_CHECK:
  case CHAOS_RECYCLE:
  case CHAOS_REFUSED:
  case CHAOS_KINDS:
    break;
  }
  ck_abort_msg("%s is no query", chaos_kind_name(slot->kind));
  return 0;
}
