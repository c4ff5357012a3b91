/*
 * A query in the binary protocol, in three files: prepared.c prepares and executes, long_data.c sends
 * large parameters ahead, prepared_rows.c takes in the results. What they need of each other.
 */
#ifndef AURORA_CONNECTION_PREPARED_H
#define AURORA_CONNECTION_PREPARED_H

#include "connection/connection.h"

static inline MYSQL_STMT *aurora__prepared_handle(const aurora_connection_t *connection)
{
  return connection->statement->handle;
}

/* Sends the parameters that go ahead of the execution, which is next (long_data.c). They are bound. */
void aurora__long_data_send(aurora_connection_t *connection);

/* Says that the execution is next. */
void aurora__prepared_execute(aurora_connection_t *connection);

/* The statement was executed: its results are next (prepared_rows.c). */
void aurora__prepared_take_results(aurora_connection_t *connection);

/* A call has failed; libmariadb tells why. */
void aurora__prepared_failed(aurora_connection_t *connection);

/* Everything is read; or the query was given up, and there is nothing to read. */
void aurora__prepared_ended(aurora_connection_t *connection);

#endif
