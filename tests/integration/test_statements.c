/*
 * Prepared statements kept by a connection: found again, evicted, and made anew when the server or a
 * change of their tables has made them useless.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/runner.h"

static database_t database;
static pool_fixture_t fixture;

static void open_with_cache(unsigned statements)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.statement_cache = statements;
  fixture_open(&fixture, &config);
}

/* Runs "SELECT n + ?" for a given n: a statement of its own for each. */
static void run_statement(unsigned n)
{
  char sql[64];
  reply_t reply;
  int64_t sum = 0;

  snprintf(sql, sizeof sql, "SELECT %u + ?", n);
  reply = fixture_query(&fixture, sql, AURORA_PARAMS(1000));
  ck_assert_int_eq(aurora_result_int64(reply.result, 0, 0, &sum), 0);
  ck_assert_int_eq(sum, 1000 + (int64_t)n);
  reply_clear(&reply);
}

static void counters_must_be(uint64_t misses, uint64_t hits, uint64_t evictions)
{
  aurora_stats_t stats = fixture_stats(&fixture);

  ck_assert_uint_eq(stats.statement_misses, misses);
  ck_assert_uint_eq(stats.statement_hits, hits);
  ck_assert_uint_eq(stats.statement_evictions, evictions);
}

/* How many statements the server holds, in all its sessions. */
static int64_t statements_on_server(void)
{
  return database_count(&database, "SELECT VARIABLE_VALUE FROM information_schema.global_status"
                                   " WHERE VARIABLE_NAME = 'Prepared_stmt_count'");
}

static bool server_holds(void *data)
{
  return statements_on_server() == *(int64_t *)data;
}

static void server_must_hold(int64_t statements)
{
  loop_run_until_true(&fixture.loop, server_holds, &statements, FIXTURE_PATIENCE_MS);
}

START_TEST(statements_are_found_again)
{
  open_with_cache(64);
  for (int i = 0; i < 10; i++)
    run_statement(1);
  run_statement(2);
  counters_must_be(2, 9, 0);
  server_must_hold(2);
  fixture_close(&fixture);
  ck_assert_int_eq(statements_on_server(), 0);
}
END_TEST

START_TEST(the_oldest_is_evicted)
{
  open_with_cache(3);
  run_statement(1);
  run_statement(2);
  run_statement(3);
  run_statement(1); /* 2 is the oldest now */
  counters_must_be(3, 1, 0);
  run_statement(4);
  counters_must_be(4, 1, 1);
  run_statement(1);
  run_statement(3);
  run_statement(4);
  counters_must_be(4, 4, 1);
  run_statement(2);
  counters_must_be(5, 4, 2);
  server_must_hold(3);
  for (unsigned i = 0; i < 100; i++)
    run_statement(i);
  server_must_hold(3);
  fixture_close(&fixture);
}
END_TEST

START_TEST(no_cache_keeps_nothing)
{
  open_with_cache(0);
  for (int i = 0; i < 5; i++)
    run_statement(1);
  counters_must_be(5, 0, 0);
  server_must_hold(0);
  fixture_fail(&fixture, "SELECT ? + ?", AURORA_PARAMS(1), AURORA_EPARAMS);
  fixture_fail(&fixture, "SELECT (SELECT 1 UNION SELECT ?)", AURORA_PARAMS(2), AURORA_ESERVER);
  fixture_fail(&fixture, "SELECT ? FROM", AURORA_PARAMS(2), AURORA_ESERVER);
  server_must_hold(0);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

/* A cache of one: each different statement closes the one before it. */
START_TEST(a_cache_of_one)
{
  open_with_cache(1);
  for (unsigned i = 0; i < 20; i++)
    run_statement(i / 2);
  counters_must_be(10, 10, 9);
  server_must_hold(1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_statement_that_fails_to_prepare_is_not_kept)
{
  open_with_cache(2);
  for (int i = 0; i < 5; i++)
    fixture_fail(&fixture, "SELECT ? FROM nobody", AURORA_PARAMS(1), AURORA_ESERVER);
  server_must_hold(0);
  run_statement(1);
  run_statement(2);
  run_statement(1);
  counters_must_be(7, 1, 0);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_reset_takes_the_statements_with_it)
{
  open_with_cache(64);
  run_statement(1);
  fixture_run(&fixture, "SET @dirty = 1");
  fixture_wait_idle(&fixture, 1);
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 1);
  run_statement(1);
  counters_must_be(2, 0, 0);
  server_must_hold(1);
  fixture_close(&fixture);
}
END_TEST

static reply_t select_altered(void)
{
  return fixture_query(&fixture, "SELECT * FROM altered WHERE 1 = ?", AURORA_PARAMS(1));
}

START_TEST(a_table_that_is_altered_between_executions)
{
  const char *text;
  reply_t reply;

  ck_assert_int_eq(database_sql(&database, "CREATE OR REPLACE TABLE altered (a INT);"
                                           "INSERT INTO altered VALUES (42)"),
                   0);
  open_with_cache(64);
  reply = select_altered();
  ck_assert_uint_eq(aurora_result_columns(reply.result), 1);
  ck_assert_int_eq(aurora_result_column_type(reply.result, 0), AURORA_TYPE_INT64);
  ck_assert_int_eq(database_sql(&database, "ALTER TABLE altered ADD COLUMN b VARCHAR(20) FIRST;"
                                           "UPDATE altered SET b = 'new'"),
                   0);
  /* The result from before is as it was. */
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, 42);
  reply_clear(&reply);
  reply = select_altered();
  ck_assert_uint_eq(aurora_result_columns(reply.result), 2);
  ck_assert_str_eq(aurora_result_column_name(reply.result, 0), "b");
  ck_assert_int_eq(aurora_result_string(reply.result, 0, 0, &text), 0);
  ck_assert_str_eq(text, "new");
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, 42);
  reply_clear(&reply);
  ck_assert_int_eq(database_sql(&database, "ALTER TABLE altered MODIFY a VARCHAR(20), DROP b"), 0);
  reply = select_altered();
  ck_assert_uint_eq(aurora_result_columns(reply.result), 1);
  ck_assert_int_eq(aurora_result_string(reply.result, 0, 0, &text), 0);
  ck_assert_str_eq(text, "42");
  reply_clear(&reply);
  ck_assert_int_eq(database_sql(&database, "ALTER TABLE altered MODIFY a DOUBLE"), 0);
  reply = select_altered();
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_DOUBLE);
  reply_clear(&reply);
  /* Other columns than expected cost the session, twice here; other types do not. */
  ck_assert_uint_le(fixture_stats(&fixture).opened, 3);
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "DROP TABLE altered"), 0);
}
END_TEST

