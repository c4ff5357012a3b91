/*
 * A batch on its connection, step by step. See batch.h for the way.
 *
 * Every step ends in a function that first looks whether the query was given up meanwhile
 * (connection->query is NULL): then only the bulk statement is closed, and the session left to
 * give_up.c. An error of the server's leads to the rollback, any other ends the connection.
 */
#include "batch/batch.h"

#include <stdio.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/error.h"
#include "connection/connect_error.h"
#include "connection/driver.h"
#include "connection/leftover.h"
#include "connection/results.h"
#include "connection/sql_scan.h"
#include "pool/pool.h"

enum {
  /* A packet's rows and bytes: about a millisecond to make, and far beyond where more would help. */
  BULK_ROWS = 2048,
  BULK_BYTES = 256 * 1024,
  BULK_PAYS = 4,     /* rows; a packet has a savepoint of its own */
  PACKET_MARGIN = 64 /* bytes of a packet around types and rows */
};

#define SAVEPOINT         "aurora__batch"
#define PACKET_SAVEPOINT  "aurora__packet"
#define ROLLBACK_TO_START "ROLLBACK TO SAVEPOINT " SAVEPOINT

static aurora_batch_t *batch_of(const aurora_connection_t *connection)
{
  return connection->memory->batch;
}

static void run_sql(aurora_connection_t *connection, const char *sql,
                    void (*done)(aurora_connection_t *connection, bool failed))
{
  aurora__script_t script = {.statements = {sql}, .count = 1, .done = done};

  aurora__script_run(connection, &script);
}

static bool is_in_transaction(const aurora_connection_t *connection)
{
  return (connection->mysql->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

/* --- The end ------------------------------------------------------------------------------------ */

static void closed(aurora_connection_t *connection, bool failed);

static void wind_up(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);

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
  wind_up(connection);
}

static void undone(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = batch_of(connection);

  if (failed && !aurora__is_server_errno(mysql_errno(connection->mysql))) {
    batch->ended = true;
    aurora__connection_query_failed(connection, &batch->error, false);
    return;
  }
  /* Its one warning is that tables without transactions were changed. Failed: there is no such
   * savepoint any more, for the server has rolled back all. */
  batch->not_undone = !failed && mysql_warning_count(connection->mysql) != 0;
  wind_up(connection);
}

/* The batch has failed; the session is good. */
static void fail(aurora_connection_t *connection, const aurora_error_t *error)
{
  aurora_batch_t *batch = batch_of(connection);

  batch->failed = true;
  batch->error = *error;
  run_sql(connection, batch->in_savepoint ? ROLLBACK_TO_START : "ROLLBACK", undone);
}

static void fail_for_memory(aurora_connection_t *connection)
{
  aurora_error_t error;

  aurora__error_set(&error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory for the batch");
  fail(connection, &error);
}

static void fail_by_number(aurora_connection_t *connection, unsigned number, const char *sqlstate,
                           const char *message)
{
  aurora_error_t error;

  aurora__results_error(connection, number, sqlstate, message, &error);
  if (aurora__is_server_errno(number)) {
    fail(connection, &error);
    return;
  }
  batch_of(connection)->ended = true;
  aurora__connection_query_failed(connection, &error, false);
}

/* Something of ours has ended, with this error if it failed. False: so has the batch, or is about to. */
static bool is_good_by_number(aurora_connection_t *connection, bool failed, unsigned number,
                              const char *sqlstate, const char *message)
{
  if (failed && (connection->query || !aurora__is_server_errno(number))) {
    fail_by_number(connection, number, sqlstate, message);
    return false;
  }
  if (!connection->query) {
    wind_up(connection);
    return false;
  }
  return true;
}

/* The same for a statement sent as text. */
static bool is_good(aurora_connection_t *connection, bool failed)
{
  MYSQL *mysql = connection->mysql;

  return is_good_by_number(connection, failed, mysql_errno(mysql), mysql_sqlstate(mysql),
                           mysql_error(mysql));
}

static void committed(aurora_connection_t *connection, bool failed)
{
  if (is_good(connection, failed))
    wind_up(connection);
}

static void commit(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);

  batch->commit_sent = true;
  run_sql(connection, batch->in_savepoint ? "RELEASE SAVEPOINT " SAVEPOINT : "COMMIT", committed);
}

/* --- Rows one by one ---------------------------------------------------------------------------- */

static void go_on(aurora_connection_t *connection);

static void run_row(aurora_connection_t *connection)
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
  aurora_batch_t *batch = batch_of(connection);

  if (!is_good(connection, failed))
    return;
  if (is_in_transaction(connection)) {
    batch->next++;
    go_on(connection);
  } else {
    fail(connection, &batch->row_error);
  }
}

