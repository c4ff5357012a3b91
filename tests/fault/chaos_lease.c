/*
 * Leases of the chaos test: sessions that leave all kinds of things behind and find nothing of others,
 * and transactions that are committed, rolled back, or given up, half of them by the library's own calls.
 *
 * A lease runs its statements one after the other, each when the one before has ended, with pauses; or
 * queues them all at once and gives the lease back at once. The first failure ends it.
 */
#include <stdio.h>

#include <check.h>

#include "chaos.h"
#include "chaos_storm.h"
#include "support/loop.h"

enum { PAUSE_MS = 10 };

/* The steps of a session. */
enum {
  FINDS_NOTHING,
  SETS_VARIABLE,
  MAKES_TABLE,
  FILLS_TABLE,
  READS_BACK,
  READS_PREPARED,
  SESSION_STEPS
};

/* The steps of a transaction. How it ends is step ENDS of steps, or there is none. */
enum { BEGINS, INSERTS, INSERTS_PREPARED, READS_OWN, ENDS, TRANSACTION_STEPS };

typedef enum { COMMITS, ROLLS_BACK, JUST_GOES } ending_t;

static int run_step(chaos_slot_t *slot, unsigned step);

static ending_t ending_of(const chaos_slot_t *slot)
{
  if (slot->calm)
    return COMMITS;
  return (ending_t)(slot->sequence % 3);
}

static void give_back(chaos_slot_t *slot)
{
  aurora_connection_t *connection = slot->connection;

  slot->connection = NULL;
  if (connection)
    aurora_connection_release(connection);
}

static void end(chaos_slot_t *slot)
{
  give_back(slot);
  chaos_end(slot);
}

static void next_step(chaos_slot_t *slot)
{
  ck_assert_int_eq(run_step(slot, slot->step), 0);
}

static void on_pause(uv_timer_t *timer)
{
  next_step(timer->data);
}

static void on_step(const aurora_error_t *error, const aurora_result_t *result, void *data);

/* --- Sessions ----------------------------------------------------------------------------------- */

static int64_t variable_of(const chaos_slot_t *slot)
{
  return (int64_t)slot->caller->number * 1000000 + slot->sequence;
}

static int run_session_step(chaos_slot_t *slot, unsigned step)
{
  int caller = slot->caller->number;
  char sql[160];

  switch (step) {
  case FINDS_NOTHING:
    snprintf(sql, sizeof sql, "SELECT %d, %u, @chaos IS NULL AND @chaos_init = %d", caller,
             slot->sequence, CHAOS_INIT_VALUE);
    break;
  case SETS_VARIABLE:
    snprintf(sql, sizeof sql, "SET @chaos = %lld", (long long)variable_of(slot));
    break;
  case MAKES_TABLE:
    snprintf(sql, sizeof sql, "CREATE TEMPORARY TABLE chaos_own (a INT)");
    break;
  case FILLS_TABLE:
    snprintf(sql, sizeof sql, "INSERT INTO chaos_own VALUES (%d), (%u)", caller, slot->sequence);
    break;
  case READS_BACK:
    snprintf(sql, sizeof sql,
             "SELECT %d, %u, @chaos = %lld AND (SELECT COUNT(*) FROM chaos_own) = 2", caller,
             slot->sequence, (long long)variable_of(slot));
    break;
  case READS_PREPARED:
    return chaos_ask(slot, "SELECT ?, ?, @chaos = ?",
                     AURORA_PARAMS(caller, slot->sequence, variable_of(slot)), NULL, on_step);
  }
  return chaos_ask(slot, sql, AURORA_NO_PARAMS, NULL, on_step);
}

static void session_step_must_be_right(const chaos_slot_t *slot, unsigned step,
                                       const aurora_result_t *result)
{
  if (step != FINDS_NOTHING && step != READS_BACK && step != READS_PREPARED)
    return;
  chaos_row_must_be_mine(slot, result, 0);
  ck_assert_msg(chaos_cell(result, 0, 2) == 1, "caller %d, lease %u, step %u: another's session",
                slot->caller->number, slot->sequence, step);
}

/* --- Transactions ------------------------------------------------------------------------------- */

static int end_transaction(chaos_slot_t *slot);

static int run_transaction_step(chaos_slot_t *slot, unsigned step)
{
  int caller = slot->caller->number;
  char sql[160];

  switch (step) {
  case BEGINS:
    snprintf(sql, sizeof sql, "START TRANSACTION");
    break;
  case INSERTS:
    snprintf(sql, sizeof sql, "INSERT INTO ledger VALUES (%d, %u, 0)", caller, slot->sequence);
    break;
  case INSERTS_PREPARED:
    return chaos_ask(slot, "INSERT INTO ledger VALUES (?, ?, 1)",
                     AURORA_PARAMS(caller, slot->sequence), NULL, on_step);
  case READS_OWN:
    snprintf(sql, sizeof sql,
             "SELECT %d, %u, COUNT(*) = 2 FROM ledger WHERE caller = %d AND sequence = %u", caller,
             slot->sequence, caller, slot->sequence);
    break;
  case ENDS:
    if (slot->begun)
      return end_transaction(slot);
    snprintf(sql, sizeof sql, "%s", ending_of(slot) == COMMITS ? "COMMIT" : "ROLLBACK");
    break;
  }
  return chaos_ask(slot, sql, AURORA_NO_PARAMS, NULL, on_step);
}

