/*
 * Statements that are sent again: from the second or third time on the library reads their answers by itself
 * (src/connection/answer.h, execution.c). They must read as the first did, and whatever else comes then (an
 * error, other columns, too much, too little, nothing) must do what it would have done the first time.
 *
 * Each case asks as text and as a prepared statement (_i is 0 or 1).
 */
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/fault_proxy.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/same_value.h"

enum { TIMES = 4, READ_AHEAD = 16384 };

static database_t database;
static pool_fixture_t fixture;

static aurora_config_t config_of_one(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  return config;
}

static void open_one(void)
{
  aurora_config_t config = config_of_one();

  fixture_open(&fixture, &config);
}

/* A statement that is true of one parameter, 1, or needs none. */
static reply_t ask(const char *text, const char *prepared, int is_prepared)
{
  return is_prepared ? fixture_query(&fixture, prepared, AURORA_PARAMS(1))
                     : fixture_query(&fixture, text, AURORA_NO_PARAMS);
}

static void results_must_equal(const aurora_result_t *a, const aurora_result_t *b)
{
  ck_assert_uint_eq(aurora_result_columns(a), aurora_result_columns(b));
  ck_assert_uint_eq(aurora_result_rows(a), aurora_result_rows(b));
  ck_assert_uint_eq(aurora_result_warnings(a), aurora_result_warnings(b));
  ck_assert_uint_eq(aurora_result_affected_rows(a), aurora_result_affected_rows(b));
  ck_assert_uint_eq(aurora_result_insert_id(a), aurora_result_insert_id(b));
  ck_assert_str_eq(aurora_result_info(a), aurora_result_info(b));
  for (unsigned column = 0; column < aurora_result_columns(a); column++) {
    ck_assert_str_eq(aurora_result_column_name(a, column), aurora_result_column_name(b, column));
    ck_assert_int_eq(aurora_result_column_type(a, column), aurora_result_column_type(b, column));
    for (size_t row = 0; row < aurora_result_rows(a); row++)
      ck_assert_msg(
          same_value(aurora_result_value(a, row, column), aurora_result_value(b, row, column)),
          "row %zu, column %u", row, column);
  }
}

/* --- The same again ----------------------------------------------------------------------------- */

#define ALL_TYPES                                                                                  \
  "-128, 255, CAST(-1 AS UNSIGNED), 1.50, 2.5e0, CAST(1e0/3 AS FLOAT), 'text', '', NULL, "         \
  "x'00ff00', b'101', DATE '2024-02-29', TIME '-838:59:58.5', TIMESTAMP '2024-02-29 "              \
  "23:59:58.25', "                                                                                 \
  "'\xc3\xa4\xe2\x82\xac', CAST('{}' AS CHAR(20))"

