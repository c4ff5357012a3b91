/*
 * The pool on the loop: its timer, its trampoline, and the one place where callers are called back.
 *
 * Time: alarms (query time-outs, bounds of connects, kills, resets, pings) and the scheduler's own
 * next moment share one uv timer. It is armed for the earliest; when that is put off or removed the
 * timer may ring for nothing once, which is cheaper than arming it again with each query.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "connection/driver.h"
#include "pool/pool.h"

/* At most so often a lease goes from one caller to the next within a turn of the loop. */
enum { MOST_ROUNDS = 16 };

enum { LONGEST_GRACE_MS = 100, ON_TIME_MS = 2 };

/* --- Callbacks ---------------------------------------------------------------------------------- */

static void deliver_notice(aurora_pool_t *pool, aurora__notice_t *notice)
{
  aurora_error_t error = notice->error;
  const aurora_error_t *reason = notice->failed ? &error : NULL;
  aurora_done_cb cb = notice->cb;
  void *data = notice->data;

  aurora__free(notice);
  aurora__pool_let_go(pool);
  cb(reason, data);
}

/*
 * Makes the callbacks that are due now. Those that become due meanwhile, from inside a callback, get
 * the next turn of the loop, or after a few rounds of handing leases on: a caller whose callback asks again
 * and again cannot keep the loop.
 */
static void flush(aurora_pool_t *pool)
{
  aurora__list_t due;
  aurora__list_t *node;

  aurora__list_init(&due);
  aurora__list_take_all(&due, &pool->ended);
  while ((node = aurora__list_pop_front(&due)) != NULL)
    aurora__query_deliver(aurora__container_of(node, aurora_query_t, node));
  aurora__list_take_all(&due, &pool->notices);
  while ((node = aurora__list_pop_front(&due)) != NULL)
    deliver_notice(pool, aurora__container_of(node, aurora__notice_t, node));
}

/* Leases that were given back in callbacks go to those who wait, in one go. True: these are the only ones to
 * be called back now. */
static bool hand_on(aurora_pool_t *pool)
{
  bool others;

  if (!pool->released_at)
    return false;
  others = !aurora__list_empty(&pool->ended);
  aurora__pool_pump_at(pool, pool->released_at);
  return !others && !aurora__list_empty(&pool->ended);
}

void aurora__pool_enter(aurora_pool_t *pool)
{
  pool->depth++;
}

void aurora__pool_leave(aurora_pool_t *pool)
{
  unsigned rounds = 0;

  if (pool->depth > 1) {
    pool->depth--;
    return;
  }
  do {
    pool->flushing = true;
    flush(pool);
    pool->flushing = false;
  } while (hand_on(pool) && ++rounds < MOST_ROUNDS);
  pool->depth = 0;
  if (!aurora__list_empty(&pool->ended) || !aurora__list_empty(&pool->notices))
    aurora__pool_need_turn(pool);
  aurora__pool_close_check(pool);
}

static void on_trampoline(uv_idle_t *idle)
{
  aurora_pool_t *pool = idle->data;
  aurora__list_t ready;
  aurora__list_t *node;

  uv_idle_stop(&pool->trampoline);
  pool->trampoline_runs = false;
  aurora__pool_enter(pool);
  aurora__list_init(&ready);
  aurora__list_take_all(&ready, &pool->runnable);
  while ((node = aurora__list_first(&ready)) != NULL)
    aurora__driver_take_turn(aurora__container_of(node, aurora_connection_t, run_node));
  aurora__pool_dispose(pool);
  aurora__pool_leave(pool);
}

void aurora__pool_need_turn(aurora_pool_t *pool)
{
  /* Inside an event the callbacks come at its end anyway; connections that gave a turn need one, and so does
   * what is got rid of bit by bit. */
  if (pool->trampoline_runs ||
      (pool->depth && aurora__list_empty(&pool->runnable) && !aurora__pool_has_disposals(pool)))
    return;
  pool->trampoline_runs = true;
  uv_idle_start(&pool->trampoline, on_trampoline);
}