START_TEST(a_table_that_is_dropped_and_made_again)
{
  reply_t reply;

  ck_assert_int_eq(database_sql(&database, "CREATE OR REPLACE TABLE altered (a INT)"), 0);
  open_with_cache(64);
  reply = select_altered();
  reply_clear(&reply);
  ck_assert_int_eq(database_sql(&database, "DROP TABLE altered"), 0);
  for (int i = 0; i < 2; i++)
    ck_assert_uint_eq(fixture_fail(&fixture, "SELECT * FROM altered WHERE 1 = ?", AURORA_PARAMS(1),
                                   AURORA_ESERVER)
                          .server_errno,
                      ER_NO_SUCH_TABLE);
  ck_assert_int_eq(database_sql(&database, "CREATE TABLE altered (x INT, y INT);"
                                           "INSERT INTO altered VALUES (1, 2)"),
                   0);
  reply = select_altered();
  ck_assert_uint_eq(aurora_result_columns(reply.result), 2);
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, 2);
  reply_clear(&reply);
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "DROP TABLE altered"), 0);
}
END_TEST

/* The same statement with values of other types, one execution after the other. */
START_TEST(parameters_change_their_types)
{
  static const char expected[][12] = {"1", "x", "2.5", "7", "-1.50"};
  const aurora_value_t values[] = {aurora_int64(1), aurora_string("x"), aurora_double(2.5),
                                   aurora_uint64(7), aurora_decimal("-1.50")};

  open_with_cache(64);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
      reply_t reply = fixture_query(&fixture, "SELECT CAST(? AS CHAR)",
                                    (aurora_params_t){(aurora_value_t *)&values[i], 1});
      const char *text;

      ck_assert_int_eq(aurora_result_string(reply.result, 0, 0, &text), 0);
      ck_assert_str_eq(text, expected[i]);
      reply_clear(&reply);
    }
    for (int i = 0; i < 2; i++) {
      reply_t reply =
          fixture_query(&fixture, "SELECT CAST(? AS CHAR)", AURORA_PARAMS(aurora_null()));

      ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_NULL);
      reply_clear(&reply);
    }
  }
  counters_must_be(1, 20, 0);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("statements");
  TCase *tcase = tcase_create("statements");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, statements_are_found_again);
  tcase_add_test(tcase, the_oldest_is_evicted);
  tcase_add_test(tcase, no_cache_keeps_nothing);
  tcase_add_test(tcase, a_cache_of_one);
  tcase_add_test(tcase, a_statement_that_fails_to_prepare_is_not_kept);
  tcase_add_test(tcase, a_reset_takes_the_statements_with_it);
  tcase_add_test(tcase, a_table_that_is_altered_between_executions);
  tcase_add_test(tcase, a_table_that_is_dropped_and_made_again);
  tcase_add_test(tcase, parameters_change_their_types);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (database_start(&database, NULL))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
