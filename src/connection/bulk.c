/*
 * Bulk operations of a connection whose query in hand (connection->memory) is a batch.
 *
 *   (LIMIT) -> PREPARE -> EXECUTE (-> DROP ROWS) ... EXECUTE -> CLOSE
 *
 * libmariadb asks for each row by a callback while it makes the packet, so no arrays of the columns are
 * made. That happens inside the call that starts the execution, in one go: a packet is to be small
 * enough not to keep the loop.
 */
#include "connection/bulk.h"

#include <stdlib.h>
#include <string.h>

#include "batch/batch.h"
#include "connection/binds.h"
#include "connection/driver.h"
#include "connection/statement_calls.h"
#include "pool/query.h"

static const char limit_sql[] = "SELECT @@max_allowed_packet";

static aurora__bulk_t *bulk_of(const aurora_connection_t *connection)
{
  return &connection->memory->batch->bulk;
}

static MYSQL_STMT *handle_of(const aurora_connection_t *connection)
{
  return bulk_of(connection)->statement->handle;
}

static int ask_start(aurora_connection_t *connection)
{
  return mysql_real_query_start(&connection->status, connection->mysql, limit_sql,
                                sizeof limit_sql - 1);
}

static int ask_cont(aurora_connection_t *connection, int status)
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

static int prepare_start(aurora_connection_t *connection)
{
  return aurora__call_prepare(connection, bulk_of(connection)->statement);
}

static int execute_start(aurora_connection_t *connection)
{
  return aurora__call_execute(connection, bulk_of(connection)->statement);
}

static int drop_start(aurora_connection_t *connection)
{
  return mysql_stmt_store_result_start(&connection->status, handle_of(connection));
}

static int drop_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_store_result_cont(&connection->status, handle_of(connection), status);
}

static void ask_done(aurora_connection_t *connection);
static void store_done(aurora_connection_t *connection);
static void done(aurora_connection_t *connection);
static void execute_done(aurora_connection_t *connection);
static void drop_done(aurora_connection_t *connection);
static void close_done(aurora_connection_t *connection);

static const aurora__operation_t ask_limit = {"ask packet limit", ask_start, ask_cont, ask_done};
static const aurora__operation_t store_limit = {"packet limit", store_start, store_cont,
                                                store_done};
static const aurora__operation_t prepare = {"prepare bulk", prepare_start,
                                            aurora__call_prepare_cont, done};
static const aurora__operation_t execute = {"execute bulk", execute_start,
                                            aurora__call_execute_cont, execute_done};
static const aurora__operation_t drop_rows = {"drop bulk rows", drop_start, drop_cont, drop_done};
static const aurora__operation_t close_bulk = {"close bulk", aurora__call_close,
                                               aurora__call_close_cont, close_done};

static void done(aurora_connection_t *connection)
{
  bulk_of(connection)->done(connection, connection->status != 0);
}

static void ask_done(aurora_connection_t *connection)
{
  if (connection->status)
    done(connection);
  else
    aurora__driver_next(connection, &store_limit);
}

static void store_done(aurora_connection_t *connection)
{
  MYSQL_ROW row = connection->rows ? mysql_fetch_row(connection->rows) : NULL;

  /* It is complete in memory: no I/O. */
  if (row && row[0])
    connection->max_packet = strtoull(row[0], NULL, 10);
  mysql_free_result(connection->rows);
  connection->rows = NULL;
  bulk_of(connection)->done(connection, connection->max_packet == 0);
}

static void execute_done(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = handle_of(connection);

  bulk_of(connection)->affected = mysql_stmt_affected_rows(handle);
  if (!connection->status && mysql_stmt_field_count(handle))
    aurora__driver_next(connection, &drop_rows);
  else
    done(connection);
}

/* What RETURNING gives: a row for each that was affected. */
static void drop_done(aurora_connection_t *connection)
{
  MYSQL_STMT *handle = handle_of(connection);

  if (!connection->status) {
    bulk_of(connection)->affected = mysql_stmt_num_rows(handle);
    mysql_stmt_free_result(handle); /* it is complete in memory: no I/O */
  }
  done(connection);
}

static void close_done(aurora_connection_t *connection)
{
  aurora__statement_free(connection->closing_statement);
  connection->closing_statement = NULL;
  bulk_of(connection)->done(connection, false);
}

/* libmariadb's callback for a row of the packet. */
static my_bool bind_row(void *data, MYSQL_BIND *params, unsigned row)
{
  aurora_connection_t *connection = data;
  const aurora__bulk_t *bulk = bulk_of(connection);
  aurora_params_t values = {bulk->values + row * bulk->columns, bulk->columns};

  if (aurora__binds_set(connection, values))
    return 1;
  memcpy(params, connection->binds, bulk->columns * sizeof *params);
  return 0;
}

bool aurora__bulk_is_known(const aurora_connection_t *connection)
{
  return !connection->no_bulk && aurora__is_mariadb(connection->mysql);
}

void aurora__bulk_ask_limit(aurora_connection_t *connection)
{
  aurora__driver_next(connection, &ask_limit);
}

int aurora__bulk_prepare(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->memory;
  aurora__bulk_t *bulk = bulk_of(connection);

  aurora__statement_key_t key = {.sql = aurora__query_sql(query), .size = query->sql_size};

  bulk->statement = aurora__statement_new(&connection->statements, connection->mysql, &key);
  if (!bulk->statement)
    return UV_ENOMEM;
  mysql_stmt_attr_set(bulk->statement->handle, STMT_ATTR_CB_PARAM, (void *)bind_row);
  mysql_stmt_attr_set(bulk->statement->handle, STMT_ATTR_CB_USER_DATA, connection);
  aurora__driver_next(connection, &prepare);
  return 0;
}

int aurora__bulk_execute(aurora_connection_t *connection)
{
  const aurora__bulk_t *bulk = bulk_of(connection);
  aurora_params_t types = {bulk->types, bulk->columns};

  /* What is bound here is the types; the values follow row by row. */
  if (mysql_stmt_attr_set(handle_of(connection), STMT_ATTR_ARRAY_SIZE, &bulk->rows) ||
      aurora__binds_set(connection, types) ||
      mysql_stmt_bind_param(handle_of(connection), connection->binds))
    return UV_ENOMEM;
  aurora__driver_next(connection, &execute);
  return 0;
}

void aurora__bulk_close(aurora_connection_t *connection)
{
  aurora__bulk_t *bulk = bulk_of(connection);

  connection->closing_statement = bulk->statement;
  bulk->statement = NULL;
  aurora__driver_next(connection, &close_bulk);
}
