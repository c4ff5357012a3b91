/*
 * A query in the binary protocol:
 *
 *   in the cache ------------------------------+
 *   else (EVICT the oldest) -> PREPARE --------+-> EXECUTE --no rows------------------+
 *                                                     \-rows-> FETCH ... FETCH -------+-> NEXT
 *                                                                                      \-> (CLOSE) done
 *
 * A statement that the server has forgotten, or that has to be prepared again since its table was
 * altered, is prepared again once: it was not executed then.
 */
#include "connection/connection.h"

#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/error.h"
#include "connection/binds.h"
#include "connection/connect_error.h"
#include "connection/driver.h"
#include "connection/results.h"
#include "connection/sql_scan.h"
#include "pool/pool.h"

static MYSQL_STMT *handle_of(const aurora_connection_t *connection)
{
  return connection->statement->handle;
}

static int prepare_start(aurora_connection_t *connection)
{
  const aurora__statement_t *statement = connection->statement;

  return mysql_stmt_prepare_start(&connection->status, statement->handle, statement->sql,
                                  statement->size);
}

static int prepare_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_prepare_cont(&connection->status, handle_of(connection), status);
}

static int execute_start(aurora_connection_t *connection)
{
  connection->sent = true;
  return mysql_stmt_execute_start(&connection->status, handle_of(connection));
}

static int execute_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_execute_cont(&connection->status, handle_of(connection), status);
}

static int fetch_start(aurora_connection_t *connection)
{
  /* libmariadb hands the cells to the result that is being filled; it may change between rows. */
  handle_of(connection)->user_data = connection->current;
  aurora__result_begin_row(connection->current, &connection->mysql->net);
  return mysql_stmt_fetch_start(&connection->status, handle_of(connection));
}

static int fetch_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_fetch_cont(&connection->status, handle_of(connection), status);
}

static int next_start(aurora_connection_t *connection)
{
  return mysql_stmt_next_result_start(&connection->status, handle_of(connection));
}

static int next_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_next_result_cont(&connection->status, handle_of(connection), status);
}

static int close_start(aurora_connection_t *connection)
{
  /* Whatever comes, mysql_stmt_close frees it. */
  connection->closing_handle = connection->closing_statement->handle;
  connection->closing_statement->handle = NULL;
  return mysql_stmt_close_start(&connection->flag, connection->closing_handle);
}

static int close_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_close_cont(&connection->flag, connection->closing_handle, status);
}

static void prepare_done(aurora_connection_t *connection);
static void execute_done(aurora_connection_t *connection);
static void fetch_done(aurora_connection_t *connection);
static void next_done(aurora_connection_t *connection);
static void evict_done(aurora_connection_t *connection);
static void lost_done(aurora_connection_t *connection);
static void close_done(aurora_connection_t *connection);

static const aurora__operation_t prepare = {"prepare", prepare_start, prepare_cont, prepare_done};
static const aurora__operation_t execute = {"execute", execute_start, execute_cont, execute_done};
static const aurora__operation_t fetch = {"fetch", fetch_start, fetch_cont, fetch_done};
static const aurora__operation_t next = {"next result", next_start, next_cont, next_done};
/* Three ways to a COM_STMT_CLOSE, which has no answer. */
static const aurora__operation_t evict = {"evict", close_start, close_cont, evict_done};
static const aurora__operation_t close_lost = {"close lost", close_start, close_cont, lost_done};
static const aurora__operation_t close_unkept = {"close", close_start, close_cont, close_done};

/* Closes a statement on the server, then goes on with the operation's done. */
static void close_statement(aurora_connection_t *connection, aurora__statement_t *statement,
                            const aurora__operation_t *operation)
{
  if (statement->cached)
    aurora__statements_remove(&connection->statements, statement);
  connection->closing_statement = statement;
  aurora__driver_next(connection, operation);
}

static void forget_closed(aurora_connection_t *connection)
{
  aurora__statement_free(connection->closing_statement);
  connection->closing_statement = NULL;
}

