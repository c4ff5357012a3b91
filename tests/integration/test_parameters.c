/*
 * Parameters that no server can take for what they say are refused before they are sent, in queries and in batches;
 * the log says which one it was. What lies within the ranges of <aurora/value.h> goes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "integration/batch_helpers.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/same_value.h"

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

#define DATE(...)                                                                                  \
  {                                                                                                \
    .type = AURORA_TYPE_DATE, .as.datetime = { __VA_ARGS__ }                                       \
  }
#define DATETIME(...)                                                                              \
  {                                                                                                \
    .type = AURORA_TYPE_DATETIME, .as.datetime = { __VA_ARGS__ }                                   \
  }
#define TIME(...)                                                                                  \
  {                                                                                                \
    .type = AURORA_TYPE_TIME, .as.time = { __VA_ARGS__ }                                           \
  }
#define DOUBLE(x)                                                                                  \
  {                                                                                                \
    .type = AURORA_TYPE_DOUBLE, .as.float64 = (x)                                                  \
  }
#define TEXT(t, s)                                                                                 \
  {                                                                                                \
    .type = AURORA_TYPE_##t, .as.text = { s, sizeof s - 1 }                                        \
  }

static const struct {
  aurora_value_t value;
  const char *fault;
} bad[] = {
    {DATE(10000, 1, 1), "the year is over 9999"},
    {DATE(2024, 13, 1), "the month is over 12"},
    {DATE(2024, 12, 32), "the day is over 31"},
    {DATE(2024, 12, 31, 1), "the date has a time"},
    {DATE(2024, 12, 31, 0, 0, 0, 1), "the date has a time"},
    {DATETIME(10000, 1, 1), "the year is over 9999"},
    {DATETIME(2024, 13, 1), "the month is over 12"},
    {DATETIME(2024, 1, 32), "the day is over 31"},
    {DATETIME(2024, 1, 1, 24), "the hour is over 23"},
    {DATETIME(2024, 1, 1, 25), "the hour is over 23"},
    {DATETIME(2024, 1, 1, 23, 60), "the minutes are over 59"},
    {DATETIME(2024, 1, 1, 23, 59, 60), "the seconds are over 59"},
    {DATETIME(2024, 1, 1, 23, 59, 59, 1000000), "the microseconds are over 999999"},
    {TIME(false, 839), "the hours are over 838"},
    {TIME(true, 900), "the hours are over 838"},
    {TIME(false, 1, 60), "the minutes are over 59"},
    {TIME(false, 1, 1, 60), "the seconds are over 59"},
    {TIME(false, 1, 1, 1, 1000000), "the microseconds are over 999999"},
    {DOUBLE(INFINITY), "the double is not finite"},
    {DOUBLE(-INFINITY), "the double is not finite"},
    {DOUBLE(NAN), "the double is not finite"},
    {TEXT(DECIMAL, ""), "the decimal is no number"},
    {TEXT(DECIMAL, "abc"), "the decimal is no number"},
    {TEXT(DECIMAL, "1.5x"), "the decimal is no number"},
    {TEXT(DECIMAL, "1,5"), "the decimal is no number"},
    {TEXT(DECIMAL, " 1"), "the decimal is no number"},
    {TEXT(DECIMAL, "1.2.3"), "the decimal is no number"},
    {TEXT(DECIMAL, "."), "the decimal is no number"},
    {TEXT(DECIMAL, "-"), "the decimal is no number"},
    {TEXT(DECIMAL, "1e"), "the decimal is no number"},
    {TEXT(DECIMAL, "0x10"), "the decimal is no number"},
    {TEXT(DECIMAL, "1\0"), "the decimal is no number"},
    {TEXT(STRING, "\xff"), "the string is not UTF-8"},
    {TEXT(STRING, "\xed\xa0\x80"), "the string is not UTF-8"},
    {{.type = AURORA_TYPE_BYTES, .as.text = {NULL, 1}}, "the text is NULL and has a size"},
    {{.type = (aurora_type_t)99}, "the type is none"},
};

static void must_not_be_called(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  (void)error;
  (void)batch;
  (void)data;
  abort();
}

START_TEST(what_is_out_of_range_is_refused)
{
  aurora_value_t query[2] = {aurora_int64(1), bad[_i].value};
  aurora_value_t rows[6] = {aurora_int64(1), aurora_int64(1), aurora_int64(1),
                            aurora_int64(1), aurora_int64(1), bad[_i].value};
  aurora_rows_t batch = {rows, 2, 3};
  char line[160];
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_query(fixture.pool, "SELECT ?, ?", (aurora_params_t){query, 2},
                                     reply_on_query, &reply),
                   UV_EINVAL);
  snprintf(line, sizeof line, "parameter refused error=%s parameter=1 row=0 type=%s", bad[_i].fault,
           aurora_type_name(bad[_i].value.type));
  ck_assert_uint_eq(fixture_logged(&fixture, line), 1);
  ck_assert_int_eq(
      aurora_pool_batch(fixture.pool, "DO ? + ?", batch, NULL, must_not_be_called, NULL, NULL),
      UV_EINVAL);
  snprintf(line, sizeof line, "parameter refused error=%s parameter=1 row=2", bad[_i].fault);
  ck_assert_uint_eq(fixture_logged(&fixture, line), 1);
  ck_assert_uint_eq(reply.calls, 0);
}
END_TEST

START_TEST(what_does_not_fit_its_field_is_refused_too)
{
  static const unsigned numbers[][3] = {{70000, 1, 1},  {65536, 1, 1},  {2024, 256, 1},
                                        {2024, 257, 1}, {2024, 1, 256}, {2024, 1, 4294967295}};
  reply_t reply;

  reply_init(&reply, &fixture);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    ck_assert_int_eq(
        aurora_pool_query(fixture.pool, "SELECT ?",
                          AURORA_PARAMS(aurora_date(numbers[i][0], numbers[i][1], numbers[i][2])),
                          reply_on_query, &reply),
        UV_EINVAL);
}
END_TEST

/* Bytes that come as they went, and the ends of the ranges. */
static const aurora_value_t good[] = {
    DATE(9999, 12, 31),
    DATE(1000, 1, 1),
    DATETIME(9999, 12, 31, 23, 59, 59, 999999),
    DATETIME(1000, 1, 1, 0, 0, 0, 1),
    TIME(false, 838, 59, 59),
    TIME(true, 838, 59, 59),
    TIME(false, 1, 2, 3, 999999),
    TIME(true, 0, 0, 0, 1),
    DOUBLE(1.7976931348623157e308),
    DOUBLE(-0.5),
    TEXT(STRING, ""),
    TEXT(STRING, "\xf0\x9f\x98\x80"),
    TEXT(BYTES, "\xff\xfe"),
};

