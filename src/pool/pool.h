/*
 * The pool: what belongs to all of it. See scheduler.h for who gets what, query.h for requests,
 * connection.h for sessions.
 *
 * Callbacks to the caller are made in one place, flush in events.c, from the list `ended`: after an
 * event of the loop has been dealt with, or on a turn of the loop of its own (the trampoline) when
 * the outcome was settled inside a call of the caller's. So no callback comes from inside the call
 * that it belongs to, and none finds the pool half-way through a change.
 */
#ifndef AURORA_POOL_POOL_H
#define AURORA_POOL_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <aurora/pool.h>

#include "base/alarm.h"
#include "base/error.h"
#include "base/histogram.h"
#include "base/list.h"
#include "connection/connection.h"
#include "pool/query.h"
#include "pool/scheduler.h"

/* A callback that is due and belongs to no query: a warm-up's or a close's. */
typedef struct aurora__notice {
  aurora__list_t node; /* in pool.notices */
  aurora_done_cb cb;
  void *data;
  bool failed;
  aurora_error_t error;
} aurora__notice_t;

/* Warm-ups under way: they share one run. */
typedef struct {
  aurora__list_t waiting; /* notices */
  unsigned wanted;        /* connections; 0: no warm-up is under way */
  uint64_t round;         /* numbers the runs: a connection proven in this one is not asked again */
  uint64_t started_at;    /* ns */
} aurora__warmup_t;

/* What is got rid of a bit at a time (disposal.c). */
typedef struct {
  aurora__list_t sessions;  /* connections whose session is to be closed, by run_node */
  aurora_result_t *results; /* large ones that nobody holds any more */
  uint64_t period_began_at; /* ns */
  uint64_t spent;           /* ns: on sessions that were closed at once, in this period */
} aurora__disposal_t;

/* When the server has no room for another prepared statement (room.c). */
typedef struct {
  aurora__list_t waiting; /* connections, by room_node */
  uint64_t short_until;   /* ms; none is kept until then; 0: there is no shortage */
} aurora__room_t;

typedef struct aurora__killer aurora__killer_t;

struct aurora_pool {
  uv_loop_t *loop;
  aurora_config_t config; /* our copy; does not change: workers read it */
  aurora__scheduler_t scheduler;
  uint64_t random_state;
  aurora_error_t connect_error; /* the last one; for those whom it fails */
  bool connect_error_quotes;    /* a statement, perhaps: its text is not for a log */

  /* Handles. */
  uv_timer_t timer;      /* rings the alarms and wakes the scheduler */
  uint64_t timer_at;     /* ms; UINT64_MAX: not running */
  uint64_t timer_set_at; /* ms */
  uv_timer_t keeper;     /* never fires; referenced while there is work in flight */
  uv_check_t checker;    /* notes when the loop has polled */
  uint64_t polled_at;    /* ms */
  bool polls_first;      /* what is due waits for the loop to poll */
  uv_idle_t trampoline;  /* runs while `ended` or `runnable` wait for a turn of their own */
  bool trampoline_runs;
  unsigned open_handles;

  /* Time. */
  aurora__deadlines_t alarms;

  /* Work. */
  aurora__list_t ended;        /* queries whose callback is due */
  aurora__list_t notices;      /* other callbacks that are due */
  aurora__list_t runnable;     /* connections that gave the loop a turn, by run_node */
  aurora__list_t free_queries; /* recycled objects */
  unsigned free_count;
  size_t in_flight;     /* accepted, and not called back */
  unsigned depth;       /* how deep inside events of the loop */
  bool flushing;        /* callbacks are being made */
  uint64_t released_at; /* ns; when a lease that is to be handed on was first given back; or 0 */
  bool pumping;
  unsigned jobs;           /* connect jobs that a worker has, errands too */
  unsigned abandoned_jobs; /* of these: given up after their deadline, still holding a thread */
  unsigned connections;    /* objects that are not freed */
  aurora__place_t *free_places; /* for the handles of leases, of connections to come (handle.h) */

  aurora__list_t all;          /* connections, by all_node */
  aurora__list_t connect_jobs; /* that were not given up */
  aurora__list_t kills;        /* connections whose statement is to be killed, by kill_node */
  aurora__killer_t *killer;    /* the errand that kills, or NULL */

  aurora__known_texts_t known_texts;
  aurora__trust_t trust;   /* workers have it too */
  aurora__server_t server; /* of the connection that was opened last; or unknown */

  aurora__warmup_t warmup;
  aurora__room_t room;

  aurora__disposal_t disposal;

  aurora__list_t transactions; /* that are run again; see transact.c */

  /* Closing. */
  bool closing;
  bool cut; /* the drain is over */
  bool finishing;
  aurora__alarm_t drain_alarm;
  aurora_done_cb close_cb;
  void *close_data;

  aurora__list_t registry_node; /* in the list that aurora_pool_get looks through */
  bool registered;

  aurora_stats_t counters; /* its counters; gauges and latencies are filled in when asked for */
  aurora__histogram_t query_latency;
  aurora__histogram_t acquire_latency;
  aurora__histogram_t connect_latency;
};

/* Around everything that an event of the loop does. Leaving the outermost one makes the callbacks. */
void aurora__pool_enter(aurora_pool_t *pool);
void aurora__pool_leave(aurora_pool_t *pool);

