/*
 * Queries on a real server, by text and prepared: what they give, and what the server or the library
 * refuses. Results of great size are in test_results.c, kept statements in test_statements.c.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

static database_t database;
static pool_fixture_t fixture;

static void set_up(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  fixture_open(&fixture, &config);
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

static int64_t number_in(const reply_t *reply, size_t row, unsigned column)
{
  int64_t number = 0;

  ck_assert_int_eq(aurora_result_int64(reply->result, row, column, &number), 0);
  return number;
}

START_TEST(rows_by_text_and_prepared)
{
  const char *name;
  reply_t reply =
      fixture_query(&fixture, "SELECT 1 AS id, 'Ängla' AS name UNION SELECT 2, NULL ORDER BY 1",
                    AURORA_NO_PARAMS);

  for (int round = 0; round < 2; round++) {
    ck_assert_uint_eq(aurora_result_rows(reply.result), 2);
    ck_assert_uint_eq(aurora_result_columns(reply.result), 2);
    ck_assert_str_eq(aurora_result_column_name(reply.result, 1), "name");
    ck_assert_int_eq(aurora_result_column(reply.result, "NAME"), 1);
    ck_assert_int_eq(aurora_result_column(reply.result, "other"), AURORA_ENOTFOUND);
    ck_assert_int_eq(number_in(&reply, 1, 0), 2);
    ck_assert_int_eq(aurora_result_string(reply.result, 0, 1, &name), 0);
    ck_assert_str_eq(name, "Ängla");
    ck_assert_int_eq(aurora_result_value(reply.result, 1, 1).type, AURORA_TYPE_NULL);
    ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 2);
    ck_assert_ptr_null(aurora_result_next(reply.result));
    reply_clear(&reply);
    if (round == 0)
      reply = fixture_query(&fixture, "SELECT ? AS id, ? AS name UNION SELECT 2, NULL ORDER BY 1",
                            AURORA_PARAMS(1, "Ängla"));
  }
}
END_TEST

START_TEST(parameters_of_every_type)
{
  static const char bytes[] = "a\0\xff'\\b";
  const aurora_time_t span = {true, 26, 1, 2, 345678};
  const aurora_datetime_t moment = {2024, 2, 29, 23, 59, 58, 123456};
  aurora_text_t text;
  reply_t reply;

  reply = fixture_query(
      &fixture,
      "SELECT ? = -9223372036854775807 - 1, ? = 18446744073709551615, ? = 0.1e0, ? = '-12.50', "
      "? = 'it''s', HEX(?) = '6100FF275C62', ? = DATE'2024-02-29', ? = TIME'-26:01:02.345678', "
      "? = TIMESTAMP'2024-02-29 23:59:58.123456', ? IS NULL, ? = 1, ? = ''",
      AURORA_PARAMS(INT64_MIN, UINT64_MAX, 0.1, aurora_decimal("-12.50"), "it's",
                    aurora_bytes(bytes, sizeof bytes - 1), aurora_date(2024, 2, 29), span, moment,
                    aurora_null(), true, ""));
  for (unsigned i = 0; i < 12; i++)
    ck_assert_msg(number_in(&reply, 0, i) == 1, "parameter %u", i);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "SELECT ? AS b", AURORA_PARAMS(aurora_bytes(bytes, 6)));
  ck_assert_int_eq(aurora_result_bytes(reply.result, 0, 0, &text), 0);
  ck_assert_uint_eq(text.size, 6);
  ck_assert_mem_eq(text.data, bytes, 6);
  reply_clear(&reply);
}
END_TEST

/* The caller's memory may be gone as soon as the call has returned. */
START_TEST(sql_and_parameters_are_copied)
{
  char sql[] = "SELECT CONCAT(?, '!')";
  char word[] = "copied";
  const char *seen;
  reply_t reply;

  fixture_ask(&fixture, &reply, sql, AURORA_PARAMS((const char *)word));
  memset(sql, 'x', sizeof sql - 1);
  memset(word, 'y', sizeof word - 1);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_int_eq(aurora_result_string(reply.result, 0, 0, &seen), 0);
  ck_assert_str_eq(seen, "copied!");
  reply_clear(&reply);
}
END_TEST

