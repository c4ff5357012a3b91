/*
 * Rows of a real server into structs: every member at its borders, the same by text and by the binary
 * protocol; microseconds as the server counts them; and the example of <aurora/field.h>.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/database_test.h"
#include "support/pool_fixture.h"

static database_t database;
static pool_fixture_t fixture;

static void set_up(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.init_sql = "SET sql_mode = ''"; /* without NO_ZERO_IN_DATE a date may have no day */
  fixture_open(&fixture, &config);
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

enum level { LOW = 1, HIGH };

typedef struct {
  int8_t i8;
  uint8_t u8;
  int16_t i16;
  uint16_t u16;
  int32_t i24;
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  bool truth;
  enum level level;
  uint64_t bits;
  uint16_t year;
  float single;
  double real;
  double exact;
  int64_t whole; /* of a DECIMAL */
  char name[12];
  const char *kind; /* of an ENUM */
  aurora_text_t data;
  unsigned char uuid[4];
  aurora_datetime_t at;
  aurora_time_t span;
  int64_t at_us, span_us;
  aurora_value_t any;
  int nothing;
  bool is_nothing;
} row_t;

/* Not all in the order of the columns. */
static const aurora_field_t row_fields[] = {
    AURORA_FIELD(row_t, i8),
    AURORA_FIELD(row_t, u8),
    AURORA_FIELD(row_t, i16),
    AURORA_FIELD(row_t, u16),
    AURORA_FIELD(row_t, i24),
    AURORA_FIELD(row_t, i32),
    AURORA_FIELD(row_t, u32),
    AURORA_FIELD(row_t, i64),
    AURORA_FIELD(row_t, u64),
    AURORA_FIELD_AS(row_t, single, "f"),
    AURORA_FIELD_AS(row_t, real, "d"),
    AURORA_FIELD_AS(row_t, exact, "price"),
    AURORA_FIELD(row_t, whole),
    AURORA_FIELD(row_t, truth),
    AURORA_FIELD(row_t, level),
    AURORA_FIELD(row_t, bits),
    AURORA_FIELD_AS(row_t, year, "y"),
    AURORA_FIELD(row_t, name),
    AURORA_FIELD(row_t, kind),
    AURORA_FIELD(row_t, data),
    AURORA_FIELD(row_t, uuid),
    AURORA_FIELD(row_t, at),
    AURORA_FIELD(row_t, span),
    AURORA_FIELD_MICROSECONDS_AS(row_t, at_us, "at"),
    AURORA_FIELD_MICROSECONDS_AS(row_t, span_us, "span"),
    AURORA_FIELD_AS(row_t, any, "name"),
    AURORA_FIELD_NULLABLE(row_t, nothing, is_nothing),
};

static const char *const create = "CREATE TABLE t ("
                                  "i8 TINYINT, u8 TINYINT UNSIGNED, i16 SMALLINT,"
                                  "u16 SMALLINT UNSIGNED, i24 MEDIUMINT, i32 INT, u32 INT UNSIGNED,"
                                  "i64 BIGINT, u64 BIGINT UNSIGNED, truth BOOLEAN, level TINYINT,"
                                  "bits BIT(64), y YEAR, f FLOAT, d DOUBLE, price DECIMAL(10,2),"
                                  "whole DECIMAL(21,2), name VARCHAR(20), kind ENUM('a', 'bc'),"
                                  "data BLOB, uuid BINARY(4), at DATETIME(6), span TIME(6),"
                                  "nothing INT) CHARACTER SET utf8mb4";
static const char *const smallest =
    "INSERT INTO t VALUES (-128, 0, -32768, 0, -8388608, -2147483648, 0, -9223372036854775808, 0,"
    "FALSE, 1, 0, 1901, -3.40282e38, -1.7976931348623157e308, -99999999.99,"
    "-9223372036854775808, '', 'a', '', 0x00000000, '0001-01-01', '-838:59:58.999999', NULL)";
static const char *const largest =
    "INSERT INTO t VALUES (127, 255, 32767, 65535, 8388607, 2147483647, 4294967295,"
    "9223372036854775807, 18446744073709551615, TRUE, 2, 0xffffffffffffffff, 2155, 3.40282e38,"
    "1.7976931348623157e308, 99999999.99, 9223372036854775807.00, '\360\237\230\200 seven.', 'bc',"
    "0x610062, 0xff00ff01, '9999-12-31 23:59:59.999999', '838:59:58.999999', -1)";

static const char *const smallest_row =
    "-128 0 -32768 0 -8388608 -2147483648 0 -9223372036854775808 0 0 1 0 1901 -3.40282e+38 "
    "-1.7976931348623157e+308 -99999999.989999995 -9223372036854775808 '' 'a' 0: 00000000 "
    "1-1-1 0:0:0.0 -838:59:58.999999 -62135596800000000 -3020398999999 string 0 null";
