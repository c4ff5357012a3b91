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
 * parameters it is prepared (and the statement kept for the next time). sql is NUL-terminated UTF-8;
 * other bytes go as parameters (aurora_bytes) or in hexadecimal (x'ff').
 *
 * Refused with: UV_EINVAL (NULL or empty sql, NULL callback, more than 65535 parameters, invalid
 * UTF-8 in sql or in a string parameter, a parameter outside of its range (value.h; the log event "parameter refused" says
 * which and why), sql or a parameter of more than 1 GiB, which no server
 * takes), AURORA_ECLOSED, AURORA_EQUEUEFULL, UV_ENOMEM.
 *
 * What is copied stays until the callback. Large parameters are sent in pieces, without another copy of
 * the whole. The server's max_allowed_packet bounds each parameter, sql itself, and each row of a
 * result: over it the server refuses a large parameter (AURORA_ESERVER, server_errno 1105, and the
 * message names the limit), and hangs up on sql (1153, or AURORA_ELOST when it does not manage to say
 * so). Results are bounded by config.max_result_size too.
 *
 * The callback's errors: AURORA_ESERVER (server_errno and message tell; 1461: the server holds
 * max_prepared_stmt_count statements, and within connect_timeout no connection of the pool could give one back; a pool with
 * AURORA_RESET_NEVER takes them from the query's own connection only), UV_ETIMEDOUT (the statement
 * is killed on the server), UV_ECANCELED, AURORA_ELOST, AURORA_EPROTOCOL, AURORA_ETOOBIG,
 * AURORA_EPARAMS (wrong number of parameters), AURORA_ECLOSED, and when no connection could be had
 * the reason: UV_ECONNREFUSED and its like, AURORA_ECONNECT, AURORA_EACCESS, AURORA_ETLS. That may be
 * the reason of an earlier attempt: see config.backoff_min.
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

/*
 * Streaming back-pressure: after pause no row comes until resume, and the server is held back by the
 * network once its buffers are full. The query's time-out goes on. A query that has not begun may be
 * paused, too. A server that hangs up meanwhile is noticed at the resume: it does so once it could not write
 * for its net_write_timeout (60 s), which the message of the AURORA_ELOST names; for longer pauses set that
 * variable on a lease, or in init_sql. From inside on_row as from
 * anywhere else; rows never come from inside resume. 0; UV_EINVAL for a query without on_row;
 * UV_EALREADY when the query has ended and its callback is due.
 */
AURORA_API int aurora_query_pause(aurora_query_t *query);
AURORA_API int aurora_query_resume(aurora_query_t *query);

#ifdef __cplusplus
}
#endif
#endif