/* Warnings are counted in the end of the rows. */
static const struct {
  const char *text, *prepared;
} statements[] = {
    {"SELECT " ALL_TYPES, "SELECT " ALL_TYPES " WHERE 1 = ?"},
    {"SELECT 1 AS one WHERE 1 = 2", "SELECT 1 AS one WHERE 2 = ?"},
    {"SELECT 1/0, CAST('x' AS SIGNED)", "SELECT 1/0, CAST('x' AS SIGNED) WHERE 1 = ?"},
    {"SELECT seq, REPEAT('y', seq % 300), IF(seq % 2, NULL, seq) FROM seq_1_to_100",
     "SELECT seq, REPEAT('y', seq % 300), IF(seq % 2, NULL, seq) FROM seq_1_to_100 WHERE 1 = ?"},
    {"SELECT REPEAT('z', 252), REPEAT('z', 15000)",
     "SELECT REPEAT('z', 252), REPEAT('z', 15000) WHERE 1 = ?"},
    {"SELECT seq, REPEAT('w', 50) FROM seq_1_to_3000",
     "SELECT seq, REPEAT('w', 50) FROM seq_1_to_3000 WHERE 1 = ?"},
    {"UPDATE counted SET b = b + 1", "UPDATE counted SET b = b + ?"},
    {"DO 1", "DO ?"},
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

START_TEST(an_answer_reads_as_the_first_one)
{
  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS counted; CREATE TABLE counted (a INT, b INT);"
                                "INSERT INTO counted VALUES (1, 1), (2, 2)"),
                   0);
  open_one();
  for (int i = 0; i < STATEMENTS; i++) {
    reply_t first = ask(statements[i].text, statements[i].prepared, _i);

    for (int time = 1; time < TIMES; time++) {
      reply_t again = ask(statements[i].text, statements[i].prepared, _i);

      results_must_equal(first.result, again.result);
      reply_clear(&again);
    }
    reply_clear(&first);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

/* What a statement without rows told is not told again of one with rows. */
START_TEST(nothing_stays_of_the_answer_before)
{
  ck_assert_int_eq(
      database_sql(
          &database,
          "DROP TABLE IF EXISTS counted; CREATE TABLE counted (a INT AUTO_INCREMENT PRIMARY KEY)"),
      0);
  open_one();
  for (int time = 0; time < TIMES; time++) {
    reply_t change = ask("INSERT INTO counted VALUES (NULL), (NULL)",
                         "INSERT INTO counted SELECT NULL FROM seq_1_to_2 WHERE 1 = ?", _i);
    reply_t reply = ask("SELECT 1 AS b", "SELECT 1 AS b WHERE 1 = ?", _i);

    ck_assert_uint_eq(aurora_result_affected_rows(change.result), 2);
    ck_assert_uint_ne(aurora_result_insert_id(change.result), 0);
    ck_assert_str_ne(aurora_result_info(change.result), "");
    ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
    ck_assert_uint_eq(aurora_result_insert_id(reply.result), 0);
    ck_assert_str_eq(aurora_result_info(reply.result), "");
    reply_clear(&change);
    reply_clear(&reply);
  }
  fixture_close(&fixture);
}
END_TEST

/* --- Another answer ----------------------------------------------------------------------------- */

static void size_must_be(int is_prepared, size_t size)
{
  reply_t reply = ask("SELECT a, 7 FROM grows", "SELECT a, 7 FROM grows WHERE 1 = ?", is_prepared);
  aurora_text_t text;
  int64_t seven;

  ck_assert_uint_eq(aurora_result_rows(reply.result), 1);
  ck_assert_int_eq(aurora_result_text(reply.result, 0, 0, &text), 0);
  ck_assert_uint_eq(text.size, size);
  ck_assert_int_eq(aurora_result_int64(reply.result, 0, 1, &seven), 0);
  ck_assert_int_eq(seven, 7);
  reply_clear(&reply);
}

static void set_size(size_t size)
{
  char sql[80];

  snprintf(sql, sizeof sql, "UPDATE grows SET a = REPEAT('a', %zu)", size);
  ck_assert_int_eq(database_sql(&database, sql), 0);
}

static void make_growing(void)
{
  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS grows; CREATE TABLE grows (a LONGTEXT);"
                                "INSERT INTO grows VALUES ('')"),
                   0);
}

