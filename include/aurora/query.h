/*
 * Queries: one statement, one callback.
 */
#ifndef AURORA_QUERY_H
#define AURORA_QUERY_H

#include <aurora/error.h>
#include <aurora/result.h>
#include <aurora/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aurora_pool aurora_pool_t;             /* opaque, made by the library */
typedef struct aurora_connection aurora_connection_t; /* a checked-out connection */
typedef struct aurora_query aurora_query_t;           /* queued or running; valid until its callback
                                                         returns */

/* Success: error is NULL. Failure: result is NULL. Both are borrowed until the callback returns. */
typedef void (*aurora_query_cb)(const aurora_error_t *error, const aurora_result_t *result,
                                void *data);

/* error NULL: success. Borrowed until the callback returns. */
typedef void (*aurora_done_cb)(const aurora_error_t *error, void *data);

/* One streamed row: a result of one row, borrowed until the callback returns. 0 goes on; anything
 * else stops the query, whose callback then gets UV_ECANCELED. */
typedef int (*aurora_row_cb)(const aurora_result_t *row, void *data);

enum {
  /* May be sent again, once, when its connection is lost while it runs. */
  AURORA_QUERY_IDEMPOTENT = 1u << 0,
  /* Sent as text: not prepared. Only for statements without parameters. */
  AURORA_QUERY_TEXT = 1u << 1
};

typedef struct {
  uint64_t timeout_ms;         /* 0: the pool's query_timeout; from the call to the callback */
  uint64_t acquire_timeout_ms; /* 0: the pool's; waiting for a connection */
  unsigned flags;              /* AURORA_QUERY_* */
  aurora_row_cb on_row;        /* NULL: the result is buffered. Else rows go here as they arrive and
                                  the callback's result has columns and no rows */
} aurora_query_options_t;

/*
 * Runs one statement on any connection of the pool. Without parameters it goes as text, with
 * parameters it is prepared (and the statement kept for the next time). sql is NUL-terminated UTF-8.
 *
 * Refused with: UV_EINVAL (NULL or empty sql, NULL callback, more than 65535 parameters, invalid
 * UTF-8 in a string parameter), AURORA_ECLOSED, AURORA_EQUEUEFULL, UV_ENOMEM.
 *
 * The callback's errors: AURORA_ESERVER (server_errno and message tell), UV_ETIMEDOUT (the statement
 * is killed on the server), UV_ECANCELED, AURORA_ELOST, AURORA_EPROTOCOL, AURORA_ETOOBIG,
 * AURORA_EPARAMS (wrong number of parameters), AURORA_ECLOSED, and when no connection could be had
 * the reason: UV_ECONNREFUSED and its like, AURORA_ECONNECT, AURORA_EACCESS, AURORA_ETLS.
 * error->outcome says whether the statement may have been executed.
 */
AURORA_API int aurora_pool_query(aurora_pool_t *pool, const char *sql, aurora_params_t params,
                                 aurora_query_cb cb, void *data);

/* The same with options (NULL: none). ret_query may be NULL. UV_EINVAL also for AURORA_QUERY_TEXT
 * with parameters and for unknown flags. */
AURORA_API int aurora_pool_query_with(aurora_pool_t *pool, const char *sql, aurora_params_t params,
                                      const aurora_query_options_t *options, aurora_query_cb cb,
                                      void *data, aurora_query_t **ret_query);

/*
 * A queued query is unlinked; a running one is killed on the server. Its callback gets UV_ECANCELED,
 * with outcome AURORA_NOT_SENT or AURORA_UNKNOWN, soon but not from inside this call. 0; or
 * UV_EALREADY when the query has ended and its callback is due.
 */
AURORA_API int aurora_query_cancel(aurora_query_t *query);

#ifdef __cplusplus
}
#endif
#endif
