/*
 * aurora: an asynchronous MySQL connection pool for programs on a libuv loop, made for Amazon
 * Aurora MySQL. This header brings in all of the public interface.
 *
 * The rules that hold for every function:
 *  - Thread: a pool belongs to one uv_loop_t; every call is made on the thread that runs that loop.
 *    aurora_config_*, aurora_err_name and aurora_strerror may be called on any thread.
 *  - Result: 0, or a negative code: AURORA_E* (error.h) or one of libuv's UV_E*. A call that returns
 *    non-zero was refused: nothing happened and its callback never runs. A call that returns 0 gets
 *    its callback exactly once, never from inside the call itself.
 *  - ret_ parameters are written on success only (ret_error: on failure only) and ret_error may be
 *    NULL everywhere.
 *  - Every function may be called from inside any callback, aurora_pool_close too.
 *  - SQL texts, parameters and configurations are copied by the call that takes them.
 *  - Times are in milliseconds unless the name or the comment says otherwise.
 */
#ifndef AURORA_H
#define AURORA_H

#include <aurora/error.h>
#include <aurora/value.h>
#include <aurora/log.h>
#include <aurora/config.h>
#include <aurora/result.h>
#include <aurora/field.h>
#include <aurora/stats.h>
#include <aurora/query.h>
#include <aurora/pool.h>
#include <aurora/connection.h>
#include <aurora/transaction.h>
#include <aurora/batch.h>

#endif
