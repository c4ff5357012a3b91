/*
 * Looking after connections that nobody uses: is the server still there?
 */
#include "connection/connection.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "connection/driver.h"
#include "pool/pool.h"
#include "session/read_ahead.h"

static int ping_start(aurora_connection_t *connection)
{
  return mysql_ping_start(&connection->status, connection->mysql);
}

static int ping_cont(aurora_connection_t *connection, int status)
{
  return mysql_ping_cont(&connection->status, connection->mysql, status);
}

void aurora__connection_proven(aurora_connection_t *connection, bool failed)
{
  aurora_pool_t *pool = connection->pool;

  if (failed || aurora__has_leftover(connection->mysql)) {
    aurora__connection_close(connection, AURORA_CLOSE_PING_FAILED);
    return;
  }
  aurora__pool_clear_alarm(pool, &connection->alarm);
  aurora__pool_ready(pool, connection, true);
}

static void ping_done(aurora_connection_t *connection)
{
  aurora__connection_proven(connection, connection->status != 0);
}

static const aurora__operation_t ping = {"ping", ping_start, ping_cont, ping_done};

static void no_answer(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  aurora__connection_close(connection, AURORA_CLOSE_PING_FAILED);
}

static void begin_ping(aurora_connection_t *connection, const char *why)
{
  aurora_pool_t *pool = connection->pool;

  aurora__connection_set_state(connection, AURORA__CONNECTION_PINGING, why);
  pool->counters.pings++;
  connection->alarm.ring = no_answer;
  aurora__pool_set_alarm(pool, &connection->alarm, aurora__now_ms() + pool->config.connect_timeout);
}

void aurora__connection_ping(aurora_connection_t *connection)
{
  begin_ping(connection, "is it alive");
  aurora__driver_next(connection, &ping);
  aurora__driver_run(connection);
}

void aurora__connection_prove(aurora_connection_t *connection)
{
  static const aurora__script_t select_one = {
      .statements = {"SELECT 1"}, .count = 1, .done = aurora__connection_proven};

  aurora__connection_run_upkeep(connection, &select_one, "warm-up");
}

void aurora__connection_run_upkeep(aurora_connection_t *connection, const aurora__script_t *script,
                                   const char *why)
{
  begin_ping(connection, why);
  aurora__script_run(connection, script);
}

bool aurora__connection_is_stale(const aurora_connection_t *connection)
{
  char byte;
  ssize_t size;

  size = recv((int)mysql_get_socket(connection->mysql), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

void aurora__connection_heard(aurora_connection_t *connection)
{
  aurora_error_t lost;

  if (connection->state == AURORA__CONNECTION_CLOSING || !aurora__connection_is_stale(connection))
    return;
  if (!aurora__room_leave(connection)) {
    aurora__connection_close(connection, AURORA_CLOSE_LOST);
    return;
  }
  aurora__error_set(&lost, AURORA_ELOST, AURORA_NOT_SENT,
                    "the connection was lost while the server had no room for the statement");
  aurora__connection_die(connection, AURORA_CLOSE_LOST, &lost);
}
