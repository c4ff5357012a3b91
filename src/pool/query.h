/*
 * A request for a connection: a query, or a lease. What aurora_query_t points to.
 *
 *            submit                 GRANT / lease's turn            end
 *   (free) ---------> QUEUED ---------------------------> RUNNING ------> ENDED --> (free)
 *                       |         cancel, time-out,          ^
 *                       +---------- no connection -----------|----------> ENDED
 *
 * ENDED means that the outcome is settled and the callback is due, or being made. The memory lives
 * until the callback has returned *and* the connection has let go: libmariadb may still be sending
 * from the SQL text of a query whose time is up.
 */
#ifndef AURORA_POOL_QUERY_H
#define AURORA_POOL_QUERY_H

#include <aurora/batch.h>
#include <aurora/connection.h>
#include <aurora/query.h>

#include "base/alarm.h"
#include "base/list.h"
#include "pool/scheduler.h"
#include "sql/known_texts.h"

typedef enum { AURORA__QUERY_QUEUED, AURORA__QUERY_RUNNING, AURORA__QUERY_ENDED } aurora__phase_t;

struct aurora_query {
  aurora__waiter_t waiter; /* in the scheduler's queue, while QUEUED for any connection */
  aurora__list_t node;     /* in a lease's queue, in pool.ended, or in pool.free_queries */
  aurora__alarm_t alarm;   /* the query's time-out */
  aurora_pool_t *pool;
  /* One block, reused when the object is: the SQL, its NUL, then the values. */
  char *block;
  size_t block_size;

  /* From here on of one request only. */
  aurora_connection_t *connection; /* the lease it belongs to, or what runs it; NULL in the queue */
  aurora__phase_t phase;
  bool is_acquire;    /* a lease is wanted; there is no SQL */
  bool wants_done;    /* the callback is a done callback */
  bool on_lease;      /* belongs to a lease: never moves to another connection */
  bool attached;      /* the connection still uses its memory */
  bool delivered;     /* the callback has returned */
  bool resent;        /* was sent before, on a connection that was lost */
  bool rows_streamed; /* the caller has seen rows of it, or those of a batch were executed */
  bool paused;        /* no rows are to come */
  uint64_t paused_at; /* ms: the last time; 0: never */
  uint64_t pause;     /* ms: the longest that is over */
  bool failed;        /* error is set */
  bool late;          /* its own time-out, or its acquire_timeout, has ended it */
  bool cancelled;     /* its caller has */
  unsigned flags;     /* AURORA_QUERY_* */

  /* The statement, in the block. */
  size_t sql_size; /* bytes, without the NUL */
  aurora__verdict_t verdict;
  /* Where the pool has remembered the SQL; NULL: too long for that. By now it may be another text's. */
  aurora__known_text_t *known;
  aurora_params_t params;
  aurora_batch_t *batch; /* NULL unless it is one; the parameters are then those of a row */

  aurora_row_cb on_row;
  union {
    aurora_query_cb query;
    aurora_connection_cb acquire;
    aurora_done_cb done; /* may be NULL */
    aurora_batch_cb batch;
  } cb;
  void *data;

  uint64_t acquire_timeout; /* ms; 0: none */
  uint64_t timeout;         /* ms; 0: none */
  uint64_t called_at;       /* ns: when the caller asked */

  aurora_result_t *result; /* our reference */
  aurora_error_t error;
};

static inline const char *aurora__query_sql(const aurora_query_t *query)
{
  return query->block;
}

/* A new or recycled object, empty but for its pool; NULL when memory is out. */
aurora_query_t *aurora__query_new(aurora_pool_t *pool);

/* A statement's text, looked through. */
typedef struct {
  const char *text;
  size_t size; /* bytes, without the NUL */
  aurora__verdict_t verdict;
  aurora__known_text_t *known; /* NULL: too long to be remembered */
} aurora__sql_t;

/* 0, or UV_EINVAL: it is not UTF-8, or too long. */
int aurora__sql_of(aurora_pool_t *pool, const char *text, aurora__sql_t *ret);

/* A lease's label (NULL: none), which takes the statement's place. 0 or UV_ENOMEM. */
int aurora__query_set_label(aurora_query_t *query, const char *label);

/* Checks what a caller passed. 0 or UV_EINVAL. */
int aurora__query_check(aurora_pool_t *pool, const char *text, aurora_params_t params,
                        const aurora_query_options_t *options, aurora_query_cb cb,
                        aurora__sql_t *ret_sql);

/* The same for values, row by row. What is wrong, and where, is logged. */
int aurora__values_check(const aurora_pool_t *pool, const aurora_value_t *values, size_t columns,
                         size_t rows);
/* Whether a value points at memory. */
bool aurora__value_has_text(const aurora_value_t *value);

/* Makes a query of checked arguments, with its time-out running. 0 or UV_ENOMEM. */
int aurora__query_create(aurora_pool_t *pool, const aurora__sql_t *sql, aurora_params_t params,
                         const aurora_query_options_t *options, aurora_query_cb cb, void *data,
                         aurora_query_t **ret_query);

/* Hands a new query to the scheduler. 0, or a code: the query was discarded. */
int aurora__pool_submit(aurora_pool_t *pool, aurora_query_t *query);
/* The same for one without an acquire_timeout, to a pool that is not closing: whatever its queue_limit. */
void aurora__pool_submit_anyway(aurora_pool_t *pool, aurora_query_t *query);
/* Hands one to a lease, behind those that were asked before. */
void aurora__connection_submit(aurora_connection_t *connection, aurora_query_t *query);

/* Settles the outcome: the callback is due. Only for a query that has not ended. */
void aurora__query_succeed(aurora_query_t *query, aurora_result_t *result_take);
void aurora__query_fail(aurora_query_t *query, const aurora_error_t *error);
void aurora__query_fail_with(aurora_query_t *query, int code, aurora_outcome_t outcome,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The connection no longer uses the query's memory. */
void aurora__query_detach(aurora_query_t *query);

/* Makes the callback of an ended query and gives the object back. */
void aurora__query_deliver(aurora_query_t *query);

/* Frees a query that was never submitted. */
void aurora__query_discard(aurora_query_t *query);

#endif