static const char *const largest_row =
    "127 255 32767 65535 8388607 2147483647 4294967295 9223372036854775807 18446744073709551615 1 "
    "2 "
    "18446744073709551615 2155 3.40282e+38 1.7976931348623157e+308 99999999.989999995 "
    "9223372036854775807 '\360\237\230\200 seven.' 'bc' 3:a ff00ff01 9999-12-31 23:59:59.999999 "
    "+838:59:58.999999 253402300799999999 3020398999999 string -1 ";

static const char *show(const row_t *row, char *text, size_t room)
{
  int size = snprintf(
      text, room,
      "%d %u %d %u %d %d %u %" PRId64 " %" PRIu64 " %d %d %" PRIu64 " %u %g %.17g %.17g %" PRId64
      " '%s' '%s' %zu:%s %02x%02x%02x%02x %u-%u-%u %u:%u:%u.%u %c%u:%u:%u.%u %" PRId64 " %" PRId64
      " %s %d %s",
      row->i8, row->u8, row->i16, row->u16, row->i24, row->i32, row->u32, row->i64, row->u64,
      row->truth, (int)row->level, row->bits, row->year, (double)row->single, row->real, row->exact,
      row->whole, row->name, row->kind, row->data.size, row->data.data, row->uuid[0], row->uuid[1],
      row->uuid[2], row->uuid[3], row->at.year, row->at.month, row->at.day, row->at.hour,
      row->at.minute, row->at.second, row->at.microsecond, row->span.negative ? '-' : '+',
      row->span.hours, row->span.minutes, row->span.seconds, row->span.microseconds, row->at_us,
      row->span_us, aurora_type_name(row->any.type), row->nothing, row->is_nothing ? "null" : "");

  ck_assert_int_lt(size, (int)room);
  return text;
}

static void check_borders(const char *sql, aurora_params_t params)
{
  reply_t reply = fixture_query(&fixture, sql, params);
  char text[1000];
  aurora_error_t error = {.message = ""};
  row_t row;

  ck_assert_uint_eq(aurora_result_rows(reply.result), 2);
  for (size_t i = 0; i < 2; i++) {
    memset(&row, 0xa5, sizeof row);
    ck_assert_msg(aurora_result_read_with(reply.result, i, row_fields,
                                          sizeof row_fields / sizeof *row_fields, &row,
                                          &error) == 0,
                  "%s", error.message);
    ck_assert_str_eq(show(&row, text, sizeof text), i == 0 ? smallest_row : largest_row);
  }
  reply_clear(&reply);
}

START_TEST(every_member_at_its_borders)
{
  fixture_run(&fixture, "DROP TABLE IF EXISTS t");
  fixture_run(&fixture, create);
  fixture_run(&fixture, smallest);
  fixture_run(&fixture, largest);
  check_borders("SELECT * FROM t ORDER BY i8", AURORA_NO_PARAMS);
  check_borders("SELECT * FROM t WHERE ? = 5 ORDER BY i8", AURORA_PARAMS(5));
  check_borders("SELECT * FROM t WHERE ? = 5 ORDER BY i8", AURORA_PARAMS(5));
}
END_TEST

typedef struct {
  int8_t tiny;
  char name[4];
  int64_t at;
  float single;
} narrow_t;

static const struct {
  aurora_field_t one;
  const char *sql;
  const char *message;
} refusals[] = {
    {AURORA_FIELD(narrow_t, tiny), "128 AS tiny", "int64 does not fit into int8"},
    {AURORA_FIELD(narrow_t, tiny), "1.5 AS tiny", "decimal does not fit into int8"},
    {AURORA_FIELD(narrow_t, tiny), "'1' AS tiny", "string does not fit into int8"},
    {AURORA_FIELD(narrow_t, tiny), "NULLIF(1, 1) AS tiny",
     "null does not fit into int8, which is not nullable"},
    {AURORA_FIELD(narrow_t, name), "'1234' AS name",
     "string of 4 bytes and a NUL does not fit into char[4]"},
    {AURORA_FIELD(narrow_t, name), "CONCAT('a', CHAR(0 USING utf8mb4)) AS name",
     "string with a NUL inside does not fit into char[4]"},
    {AURORA_FIELD_MICROSECONDS(narrow_t, at), "CAST('2024-01-00' AS DATE) AS at",
     "date that is no day of the calendar does not fit into microseconds"},
    {AURORA_FIELD(narrow_t, single), "1e39 AS single", "double does not fit into float"},
};

