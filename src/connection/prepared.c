/*
 * A query in the binary protocol:
 *
 *   in the cache ------------------------------+
 *   else (EVICT the oldest) -> PREPARE --------+-> (long data) -> EXECUTE -> results -> (CLOSE) done
 *
 * What comes between is in long_data.c, what comes after in prepared_rows.c. execution.c is a shorter way from
 * EXECUTE on, for statements that were executed before.
 *
 * A statement that was prepared for what the session has since been changed from (another database, another sql_mode) is
 * prepared anew: see statement_cache.h.
 *
 * A statement that the server has forgotten, or that has to be prepared again since its table was
 * altered, is prepared again once: it was not executed then. When the server holds as many statements
 * as it may, those of this session make way, and then those of the pool's other connections (pool/room.c); the one in hand
 * is closed after use.
 */
#include "connection/prepared.h"

#include <stdio.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/alloc.h"
#include "base/error.h"
#include "connection/binds.h"
#include "connection/driver.h"
#include "connection/results.h"
#include "connection/statement_calls.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "session/call_error.h"

static int prepare_start(aurora_connection_t *connection)
{
  return aurora__call_prepare(connection, connection->statement);
}

static int execute_start(aurora_connection_t *connection)
{
  return aurora__call_execute(connection, connection->statement);
}

static void prepare_done(aurora_connection_t *connection);
static void execute_done(aurora_connection_t *connection);
static void evict_done(aurora_connection_t *connection);
static void room_done(aurora_connection_t *connection);
static void lost_done(aurora_connection_t *connection);
static void close_done(aurora_connection_t *connection);

static const aurora__operation_t prepare = {"prepare", prepare_start, aurora__call_prepare_cont,
                                            prepare_done};
static const aurora__operation_t execute = {"execute", execute_start, aurora__call_execute_cont,
                                            execute_done};
/* Ways to a COM_STMT_CLOSE, which has no answer. */
static const aurora__operation_t evict = {"evict", aurora__call_close, aurora__call_close_cont,
                                          evict_done};
static const aurora__operation_t make_room = {"make room", aurora__call_close,
                                              aurora__call_close_cont, room_done};
static const aurora__operation_t close_lost = {"close lost", aurora__call_close,
                                               aurora__call_close_cont, lost_done};
static const aurora__operation_t close_unkept = {"close", aurora__call_close,
                                                 aurora__call_close_cont, close_done};

/* Closes a statement on the server, then goes on with the operation's done. */
static void close_statement(aurora_connection_t *connection, aurora__statement_t *statement,
                            const aurora__operation_t *operation)
{
  if (statement->cached)
    aurora__statements_remove(&connection->statements, statement);
  if (statement == connection->statement)
    connection->statement = NULL;
  connection->long_data.kept = false;
  connection->closing_statement = statement;
  aurora__driver_next(connection, operation);
}

static void forget_closed(aurora_connection_t *connection)
{
  aurora__statement_free(connection->closing_statement);
  connection->closing_statement = NULL;
}

/* Whether the statement in hand can be executed again. */
static bool is_kept(const aurora_connection_t *connection)
{
  return connection->statement->cached && !connection->long_data.kept;
}

/* The query has failed and the session is good. A statement that is not kept is closed first. */
static void end_failed(aurora_connection_t *connection, const aurora_error_t *error)
{
  if (!connection->statement || is_kept(connection)) {
    aurora__connection_query_failed(connection, error, true);
    return;
  }
  if (connection->sent) /* see aurora__connection_query_failed */
    connection->harmless = false;
  aurora__connection_fail_query(connection, error);
  close_statement(connection, connection->statement, &close_unkept);
}

void aurora__prepared_ended(aurora_connection_t *connection)
{
  if (is_kept(connection))
    aurora__connection_query_done(connection);
  else
    close_statement(connection, connection->statement, &close_unkept);
}

void aurora__prepared_failed(aurora_connection_t *connection)
{
  aurora__call_error_t failure =
      aurora__call_error(connection->mysql, aurora__prepared_handle(connection));
  aurora_error_t error;

  aurora__results_error(connection, &failure, &error);
  if (aurora__session_survives(&failure))
    end_failed(connection, &error);
  else
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
  connection->harmless = connection->memory->verdict.harmless;
  connection->may_be_xa |= connection->memory->verdict.may_be_xa;
}

