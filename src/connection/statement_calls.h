/*
 * libmariadb's calls on a prepared statement by start and cont, as operations of the driver: for the
 * statement of a query (prepared.c) and that of a batch's bulk work (bulk.c).
 *
 * connection->called is the handle of the call under way.
 */
#ifndef AURORA_CONNECTION_STATEMENT_CALLS_H
#define AURORA_CONNECTION_STATEMENT_CALLS_H

#include "connection/connection.h"

int aurora__call_prepare(aurora_connection_t *connection, const aurora__statement_t *statement);
int aurora__call_prepare_cont(aurora_connection_t *connection, int status);

int aurora__call_execute(aurora_connection_t *connection, const aurora__statement_t *statement);
int aurora__call_execute_cont(aurora_connection_t *connection, int status);

/* Closes connection->closing_statement on the server and frees its handle, whatever comes. */
int aurora__call_close(aurora_connection_t *connection);
int aurora__call_close_cont(aurora_connection_t *connection, int status);

#endif
