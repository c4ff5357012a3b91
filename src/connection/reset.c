/*
 * Clean sessions: whether a session may be dirty, and making it as good as new.
 *
 *   (ROLLBACK) -> RESET CONNECTION -> (SELECT DB) -> script: set-up, init SQL -> ready
 *                                                      \- fails: database or role are others
 *                          -> (SELECT DB) -> script: role, set-up, init SQL -> ready
 *
 * The server undoes almost everything at a COM_RESET_CONNECTION: transaction, temporary tables, locks,
 * variables, prepared statements. It keeps the database, the role and, as far as the client believes, the
 * character set; those and the session's set-up (setup.h) are put right after it. What cannot be put right
 * ends with the session.
 *
 * A prepared XA transaction is no session's, but it keeps the session's hand on it: after the reset MariaDB
 * (10.11) refuses every statement on InnoDB with 1031. A ROLLBACK, which such a session refuses, tells; it is
 * made only where the server said that a transaction was open and a statement may have been an XA.
 */
#include "connection/connection.h"

#include <string.h>
#include <strings.h>

#include <mysqld_error.h>

#include "base/clock.h"
#include "base/log.h"
#include "connection/driver.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "session/read_ahead.h"

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
                               aurora__setup_home(&connection->setup));
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

static void set_up(aurora_connection_t *connection);

/* The set-up has found that the session is not as it was at its login. */
static void put_right(aurora_connection_t *connection)
{
  connection->put_right = true;
  aurora__driver_next(connection, &select_database);
}

static void clean(aurora_connection_t *connection, bool failed)
{
  if (failed && !connection->put_right && connection->script.next == 0 &&
      mysql_errno(connection->mysql) == ER_WRONG_VALUE_FOR_VAR) {
    put_right(connection);
    return;
  }
  if (failed) {
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
    return;
  }
  connection->suspect = false;
  connection->one_off = false;
  connection->may_be_xa = false;
  connection->xa_in_doubt = false;
  aurora__pool_clear_alarm(connection->pool, &connection->alarm);
  aurora__room_came(connection->pool);
  aurora__pool_ready(connection->pool, connection, false);
}

static void set_up(aurora_connection_t *connection)
{
  const aurora__setup_t *setup = &connection->setup;
  const char *init_sql = connection->pool->config.init_sql;
  aurora__script_t script = {.done = clean};

  if (connection->put_right && setup->role_sql)
    script.statements[script.count++] = setup->role_sql;
  script.statements[script.count++] = connection->suspect ? setup->thorough_sql : setup->sql;
  if (init_sql)
    script.statements[script.count++] = init_sql;
  aurora__script_run(connection, &script);
}

/* As far as libmariadb knows, from what the server reports; that saves a set-up that fails. */
static bool is_in_database(const aurora_connection_t *connection)
{
  const char *now = aurora__current_database(connection->mysql);
  const aurora__setup_t *setup = &connection->setup;

  return (!setup->database && !now[0]) || strcasecmp(now, aurora__setup_home(setup)) == 0;
}

static void reset_done(aurora_connection_t *connection)
{
  if (connection->status || aurora__has_leftover(connection->mysql)) {
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
    return;
  }
  aurora__statements_clear(&connection->statements);
  connection->tracking_ended = false;
  if (is_in_database(connection))
    set_up(connection);
  else
    aurora__driver_next(connection, &select_database);
}

static void select_done(aurora_connection_t *connection)
{
  if (connection->status || aurora__has_leftover(connection->mysql))
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
  else
    set_up(connection);
}

static void rolled_back(aurora_connection_t *connection, bool failed)
{
  if (failed) {
    aurora__log(&connection->pool->config, AURORA_LOG_WARN, "session cannot be cleaned",
                AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)connection->server_id),
                                   aurora__log_string("error", mysql_error(connection->mysql))));
    aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
    return;
  }
  aurora__driver_next(connection, &reset);
}

/* Whether an XA transaction may be open or prepared. */
static bool may_hold_xa(const aurora_connection_t *connection)
{
  return connection->may_be_xa &&
         (connection->xa_in_doubt ||
          (aurora__server_status(connection->mysql) & SERVER_STATUS_IN_TRANS) != 0);
}

static void took_too_long(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  aurora__connection_close(connection, AURORA_CLOSE_RESET_FAILED);
}

void aurora__connection_reset(aurora_connection_t *connection)
{
  static const aurora__script_t rollback = {
      .statements = {"ROLLBACK"}, .count = 1, .done = rolled_back};
  aurora_pool_t *pool = connection->pool;

  aurora__connection_set_state(connection, AURORA__CONNECTION_RESETTING, "may be dirty");
  if (connection->slot.state != AURORA__SLOT_UPKEEP)
    aurora__scheduler_upkeep(&pool->scheduler, &connection->slot);
  pool->counters.resets++;
  connection->put_right = false;
  connection->alarm.ring = took_too_long;
  aurora__pool_set_alarm(pool, &connection->alarm, aurora__now_ms() + pool->config.connect_timeout);
  if (may_hold_xa(connection)) {
    aurora__script_run(connection, &rollback);
    return;
  }
  aurora__driver_next(connection, &reset);
  aurora__driver_run(connection);
}

static bool is_reported(const MYSQL *mysql, enum enum_session_state_type type)
{
  const char *text;
  size_t size;

  return mysql_session_track_get_first((MYSQL *)mysql, type, &text, &size) == 0;
}

bool aurora__ok_reports_change(const MYSQL *mysql)
{
  static const enum enum_session_state_type of_session[] = {
      SESSION_TRACK_STATE_CHANGE, SESSION_TRACK_SYSTEM_VARIABLES, SESSION_TRACK_SCHEMA};
  static const enum enum_session_state_type of_others[] = {
      SESSION_TRACK_GTIDS, SESSION_TRACK_TRANSACTION_CHARACTERISTICS,
      SESSION_TRACK_TRANSACTION_STATE};

  if (!(aurora__server_status(mysql) & SERVER_SESSION_STATE_CHANGED))
    return false;
  for (size_t i = 0; i < sizeof of_session / sizeof *of_session; i++)
    if (is_reported(mysql, of_session[i]))
      return true;
  for (size_t i = 0; i < sizeof of_others / sizeof *of_others; i++)
    if (is_reported(mysql, of_others[i]))
      return false;
  return true; /* it says of nothing what it is */
}

bool aurora__connection_may_be_dirty(const aurora_connection_t *connection)
{
  unsigned status = aurora__server_status(connection->mysql);
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
  return in_transaction || !connection->setup.tracks_state || connection->suspect;
}
