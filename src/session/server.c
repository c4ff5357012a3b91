#include "session/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "libmariadb/internals.h"
#include "session/call_error.h"

static const struct {
  const char *name;
  size_t offset;
} variables[] = {
#define VARIABLE_GEN(name) {#name, offsetof(aurora__server_t, name)},
    AURORA__SERVER_VARIABLE_MAP(VARIABLE_GEN)
#undef VARIABLE_GEN
};

enum { VARIABLES = sizeof variables / sizeof variables[0] };

bool aurora__is_mariadb(MYSQL *mysql)
{
  /* MariaDB leaves this bit out of its greeting, to tell itself from MySQL. */
  return mariadb_connection(mysql) && aurora__greets_as_mariadb(mysql);
}

bool aurora__server_is_known(const aurora__server_t *server)
{
  return server->port[0] && (server->aurora_server_id[0] || server->server_uuid[0] ||
                             server->server_uid[0] || server->hostname[0]);
}

bool aurora__server_is_same(const aurora__server_t *a, const aurora__server_t *b)
{
  return aurora__server_is_known(a) && memcmp(a, b, sizeof *a) == 0;
}

/* What may stand in an SQL text as it is. */
static bool is_plain(const char *value)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                ".:-_+/=";

  return value[strspn(value, allowed)] == '\0';
}

/* False: a value that we cannot handle. */
static bool take(aurora__server_t *server, const char *name, const char *value)
{
  for (int i = 0; i < VARIABLES; i++) {
    if (strcmp(name, variables[i].name) == 0) {
      size_t size = strlen(value);

      if (size >= AURORA__SERVER_VALUE_SIZE || !is_plain(value))
        return false;
      memcpy((char *)server + variables[i].offset, value, size);
    }
  }
  return true;
}

/* The statements that tell the variables, by rows of a name and a value or by columns of these names: each is tried
 * where the server does not know a variable of the one before. On MySQL a SHOW is a query of performance_schema, which
 * holds up all other sessions. */
#define NAME_GEN(name) ",'" #name "'"
static const char show[] =
    "SHOW VARIABLES WHERE Variable_name IN (''" AURORA__SERVER_VARIABLE_MAP(NAME_GEN) ")";
#undef NAME_GEN
#define OF_MYSQL "@@server_uuid AS server_uuid, @@hostname AS hostname, @@port AS port"

static const char *const on_mysql[] = {"SELECT @@aurora_server_id AS aurora_server_id, " OF_MYSQL,
                                       "SELECT " OF_MYSQL, show, NULL};
static const char *const on_mariadb[] = {show, NULL};

/* NULL: there are none. */
static MYSQL_RES *run(MYSQL *mysql, const char *sql)
{
  return mysql_real_query(mysql, sql, strlen(sql)) == 0 ? mysql_store_result(mysql) : NULL;
}

/* The values of a row whose names are in its first column, or are those of the columns. */
static bool take_row(aurora__server_t *server, MYSQL_RES *rows, MYSQL_ROW row, bool shown)
{
  const MYSQL_FIELD *fields = mysql_fetch_fields(rows);
  bool good = true;

  if (shown)
    return mysql_num_fields(rows) == 2 && row[0] && row[1] && take(server, row[0], row[1]);
  for (unsigned i = 0; i < mysql_num_fields(rows); i++)
    good = good && row[i] && take(server, fields[i].name, row[i]);
  return good;
}

bool aurora__server_ask(MYSQL *mysql, aurora__server_t *ret_server)
{
  const char *const *sql = aurora__is_mariadb(mysql) ? on_mariadb : on_mysql;
  MYSQL_RES *rows = run(mysql, *sql);
  MYSQL_ROW row;
  bool good = true;

  memset(ret_server, 0, sizeof *ret_server);
  while (!rows && mysql_errno(mysql) == ER_UNKNOWN_SYSTEM_VARIABLE && sql[1])
    rows = run(mysql, *++sql);
  if (!rows) {
    aurora__call_error_t error = aurora__call_error(mysql, NULL);

    return error.number == 0 || aurora__session_survives(&error);
  }
  while ((row = mysql_fetch_row(rows)) != NULL)
    good = good && take_row(ret_server, rows, row, *sql == show);
  mysql_free_result(rows);
  if (!good)
    memset(ret_server, 0, sizeof *ret_server);
  return true;
}

bool aurora__server_is_here(MYSQL *mysql, const aurora__server_t *server)
{
  char condition[AURORA__SERVER_CONDITION_SIZE], sql[sizeof condition + sizeof "SELECT "];
  MYSQL_RES *rows;
  MYSQL_ROW row;
  bool here;

  aurora__server_condition(server, mysql_thread_id(mysql), condition, sizeof condition);
  snprintf(sql, sizeof sql, "SELECT %s", condition);
  rows = run(mysql, sql);
  row = rows ? mysql_fetch_row(rows) : NULL;
  here = row && mysql_num_fields(rows) == 1 && row[0] && strcmp(row[0], "1") == 0;
  mysql_free_result(rows);
  return here;
}

/* By COM_STATISTICS, which is no query. */
bool aurora__server_uptime(MYSQL *mysql, uint64_t *ret_seconds)
{
  static const char label[] = "Uptime: ";
  const char *text = mysql_stat(mysql);

  if (strncmp(text, label, sizeof label - 1) != 0)
    return false;
  *ret_seconds = strtoull(text + sizeof label - 1, NULL, 10);
  return true;
}

/* The server's is the difference of two moments, each cut to whole seconds. */
bool aurora__server_was_up(uint64_t uptime_s, uint64_t session_age_ns)
{
  return session_age_ns / 1000000000u <= uptime_s + 1;
}

void aurora__server_condition(const aurora__server_t *server, uint64_t session_id, char *sql,
                              size_t size)
{
  int used = snprintf(sql, size, "CONNECTION_ID() = %" PRIu64, session_id);

  for (int i = 0; i < VARIABLES; i++) {
    const char *value = (const char *)server + variables[i].offset;

    if (value[0])
      used +=
          snprintf(sql + used, size - (size_t)used, " AND @@%s = '%s'", variables[i].name, value);
  }
}
