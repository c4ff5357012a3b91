/*
 * Batches that succeed, and those that a row makes fail: the same contents by both ways, and what is
 * said of each row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "integration/batch_helpers.h"
#include "support/server_differences.h"
#include "support/database_test.h"

enum { MANY = 10000 };

static const char insert[] = "INSERT INTO batch VALUES (?, ?)";

static database_t database;
static pool_fixture_t fixture;

static void set_up(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  ck_assert_int_eq(
      database_sql(&database,
                   "DROP TABLE IF EXISTS batch; CREATE TABLE batch (id BIGINT PRIMARY KEY,"
                   " t VARCHAR(40)) ENGINE=InnoDB"),
      0);
  fixture_open(&fixture, &config);
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

static unsigned way(int index)
{
  return index ? AURORA_BATCH_ONE_BY_ONE : 0;
}

static int64_t rows_in_table(void)
{
  return fixture_number(&fixture, "SELECT COUNT(*) FROM batch");
}

START_TEST(one_row)
{
  aurora_rows_t rows = batch_make_rows(7, 1);
  batch_reply_t reply = batch_run(&fixture, insert, rows, way(_i));

  batch_must_be_good(&reply, 1, 0);
  ck_assert_uint_eq(reply.affected, 1);
  ck_assert_uint_eq(reply.outcomes[0].affected_rows, 1);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT id FROM batch WHERE t = 'text of 7'"), 7);
  batch_clear(&reply);
  batch_free_rows(rows);
}
END_TEST

START_TEST(many_rows)
{
  aurora_rows_t rows = batch_make_rows(0, MANY);
  batch_reply_t reply = batch_run(&fixture, insert, rows, way(_i));

  batch_must_be_good(&reply, MANY, batch_by_rows(_i) ? 0 : MANY);
  ck_assert_uint_eq(reply.affected, MANY);
  batch_clear(&reply);
  batch_free_rows(rows);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT SUM(t = CONCAT('text of ', id)) FROM batch"),
                   MANY);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT MAX(id) FROM batch"), MANY - 1);
  /* The session is as clean as before: nothing but its own statements is known to have run on it. */
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 0);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  /* The bulk statement is closed; the other one stays in the cache. */
  ck_assert_int_eq(fixture_number(&fixture,
                                  "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM global_status"
                                  " WHERE VARIABLE_NAME = 'Prepared_stmt_count'"),
                   batch_by_rows(_i) ? 1 : 0);
  ck_assert(!fixture_in_transaction(&fixture, NULL));
}
END_TEST

/* --- Values ------------------------------------------------------------------------------------- */

enum { TYPES = 9 };

static aurora_value_t value_of_type(unsigned type, size_t n)
{
  static char texts[64][16];
  aurora_datetime_t at = {2024, 2, (uint8_t)(1 + n % 28), 12, 30, (uint8_t)(n % 60), 0};

  snprintf(texts[n], sizeof texts[n], "-%zu.25", n);
  at.microsecond = n % 2 ? 123456 : 0;
  switch (type) {
  case 0:
    return aurora_int64(-(int64_t)n);
  case 1:
    return aurora_uint64(UINT64_MAX - n);
  case 2:
    return aurora_double(0.1 * (double)n);
  case 3:
    return aurora_decimal(texts[n]);
  case 4:
    return aurora_string(n % 5 ? "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80" : "");
  case 5:
    return aurora_bytes("\0\xff\x80", n % 4);
  case 6:
    return aurora_date(2024, 2, (unsigned)(1 + n % 28));
  case 7:
    return aurora_time((aurora_time_t){n % 2, (uint16_t)(n * 13), 59, 58, n % 3 ? 0 : 5});
  default:
    return aurora_datetime(at);
  }
}

/* 60 rows of all types; each value NULL now and then; one column NULL throughout. */
static aurora_rows_t all_types(aurora_value_t *values)
{
  aurora_rows_t rows = {values, TYPES + 2, 60};

  for (size_t r = 0; r < rows.rows; r++) {
    aurora_value_t *row = values + r * rows.columns;

    row[0] = aurora_int64((int64_t)r);
    for (unsigned c = 0; c < TYPES; c++)
      row[1 + c] = (r + c) % 7 ? value_of_type(c, r) : aurora_null();
    row[1 + TYPES] = aurora_null();
  }
  return rows;
}

