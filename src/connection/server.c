#include "connection/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection/call_error.h"

static const struct {
  const char *name;
  size_t offset;
} variables[] = {
#define VARIABLE_GEN(name) {#name, offsetof(aurora__server_t, name)},
    AURORA__SERVER_VARIABLE_MAP(VARIABLE_GEN)
#undef VARIABLE_GEN
};

enum { VARIABLES = sizeof variables / sizeof variables[0] };

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

/* Runs a SHOW statement. NULL: it failed, or gives no rows of a name and a value. */
static MYSQL_RES *show(MYSQL *mysql, const char *sql)
{
  MYSQL_RES *rows = NULL;

  if (mysql_real_query(mysql, sql, strlen(sql)) == 0)
    rows = mysql_store_result(mysql);
  if (rows && mysql_num_fields(rows) != 2) {
    mysql_free_result(rows);
    rows = NULL;
  }
  return rows;
}

bool aurora__server_ask(MYSQL *mysql, aurora__server_t *ret_server)
{
#define NAME_GEN(name) ",'" #name "'"
  MYSQL_RES *rows = show(
      mysql, "SHOW VARIABLES WHERE Variable_name IN (''" AURORA__SERVER_VARIABLE_MAP(NAME_GEN) ")");
#undef NAME_GEN
  MYSQL_ROW row;
  bool good = true;

  memset(ret_server, 0, sizeof *ret_server);
  if (!rows) {
    aurora__call_error_t error = aurora__call_error(mysql, NULL);

    return error.number == 0 || aurora__session_survives(&error);
  }
  while ((row = mysql_fetch_row(rows)) != NULL)
    good = good && row[0] && row[1] && take(ret_server, row[0], row[1]);
  mysql_free_result(rows);
  if (!good)
    memset(ret_server, 0, sizeof *ret_server);
  return true;
}

bool aurora__server_uptime(MYSQL *mysql, uint64_t *ret_seconds)
{
  MYSQL_RES *rows = show(mysql, AURORA__SERVER_UPTIME_SQL);
  MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;
  bool good = row && row[1];

  if (good)
    *ret_seconds = strtoull(row[1], NULL, 10);
  mysql_free_result(rows);
  return good;
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