/* Does what the scheduler says until it has nothing more to say. */
void aurora__pool_pump(aurora_pool_t *pool);
/* The same for a caller who knows what time it is: ns of aurora__now_ns. */
void aurora__pool_pump_at(aurora_pool_t *pool, uint64_t now_ns);

/* The timer is to ring then, or before. */
void aurora__pool_ring_at(aurora_pool_t *pool, uint64_t at);

/* After a change inside a caller's call: callbacks that are due get a turn of their own. */
void aurora__pool_need_turn(aurora_pool_t *pool);

/* One more, or one less, reason to keep the loop going. */
static inline void aurora__pool_hold(aurora_pool_t *pool)
{
  if (pool->in_flight++ == 0)
    uv_ref((uv_handle_t *)&pool->keeper);
}

static inline void aurora__pool_let_go(aurora_pool_t *pool)
{
  if (pool->in_flight == 0)
    aurora__bug(__func__, "nothing is held");
  if (--pool->in_flight == 0)
    uv_unref((uv_handle_t *)&pool->keeper);
}

/* Alarms, at ms of aurora__now_ms. Setting one that is set moves it. */
void aurora__pool_set_alarm(aurora_pool_t *pool, aurora__alarm_t *alarm, uint64_t at);

static inline void aurora__pool_clear_alarm(aurora_pool_t *pool, aurora__alarm_t *alarm)
{
  aurora__deadline_remove(&pool->alarms, &alarm->deadline);
}

aurora_pool_t *aurora__pool_of_config(const aurora_config_t *config);
/* aurora_pool_get no longer finds it. */
void aurora__pool_unregister(aurora_pool_t *pool);

/* What a log may hold of an error: a server's text may quote statements and values. The last connect error's does
 * not, but for the one about init_sql. */
const char *aurora__pool_text_for_log(const aurora_pool_t *pool, const aurora_error_t *error);
/* How a connect has failed; of one that was not even started, or an errand's, too. */
void aurora__pool_note_connect_error(aurora_pool_t *pool, const aurora_error_t *error, bool quotes);

/* What connections tell. */
void aurora__pool_connected(aurora_pool_t *pool, aurora_connection_t *connection);
void aurora__pool_connect_failed(aurora_pool_t *pool, aurora_connection_t *connection,
                                 const aurora_error_t *error, bool quotes,
                                 aurora__failure_t failure);
/* It is free and clean. pinged: and was not used in between. */
void aurora__pool_ready(aurora_pool_t *pool, aurora_connection_t *connection, bool pinged);
/* The same of a lease that has ended, maybe in a callback. */
void aurora__pool_given_back(aurora_pool_t *pool, aurora_connection_t *connection);
void aurora__pool_gone(aurora_pool_t *pool, aurora_connection_t *connection);

/* Kills (kill.c). */
void aurora__pool_kill(aurora_pool_t *pool, aurora_connection_t *connection);
void aurora__pool_kill_not(aurora_pool_t *pool, aurora_connection_t *connection);
/* Log what became of one. */
void aurora__pool_killed(aurora_pool_t *pool, uint64_t id);
void aurora__pool_not_killed(aurora_pool_t *pool, uint64_t id, unsigned server_errno,
                             const char *why);
/* An idle connection is to kill the target's statement (carry.c); false: there is none that could. */
bool aurora__pool_carry_kill(aurora_pool_t *pool, aurora_connection_t *target);
/* The connection ends: it neither carries a kill nor waits for one. */
void aurora__pool_carry_not(aurora_connection_t *connection);

/* Room for prepared statements (room.c). Whether another connection of the pool may make some. */
bool aurora__room_may_come(const aurora_connection_t *connection);
/* The connection waits for it, and tries again then. */
void aurora__room_await(aurora_connection_t *connection);
/* It does not wait any more; false: it did not. */
bool aurora__room_leave(aurora_connection_t *connection);
/* A session's statements have been freed. */
void aurora__room_came(aurora_pool_t *pool);
bool aurora__room_is_short(aurora_pool_t *pool);
/* The connection is out of use: whether it is to be reset for the others. */
bool aurora__room_is_wanted(aurora_connection_t *connection);

/* Warm-up (warmup.c): looks whether the run under way is complete, or failed with error. */
void aurora__warmup_check(aurora_pool_t *pool);
void aurora__warmup_fail(aurora_pool_t *pool, const aurora_error_t *error);

/* Disposal (disposal.c): closes a session that is out of use, and sets connection->mysql to NULL, now or on
 * later turns; gives a reference to a result back (NULL is allowed); does a bit of what is left to do. */
void aurora__pool_dispose_session(aurora_pool_t *pool, aurora_connection_t *connection);
void aurora__pool_dispose_result(aurora_pool_t *pool, aurora_result_t *result);
void aurora__pool_dispose(aurora_pool_t *pool);
static inline bool aurora__pool_has_disposals(const aurora_pool_t *pool)
{
  return pool->disposal.results || !aurora__list_empty(&pool->disposal.sessions);
}

/* Closing (close.c): goes on when something has ended. */
void aurora__pool_close_check(aurora_pool_t *pool);

#endif
