/*
 * Rows of the text protocol: how each column type reads, and how rows are copied.
 */
#include <stdlib.h>

#include <aurora/result.h>

#include "result_helpers.h"
#include "support/runner.h"

/* One text cell as a value that is looked at before the result goes. */
#define CHECK_CELL(of, text, expression)                                                           \
  do {                                                                                             \
    aurora_result_t *result = text_cell(of, text, sizeof(text) - 1);                               \
    aurora_value_t value = aurora_result_value(result, 0, 0);                                      \
                                                                                                   \
    ck_assert(expression);                                                                         \
    aurora_result_unref(result);                                                                   \
  } while (0)

static bool text_is(aurora_value_t value, aurora_type_t type, const char *data, size_t size)
{
  return value.type == type && value.as.text.size == size &&
         memcmp(value.as.text.data, data, size) == 0 && value.as.text.data[size] == '\0';
}

START_TEST(integers)
{
  MYSQL_FIELD tiny = field("a", MYSQL_TYPE_TINY, 0, BINARY, 0);
  MYSQL_FIELD big = field("a", MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, BINARY, 0);
  MYSQL_FIELD filled = field("a", MYSQL_TYPE_LONG, UNSIGNED_FLAG | ZEROFILL_FLAG, BINARY, 0);
  MYSQL_FIELD year = field("a", MYSQL_TYPE_YEAR, UNSIGNED_FLAG | ZEROFILL_FLAG, BINARY, 0);
  MYSQL_FIELD bit = field("a", MYSQL_TYPE_BIT, UNSIGNED_FLAG, BINARY, 0);
  MYSQL_FIELD computed = field("a", MYSQL_TYPE_BIT, UNSIGNED_FLAG | BINARY_FLAG, BINARY, 0);

  CHECK_CELL(tiny, "-128", value.type == AURORA_TYPE_INT64 && value.as.int64 == -128);
  CHECK_CELL(big, "18446744073709551615",
             value.type == AURORA_TYPE_UINT64 && value.as.uint64 == UINT64_MAX);
  CHECK_CELL(filled, "0000000042", value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 42);
  CHECK_CELL(year, "0000", value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 0);
  CHECK_CELL(bit, "\3\377", value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 1023);
  CHECK_CELL(computed, "1023", value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 1023);
}
END_TEST

START_TEST(fractions)
{
  MYSQL_FIELD real = field("a", MYSQL_TYPE_DOUBLE, 0, BINARY, 31);
  MYSQL_FIELD single = field("a", MYSQL_TYPE_FLOAT, 0, BINARY, 31);
  MYSQL_FIELD exact = field("a", MYSQL_TYPE_NEWDECIMAL, 0, BINARY, 2);

  CHECK_CELL(real, "-1.5e-7", value.type == AURORA_TYPE_DOUBLE && value.as.float64 == -1.5e-7);
  CHECK_CELL(single, "3.40282e38",
             value.type == AURORA_TYPE_DOUBLE && value.as.float64 == 3.40282e38);
  CHECK_CELL(exact, "-12.50", text_is(value, AURORA_TYPE_DECIMAL, "-12.50", 6));
}
END_TEST

