/*
 * A query in the text protocol:
 *
 *   QUERY (send, await, read) --no rows-----------------------+
 *     |               \-rows-> FETCH ... FETCH (no row) -------+-- more results -> NEXT -> (as QUERY)
 *     \-known answer: its rows, its end ------------------------+-> done
 *
 * Sending and reading apart, with a wait for the poll in between, saves the recv that would find
 * nothing yet (one system call a query), and lets us look at the answer first.
 */
#include "connection/answer.h"

#include "connection/driver.h"
#include "connection/results.h"
#include "pool/query.h"
#include "session/call_error.h"
#include "session/read_ahead.h"

static void fail(aurora_connection_t *connection)
{
  aurora__call_error_t failure = aurora__call_error(connection->mysql, NULL);
  aurora_error_t error;

  aurora__results_error(connection, &failure, &error);
  aurora__connection_query_failed(connection, &error, aurora__session_survives(&failure));
}

/* The statement is sent, or that has failed. */
static int sent(aurora_connection_t *connection)
{
  if (connection->status)
    return 0;
  connection->sent = true;
  connection->step = AURORA__STEP_AWAITING;
  return MYSQL_WAIT_READ;
}

/* Something of the answer is there, or the connection has ended. */
static int look(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->query;
  aurora__known_text_t *known = query ? query->known : NULL;
  aurora__answer_t answer;

  /* Rows that are streamed may be paused between any two. */
  if (!known || query->on_row || !connection->read_ahead_size)
    return aurora__answer_read(connection);
  answer = aurora__answer_look(connection, AURORA__PROTOCOL_TEXT, known->description,
                               known->description_size);
  if (answer.kind == AURORA__ANSWER_SHORT)
    return MYSQL_WAIT_READ;
  if (answer.known && answer.complete) {
    connection->step = AURORA__STEP_KNOWN;
    connection->rows_at = answer.rows_at;
    return 0;
  }
  if (answer.complete)
    aurora__answer_note(connection, &answer);
  return aurora__answer_read(connection);
}

static int query_start(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;
  int wait;

  connection->step = AURORA__STEP_SENDING;
  wait = mysql_send_query_start(&connection->status, connection->mysql, aurora__query_sql(query),
                                query->sql_size);
  return wait ? wait : sent(connection);
}

static int query_cont(aurora_connection_t *connection, int status)
{
  int wait;

  switch (connection->step) {
  case AURORA__STEP_SENDING:
    wait = mysql_send_query_cont(&connection->status, connection->mysql, status);
    return wait ? wait : sent(connection);
  case AURORA__STEP_AWAITING:
    return status & MYSQL_WAIT_READ ? look(connection) : MYSQL_WAIT_READ;
  case AURORA__STEP_READING:
    return mysql_read_query_result_cont(&connection->flag, connection->mysql, status);
  case AURORA__STEP_KNOWN:
  case AURORA__STEP_PARTLY_KNOWN:
  case AURORA__STEP_BROKEN:
    break;
  }
  return 0;
}

static int next_start(aurora_connection_t *connection)
{
  return mysql_next_result_start(&connection->status, connection->mysql);
}

static int next_cont(aurora_connection_t *connection, int status)
{
  return mysql_next_result_cont(&connection->status, connection->mysql, status);
}

static int fetch_start(aurora_connection_t *connection)
{
  connection->rows_ahead = aurora__has_row(connection->mysql, AURORA__PROTOCOL_TEXT);
  if (connection->rows_ahead)
    return 0;
  if (!aurora__has_next_packet(connection->mysql))
    return mysql_fetch_row_start(&connection->row, connection->rows);
  connection->row = mysql_fetch_row(connection->rows);
  return 0;
}

static int fetch_cont(aurora_connection_t *connection, int status)
{
  return mysql_fetch_row_cont(&connection->row, connection->rows, status);
}

static void query_done(aurora_connection_t *connection);
static void next_done(aurora_connection_t *connection);
static void fetch_done(aurora_connection_t *connection);

