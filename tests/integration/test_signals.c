/*
 * SIGNAL with the numbers that mean something from the server or from libmariadb. With the application's SQLSTATE
 * they are the application's errors, whatever the number: refused, and the session goes on.
 */
#include <stdio.h>
#include <string.h>

#include "integration/batch_helpers.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

static database_t database;
static pool_fixture_t fixture;

static const unsigned numbers[] = {
    1,    1020, 1040, 1053, 1152, 1153, 1158, 1161, 1205,  1213,  1243, 1290,
    1295, 1305, 1317, 1461, 1615, 1792, 1836, 1927, 1969,  2000,  2006, 2008,
    2013, 2014, 2020, 2026, 2027, 2030, 2054, 2057, 2060,  2999,  3024, 3168,
    4031, 5000, 5001, 5006, 5008, 5014, 5999, 9999, 30000, 65534,
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

static void set_up(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  fixture_run(&fixture, "DROP TABLE IF EXISTS raising");
  fixture_run(&fixture, "CREATE TABLE raising (n INT) ENGINE=InnoDB");
  fixture_run(&fixture, "CREATE TRIGGER raises BEFORE INSERT ON raising FOR EACH ROW BEGIN"
                        " DECLARE number INT DEFAULT NEW.n;"
                        " IF number > 0 THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = number,"
                        " MESSAGE_TEXT = 'the --read-only error of ours'; END IF; END");
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

static void must_be_ours(const aurora_error_t *error, unsigned number)
{
  ck_assert_msg(error->code == AURORA_ESERVER && error->outcome == AURORA_REFUSED &&
                    error->server_errno == number && strcmp(error->sqlstate, "45000") == 0 &&
                    strstr(error->message, "the --read-only error of ours"),
                "%u: %s, %u (%s): %s", number, aurora_err_name(error->code), error->server_errno,
                error->sqlstate, error->message);
}

static void session_must_be_the_first(void)
{
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}

START_TEST(by_text)
{
  for (size_t i = 0; i < NUMBERS; i++) {
    aurora_error_t error;
    char sql[64];

    snprintf(sql, sizeof sql, "INSERT INTO raising VALUES (%u)", numbers[i]);
    error = fixture_fail(&fixture, sql, AURORA_NO_PARAMS, AURORA_ESERVER);
    must_be_ours(&error, numbers[i]);
  }
  session_must_be_the_first();
}
END_TEST

static int64_t rows_there(aurora_connection_t *lease)
{
  return fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM raising");
}

static void insert(aurora_connection_t *lease, int number)
{
  reply_t reply;

  fixture_ask_lease(&fixture, lease, &reply, "INSERT INTO raising VALUES (?)",
                    AURORA_PARAMS(number));
  fixture_wait(&fixture, &reply);
  if (number <= 0) {
    reply_must_be_good(&reply);
  } else {
    reply_must_be(&reply, AURORA_ESERVER);
    must_be_ours(&reply.error, (unsigned)number);
  }
  reply_clear(&reply);
}

/* In a transaction, which goes on; and nothing is executed twice. */
START_TEST(by_a_prepared_statement)
{
  reply_t reply;
  aurora_connection_t *lease;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_begin(fixture.pool, NULL, reply_on_connection, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  lease = reply.connection;
  reply_clear(&reply);
  for (size_t i = 0; i < NUMBERS; i++) {
    insert(lease, (int)numbers[i]);
    insert(lease, -1);
    insert(lease, (int)numbers[i]);
    ck_assert_int_eq(rows_there(lease), (int64_t)i + 1);
  }
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(lease, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM raising"), NUMBERS);
  session_must_be_the_first();
}
END_TEST

/* _i: bulk, one by one; the good rows stay. */
START_TEST(by_a_batch)
{
  unsigned flags = AURORA_BATCH_KEEP_GOOD | (_i ? AURORA_BATCH_ONE_BY_ONE : 0);

  for (size_t i = 0; i < NUMBERS; i++) {
    aurora_value_t values[6] = {aurora_int64(-1), aurora_int64(-2),         aurora_int64(-3),
                                aurora_int64(-4), aurora_int64(numbers[i]), aurora_int64(-5)};
    batch_reply_t reply =
        batch_run(&fixture, "INSERT INTO raising VALUES (?)", (aurora_rows_t){values, 1, 6}, flags);

    reply_must_be_good(&reply.reply);
    ck_assert_uint_eq(reply.executed, 5);
    ck_assert_uint_eq(reply.failed_row, 4);
    must_be_ours(&reply.row_error, numbers[i]);
    batch_clear(&reply);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM raising"), 5 * NUMBERS);
  session_must_be_the_first();
}
END_TEST

/* A batch that keeps nothing after an error. */
START_TEST(by_a_batch_that_fails)
{
  for (size_t i = 0; i < NUMBERS; i++) {
    aurora_value_t values[5] = {aurora_int64(-1), aurora_int64(-2), aurora_int64(-3),
                                aurora_int64(numbers[i]), aurora_int64(-5)};
    batch_reply_t reply =
        batch_run(&fixture, "INSERT INTO raising VALUES (?)", (aurora_rows_t){values, 1, 5},
                  _i ? AURORA_BATCH_ONE_BY_ONE : 0);

    batch_must_have_failed(&reply, AURORA_ESERVER);
    ck_assert_uint_eq(reply.failed_row, 3);
    must_be_ours(&reply.row_error, numbers[i]);
    batch_clear(&reply);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM raising"), 0);
  session_must_be_the_first();
}
END_TEST

/* After rows, in the middle of a procedure. */
START_TEST(by_a_procedure_with_results)
{
  fixture_run(&fixture, "DROP PROCEDURE IF EXISTS raise_late");
  fixture_run(&fixture, "CREATE PROCEDURE raise_late(number INT) BEGIN SELECT 1; SELECT 2;"
                        " SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = number,"
                        " MESSAGE_TEXT = 'the --read-only error of ours'; END");
  for (size_t i = 0; i < NUMBERS; i++) {
    aurora_error_t error;
    char sql[64];

    error = fixture_fail(&fixture, "CALL raise_late(?)", AURORA_PARAMS(numbers[i]), AURORA_ESERVER);
    must_be_ours(&error, numbers[i]);
    snprintf(sql, sizeof sql, "CALL raise_late(%u)", numbers[i]);
    error = fixture_fail(&fixture, sql, AURORA_NO_PARAMS, AURORA_ESERVER);
    must_be_ours(&error, numbers[i]);
  }
  session_must_be_the_first();
}
END_TEST

/* What says all that the server says cannot be told from it: 1213 with its SQLSTATE is a deadlock. */
START_TEST(the_servers_own_words_count)
{
  aurora_error_t error;

  fixture_run(&fixture, "DROP PROCEDURE IF EXISTS deadlock");
  fixture_run(&fixture,
              "CREATE PROCEDURE deadlock() SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213");
  error = fixture_fail(&fixture, "CALL deadlock()", AURORA_NO_PARAMS, AURORA_EDEADLOCK);
  ck_assert_uint_eq(error.server_errno, 1213);
  fixture_run(&fixture, "DROP PROCEDURE deadlock");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("signals");
  TCase *cases = tcase_create("signals");

  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_set_timeout(cases, 60);
  tcase_add_test(cases, by_text);
  tcase_add_test(cases, by_a_prepared_statement);
  tcase_add_loop_test(cases, by_a_batch, 0, 2);
  tcase_add_loop_test(cases, by_a_batch_that_fails, 0, 2);
  tcase_add_test(cases, by_a_procedure_with_results);
  tcase_add_test(cases, the_servers_own_words_count);
  suite_add_tcase(suite, cases);
  return test_run_with_database(suite, &database, NULL);
}
