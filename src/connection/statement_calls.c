#include "connection/statement_calls.h"

int aurora__call_prepare(aurora_connection_t *connection, const aurora__statement_t *statement)
{
  connection->called = statement->handle;
  return mysql_stmt_prepare_start(&connection->status, connection->called, statement->sql,
                                  statement->size);
}

int aurora__call_prepare_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_prepare_cont(&connection->status, connection->called, status);
}

int aurora__call_execute(aurora_connection_t *connection, const aurora__statement_t *statement)
{
  connection->called = statement->handle;
  connection->sent = true;
  return mysql_stmt_execute_start(&connection->status, connection->called);
}

int aurora__call_execute_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_execute_cont(&connection->status, connection->called, status);
}

int aurora__call_close(aurora_connection_t *connection)
{
  connection->called = connection->closing_statement->handle;
  connection->closing_statement->handle = NULL;
  return mysql_stmt_close_start(&connection->flag, connection->called);
}

int aurora__call_close_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_close_cont(&connection->flag, connection->called, status);
}