static void check_refusal(size_t number, const char *sql, aurora_params_t params)
{
  reply_t reply = fixture_query(&fixture, sql, params);
  const aurora_field_t *one = &refusals[number].one;
  narrow_t narrow, before;
  char message[200];
  aurora_error_t error;

  memset(&narrow, 0xa5, sizeof narrow);
  before = narrow;
  snprintf(message, sizeof message, "row 0, column \"%s\": %s", one->column,
           refusals[number].message);
  ck_assert_int_eq(aurora_result_read_with(reply.result, 0, one, 1, &narrow, &error), AURORA_ETYPE);
  ck_assert_str_eq(error.message, message);
  ck_assert_int_eq(memcmp(&narrow, &before, sizeof narrow), 0);
  reply_clear(&reply);
}

START_TEST(what_does_not_fit_is_refused)
{
  char sql[200];

  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    snprintf(sql, sizeof sql, "SELECT %s FROM DUAL", refusals[i].sql);
    check_refusal(i, sql, AURORA_NO_PARAMS);
    snprintf(sql, sizeof sql, "SELECT %s FROM DUAL WHERE ? = 5", refusals[i].sql);
    check_refusal(i, sql, AURORA_PARAMS(5));
  }
}
END_TEST

/* A thousand days from year 1 to 9990, with a time of the day. */
START_TEST(microseconds_are_what_the_server_counts)
{
  typedef struct {
    int64_t at;
    int64_t counted;
  } day_t;
  static const aurora_field_t fields[] = {AURORA_FIELD_MICROSECONDS(day_t, at),
                                          AURORA_FIELD(day_t, counted)};
  reply_t reply = fixture_query(
      &fixture,
      "WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999),"
      "days AS (SELECT CAST('0001-01-01 00:00:00' AS DATETIME(6)) + INTERVAL i * 3649 DAY"
      " + INTERVAL i * 86413377 MICROSECOND AS at FROM n)"
      "SELECT at, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at) AS counted FROM days WHERE ? = 5",
      AURORA_PARAMS(5));

  ck_assert_uint_eq(aurora_result_rows(reply.result), 1000);
  for (size_t i = 0; i < 1000; i++) {
    day_t day;

    ck_assert_int_eq(aurora_result_read(reply.result, i, fields, 2, &day), 0);
    ck_assert_int_eq(day.at, day.counted);
  }
  reply_clear(&reply);
}
END_TEST

/* As it stands in the header. */
typedef struct {
  uint64_t id;
  char name[64];
  double balance;
  bool has_no_balance;
  int64_t created_at;
} account_t;

static const aurora_field_t account_fields[] = {
    AURORA_FIELD(account_t, id),
    AURORA_FIELD_AS(account_t, name, "full_name"),
    AURORA_FIELD_NULLABLE(account_t, balance, has_no_balance),
    AURORA_FIELD_MICROSECONDS(account_t, created_at),
};

typedef struct {
  unsigned calls, rows;
  double total;
  aurora_error_t error;
} sum_t;

static void on_accounts(const aurora_error_t *failed, const aurora_result_t *result, void *data)
{
  sum_t *sum = data;

  sum->calls++;
  for (size_t row = 0; !failed && row < aurora_result_rows(result); row++) {
    account_t account;

    if (aurora_result_read_with(result, row, account_fields, 4, &account, &sum->error))
      continue;
    sum->rows++;
    if (!account.has_no_balance)
      sum->total += account.balance;
  }
}

START_TEST(the_example_of_the_header)
{
  sum_t sum = {0};
  fixture_run(&fixture, "DROP TABLE IF EXISTS account");

  fixture_run(&fixture,
              "CREATE TABLE account (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY"
              " KEY, full_name VARCHAR(200), balance DECIMAL(10,2), created_at DATETIME)");
  fixture_run(&fixture, "INSERT INTO account (full_name, balance, created_at) VALUES"
                        " ('Ada Lovelace', 12.50, '2024-02-29 12:00:00'),"
                        " ('Charles Babbage', NULL, '2024-02-29 12:00:01'),"
                        " (REPEAT('x', 80), 1.00, '2024-02-29 12:00:02'),"
                        " ('Mary Somerville', 7.25, '2024-02-29 12:00:03')");
  ck_assert_int_eq(aurora_pool_query(fixture.pool, "SELECT * FROM account ORDER BY id",
                                     AURORA_NO_PARAMS, on_accounts, &sum),
                   0);
  for (unsigned turns = 0; !sum.calls && turns < 10000; turns++)
    uv_run(&fixture.loop, UV_RUN_ONCE);
  ck_assert_uint_eq(sum.calls, 1);
  ck_assert_uint_eq(sum.rows, 3);
  ck_assert_double_eq(sum.total, 19.75);
  ck_assert_str_eq(
      sum.error.message,
      "row 2, column \"full_name\": string of 80 bytes and a NUL does not fit into char[64]");
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("read-structs");
  TCase *tcase = tcase_create("read-structs");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, every_member_at_its_borders);
  tcase_add_test(tcase, what_does_not_fit_is_refused);
  tcase_add_test(tcase, microseconds_are_what_the_server_counts);
  tcase_add_test(tcase, the_example_of_the_header);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
