/*
 * Closing a pool.
 *
 *   close: refuse new requests, fail those that wait, close idle connections
 *     -> drain: running queries and leases end by themselves
 *     -> cut (drain_ms is over): what still runs is ended; connect jobs lose their socket
 *     -> nothing is in flight, no connection, no job: close the handles
 *     -> the last handle is closed: free everything, then call back
 *
 * aurora__pool_close_check looks whether the next step can be made; it is called whenever something
 * has ended.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "pool/connect_job.h"
#include "pool/pool.h"
#include "transaction/transaction.h"

static void free_pool(aurora_pool_t *pool)
{
  aurora__list_t *node;

  while ((node = aurora__list_pop_front(&pool->free_queries)) != NULL) {
    aurora_query_t *query = aurora__container_of(node, aurora_query_t, node);

    aurora__free(query->block);
    aurora__free(query);
  }
  aurora__transactions_free(pool);
  aurora__places_give_back(pool);
  aurora__known_texts_clear(&pool->known_texts);
  aurora__trust_clear(&pool->trust);
  aurora__config_free(&pool->config);
  aurora__free(pool);
}

static void on_handle_closed(uv_handle_t *handle)
{
  aurora_pool_t *pool = handle->data;
  aurora_done_cb cb = pool->close_cb;
  void *data = pool->close_data;

  if (--pool->open_handles)
    return;
  aurora__log(&pool->config, AURORA_LOG_INFO, "pool closed",
              AURORA__LOG_FIELDS(aurora__log_int("queries", (int64_t)pool->counters.queries)));
  free_pool(pool);
  if (cb)
    cb(NULL, data);
}

/* Leases that nobody gives back any more; their sessions have ended. */
static void free_shells(aurora_pool_t *pool)
{
  aurora__list_t *node = pool->all.next;

  while (node != &pool->all) {
    aurora_connection_t *connection = aurora__container_of(node, aurora_connection_t, all_node);

    node = node->next;
    if (connection->shell)
      aurora__connection_unlease(connection);
  }
}

static void cut_all(aurora_pool_t *pool)
{
  aurora__list_t *node = pool->all.next;
  aurora_error_t error;

  pool->cut = true;
  aurora__pool_clear_alarm(pool, &pool->drain_alarm);
  while (node != &pool->all) {
    aurora_connection_t *connection = aurora__container_of(node, aurora_connection_t, all_node);

    node = node->next;
    if (connection->state == AURORA__CONNECTION_CONNECTING)
      continue;
    aurora__error_set(&error, UV_ECANCELED, connection->sent ? AURORA_UNKNOWN : AURORA_NOT_SENT,
                      "the pool was closed while the query was running");
    aurora__connection_die(connection, AURORA_CLOSE_POOL_CLOSED, &error);
  }
  aurora__connect_jobs_cut(pool);
}

static void drain_is_over(aurora__alarm_t *alarm)
{
  cut_all(aurora__container_of(alarm, aurora_pool_t, drain_alarm));
}

/* Whether all that was accepted has been called back and given up statements are killed, and only what
 * nobody waits for goes on. */
static bool is_drained(const aurora_pool_t *pool)
{
  return pool->in_flight == 1 && pool->scheduler.busy_count == 0 && !pool->killer;
}

void aurora__pool_close_check(aurora_pool_t *pool)
{
  if (!pool->closing || pool->finishing || pool->depth)
    return;
  if (!pool->cut && is_drained(pool))
    cut_all(pool);
  if (!pool->cut || pool->in_flight > 1)
    return;
  if (aurora__transactions_abort(pool))
    return;
  free_shells(pool);
  if (pool->jobs || pool->connections || aurora__pool_has_disposals(pool))
    return;
  pool->finishing = true;
  aurora__pool_let_go(pool);
  uv_close((uv_handle_t *)&pool->timer, on_handle_closed);
  uv_close((uv_handle_t *)&pool->keeper, on_handle_closed);
  uv_close((uv_handle_t *)&pool->checker, on_handle_closed);
  uv_close((uv_handle_t *)&pool->trampoline, on_handle_closed);
}

/* close must not finish inside the caller's call: a turn of its own looks. */
static void begin_drain(aurora_pool_t *pool, uint64_t drain_ms)
{
  pool->drain_alarm.ring = drain_is_over;
  aurora__pool_set_alarm(pool, &pool->drain_alarm, aurora__now_ms() + drain_ms);
}

int aurora_pool_close(aurora_pool_t *pool, uint64_t drain_ms, aurora_done_cb cb, void *data)
{
  aurora_error_t error;

  if (!pool)
    return UV_EINVAL;
  if (pool->closing) {
    if (!pool->cut && aurora__now_ms() + drain_ms < pool->drain_alarm.deadline.at)
      begin_drain(pool, drain_ms);
    return AURORA_ECLOSED;
  }
  pool->closing = true;
  pool->close_cb = cb;
  pool->close_data = data;
  aurora__pool_hold(pool);
  aurora__pool_unregister(pool);
  aurora__error_set(&error, AURORA_ECLOSED, AURORA_NOT_SENT, "the pool was closed");
  aurora__warmup_fail(pool, &error);
  aurora__scheduler_close(&pool->scheduler);
  aurora__pool_pump(pool);
  aurora__transactions_hurry(pool);
  begin_drain(pool, drain_ms);
  aurora__pool_need_turn(pool);
  return 0;
}