START_TEST(texts)
{
  MYSQL_FIELD string = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  MYSQL_FIELD blob = field("a", MYSQL_TYPE_BLOB, 0, BINARY, 0);
  MYSQL_FIELD text = field("a", MYSQL_TYPE_BLOB, 0, UTF8, 0);
  MYSQL_FIELD json = field("a", MYSQL_TYPE_JSON, 0, BINARY, 0);
  MYSQL_FIELD shape = field("a", MYSQL_TYPE_GEOMETRY, 0, UTF8, 0);
  MYSQL_FIELD choice = field("a", MYSQL_TYPE_STRING, ENUM_FLAG, UTF8, 0);
  MYSQL_FIELD newer = field("a", (enum enum_field_types)242, 0, BINARY, 0);

  CHECK_CELL(string, "", text_is(value, AURORA_TYPE_STRING, "", 0));
  CHECK_CELL(string, "a\0b", text_is(value, AURORA_TYPE_STRING, "a\0b", 3));
  CHECK_CELL(blob, "\377", text_is(value, AURORA_TYPE_BYTES, "\377", 1));
  CHECK_CELL(text, "x", text_is(value, AURORA_TYPE_STRING, "x", 1));
  CHECK_CELL(json, "{}", text_is(value, AURORA_TYPE_STRING, "{}", 2));
  CHECK_CELL(shape, "\1", text_is(value, AURORA_TYPE_BYTES, "\1", 1));
  CHECK_CELL(choice, "b", text_is(value, AURORA_TYPE_STRING, "b", 1));
  CHECK_CELL(newer, "v", text_is(value, AURORA_TYPE_BYTES, "v", 1));
}
END_TEST

START_TEST(dates_and_times)
{
  MYSQL_FIELD date = field("a", MYSQL_TYPE_DATE, 0, BINARY, 0);
  MYSQL_FIELD time = field("a", MYSQL_TYPE_TIME, 0, BINARY, 6);
  MYSQL_FIELD stamp = field("a", MYSQL_TYPE_TIMESTAMP, 0, BINARY, 6);

  CHECK_CELL(date, "0000-00-00", value.type == AURORA_TYPE_DATE && value.as.datetime.year == 0);
  CHECK_CELL(date, "2024-02-29", value.type == AURORA_TYPE_DATE && value.as.datetime.day == 29);
  CHECK_CELL(time, "-838:59:59.999999",
             value.type == AURORA_TYPE_TIME && value.as.time.negative &&
                 value.as.time.hours == 838 && value.as.time.microseconds == 999999);
  CHECK_CELL(stamp, "2024-02-29 01:02:03.25",
             value.type == AURORA_TYPE_DATETIME && value.as.datetime.second == 3 &&
                 value.as.datetime.microsecond == 250000);
}
END_TEST

/* No server sends these. They must not turn into numbers. */
START_TEST(what_is_no_number_reads_as_a_string)
{
  static const enum enum_field_types types[] = {
      MYSQL_TYPE_TINY,       MYSQL_TYPE_LONGLONG, MYSQL_TYPE_FLOAT, MYSQL_TYPE_DOUBLE,
      MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_DATE,     MYSQL_TYPE_TIME,  MYSQL_TYPE_YEAR,
      MYSQL_TYPE_DATETIME,   MYSQL_TYPE_NULL};
  int64_t number = 77;

  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    aurora_result_t *result = text_cell(field("a", types[i], 0, BINARY, 31), "1abc", 4);

    ck_assert(text_is(aurora_result_value(result, 0, 0), AURORA_TYPE_STRING, "1abc", 4));
    ck_assert_int_eq(aurora_result_int64(result, 0, 0, &number), AURORA_ETYPE);
    ck_assert_int_eq(number, 77);
    aurora_result_unref(result);
  }
  CHECK_CELL(field("a", MYSQL_TYPE_BIT, UNSIGNED_FLAG, BINARY, 0), "123456789",
             text_is(value, AURORA_TYPE_STRING, "123456789", 9));
  CHECK_CELL(field("a", MYSQL_TYPE_LONG, UNSIGNED_FLAG, BINARY, 0), "-1",
             text_is(value, AURORA_TYPE_STRING, "-1", 2));
}
END_TEST

