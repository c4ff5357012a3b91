/*
 * Rows of a batch in bulk: one packet. When the server refuses it, it is undone, and its rows are
 * executed one by one to find out which is to blame.
 */
#include "batch/steps.h"

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/error.h"
#include "connection/results.h"
#include "libmariadb/internals.h"

#define PACKET_SAVEPOINT "aurora__packet"

/* The rows of the run, and what follows if `all`, go one by one. Nothing of them was executed. */
static void bulk_is_refused(aurora_connection_t *connection, bool all)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  batch->run_in_bulk = false;
  batch->one_by_one = all;
  aurora__batch_next(connection);
}

/* The run's rows are looked at one by one: which is to blame? */
static void packet_undone(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (connection->query && failed && aurora__call_error(connection->mysql, NULL).by_server) {
    aurora__batch_fail(connection, &batch->row_error);
    return;
  }
  if (!aurora__batch_is_good(connection, failed))
    return;
  if (mysql_warning_count(connection->mysql)) {
    /* Rows stay in tables without transactions: executed again, the wrong ones would fail. */
    aurora__batch_fail(connection, &batch->row_error);
    return;
  }
  bulk_is_refused(connection, false);
}

static void packet_failed(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);
  aurora__call_error_t failure =
      aurora__call_error(connection->mysql, batch->bulk.statement->handle);

  if (!failure.by_server && failure.number == CR_FUNCTION_NOT_SUPPORTED) {
    connection->no_bulk = true; /* says libmariadb, and has sent nothing */
    bulk_is_refused(connection, true);
    return;
  }
  if (!failure.by_server && failure.number == CR_ERR_STMT_PARAM_CALLBACK) {
    aurora__batch_fail_for_memory(connection);
    return;
  }
  if (aurora__call_error_is(&failure, ER_UNSUPPORTED_PS) ||
      aurora__call_error_is(&failure, ER_BINLOG_NON_SUPPORTED_BULK)) {
    bulk_is_refused(connection, true); /* not for this kind of statement */
    return;
  }
  batch->harmless = false;
  aurora__results_error(connection, &failure, &batch->row_error);
  if (!failure.by_server) {
    batch->ended = true;
    aurora__connection_query_failed(connection, &batch->row_error, false);
  } else if (batch->row_error.code != AURORA_ESERVER ||
             aurora__call_error_is(&failure, ER_QUERY_INTERRUPTED)) {
    aurora__batch_fail(connection, &batch->row_error); /* no single row is to blame */
  } else {
    aurora__batch_run_sql(connection, "ROLLBACK TO SAVEPOINT " PACKET_SAVEPOINT, packet_undone);
  }
}

static void packet_executed(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (failed && (connection->query ||
                 !aurora__call_error(connection->mysql, batch->bulk.statement->handle).by_server)) {
    packet_failed(connection);
    return;
  }
  if (!connection->query) {
    aurora__batch_wind_up(connection);
    return;
  }
  aurora__batch_run_executed(batch, batch->bulk.affected);
  if ((aurora__server_status(connection->mysql) & SERVER_SESSION_STATE_CHANGED) != 0)
    batch->harmless = false;
  batch->next = batch->run_end;
  aurora__batch_next(connection);
}

static void packet_marked(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (!aurora__batch_is_good(connection, failed))
    return;
  connection->memory->rows_streamed = batch->under_way != 0;
  batch->under_way = batch->run_end;
  batch->bulk.values = batch->values + batch->next * batch->columns;
  batch->bulk.rows = (unsigned)(batch->run_end - batch->next);
  batch->bulk.done = packet_executed;
  if (aurora__bulk_execute(connection))
    aurora__batch_fail_for_memory(connection);
}

static void mark_packet(aurora_connection_t *connection)
{
  aurora__batch_run_sql(connection, "SAVEPOINT " PACKET_SAVEPOINT, packet_marked);
}

/* For rows one by one others make room. */
static bool server_is_full(aurora_connection_t *connection)
{
  aurora__call_error_t failure =
      aurora__call_error(connection->mysql, aurora__batch_of(connection)->bulk.statement->handle);

  return aurora__call_error_is(&failure, ER_MAX_PREPARED_STMT_COUNT_REACHED);
}

static void prepared(aurora_connection_t *connection, bool failed)
{
  aurora_batch_t *batch = aurora__batch_of(connection);
  aurora__statement_t *statement = batch->bulk.statement;
  MYSQL_STMT *handle = statement->handle;
  aurora_error_t error;

  if (failed && connection->query && server_is_full(connection)) {
    batch->bulk.statement = NULL;
    aurora__statement_free(statement); /* never prepared: nothing is sent */
    bulk_is_refused(connection, true);
    return;
  }
  if (!aurora__batch_call_is_good(connection, failed, handle))
    return;
  if (!connection->memory->verdict.harmless)
    batch->harmless = false;
  if (mysql_stmt_param_count(handle) != batch->columns) {
    aurora__error_set(&error, AURORA_EPARAMS, AURORA_NOT_SENT,
                      "the statement has %lu placeholders, and rows of %zu parameters were given",
                      mysql_stmt_param_count(handle), batch->columns);
    aurora__batch_fail(connection, &error);
    return;
  }
  mark_packet(connection);
}

void aurora__batch_run_packet(aurora_connection_t *connection)
{
  aurora_batch_t *batch = aurora__batch_of(connection);

  if (batch->bulk.statement) {
    mark_packet(connection);
    return;
  }
  batch->bulk.done = prepared;
  if (aurora__bulk_prepare(connection))
    aurora__batch_fail_for_memory(connection);
}
