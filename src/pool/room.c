/*
 * Room for prepared statements on a server that holds as many as it may (max_prepared_stmt_count). A connection that needs
 * one, and keeps none that could go, waits; the others of the pool make room:
 *
 *   an idle one is reset, which frees all its statements, and the answer proves it; then the waiting ones try again
 *   a busy one is reset when its use ends, and keeps no statement while the shortage lasts
 *
 * What leaves a session unseen (a lease that goes on, another client) is found by trying again now and then. When no other
 * connection holds a statement it is tried a few times more, for the server may be slower to notice, and nobody waits for
 * longer than connect_timeout.
 *
 * A connection waits in the state RUNNING, without an operation, in pool.room.waiting; its alarm tries again.
 */
#include "base/clock.h"
#include "connection/prepared.h"
#include "pool/pool.h"

enum { TRY_AGAIN_MS = 100, LAST_TRIES = 5, SHORTAGE_MS = 10000 };

static bool is_waiting(const aurora_connection_t *connection)
{
  return !aurora__list_empty(&connection->room_node);
}

/* On the server, now or until a little while ago. */
static bool holds_statements(const aurora_connection_t *connection)
{
  if (connection->statements.count || connection->closing_statement)
    return true;
  return !is_waiting(connection) &&
         (connection->statement || (connection->memory && connection->memory->batch));
}

static bool others_hold_statements(const aurora_connection_t *connection)
{
  const aurora__list_t *all = &connection->pool->all;

  for (const aurora__list_t *node = all->next; node != all; node = node->next) {
    if (node != &connection->all_node &&
        holds_statements(aurora__container_of(node, aurora_connection_t, all_node)))
      return true;
  }
  return false;
}

bool aurora__room_may_come(const aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;

  if (pool->config.reset == AURORA_RESET_NEVER ||
      (connection->room_until && aurora__now_ms() >= connection->room_until))
    return false;
  return others_hold_statements(connection) ||
         (aurora__room_is_short(pool) && connection->room_tries < LAST_TRIES);
}

/* The least recently used one that holds statements. */
static void reset_an_idle_one(aurora_pool_t *pool)
{
  const aurora__list_t *idle = &pool->scheduler.idle;

  for (const aurora__list_t *node = idle->prev; node != idle; node = node->prev) {
    aurora__slot_t *slot = aurora__container_of(node, aurora__slot_t, node);
    aurora_connection_t *connection = aurora__container_of(slot, aurora_connection_t, slot);

    if (connection->statements.count) {
      pool->counters.statement_evictions += connection->statements.count;
      aurora__connection_reset(connection);
      return;
    }
  }
}

static void try_again(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  aurora__room_leave(connection);
  aurora__prepared_try_again(connection);
}

void aurora__room_await(aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;
  uint64_t now = aurora__now_ms();

  if (!connection->room_until)
    connection->room_until = now + pool->config.connect_timeout;
  if (others_hold_statements(connection)) {
    pool->room.short_until = now + SHORTAGE_MS;
    connection->room_tries = 0;
  } else {
    connection->room_tries++;
  }
  aurora__list_push_back(&pool->room.waiting, &connection->room_node);
  connection->alarm.ring = try_again;
  aurora__pool_set_alarm(pool, &connection->alarm, now + TRY_AGAIN_MS);
  reset_an_idle_one(pool);
}

bool aurora__room_leave(aurora_connection_t *connection)
{
  if (!is_waiting(connection))
    return false;
  aurora__list_remove(&connection->room_node);
  aurora__pool_clear_alarm(connection->pool, &connection->alarm);
  return true;
}

void aurora__room_came(aurora_pool_t *pool)
{
  aurora__list_t waiting;
  aurora__list_t *node;

  aurora__list_init(&waiting);
  aurora__list_take_all(&waiting, &pool->room.waiting);
  while ((node = aurora__list_first(&waiting)) != NULL)
    try_again(&aurora__container_of(node, aurora_connection_t, room_node)->alarm);
}

bool aurora__room_is_short(aurora_pool_t *pool)
{
  if (pool->room.short_until && aurora__now_ms() >= pool->room.short_until)
    pool->room.short_until = 0;
  return pool->room.short_until != 0;
}

bool aurora__room_is_wanted(aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;

  if (!aurora__room_is_short(pool))
    return false;
  /* The close of a statement that was not kept has no answer; that of a reset proves it. */
  return connection->statements.count ||
         (connection->one_off && !aurora__list_empty(&pool->room.waiting));
}
