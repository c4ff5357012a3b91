/*
 * MariaDB's bulk protocol: one execution of a prepared statement with many rows of parameters.
 */
#ifndef AURORA_CONNECTION_BULK_H
#define AURORA_CONNECTION_BULK_H

#include <stdbool.h>
#include <stddef.h>

#include <aurora/connection.h>

#include "connection/statement_cache.h"

/* The bulk work of a batch: a statement of its own, in no cache. Zeros: none is prepared. */
typedef struct {
  aurora__statement_t *statement;
  const aurora_value_t *values; /* of the rows to be executed */
  aurora_value_t *types;        /* a value of each column's type */
  size_t columns;
  unsigned rows;
  uint64_t affected; /* by the last execution */
  /* At the end of each of the operations below, which begin in another one's done, or before
   * aurora__driver_run. failed: the statement's or the connection's errno says why. */
  void (*done)(aurora_connection_t *connection, bool failed);
} aurora__bulk_t;

/* False when the server is known not to have the protocol. */
bool aurora__bulk_is_known(const aurora_connection_t *connection);

/* Asks for the session's max_allowed_packet: connection->max_packet. */
void aurora__bulk_ask_limit(aurora_connection_t *connection);

/* Prepares the query's statement. UV_ENOMEM: nothing was begun. */
int aurora__bulk_prepare(aurora_connection_t *connection);

/* Executes it, and drops the rows that it returns. 0 or UV_ENOMEM. libmariadb says CR_FUNCTION_NOT_SUPPORTED, and sends nothing, when the
 * server has no such protocol. */
int aurora__bulk_execute(aurora_connection_t *connection);

/* Closes it on the server. */
void aurora__bulk_close(aurora_connection_t *connection);

#endif
