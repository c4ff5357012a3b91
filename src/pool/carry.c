/*
 * Kills that an idle connection of the pool carries: when no other can be had, for the server has as many
 * as it takes, and when the one that was had may not kill. It must be on the same server.
 *
 *   IDLE -> PINGING: how long is the server up? -> KILL QUERY -> IDLE, as after a ping
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "pool/pool.h"

static aurora_connection_t *find_carrier(const aurora_pool_t *pool,
                                         const aurora_connection_t *target)
{
  aurora__list_t *node;

  for (node = pool->scheduler.idle.next; node != &pool->scheduler.idle; node = node->next) {
    aurora__slot_t *slot = aurora__container_of(node, aurora__slot_t, node);
    aurora_connection_t *connection = aurora__container_of(slot, aurora_connection_t, slot);

    if (aurora__server_is_same(&connection->server, &target->server))
      return connection;
  }
  return NULL;
}

/* The target is not waited for any more. */
static aurora_connection_t *part(aurora_connection_t *carrier)
{
  aurora_connection_t *target = carrier->carries;

  carrier->carries = NULL;
  if (target)
    target->carrier = NULL;
  return target;
}

static void kill_ended(aurora_connection_t *carrier, bool failed)
{
  unsigned number = failed ? mysql_errno(carrier->mysql) : 0;
  aurora_connection_t *target;

  if (failed && number != ER_NO_SUCH_THREAD && number != ER_KILL_DENIED_ERROR &&
      number != ER_SPECIFIC_ACCESS_DENIED_ERROR) {
    aurora__connection_proven(carrier, true);
    return;
  }
  target = part(carrier);
  if (target) {
    bool killed = !failed || number == ER_NO_SUCH_THREAD;

    if (killed)
      aurora__pool_killed(carrier->pool, target->server_id);
    else
      aurora__pool_not_killed(carrier->pool, target->server_id, number,
                              "the pool's own connection may not kill it");
    aurora__connection_killed(target, !killed);
  }
  aurora__connection_proven(carrier, false);
}

static void look_at_uptime(aurora_connection_t *carrier, MYSQL_RES *rows)
{
  MYSQL_ROW row = mysql_fetch_row(rows);

  carrier->uptime = row && mysql_num_fields(rows) == 2 && row[1] ? strtoull(row[1], NULL, 10) : 0;
}

static void uptime_known(aurora_connection_t *carrier, bool failed)
{
  aurora__script_t script = {.statements = {carrier->kill_sql}, .count = 1, .done = kill_ended};
  aurora_connection_t *target = carrier->carries;

  if (failed || !target) {
    aurora__connection_proven(carrier, failed);
    return;
  }
  if (!aurora__server_was_up(carrier->uptime, aurora__now_ns() - target->started_at)) {
    part(carrier);
    aurora__pool_not_killed(carrier->pool, target->server_id, 0, "its server was started anew");
    aurora__connection_killed(target, true);
    aurora__connection_proven(carrier, false);
    return;
  }
  carrier->pool->counters.kills++;
  aurora__script_run(carrier, &script);
}

bool aurora__pool_carry_kill(aurora_pool_t *pool, aurora_connection_t *target)
{
  static const aurora__script_t ask = {.statements = {AURORA__SERVER_UPTIME_SQL},
                                       .count = 1,
                                       .done = uptime_known,
                                       .look = look_at_uptime};
  aurora_connection_t *carrier = find_carrier(pool, target);

  if (!carrier)
    return false;
  carrier->carries = target;
  target->carrier = carrier;
  carrier->uptime = 0;
  snprintf(carrier->kill_sql, sizeof carrier->kill_sql, "KILL QUERY %" PRIu64, target->server_id);
  aurora__scheduler_upkeep(&pool->scheduler, &carrier->slot);
  aurora__connection_run_upkeep(carrier, &ask, "carries a kill");
  return true;
}

void aurora__pool_carry_not(aurora_connection_t *connection)
{
  aurora_connection_t *target;

  if (connection->carrier)
    part(connection->carrier);
  target = part(connection);
  if (target)
    aurora__connection_killed(target, true);
}
