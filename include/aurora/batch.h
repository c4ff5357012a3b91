/*
 * Batches: one statement for many rows of parameters, all of them or none.
 *
 * A batch runs on one connection in one transaction. A server that has MariaDB's bulk protocol gets
 * many rows in one packet, in as many packets as are needed (each within its max_allowed_packet); any
 * other gets the rows one after the other, each an execution of one prepared statement. Rows whose
 * types differ from those of their neighbours go one by one as well, and so does a packet that the
 * server refused, to find out which of its rows was to blame.
 *
 * All or nothing holds for tables with transactions (InnoDB), and for statements that do not commit
 * by themselves.
 */
#ifndef AURORA_BATCH_H
#define AURORA_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/connection.h>
#include <aurora/error.h>
#include <aurora/pool.h>
#include <aurora/query.h>
#include <aurora/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The parameters of a batch, row by row: those of row r begin at values[r * columns]. */
typedef struct {
  const aurora_value_t *values;
  size_t columns; /* the statement's placeholders: 1 to 65535 */
  size_t rows;    /* 1 or more */
} aurora_rows_t;

/* What became of a batch. */
typedef struct aurora_batch aurora_batch_t;

/*
 * error NULL: the rows are in the database (on a lease with an open transaction: in that
 * transaction). Else nothing of them stays. batch is never NULL; after an error it tells which row
 * failed. Both are borrowed until the callback returns.
 */
typedef void (*aurora_batch_cb)(const aurora_error_t *error, const aurora_batch_t *batch,
                                void *data);

enum {
  /* No bulk protocol: each row is executed by itself, and says what it has done. */
  AURORA_BATCH_ONE_BY_ONE = 1u << 0,
  /* Rows that the server refuses are left out and the others stay: the batch has succeeded then, and
   * aurora_batch_failed counts those. A deadlock still ends all of it. */
  AURORA_BATCH_KEEP_GOOD = 1u << 1
};

typedef struct {
  uint64_t timeout_ms;         /* 0: the pool's query_timeout; from the call to the callback */
  uint64_t acquire_timeout_ms; /* 0: the pool's; waiting for a connection */
  unsigned flags;              /* AURORA_BATCH_* */
} aurora_batch_options_t;

/*
 * Executes a statement for every row, on any connection of the pool. SQL and values are copied.
 * options and ret_query may be NULL; *ret_query is for aurora_query_cancel, and valid until the
 * callback returns. What rows the statement returns (RETURNING) are read and dropped.
 *
 * Refused with: UV_EINVAL (NULL or empty sql, no rows, no columns or more than 65535, NULL values or
 * callback, invalid UTF-8 in a string, a value outside of its range (value.h; the log event "parameter refused" says
 * which, in which row, and why), unknown flags), AURORA_ECLOSED, AURORA_EQUEUEFULL, UV_ENOMEM.
 *
 * The callback's errors are those of a query. After a time-out, a cancel or a lost connection
 * error->outcome is AURORA_UNKNOWN once a row was sent; aurora_batch_row then says whether rows may
 * stay (AURORA_ROW_UNKNOWN: the commit was under way) or are undone by the server.
 */
AURORA_API int aurora_pool_batch(aurora_pool_t *pool, const char *sql, aurora_rows_t rows,
                                 const aurora_batch_options_t *options, aurora_batch_cb cb,
                                 void *data, aurora_query_t **ret_query);

/*
 * The same on a lease, in its line of statements. In the holder's own transaction if one is open,
 * within a savepoint called aurora__batch: after an error the transaction goes on without the batch.
 * Else in a transaction of its own, which, like every START TRANSACTION, ends LOCK TABLES.
 */
AURORA_API int aurora_connection_batch(aurora_connection_t *connection, const char *sql,
                                       aurora_rows_t rows, const aurora_batch_options_t *options,
                                       aurora_batch_cb cb, void *data, aurora_query_t **ret_query);

typedef enum {
  AURORA_ROW_NOT_EXECUTED, /* it was not sent */
  AURORA_ROW_EXECUTED,     /* and it stays */
  AURORA_ROW_FAILED,       /* the server refused it */
  AURORA_ROW_ROLLED_BACK,  /* it was executed, or begun, and is undone with the batch */
  AURORA_ROW_UNKNOWN /* it may stay: no answer to the commit, or a table without transactions */
} aurora_row_state_t;

typedef struct {
  aurora_row_state_t state;
  bool bulk; /* it went in a packet with others: the server told the sum of them only */
  bool has_affected_rows; /* executed by itself: the two below are known */
  uint64_t affected_rows; /* else 0 */
  uint64_t insert_id;     /* AUTO_INCREMENT value; 0: none was made, or it is not known */
} aurora_batch_row_t;

/* How many rows were given. */
AURORA_API size_t aurora_batch_rows(const aurora_batch_t *batch);
/* How many of them are AURORA_ROW_EXECUTED; AURORA_ROW_FAILED. */
AURORA_API size_t aurora_batch_executed(const aurora_batch_t *batch);
AURORA_API size_t aurora_batch_failed(const aurora_batch_t *batch);
/* How many of the executed ones went in bulk. */
AURORA_API size_t aurora_batch_bulk(const aurora_batch_t *batch);
/* The sum over all executed rows, bulk ones included. */
AURORA_API uint64_t aurora_batch_affected_rows(const aurora_batch_t *batch);
/* The first row that failed, from 0. SIZE_MAX: none, or the server did not say which. */
AURORA_API size_t aurora_batch_failed_row(const aurora_batch_t *batch);
/* One row; for a row that does not exist state is AURORA_ROW_NOT_EXECUTED. */
AURORA_API aurora_batch_row_t aurora_batch_row(const aurora_batch_t *batch, size_t row);
/* Why a row failed. 0; AURORA_ENOTFOUND for one that has not. */
AURORA_API int aurora_batch_row_error(const aurora_batch_t *batch, size_t row,
                                      aurora_error_t *ret_error);

#ifdef __cplusplus
}
#endif
#endif