/* Around what libmariadb reads ahead, and far beyond; and back. */
START_TEST(an_answer_grows_out_of_the_read_ahead)
{
  make_growing();
  open_one();
  for (int time = 0; time < TIMES; time++)
    size_must_be(_i, 0);
  for (size_t size = READ_AHEAD - 200; size < READ_AHEAD + 8; size++) {
    set_size(size);
    size_must_be(_i, size);
  }
  set_size(3000000);
  size_must_be(_i, 3000000);
  set_size(5);
  size_must_be(_i, 5);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_known_answer_is_too_large)
{
  aurora_config_t config = config_of_one();

  make_growing();
  config.max_result_size = 4096;
  fixture_open(&fixture, &config);
  for (int time = 0; time < TIMES; time++) {
    set_size(100);
    size_must_be(_i, 100);
    set_size(8000);
    fixture_fail(&fixture, _i ? "SELECT a, 7 FROM grows WHERE 1 = ?" : "SELECT a, 7 FROM grows",
                 _i ? AURORA_PARAMS(1) : AURORA_NO_PARAMS, AURORA_ETOOBIG);
  }
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_known_answer_gets_other_columns)
{
  static const char *const alters[] = {
      "ALTER TABLE changes MODIFY a VARCHAR(20)", "ALTER TABLE changes CHANGE a b VARCHAR(20)",
      "ALTER TABLE changes ADD COLUMN c INT DEFAULT 5 FIRST", "ALTER TABLE changes DROP c",
      "ALTER TABLE changes MODIFY b INT"};
  static const char *const names[] = {"a", "b", "c", "b", "b"};

  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS changes; CREATE TABLE changes (a INT);"
                                "INSERT INTO changes VALUES (42)"),
                   0);
  open_one();
  for (size_t i = 0; i <= sizeof alters / sizeof *alters; i++) {
    for (int time = 0; time < TIMES; time++) {
      reply_t reply = ask("SELECT * FROM changes", "SELECT * FROM changes WHERE 1 = ?", _i);
      unsigned last = aurora_result_columns(reply.result) - 1;
      aurora_value_t value = aurora_result_value(reply.result, 0, last);

      ck_assert_uint_eq(last, i == 3);
      ck_assert_str_eq(aurora_result_column_name(reply.result, 0), i ? names[i - 1] : "a");
      if (i == 0 || i == 5)
        ck_assert(value.type == AURORA_TYPE_INT64 && value.as.int64 == 42);
      else
        ck_assert(value.type == AURORA_TYPE_STRING && strcmp(value.as.text.data, "42") == 0);
      reply_clear(&reply);
    }
    if (i < sizeof alters / sizeof *alters)
      ck_assert_int_eq(database_sql(&database, alters[i]), 0);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(an_error_instead_of_a_known_answer)
{
  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS here; CREATE TABLE here (a INT PRIMARY KEY)"),
      0);
  open_one();
  for (int time = 0; time < TIMES; time++) {
    reply_t reply = ask("INSERT INTO here VALUES (1)", "INSERT INTO here VALUES (?)", _i);
    aurora_error_t error;

    ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
    reply_clear(&reply);
    error =
        fixture_fail(&fixture, _i ? "INSERT INTO here VALUES (?)" : "INSERT INTO here VALUES (1)",
                     _i ? AURORA_PARAMS(1) : AURORA_NO_PARAMS, AURORA_ESERVER);
    ck_assert_uint_eq(error.server_errno, ER_DUP_ENTRY);
    ck_assert_int_eq(error.outcome, AURORA_REFUSED);
    ck_assert_str_eq(error.sqlstate, "23000");
    fixture_run(&fixture, "DELETE FROM here");
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

/* --- No answer ---------------------------------------------------------------------------------- */

/* A statement of which the answers are known by now: SLEEP is 0, and answered at once. */
static void make_sleep_known(int is_prepared)
{
  for (int time = 0; time < TIMES; time++) {
    reply_t reply = is_prepared ? fixture_query(&fixture, "SELECT SLEEP(?)", AURORA_PARAMS(0))
                                : fixture_query(&fixture, "SELECT SLEEP((SELECT a FROM sleeps))",
                                                AURORA_NO_PARAMS);

    reply_clear(&reply);
  }
}

static void ask_to_sleep(reply_t *reply, int is_prepared, uint64_t timeout_ms)
{
  const aurora_query_options_t options = {.timeout_ms = timeout_ms};

  ck_assert_int_eq(database_sql(&database, "UPDATE sleeps SET a = 30"), 0);
  fixture_ask_with(&fixture, reply,
                   is_prepared ? "SELECT SLEEP(?)" : "SELECT SLEEP((SELECT a FROM sleeps))",
                   is_prepared ? AURORA_PARAMS(30) : AURORA_NO_PARAMS, &options);
}

static void make_sleeps(void)
{
  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS sleeps; CREATE TABLE sleeps (a INT);"
                                "INSERT INTO sleeps VALUES (0)"),
                   0);
}

START_TEST(a_known_statement_times_out)
{
  reply_t reply;

  make_sleeps();
  open_one();
  make_sleep_known(_i);
  ask_to_sleep(&reply, _i, slowly(100));
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_int_eq(reply.error.outcome, AURORA_UNKNOWN);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 5"), 5);
  ck_assert_int_eq(database_sql(&database, "UPDATE sleeps SET a = 0"), 0);
  make_sleep_known(_i);
  ck_assert_uint_eq(fixture_stats(&fixture).kills, 1);
  fixture_close(&fixture);
}
END_TEST

static bool sleeps(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                   "WHERE state = 'User sleep'") > 0;
}

START_TEST(a_known_statement_is_lost)
{
  char sql[64];
  reply_t reply;

  make_sleeps();
  open_one();
  make_sleep_known(_i);
  ask_to_sleep(&reply, _i, 0);
  loop_run_until_true(&fixture.loop, sleeps, NULL, FIXTURE_PATIENCE_MS);
  snprintf(sql, sizeof sql, "KILL CONNECTION %lld",
           (long long)database_count(&database, "SELECT id FROM information_schema.processlist "
                                                "WHERE state = 'User sleep'"));
  ck_assert_int_eq(database_sql(&database, sql), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ELOST);
  ck_assert_int_eq(reply.error.outcome, AURORA_UNKNOWN);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 5"), 5);
  fixture_close(&fixture);
}
END_TEST

