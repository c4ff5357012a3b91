/*
 * A batch on its connection: its beginning, its way from run to run, its end. See batch.h and steps.h.
 */
#include "batch/steps.h"

#include "base/error.h"
#include "connection/driver.h"
#include "connection/results.h"
#include "pool/pool.h"

enum {
  /* A packet's rows and bytes: less than a millisecond to make. Larger ones are hardly quicker. */
  BULK_ROWS = 2048,
  BULK_BYTES = 256 * 1024,
  BULK_PAYS = 4,     /* rows; a packet has a savepoint of its own */
  PACKET_MARGIN = 64 /* bytes of a packet around types and rows */
};

#define SAVEPOINT         "aurora__batch"
#define ROLLBACK_TO_START "ROLLBACK TO SAVEPOINT " SAVEPOINT

void aurora__batch_run_sql(aurora_connection_t *connection, const char *sql,
                           void (*done)(aurora_connection_t *connection, bool failed))
{
  aurora__script_t script = {.statements = {sql}, .count = 1, .done = done};

  aurora__script_run(connection, &script);
}

/* --- The end ------------------------------------------------------------------------------------ */

static void closed(aurora_connection_t *connection, bool failed);

void aurora__batch_wind_up(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (batch->bulk.statement) {
    batch->bulk.done = closed;
    aurora__bulk_close(connection);
    return;
  }
  batch->ended = true;
  if (connection->query) {
    connection->undo = NULL;
    connection->harmless = batch->harmless;
  }
  if (connection->query && batch->failed)
    aurora__connection_query_failed(connection, &batch->error, true);
  else
    aurora__connection_query_done(connection);
}

static void closed(aurora_connection_t *connection, bool failed)
{
  (void)failed; /* it has no answer */
  aurora__batch_wind_up(connection);
}

static void undone(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (failed && !aurora__call_error(connection->mysql, NULL).by_server) {
    batch->ended = true;
    aurora__connection_query_failed(connection, &batch->error, false);
    return;
  }
  /* Its one warning is that tables without transactions were changed. Failed: there is no such
   * savepoint any more, for the server has rolled back all. */
  batch->not_undone = !failed && mysql_warning_count(connection->mysql) != 0;
  aurora__batch_wind_up(connection);
}

void aurora__batch_fail(aurora_connection_t *connection, const aurora_error_t *error)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  batch->failed = true;
  batch->error = *error;
  aurora__batch_run_sql(connection, batch->in_savepoint ? ROLLBACK_TO_START : "ROLLBACK", undone);
}

void aurora__batch_fail_for_memory(aurora_connection_t *connection)
{
  aurora_error_t error;

  aurora__error_set(&error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory for the batch");
  aurora__batch_fail(connection, &error);
}

static void fail_with(aurora_connection_t *connection, const aurora__call_error_t *failure)
{
  aurora_error_t error;

  aurora__results_error(connection, failure, &error);
  if (failure->by_server) {
    aurora__batch_fail(connection, &error);
    return;
  }
  aurora__batch_of(connection)->ended = true;
  aurora__connection_query_failed(connection, &error, false);
}

bool aurora__batch_call_is_good(aurora_connection_t *connection, bool failed, MYSQL_STMT *handle)
{
  if (failed) {
    aurora__call_error_t failure = aurora__call_error(connection->mysql, handle);

    if (connection->query || !failure.by_server) {
      fail_with(connection, &failure);
      return false;
    }
  }
  if (!connection->query) {
    aurora__batch_wind_up(connection);
    return false;
  }
  return true;
}

bool aurora__batch_is_good(aurora_connection_t *connection, bool failed)
{
  return aurora__batch_call_is_good(connection, failed, NULL);
}

static void committed(aurora_connection_t *connection, bool failed)
{
  if (aurora__batch_is_good(connection, failed))
    aurora__batch_wind_up(connection);
}

static void commit(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  batch->commit_sent = true;
  aurora__batch_run_sql(connection, batch->in_savepoint ? "RELEASE SAVEPOINT " SAVEPOINT : "COMMIT",
                        committed);
}

/* --- From run to run ---------------------------------------------------------------------------- */

static void plan_run(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);
  size_t around = PACKET_MARGIN + 2 * batch->columns;
  size_t bytes = BULK_BYTES;

  batch->run_in_bulk = false;
  if (batch->one_by_one) {
    batch->run_end = batch->rows;
    return;
  }
  if (connection->max_packet < bytes + around)
    bytes = connection->max_packet < around ? 0 : (size_t)connection->max_packet - around;
  batch->run_end = aurora__batch_run_end(batch, batch->next, bytes, batch->bulk.types);
  if (batch->run_end - batch->next > BULK_ROWS)
    batch->run_end = batch->next + BULK_ROWS;
  batch->run_in_bulk = batch->run_end - batch->next >= BULK_PAYS;
}