/* The ledger's word is that of the COMMIT; before it, nothing stays. */
static void account_for_transaction(const chaos_slot_t *slot, unsigned step,
                                    const aurora_error_t *error)
{
  ledger_entry_t entry = LEDGER_NONE;

  if (step == ENDS && ending_of(slot) == COMMITS)
    entry = chaos_ledger_entry_of(error);
  else if (step + 1 < slot->steps && !error)
    return;
  chaos_ledger_write(slot->caller, slot->sequence, entry, true);
}

/* The library's own end: it takes the lease back. */
static void on_ended(const aurora_error_t *error, void *data)
{
  chaos_slot_t *slot = data;

  chaos_answered(slot, error);
  account_for_transaction(slot, ENDS, error);
  chaos_end(slot);
}

static int end_transaction(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;
  int code;

  slot->cancelled = slot->stopped = false;
  slot->timeout = 0;
  chaos->inside++;
  if (ending_of(slot) == COMMITS)
    code = aurora_connection_commit(slot->connection, on_ended, slot);
  else
    code = aurora_connection_rollback(slot->connection, on_ended, slot);
  chaos->inside--;
  if (code)
    return code;
  slot->connection = NULL;
  slot->due++;
  chaos->accepted++;
  return 0;
}

static void transaction_step_must_be_right(const chaos_slot_t *slot, unsigned step,
                                           const aurora_result_t *result)
{
  if (step == INSERTS || step == INSERTS_PREPARED)
    ck_assert_uint_eq(aurora_result_affected_rows(result), 1);
  if (step != READS_OWN)
    return;
  chaos_row_must_be_mine(slot, result, 0);
  ck_assert_int_eq(chaos_cell(result, 0, 2), 1);
}

/* --- Steps -------------------------------------------------------------------------------------- */

static int run_step(chaos_slot_t *slot, unsigned step)
{
  if (!slot->queued)
    chaos_choose_times(slot);
  return slot->kind == CHAOS_SESSION ? run_session_step(slot, step)
                                     : run_transaction_step(slot, step);
}

static void on_step(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  chaos_slot_t *slot = data;
  unsigned step = slot->step++;
  bool failed_before = slot->failed;

  chaos_answered(slot, error);
  if (slot->kind == CHAOS_TRANSACTION)
    account_for_transaction(slot, step, error);
  /* After a failure statements that were queued behind it go on without what it did. */
  if (!error && !failed_before) {
    if (slot->kind == CHAOS_SESSION)
      session_step_must_be_right(slot, step, result);
    else
      transaction_step_must_be_right(slot, step, result);
  }
  if (slot->queued) {
    if (!slot->due)
      end(slot);
  } else if (error || slot->step == slot->steps) {
    end(slot);
  } else if (chaos_one_in(slot->caller->chaos, 4)) {
    chaos_pause(slot, PAUSE_MS, on_pause);
  } else {
    next_step(slot);
  }
}

/* None has a time-out, and none is cancelled: they must end in this order. */
static void queue_all(chaos_slot_t *slot)
{
  slot->queued = true;
  slot->timeout = slot->acquire_timeout = 0;
  for (unsigned step = 0; step < slot->steps; step++)
    ck_assert_int_eq(run_step(slot, step), 0);
  give_back(slot);
}

static void on_lease(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  chaos_slot_t *slot = data;

  chaos_answered(slot, error);
  ck_assert((error == NULL) != (connection == NULL));
  if (error) {
    chaos_end(slot);
    return;
  }
  slot->connection = connection;
  slot->step = slot->begun ? INSERTS : 0;
  if (slot->kind == CHAOS_SESSION) {
    slot->steps =
        slot->calm ? SESSION_STEPS : chaos_random(&slot->caller->chaos->random, SESSION_STEPS + 1);
    if (!slot->steps)
      end(slot);
    else if (chaos_one_in(slot->caller->chaos, 3))
      queue_all(slot);
    else
      next_step(slot);
  } else {
    slot->steps = ending_of(slot) == JUST_GOES ? ENDS : TRANSACTION_STEPS;
    next_step(slot);
  }
}

int chaos_lease_start(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;
  aurora_acquire_options_t options = {.label = "chaos"};
  aurora_transaction_options_t begin_options = {.label = "chaos"};
  int code;

  chaos_choose_times(slot);
  slot->timeout = 0;
  options.acquire_timeout_ms = slot->acquire_timeout;
  slot->asked_at = now_ms();
  slot->begun = slot->kind == CHAOS_TRANSACTION && chaos_one_in(chaos, 2);
  begin_options.acquire_timeout_ms = slot->acquire_timeout;
  chaos->inside++;
  if (slot->begun)
    code = aurora_pool_begin(chaos->client.fixture.pool, &begin_options, on_lease, slot);
  else
    code = aurora_pool_acquire_with(chaos->client.fixture.pool, &options, on_lease, slot);
  chaos->inside--;
  if (code)
    return code;
  slot->due++;
  chaos->accepted++;
  return 0;
}
