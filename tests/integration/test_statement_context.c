/*
 * The same text gives the same answer, whatever was prepared before: with parameters of other types, in another
 * database, under another sql_mode. What is expected is what a text gives that was never prepared: one with
 * another comment in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "integration/batch_helpers.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

enum { ANSWER_SIZE = 512 };

static database_t database;
static pool_fixture_t fixture;

static void open_with_cache(unsigned statements)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.statement_cache = statements;
  fixture_open(&fixture, &config);
}

static void set_up(void)
{
  open_with_cache(64);
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

/* --- Answers ------------------------------------------------------------------------------------ */

static void write_value(aurora_value_t value, char *text, size_t size)
{
  const aurora_datetime_t *at = &value.as.datetime;
  const aurora_time_t *time = &value.as.time;

  switch (value.type) {
  case AURORA_TYPE_NULL:
    snprintf(text, size, "NULL");
    return;
  case AURORA_TYPE_INT64:
    snprintf(text, size, "%" PRId64, value.as.int64);
    return;
  case AURORA_TYPE_UINT64:
    snprintf(text, size, "%" PRIu64, value.as.uint64);
    return;
  case AURORA_TYPE_DOUBLE:
    snprintf(text, size, "%.17g", value.as.float64);
    return;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    snprintf(text, size, "%zu:%.100s", value.as.text.size, value.as.text.data);
    return;
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_DATETIME:
    snprintf(text, size, "%u-%u-%u %u:%u:%u.%u", at->year, at->month, at->day, at->hour, at->minute,
             at->second, at->microsecond);
    return;
  case AURORA_TYPE_TIME:
    snprintf(text, size, "%d %u:%u:%u.%u", time->negative, time->hours, time->minutes,
             time->seconds, time->microseconds);
    return;
  }
}

/* The types and values of the first row, or the error. */
static void write_reply(const reply_t *reply, char *answer)
{
  size_t used = 0;

  if (reply->code) {
    snprintf(answer, ANSWER_SIZE, "error %u %s", reply->error.server_errno,
             aurora_err_name(reply->code));
    return;
  }
  used += (size_t)snprintf(answer, ANSWER_SIZE, "%zu rows", aurora_result_rows(reply->result));
  for (unsigned i = 0; i < aurora_result_columns(reply->result) && used < ANSWER_SIZE; i++) {
    char text[160] = "";

    if (aurora_result_rows(reply->result))
      write_value(aurora_result_value(reply->result, 0, i), text, sizeof text);
    used += (size_t)snprintf(answer + used, ANSWER_SIZE - used, "; %s %s",
                             aurora_type_name(aurora_result_column_type(reply->result, i)), text);
  }
}

/* lease NULL: on the pool. */
static void ask(aurora_connection_t *lease, const char *sql, aurora_params_t params, char *answer)
{
  reply_t reply;

  if (lease)
    fixture_ask_lease(&fixture, lease, &reply, sql, params);
  else
    fixture_ask(&fixture, &reply, sql, params);
  fixture_wait(&fixture, &reply);
  write_reply(&reply, answer);
  reply_clear(&reply);
}

/* The same with a text that no one has asked for. */
static void ask_anew(aurora_connection_t *lease, const char *sql, aurora_params_t params,
                     char *answer)
{
  static unsigned count;
  char text[1024];

  snprintf(text, sizeof text, "%s /* %u */", sql, ++count);
  ask(lease, text, params, answer);
}

/* --- Types -------------------------------------------------------------------------------------- */

enum { VALUES = 13 };

static aurora_value_t value_of(unsigned n)
{
  static const aurora_datetime_t at = {2024, 2, 29, 12, 30, 59, 123456};
  static const aurora_time_t span = {true, 100, 1, 2, 5};

  switch (n) {
  case 0:
    return aurora_null();
  case 1:
    return aurora_int64(1);
  case 2:
    return aurora_int64(-5);
  case 3:
    return aurora_uint64(UINT64_MAX);
  case 4:
    return aurora_double(0.1);
  case 5:
    return aurora_decimal("1.50");
  case 6:
    return aurora_decimal("12345678901234567890.12345");
  case 7:
    return aurora_string("abc");
  case 8:
    return aurora_string("1");
  case 9:
    return aurora_bytes("abc", 3);
  case 10:
    return aurora_date(2024, 2, 29);
  case 11:
    return aurora_time(span);
  }
  return aurora_datetime(at);
}