START_TEST(statements_without_rows)
{
  reply_t reply;

  fixture_run(&fixture, "CREATE TABLE made (id INT AUTO_INCREMENT PRIMARY KEY, v INT)");
  reply = fixture_query(&fixture, "INSERT INTO made (v) VALUES (1), (2), (3)", AURORA_NO_PARAMS);
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 3);
  ck_assert_uint_eq(aurora_result_insert_id(reply.result), 1);
  ck_assert_uint_eq(aurora_result_rows(reply.result), 0);
  ck_assert_uint_eq(aurora_result_columns(reply.result), 0);
  ck_assert_str_eq(aurora_result_info(reply.result), "Records: 3  Duplicates: 0  Warnings: 0");
  reply_clear(&reply);
  reply = fixture_query(&fixture, "INSERT INTO made (v) VALUES (?)", AURORA_PARAMS(4));
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
  ck_assert_uint_eq(aurora_result_insert_id(reply.result), 4);
  ck_assert_str_eq(aurora_result_info(reply.result), "");
  reply_clear(&reply);
  reply = fixture_query(&fixture, "UPDATE made SET v = 9 WHERE id > ?", AURORA_PARAMS(2));
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 2);
  ck_assert_uint_eq(aurora_result_insert_id(reply.result), 0);
  ck_assert_str_eq(aurora_result_info(reply.result), "Rows matched: 2  Changed: 2  Warnings: 0");
  reply_clear(&reply);
  /* Rows that had the value already are not affected. */
  reply = fixture_query(&fixture, "UPDATE made SET v = 9", AURORA_NO_PARAMS);
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 2);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "DELETE FROM made", AURORA_NO_PARAMS);
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 4);
  reply_clear(&reply);
  fixture_run(&fixture, "ALTER TABLE made ADD COLUMN w INT");
  fixture_run(&fixture, "DROP TABLE made");
}
END_TEST

START_TEST(warnings_are_counted)
{
  reply_t reply = fixture_query(&fixture, "SELECT 1/0", AURORA_NO_PARAMS);

  ck_assert_uint_eq(aurora_result_warnings(reply.result), 1);
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_NULL);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "SELECT 1/?", AURORA_PARAMS(0));
  ck_assert_uint_eq(aurora_result_warnings(reply.result), 1);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "DROP TABLE IF EXISTS nobody", AURORA_NO_PARAMS);
  ck_assert_uint_eq(aurora_result_warnings(reply.result), 1);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "SELECT 1", AURORA_NO_PARAMS);
  ck_assert_uint_eq(aurora_result_warnings(reply.result), 0);
  reply_clear(&reply);
}
END_TEST

START_TEST(no_rows_have_columns_all_the_same)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply;

    if (prepared)
      reply = fixture_query(&fixture, "SELECT 1 AS a, 'x' AS b FROM DUAL WHERE ? > 5",
                            AURORA_PARAMS(1));
    else
      reply = fixture_query(&fixture, "SELECT 1 AS a, 'x' AS b FROM DUAL WHERE FALSE",
                            AURORA_NO_PARAMS);
    ck_assert_uint_eq(aurora_result_rows(reply.result), 0);
    ck_assert_uint_eq(aurora_result_columns(reply.result), 2);
    ck_assert_int_eq(aurora_result_column_type(reply.result, 0), AURORA_TYPE_INT64);
    ck_assert_int_eq(aurora_result_column_type(reply.result, 1), AURORA_TYPE_STRING);
    ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 0);
    reply_clear(&reply);
  }
}
END_TEST

START_TEST(many_columns)
{
  enum { COLUMNS = 2000 };
  char *sql = malloc((size_t)COLUMNS * 16);
  size_t at;

  ck_assert_ptr_nonnull(sql);
  at = (size_t)sprintf(sql, "SELECT ?+0");
  for (int i = 1; i < COLUMNS; i++)
    at += (size_t)sprintf(sql + at, ",%d", i);
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply;

    if (!prepared)
      sql[7] = '0';
    reply = fixture_query(&fixture, sql, prepared ? AURORA_PARAMS(0) : AURORA_NO_PARAMS);
    ck_assert_uint_eq(aurora_result_columns(reply.result), COLUMNS);
    for (unsigned i = 0; i < COLUMNS; i++)
      ck_assert_int_eq(number_in(&reply, 0, i), (int64_t)i);
    reply_clear(&reply);
    sql[7] = '?';
  }
  free(sql);
}
END_TEST

