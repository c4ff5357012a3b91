/*
 * What takes long to be rid of, a bit on each turn of the loop: to close a TLS session takes a quarter of a
 * millisecond, and a pool may close twenty at once; to give the memory of a large result back, a tenth for
 * each megabyte. So nothing of that holds the loop for much longer than half a millisecond.
 *
 * A session is closed at once as long as little time went into that lately, which is the usual case. One that
 * has to wait is out of use already: nothing polls it, and its statements have been taken from it.
 */
#include "base/clock.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "session/tls.h"

enum {
  SLICE_NS = 500000,  /* of a turn, or of a period */
  PERIOD_NS = 5000000 /* in which sessions may be closed at once for as long as a slice */
};

static void end_session(aurora_connection_t *connection)
{
  mysql_close(connection->mysql);
  aurora__tls_forget_errors();
  connection->mysql = NULL;
}

static bool may_be_closed_now(aurora_pool_t *pool, uint64_t now)
{
  if (now - pool->disposal.period_began_at > PERIOD_NS) {
    pool->disposal.period_began_at = now;
    pool->disposal.spent = 0;
  }
  return pool->disposal.spent < SLICE_NS;
}

void aurora__pool_dispose_session(aurora_pool_t *pool, aurora_connection_t *connection)
{
  uint64_t now = aurora__now_ns();

  if (may_be_closed_now(pool, now) || !aurora__detach_statements(connection->mysql)) {
    end_session(connection);
    pool->disposal.spent += aurora__now_ns() - now;
    return;
  }
  aurora__list_push_back(&pool->disposal.sessions, &connection->run_node);
  aurora__pool_need_turn(pool);
}

void aurora__pool_dispose_result(aurora_pool_t *pool, aurora_result_t *result)
{
  result = aurora__result_unref_slowly(result);
  if (!result)
    return;
  aurora__result_put_before(result, pool->disposal.results);
  pool->disposal.results = result;
  aurora__pool_need_turn(pool);
}

static bool dispose_bit(aurora_pool_t *pool)
{
  aurora__list_t *node = aurora__list_pop_front(&pool->disposal.sessions);

  if (node) {
    aurora_connection_t *connection = aurora__container_of(node, aurora_connection_t, run_node);

    end_session(connection);
    aurora__connection_free_if_unused(connection);
  } else if (pool->disposal.results) {
    pool->disposal.results = aurora__result_free_bit(pool->disposal.results);
  }
  return aurora__pool_has_disposals(pool);
}

void aurora__pool_dispose(aurora_pool_t *pool)
{
  uint64_t began_at;

  if (!aurora__pool_has_disposals(pool))
    return;
  began_at = aurora__now_ns();
  while (dispose_bit(pool)) {
    if (aurora__now_ns() - began_at > SLICE_NS) {
      aurora__pool_need_turn(pool);
      return;
    }
  }
}
