/*
 * The results of a statement that was executed in the binary protocol:
 *
 *   TAKE --no rows------------------+
 *      \-rows-> FETCH ... FETCH ----+-- more results -> NEXT -> (as TAKE)
 *                                    \-> ended
 *
 * The columns are described by mysql->fields: the server's description of this very result, or, when
 * the server has sent none because nothing has changed (MariaDB), the handle's own.
 */
#include "connection/prepared.h"

#include <string.h>

#include "base/alloc.h"
#include "connection/answer.h"
#include "connection/driver.h"
#include "connection/results.h"
#include "libmariadb/internals.h"
#include "session/read_ahead.h"

static int fetch_start(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = aurora__prepared_handle(connection);

  connection->rows_ahead = aurora__has_row(connection->mysql, AURORA__PROTOCOL_BINARY);
  if (connection->rows_ahead)
    return 0;
  /* libmariadb hands the cells to the result that is being filled; it may change between rows. */
  mysql_stmt_attr_set(handle, STMT_ATTR_CB_USER_DATA, connection->current);
  aurora__result_begin_row(connection->current, aurora__net(connection->mysql));
  if (!aurora__has_next_packet(connection->mysql))
    return mysql_stmt_fetch_start(&connection->status, handle);
  connection->status = mysql_stmt_fetch(handle);
  return 0;
}

static int fetch_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_fetch_cont(&connection->status, aurora__prepared_handle(connection), status);
}

static int next_start(aurora_connection_t *connection)
{
  return mysql_stmt_next_result_start(&connection->status, aurora__prepared_handle(connection));
}

static int next_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_next_result_cont(&connection->status, aurora__prepared_handle(connection),
                                     status);
}

static void fetch_done(aurora_connection_t *connection);
static void next_done(aurora_connection_t *connection);

static const aurora__operation_t fetch = {"fetch", fetch_start, fetch_cont, fetch_done};
static const aurora__operation_t next = {"next result", next_start, next_cont, next_done};

/* Whether the next execution will have one result like this one, or none: its columns can be told apart, and
 * it is no CALL, whose results may differ, nor a change with RETURNING that has returned nothing yet. */
static bool is_plain(const aurora_connection_t *connection)
{
  const aurora__columns_t *columns = connection->statement->columns;

  if (!connection->query || connection->first != connection->current ||
      !connection->statement->cached)
    return false;
  if (!columns)
    return connection->harmless && !strcasestr(connection->statement->sql, "returning");
  return aurora_result_columns(connection->current) != 0 &&
         columns->count <= AURORA__MOST_KNOWN_COLUMNS;
}

static void end_of_result(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = aurora__prepared_handle(connection);

  if (!aurora__results_end(connection, mysql_stmt_affected_rows(handle),
                           mysql_stmt_insert_id(handle)))
    return;
  if (mysql_stmt_more_results(handle)) {
    aurora__driver_next(connection, &next);
    return;
  }
  connection->statement->plain = is_plain(connection);
  aurora__prepared_ended(connection);
}

/* libmariadb renews the types in the handle's descriptions, and not the names. Where the handle cannot learn
 * them it is closed after use: the statement is prepared anew then. */
static void renew_names(aurora_connection_t *connection, aurora__statement_t *statement,
                        const aurora__columns_t *columns)
{
  if (!aurora__internals_known()) {
    if (statement->cached && statement->columns)
      aurora__statements_remove(&connection->statements, statement);
    return;
  }
  if (aurora__statement_columns(statement->handle) != columns->count)
    return;
  for (unsigned i = 0; i < columns->count; i++)
    aurora__statement_rename(statement->handle, i, columns->items[i].name,
                             columns->items[i].name_size);
}

/* The statement's own column descriptions, made anew when they have changed. NULL: no memory. */
static aurora__columns_t *current_columns(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;
  const MYSQL_FIELD *fields = aurora__described_fields(connection->mysql);
  unsigned count = mysql_field_count(connection->mysql);
  bool out_params = (aurora__server_status(connection->mysql) & SERVER_PS_OUT_PARAMS) != 0;
  aurora__columns_t *columns;

  if (statement->columns && statement->columns->out_params == out_params &&
      aurora__columns_match(statement->columns, fields, count))
    return statement->columns;
  if (aurora__columns_create_of(fields, count, out_params, &columns))
    return NULL;
  renew_names(connection, statement, columns);
  aurora__columns_unref(statement->columns);
  statement->columns = columns;
  /* It described those before. */
  aurora__free(statement->description);
  statement->description = NULL;
  statement->description_size = 0;
  return columns;
}

void aurora__prepared_take_results(aurora_connection_t *connection)
{
  aurora__columns_t *columns;

  if (mysql_field_count(connection->mysql) == 0) {
    if (aurora__results_begin(connection, NULL, AURORA__PROTOCOL_BINARY))
      end_of_result(connection);
    return;
  }
  columns = current_columns(connection);
  if (columns)
    aurora__prepared_begin_rows(connection, columns);
  else
    aurora__results_no_memory(connection);
}

void aurora__prepared_begin_rows(aurora_connection_t *connection, aurora__columns_t *columns)
{
  if (aurora__results_begin(connection, columns, AURORA__PROTOCOL_BINARY))
    aurora__driver_next(connection, &fetch);
}

static void next_done(aurora_connection_t *connection)
{
  if (connection->status > 0)
    aurora__prepared_failed(connection);
  else if (connection->status < 0)
    aurora__prepared_ended(connection);
  else
    aurora__prepared_take_results(connection);
}

/* There was a row, and there may be more. */
static void go_on(aurora_connection_t *connection)
{
  if (aurora__results_take_rows(connection, AURORA__PROTOCOL_BINARY, &fetch))
    aurora__driver_next_row(connection, &fetch);
}

static void fetch_done(aurora_connection_t *connection)
{
  if (connection->rows_ahead) {
    go_on(connection);
    return;
  }
  switch (connection->status) {
  case 0:
  case MYSQL_DATA_TRUNCATED:
    if (aurora__results_row_added(connection, aurora__result_end_row(connection->current)))
      go_on(connection);
    return;
  case MYSQL_NO_DATA:
    aurora__note_warnings(connection->mysql);
    end_of_result(connection);
    return;
  }
  aurora__prepared_failed(connection);
}