/* As many parameters as the protocol can count; one more is refused at once. */
START_TEST(many_parameters)
{
  enum { MOST = 65535 };
  aurora_value_t *values = malloc((MOST + 1) * sizeof *values);
  char *sql = malloc(MOST * 2 + 64);
  reply_t reply;
  size_t at;

  ck_assert_ptr_nonnull(values);
  ck_assert_ptr_nonnull(sql);
  at = (size_t)sprintf(sql, "SELECT ? IN (?");
  for (int i = 2; i < MOST; i++)
    at += (size_t)sprintf(sql + at, ",?");
  strcpy(sql + at, ")");
  for (int i = 0; i <= MOST; i++)
    values[i] = aurora_int64(i);
  values[0] = aurora_int64(MOST - 1);
  reply = fixture_query(&fixture, sql, (aurora_params_t){values, MOST});
  ck_assert_int_eq(number_in(&reply, 0, 0), 1);
  reply_clear(&reply);
  ck_assert_int_eq(aurora_pool_query(fixture.pool, sql, (aurora_params_t){values, MOST + 1},
                                     reply_on_query, &reply),
                   UV_EINVAL);
  free(values);
  free(sql);
}
END_TEST

/* Each of the server's errors with its number, and the connection goes on in step. */
START_TEST(errors_of_the_server)
{
  static const struct {
    const char *sql;
    unsigned number;
    const char *sqlstate;
  } cases[] = {
      {"NONSENSE", ER_PARSE_ERROR, "42000"},
      {"SELECT 1; SELECT 2", ER_PARSE_ERROR, "42000"},
      {"SELECT * FROM nobody", ER_NO_SUCH_TABLE, "42S02"},
      {"INSERT INTO unique_rows VALUES (1)", ER_DUP_ENTRY, "23000"},
      {"SELECT x FROM unique_rows", ER_BAD_FIELD_ERROR, "42S22"},
      {"SELECT * FROM mysql.user", ER_TABLEACCESS_DENIED_ERROR, "42000"},
      {"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 30001, MESSAGE_TEXT = 'of our own'", 30001,
       "45000"},
  };
  int64_t id;

  fixture_run(&fixture, "CREATE TABLE unique_rows (a INT PRIMARY KEY)");
  fixture_run(&fixture, "INSERT INTO unique_rows VALUES (1)");
  id = fixture_number(&fixture, "SELECT CONNECTION_ID()");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    aurora_error_t error = fixture_fail(&fixture, cases[i].sql, AURORA_NO_PARAMS, AURORA_ESERVER);

    ck_assert_uint_eq(error.server_errno, cases[i].number);
    ck_assert_str_eq(error.sqlstate, cases[i].sqlstate);
    ck_assert_int_eq(error.outcome, AURORA_REFUSED);
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT CONNECTION_ID()"), id);
  fixture_run(&fixture, "DROP TABLE unique_rows");
}
END_TEST

START_TEST(errors_of_prepared_statements)
{
  aurora_error_t error;
  int64_t id;

  fixture_run(&fixture, "CREATE TABLE unique_rows (a INT PRIMARY KEY)");
  fixture_run(&fixture, "INSERT INTO unique_rows VALUES (1)");
  id = fixture_number(&fixture, "SELECT CONNECTION_ID()");
  error = fixture_fail(&fixture, "SELECT ? FROM", AURORA_PARAMS(1), AURORA_ESERVER);
  ck_assert_uint_eq(error.server_errno, ER_PARSE_ERROR);
  for (int i = 0; i < 2; i++) { /* prepared anew, and from the cache */
    error = fixture_fail(&fixture, "INSERT INTO unique_rows VALUES (?)", AURORA_PARAMS(1),
                         AURORA_ESERVER);
    ck_assert_uint_eq(error.server_errno, ER_DUP_ENTRY);
    ck_assert_str_eq(error.sqlstate, "23000");
    ck_assert_int_eq(error.outcome, AURORA_REFUSED);
  }
  /* In the middle of the rows. */
  error = fixture_fail(&fixture,
                       "SELECT (SELECT seq FROM seq_1_to_2 WHERE s.seq > ?) FROM seq_1_to_9 AS s",
                       AURORA_PARAMS(5), AURORA_ESERVER);
  ck_assert_uint_eq(error.server_errno, ER_SUBQUERY_NO_1_ROW);
  error = fixture_fail(&fixture,
                       "SELECT (SELECT seq FROM seq_1_to_2 WHERE s.seq > 5) FROM seq_1_to_9 AS s",
                       AURORA_NO_PARAMS, AURORA_ESERVER);
  ck_assert_uint_eq(error.server_errno, ER_SUBQUERY_NO_1_ROW);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT CONNECTION_ID()"), id);
  fixture_run(&fixture, "DROP TABLE unique_rows");
}
END_TEST

