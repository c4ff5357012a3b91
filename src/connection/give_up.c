/*
 * Giving up the query in hand: its time is up, its caller has cancelled it or wants no more rows, or
 * its result is too large. The caller has been told; the server has not.
 *
 *   RUNNING -> KILLING: kill job on a worker; what still arrives of the result is read and dropped
 *     both have ended -> RESETTING, or on a lease a statement that does nothing, then LEASED
 *     they have not within connect_timeout -> the connection ends
 *
 * A stream that its caller stops may have few rows left: the kill waits a little, and is not needed
 * when they have been read by then.
 */
#include "connection/connection.h"

#include <mysqld_error.h>

#include "base/clock.h"
#include "connection/driver.h"
#include "connection/prepared.h"
#include "pool/pool.h"

/* About what a kill costs: it makes a connection of its own. */
enum { DRAIN_FIRST_MS = 2 };

static void not_killed_in_time(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
}

static void begin(aurora_connection_t *connection)
{
  connection->query = NULL;
  aurora__connection_set_state(connection, AURORA__CONNECTION_KILLING, "query given up");
  connection->kill_sent = false;
  connection->settled = false;
  if (!connection->on_lease)
    aurora__scheduler_upkeep(&connection->pool->scheduler, &connection->slot);
}

static void send_kill(aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;

  connection->kill_sent = true;
  connection->kill_answered = false;
  connection->alarm.ring = not_killed_in_time;
  aurora__pool_set_alarm(pool, &connection->alarm, aurora__now_ms() + pool->config.connect_timeout);
  aurora__pool_kill(pool, connection);
}

/* It waited for room on the server, which knows nothing of it. What a batch has done before is undone after a kill. */
static void drop_waiting(aurora_connection_t *connection)
{
  begin(connection);
  if (connection->memory->batch)
    send_kill(connection);
  aurora__prepared_drop(connection);
  aurora__driver_wake(connection);
}

void aurora__connection_give_up(aurora_connection_t *connection)
{
  if (aurora__room_leave(connection)) {
    drop_waiting(connection);
    return;
  }
  /* A batch begins no other statement once it is given up. */
  if (!connection->sent && connection->statement == NULL && !connection->memory->batch) {
    /* It is still being sent. Going on with that would have it executed after all. */
    connection->query = NULL;
    aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
    return;
  }
  begin(connection);
  send_kill(connection);
  aurora__driver_wake(connection);
}

static void drained_long_enough(aurora__alarm_t *alarm)
{
  send_kill(aurora__container_of(alarm, aurora_connection_t, alarm));
}

void aurora__connection_stop_stream(aurora_connection_t *connection)
{
  begin(connection);
  connection->alarm.ring = drained_long_enough;
  aurora__pool_set_alarm(connection->pool, &connection->alarm, aurora__now_ms() + DRAIN_FIRST_MS);
}

static void go_on_with_lease(aurora_connection_t *connection)
{
  aurora__pool_clear_alarm(connection->pool, &connection->alarm);
  aurora__connection_set_state(connection, AURORA__CONNECTION_LEASED, "query given up");
  aurora__connection_lease_goes_on(connection);
}

static void batch_undone(aurora_connection_t *connection, bool failed)
{
  /* No such savepoint: it was released, or the server has rolled back all. */
  if (failed && mysql_errno(connection->mysql) != ER_SP_DOES_NOT_EXIST)
    aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
  else
    go_on_with_lease(connection);
}

/* What a batch has done so far must not stay in its holder's session. */
static void undo_batch(aurora_connection_t *connection)
{
  aurora__script_t script = {.statements = {connection->undo}, .count = 1, .done = batch_undone};

  connection->undo = NULL;
  aurora__script_run(connection, &script);
}

static void absorbed(aurora_connection_t *connection, bool failed)
{
  /* The kill may have hit the spared statement instead. */
  if (failed && mysql_errno(connection->mysql) != ER_QUERY_INTERRUPTED) {
    aurora__connection_close(connection, AURORA_CLOSE_TIMED_OUT);
    return;
  }
  if (!failed)
    aurora__fate_look(connection);
  if (connection->undo)
    undo_batch(connection);
  else
    go_on_with_lease(connection);
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

  if (!connection->settled)
    return;
  if (!connection->kill_sent) {
    aurora__pool_clear_alarm(connection->pool, &connection->alarm);
    aurora__connection_use_ended(connection);
    return;
  }
  if (!connection->kill_answered)
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
  connection->suspect = true; /* how far it came is not known */
  killed_and_settled(connection);
}
