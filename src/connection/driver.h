/*
 * The driver: runs libmariadb's start/cont calls on a uv_poll, one at a time, without recursion.
 *
 * The poll stays armed for reading from the first moment to the last, so that a query costs no
 * epoll_ctl and a server that hangs up is noticed while the connection is idle. It is armed for
 * writing only while a call waits to write.
 */
#ifndef AURORA_CONNECTION_DRIVER_H
#define AURORA_CONNECTION_DRIVER_H

#include "connection/connection.h"
#include "pool/query.h"

/* Starts polling connection->mysql's socket. 0 or a libuv error: nothing is open then. */
int aurora__driver_open(aurora_connection_t *connection);

/* Says which operation is next; called by an operation's done, or before aurora__driver_run. */
static inline void aurora__driver_next(aurora_connection_t *connection,
                                       const aurora__operation_t *operation)
{
  connection->next_operation = operation;
}

/* The same for an operation that may be repeated many times without waiting: after a while the loop
 * gets a turn in between. */
void aurora__driver_next_row(aurora_connection_t *connection, const aurora__operation_t *operation);

/* The same for an operation each of which may take long without waiting. */
void aurora__driver_next_slow(aurora_connection_t *connection,
                              const aurora__operation_t *operation);

/* Whether the next of many rows, should it be there, may be taken at once: without another round of the
 * driver, which looks at the clock and whether the query was paused. */
enum { AURORA__ROWS_BETWEEN_LOOKS = 32 };
static inline bool aurora__driver_may_go_on(aurora_connection_t *connection)
{
  return connection->steps + 1 < AURORA__ROWS_BETWEEN_LOOKS &&
         !(connection->query && connection->query->paused);
}

/* Goes on, on a turn of the loop of its own, with what stood still because the query was paused, and
 * is not any more. */
void aurora__driver_wake(aurora_connection_t *connection);

/* Goes on after a turn. */
void aurora__driver_take_turn(aurora_connection_t *connection);

/* Runs operations until one is suspended or none is left. Called from inside an operation's done, it
 * leaves the work to the run that is going on. */
void aurora__driver_run(aurora_connection_t *connection);

/* Ends a suspended call at once: the socket is shut down under it. Its done is not called. After this
 * the session is good for mysql_close only. */
void aurora__driver_abort(aurora_connection_t *connection);

#endif