/* --- Time --------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

void aurora__pool_ring_at(aurora_pool_t *pool, uint64_t at)
{
  uint64_t loop_now;

  if (at >= pool->timer_at)
    return;
  /* libuv counts from the loop's own time, which stands still during a turn. */
  loop_now = uv_now(pool->loop);
  pool->timer_at = at;
  pool->timer_set_at = loop_now;
  uv_timer_start(&pool->timer, on_timer, at > loop_now ? at - loop_now : 0, 0);
}

static void arm_for_earliest(aurora_pool_t *pool)
{
  const aurora__deadline_t *first = aurora__deadline_first(&pool->alarms);
  uint64_t at = aurora__scheduler_wakeup(&pool->scheduler);

  if (first && first->at < at)
    at = first->at;
  if (at != UINT64_MAX)
    aurora__pool_ring_at(pool, at);
}

/*
 * A loop that was blocked comes to its timers before it polls (libuv before 1.45), or polls once before them,
 * and then has had one answer of several. An answer may have come in time meanwhile. So nothing is late before
 * the loop has polled since it was due, and where that poll was late itself, before some more time for it; once
 * it had that, whatever it brought.
 */
static bool is_too_early_to_tell(aurora_pool_t *pool, uint64_t due_at)
{
  uint64_t on_time = (due_at > pool->timer_set_at ? due_at : pool->timer_set_at) + ON_TIME_MS;
  bool early = (pool->polled_at < due_at || pool->polled_at > on_time) && !pool->polls_first;

  pool->polls_first = early;
  return early;
}

/* A reset takes several answers: they get back the time that the loop was away, or some of it. ms. */
static uint64_t grace(uint64_t late)
{
  if (late > LONGEST_GRACE_MS)
    return LONGEST_GRACE_MS;
  return late ? late : 1;
}

static void on_timer(uv_timer_t *timer)
{
  aurora_pool_t *pool = timer->data;
  aurora__deadline_t *first;
  aurora__alarm_t *alarm;
  uint64_t now = aurora__now_ms();
  uint64_t due_at = pool->timer_at;

  pool->timer_at = UINT64_MAX;
  if (is_too_early_to_tell(pool, due_at)) {
    aurora__pool_ring_at(pool, now + grace(now - due_at));
    return;
  }
  aurora__pool_enter(pool);
  while ((first = aurora__deadline_first(&pool->alarms)) != NULL && first->at <= now) {
    alarm = aurora__container_of(first, aurora__alarm_t, deadline);
    aurora__deadline_remove(&pool->alarms, first);
    alarm->ring(alarm);
  }
  aurora__pool_pump(pool);
  arm_for_earliest(pool);
  aurora__pool_leave(pool);
}

void aurora__pool_set_alarm(aurora_pool_t *pool, aurora__alarm_t *alarm, uint64_t at)
{
  aurora__deadline_remove(&pool->alarms, &alarm->deadline);
  aurora__deadline_add(&pool->alarms, &alarm->deadline, at);
  aurora__pool_ring_at(pool, at);
}

/* --- The scheduler's wishes --------------------------------------------------------------------- */

/* The poll has told of every server that hung up before it. When that is a millisecond ago, as after a long
 * callback, and so is the connection's last use, one system call makes sure. */
static bool may_be_stale(const aurora_pool_t *pool, const aurora__slot_t *slot, uint64_t now)
{
  return now > slot->idle_since && now > pool->polled_at;
}

static void grant(aurora_pool_t *pool, aurora__waiter_t *waiter, aurora__slot_t *slot,
                  uint64_t now_ns)
{
  aurora_query_t *query = aurora__container_of(waiter, aurora_query_t, waiter);
  aurora_connection_t *connection = aurora__container_of(slot, aurora_connection_t, slot);

  if (may_be_stale(pool, slot, aurora__ns_to_ms(now_ns)) &&
      aurora__connection_is_stale(connection)) {
    aurora__connection_close(connection, AURORA_CLOSE_LOST);
    aurora__scheduler_put_back(&pool->scheduler, waiter);
    return;
  }
  pool->counters.acquired++;
  /* It may have been asked for after the lease had come back. */
  aurora__histogram_record(&pool->acquire_latency,
                           now_ns > query->called_at ? now_ns - query->called_at : 0);
  if (query->is_acquire)
    aurora__connection_lease(connection, query);
  else
    aurora__connection_run(connection, query);
}