START_TEST(all_types_and_nulls)
{
  static aurora_value_t values[60 * (TYPES + 2)];
  batch_reply_t reply;

  for (int i = 0; i < 2; i++) {
    char sql[200];
    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS types%d", i);
    fixture_run(&fixture, sql);

    snprintf(sql, sizeof sql,
             "CREATE TABLE types%d (id INT PRIMARY KEY, i BIGINT, u BIGINT UNSIGNED,"
             " d DOUBLE, n DECIMAL(20,4), s VARCHAR(40), b VARBINARY(40), da DATE, ti TIME(6),"
             " dt DATETIME(6), z VARCHAR(10))",
             i);
    fixture_run(&fixture, sql);
    snprintf(sql, sizeof sql, "INSERT INTO types%d VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", i);
    reply = batch_run(&fixture, sql, all_types(values), way(i));
    batch_must_be_good(&reply, 60, i ? 0 : 60);
    batch_clear(&reply);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM types0 a JOIN types1 b USING (id)"
                                            " WHERE a.i <=> b.i AND a.u <=> b.u AND a.d <=> b.d"
                                            " AND a.n <=> b.n AND a.s <=> b.s AND a.b <=> b.b"
                                            " AND a.da <=> b.da AND a.ti <=> b.ti"
                                            " AND a.dt <=> b.dt AND a.z <=> b.z"),
                   60);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM types0 WHERE z IS NULL"), 60);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(u) FROM types0 WHERE"
                                            " u = 18446744073709551615 - id"),
                   fixture_number(&fixture, "SELECT COUNT(u) FROM types0"));
}
END_TEST

START_TEST(types_that_change_within_a_column)
{
  aurora_rows_t rows = batch_make_rows(0, 100);
  aurora_value_t *values = (aurora_value_t *)rows.values;
  batch_reply_t reply;

  /* Ten strings in the middle, then one type a row for a while. */
  for (size_t r = 40; r < 50; r++)
    values[2 * r] = aurora_string(r % 2 ? "141" : "142");
  for (size_t r = 40; r < 50; r++)
    values[2 * r + 1] = aurora_int64((int64_t)r);
  for (size_t r = 60; r < 70; r++)
    values[2 * r + 1] = r % 2 ? aurora_double(1.5) : aurora_decimal("2.5");
  reply = batch_run(&fixture,
                    "INSERT INTO batch VALUES (?, ?) ON DUPLICATE KEY UPDATE t = CONCAT(t, '+')",
                    rows, way(_i));
  batch_must_be_good(&reply, 100, batch_by_rows(_i) ? 0 : 90);
  if (!batch_by_rows(_i))
    ck_assert(reply.outcomes[45].bulk && !reply.outcomes[65].bulk && reply.outcomes[75].bulk);
  ck_assert_int_eq(rows_in_table(), 92);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM batch WHERE t LIKE '4_++++'"), 2);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM batch WHERE t = '1.5'"), 5);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM batch WHERE t = '2.5'"), 5);
  batch_clear(&reply);
  batch_free_rows(rows);
}
END_TEST

/* --- What each row did -------------------------------------------------------------------------- */

START_TEST(updates_and_deletes)
{
  aurora_rows_t rows = batch_make_rows(0, 20);
  aurora_value_t numbers[20];
  batch_reply_t reply = batch_run(&fixture, insert, rows, 0);

  batch_must_be_good(&reply, 20, 20);
  batch_clear(&reply);
  batch_free_rows(rows);
  for (int i = 0; i < 20; i++)
    numbers[i] = aurora_int64(2 * i);
  reply = batch_run(&fixture, "UPDATE batch SET t = 'u' WHERE id >= ? AND id < 10",
                    (aurora_rows_t){numbers, 1, 20}, way(_i));
  batch_must_be_good(&reply, 20, batch_by_rows(_i) ? 0 : 20);
  /* The first one changes ten, the others find them changed. */
  ck_assert_uint_eq(reply.affected, 10);
  for (int i = 0; batch_by_rows(_i) && i < 20; i++)
    ck_assert_uint_eq(reply.outcomes[i].affected_rows, i ? 0 : 10);
  batch_clear(&reply);
  reply = batch_run(&fixture, "DELETE FROM batch WHERE id = ?", (aurora_rows_t){numbers, 1, 20},
                    way(_i));
  batch_must_be_good(&reply, 20, batch_by_rows(_i) ? 0 : 20);
  ck_assert_uint_eq(reply.affected, 10);
  for (int i = 0; batch_by_rows(_i) && i < 20; i++)
    ck_assert_uint_eq(reply.outcomes[i].affected_rows, i < 10);
  batch_clear(&reply);
  ck_assert_int_eq(rows_in_table(), 10);
}
END_TEST

