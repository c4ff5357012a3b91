/*
 * A query in the text protocol:
 *
 *   SEND -> AWAIT -> READ --no rows-----------------------+
 *                     \-rows-> FETCH ... FETCH (no row) --+-- more results -> NEXT -> (as READ)
 *                                                          \-> done
 *
 * Sending and reading apart, with a wait for the poll in between, saves the recv that would find
 * nothing yet (one system call a query).
 */
#include "connection/connection.h"

#include "connection/connect_error.h"
#include "connection/driver.h"
#include "connection/read_ahead.h"
#include "connection/results.h"
#include "pool/query.h"

static void fail(aurora_connection_t *connection)
{
  MYSQL *mysql = connection->mysql;
  unsigned number = mysql_errno(mysql);
  aurora_error_t error;

  aurora__results_error(connection, number, mysql_sqlstate(mysql), mysql_error(mysql), &error);
  aurora__connection_query_failed(connection, &error, aurora__session_survives(number));
}

static int send_start(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;

  return mysql_send_query_start(&connection->status, connection->mysql, aurora__query_sql(query),
                                query->sql_size);
}

static int send_cont(aurora_connection_t *connection, int status)
{
  return mysql_send_query_cont(&connection->status, connection->mysql, status);
}

static int await_start(aurora_connection_t *connection)
{
  (void)connection;
  return MYSQL_WAIT_READ;
}

static int await_cont(aurora_connection_t *connection, int status)
{
  (void)connection;
  return status & MYSQL_WAIT_READ ? 0 : MYSQL_WAIT_READ;
}

static int read_start(aurora_connection_t *connection)
{
  return mysql_read_query_result_start(&connection->flag, connection->mysql);
}

static int read_cont(aurora_connection_t *connection, int status)
{
  return mysql_read_query_result_cont(&connection->flag, connection->mysql, status);
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
  if (!aurora__has_next_packet(connection->mysql))
    return mysql_fetch_row_start(&connection->row, connection->rows);
  connection->row = mysql_fetch_row(connection->rows);
  return 0;
}

static int fetch_cont(aurora_connection_t *connection, int status)
{
  return mysql_fetch_row_cont(&connection->row, connection->rows, status);
}

static void send_done(aurora_connection_t *connection);
static void await_done(aurora_connection_t *connection);
static void read_done(aurora_connection_t *connection);
static void next_done(aurora_connection_t *connection);
static void fetch_done(aurora_connection_t *connection);

static const aurora__operation_t send_query = {"send query", send_start, send_cont, send_done};
static const aurora__operation_t await_answer = {"await answer", await_start, await_cont,
                                                 await_done};
static const aurora__operation_t read_result = {"read result", read_start, read_cont, read_done};
static const aurora__operation_t next_result = {"next result", next_start, next_cont, next_done};
static const aurora__operation_t fetch_row = {"fetch row", fetch_start, fetch_cont, fetch_done};

static void send_done(aurora_connection_t *connection)
{
  if (connection->status) {
    fail(connection);
    return;
  }
  connection->sent = true;
  aurora__driver_next(connection, &await_answer);
}

static void await_done(aurora_connection_t *connection)
{
  aurora__driver_next(connection, &read_result);
}

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
  const MYSQL_RES *rows = connection->rows;
  aurora__columns_t *columns;

  if (connection->columns &&
      aurora__columns_match(connection->columns, rows->fields, rows->field_count))
    return connection->columns;
  if (aurora__columns_create(rows->fields, rows->field_count, &columns))
    return NULL;
  aurora__columns_unref(connection->columns);
  connection->columns = columns;
  return columns;
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
  if (aurora__results_begin(connection, columns, AURORA__PROTOCOL_TEXT))
    aurora__driver_next(connection, &fetch_row);
}

static void read_done(aurora_connection_t *connection)
{
  if (connection->flag)
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
  int code;

  while (connection->row) {
    code = aurora__result_append_text(connection->current, connection->row,
                                      mysql_fetch_lengths(connection->rows));
    if (!aurora__results_row_added(connection, code))
      return;
    if (!aurora__driver_may_go_on(connection) || !aurora__has_next_packet(connection->mysql)) {
      aurora__driver_next_row(connection, &fetch_row);
      return;
    }
    connection->steps++;
    connection->row = mysql_fetch_row(connection->rows);
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
  aurora__driver_next(connection, &send_query);
  aurora__driver_run(connection);
}
