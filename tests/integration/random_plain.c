/*
 * See random_plain.h. Which statements may follow is said in aurora/transaction.h.
 */
#include "integration/random_plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "integration/random_statements.h"
#include "support/database_numbers.h"

/* Of the session: its transaction; a statement that failed has ended it. */
static bool is_open, has_ended;

static void in_both(database_t *database, const char *sql)
{
  size_t size = 2 * strlen(sql) + 80;
  char *text = malloc(size);

  ck_assert_ptr_nonnull(text);
  snprintf(text, size, "USE plain;\n%sUSE " DATABASE_NAME ";\n%s", sql, sql);
  ck_assert_int_eq(database_sql(database, text), 0);
  free(text);
}

void random_make_databases(database_t *database)
{
  ck_assert_int_eq(database_sql(database,
                                "CREATE DATABASE plain;"
                                "GRANT ALL PRIVILEGES ON plain.* TO " DATABASE_USER "@'%'"),
                   0);
  if (database_kind() == DATABASE_MYSQL) /* octane has them */
    ck_assert_int_eq(database_sql(database, "USE plain;\n" DATABASE_NUMBERS), 0);
  in_both(database, random_routines);
}

void random_make_tables(database_t *database)
{
  in_both(database, random_tables);
}

MYSQL *random_plain_open(const database_t *database)
{
  MYSQL *mysql = mysql_init(NULL);
  unsigned tcp = MYSQL_PROTOCOL_TCP;

  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  ck_assert_ptr_nonnull(mysql_real_connect(mysql, database->host, DATABASE_USER, DATABASE_PASSWORD,
                                           "plain", database->port, NULL, CLIENT_MULTI_RESULTS));
  is_open = has_ended = false;
  return mysql;
}

void random_plain_reset(MYSQL *mysql)
{
  ck_assert_int_eq(mysql_reset_connection(mysql), 0);
  ck_assert_int_eq(mysql_query(mysql, "SET NAMES utf8mb4"), 0);
  is_open = has_ended = false;
}

/* An error says nothing of the session's state, and libmariadb does not read the answer to a ping. */
static bool is_in_transaction(MYSQL *mysql, bool after_error)
{
  unsigned status = 0;

  if (after_error)
    ck_assert_int_eq(mysql_query(mysql, "DO 0"), 0);
  ck_assert_int_eq(mariadb_get_infov(mysql, MARIADB_CONNECTION_SERVER_STATUS, &status), 0);
  return status & SERVER_STATUS_IN_TRANS;
}

void random_plain_run(transcript_t *transcript, MYSQL *mysql, const script_step_t *step)
{
  bool was_open = is_open, failed;

  transcript_of_plain(transcript, mysql, step);
  failed = strncmp(transcript->text, "error", 5) == 0;
  is_open = is_in_transaction(mysql, failed);
  has_ended = was_open && !is_open && failed;
}

bool random_plain_refuses(const char *sql)
{
  return has_ended && strcmp(sql, "BEGIN") != 0 && strcmp(sql, "ROLLBACK") != 0;
}
