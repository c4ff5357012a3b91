/*
 * The table. Its rows are counted out of ten digits, which every server can join.
 */
#include "table.h"

#include <stdio.h>

#include "bare_session.h"

#define DIGITS                                                                                     \
  "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 "    \
  "UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT "  \
  "9)"

static const char create_sql[] =
    "CREATE TABLE " TABLE_NAME " (id INT NOT NULL PRIMARY KEY, number INT NOT NULL, "
    "name VARCHAR(32) NOT NULL)";
static const char fill_sql[] =
    "INSERT INTO " TABLE_NAME " SELECT id, id * 7919 %% 10000, CONCAT('row number ', id) FROM "
    "(SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 1 AS id FROM " DIGITS " a, " DIGITS
    " b, " DIGITS " c, " DIGITS " d) ids WHERE id <= %u";
static const char drop_sql[] = "DROP TABLE " TABLE_NAME;

int table_make(const bare_target_t *target, unsigned rows, bare_error_t *ret_error)
{
  bare_session_t session;
  char sql[sizeof fill_sql + 16];
  int code = 0;

  if (bare_session_open(&session, target, false, ret_error))
    return -1;
  snprintf(sql, sizeof sql, fill_sql, rows);
  if (mysql_query(session.mysql, create_sql)) {
    code = bare_session_failed(&session, NULL, "cannot make the table " TABLE_NAME, ret_error);
  } else if (mysql_query(session.mysql, sql)) {
    code = bare_session_failed(&session, NULL, "cannot fill the table " TABLE_NAME, ret_error);
    mysql_query(session.mysql, drop_sql);
  }
  bare_session_close(&session);
  return code;
}

void table_drop(const bare_target_t *target)
{
  bare_session_t session;
  bare_error_t error;

  if (bare_session_open(&session, target, false, &error)) {
    fprintf(stderr, "aurora-bench: the table %s is left: %s\n", TABLE_NAME, error.message);
    return;
  }
  if (mysql_query(session.mysql, drop_sql))
    fprintf(stderr, "aurora-bench: the table %s is left: %s\n", TABLE_NAME,
            mysql_error(session.mysql));
  bare_session_close(&session);
}