START_TEST(insert_ids)
{
  aurora_rows_t rows = batch_make_rows(0, 10);
  batch_reply_t reply;
  fixture_run(&fixture, "DROP TABLE IF EXISTS ids");

  fixture_run(&fixture, "CREATE TABLE ids (id INT AUTO_INCREMENT PRIMARY KEY, n INT, t TEXT)");
  reply = batch_run(&fixture, "INSERT INTO ids (n, t) VALUES (?, ?)", rows, way(_i));
  batch_must_be_good(&reply, 10, batch_by_rows(_i) ? 0 : 10);
  for (unsigned i = 0; i < 10; i++)
    ck_assert_uint_eq(reply.outcomes[i].insert_id, batch_by_rows(_i) ? i + 1 : 0);
  batch_clear(&reply);
  batch_free_rows(rows);
}
END_TEST

/* Statements for which the server has no bulk go one by one by themselves; and all may return rows. */
START_TEST(statements_without_bulk)
{
  const char *const statements[] = {
      "INSERT INTO batch SELECT ?, ?",
      server_has(SERVER_RETURNING) ? "INSERT INTO batch VALUES (? + 100, ?) RETURNING id"
                                   : "INSERT INTO batch VALUES (? + 100, ?)",
      "CALL put(?, ?)", "SELECT id FROM batch WHERE id = ? AND t <> ?"};
  aurora_rows_t rows = batch_make_rows(0, 10);

  fixture_run(&fixture, "DROP PROCEDURE IF EXISTS put");
  fixture_run(&fixture, "CREATE PROCEDURE put (a BIGINT, b VARCHAR(40)) BEGIN"
                        " INSERT INTO batch VALUES (a + 200, b); SELECT b; END");
  for (unsigned i = 0; i < 4; i++) {
    batch_reply_t reply = batch_run(&fixture, statements[i], rows, 0);

    batch_must_be_good(&reply, 10, i == 1 ? 10 : 0);
    ck_assert_uint_eq(reply.affected, i < (server_has(SERVER_CALL_SUMS) ? 3 : 2) ? 10 : 0);
    batch_clear(&reply);
    ck_assert_int_eq(rows_in_table(), i < 3 ? 10 * (i + 1) : 30);
  }
  batch_free_rows(rows);
}
END_TEST

/* --- Large ones --------------------------------------------------------------------------------- */

START_TEST(more_than_a_packet)
{
  enum { ROWS = 60, SIZE = 20000 };
  char *text = malloc(SIZE);
  aurora_value_t values[2 * ROWS];
  batch_reply_t reply;

  memset(text, 'x', SIZE);
  for (int i = 0; i < ROWS; i++) {
    values[2 * i] = aurora_int64(i);
    values[2 * i + 1] = aurora_text(text, (size_t)SIZE - (size_t)i);
  }
  values[2 * 30 + 1] = aurora_string("small");
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, _i ? "SET GLOBAL max_allowed_packet = 65536"
                                              : "SET GLOBAL max_allowed_packet = 1048576"),
                   0);
  set_up();
  fixture_run(&fixture, "DROP TABLE IF EXISTS large");
  fixture_run(&fixture, "CREATE TABLE large (id INT PRIMARY KEY, t LONGTEXT)");
  reply =
      batch_run(&fixture, "INSERT INTO large VALUES (?, ?)", (aurora_rows_t){values, 2, ROWS}, 0);
  /* In a packet of 64 KiB there are three, for which none is made; but four with the small one. */
  batch_must_be_good(&reply, ROWS, batch_by_rows(_i) ? 4 : ROWS);
  batch_clear(&reply);
  ck_assert_int_eq(
      fixture_number(&fixture, "SELECT COUNT(*) FROM large WHERE LENGTH(t) = 20000 - id"),
      ROWS - 1);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL max_allowed_packet = 16777216"), 0);
  free(text);
}
END_TEST