static int turn_start(aurora_connection_t *connection)
{
  (void)connection;
  return 0;
}

static int turn_cont(aurora_connection_t *connection, int status)
{
  (void)connection;
  (void)status;
  return 0;
}

static void turn_done(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (!connection->query) {
    aurora__batch_wind_up(connection);
    return;
  }
  if (batch->next == batch->run_end)
    plan_run(connection);
  if (batch->run_in_bulk)
    aurora__batch_run_packet(connection);
  else
    aurora__batch_run_row(connection);
}

/* Answers that are there at once would keep the loop: between rows it may get a turn. */
static const aurora__operation_t turn = {"next row", turn_start, turn_cont, turn_done};

void aurora__batch_next(aurora_connection_t *connection)
{
  const aurora_batch_t *batch = aurora__batch_of(connection);

  if (batch->next == batch->rows)
    commit(connection);
  else
    aurora__driver_next_slow(connection, &turn);
}

/* --- The beginning ------------------------------------------------------------------------------ */

static void started(aurora_connection_t *connection, bool failed)
{
  if (!aurora__batch_is_good(connection, failed))
    return;
  if (aurora__ok_reports_change(connection->mysql))
    aurora__batch_of(connection)->harmless = false;
  if (connection->on_lease)
    connection->undo = "ROLLBACK";
  aurora__batch_next(connection);
}

static void start_transaction(aurora_connection_t *connection)
{
  aurora__batch_of(connection)->in_savepoint = false;
  aurora__batch_run_sql(connection, "START TRANSACTION", started);
}

static void saved(aurora_connection_t *connection, bool failed)
{
  if (!aurora__batch_is_good(connection, failed))
    return;
  /* What the status said before may have been told before an error. */
  if (!aurora__batch_is_in_transaction(connection)) {
    start_transaction(connection);
    return;
  }
  connection->undo = ROLLBACK_TO_START;
  aurora__batch_next(connection);
}

static void begin(aurora_connection_t *connection)
{
  if (!connection->on_lease || !aurora__batch_is_in_transaction(connection)) {
    start_transaction(connection);
    return;
  }
  aurora__batch_of(connection)->in_savepoint = true;
  aurora__batch_run_sql(connection, "SAVEPOINT " SAVEPOINT, saved);
}

static void limit_known(aurora_connection_t *connection, bool failed)
{
  if (aurora__batch_is_good(connection, failed))
    begin(connection);
}

/* It may have run on another connection, which was lost. */
static void clear_progress(aurora_batch_t *batch)
{
  if (batch->bulk.statement) {
    aurora__statement_free(batch->bulk.statement); /* its session is gone */
    batch->bulk.statement = NULL;
  }
  batch->next = 0;
  batch->under_way = 0;
  batch->run_end = 0;
  batch->harmless = true;
  batch->row_failed = false;
  batch->commit_sent = false;
  batch->not_undone = false;
  batch->failed = false;
  batch->ended = false;
  aurora__batch_clear_outcome(batch);
}

void aurora__batch_start(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  clear_progress(batch);
  connection->undo = NULL;
  batch->one_by_one = (batch->flags & AURORA_BATCH_ONE_BY_ONE) || batch->rows < BULK_PAYS ||
                      !aurora__bulk_is_known(connection);
  if (batch->one_by_one || connection->max_packet) {
    begin(connection);
    return;
  }
  batch->bulk.done = limit_known;
  aurora__bulk_ask_limit(connection);
  aurora__driver_run(connection);
}
