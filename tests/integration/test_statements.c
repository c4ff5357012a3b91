/*
 * Prepared statements kept by a connection: found again, evicted, and made anew when the server or a
 * change of their tables has made them useless.
 */
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

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
#define STATEMENTS_ON_SERVER                                                                       \
  "SELECT VARIABLE_VALUE FROM global_status"                                                       \
  " WHERE VARIABLE_NAME = 'Prepared_stmt_count'"

static int64_t statements_on_server(void)
{
  return database_count(&database, STATEMENTS_ON_SERVER);
}

static bool server_holds(void *data)
{
  return statements_on_server() == *(int64_t *)data;
}

static void server_must_hold(int64_t statements)
{
  loop_run_until_true(&fixture.loop, server_holds, &statements, FIXTURE_PATIENCE_MS);
}

/* After the pool is closed: the server ends its sessions when it comes to that. */
static void server_must_be_empty(void)
{
  ck_assert_int_eq(database_count_until(&database, STATEMENTS_ON_SERVER, 0, FIXTURE_PATIENCE_MS),
                   0);
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
  server_must_be_empty();
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

  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS altered; CREATE TABLE altered (a INT);"
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
  /* Names alone. */
  ck_assert_int_eq(database_sql(&database, "ALTER TABLE altered CHANGE a renamed DOUBLE"), 0);
  for (int round = 0; round < 3; round++) {
    reply = select_altered();
    ck_assert_str_eq(aurora_result_column_name(reply.result, 0), "renamed");
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_DOUBLE);
    reply_clear(&reply);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  /* Another number of columns has the statement prepared anew, at its next use. */
  counters_must_be(2, 5, 0);
  server_must_hold(1);
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "DROP TABLE altered"), 0);
}
END_TEST

START_TEST(a_table_that_is_dropped_and_made_again)
{
  reply_t reply;

  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS altered; CREATE TABLE altered (a INT)"), 0);
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

/* What was executed is not executed again for that, whatever it is, and the lease goes on. */
START_TEST(a_table_that_is_altered_under_a_lease)
{
  const char *insert = server_has(SERVER_RETURNING)
                           ? "INSERT INTO altered (a) VALUES (?) RETURNING *"
                           : "INSERT INTO altered (a) VALUES (?)";
  aurora_connection_t *lease;
  reply_t reply;
  int64_t id;

  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS altered; CREATE TABLE altered (a INT)"), 0);
  open_with_cache(64);
  lease = fixture_lease(&fixture);
  id = fixture_lease_number(&fixture, lease, "SELECT CONNECTION_ID()");
  for (int round = 0; round < 5; round++) {
    fixture_ask_lease(&fixture, lease, &reply, insert, AURORA_PARAMS(round));
    fixture_wait(&fixture, &reply);
    reply_must_be_good(&reply);
    if (server_has(SERVER_RETURNING)) {
      ck_assert_uint_eq(aurora_result_columns(reply.result), 1 + (unsigned)round / 2);
      ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, round);
    } else {
      ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
    }
    reply_clear(&reply);
    if (round % 2)
      ck_assert_int_eq(database_sql(&database, round == 1 ? "ALTER TABLE altered ADD b INT"
                                                          : "ALTER TABLE altered ADD c INT"),
                       0);
  }
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM altered"), 5);
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT CONNECTION_ID()"), id);
  aurora_connection_release(lease);
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "DROP TABLE altered"), 0);
}
END_TEST

/* A CALL's results depend on its parameters; what libmariadb remembers of the last must not count. */
START_TEST(a_call_with_other_results_each_time)
{
  ck_assert_int_eq(
      database_sql(&database,
                   "DROP PROCEDURE IF EXISTS changing; CREATE PROCEDURE changing(n INT) BEGIN"
                   " IF n = 1 THEN SELECT 1 AS a; END IF;"
                   " IF n = 2 THEN SELECT 1 AS a, 'x' AS b; SELECT 2.5 AS c; END IF;"
                   " IF n = 3 THEN SELECT 1, 2, 3; SIGNAL SQLSTATE '45000'; END IF;"
                   "END"),
      0);
  open_with_cache(64);
  for (int round = 0; round < 24; round++) {
    int n = (round * 7 + round / 4) % 4;
    reply_t reply;

    if (n == 3) {
      fixture_fail(&fixture, "CALL changing(?)", AURORA_PARAMS(n), AURORA_ESERVER);
      continue;
    }
    reply = fixture_query(&fixture, "CALL changing(?)", AURORA_PARAMS(n));
    ck_assert_uint_eq(aurora_result_columns(reply.result), (unsigned)n);
    if (n)
      ck_assert_str_eq(aurora_result_column_name(reply.result, 0), "a");
    if (n == 2)
      ck_assert_str_eq(aurora_result_column_name(aurora_result_next(reply.result), 0), "c");
    reply_clear(&reply);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "DROP PROCEDURE changing"), 0);
}
END_TEST