/* Says which row it was, in the text too. */
static void name_row(aurora_connection_t *connection, aurora_error_t *error)
{
  const aurora_batch_t *batch = batch_of(connection);
  char message[sizeof error->message];

  memcpy(message, error->message, sizeof message);
  snprintf(error->message, sizeof error->message, "row %zu of the batch (from 0): %.440s",
           batch->next, message);
}

static void row_failed(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);
  aurora_error_t *error = &batch->row_error;

  batch->row_failed = false;
  batch->harmless = false;
  /* Not of this row only: the statement cannot be prepared, or never was sent. */
  if (!error->server_errno || !connection->sent) {
    fail(connection, error);
    return;
  }
  if (aurora__batch_add_failure(batch, error)) {
    fail_for_memory(connection);
    return;
  }
  name_row(connection, error);
  if (!(batch->flags & AURORA_BATCH_KEEP_GOOD) || error->code == AURORA_EDEADLOCK ||
      error->server_errno == ER_QUERY_INTERRUPTED)
    fail(connection, error);
  else
    run_sql(connection, "DO 0", looked);
}

static void row_done(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);
  const aurora_result_t *last = connection->first;

  while (aurora_result_next(last))
    last = aurora_result_next(last);
  aurora__batch_row_executed(batch, aurora_result_affected_rows(last),
                             aurora_result_insert_id(last));
  if (!connection->harmless ||
      (connection->mysql->server_status & SERVER_SESSION_STATE_CHANGED) != 0)
    batch->harmless = false;
  aurora__results_drop(connection);
  batch->next++;
  go_on(connection);
}

