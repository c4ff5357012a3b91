/*
 * The pool: created without I/O, connects on the first query, mends itself.
 *
 * An idle pool does not keep uv_run going, nor does a lease that runs no statement; work in flight
 * does. After the callback of aurora_pool_close no handle, descriptor or thread job of the pool is left.
 */
#ifndef AURORA_POOL_H
#define AURORA_POOL_H

#include <uv.h>
#include <aurora/config.h>
#include <aurora/error.h>
#include <aurora/query.h>
#include <aurora/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* healthy: the server answers, see aurora_pool_check. why_not is NULL then, and borrowed until the callback
 * returns otherwise. */
typedef void (*aurora_health_cb)(bool healthy, const aurora_error_t *why_not, void *data);

/*
 * Checks and copies the configuration. No I/O but a look whether the TLS files can be read.
 * AURORA_ECONFIG: ret_error names the field, what it held and what is allowed. UV_EINVAL: a NULL
 * argument. UV_ENOMEM.
 *
 * libmariadb is initialised once a process. That sets an unhandled SIGPIPE to ignored, as TLS needs;
 * a handler of the program's own is left in place.
 */
AURORA_API int aurora_pool_create(uv_loop_t *loop, const aurora_config_t *config,
                                  aurora_pool_t **ret_pool, aurora_error_t *ret_error);

/* The loop's own pool, made from the environment by the first call; the same pointer until
 * aurora_pool_close, a new pool after it. Errors as aurora_config_from_env and create. */
AURORA_API int aurora_pool_get(uv_loop_t *loop, aurora_pool_t **ret_pool,
                               aurora_error_t *ret_error);

/*
 * Opens connections until warmup_size are there and runs SELECT 1 on each that is not busy. Fails
 * with the reason of the first connection that could not be opened. AURORA_ECLOSED, UV_EINVAL,
 * UV_ENOMEM.
 */
AURORA_API int aurora_pool_warmup(aurora_pool_t *pool, aurora_done_cb cb, void *data);

/*
 * Whether the server answers. The callback comes within connect_timeout, whatever the server and the network do.
 *
 * Healthy: SELECT 1 was answered by a connection of the pool. Where all are busy (it has none after a quarter of
 * connect_timeout), also: another query was answered since the call; or one more connection to the server, made
 * for the check and closed again, came up; or the server refuses it for it has too many (1040, 1203, 1226). So a pool
 * whose connections are all busy, or whose queue is full, is healthy while the server answers. queue_limit and
 * acquire_timeout do not hold for the check.
 *
 * Not healthy: none of these; why_not says what stands in the way. AURORA_ECLOSED, UV_EINVAL, UV_ENOMEM: no
 * callback.
 */
AURORA_API int aurora_pool_check(aurora_pool_t *pool, aurora_health_cb cb, void *data);

/*
 * Every connection that is there now, or being opened, ends as soon as nobody uses it: for a server
 * that has failed over, or new credentials. Requests go to new connections from now on. AURORA_ECLOSED,
 * UV_EINVAL.
 */
AURORA_API int aurora_pool_recycle(aurora_pool_t *pool);

/*
 * Refuses new requests, fails waiting ones with AURORA_ECLOSED, lets running queries and leases
 * finish for at most drain_ms, then cuts them: their callbacks get UV_ECANCELED (outcome
 * AURORA_UNKNOWN). cb (may be NULL) comes last; the pool and its connections are gone when it
 * is called. A connection that is still leased then is gone too: it must not be released any more.
 * AURORA_ECLOSED when the pool is closing already: the first close goes on, with the shorter drain.
 */
AURORA_API int aurora_pool_close(aurora_pool_t *pool, uint64_t drain_ms, aurora_done_cb cb,
                                 void *data);

AURORA_API void aurora_pool_stats(const aurora_pool_t *pool, aurora_stats_t *ret_stats);

#ifdef __cplusplus
}
#endif
#endif
