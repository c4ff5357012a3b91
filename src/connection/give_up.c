/*
 * Giving up the query in hand: its time is up, its caller has cancelled it or wants no more rows, or
 * its result is too large. The caller has been told; the server has not.
 *
 *   RUNNING -> KILLING: kill job on a worker; what still arrives of the result is read and dropped
 *     both have ended -> RESETTING, or on a lease a statement that does nothing, then LEASED
 *     they have not within connect_timeout -> the connection ends
 */
#include "connection/connection.h"

#include <mysqld_error.h>

#include "base/clock.h"
#include "connection/leftover.h"
#include "pool/pool.h"

static void not_killed_in_time(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
}

void aurora__connection_give_up(aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;

  connection->query = NULL;
  if (!connection->sent && connection->statement == NULL) {
    /* It is still being sent. Going on with that would have it executed after all. */
    aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
    return;
  }
  aurora__connection_set_state(connection, AURORA__CONNECTION_KILLING, "query given up");
  connection->kill_answered = false;
  connection->settled = false;
  connection->alarm.ring = not_killed_in_time;
  aurora__pool_set_alarm(pool, &connection->alarm, aurora__now_ms() + pool->config.connect_timeout);
  if (!connection->on_lease)
    aurora__scheduler_upkeep(&pool->scheduler, &connection->slot);
  aurora__pool_kill(pool, connection);
}

static void absorbed(aurora_connection_t *connection, bool failed)
{
  /* The kill may have hit the spared statement instead. */
  if ((failed && mysql_errno(connection->mysql) != ER_QUERY_INTERRUPTED) ||
      aurora__has_leftover(connection->mysql)) {
    aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
    return;
  }
  aurora__pool_clear_alarm(connection->pool, &connection->alarm);
  aurora__connection_set_state(connection, AURORA__CONNECTION_LEASED, "query given up");
  aurora__connection_lease_goes_on(connection);
}

/*
 * KILL QUERY may reach the server after the statement has ended, and then hits the next one on that
 * session. So the session is used again only when the kill was answered, and a command that can be
 * spared has absorbed what may be left of it: the reset, or on a lease, whose session is its holder's,
 * a statement that does nothing.
 */
static void killed_and_settled(aurora_connection_t *connection)
{
  static const aurora__script_t nothing = {.statements = {"DO 0"}, .count = 1, .done = absorbed};

  if (!connection->kill_answered || !connection->settled)
    return;
  if (connection->on_lease)
    aurora__script_run(connection, &nothing);
  else
    aurora__connection_reset(connection);
}

void aurora__connection_killed(aurora_connection_t *connection, bool failed)
{
  connection->kill_answered = true;
  if (failed)
    aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
  else
    killed_and_settled(connection);
}

void aurora__connection_settled(aurora_connection_t *connection)
{
  connection->settled = true;
  killed_and_settled(connection);
}
