/*
 * Log events. Without a log callback in the configuration nothing is written anywhere.
 *
 * AURORA_LOG_INFO: "pool created" (host, database, poolSize), "pool closed" (queries), "warm-up
 * started" (connections), "warm-up complete" (connections, durationMs), "connection opened"
 * (connectionId, durationMs), "connection closed" (connectionId, why), "statement killed"
 * (connectionId), "query cancelled" (as "query failed").
 * AURORA_LOG_WARN: "transaction run again" (code, attempt, holder), "transaction ended by a statement"
 * (connectionId, holder), "connection held too long" (connectionId, holder, heldMs), "connection released
 * twice", "kill failed" (code, error: no connection could be had for it), "statement not killed"
 * (connectionId, serverErrno, error: where nothing else kills it, it goes on on its server, and its
 * connection is ended), "parameter refused" (error, parameter, row, type: the numbers from 0).
 * AURORA_LOG_ERROR: "query failed", "query timed out" (code, serverErrno, sqlstate, error,
 * durationMs), "connection refused" (code, serverErrno, error), "warm-up failed", "health check
 * failed" (code, error).
 * "connection refused" is the one event of a connect of the pool that failed, whatever the cause: error names it,
 * as that the name was not resolved, TLS failed, connect_timeout passed, or the server refused the login.
 * AURORA_LOG_DEBUG: "connection state" (connectionId, from, to, why).
 * code is the name of an error code, such as "AURORA_ESERVER".
 * SQL texts, parameters and passwords are never logged; so of an error that the server answered a statement with,
 * init_sql too, only its number and SQLSTATE are, for its message may quote them.
 */
#ifndef AURORA_LOG_H
#define AURORA_LOG_H

#include <stddef.h>
#include <aurora/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  AURORA_LOG_DEBUG,
  AURORA_LOG_INFO,
  AURORA_LOG_WARN,
  AURORA_LOG_ERROR
} aurora_log_level_t;

typedef struct {
  const char *key;
  aurora_value_t value; /* int64, double, string or null */
} aurora_log_field_t;

/* Called on the loop's thread. Everything passed is valid until the callback returns. It must not
 * call into the pool that logs (record or print; do not query). */
typedef void (*aurora_log_cb)(aurora_log_level_t level, const char *event,
                              const aurora_log_field_t *fields, size_t count, void *data);

#ifdef __cplusplus
}
#endif
#endif