static void begin_execute(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;
  unsigned long wanted = mysql_stmt_param_count(aurora__prepared_handle(connection));
  aurora_error_t error;

  if (!connection->query) { /* given up while it was being prepared */
    aurora__prepared_ended(connection);
    return;
  }
  if (wanted != query->params.count) {
    aurora__error_set(&error, AURORA_EPARAMS, AURORA_NOT_SENT,
                      "the statement has %lu placeholders, and %zu parameters were given", wanted,
                      query->params.count);
    end_failed(connection, &error);
    return;
  }
  /* MariaDB (10.11) takes long data for a value of the type that the parameter had the last time: it reads a
   * number, a date or an earlier decimal out of it, and says nothing. So they begin with a new statement. */
  if (connection->statement->executed && aurora__long_data_is_due(query->params)) {
    close_statement(connection, connection->statement, &close_lost);
    return;
  }
  connection->statement->executed = true;
  if (aurora__execution_begin(connection))
    return;
  if (aurora__binds_set(connection, query->params) ||
      mysql_stmt_bind_param(aurora__prepared_handle(connection), connection->binds)) {
    fail_for_memory(connection);
    return;
  }
  aurora__long_data_send(connection);
}

void aurora__prepared_execute(aurora_connection_t *connection)
{
  aurora__driver_next(connection, &execute);
}

static aurora__statement_key_t key_of(const aurora_query_t *query)
{
  return (aurora__statement_key_t){aurora__query_sql(query), query->sql_size, query->params};
}

static void begin_prepare(aurora_connection_t *connection)
{
  aurora__statement_key_t key = key_of(connection->memory);
  aurora__statement_t *statement;

  statement = aurora__statement_new(&connection->statements, connection->mysql, &key);
  if (!statement) {
    fail_for_memory(connection);
    return;
  }
  mysql_stmt_attr_set(statement->handle, STMT_ATTR_CB_RESULT, (void *)aurora__result_cell);
  connection->statement = statement;
  aurora__driver_next(connection, &prepare);
}

/* The server has no room for one more statement. */
static bool server_is_full(const aurora_connection_t *connection)
{
  aurora__call_error_t failure =
      aurora__call_error(connection->mysql, aurora__prepared_handle(connection));

  return aurora__call_error_is(&failure, ER_MAX_PREPARED_STMT_COUNT_REACHED);
}

/* The statement does not wait for room, or no more. */
static void forget_room(aurora_connection_t *connection)
{
  connection->room_until = 0;
  connection->room_tries = 0;
}

static void fail_for_room(aurora_connection_t *connection)
{
  aurora__call_error_t failure =
      aurora__call_error(connection->mysql, aurora__prepared_handle(connection));
  char message[256];
  aurora_error_t error;

  forget_room(connection);
  snprintf(message, sizeof message, "%s", failure.message);
  aurora__results_error(connection, &failure, &error);
  snprintf(
      error.message, sizeof error.message,
      "%s; no connection of the pool could give one back: raise max_prepared_stmt_count on the "
      "server, or lower statement_cache or pool_size",
      message);
  end_failed(connection, &error);
}

/* Whoever holds statements makes room: this session, then others, which may take a while. */
static void make_room_for_statement(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;

  if (!connection->one_off && connection->statements.count) {
    connection->one_off = true;
    close_statement(connection, statement, &make_room);
    return;
  }
  connection->harmless = true; /* nothing was executed */
  if (!aurora__room_may_come(connection)) {
    fail_for_room(connection);
    return;
  }
  connection->statement = NULL;
  aurora__statement_free(statement); /* never prepared: nothing is sent */
  aurora__room_await(connection);
}