static void fail(aurora_pool_t *pool, aurora__waiter_t *waiter)
{
  aurora_query_t *query = aurora__container_of(waiter, aurora_query_t, waiter);

  if (pool->closing)
    aurora__query_fail_with(query, AURORA_ECLOSED, AURORA_NOT_SENT,
                            "the pool was closed while the request waited for a connection");
  else
    aurora__query_fail(query, &pool->connect_error);
}

static void expire(aurora_pool_t *pool, aurora__waiter_t *waiter)
{
  aurora_query_t *query = aurora__container_of(waiter, aurora_query_t, waiter);
  const aurora__scheduler_t *scheduler = &pool->scheduler;

  query->late = true;
  aurora__query_fail_with(
      query, UV_ETIMEDOUT, AURORA_NOT_SENT,
      "no connection within acquire_timeout (%llu ms): pool size %u, %zu busy, %zu opening, %zu "
      "waiting; last connect error: %.200s",
      (unsigned long long)query->acquire_timeout, pool->config.pool_size, scheduler->busy_count,
      scheduler->connecting_count, scheduler->waiting + 1,
      pool->connect_error.code ? aurora__pool_text_for_log(pool, &pool->connect_error) : "none");
}

static void open_one(aurora_pool_t *pool, uint64_t now)
{
  aurora_error_t error;
  int code = UV_EAGAIN;

  /* Jobs that were given up still hold their threads. */
  if (pool->abandoned_jobs < pool->config.max_connecting)
    code = aurora__connection_open(pool);
  if (!code)
    return;
  if (code != UV_EAGAIN) {
    aurora__error_set(&error, code, AURORA_NOT_SENT, "a connect could not be started: %s",
                      aurora_strerror(code));
    aurora__pool_note_connect_error(pool, &error, false);
  }
  aurora__scheduler_open_failed(&pool->scheduler, now);
  aurora__warmup_fail(pool, &pool->connect_error);
}

static void perform(aurora_pool_t *pool, const aurora__action_t *action, uint64_t now_ns)
{
  switch (action->kind) {
  case AURORA__ACTION_GRANT:
    grant(pool, action->waiter, action->slot, now_ns);
    return;
  case AURORA__ACTION_EXPIRE:
    expire(pool, action->waiter);
    return;
  case AURORA__ACTION_FAIL:
    fail(pool, action->waiter);
    return;
  case AURORA__ACTION_OPEN:
    open_one(pool, aurora__ns_to_ms(now_ns));
    return;
  case AURORA__ACTION_PING:
  case AURORA__ACTION_VALIDATE:
    aurora__connection_ping(aurora__container_of(action->slot, aurora_connection_t, slot));
    return;
  case AURORA__ACTION_CLOSE:
    aurora__connection_close(aurora__container_of(action->slot, aurora_connection_t, slot),
                             action->reason);
    return;
  }
}

void aurora__pool_pump(aurora_pool_t *pool)
{
  aurora__pool_pump_at(pool, aurora__now_ns());
}

static void do_what_is_due(aurora_pool_t *pool, uint64_t now_ns)
{
  aurora__action_t action;
  uint64_t now = aurora__ns_to_ms(now_ns);

  while (!aurora__scheduler_is_quiet(&pool->scheduler, now) &&
         aurora__scheduler_next(&pool->scheduler, now, &action))
    perform(pool, &action, now_ns);
}

void aurora__pool_pump_at(aurora_pool_t *pool, uint64_t now_ns)
{
  uint64_t released_at = pool->released_at;

  /* What an action brings about is seen by the run that is going on. */
  if (pool->pumping)
    return;
  pool->pumping = true;
  /* A lease that came back before a waiter's deadline is in time, whatever the callback did then. */
  pool->released_at = 0;
  if (released_at)
    do_what_is_due(pool, released_at);
  do_what_is_due(pool, now_ns);
  pool->pumping = false;
  arm_for_earliest(pool);
}
