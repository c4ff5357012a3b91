/*
 * Leases: a connection of one's own for several statements in one session.
 *
 * What a caller holds as aurora_connection_t * is a handle: it is no address of anything, and never that of
 * another lease. When the lease has ended (release, commit, rollback, the pool's close) it is good for
 * nothing: calls are refused with UV_EINVAL, whoever has the connection by then.
 */
#ifndef AURORA_CONNECTION_H
#define AURORA_CONNECTION_H

#include <aurora/error.h>
#include <aurora/pool.h>
#include <aurora/query.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Success: error is NULL, and the connection is the caller's until aurora_connection_release. */
typedef void (*aurora_connection_cb)(const aurora_error_t *error, aurora_connection_t *connection,
                                     void *data);

/* Takes a connection out of the pool; requests and queries wait in one line. Refused with UV_EINVAL,
 * AURORA_ECLOSED, AURORA_EQUEUEFULL, UV_ENOMEM; the callback's errors are those of a query that gets
 * no connection. */
AURORA_API int aurora_pool_acquire(aurora_pool_t *pool, aurora_connection_cb cb, void *data);

typedef struct {
  uint64_t acquire_timeout_ms; /* 0: the pool's; waiting for the connection */
  const char *label;           /* NULL, or who takes it: for the log, should it be held longer than
                                  config.leak_warn. The first 63 bytes are copied */
} aurora_acquire_options_t;

/* The same with options (NULL: none). */
AURORA_API int aurora_pool_acquire_with(aurora_pool_t *pool,
                                        const aurora_acquire_options_t *options,
                                        aurora_connection_cb cb, void *data);

/*
 * As aurora_pool_query, on this connection. Statements queue in order. After the connection was lost
 * each gets AURORA_ELOST, outcome AURORA_NOT_SENT; release it and acquire another. UV_EINVAL also for a
 * lease that has ended.
 */
AURORA_API int aurora_connection_query(aurora_connection_t *connection, const char *sql,
                                       aurora_params_t params, aurora_query_cb cb, void *data);
AURORA_API int aurora_connection_query_with(aurora_connection_t *connection, const char *sql,
                                            aurora_params_t params,
                                            const aurora_query_options_t *options,
                                            aurora_query_cb cb, void *data,
                                            aurora_query_t **ret_query);

/*
 * Gives the connection back; the lease ends with this call. Statements that are queued on it still run.
 * The session is then cleaned (config.reset): an open transaction is rolled back, never committed. A second
 * call does nothing but tell the log ("connection released twice"). NULL is allowed.
 */
AURORA_API void aurora_connection_release(aurora_connection_t *connection);

/* The server's id of the session (CONNECTION_ID()); 0 of a lease that has ended. */
AURORA_API uint64_t aurora_connection_id(const aurora_connection_t *connection);

#ifdef __cplusplus
}
#endif
#endif
