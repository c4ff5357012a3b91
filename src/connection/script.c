/*
 * Statements of our own, one after the other: SELECT 1, or what puts a session right after a reset.
 * Their results are dropped.
 *
 *   QUERY -> STORE (-> NEXT -> STORE)* -> QUERY ... -> done
 */
#include "connection/connection.h"

#include <string.h>

#include "connection/driver.h"
#include "session/read_ahead.h"

static int query_start(aurora_connection_t *connection)
{
  const char *sql = connection->script.statements[connection->script.next];

  return mysql_real_query_start(&connection->status, connection->mysql, sql, strlen(sql));
}

static int query_cont(aurora_connection_t *connection, int status)
{
  return mysql_real_query_cont(&connection->status, connection->mysql, status);
}

static int store_start(aurora_connection_t *connection)
{
  return mysql_store_result_start(&connection->rows, connection->mysql);
}

static int store_cont(aurora_connection_t *connection, int status)
{
  return mysql_store_result_cont(&connection->rows, connection->mysql, status);
}

static int next_start(aurora_connection_t *connection)
{
  return mysql_next_result_start(&connection->status, connection->mysql);
}

static int next_cont(aurora_connection_t *connection, int status)
{
  return mysql_next_result_cont(&connection->status, connection->mysql, status);
}

static void query_done(aurora_connection_t *connection);
static void store_done(aurora_connection_t *connection);
static void next_done(aurora_connection_t *connection);

static const aurora__operation_t query = {"script", query_start, query_cont, query_done};
static const aurora__operation_t store = {"script result", store_start, store_cont, store_done};
static const aurora__operation_t next = {"script next", next_start, next_cont, next_done};

static void query_done(aurora_connection_t *connection)
{
  if (connection->status)
    connection->script.done(connection, true);
  else
    aurora__driver_next(connection, &store);
}

static void store_done(aurora_connection_t *connection)
{
  bool failed = !connection->rows && mysql_errno(connection->mysql) != 0;

  if (connection->rows && connection->script.look)
    connection->script.look(connection, connection->rows);
  mysql_free_result(connection->rows); /* complete in memory: no I/O; NULL is allowed */
  connection->rows = NULL;
  if (failed)
    connection->script.done(connection, true);
  else if (mysql_more_results(connection->mysql))
    aurora__driver_next(connection, &next);
  else if (aurora__has_leftover(connection->mysql))
    connection->script.done(connection, true);
  else if (++connection->script.next < connection->script.count)
    aurora__driver_next(connection, &query);
  else
    connection->script.done(connection, false);
}

static void next_done(aurora_connection_t *connection)
{
  if (connection->status) /* -1 too: see text.c */
    connection->script.done(connection, true);
  else
    aurora__driver_next(connection, &store);
}

void aurora__script_run(aurora_connection_t *connection, const aurora__script_t *script)
{
  connection->script = *script;
  connection->script.next = 0;
  aurora__driver_next(connection, &query);
  aurora__driver_run(connection);
}