static void prepare_done(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;

  if (connection->status && connection->query && server_is_full(connection)) {
    make_room_for_statement(connection);
    return;
  }
  if (connection->status) {
    forget_room(connection);
    connection->harmless = true; /* nothing was executed */
    aurora__prepared_failed(connection);
    return;
  }
  forget_room(connection);
  use_statement(connection, statement);
  if (aurora__room_is_short(connection->pool))
    connection->one_off = true;
  /* Without memory for the entry it is closed after use, as if there were no cache. */
  if (connection->pool->config.statement_cache && !connection->one_off)
    aurora__statements_add(&connection->statements, statement);
  begin_execute(connection);
}

void aurora__prepared_try_again(aurora_connection_t *connection)
{
  begin_prepare(connection);
  aurora__driver_run(connection);
}

void aurora__prepared_drop(aurora_connection_t *connection)
{
  aurora_error_t error;

  aurora__error_set(&error, UV_ECANCELED, AURORA_NOT_SENT, "given up before it was prepared");
  forget_room(connection);
  connection->harmless = true;
  aurora__connection_query_failed(connection, &error, true);
}

static void evict_done(aurora_connection_t *connection)
{
  forget_closed(connection);
  connection->pool->counters.statement_evictions++;
  begin_prepare(connection);
}

static void room_done(aurora_connection_t *connection)
{
  aurora__statement_t *oldest = aurora__statements_oldest(&connection->statements);

  forget_closed(connection);
  if (!oldest) {
    begin_prepare(connection);
    return;
  }
  connection->pool->counters.statement_evictions++;
  close_statement(connection, oldest, &make_room);
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

static bool is_lost_statement(const aurora__call_error_t *error)
{
  return aurora__call_error_is(error, ER_UNKNOWN_STMT_HANDLER) ||
         aurora__call_error_is(error, ER_NEED_REPREPARE);
}

/*
 * The result has other columns than when the statement was prepared: its table was altered. libmariadb
 * has read their descriptions and calls it an error; all that it lacks to read the rows is room for as
 * many cells. The handle, which is patched, is closed after use: the statement is prepared anew then.
 */
bool aurora__prepared_adopt_columns(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;
  MYSQL *mysql = connection->mysql;

  aurora__free(statement->cells);
  statement->cells = aurora__calloc(mysql_field_count(mysql), sizeof *statement->cells);
  if (!statement->cells)
    return false;
  aurora__statement_adopt_columns(statement->handle, mysql, statement->cells);
  if (statement->cached)
    aurora__statements_remove(&connection->statements, statement);
  return true;
}

static bool has_other_columns(const aurora_connection_t *connection)
{
  return aurora__statement_has_other_columns(aurora__prepared_handle(connection),
                                             connection->mysql);
}

void aurora__prepared_not_executed(aurora_connection_t *connection)
{
  aurora__statement_t *statement = connection->statement;
  aurora__call_error_t failure = aurora__call_error(connection->mysql, statement->handle);

  if (is_lost_statement(&failure) && !connection->prepared_again && connection->query) {
    connection->prepared_again = true;
    connection->sent = false;
    close_statement(connection, statement, &close_lost);
    return;
  }
  aurora__prepared_failed(connection);
}

static void execute_done(aurora_connection_t *connection)
{
  if (!connection->status ||
      (has_other_columns(connection) && aurora__prepared_adopt_columns(connection))) {
    connection->long_data.kept = false;
    aurora__prepared_take_results(connection);
    return;
  }
  aurora__prepared_not_executed(connection);
}

void aurora__prepared_start(aurora_connection_t *connection)
{
  aurora__statement_key_t key = key_of(connection->memory);
  aurora_pool_t *pool = connection->pool;
  aurora__statement_t *statement;

  connection->prepared_again = false;
  connection->one_off = false;
  connection->long_data.kept = false;
  statement = aurora__statements_find(&connection->statements, &key);
  if (statement && !aurora__statement_is_outdated(&connection->statements, statement)) {
    pool->counters.statement_hits++;
    use_statement(connection, statement);
    begin_execute(connection);
  } else {
    pool->counters.statement_misses++;
    if (statement)
      close_statement(connection, statement, &close_lost);
    else if ((statement = aurora__statements_surplus(&connection->statements, &key,
                                                     pool->config.statement_cache)) != NULL)
      close_statement(connection, statement, &evict);
    else
      begin_prepare(connection);
  }
  aurora__driver_run(connection);
}
