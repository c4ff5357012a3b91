/*
 * Warm-up: connections are opened until there are as many as wanted, and each that is idle answers a
 * SELECT 1. One that is busy has proven itself by that. Warm-ups that overlap share one run, with the
 * largest number wanted. No connection is held back from waiting requests meanwhile.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "pool/pool.h"

static void finish(aurora_pool_t *pool, const aurora_error_t *error)
{
  aurora__list_t *node;

  pool->warmup.wanted = 0;
  aurora__scheduler_set_floor(&pool->scheduler, 0);
  while ((node = aurora__list_pop_front(&pool->warmup.waiting)) != NULL) {
    aurora__notice_t *notice = aurora__container_of(node, aurora__notice_t, node);

    notice->failed = error != NULL;
    if (error)
      notice->error = *error;
    aurora__list_push_back(&pool->notices, node);
  }
  aurora__pool_need_turn(pool);
}

static aurora_connection_t *find_unproven(aurora_pool_t *pool)
{
  aurora__list_t *node;

  for (node = pool->scheduler.idle.next; node != &pool->scheduler.idle; node = node->next) {
    aurora__slot_t *slot = aurora__container_of(node, aurora__slot_t, node);
    aurora_connection_t *connection = aurora__container_of(slot, aurora_connection_t, slot);

    if (connection->proven_round != pool->warmup.round)
      return connection;
  }
  return NULL;
}

void aurora__warmup_check(aurora_pool_t *pool)
{
  aurora_connection_t *connection;
  uint64_t took;

  /* One at a time from the start of the list: a proof that fails at once changes the list. */
  while (pool->warmup.wanted && (connection = find_unproven(pool)) != NULL) {
    aurora__scheduler_upkeep(&pool->scheduler, &connection->slot);
    aurora__connection_prove(connection);
  }
  if (!pool->warmup.wanted ||
      pool->scheduler.idle_count + pool->scheduler.busy_count < pool->warmup.wanted)
    return;
  took = aurora__now_ns() - pool->warmup.started_at;
  aurora__log(&pool->config, AURORA_LOG_INFO, "warm-up complete",
              AURORA__LOG_FIELDS(aurora__log_int("connections", pool->warmup.wanted),
                                 aurora__log_duration("durationMs", took)));
  finish(pool, NULL);
}

void aurora__warmup_fail(aurora_pool_t *pool, const aurora_error_t *error)
{
  if (!pool->warmup.wanted)
    return;
  aurora__log(
      &pool->config, AURORA_LOG_ERROR, "warm-up failed",
      AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(error->code)),
                         aurora__log_string("error", aurora__pool_text_for_log(pool, error))));
  finish(pool, error);
}

int aurora_pool_warmup(aurora_pool_t *pool, aurora_done_cb cb, void *data)
{
  aurora__notice_t *notice;

  if (!pool || !cb)
    return UV_EINVAL;
  if (pool->closing)
    return AURORA_ECLOSED;
  notice = aurora__calloc(1, sizeof *notice);
  if (!notice)
    return UV_ENOMEM;
  notice->cb = cb;
  notice->data = data;
  aurora__list_push_back(&pool->warmup.waiting, &notice->node);
  aurora__pool_hold(pool);
  if (!pool->warmup.wanted) {
    pool->warmup.wanted = pool->config.warmup_size;
    pool->warmup.round++;
    pool->warmup.started_at = aurora__now_ns();
    aurora__log(&pool->config, AURORA_LOG_INFO, "warm-up started",
                AURORA__LOG_FIELDS(aurora__log_int("connections", pool->warmup.wanted)));
    aurora__scheduler_set_floor(&pool->scheduler, pool->warmup.wanted);
  }
  aurora__pool_pump(pool);
  aurora__warmup_check(pool);
  return 0;
}
