/*
 * What a pool is doing and has done. A snapshot, taken without I/O.
 */
#ifndef AURORA_STATS_H
#define AURORA_STATS_H

#include <stdint.h>
#include <stddef.h>
#include <aurora/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why a connection ended: index into aurora_stats_t.closed. aurora_close_reason_name gives the
 * words that the log uses. */
#define AURORA_CLOSE_REASON_MAP(XX)                                                                \
  XX(LOST, "lost")                                                                                 \
  XX(IDLE_TOO_LONG, "idle too long")                                                               \
  XX(TOO_OLD, "too old")                                                                           \
  XX(RESET_FAILED, "reset failed")                                                                 \
  XX(PING_FAILED, "ping failed")                                                                   \
  XX(TIMED_OUT, "timed out")                                                                       \
  XX(READ_ONLY_SERVER, "read-only server")                                                         \
  XX(POOL_CLOSED, "closed by pool")                                                                \
  XX(PROTOCOL_ERROR, "protocol error")                                                             \
  XX(RECYCLED, "recycled")

typedef enum {
#define AURORA__CLOSE_REASON_GEN(name, text) AURORA_CLOSE_##name,
  AURORA_CLOSE_REASON_MAP(AURORA__CLOSE_REASON_GEN)
#undef AURORA__CLOSE_REASON_GEN
      AURORA_CLOSE_REASONS
} aurora_close_reason_t;

/* A static string; "unknown" for a number that is no reason. */
AURORA_API const char *aurora_close_reason_name(aurora_close_reason_t reason);

/* Durations in nanoseconds. Percentiles come from a log-linear histogram and are exact to 1/16. */
typedef struct {
  uint64_t count;
  uint64_t sum;
  uint64_t min; /* 0 while count is 0 */
  uint64_t max;
  uint64_t p50;
  uint64_t p90;
  uint64_t p99;
  uint64_t p999;
} aurora_latency_t;

typedef struct {
  /* Gauges: now. size = connecting + idle + busy + upkeep. */
  size_t size;       /* connections, those being opened included */
  size_t connecting; /* being opened */
  size_t idle;       /* ready to be handed out */
  size_t busy;       /* leased, or running a query */
  size_t upkeep;     /* being reset, checked, killed or closed */
  size_t waiting;    /* requests that wait for a connection */

  /* Counters: since the pool was created. */
  uint64_t queries;        /* finished, with whatever result */
  uint64_t failed;         /* of these: ended with an error, the next two included */
  uint64_t timed_out;      /* of these: by their time-out or acquire_timeout; a connect that was
                              not made in time is none of them */
  uint64_t cancelled;      /* of these: by aurora_query_cancel, a row callback that wants no more,
                              or the closing of the pool */
  uint64_t acquired;       /* hand-outs of a connection to a query or a caller */
  uint64_t opened;         /* connections that came up */
  uint64_t connect_failed; /* attempts that did not */
  uint64_t closed[AURORA_CLOSE_REASONS];
  uint64_t resets;              /* sessions cleaned between two borrowers */
  uint64_t kills;               /* KILL QUERY statements sent */
  uint64_t pings;               /* keep-alive and validation round trips */
  uint64_t statement_hits;      /* prepared statements found in the cache */
  uint64_t statement_misses;    /* prepared because they were not */
  uint64_t statement_evictions; /* closed to make room */

  /* Every query, from the call to its callback: the measurement named "aurora_query". */
  aurora_latency_t aurora_query;
  /* Hand-outs, from the request to the connection. */
  aurora_latency_t acquire;
  /* Successful connects, from the attempt to the session being ready. */
  aurora_latency_t connect;
} aurora_stats_t;

#ifdef __cplusplus
}
#endif
#endif
