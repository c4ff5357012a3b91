/*
 * Executing a statement that was executed before, without libmariadb where nothing new can be learned:
 *
 *   (sent) -> AWAIT --an answer in the columns of the last time, all there--> its rows, its end
 *                 |--the same, and more of it to come--> libmariadb fetches its rows (prepared_rows.c)
 *                 \--anything else--> libmariadb reads it as it does a query's --> rows are fetched, or none
 *
 * mysql_stmt_execute looks for the answer before one can be there (a system call), sends the types of the
 * parameters through two arrays, and builds descriptions of the columns anew, even if the server sends
 * none. A packet of a few bytes and a look at the answer (answer.h) take a third of its instructions.
 *
 * A statement is first executed by libmariadb, which shows whether it is fit for this (statement->plain: one
 * result, or none at all). What does not fit into a small packet, is encrypted, or has a date or time among
 * its parameters goes that way each time. Who reads an answer leaves MYSQL and MYSQL_STMT as
 * mysql_stmt_execute does.
 */
#include "connection/execute_packet.h"

#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/error.h"
#include "connection/answer.h"
#include "connection/driver.h"
#include "connection/prepared.h"
#include "connection/results.h"
#include "libmariadb/internals.h"
#include "pool/query.h"
#include "session/read_ahead.h"

/* --- The answer --------------------------------------------------------------------------------- */

static int look(aurora_connection_t *connection)
{
  const aurora__statement_t *statement = connection->statement;
  const aurora_query_t *query = connection->query;
  aurora__answer_t answer;

  answer = aurora__answer_look(connection, AURORA__PROTOCOL_BINARY, statement->description,
                               statement->description_size);
  if (answer.kind == AURORA__ANSWER_SHORT)
    return MYSQL_WAIT_READ;
  if (answer.kind == AURORA__ANSWER_OTHER)
    return aurora__answer_read(connection);
  if (!answer.known && !answer.undescribed) {
    aurora__answer_note(connection, &answer);
    return aurora__answer_read(connection);
  }
  connection->rows_at = answer.rows_at;
  aurora__note_status(connection->mysql, answer.status);
  if (answer.undescribed && (!statement->columns || statement->columns->count != answer.columns))
    connection->step = AURORA__STEP_BROKEN;
  else if (answer.complete && !(query && query->on_row))
    connection->step = AURORA__STEP_KNOWN;
  else
    connection->step = AURORA__STEP_PARTLY_KNOWN;
  return 0;
}

static int await_start(aurora_connection_t *connection)
{
  connection->step = AURORA__STEP_AWAITING;
  return MYSQL_WAIT_READ;
}

static int await_cont(aurora_connection_t *connection, int status)
{
  if (connection->step == AURORA__STEP_READING)
    return mysql_read_query_result_cont(&connection->flag, connection->mysql, status);
  return status & MYSQL_WAIT_READ ? look(connection) : MYSQL_WAIT_READ;
}

static void break_off(aurora_connection_t *connection)
{
  aurora_error_t error;

  aurora__error_set(&error, AURORA_EPROTOCOL, AURORA_UNKNOWN,
                    "the answer to a prepared statement has other columns than it says");
  aurora__connection_die(connection, AURORA_CLOSE_PROTOCOL_ERROR, &error);
}

/* The rows are next, and libmariadb is to take it that it has executed the statement. */
static void fetch_rows(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = aurora__prepared_handle(connection);

  aurora__note_rows(connection->mysql, handle, aurora__statement_columns(handle));
  aurora__prepared_begin_rows(connection, connection->statement->columns);
}

/* libmariadb has read descriptions that are not of the known columns. */
static void take_other_columns(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = aurora__prepared_handle(connection);
  MYSQL *mysql = connection->mysql;

  aurora__note_rows(mysql, handle, mysql_field_count(mysql));
  if (mysql_field_count(mysql) == aurora__statement_columns(handle)) {
    aurora__statement_renew_types(handle, mysql);
  } else if (!aurora__prepared_adopt_columns(connection)) {
    aurora__results_no_memory(connection);
    return;
  }
  aurora__prepared_take_results(connection);
}

/* libmariadb has read descriptions: of the columns that are known, or of others. */
static void take_described(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;
  MYSQL *mysql = connection->mysql;

  if (!aurora__statement_had_rows(statement->handle)) {
    break_off(connection);
    return;
  }
  if (!statement->columns ||
      !aurora__columns_match(statement->columns, aurora__described_fields(mysql),
                             mysql_field_count(mysql))) {
    take_other_columns(connection);
    return;
  }
  if (connection->description) {
    aurora__free(statement->description);
    statement->description = connection->description;
    statement->description_size = connection->description_size;
    connection->description = NULL;
  }
  fetch_rows(connection);
}

/* libmariadb has read the first part of an answer. */
static void take_read(aurora_connection_t *connection)
{
  MYSQL *mysql = connection->mysql;

  if (mysql_field_count(mysql)) {
    take_described(connection);
    return;
  }
  if (mysql_more_results(mysql)) {
    break_off(connection);
    return;
  }
  if (aurora__results_begin(connection, NULL, AURORA__PROTOCOL_BINARY) &&
      aurora__results_end(connection, mysql_affected_rows(mysql), mysql_insert_id(mysql)))
    aurora__prepared_ended(connection);
}

static void await_done(aurora_connection_t *connection)
{
  switch (connection->step) {
  case AURORA__STEP_KNOWN:
    if (aurora__results_take_known(connection, connection->statement->columns,
                                   AURORA__PROTOCOL_BINARY) &&
        aurora__results_end(connection, 0, 0))
      aurora__prepared_ended(connection);
    return;
  case AURORA__STEP_PARTLY_KNOWN:
    aurora__read_ahead_skip(connection->mysql, connection->rows_at);
    fetch_rows(connection);
    return;
  case AURORA__STEP_READING:
    if (connection->flag)
      aurora__prepared_not_executed(connection);
    else
      take_read(connection);
    return;
  case AURORA__STEP_SENDING:
  case AURORA__STEP_AWAITING:
  case AURORA__STEP_BROKEN:
    break;
  }
  break_off(connection);
}

static const aurora__operation_t await_answer = {"execute", await_start, await_cont, await_done};

/* --- The execution ------------------------------------------------------------------------------ */

bool aurora__execution_begin(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = aurora__prepared_handle(connection);
  MYSQL *mysql = connection->mysql;
  aurora__execute_packet_t packet;
  ssize_t size;

  if (!connection->statement->plain || !connection->read_ahead_size ||
      !aurora__is_ready_for_command(mysql) ||
      !aurora__execute_packet(&packet, aurora__statement_id(handle), connection->memory->params))
    return false;
  size = send((int)mysql_get_socket(mysql), packet.bytes, packet.size, MSG_DONTWAIT | MSG_NOSIGNAL);
  /* Nothing has happened: libmariadb finds out why, or waits. */
  if (size <= 0)
    return false;
  aurora__note_command(mysql, handle);
  /* A part of a statement is none; but nothing can follow it. */
  if ((size_t)size < packet.size)
    shutdown((int)mysql_get_socket(mysql), SHUT_RDWR);
  else
    connection->sent = true;
  aurora__driver_next(connection, &await_answer);
  return true;
}