static const char *const statements[] = {
    "SELECT ? AS v",
    "SELECT JSON_OBJECT('k', ?) AS v",
    "SELECT b FROM typed WHERE b = ? ORDER BY id",
    "SELECT b FROM typed WHERE j = ? ORDER BY id",
    "SELECT b FROM typed WHERE s = ? ORDER BY id",
    "SELECT COALESCE(?, 5) AS v",
    "SELECT CONCAT(?, 'x') AS v",
};

static void make_typed(void)
{
  fixture_run(&fixture, "DROP TABLE IF EXISTS typed");
  fixture_run(&fixture, "CREATE TABLE typed (id INT PRIMARY KEY AUTO_INCREMENT, b VARBINARY(100),"
                        " j JSON, s VARCHAR(100), n DECIMAL(40, 10)) ENGINE=InnoDB");
  fixture_run(&fixture, "INSERT INTO typed (b, j, s, n) VALUES ('abc', '\"abc\"', 'abc', 0),"
                        " ('1', '1', '1', 1), ('0.1', '0.1', '0.1', 0.1), ('0', '\"1\"', '0', 0)");
}

START_TEST(every_type_after_every_other)
{
  char answers[VALUES][ANSWER_SIZE];

  make_typed();
  for (unsigned value = 0; value < VALUES; value++)
    ask_anew(NULL, statements[_i], AURORA_PARAMS(value_of(value)), answers[value]);
  for (unsigned first = 0; first < VALUES; first++) {
    for (unsigned second = 0; second < VALUES; second++) {
      char sql[256], answer[ANSWER_SIZE];

      snprintf(sql, sizeof sql, "%s /* %u then %u */", statements[_i], first, second);
      ask(NULL, sql, AURORA_PARAMS(value_of(first)), answer);
      ck_assert_str_eq(answer, answers[first]);
      for (unsigned times = 0; times < 2; times++) {
        ask(NULL, sql, AURORA_PARAMS(value_of(second)), answer);
        ck_assert_msg(strcmp(answer, answers[second]) == 0, "%s: %s instead of %s", sql, answer,
                      answers[second]);
      }
    }
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

/* What an INSERT leaves, by the pool or by a batch. */
static void insert_and_read(unsigned value, bool in_batch, const char *comment, char *answer)
{
  char sql[128];

  fixture_run(&fixture, "TRUNCATE TABLE kept");
  snprintf(sql, sizeof sql, "INSERT INTO kept VALUES (?, ?, ?) /* %s */", comment);
  if (in_batch) {
    aurora_value_t row[3] = {value_of(value), value_of(value), value_of(value)};
    batch_reply_t reply = batch_run(&fixture, sql, (aurora_rows_t){row, 3, 1}, 0);

    batch_clear(&reply);
  } else {
    ask(NULL, sql, AURORA_PARAMS(value_of(value), value_of(value), value_of(value)), answer);
  }
  ask(NULL, "SELECT s, b, n FROM kept", AURORA_NO_PARAMS, answer);
}

START_TEST(inserts_of_every_type_after_every_other)
{
  fixture_run(&fixture, "DROP TABLE IF EXISTS kept");
  fixture_run(&fixture, "CREATE TABLE kept (s VARCHAR(100), b VARBINARY(100), n VARCHAR(100)"
                        " CHARACTER SET utf8mb4) ENGINE=InnoDB");
  for (unsigned first = 0; first < VALUES; first++) {
    for (unsigned second = 0; second < VALUES; second++) {
      char comment[32], wanted[ANSWER_SIZE], answer[ANSWER_SIZE];

      snprintf(comment, sizeof comment, "%u, %u, new", first, second);
      insert_and_read(second, false, comment, wanted);
      snprintf(comment, sizeof comment, "%u, %u", first, second);
      insert_and_read(first, _i, comment, answer);
      insert_and_read(second, _i, comment, answer);
      ck_assert_str_eq(answer, wanted);
    }
  }
}
END_TEST

/* A batch whose rows have other types from row to row gives what its rows give one by one. */
START_TEST(a_batch_of_mixed_types)
{
  aurora_value_t rows[4 * VALUES][2];
  batch_reply_t reply;

  fixture_run(&fixture, "DROP TABLE IF EXISTS mixed");
  fixture_run(&fixture, "CREATE TABLE mixed (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB");
  for (unsigned i = 0; i < 4 * VALUES; i++) {
    rows[i][0] = aurora_int64(i);
    rows[i][1] = value_of(i % VALUES);
  }
  reply = batch_run(&fixture, "INSERT INTO mixed VALUES (?, ?)",
                    (aurora_rows_t){rows[0], 2, 4 * VALUES}, _i ? AURORA_BATCH_ONE_BY_ONE : 0);
  reply_must_be_good(&reply.reply);
  ck_assert_uint_eq(reply.executed, 4 * VALUES);
  batch_clear(&reply);
  for (unsigned i = 0; i < 4 * VALUES; i++) {
    char wanted[ANSWER_SIZE], answer[ANSWER_SIZE], sql[64];

    ask_anew(NULL, "REPLACE INTO mixed VALUES (-1, ?)", AURORA_PARAMS(value_of(i % VALUES)),
             answer);
    ask(NULL, "SELECT v FROM mixed WHERE id = -1", AURORA_NO_PARAMS, wanted);
    snprintf(sql, sizeof sql, "SELECT v FROM mixed WHERE id = %u", i);
    ask(NULL, sql, AURORA_NO_PARAMS, answer);
    ck_assert_str_eq(answer, wanted);
  }
}
END_TEST

/* One text with many types, however many, leaves the other statements where they are. */
START_TEST(types_do_not_push_out_other_statements)
{
  char answer[ANSWER_SIZE], sql[64];
  uint64_t misses;

  fixture_close(&fixture);
  open_with_cache(16);
  for (unsigned i = 0; i < 12; i++) {
    snprintf(sql, sizeof sql, "SELECT %u + ?", i);
    ask(NULL, sql, AURORA_PARAMS(1), answer);
  }
  for (unsigned a = 0; a < VALUES; a++) {
    for (unsigned b = 0; b < VALUES; b++)
      ask(NULL, "SELECT ?, ?", AURORA_PARAMS(value_of(a), value_of(b)), answer);
  }
  misses = fixture_stats(&fixture).statement_misses;
  for (unsigned i = 0; i < 12; i++) {
    snprintf(sql, sizeof sql, "SELECT %u + ?", i);
    ask(NULL, sql, AURORA_PARAMS(1), answer);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).statement_misses, misses);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

/* --- The session -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *changes[3]; /* what is run on the lease */
  const char *sql;        /* with one placeholder */
  bool other_answer;      /* the changes make it another one */
} sessions[] = {
    {{"USE other"}, "SELECT v FROM w WHERE id = ?", true},
    {{"SET session_track_schema = OFF, session_track_state_change = OFF", "USE other"}, "SELECT v FROM w WHERE id = ?", true},
    {{"/* first */ USE other"}, "SELECT v FROM w WHERE id = ?", true},
    {{"USE other", "USE octane"}, "SELECT v FROM w WHERE id = ?", false},
    {{"SET sql_mode = 'PIPES_AS_CONCAT'"}, "SELECT 'a' || ?", true},
    {{"SET sql_mode = 'ANSI_QUOTES'"}, "SELECT \"a\", ?", true},
    {{"SET sql_mode = 'NO_BACKSLASH_ESCAPES'"}, "SELECT 'a\\nb', ?", true},
    {{"SET sql_mode = 'HIGH_NOT_PRECEDENCE'"}, "SELECT NOT 1 BETWEEN -5 AND 5, ?", true},
    {{"PREPARE s FROM 'SET sql_mode = ''ANSI_QUOTES'''", "EXECUTE s"}, "SELECT \"a\", ?", true},
    {{"SET session_track_state_change = OFF", "PREPARE s FROM 'SET sql_mode = ''ANSI_QUOTES'''", "EXECUTE s"}, "SELECT \"a\", ?", true},
    {{"SET NAMES latin1"}, "SELECT CHARSET('a'), ?", true},
    {{"SET NAMES utf8mb4 COLLATE utf8mb4_bin"}, "SELECT 'a' = 'A', ?", true},
    {{"SET collation_connection = utf8mb4_bin"}, "SELECT 'a' = 'A', ?", true},
    {{"SET character_set_connection = latin1"}, "SELECT LENGTH('\xc3\xa9'), ?", true},
    {{"SET div_precision_increment = 9"}, "SELECT 1 / 3, ?", true},
    {{"CALL changes_precision()"}, "SELECT 1 / 3, ?", true},
    {{"SET session_track_state_change = OFF", "CALL changes_precision()"}, "SELECT 1 / 3, ?", true},
    {{"SET time_zone = '+05:00'"}, "SELECT UNIX_TIMESTAMP('2024-01-01'), ?", true},
    {{"SET default_week_format = 3"}, "SELECT WEEK('2024-01-01'), ?", true},
    {{"SET lc_time_names = 'de_DE'"}, "SELECT MONTHNAME('2024-01-01'), ?", true},
    {{"SET sql_select_limit = 1"}, "SELECT id FROM w WHERE id < 1000 * ?", true},
    {{"SET group_concat_max_len = 4"}, "SELECT GROUP_CONCAT(v, ?) FROM w", true},
    {{"CREATE TEMPORARY TABLE w (id INT, v INT)", "INSERT INTO w VALUES (1, 99)"}, "SELECT v FROM w WHERE id = ?", true},
    {{"SET @a = 'x'"}, "SELECT CONCAT(@a, 'y'), ?", true},
    {{"SET @a = 1.5"}, "SELECT @a, ?", true},
    {{"SET @a = 1", "SELECT @a := 'x'"}, "SELECT @a, ?", true},
    {{"SELECT 'x' INTO @a"}, "SELECT @a, ?", true},
    {{"START TRANSACTION", "COMMIT"}, "SELECT v FROM w WHERE id = ?", false},
};
/* clang-format on */

static void run_on(aurora_connection_t *lease, const char *sql)
{
  reply_t reply;

  fixture_ask_lease(&fixture, lease, &reply, sql, AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
}

static void make_databases(void)
{
  ck_assert_int_eq(database_sql(&database, "CREATE DATABASE IF NOT EXISTS other;"
                                           "GRANT ALL ON other.* TO " DATABASE_USER),
                   0);
  fixture_run(&fixture, "DROP TABLE IF EXISTS w, other.w");
  fixture_run(&fixture, "CREATE TABLE w (id INT, v INT) ENGINE=InnoDB");
  fixture_run(&fixture, "CREATE TABLE other.w (id INT, v INT) ENGINE=InnoDB");
  fixture_run(&fixture, "INSERT INTO w VALUES (1, 10), (2, 20)");
  fixture_run(&fixture, "INSERT INTO other.w VALUES (1, 11), (2, 21)");
  fixture_run(&fixture, "DROP PROCEDURE IF EXISTS changes_precision");
  fixture_run(&fixture, "CREATE PROCEDURE changes_precision() SET div_precision_increment = 9");
}

START_TEST(a_session_that_changes)
{
  char before[ANSWER_SIZE], wanted[ANSWER_SIZE], answer[ANSWER_SIZE];
  aurora_connection_t *lease;

  make_databases();
  lease = fixture_lease(&fixture);
  for (unsigned times = 0; times < 3; times++)
    ask(lease, sessions[_i].sql, AURORA_PARAMS(1), before);
  for (unsigned i = 0; i < 3 && sessions[_i].changes[i]; i++)
    run_on(lease, sessions[_i].changes[i]);
  ask(lease, sessions[_i].sql, AURORA_PARAMS(1), answer);
  ask_anew(lease, sessions[_i].sql, AURORA_PARAMS(1), wanted);
  ck_assert_msg(strcmp(answer, wanted) == 0, "%s: %s instead of %s", sessions[_i].sql, answer,
                wanted);
  ck_assert_msg((strcmp(answer, before) != 0) == sessions[_i].other_answer, "%s: %s",
                sessions[_i].sql, answer);
  aurora_connection_release(lease);
}
END_TEST

START_TEST(an_insert_goes_to_the_new_database)
{
  char answer[ANSWER_SIZE];
  aurora_connection_t *lease;

  make_databases();
  lease = fixture_lease(&fixture);
  for (unsigned times = 0; times < 3; times++)
    ask(lease, "INSERT INTO w VALUES (?, 1)", AURORA_PARAMS(5), answer);
  run_on(lease, "USE other");
  for (unsigned times = 0; times < 4; times++)
    ask(lease, "INSERT INTO w VALUES (?, 1)", AURORA_PARAMS(5), answer);
  ck_assert_int_eq(
      fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM other.w WHERE id = 5"), 4);
  aurora_connection_release(lease);
}
END_TEST

/* What changes nothing costs no statement. */
START_TEST(ordinary_statements_keep_the_others)
{
  char answer[ANSWER_SIZE];
  uint64_t misses;
  aurora_connection_t *lease;

  make_databases();
  lease = fixture_lease(&fixture);
  ask(lease, "SELECT v FROM w WHERE id = ?", AURORA_PARAMS(1), answer);
  ask(lease, "UPDATE w SET v = ? WHERE id = 1", AURORA_PARAMS(12), answer);
  misses = fixture_stats(&fixture).statement_misses;
  run_on(lease, "START TRANSACTION");
  ask(lease, "SELECT v FROM w WHERE id = ?", AURORA_PARAMS(1), answer);
  ask(lease, "UPDATE w SET v = ? WHERE id = 1", AURORA_PARAMS(13), answer);
  run_on(lease, "SAVEPOINT a");
  ask(lease, "UPDATE w SET v = ? WHERE id = 1", AURORA_PARAMS(14), answer);
  run_on(lease, "ROLLBACK TO SAVEPOINT a");
  run_on(lease, "INSERT INTO w VALUES (6, 6)");
  ask(lease, "SELECT v FROM w WHERE id = ?", AURORA_PARAMS(1), answer);
  run_on(lease, "COMMIT");
  ask(lease, "SELECT v FROM w WHERE id = ?", AURORA_PARAMS(1), answer);
  run_on(lease, "BEGIN");
  ask(lease, "UPDATE w SET v = ? WHERE id = 1", AURORA_PARAMS(15), answer);
  run_on(lease, "ROLLBACK");
  ask(lease, "SELECT v FROM w WHERE id = ?", AURORA_PARAMS(1), answer);
  ck_assert_uint_eq(fixture_stats(&fixture).statement_misses, misses);
  aurora_connection_release(lease);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("statement-context");
  TCase *tcase = tcase_create("types");

  tcase_set_timeout(tcase, 100);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, every_type_after_every_other, 0,
                      sizeof statements / sizeof *statements);
  tcase_add_loop_test(tcase, inserts_of_every_type_after_every_other, 0, 2);
  tcase_add_loop_test(tcase, a_batch_of_mixed_types, 0, 2);
  tcase_add_test(tcase, types_do_not_push_out_other_statements);
  suite_add_tcase(suite, tcase);
  tcase = tcase_create("session");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, a_session_that_changes, 0, sizeof sessions / sizeof *sessions);
  tcase_add_test(tcase, an_insert_goes_to_the_new_database);
  tcase_add_test(tcase, ordinary_statements_keep_the_others);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