/* The query has failed and the session is good. A statement that is not kept is closed first. */
static void end_failed(aurora_connection_t *connection, const aurora_error_t *error)
{
  aurora__statement_t *statement = connection->statement;

  if (!statement || statement->cached) {
    aurora__connection_query_failed(connection, error, true);
    return;
  }
  connection->statement = NULL;
  aurora__connection_fail_query(connection, error);
  close_statement(connection, statement, &close_unkept);
}

/*
 * The statement's result has other columns than when it was prepared, which libmariadb takes for an
 * error when it has been executed already, and cannot read. The session ends; a plain read goes to
 * another one, which prepares it anew.
 */
static void table_altered(aurora_connection_t *connection, aurora_error_t *error)
{
  aurora__error_set(error, AURORA_ELOST, AURORA_UNKNOWN,
                    "the columns of the statement's result have changed since it was prepared");
  if (connection->query && connection->harmless &&
      strncasecmp(aurora__query_sql(connection->query), "SELECT", 6) == 0)
    connection->query->flags |= AURORA_QUERY_IDEMPOTENT;
}

static void fail(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = handle_of(connection);
  MYSQL *mysql = connection->mysql;
  unsigned number = mysql_stmt_errno(handle);
  aurora_error_t error;

  /* An error in the middle of a result stands with the connection only. */
  if (number) {
    aurora__results_error(connection, number, mysql_stmt_sqlstate(handle), mysql_stmt_error(handle),
                          &error);
  } else {
    number = mysql_errno(mysql);
    aurora__results_error(connection, number, mysql_sqlstate(mysql), mysql_error(mysql), &error);
  }
  if (aurora__is_server_errno(number)) {
    end_failed(connection, &error);
    return;
  }
  if (number == CR_NEW_STMT_METADATA)
    table_altered(connection, &error);
  aurora__connection_query_failed(connection, &error, false);
}

