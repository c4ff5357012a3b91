/*
 * The statements that set a session up. See setup.h.
 *
 * Names go into a statement in hexadecimal digits: no sql_mode and no character set reads them otherwise.
 */
#include "session/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <uv.h>

#include <aurora/error.h>

#include "base/alloc.h"
#include "session/read_ahead.h"

/* The database; then, where there are roles, the current one and how SET ROLE names it. MySQL writes it
 * quoted, and NONE where there is none; MariaDB bare, and NULL. */
#define ASK                                                                                        \
  "SELECT DATABASE() /*!80000 , CURRENT_ROLE(), CURRENT_ROLE() */"                                 \
  " /*M!100005 , CURRENT_ROLE(),"                                                                  \
  " COALESCE(CONCAT('`', REPLACE(CURRENT_ROLE(), '`', '``'), '`'), 'NONE') */"

#define TRACKING                                                                                   \
  ", SESSION session_track_state_change=1, SESSION session_track_schema=1"                         \
  ", SESSION session_track_system_variables='autocommit,character_set_client,"                     \
  "character_set_connection,character_set_results,collation_connection,sql_mode,time_zone'"

/* Where a session goes that had no database, as the server writes it. */
#define HOME_OF_NONE "information_schema"

/* MySQL's reset takes the profiles away itself; MariaDB's leaves them, and nothing but a look at all of them
 * tells whether there are any. */
#define NO_PROFILES " /*M! AND NOT EXISTS (SELECT 1 FROM information_schema.PROFILING) */"
/* To set it is to drop the traces. */
#define NO_TRACES " /*!50701 , SESSION optimizer_trace_limit=DEFAULT */"

static char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *format, ...)
{
  va_list arguments;
  char *text;
  int size;

  va_start(arguments, format);
  size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  text = aurora__malloc((size_t)size + 1);
  if (!text)
    return NULL;
  va_start(arguments, format);
  vsnprintf(text, (size_t)size + 1, format, arguments);
  va_end(arguments);
  return text;
}

/* "expression <=> X'...'", or "expression IS NULL". NULL: memory is out. */
static char *write_condition(const char *expression, const char *value)
{
  size_t size = value ? strlen(value) : 0;
  char *digits, *condition;

  if (!value)
    return format("%s IS NULL", expression);
  digits = aurora__malloc(2 * size + 1);
  if (!digits)
    return NULL;
  digits[0] = '\0';
  for (size_t i = 0; i < size; i++)
    snprintf(digits + 2 * i, 3, "%02X", (unsigned)(unsigned char)value[i]);
  condition = format("%s <=> X'%s'", expression, digits);
  aurora__free(digits);
  return condition;
}

/* The same for DATABASE(). */
static char *write_database_condition(const char *database)
{
  char *none, *home, *condition = NULL;

  if (database)
    return write_condition("DATABASE()", database);
  none = write_condition("DATABASE()", NULL);
  home = write_condition("DATABASE()", HOME_OF_NONE);
  if (none && home)
    condition = format("(%s OR %s)", none, home);
  aurora__free(none);
  aurora__free(home);
  return condition;
}

static char *write_set(bool tracks_state, const char *condition, const char *and)
{
  return format("SET NAMES utf8mb4%s, SESSION autocommit=IF(%s%s, 1, 2)%s",
                tracks_state ? TRACKING : "", condition, and, NO_TRACES);
}

static bool write_statements(aurora__setup_t *setup)
{
  setup->sql = write_set(setup->tracks_state, setup->condition, "");
  setup->thorough_sql = write_set(setup->tracks_state, setup->condition, NO_PROFILES);
  return setup->sql && setup->thorough_sql;
}

/* From what the server has told. False: memory is out. */
static bool write_all(aurora__setup_t *setup, const char *database, bool has_roles,
                      const char *role, const char *role_name)
{
  char *in_database = write_database_condition(database);
  char *in_role = has_roles ? write_condition("CURRENT_ROLE()", role) : NULL;

  if (in_database && (in_role || !has_roles))
    setup->condition =
        format("%s%s%s", in_database, in_role ? " AND " : "", in_role ? in_role : "");
  aurora__free(in_database);
  aurora__free(in_role);
  if (!setup->condition || !write_statements(setup))
    return false;
  if (database && !(setup->database = format("%s", database)))
    return false;
  return !has_roles || (setup->role_sql = format("SET ROLE %s", role_name ? role_name : "NONE"));
}

int aurora__setup_ask(MYSQL *mysql, aurora__setup_t *ret_setup)
{
  aurora__setup_t setup = {.tracks_state = true};
  MYSQL_RES *rows;
  MYSQL_ROW row;
  bool written = false;

  if (mysql_real_query(mysql, ASK, strlen(ASK)))
    return AURORA_ESERVER;
  rows = mysql_store_result(mysql);
  if (!rows)
    return mysql_errno(mysql) ? AURORA_ESERVER : AURORA_EPROTOCOL;
  row = mysql_fetch_row(rows);
  if (row && mysql_num_fields(rows) == 3)
    written = write_all(&setup, row[0], true, row[1], row[2]);
  else if (row)
    written = write_all(&setup, row[0], false, NULL, NULL);
  mysql_free_result(rows);
  if (written && !aurora__has_leftover(mysql)) {
    *ret_setup = setup;
    return 0;
  }
  aurora__setup_clear(&setup);
  return row && !written ? UV_ENOMEM : AURORA_EPROTOCOL;
}

int aurora__setup_without_tracking(aurora__setup_t *setup)
{
  setup->tracks_state = false;
  aurora__free(setup->sql);
  aurora__free(setup->thorough_sql);
  return write_statements(setup) ? 0 : UV_ENOMEM;
}

const char *aurora__setup_home(const aurora__setup_t *setup)
{
  return setup->database ? setup->database : HOME_OF_NONE;
}

void aurora__setup_clear(aurora__setup_t *setup)
{
  aurora__free(setup->condition);
  aurora__free(setup->sql);
  aurora__free(setup->thorough_sql);
  aurora__free(setup->database);
  aurora__free(setup->role_sql);
  *setup = (aurora__setup_t){0};
}