/* The answer comes in as many pieces as it has bytes. */
START_TEST(a_known_answer_comes_byte_by_byte)
{
  static const fault_script_t drip = {.to_client = {.byte_by_byte = true, .byte_gap_ms = 1}};
  aurora_config_t config = config_of_one();
  fault_proxy_t *proxy;

  fixture_begin(&fixture);
  ck_assert_int_eq(fault_proxy_start("127.0.0.1", database.port, NULL, &proxy), 0);
  config.port = fault_proxy_port(proxy);
  ck_assert_int_eq(aurora_pool_create(&fixture.loop, &config, &fixture.pool, NULL), 0);
  for (int time = 0; time < 2 * TIMES; time++) {
    reply_t reply = ask("SELECT 41 + 1, 'x'", "SELECT 41 + ?, 'x'", _i);

    if (time == TIMES)
      fault_proxy_apply(proxy, &drip);
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, 42);
    ck_assert_str_eq(aurora_result_value(reply.result, 0, 1).as.text.data, "x");
    reply_clear(&reply);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_begin_close(&fixture, 1000);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  fault_proxy_stop(proxy);
  fixture_end(&fixture);
}
END_TEST

/* --- Parameters --------------------------------------------------------------------------------- */

static void echo_must_be(aurora_value_t value)
{
  for (int time = 0; time < TIMES; time++) {
    const aurora_value_t values[] = {value, aurora_int64(time)};
    reply_t reply = fixture_query(&fixture, "SELECT ?, ?", (aurora_params_t){values, 2});

    ck_assert(same_value(aurora_result_value(reply.result, 0, 0), value));
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, time);
    reply_clear(&reply);
  }
}

START_TEST(parameters_of_known_statements)
{
  static char text[5000];
  static const size_t sizes[] = {0, 1, 249, 250, 251, 252, 900, 990, 1000, 1024, 5000};

  memset(text, 'p', sizeof text);
  open_one();
  echo_must_be(aurora_null());
  echo_must_be(aurora_int64(INT64_MIN));
  echo_must_be(aurora_int64(-1));
  echo_must_be(aurora_int64(INT64_MAX));
  echo_must_be(aurora_uint64(UINT64_MAX));
  echo_must_be(aurora_double(-2.5e-300));
  echo_must_be(aurora_decimal("-12345678901234567890.123"));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    echo_must_be(aurora_text(text, sizes[i]));
    echo_must_be(aurora_bytes(text, sizes[i]));
  }
  echo_must_be(aurora_bytes("\0\377\0", 3));
  echo_must_be(aurora_text("a\0b", 3));
  echo_must_be(aurora_date(2024, 2, 29));
  fixture_close(&fixture);
}
END_TEST

/* More than eight, so that the bits of those that are NULL take several bytes. */
START_TEST(many_parameters_of_known_statements)
{
  enum { COUNT = 19 };
  char sql[128] = "SELECT ?";
  aurora_value_t values[COUNT];

  open_one();
  for (int i = 1; i < COUNT; i++)
    strcat(sql, ", ?");
  for (int time = 0; time < COUNT; time++) {
    reply_t reply;

    for (int i = 0; i < COUNT; i++)
      values[i] = (i + time) % 3 ? aurora_int64(100 * time + i) : aurora_null();
    reply = fixture_query(&fixture, sql, (aurora_params_t){values, COUNT});
    for (unsigned i = 0; i < COUNT; i++)
      ck_assert(same_value(aurora_result_value(reply.result, 0, i), values[i]));
    reply_clear(&reply);
  }
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_wrong_number_of_parameters_for_a_known_statement)
{
  open_one();
  for (int time = 0; time < TIMES; time++) {
    reply_t reply = fixture_query(&fixture, "SELECT ?", AURORA_PARAMS(1));

    reply_clear(&reply);
  }
  fixture_fail(&fixture, "SELECT ?", AURORA_PARAMS(1, 2), AURORA_EPARAMS);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("answers");
  TCase *tcase = tcase_create("answers");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, an_answer_reads_as_the_first_one, 0, 2);
  tcase_add_loop_test(tcase, nothing_stays_of_the_answer_before, 0, 2);
  tcase_add_loop_test(tcase, an_answer_grows_out_of_the_read_ahead, 0, 2);
  tcase_add_loop_test(tcase, a_known_answer_is_too_large, 0, 2);
  tcase_add_loop_test(tcase, a_known_answer_gets_other_columns, 0, 2);
  tcase_add_loop_test(tcase, an_error_instead_of_a_known_answer, 0, 2);
  tcase_add_loop_test(tcase, a_known_statement_times_out, 0, 2);
  tcase_add_loop_test(tcase, a_known_statement_is_lost, 0, 2);
  tcase_add_loop_test(tcase, a_known_answer_comes_byte_by_byte, 0, 2);
  tcase_add_test(tcase, parameters_of_known_statements);
  tcase_add_test(tcase, many_parameters_of_known_statements);
  tcase_add_test(tcase, a_wrong_number_of_parameters_for_a_known_statement);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