static void fail_for_memory(aurora_connection_t *connection)
{
  aurora_error_t error;

  aurora__error_set(&error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory for the statement");
  end_failed(connection, &error);
}

static void use_statement(aurora_connection_t *connection, aurora__statement_t *statement)
{
  connection->statement = statement;
  connection->harmless = statement->harmless;
  if (statement->mentions_role)
    connection->role_changed = true;
}

static void begin_execute(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;
  unsigned long wanted = mysql_stmt_param_count(handle_of(connection));
  aurora_error_t error;

  if (!connection->query) { /* given up while it was being prepared */
    aurora__connection_query_done(connection);
    return;
  }
  if (wanted != query->params.count) {
    aurora__error_set(&error, AURORA_EPARAMS, AURORA_NOT_SENT,
                      "the statement has %lu placeholders, and %zu parameters were given", wanted,
                      query->params.count);
    end_failed(connection, &error);
    return;
  }
  if (aurora__binds_set(connection, query->params) ||
      mysql_stmt_bind_param(handle_of(connection), connection->binds)) {
    fail_for_memory(connection);
    return;
  }
  aurora__driver_next(connection, &execute);
}

static void begin_prepare(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;
  aurora__statement_t *statement;

  statement = aurora__statement_new(connection->mysql, aurora__query_sql(query), query->sql_size);
  if (!statement) {
    fail_for_memory(connection);
    return;
  }
  statement->harmless = aurora__sql_is_harmless(statement->sql, statement->size);
  statement->mentions_role = !statement->harmless && aurora__sql_mentions_role(statement->sql);
  mysql_stmt_attr_set(statement->handle, STMT_ATTR_CB_RESULT, (void *)aurora__result_cell);
  connection->statement = statement;
  aurora__driver_next(connection, &prepare);
}

static void prepare_done(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;

  if (connection->status) {
    connection->harmless = true; /* nothing was executed */
    fail(connection);
    return;
  }
  use_statement(connection, statement);
  /* Without memory for the entry it is closed after use, as if there were no cache. */
  if (connection->pool->config.statement_cache)
    aurora__statements_add(&connection->statements, statement);
  begin_execute(connection);
}

static void evict_done(aurora_connection_t *connection)
{
  forget_closed(connection);
  connection->pool->counters.statement_evictions++;
  begin_prepare(connection);
}

static void lost_done(aurora_connection_t *connection)
{
  forget_closed(connection);
  begin_prepare(connection);
}

static void close_done(aurora_connection_t *connection)
{
  forget_closed(connection);
  aurora__connection_query_done(connection);
}

static bool is_lost_statement(unsigned number)
{
  return number == ER_UNKNOWN_STMT_HANDLER || number == ER_NEED_REPREPARE;
}

static void end_of_query(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;

  if (statement->cached) {
    aurora__connection_query_done(connection);
    return;
  }
  connection->statement = NULL;
  close_statement(connection, statement, &close_unkept);
}

static void end_of_result(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = handle_of(connection);

  if (!aurora__results_end(connection, mysql_stmt_affected_rows(handle),
                           mysql_stmt_insert_id(handle)))
    return;
  if (mysql_stmt_more_results(handle))
    aurora__driver_next(connection, &next);
  else
    end_of_query(connection);
}

/* The statement's own column descriptions, made anew when they have changed. NULL: no memory. */
static aurora__columns_t *current_columns(aurora__statement_t *statement)
{
  MYSQL_STMT *handle = statement->handle;

  if (statement->columns &&
      aurora__columns_match(statement->columns, handle->fields, handle->field_count))
    return statement->columns;
  aurora__columns_unref(statement->columns);
  statement->columns = NULL;
  if (aurora__columns_create(handle->fields, handle->field_count, &statement->columns))
    return NULL;
  return statement->columns;
}

static void begin_result(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = handle_of(connection);
  aurora__columns_t *columns;

  if (mysql_stmt_field_count(handle) == 0) {
    if (aurora__results_begin(connection, NULL, AURORA__PROTOCOL_BINARY))
      end_of_result(connection);
    return;
  }
  columns = current_columns(connection->statement);
  if (!columns) {
    aurora__results_no_memory(connection);
    return;
  }
  if (!aurora__results_begin(connection, columns, AURORA__PROTOCOL_BINARY))
    return;
  aurora__driver_next(connection, &fetch);
}

static void execute_done(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;

  if (!connection->status) {
    begin_result(connection);
    return;
  }
  if (is_lost_statement(mysql_stmt_errno(statement->handle)) && !connection->prepared_again &&
      connection->query) {
    connection->prepared_again = true;
    connection->sent = false;
    connection->statement = NULL;
    close_statement(connection, statement, &close_lost);
    return;
  }
  fail(connection);
}

static void next_done(aurora_connection_t *connection)
{
  if (connection->status > 0)
    fail(connection);
  else if (connection->status < 0)
    end_of_query(connection);
  else
    begin_result(connection);
}

/* libmariadb ends the rows at the EOF packet and does not look at the count of warnings in it. */
static void read_warnings(MYSQL *mysql)
{
  const unsigned char *packet = mysql->net.read_pos;

  if (packet[0] == 0xfe)
    mysql->warning_count = packet[1] | (unsigned)packet[2] << 8;
}

static void fetch_done(aurora_connection_t *connection)
{
  switch (connection->status) {
  case 0:
  case MYSQL_DATA_TRUNCATED:
    if (aurora__results_row_added(connection, aurora__result_end_row(connection->current)))
      aurora__driver_next_row(connection, &fetch);
    return;
  case MYSQL_NO_DATA:
    read_warnings(connection->mysql);
    end_of_result(connection);
    return;
  }
  fail(connection);
}

void aurora__prepared_start(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;
  aurora_pool_t *pool = connection->pool;
  aurora__statement_t *statement;

  connection->prepared_again = false;
  statement =
      aurora__statements_find(&connection->statements, aurora__query_sql(query), query->sql_size);
  if (statement) {
    pool->counters.statement_hits++;
    use_statement(connection, statement);
    begin_execute(connection);
  } else {
    pool->counters.statement_misses++;
    if (connection->statements.count &&
        connection->statements.count >= pool->config.statement_cache)
      close_statement(connection, aurora__statements_oldest(&connection->statements), &evict);
    else
      begin_prepare(connection);
  }
  aurora__driver_run(connection);
}