START_TEST(text_goes_around_the_cache)
{
  const aurora_query_options_t options = {.flags = AURORA_QUERY_TEXT};
  reply_t reply;

  open_with_cache(64);
  for (int i = 0; i < 3; i++) {
    fixture_ask_with(&fixture, &reply, "SELECT 42", AURORA_NO_PARAMS, &options);
    fixture_wait(&fixture, &reply);
    reply_must_be_good(&reply);
    reply_clear(&reply);
    fixture_run(&fixture, "SELECT 43");
  }
  counters_must_be(0, 0, 0);
  ck_assert_int_eq(statements_on_server(), 0);
  fixture_close(&fixture);
}
END_TEST

/* --- A server that holds as many statements as it may ------------------------------------------- */

static void let_server_hold(unsigned statements)
{
  char sql[80];

  snprintf(sql, sizeof sql, "SET GLOBAL max_prepared_stmt_count = %u", statements);
  ck_assert_int_eq(database_sql(&database, sql), 0);
}

static void limits_are_lifted(void)
{
  let_server_hold(16382);
}

START_TEST(a_full_server_gets_room_from_the_session)
{
  open_with_cache(64);
  for (unsigned i = 1; i <= 3; i++)
    run_statement(i);
  server_must_hold(3);
  let_server_hold(3);
  run_statement(4); /* used once: neither it nor the others stay */
  counters_must_be(4, 0, 3);
  server_must_hold(0);
  run_statement(4);
  run_statement(4);
  counters_must_be(5, 1, 3);
  server_must_hold(1);
  /* What is there already is used, however low the limit is. */
  let_server_hold(0);
  run_statement(4);
  counters_must_be(5, 2, 3);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_full_server_without_room)
{
  pool_fixture_t other;
  aurora_config_t config = fixture_config(&database);
  reply_t reply;

  open_with_cache(64);
  fixture_run(&fixture, "DO 0");
  fixture_open(&other, &config);
  reply = fixture_query(&other, "SELECT ? + 1", AURORA_PARAMS(1));
  reply_clear(&reply);
  let_server_hold(1);
  for (int round = 0; round < 3; round++) {
    aurora_error_t error = fixture_fail(&fixture, "SELECT ?", AURORA_PARAMS(1), AURORA_ESERVER);

    ck_assert_uint_eq(error.server_errno, ER_MAX_PREPARED_STMT_COUNT_REACHED);
    ck_assert_str_eq(error.sqlstate, "42000");
    ck_assert_int_eq(error.outcome, AURORA_REFUSED);
    ck_assert_ptr_nonnull(strstr(error.message, "max_prepared_stmt_count"));
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  }
  /* With a statement of its own it makes room for one, and that is not enough for a limit of none. */
  let_server_hold(2);
  run_statement(1);
  run_statement(2);
  server_must_hold(1);
  run_statement(3);
  server_must_hold(2);
  let_server_hold(0);
  ck_assert_uint_eq(
      fixture_fail(&fixture, "SELECT ?", AURORA_PARAMS(1), AURORA_ESERVER).server_errno,
      ER_MAX_PREPARED_STMT_COUNT_REACHED);
  server_must_hold(1);
  fixture_close(&other);
  let_server_hold(16382);
  run_statement(1);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

/* --- Parameters --------------------------------------------------------------------------------- */

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
  /* Six types: each has a statement of its own where the types are fixed. */
  if (server_has(SERVER_TYPES_BY_EXECUTION))
    counters_must_be(1, 20, 0);
  else
    counters_must_be(6, 15, 0);
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
  tcase_add_test(tcase, a_table_that_is_altered_under_a_lease);
  tcase_add_test(tcase, a_call_with_other_results_each_time);
  tcase_add_test(tcase, text_goes_around_the_cache);
  tcase_add_test(tcase, parameters_change_their_types);
  suite_add_tcase(suite, tcase);
  tcase = tcase_create("full");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, NULL, limits_are_lifted);
  tcase_add_test(tcase, a_full_server_gets_room_from_the_session);
  tcase_add_test(tcase, a_full_server_without_room);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