/* --- Rows that fail ----------------------------------------------------------------------------- */

START_TEST(a_row_that_fails)
{
  static const size_t places[] = {0, 1, 5000, 9999};
  aurora_rows_t rows = batch_make_rows(0, MANY);

  fixture_run(&fixture, "INSERT INTO batch VALUES (-5, 'there')");
  for (unsigned i = 0; i < 4; i++) {
    size_t place = places[i];
    char name[40];
    batch_reply_t reply;

    batch_set_number(rows, place, -5);
    reply = batch_run(&fixture, insert, rows, way(_i));
    batch_set_number(rows, place, (int64_t)place);
    batch_must_have_failed(&reply, AURORA_ESERVER);
    ck_assert_uint_eq(reply.failed, 1);
    ck_assert_uint_eq(reply.failed_row, place);
    ck_assert_uint_eq(reply.reply.error.server_errno, ER_DUP_ENTRY);
    ck_assert_int_eq(reply.reply.error.outcome, AURORA_REFUSED);
    snprintf(name, sizeof name, "row %zu of the batch", place);
    ck_assert_ptr_nonnull(strstr(reply.reply.error.message, name));
    ck_assert_uint_eq(reply.row_error.server_errno, ER_DUP_ENTRY);
    ck_assert_str_eq(reply.row_error.sqlstate, "23000");
    ck_assert_ptr_nonnull(strstr(reply.row_error.message, "Duplicate entry '-5'"));
    ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_ROLLED_BACK), place);
    batch_clear(&reply);
    ck_assert_int_eq(rows_in_table(), 1);
  }
  batch_free_rows(rows);
}
END_TEST

START_TEST(a_value_of_the_wrong_type)
{
  aurora_rows_t rows = batch_make_rows(0, 50);
  batch_reply_t reply;

  ((aurora_value_t *)rows.values)[2 * 25] = aurora_string("no number");
  reply = batch_run(&fixture, insert, rows, way(_i));
  batch_must_have_failed(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.failed_row, 25);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_ROLLED_BACK), 25);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_NOT_EXECUTED), 24);
  ck_assert_int_eq(rows_in_table(), 0);
  batch_clear(&reply);
  batch_free_rows(rows);
}
END_TEST

START_TEST(good_rows_are_kept)
{
  aurora_rows_t rows = batch_make_rows(0, MANY);
  batch_reply_t reply;

  for (size_t i = 100; i < MANY; i += 1000)
    batch_set_number(rows, i, 0);
  batch_set_number(rows, MANY - 1, 0);
  reply = batch_run(&fixture, insert, rows, AURORA_BATCH_KEEP_GOOD | way(_i));
  reply_must_be_good(&reply.reply);
  ck_assert_uint_eq(reply.failed, 11);
  ck_assert_uint_eq(reply.executed, MANY - 11);
  ck_assert_uint_eq(reply.affected, MANY - 11);
  ck_assert_uint_eq(reply.failed_row, 100);
  ck_assert_int_eq(reply.outcomes[MANY - 1].state, AURORA_ROW_FAILED);
  ck_assert_int_eq(rows_in_table(), MANY - 11);
  batch_clear(&reply);
  batch_free_rows(rows);
}
END_TEST

/* Rows in tables without transactions stay; and none is named that failed only the second time. */
START_TEST(tables_without_transactions)
{
  aurora_rows_t rows = batch_make_rows(0, 100);
  batch_reply_t reply;

  fixture_run(&fixture, "DROP TABLE IF EXISTS batch");
  fixture_run(&fixture, "CREATE TABLE batch (id BIGINT PRIMARY KEY, t VARCHAR(40))"
                        " ENGINE=MyISAM");
  batch_set_number(rows, 50, 7);
  reply = batch_run(&fixture, insert, rows, way(_i));
  batch_must_have_failed(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.failed_row, batch_by_rows(_i) ? 50 : SIZE_MAX);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_UNKNOWN), batch_by_rows(_i) ? 50 : 100);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_ROLLED_BACK), 0);
  ck_assert_int_eq(rows_in_table(), 50);
  batch_clear(&reply);
  batch_free_rows(rows);
}
END_TEST

