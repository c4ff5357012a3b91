/*
 * What the files that run a batch share: its steps, of which each begins the next.
 *
 * Every step ends in a function that first looks whether the query was given up meanwhile
 * (connection->query is NULL): then only the bulk statement is closed, and the session left to
 * give_up.c. An error of the server's leads to the rollback, any other ends the connection.
 */
#ifndef AURORA_BATCH_STEPS_H
#define AURORA_BATCH_STEPS_H

#include "batch/batch.h"
#include "libmariadb/internals.h"
#include "pool/query.h"

static inline aurora_batch_t *aurora__batch_of(const aurora_connection_t *connection)
{
  return connection->memory->batch;
}

static inline bool aurora__batch_is_in_transaction(const aurora_connection_t *connection)
{
  return (aurora__server_status(connection->mysql) & SERVER_STATUS_IN_TRANS) != 0;
}

/* --- steps.c ------------------------------------------------------------------------------------ */

/* Runs one statement of ours, as text. */
void aurora__batch_run_sql(aurora_connection_t *connection, const char *sql,
                           void (*done)(aurora_connection_t *connection, bool failed));

/* The row that is next, the run that is next, or the end. */
void aurora__batch_next(aurora_connection_t *connection);

/* The batch has failed; the session is good. */
void aurora__batch_fail(aurora_connection_t *connection, const aurora_error_t *error);
void aurora__batch_fail_for_memory(aurora_connection_t *connection);

/* A call of ours on a statement has ended; if it failed, libmariadb tells why. False: so has the batch, or is about
 * to. */
bool aurora__batch_call_is_good(aurora_connection_t *connection, bool failed, MYSQL_STMT *handle);
/* The same for a statement sent as text. */
bool aurora__batch_is_good(aurora_connection_t *connection, bool failed);

/* Nothing is left to do on the server but to close the bulk statement. */
void aurora__batch_wind_up(aurora_connection_t *connection);

/* --- rows.c ------------------------------------------------------------------------------------- */

/* Executes the next row by itself. */
void aurora__batch_run_row(aurora_connection_t *connection);

/* --- packets.c ---------------------------------------------------------------------------------- */

/* Executes the rows up to batch->run_end in bulk. */
void aurora__batch_run_packet(aurora_connection_t *connection);

#endif
