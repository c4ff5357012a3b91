/*
 * Callbacks of the chaos test: each must be due, come in time, and tell what can be true.
 */
#include <inttypes.h>

#include <check.h>
#include <mysqld_error.h>

#include "chaos.h"
#include "chaos_storm.h"
#include "support/loop.h"
#include "support/server_differences.h"

enum { LATE_MS = 3000 }; /* after a time-out; on a busy machine */

static void must_be_right(bool right, const chaos_slot_t *slot, const aurora_error_t *error)
{
  ck_assert_msg(right, "caller %d, %s %u: %s (%u), outcome %d: %s", slot->caller->number,
                chaos_kind_name(slot->kind), slot->sequence, aurora_err_name(error->code),
                error->server_errno, error->outcome, error->message);
}

/*
 * What a statement may be told by a server that is told to end, or to end it. MariaDB 10.11 also finds,
 * about once in a hundred crashes, the index of a table corrupt for a moment after its recovery.
 */
static bool is_told_by_faults(unsigned server_errno)
{
  switch (server_errno) {
  case ER_QUERY_INTERRUPTED:
  case ER_CONNECTION_KILLED:
  case ER_SERVER_SHUTDOWN:
  case ER_NORMAL_SHUTDOWN:
  case ER_NOT_KEYFILE:
    return true;
  case ER_NET_READ_ERROR: /* half a statement came */
    return server_has(SERVER_LAST_WORD);
  }
  return false;
}

/* A failed connect is for those who do not wait; the others' attempts are made again. */
static bool is_told_at_once(const chaos_slot_t *slot, const aurora_error_t *error)
{
  return error->outcome == AURORA_NOT_SENT && !slot->acquire_timeout && !slot->connection;
}

/* A lease whose statements were all queued goes on after one of them was killed; if that was the one that
 * makes its table, the others do not find it. */
static bool is_told_by_lack(const chaos_slot_t *slot, unsigned server_errno)
{
  return slot->kind == CHAOS_SESSION && slot->failed && server_errno == ER_NO_SUCH_TABLE;
}

/* Errors that the storm brings about; the rest are defects. Of a slot that has failed before, or not. */
static void judge(const chaos_slot_t *slot, const aurora_error_t *error)
{
  const chaos_t *chaos = slot->caller->chaos;
  bool right = false;

  switch (error->code) {
  case UV_ECANCELED:
    right = (slot->cancelled || slot->stopped) && error->outcome != AURORA_REFUSED;
    break;
  case UV_ETIMEDOUT:
    right = error->outcome != AURORA_REFUSED;
    break;
  case AURORA_ELOST:
    right = error->outcome != AURORA_REFUSED;
    break;
  case UV_ECONNREFUSED:
  case UV_ECONNRESET:
  case AURORA_ECONNECT:
    right = is_told_at_once(slot, error);
    break;
  case AURORA_ETLS:
    right = chaos->tls && is_told_at_once(slot, error);
    break;
  case AURORA_ESERVER:
    right = is_told_by_faults(error->server_errno) || is_told_by_lack(slot, error->server_errno) ||
            (slot->server_errno && error->server_errno == slot->server_errno);
    break;
  case AURORA_EPARAMS:
    right = slot->kind == CHAOS_WRONG && slot->server_errno == 0;
    break;
  case AURORA_ETOOBIG:
    right = slot->kind == CHAOS_TOO_LARGE;
    break;
  }
  if (slot->cancelled && error->code != UV_ECANCELED)
    right = false;
  must_be_right(right && error->message[0] != '\0', slot, error);
}

static void must_be_in_time(chaos_slot_t *slot)
{
  chaos_t *chaos = slot->caller->chaos;
  uint64_t took = now_ms() - slot->asked_at;

  if (!slot->timeout)
    return;
  if (took > slot->timeout && took - slot->timeout > chaos->latest)
    chaos->latest = took - slot->timeout;
  ck_assert_msg(took <= slot->timeout + slowly(LATE_MS),
                "a time-out of %" PRIu64 " ms took %" PRIu64, slot->timeout, took);
}

void chaos_answered(chaos_slot_t *slot, const aurora_error_t *error)
{
  chaos_t *chaos = slot->caller->chaos;

  ck_assert_msg(!chaos->inside, "a callback from inside a call");
  ck_assert_msg(!chaos->client.fixture.closed, "a callback after that of the close");
  ck_assert_msg(slot->busy && slot->due, "caller %d: a callback that is not due",
                slot->caller->number);
  slot->due--;
  slot->query = NULL;
  uv_timer_stop(&slot->timer);
  chaos->called_back++;
  must_be_in_time(slot);
  if (!error) {
    ck_assert_msg(!slot->cancelled, "it was cancelled, and succeeded");
    chaos_storm_note_success(chaos->storm);
    return;
  }
  chaos_count_error(chaos, error);
  judge(slot, error);
  slot->failed = true;
}

int64_t chaos_cell(const aurora_result_t *result, size_t row, unsigned column)
{
  int64_t number;

  ck_assert_int_eq(aurora_result_int64(result, row, column, &number), 0);
  return number;
}

void chaos_row_must_be_mine(const chaos_slot_t *slot, const aurora_result_t *result, size_t row)
{
  ck_assert_msg(chaos_cell(result, row, 0) == slot->caller->number &&
                    chaos_cell(result, row, 1) == slot->sequence,
                "caller %d, request %u: got a row of caller %" PRId64 ", request %" PRId64,
                slot->caller->number, slot->sequence, chaos_cell(result, row, 0),
                chaos_cell(result, row, 1));
}