START_TEST(what_is_in_range_goes)
{
  reply_t reply = fixture_query(&fixture, "SELECT ?", AURORA_PARAMS(good[_i]));
  aurora_value_t value = aurora_result_value(reply.result, 0, 0);

  /* To MySQL they are a string of the session's character set, until a binary column takes them. */
  if (good[_i].type == AURORA_TYPE_BYTES)
    value.type = AURORA_TYPE_BYTES;
  ck_assert(same_value(value, good[_i]));
  reply_clear(&reply);
}
END_TEST

START_TEST(decimals_that_are_numbers_go)
{
  static const char *const texts[] = {"0",   "-1",       "+1",  "1.",   ".5",
                                      "-.5", "00012.50", "1e3", "1E-3", "-1.5e+2"};

  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    reply_t reply =
        fixture_query(&fixture, "SELECT CAST(? AS DECIMAL(20, 6)) = CAST(? AS DECIMAL(20, 6))",
                      AURORA_PARAMS(aurora_decimal(texts[i]), texts[i]));

    ck_assert_msg(reply.value == 1, "%s: %d", texts[i], (int)reply.value);
    reply_clear(&reply);
  }
}
END_TEST

/* Whether a day exists is the server's to say. */
START_TEST(dates_that_are_none_are_the_servers)
{
  reply_t reply;

  fixture_run(&fixture, "DROP TABLE IF EXISTS days");
  fixture_run(&fixture, "CREATE TABLE days (d DATE)");
  fixture_ask(&fixture, &reply, "INSERT INTO days VALUES (?)",
              AURORA_PARAMS(aurora_date(2024, 2, 28)));
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
  fixture_ask(&fixture, &reply, "INSERT INTO days VALUES (?)",
              AURORA_PARAMS(aurora_date(2024, 2, 30)));
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  reply_clear(&reply);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("parameters");
  TCase *tcase = tcase_create("parameters");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, what_is_out_of_range_is_refused, 0, sizeof bad / sizeof *bad);
  tcase_add_test(tcase, what_does_not_fit_its_field_is_refused_too);
  tcase_add_loop_test(tcase, what_is_in_range_goes, 0, sizeof good / sizeof *good);
  tcase_add_test(tcase, decimals_that_are_numbers_go);
  tcase_add_test(tcase, dates_that_are_none_are_the_servers);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