/* As libmariadb lays out a row: cells with a NUL over the length of the next. */
START_TEST(a_row_is_copied_with_its_nulls)
{
  MYSQL_FIELD fields[5];
  char packet[] = "ab\0cde\0\373\0f"; /* a NULL's 0xfb stays where it was */
  char *row[] = {packet, packet + 3, NULL, packet + 8, packet + 9};
  unsigned long lengths[] = {2, 3, 0, 0, 1};
  aurora_result_t *result;

  for (unsigned i = 0; i < 5; i++)
    fields[i] = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  result = result_of(fields, 5, AURORA__PROTOCOL_TEXT, UINT64_MAX);
  ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  memset(packet, 'X', sizeof packet);
  ck_assert(text_is(aurora_result_value(result, 0, 0), AURORA_TYPE_STRING, "ab", 2));
  ck_assert(text_is(aurora_result_value(result, 0, 1), AURORA_TYPE_STRING, "cde", 3));
  ck_assert_int_eq(aurora_result_value(result, 0, 2).type, AURORA_TYPE_NULL);
  ck_assert(text_is(aurora_result_value(result, 0, 3), AURORA_TYPE_STRING, "", 0));
  ck_assert(text_is(aurora_result_value(result, 0, 4), AURORA_TYPE_STRING, "f", 1));
  aurora_result_unref(result);
}
END_TEST

/* Cells in any order, far apart, without a NUL behind them. */
START_TEST(scattered_cells_are_copied_too)
{
  MYSQL_FIELD fields[4];
  char far[400];
  char *row[] = {far + 300, far, far + 2, NULL};
  unsigned long lengths[] = {3, 2, 2, 0};
  aurora_result_t *result;

  memset(far, '.', sizeof far);
  memcpy(far + 300, "xyz", 3);
  memcpy(far, "abcd", 4);
  for (unsigned i = 0; i < 4; i++)
    fields[i] = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  result = result_of(fields, 4, AURORA__PROTOCOL_TEXT, UINT64_MAX);
  ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  ck_assert(text_is(aurora_result_value(result, 0, 0), AURORA_TYPE_STRING, "xyz", 3));
  ck_assert(text_is(aurora_result_value(result, 0, 1), AURORA_TYPE_STRING, "ab", 2));
  ck_assert(text_is(aurora_result_value(result, 0, 2), AURORA_TYPE_STRING, "cd", 2));
  ck_assert_int_eq(aurora_result_value(result, 0, 3).type, AURORA_TYPE_NULL);
  aurora_result_unref(result);
}
END_TEST

/* Each is behind the one before, but nothing says where it ends. */
START_TEST(cells_without_a_nul_get_one)
{
  MYSQL_FIELD fields[2];
  char packet[] = "ab.cd.";
  char *row[] = {packet, packet + 3};
  unsigned long lengths[] = {2, 2};
  aurora_result_t *result;

  for (unsigned i = 0; i < 2; i++)
    fields[i] = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  result = result_of(fields, 2, AURORA__PROTOCOL_TEXT, UINT64_MAX);
  ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  ck_assert(text_is(aurora_result_value(result, 0, 0), AURORA_TYPE_STRING, "ab", 2));
  ck_assert(text_is(aurora_result_value(result, 0, 1), AURORA_TYPE_STRING, "cd", 2));
  aurora_result_unref(result);
}
END_TEST

/* What lies between cells that are far apart is not copied. */
START_TEST(gaps_are_not_copied)
{
  static char far[100001];
  MYSQL_FIELD fields[2];
  char *row[] = {far, far + 100000};
  unsigned long lengths[] = {0, 0};
  aurora_result_t *result;

  for (unsigned i = 0; i < 2; i++)
    fields[i] = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  result = result_of(fields, 2, AURORA__PROTOCOL_TEXT, 1024);
  ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  ck_assert_uint_lt(aurora__result_memory(result), 100);
  aurora_result_unref(result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("text");
  TCase *tcase = tcase_create("text");

  tcase_add_test(tcase, integers);
  tcase_add_test(tcase, fractions);
  tcase_add_test(tcase, texts);
  tcase_add_test(tcase, dates_and_times);
  tcase_add_test(tcase, what_is_no_number_reads_as_a_string);
  tcase_add_test(tcase, a_row_is_copied_with_its_nulls);
  tcase_add_test(tcase, scattered_cells_are_copied_too);
  tcase_add_test(tcase, cells_without_a_nul_get_one);
  tcase_add_test(tcase, gaps_are_not_copied);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