START_TEST(the_wrong_number_of_parameters)
{
  for (int round = 0; round < 2; round++) {
    aurora_error_t error =
        fixture_fail(&fixture, "SELECT ? + ?", AURORA_PARAMS(1, 2, 3), AURORA_EPARAMS);

    ck_assert_int_eq(error.outcome, AURORA_NOT_SENT);
    ck_assert_ptr_nonnull(strstr(error.message, "2 placeholders"));
    ck_assert_ptr_nonnull(strstr(error.message, "3 parameters"));
    fixture_fail(&fixture, "SELECT ? + ?", AURORA_PARAMS(1), AURORA_EPARAMS);
    fixture_fail(&fixture, "SELECT 1", AURORA_PARAMS(1), AURORA_EPARAMS);
  }
  /* Without parameters a placeholder is the server's matter. */
  ck_assert_uint_eq(
      fixture_fail(&fixture, "SELECT ?", AURORA_NO_PARAMS, AURORA_ESERVER).server_errno,
      ER_PARSE_ERROR);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

START_TEST(procedures_give_several_results)
{
  ck_assert_int_eq(database_sql(&database, "CREATE PROCEDURE several(n INT) MODIFIES SQL DATA BEGIN"
                                           " SELECT n AS a UNION SELECT n + 1;"
                                           " SELECT 'two' AS b, 3.5 AS c;"
                                           " SELECT 1 FROM DUAL WHERE FALSE; END"),
                   0);
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply;
    const aurora_result_t *second, *third, *last;
    const char *text;

    if (prepared)
      reply = fixture_query(&fixture, "CALL several(?)", AURORA_PARAMS(7));
    else
      reply = fixture_query(&fixture, "CALL several(7)", AURORA_NO_PARAMS);
    ck_assert_uint_eq(aurora_result_rows(reply.result), 2);
    ck_assert_int_eq(number_in(&reply, 1, 0), 8);
    second = aurora_result_next(reply.result);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(aurora_result_columns(second), 2);
    ck_assert_int_eq(aurora_result_string(second, 0, 0, &text), 0);
    ck_assert_str_eq(text, "two");
    third = aurora_result_next(second);
    ck_assert_ptr_nonnull(third);
    ck_assert_uint_eq(aurora_result_rows(third), 0);
    ck_assert_uint_eq(aurora_result_columns(third), 1);
    last = aurora_result_next(third); /* the procedure's own end */
    ck_assert_ptr_nonnull(last);
    ck_assert_uint_eq(aurora_result_columns(last), 0);
    ck_assert_ptr_null(aurora_result_next(last));
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
    reply_clear(&reply);
  }
  ck_assert_int_eq(database_sql(&database, "DROP PROCEDURE several"), 0);
}
END_TEST

