/*
 * A batch: a query (pool/query.h) that is many executions of one statement, within a transaction.
 *
 *   START TRANSACTION -> run -> run -> ... -> COMMIT -> (close the bulk statement) -> done
 *     or SAVEPOINT        |                     or RELEASE SAVEPOINT
 *                         +- a row fails -> ROLLBACK, or ROLLBACK TO SAVEPOINT -> ... -> failed
 *
 *   a run of rows in bulk:    SAVEPOINT -> EXECUTE --failed--> ROLLBACK TO SAVEPOINT -> one by one
 *   a run of rows one by one: each takes the way of a prepared query (connection/prepared.c), whose
 *                             end comes back here instead of ending the query
 *
 * To pool, lease and scheduler it is one query: it waits, times out, is cancelled, cut and called back
 * as one. When it is given up, whatever statement is under way is killed, and no other is begun: the
 * session's reset rolls back, or on a lease connection->undo, before the lease goes on.
 *
 * The memory is one block: this struct, a row's outcome each, the values, the types, the texts. It
 * belongs to the query.
 */
#ifndef AURORA_BATCH_BATCH_H
#define AURORA_BATCH_BATCH_H

#include <aurora/batch.h>

#include "connection/bulk.h"
#include "connection/connection.h"

/* Why a row failed. */
typedef struct {
  size_t row;
  int code;
  unsigned server_errno;
  char sqlstate[6];
  char message[];
} aurora__row_failure_t;

struct aurora_batch {
  /* What was asked. */
  unsigned flags; /* AURORA_BATCH_* */
  size_t rows, columns;
  aurora_value_t *values;

  /* How far it is. Rows below `next` are dealt with; those up to `under_way` are on the server. */
  size_t next, under_way;
  size_t run_end;
  bool run_in_bulk;
  bool one_by_one; /* from here on */
  bool in_savepoint;
  bool harmless;    /* no row so far can have changed the session */
  bool row_failed;  /* the row that is ending has: row_error */
  bool commit_sent; /* and not refused */
  bool not_undone;  /* the server says that the rollback was not complete */
  bool failed;      /* error is set */
  bool ended;       /* nothing is left to do but to settle the query */
  aurora_error_t row_error;
  aurora_error_t error;
  aurora__bulk_t bulk;

  /* What became of it. */
  aurora_batch_row_t *outcomes; /* one a row */
  size_t executed, in_bulk;
  uint64_t affected;
  aurora__row_failure_t **failures; /* by row */
  size_t failure_count, failure_room;
};

/* --- steps.c ------------------------------------------------------------------------------------ */

/* The connection has taken the query, which is a batch: begins, from the beginning. */
void aurora__batch_start(aurora_connection_t *connection);

/* --- rows.c ------------------------------------------------------------------------------------- */

/* The query in hand would end now. True: it was one row of a batch, which goes on. */
bool aurora__batch_goes_on(aurora_connection_t *connection);

/* The query in hand would fail now. True: it is one row of a batch, which keeps the error until that
 * row has ended. */
bool aurora__batch_takes_error(aurora_connection_t *connection, const aurora_error_t *error);

/* --- runs.c ------------------------------------------------------------------------------------- */

/* Where the run of rows ends that begins at `from`: rows whose values have, column by column, the same
 * type or are NULL, and which take no more than `bytes` in a packet; one row at least. Sets a value of
 * each column's type in types, NULL where there is none. */
size_t aurora__batch_run_end(const aurora_batch_t *batch, size_t from, size_t bytes,
                             aurora_value_t *types);

/* --- outcome.c ---------------------------------------------------------------------------------- */

/* As it was when the call was made. */
void aurora__batch_clear_outcome(aurora_batch_t *batch);
/* The next row was executed by itself; the rows of the run were in bulk. */
void aurora__batch_row_executed(aurora_batch_t *batch, uint64_t affected, uint64_t insert_id);
void aurora__batch_run_executed(aurora_batch_t *batch, uint64_t affected);
/* The next row has failed. 0 or UV_ENOMEM. */
int aurora__batch_add_failure(aurora_batch_t *batch, const aurora_error_t *error);

/* Makes the callback of a batch that has ended. */
void aurora__batch_deliver(aurora_query_t *query);

/* --- batch.c ------------------------------------------------------------------------------------ */

/* NULL is allowed. */
void aurora__batch_free(aurora_batch_t *batch);

#endif
