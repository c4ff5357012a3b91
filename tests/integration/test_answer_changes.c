/*
 * Statements whose answers are known, and then are others: each has once misled the library's own reading of
 * answers (test_answers.c).
 */
#include <stdlib.h>
#include <string.h>

#include "support/database_test.h"
#include "support/fault_proxy.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

static database_t database;
static pool_fixture_t fixture;

static void open_one(unsigned port)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  if (port)
    config.port = port;
  fixture_open(&fixture, &config);
}

static void lease_run(aurora_connection_t *lease, const char *sql, int64_t number, size_t rows)
{
  reply_t reply;

  fixture_ask_lease(&fixture, lease, &reply, sql, AURORA_PARAMS(number));
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_uint_eq(aurora_result_rows(reply.result), rows);
  reply_clear(&reply);
}

/* The columns have become others in between, by way of libmariadb: the description of those before is
 * not that of these. */
START_TEST(columns_change_and_change_back)
{
  const char sql[] = "SELECT ? AS a, ? AS b";
  static char large[2001];
  reply_t reply;

  memset(large, 'b', sizeof large - 1);
  open_one(0);
  reply = fixture_query(&fixture, sql, AURORA_PARAMS(1, "a"));
  reply_clear(&reply);
  reply = fixture_query(&fixture, sql, AURORA_PARAMS(1, "abcdef")); /* its description is kept */
  reply_clear(&reply);
  reply =
      fixture_query(&fixture, sql, AURORA_PARAMS(2.5, large)); /* too large for a short packet */
  reply_clear(&reply);
  for (int time = 0; time < 2; time++) {
    int64_t number;

    reply = fixture_query(&fixture, sql, AURORA_PARAMS(7, "ghijkl"));
    ck_assert_int_eq(aurora_result_column_type(reply.result, 0), AURORA_TYPE_INT64);
    ck_assert_int_eq(aurora_result_int64(reply.result, 0, 0, &number), 0);
    ck_assert_int_eq(number, 7);
    reply_clear(&reply);
  }
  fixture_close(&fixture);
}
END_TEST

/* A procedure that gives rows, none, and rows again. */
START_TEST(a_procedure_gives_rows_now_and_then)
{
  static const int numbers[] = {1, 0, 2, 0, 3};
  aurora_connection_t *lease;

  ck_assert_int_eq(
      database_sql(&database,
                   "DROP PROCEDURE IF EXISTS p; CREATE PROCEDURE p(n INT) BEGIN IF n > 0 THEN"
                   " SELECT n; END IF; END"),
      0);
  open_one(0);
  lease = fixture_lease(&fixture);
  for (int i = 0; i < 5; i++)
    lease_run(lease, "CALL p(?)", numbers[i], numbers[i] != 0);
  aurora_connection_release(lease);
  fixture_close(&fixture);
}
END_TEST

/* MariaDB answers with OK, and no columns, when it sees beforehand that nothing can be found. */
START_TEST(a_statement_with_rows_gives_none_the_first_time)
{
  const char sql[] = "DELETE FROM found WHERE id = ? RETURNING id";
  reply_t reply;

  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS found; CREATE TABLE found (id INT PRIMARY KEY);"
                              "INSERT INTO found VALUES (1), (2)"),
      0);
  open_one(0);
  if (server_has(SERVER_RETURNING)) {
    reply = fixture_query(&fixture, sql, AURORA_PARAMS(aurora_null()));
    reply_clear(&reply);
  }
  for (int id = 1; id <= 2; id++) {
    if (server_has(SERVER_RETURNING)) {
      reply = fixture_query(&fixture, sql, AURORA_PARAMS(id));
      ck_assert_uint_eq(aurora_result_rows(reply.result), 1);
      reply_clear(&reply);
    } else {
      aurora_error_t error = fixture_fail(&fixture, sql, AURORA_PARAMS(id), AURORA_ESERVER);

      ck_assert_uint_eq(error.server_errno, 1064);
    }
  }
  fixture_close(&fixture);
}
END_TEST

/* Part of an answer is there, and a reset behind it: libuv stops a poll that reports an error. */
START_TEST(a_reset_comes_with_a_part_of_an_answer)
{
  const char sql[] = "SELECT 'some text' AS a WHERE 1 = ?";

  for (unsigned size = 1; size < 30; size++) {
    fault_script_t faults = {.to_client = {.cut = FAULT_RESET}};
    fault_counters_t counters;
    fault_proxy_t *proxy;

    ck_assert_int_eq(fault_proxy_start(database.host, database.port, NULL, &proxy), 0);
    open_one(fault_proxy_port(proxy));
    for (int time = 0; time < 3; time++) {
      reply_t reply = fixture_query(&fixture, sql, AURORA_PARAMS(1));

      reply_clear(&reply);
    }
    fault_proxy_count(proxy, &counters);
    faults.to_client.after = counters.to_client + size;
    fault_proxy_apply(proxy, &faults);
    fixture_fail(&fixture, sql, AURORA_PARAMS(1), AURORA_ELOST);
    fault_proxy_apply(proxy, &fault_reset);
    fixture_close(&fixture);
    fault_proxy_stop(proxy);
  }
}
END_TEST

/* A server that remembers a parameter's type of the last time reads long data as of that type. */
START_TEST(a_number_and_then_long_data)
{
  enum { SIZE = 1600000 };
  char *large = calloc(1, SIZE + 1);

  memset(large, 'b', SIZE);
  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS large; CREATE TABLE large (a LONGTEXT)"), 0);
  open_one(0);
  for (int time = 0; time < 4; time++) {
    reply_t reply = fixture_query(&fixture, "INSERT INTO large VALUES (?)",
                                  time % 2 ? AURORA_PARAMS((const char *)large) : AURORA_PARAMS(5));

    reply_clear(&reply);
  }
  ck_assert_int_eq(
      database_count(&database, "SELECT COUNT(*) FROM large WHERE LENGTH(a) = 1600000"), 2);
  fixture_close(&fixture);
  free(large);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("answer-changes");
  TCase *tcase = tcase_create("answer-changes");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, columns_change_and_change_back);
  tcase_add_test(tcase, a_procedure_gives_rows_now_and_then);
  tcase_add_test(tcase, a_statement_with_rows_gives_none_the_first_time);
  tcase_add_test(tcase, a_reset_comes_with_a_part_of_an_answer);
  tcase_add_test(tcase, a_number_and_then_long_data);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