START_TEST(a_procedure_that_fails_after_a_result)
{
  ck_assert_int_eq(database_sql(&database, "CREATE PROCEDURE failing(n INT) BEGIN SELECT n;"
                                           " SIGNAL SQLSTATE '45000'; END"),
                   0);
  for (int prepared = 0; prepared < 2; prepared++) {
    aurora_error_t error;

    if (prepared)
      error = fixture_fail(&fixture, "CALL failing(?)", AURORA_PARAMS(7), AURORA_ESERVER);
    else
      error = fixture_fail(&fixture, "CALL failing(7)", AURORA_NO_PARAMS, AURORA_ESERVER);
    ck_assert_str_eq(error.sqlstate, "45000");
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  ck_assert_int_eq(database_sql(&database, "DROP PROCEDURE failing"), 0);
}
END_TEST

static void not_called(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
  ck_abort_msg("the callback of a call that was refused");
}

START_TEST(bad_calls_are_refused_at_once)
{
  const aurora_value_t no_data = {AURORA_TYPE_STRING, {.text = {NULL, 3}}};
  aurora_value_t no_type = aurora_int64(1);
  aurora_query_options_t options = {.flags = 1u << 20};
  aurora_query_t *query = (aurora_query_t *)&options;
  const aurora_params_t bad[] = {{NULL, 1},
                                 AURORA_PARAMS("\xff"),
                                 AURORA_PARAMS("\xed\xa0\x80"),
                                 AURORA_PARAMS(no_data),
                                 AURORA_PARAMS(aurora_decimal("\xc0\x80"))};

  no_type.type = (aurora_type_t)99;
  ck_assert_int_eq(aurora_pool_query(NULL, "SELECT 1", AURORA_NO_PARAMS, not_called, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(fixture.pool, NULL, AURORA_NO_PARAMS, not_called, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(fixture.pool, "", AURORA_NO_PARAMS, not_called, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(fixture.pool, "SELECT 1", AURORA_NO_PARAMS, NULL, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(
      aurora_pool_query(fixture.pool, "SELECT '\xc3'", AURORA_NO_PARAMS, not_called, NULL),
      UV_EINVAL);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_int_eq(aurora_pool_query(fixture.pool, "SELECT ?", bad[i], not_called, NULL),
                     UV_EINVAL);
  ck_assert_int_eq(
      aurora_pool_query(fixture.pool, "SELECT ?", AURORA_PARAMS(no_type), not_called, NULL),
      UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query_with(fixture.pool, "SELECT 1", AURORA_NO_PARAMS, &options,
                                          not_called, NULL, &query),
                   UV_EINVAL);
  options.flags = AURORA_QUERY_TEXT;
  ck_assert_int_eq(aurora_pool_query_with(fixture.pool, "SELECT ?", AURORA_PARAMS(1), &options,
                                          not_called, NULL, &query),
                   UV_EINVAL);
  ck_assert_ptr_eq(query, (aurora_query_t *)&options); /* untouched */
  ck_assert_int_eq(aurora_query_cancel(NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_acquire(fixture.pool, NULL, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_warmup(fixture.pool, NULL, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_check(fixture.pool, NULL, NULL), UV_EINVAL);
  loop_run_for(&fixture.loop, 20);
  ck_assert_uint_eq(fixture_stats(&fixture).size, 0);
}
END_TEST

/* The server would read the client's file; libmariadb must not send it. */
START_TEST(local_infile_is_refused)
{
  aurora_error_t error;

  ck_assert_int_eq(database_sql(&database, "SET GLOBAL local_infile = 1"), 0);
  fixture_run(&fixture, "CREATE TABLE texts (line TEXT)");
  error = fixture_fail(&fixture, "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE texts",
                       AURORA_NO_PARAMS, AURORA_ESERVER);
  ck_assert_uint_ne(error.server_errno, 0);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM texts"), 0);
  fixture_run(&fixture, "DROP TABLE texts");
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("query");
  TCase *tcase = tcase_create("query");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, rows_by_text_and_prepared);
  tcase_add_test(tcase, parameters_of_every_type);
  tcase_add_test(tcase, sql_and_parameters_are_copied);
  tcase_add_test(tcase, statements_without_rows);
  tcase_add_test(tcase, warnings_are_counted);
  tcase_add_test(tcase, no_rows_have_columns_all_the_same);
  tcase_add_test(tcase, many_columns);
  tcase_add_test(tcase, many_parameters);
  tcase_add_test(tcase, errors_of_the_server);
  tcase_add_test(tcase, errors_of_prepared_statements);
  tcase_add_test(tcase, the_wrong_number_of_parameters);
  tcase_add_test(tcase, procedures_give_several_results);
  tcase_add_test(tcase, a_procedure_that_fails_after_a_result);
  tcase_add_test(tcase, bad_calls_are_refused_at_once);
  tcase_add_test(tcase, local_infile_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