bool aurora__batch_goes_on(aurora_connection_t *connection)
{
  aurora_batch_t *batch = connection->memory ? connection->memory->batch : NULL;
  aurora_error_t error;

  if (!batch || batch->ended)
    return false;
  connection->statement = NULL; /* in the cache, or closed */
  if (!connection->query) {
    wind_up(connection);
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

/* --- Rows in bulk ------------------------------------------------------------------------------- */

/* The rows of the run, and what follows if `all`, go one by one. Nothing of them was executed. */
static void bulk_is_refused(aurora_connection_t *connection, bool all)
{
  aurora_batch_t *batch = batch_of(connection);

  batch->run_in_bulk = false;
  batch->one_by_one = all;
  go_on(connection);
}

/* The run's rows are looked at one by one: which is to blame? */
static void packet_undone(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = batch_of(connection);

  if (connection->query && failed && aurora__is_server_errno(mysql_errno(connection->mysql))) {
    fail(connection, &batch->row_error);
    return;
  }
  if (!is_good(connection, failed))
    return;
  if (mysql_warning_count(connection->mysql)) {
    /* Rows stay in tables without transactions: executed again, the wrong ones would fail. */
    fail(connection, &batch->row_error);
    return;
  }
  bulk_is_refused(connection, false);
}

static void packet_failed(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);
  MYSQL_STMT *handle = batch->bulk.statement->handle;
  unsigned number = mysql_stmt_errno(handle);

  switch (number) {
  case CR_FUNCTION_NOT_SUPPORTED: /* says libmariadb, and has sent nothing */
    connection->no_bulk = true;
    bulk_is_refused(connection, true);
    return;
  case ER_UNSUPPORTED_PS: /* not for this kind of statement */
  case ER_BINLOG_NON_SUPPORTED_BULK:
    bulk_is_refused(connection, true);
    return;
  case CR_ERR_STMT_PARAM_CALLBACK:
    fail_for_memory(connection);
    return;
  }
  batch->harmless = false;
  aurora__results_error(connection, number, mysql_stmt_sqlstate(handle), mysql_stmt_error(handle),
                        &batch->row_error);
  if (!aurora__is_server_errno(number)) {
    batch->ended = true;
    aurora__connection_query_failed(connection, &batch->row_error, false);
  } else if (batch->row_error.code != AURORA_ESERVER || number == ER_QUERY_INTERRUPTED) {
    fail(connection, &batch->row_error); /* no single row is to blame */
  } else {
    run_sql(connection, "ROLLBACK TO SAVEPOINT " PACKET_SAVEPOINT, packet_undone);
  }
}

static void packet_executed(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = batch_of(connection);
  unsigned number = mysql_stmt_errno(batch->bulk.statement->handle);

  if (failed && (connection->query || !aurora__is_server_errno(number))) {
    packet_failed(connection);
    return;
  }
  if (!connection->query) {
    wind_up(connection);
    return;
  }
  aurora__batch_run_executed(batch, batch->bulk.affected);
  if ((connection->mysql->server_status & SERVER_SESSION_STATE_CHANGED) != 0)
    batch->harmless = false;
  batch->next = batch->run_end;
  go_on(connection);
}

static void packet_marked(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = batch_of(connection);

  if (!is_good(connection, failed))
    return;
  connection->memory->rows_streamed = batch->under_way != 0;
  batch->under_way = batch->run_end;
  batch->bulk.values = batch->values + batch->next * batch->columns;
  batch->bulk.rows = (unsigned)(batch->run_end - batch->next);
  batch->bulk.done = packet_executed;
  if (aurora__bulk_execute(connection))
    fail_for_memory(connection);
}

static void mark_packet(aurora_connection_t *connection)
{
  run_sql(connection, "SAVEPOINT " PACKET_SAVEPOINT, packet_marked);
}

static void prepared(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = batch_of(connection);
  aurora__statement_t *statement = batch->bulk.statement;
  MYSQL_STMT *handle = statement->handle;
  aurora_error_t error;

  if (!is_good_by_number(connection, failed, mysql_stmt_errno(handle), mysql_stmt_sqlstate(handle),
                         mysql_stmt_error(handle)))
    return;
  if (!aurora__sql_is_harmless(statement->sql, statement->size)) {
    batch->harmless = false;
    if (aurora__sql_mentions_role(statement->sql))
      connection->role_changed = true;
  }
  if (mysql_stmt_param_count(handle) != batch->columns) {
    aurora__error_set(&error, AURORA_EPARAMS, AURORA_NOT_SENT,
                      "the statement has %lu placeholders, and rows of %zu parameters were given",
                      mysql_stmt_param_count(handle), batch->columns);
    fail(connection, &error);
    return;
  }
  mark_packet(connection);
}

static void run_packet(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);

  if (batch->bulk.statement) {
    mark_packet(connection);
    return;
  }
  batch->bulk.done = prepared;
  if (aurora__bulk_prepare(connection))
    fail_for_memory(connection);
}

/* --- From run to run ---------------------------------------------------------------------------- */

static void plan_run(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);
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

static void go_on(aurora_connection_t *connection)
{
  aurora_batch_t *batch = batch_of(connection);

  if (batch->next == batch->rows) {
    commit(connection);
    return;
  }
  if (batch->next == batch->run_end)
    plan_run(connection);
  if (batch->run_in_bulk)
    run_packet(connection);
  else
    run_row(connection);
}

/* --- The beginning ------------------------------------------------------------------------------ */

static void started(aurora_connection_t *connection, bool failed)
{
  if (!is_good(connection, failed))
    return;
  if (connection->on_lease)
    connection->undo = "ROLLBACK";
  go_on(connection);
}

static void start_transaction(aurora_connection_t *connection)
{
  batch_of(connection)->in_savepoint = false;
  run_sql(connection, "START TRANSACTION", started);
}

static void saved(aurora_connection_t *connection, bool failed)
{
  if (!is_good(connection, failed))
    return;
  /* What the status said before may have been told before an error. */
  if (!is_in_transaction(connection)) {
    start_transaction(connection);
    return;
  }
  connection->undo = ROLLBACK_TO_START;
  go_on(connection);
}

static void begin(aurora_connection_t *connection)
{
  if (!is_in_transaction(connection)) {
    start_transaction(connection);
    return;
  }
  batch_of(connection)->in_savepoint = true;
  run_sql(connection, "SAVEPOINT " SAVEPOINT, saved);
}

static void limit_known(aurora_connection_t *connection, bool failed)
{
  if (is_good(connection, failed))
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
  aurora_batch_t *batch = batch_of(connection);

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