static const aurora__operation_t query_text = {"query", query_start, query_cont, query_done};
static const aurora__operation_t next_result = {"next result", next_start, next_cont, next_done};
static const aurora__operation_t fetch_row = {"fetch row", fetch_start, fetch_cont, fetch_done};

static void end_of_result(aurora_connection_t *connection)
{
  MYSQL *mysql = connection->mysql;

  if (!aurora__results_end(connection, mysql_affected_rows(mysql), mysql_insert_id(mysql)))
    return;
  if (mysql_more_results(mysql))
    aurora__driver_next(connection, &next_result);
  else
    aurora__connection_query_done(connection);
}

/* The descriptions of this result's columns, those of the last one if they are the same, as they are
 * when a statement is repeated. The connection's until it has other ones. NULL: no memory. */
static aurora__columns_t *columns_of(aurora_connection_t *connection)
{
  const MYSQL_FIELD *fields = mysql_fetch_fields(connection->rows);
  unsigned count = mysql_num_fields(connection->rows);
  aurora__columns_t *columns;

  if (connection->columns && aurora__columns_match(connection->columns, fields, count))
    return connection->columns;
  if (aurora__columns_create(fields, count, &columns))
    return NULL;
  aurora__columns_unref(connection->columns);
  connection->columns = columns;
  return columns;
}

/* The columns that the answer's descriptions have turned out to mean. */
static void remember(aurora_connection_t *connection, aurora__columns_t *columns)
{
  const aurora_query_t *query = connection->query;

  if (connection->description && query && query->known &&
      aurora__known_text_is(query->known, aurora__query_sql(query), query->sql_size)) {
    aurora__known_text_describe(query->known, connection->description, connection->description_size,
                                columns);
    connection->description = NULL;
  }
  aurora__answer_forget(connection);
}

static void begin_result(aurora_connection_t *connection)
{
  MYSQL *mysql = connection->mysql;
  aurora__columns_t *columns;

  if (mysql_field_count(mysql) == 0) {
    if (aurora__results_begin(connection, NULL, AURORA__PROTOCOL_TEXT))
      end_of_result(connection);
    return;
  }
  connection->rows = mysql_use_result(mysql);
  if (!connection->rows) {
    fail(connection);
    return;
  }
  columns = columns_of(connection);
  if (!columns) {
    aurora__results_no_memory(connection);
    return;
  }
  remember(connection, columns);
  if (aurora__results_begin(connection, columns, AURORA__PROTOCOL_TEXT))
    aurora__driver_next(connection, &fetch_row);
}

/* All of it is in the read-ahead, in the columns of the known text. */
static void take_known(aurora_connection_t *connection)
{
  if (aurora__results_take_known(connection, connection->query->known->columns,
                                 AURORA__PROTOCOL_TEXT))
    end_of_result(connection);
}

static void query_done(aurora_connection_t *connection)
{
  if (connection->step == AURORA__STEP_KNOWN)
    take_known(connection);
  else if (connection->step == AURORA__STEP_SENDING || connection->flag)
    fail(connection);
  else
    begin_result(connection);
}

static void next_done(aurora_connection_t *connection)
{
  /* It is asked for only when there is one: -1, "no more", is then what libmariadb says of some that
   * it could not read. */
  if (connection->status)
    fail(connection);
  else
    begin_result(connection);
}

static void fetch_done(aurora_connection_t *connection)
{
  if (!connection->rows_ahead && connection->row) {
    int code = aurora__result_append_text(connection->current, connection->row,
                                          mysql_fetch_lengths(connection->rows));

    if (!aurora__results_row_added(connection, code))
      return;
  }
  if (connection->rows_ahead || connection->row) {
    if (aurora__results_take_rows(connection, AURORA__PROTOCOL_TEXT, &fetch_row))
      aurora__driver_next_row(connection, &fetch_row);
    return;
  }
  if (mysql_errno(connection->mysql)) {
    fail(connection);
    return;
  }
  mysql_free_result(connection->rows); /* all rows are read: no I/O */
  connection->rows = NULL;
  end_of_result(connection);
}

void aurora__text_start(aurora_connection_t *connection)
{
  aurora__driver_next(connection, &query_text);
  aurora__driver_run(connection);
}