START_TEST(statements_that_are_wrong)
{
  aurora_rows_t rows = batch_make_rows(0, 10);
  batch_reply_t reply = batch_run(&fixture, "INSERT INTO batch VALUES (?)", rows, way(_i));

  batch_must_have_failed(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.failed_row, SIZE_MAX);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_FAILED), 0);
  batch_clear(&reply);
  reply = batch_run(&fixture, "UPDATE batch SET t = ? WHERE id = ? AND t = ?", rows, way(_i));
  batch_must_have_failed(&reply, AURORA_EPARAMS);
  ck_assert_uint_eq(reply.failed_row, SIZE_MAX);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_NOT_EXECUTED), 10);
  batch_clear(&reply);
  reply = batch_run(&fixture, "INSERT INTO nowhere VALUES (?, ?)", rows, way(_i));
  batch_must_have_failed(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.reply.error.server_errno, ER_NO_SUCH_TABLE);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_NOT_EXECUTED), 10);
  batch_clear(&reply);
  reply = batch_run(&fixture, insert, rows, way(_i));
  batch_must_be_good(&reply, 10, batch_by_rows(_i) ? 0 : 10);
  batch_clear(&reply);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  batch_free_rows(rows);
}
END_TEST

static void unwanted(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  (void)error;
  (void)batch;
  (void)data;
  ck_abort_msg("a callback of a call that was refused");
}

static void must_be_refused(const char *sql, aurora_rows_t rows, unsigned flags, aurora_batch_cb cb)
{
  aurora_batch_options_t options = {.flags = flags};

  ck_assert_int_eq(aurora_pool_batch(fixture.pool, sql, rows, &options, cb, NULL, NULL), UV_EINVAL);
}

START_TEST(calls_that_are_refused)
{
  const aurora_value_t good[] = {aurora_int64(1), aurora_int64(2)};
  const aurora_value_t bad[] = {aurora_int64(1), aurora_text("\xff", 1)};

  must_be_refused(NULL, (aurora_rows_t){good, 1, 2}, 0, unwanted);
  must_be_refused("", (aurora_rows_t){good, 1, 2}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){good, 1, 2}, 0, NULL);
  must_be_refused("DO ?", (aurora_rows_t){NULL, 1, 2}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){good, 0, 2}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){good, 1, 0}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){good, 65536, 1}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){good, 3, SIZE_MAX / 2}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){bad, 1, 2}, 0, unwanted);
  must_be_refused("DO ?", (aurora_rows_t){good, 1, 2}, 1u << 7, unwanted);
  ck_assert_int_eq(
      aurora_pool_batch(NULL, "DO ?", (aurora_rows_t){good, 1, 2}, NULL, unwanted, NULL, NULL),
      UV_EINVAL);
  ck_assert_int_eq(aurora_connection_batch(NULL, "DO ?", (aurora_rows_t){good, 1, 2}, NULL,
                                           unwanted, NULL, NULL),
                   UV_EINVAL);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("batch");
  TCase *tcase = tcase_create("batch");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, one_row, 0, 2);
  tcase_add_loop_test(tcase, many_rows, 0, 2);
  tcase_add_test(tcase, all_types_and_nulls);
  tcase_add_loop_test(tcase, types_that_change_within_a_column, 0, 2);
  tcase_add_loop_test(tcase, updates_and_deletes, 0, 2);
  tcase_add_loop_test(tcase, insert_ids, 0, 2);
  tcase_add_test(tcase, statements_without_bulk);
  tcase_add_loop_test(tcase, more_than_a_packet, 0, 2);
  tcase_add_loop_test(tcase, a_row_that_fails, 0, 2);
  tcase_add_loop_test(tcase, a_value_of_the_wrong_type, 0, 2);
  tcase_add_loop_test(tcase, good_rows_are_kept, 0, 2);
  tcase_add_loop_test(tcase, tables_without_transactions, 0, 2);
  tcase_add_loop_test(tcase, statements_that_are_wrong, 0, 2);
  tcase_add_test(tcase, calls_that_are_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
