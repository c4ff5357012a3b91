/*
 * Clean sessions: whether a session may be dirty, and making it as good as new.
 *
 *   RESET CONNECTION -> (SELECT DB) -> script: character set and tracking, init SQL -> ready
 *
 * A SET ROLE outlives the reset (MariaDB 10.11), so a session that may have seen one ends instead.
 *
 * The server undoes almost everything at a COM_RESET_CONNECTION: transaction, temporary tables, locks,
 * variables, prepared statements. It keeps the database and, as far as the client believes, the
 * character set; those and the session's set-up are put right after it.
 */
#include "connection/connection.h"

#include <string.h>

#include "base/clock.h"
#include "connection/driver.h"
#include "connection/read_ahead.h"
#include "pool/pool.h"

static int reset_start(aurora_connection_t *connection)
{
  return mysql_reset_connection_start(&connection->status, connection->mysql);
}

static int reset_cont(aurora_connection_t *connection, int status)
{
  return mysql_reset_connection_cont(&connection->status, connection->mysql, status);
}

static int select_start(aurora_connection_t *connection)
{
  return mysql_select_db_start(&connection->status, connection->mysql,
                               connection->pool->config.database);
}

static int select_cont(aurora_connection_t *connection, int status)
{
  return mysql_select_db_cont(&connection->status, connection->mysql, status);
}

static void reset_done(aurora_connection_t *connection);
static void select_done(aurora_connection_t *connection);

static const aurora__operation_t reset = {"reset", reset_start, reset_cont, reset_done};
static const aurora__operation_t select_database = {"select database", select_start, select_cont,
                                                    select_done};

static void clean(aurora_connection_t *connection, bool failed)
{
  if (failed) {
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
    return;
  }
  aurora__pool_clear_alarm(connection->pool, &connection->alarm);
  aurora__pool_ready(connection->pool, connection, false);
}

static void set_up(aurora_connection_t *connection)
{
  const char *init_sql = connection->pool->config.init_sql;
  aurora__script_t script = {.done = clean};

  script.statements[script.count++] =
      connection->tracks_state ? AURORA__SETUP_TRACKING_SQL : AURORA__SETUP_SQL;
  if (init_sql)
    script.statements[script.count++] = init_sql;
  aurora__script_run(connection, &script);
}

/* libmariadb follows the server's reports of the current database. */
static bool is_in_database(const aurora_connection_t *connection)
{
  const char *database = connection->mysql->db ? connection->mysql->db : "";

  return strcmp(database, connection->pool->config.database) == 0;
}

static void reset_done(aurora_connection_t *connection)
{
  if (connection->status || aurora__has_leftover(connection->mysql)) {
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
    return;
  }
  aurora__statements_clear(&connection->statements);
  if (is_in_database(connection)) {
    set_up(connection);
  } else if (connection->pool->config.database[0]) {
    aurora__driver_next(connection, &select_database);
  } else {
    /* There is no way back to "no database". */
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
  }
}

static void select_done(aurora_connection_t *connection)
{
  if (connection->status || aurora__has_leftover(connection->mysql))
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
  else
    set_up(connection);
}

static void took_too_long(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
}

void aurora__connection_reset(aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;

  if (connection->role_changed) {
    aurora__connection_close(connection, AURORA_CLOSE_RECYCLED);
    return;
  }
  aurora__connection_set_state(connection, AURORA__CONNECTION_RESETTING, "may be dirty");
  if (connection->slot.state != AURORA__SLOT_UPKEEP)
    aurora__scheduler_upkeep(&pool->scheduler, &connection->slot);
  pool->counters.resets++;
  connection->alarm.ring = took_too_long;
  aurora__pool_set_alarm(pool, &connection->alarm, aurora__now_ms() + pool->config.connect_timeout);
  aurora__driver_next(connection, &reset);
  aurora__driver_run(connection);
}

bool aurora__connection_may_be_dirty(const aurora_connection_t *connection)
{
  unsigned status = connection->mysql->server_status;
  bool in_transaction =
      (status & SERVER_STATUS_IN_TRANS) != 0 || (status & SERVER_STATUS_AUTOCOMMIT) == 0;

  switch (connection->pool->config.reset) {
  case AURORA_RESET_ALWAYS:
    return true;
  case AURORA_RESET_NEVER:
    return in_transaction;
  case AURORA_RESET_AUTO:
    break;
  }
  return in_transaction || !connection->harmless || !connection->tracks_state ||
         (status & SERVER_SESSION_STATE_CHANGED) != 0;
}
