/*
 * Rows of a batch one by one. Each is a prepared query (connection/prepared.c); where that would end
 * the query in hand, it comes back here.
 */
#include "batch/steps.h"

#include <stdio.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/error.h"
#include "connection/results.h"
#include "libmariadb/internals.h"
#include "session/call_error.h"
#include "session/read_ahead.h"

void aurora__batch_run_row(aurora_connection_t *connection)
{
  aurora_query_t *query = connection->memory;
  aurora_batch_t *batch = query->batch;

  query->rows_streamed = batch->under_way != 0; /* then it may not be sent again */
  batch->under_way = batch->next + 1;
  query->params.values = batch->values + batch->next * batch->columns;
  query->params.count = batch->columns;
  aurora__prepared_start(connection);
}

bool aurora__batch_takes_error(aurora_connection_t *connection, const aurora_error_t *error)
{
  aurora_batch_t *batch = connection->query->batch;

  if (!batch || batch->ended || connection->state != AURORA__CONNECTION_RUNNING)
    return false;
  batch->row_failed = true;
  batch->row_error = *error;
  return true;
}

/* After a row that failed: an answer without an error tells whether the transaction is still there. */
static void looked(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (!aurora__batch_is_good(connection, failed))
    return;
  aurora__fate_look(connection);
  if (aurora__batch_is_in_transaction(connection)) {
    batch->next++;
    aurora__batch_next(connection);
  } else {
    aurora__batch_fail(connection, &batch->row_error);
  }
}

/* Says which row it was, in the text too. */
static void name_row(aurora_connection_t *connection, aurora_error_t *error)
{
  const aurora_batch_t *batch = aurora__batch_of(connection);
  char message[sizeof error->message];

  memcpy(message, error->message, sizeof message);
  snprintf(error->message, sizeof error->message, "row %zu of the batch (from 0): %.440s",
           batch->next, message);
}

static void row_failed(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);
  aurora_error_t *error = &batch->row_error;

  batch->row_failed = false;
  batch->harmless = false;
  if (!connection->sent)
    batch->under_way = batch->next;
  /* Not of this row only: the statement cannot be prepared, or never was sent. */
  if (!error->server_errno || !connection->sent) {
    aurora__batch_fail(connection, error);
    return;
  }
  if (aurora__batch_add_failure(batch, error)) {
    aurora__batch_fail_for_memory(connection);
    return;
  }
  name_row(connection, error);
  if (!(batch->flags & AURORA_BATCH_KEEP_GOOD) || error->code == AURORA_EDEADLOCK ||
      aurora__error_is(error, ER_QUERY_INTERRUPTED))
    aurora__batch_fail(connection, error);
  else
    aurora__batch_run_sql(connection, "DO 0", looked);
}

static void row_done(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);
  const aurora_result_t *last = connection->first;

  while (aurora_result_next(last))
    last = aurora_result_next(last);
  aurora__batch_row_executed(batch, aurora_result_affected_rows(last),
                             aurora_result_insert_id(last));
  if (!connection->harmless ||
      (aurora_result_columns(last)
           ? (aurora__server_status(connection->mysql) & SERVER_SESSION_STATE_CHANGED) != 0
           : aurora__ok_reports_change(connection->mysql)))
    batch->harmless = false;
  aurora__connection_note_context(connection);
  aurora__results_drop(connection);
  batch->next++;
  aurora__batch_next(connection);
}

bool aurora__batch_goes_on(aurora_connection_t *connection)
{
  aurora_batch_t *batch = connection->memory ? connection->memory->batch : NULL;
  aurora_error_t error;

  if (!batch || batch->ended)
    return false;
  connection->statement = NULL; /* in the cache, or closed */
  if (!connection->query) {
    aurora__batch_wind_up(connection);
  } else if (aurora__has_leftover(connection->mysql)) {
    batch->ended = true;
    aurora__error_set(&error, AURORA_EPROTOCOL, AURORA_UNKNOWN,
                      "the server sent what nobody asked for");
    aurora__connection_query_failed(connection, &error, false);
  } else if (batch->row_failed) {
    aurora__results_drop(connection);
    row_failed(connection);
  } else {
    row_done(connection);
  }
  return true;
}
