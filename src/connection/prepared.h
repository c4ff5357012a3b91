/*
 * A query in the binary protocol, in four files: prepared.c prepares and executes, long_data.c sends
 * large parameters ahead, prepared_rows.c takes in the results, execution.c does all of that for a statement
 * whose results are known. What they need of each other.
 */
#ifndef AURORA_CONNECTION_PREPARED_H
#define AURORA_CONNECTION_PREPARED_H

#include "connection/connection.h"

static inline MYSQL_STMT *aurora__prepared_handle(const aurora_connection_t *connection)
{
  return connection->statement->handle;
}

/* Whether some of these go ahead of their execution. */
bool aurora__long_data_is_due(aurora_params_t params);

/* Sends the parameters that go ahead of the execution, which is next (long_data.c). They are bound. */
void aurora__long_data_send(aurora_connection_t *connection);

/* Says that the execution is next. */
void aurora__prepared_execute(aurora_connection_t *connection);

/* The statement was executed: its results are next (prepared_rows.c). */
void aurora__prepared_take_results(aurora_connection_t *connection);

/* The same, of rows whose columns are known: they are to be fetched. */
void aurora__prepared_begin_rows(aurora_connection_t *connection, aurora__columns_t *columns);

/* Executes the statement in hand the short way (execution.c). False: nothing was done, and libmariadb is to
 * do it. */
bool aurora__execution_begin(aurora_connection_t *connection);

/* The execution has failed; libmariadb tells why. */
void aurora__prepared_not_executed(aurora_connection_t *connection);

/* The result has other columns than the statement had, which libmariadb has read: see there. False: no
 * memory. */
bool aurora__prepared_adopt_columns(aurora_connection_t *connection);

/* Prepares the statement anew that the server had no room for (pool/room.c). */
void aurora__prepared_try_again(aurora_connection_t *connection);
/* It is not to be: the query was given up meanwhile. */
void aurora__prepared_drop(aurora_connection_t *connection);

/* A call has failed; libmariadb tells why. */
void aurora__prepared_failed(aurora_connection_t *connection);

/* Everything is read; or the query was given up, and there is nothing to read. */
void aurora__prepared_ended(aurora_connection_t *connection);

#endif
