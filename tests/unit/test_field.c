/*
 * Rows into structs: every member at its borders, NULL, columns that are missing, repeated or in
 * another order, and nothing written when anything fails.
 */
#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <aurora/field.h>

#include "result_helpers.h"
#include "support/runner.h"

enum color { RED, GREEN, BLUE };
enum balance { DEBT = -1, NONE };

typedef struct {
  bool truth;
  char letter;
  signed char tiny;
  unsigned char utiny;
  short small;
  unsigned short usmall;
  int whole;
  unsigned uwhole;
  long large;
  unsigned long ularge;
  long long huge;
  unsigned long long uhuge;
  enum color color;
  enum balance balance;
  float single;
  double real;
  char name[8];
  char empty[1];
  unsigned char digest[4];
  const char *string;
  aurora_text_t text;
  aurora_datetime_t when;
  aurora_time_t span;
  int64_t microseconds;
  aurora_value_t value;
  struct {
    char city[8];
  } address;
  bool is_null;
} every_t;

/* What the server says of a column. */
#define INT       MYSQL_TYPE_LONG, 0, BINARY
#define BIGINT    MYSQL_TYPE_LONGLONG, 0, BINARY
#define UBIGINT   MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, BINARY
#define YEAR      MYSQL_TYPE_YEAR, UNSIGNED_FLAG, BINARY
#define BIT       MYSQL_TYPE_BIT, UNSIGNED_FLAG, BINARY
#define FLOATING  MYSQL_TYPE_FLOAT, 0, BINARY
#define DOUBLE    MYSQL_TYPE_DOUBLE, 0, BINARY
#define DECIMAL   MYSQL_TYPE_NEWDECIMAL, 0, BINARY
#define VARCHAR   MYSQL_TYPE_VAR_STRING, 0, UTF8
#define VARBINARY MYSQL_TYPE_VAR_STRING, 0, BINARY
#define DATE      MYSQL_TYPE_DATE, 0, BINARY
#define DATETIME  MYSQL_TYPE_DATETIME, 0, BINARY
#define TIME      MYSQL_TYPE_TIME, 0, BINARY

/* One cell into one member. */
typedef struct {
  aurora_field_t member;
  enum enum_field_types type;
  unsigned flags, charset;
  const char *data;
  size_t size;
  const void *expected; /* NULL: it does not fit */
} case_t;

/* clang-format off */
#define FITS(member, sql, data, ...)                                                               \
  {AURORA_FIELD_AS(every_t, member, "c"), sql, data, sizeof(data) - 1,                             \
   &(__typeof__(((every_t *)0)->member)){__VA_ARGS__}}
#define REFUSED(member, sql, data)                                                                 \
  {AURORA_FIELD_AS(every_t, member, "c"), sql, data, sizeof(data) - 1, NULL}
#define COUNTED(sql, data, expected)                                                               \
  {AURORA_FIELD_MICROSECONDS_AS(every_t, microseconds, "c"), sql, data, sizeof(data) - 1,          \
   &(int64_t){expected}}
#define NOT_COUNTED(sql, data)                                                                     \
  {AURORA_FIELD_MICROSECONDS_AS(every_t, microseconds, "c"), sql, data, sizeof(data) - 1, NULL}
/* clang-format on */

static aurora_result_t *cell(const case_t *of)
{
  return text_cell(field("c", of->type, of->flags, of->charset, 31), of->data, of->size);
}

/* Reads a struct of which every byte is 0xa5. */
static int read_one(const aurora_result_t *result, const aurora_field_t *member, every_t *ret,
                    aurora_error_t *ret_error)
{
  memset(ret, 0xa5, sizeof *ret);
  return aurora_result_read_with(result, 0, member, 1, ret, ret_error);
}

static bool same(const aurora_field_t *member, const void *left, const void *right)
{
  const aurora_datetime_t *a = left, *b = right;
  const aurora_time_t *s = left, *t = right;

  if (member->kind == AURORA_MEMBER_DATETIME)
    return a->year == b->year && a->month == b->month && a->day == b->day && a->hour == b->hour &&
           a->minute == b->minute && a->second == b->second && a->microsecond == b->microsecond;
  if (member->kind == AURORA_MEMBER_TIME)
    return s->negative == t->negative && s->hours == t->hours && s->minutes == t->minutes &&
           s->seconds == t->seconds && s->microseconds == t->microseconds;
  return memcmp(left, right, member->size) == 0;
}

/* All bytes but these are 0xa5 still. */
static bool untouched_but(const every_t *every, size_t from, size_t size)
{
  const unsigned char *bytes = (const unsigned char *)every;

  for (size_t i = 0; i < sizeof *every; i++)
    if ((i < from || i >= from + size) && bytes[i] != 0xa5)
      return false;
  return true;
}

static void check_refusal(const case_t *of, size_t number, const every_t *every, int err,
                          const aurora_error_t *error)
{
  ck_assert_msg(err == AURORA_ETYPE && error->code == err, "case %zu: %d", number, err);
  ck_assert_msg(untouched_but(every, 0, 0), "case %zu", number);
  ck_assert_msg(strncmp(error->message, "row 0, column \"c\": ", 19) == 0, "case %zu: %s", number,
                error->message);
  ck_assert_msg(strlen(of->data) < 3 || !strstr(error->message, of->data), "case %zu: %s", number,
                error->message);
}

static void check_cases(const case_t *cases, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const case_t *of = &cases[i];
    aurora_result_t *result = cell(of);
    aurora_error_t error = {.code = 1};
    every_t every;
    int err = read_one(result, &of->member, &every, &error);

    if (of->expected) {
      ck_assert_msg(err == 0 && error.code == 1, "case %zu: %s", i, error.message);
      ck_assert_msg(same(&of->member, (char *)&every + of->member.offset, of->expected), "case %zu",
                    i);
      ck_assert_msg(untouched_but(&every, of->member.offset, of->member.size), "case %zu", i);
    } else {
      check_refusal(of, i, &every, err, &error);
    }
    aurora_result_unref(result);
  }
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof *(cases))

START_TEST(integers_of_every_width)
{
  const case_t cases[] = {
      FITS(letter, INT, "0", 0),
      FITS(letter, INT, "127", 127),
      REFUSED(letter, INT, "256"),
      FITS(tiny, INT, "-128", -128),
      FITS(tiny, INT, "127", 127),
      REFUSED(tiny, INT, "-129"),
      REFUSED(tiny, INT, "128"),
      FITS(utiny, INT, "0", 0),
      FITS(utiny, UBIGINT, "255", 255),
      REFUSED(utiny, INT, "-1"),
      REFUSED(utiny, INT, "256"),
      FITS(small, INT, "-32768", SHRT_MIN),
      FITS(small, INT, "32767", SHRT_MAX),
      REFUSED(small, INT, "-32769"),
      REFUSED(small, UBIGINT, "32768"),
      FITS(usmall, INT, "65535", USHRT_MAX),
      REFUSED(usmall, INT, "-1"),
      REFUSED(usmall, INT, "65536"),
      FITS(whole, BIGINT, "-2147483648", INT_MIN),
      FITS(whole, UBIGINT, "2147483647", INT_MAX),
      REFUSED(whole, BIGINT, "-2147483649"),
      REFUSED(whole, BIGINT, "2147483648"),
      FITS(uwhole, BIGINT, "4294967295", UINT_MAX),
      REFUSED(uwhole, BIGINT, "-1"),
      REFUSED(uwhole, BIGINT, "4294967296"),
      FITS(large, BIGINT, "-9223372036854775808", LONG_MIN),
      FITS(large, UBIGINT, "9223372036854775807", LONG_MAX),
      REFUSED(large, UBIGINT, "9223372036854775808"),
      FITS(ularge, UBIGINT, "18446744073709551615", ULONG_MAX),
      REFUSED(ularge, BIGINT, "-1"),
      FITS(huge, BIGINT, "-9223372036854775808", LLONG_MIN),
      REFUSED(huge, UBIGINT, "18446744073709551615"),
      FITS(uhuge, UBIGINT, "18446744073709551615", ULLONG_MAX),
      REFUSED(uhuge, BIGINT, "-9223372036854775808"),
      FITS(color, INT, "2", BLUE),
      FITS(balance, INT, "-1", DEBT),
      REFUSED(color, INT, "-1"),
      REFUSED(color, VARCHAR, "BLUE"),
      FITS(usmall, YEAR, "2155", 2155),
      REFUSED(utiny, YEAR, "1901"),
      FITS(ularge, BIT, "\377\377\377\377\377\377\377\377", ULONG_MAX),
      FITS(utiny, BIT, "\005", 5),
      REFUSED(utiny, BIT, "\001\000"),
      /* As the checked readers have it. */
      FITS(tiny, DECIMAL, "-128.00", -128),
      FITS(utiny, DECIMAL, "255", 255),
      REFUSED(tiny, DECIMAL, "-129.0"),
      REFUSED(tiny, DECIMAL, "1.50"),
      REFUSED(uhuge, DECIMAL, "18446744073709551616"),
      REFUSED(whole, DOUBLE, "1"),
      REFUSED(whole, FLOATING, "1"),
      REFUSED(whole, VARCHAR, "1"),
      REFUSED(whole, VARBINARY, "1"),
      REFUSED(whole, DATE, "2024-02-29"),
      REFUSED(uwhole, TIME, "10:00:00"),
      REFUSED(whole, INT, "rubbish"),
  };

  CHECK_CASES(cases);
}
END_TEST

START_TEST(truth_and_floating_point)
{
  const case_t cases[] = {
      FITS(truth, INT, "0", false),
      FITS(truth, INT, "1", true),
      FITS(truth, BIT, "\001", true),
      REFUSED(truth, INT, "2"),
      REFUSED(truth, INT, "-1"),
      REFUSED(truth, BIT, "\002"),
      REFUSED(truth, DECIMAL, "1"),
      REFUSED(truth, VARCHAR, "1"),
      FITS(real, DOUBLE, "1.7976931348623157e308", DBL_MAX),
      FITS(real, DOUBLE, "-1.7976931348623157e308", -DBL_MAX),
      FITS(real, DOUBLE, "2.2250738585072014e-308", DBL_MIN),
      FITS(real, DOUBLE, "-0", -0.0),
      FITS(real, FLOATING, "0.1", 0.1),
      FITS(real, DECIMAL, "-12.50", -12.5),
      FITS(real, BIGINT, "9007199254740992", 9007199254740992.0),
      REFUSED(real, BIGINT, "9007199254740993"),
      REFUSED(real, VARCHAR, "1.5"),
      REFUSED(real, DATETIME, "2024-02-29 00:00:00"),
      FITS(single, FLOATING, "3.40282e38", 3.40282e38F),
      FITS(single, FLOATING, "0.1", 0.1F),
      FITS(single, DOUBLE, "3.4028234663852886e38", FLT_MAX),
      FITS(single, DOUBLE, "-3.4028234663852886e38", -FLT_MAX),
      FITS(single, DOUBLE, "0.1", 0.1F),
      FITS(single, DOUBLE, "0", 0),
      FITS(single, DOUBLE, "1.4012984643e-45", 1.4012984643e-45F),
      REFUSED(single, DOUBLE, "3.5e38"),
      REFUSED(single, DOUBLE, "-1e300"),
      REFUSED(single, DOUBLE, "1e-46"),
      FITS(single, DECIMAL, "12.25", 12.25F),
      FITS(single, INT, "16777216", 16777216.0F),
      FITS(single, INT, "-16777216", -16777216.0F),
      REFUSED(single, INT, "16777217"),
      REFUSED(single, UBIGINT, "16777218"),
      REFUSED(single, INT, "-16777217"),
      REFUSED(single, VARCHAR, "1.5"),
  };

  CHECK_CASES(cases);
}
END_TEST

START_TEST(bytes_of_one_length)
{
  const case_t cases[] = {
      FITS(digest, VARBINARY, "\000\377\000\001", 0, 255, 0, 1),
      FITS(digest, VARCHAR, "abcd", 'a', 'b', 'c', 'd'),
      FITS(digest, DECIMAL, "1.50", '1', '.', '5', '0'),
      REFUSED(digest, VARBINARY, "abc"),
      REFUSED(digest, VARBINARY, "abcde"),
      REFUSED(digest, VARBINARY, ""),
      REFUSED(digest, INT, "1234"),
  };

  CHECK_CASES(cases);
}
END_TEST

/* Texts are compared as far as they go; behind a copied one nothing changes. */
START_TEST(texts_that_fit_and_texts_that_do_not)
{
  const case_t copied[] = {
      FITS(name, VARCHAR, "", ""),
      FITS(name, VARCHAR, "abc", "abc"),
      FITS(name, VARCHAR, "1234567", "1234567"),
      FITS(name, DECIMAL, "-12.50", "-12.50"),
      FITS(name, VARCHAR, "\360\237\230\200", "\360\237\230\200"),
      FITS(empty, VARCHAR, "", ""),
      FITS(address.city, VARCHAR, "Oslo", "Oslo"),
  };
  const case_t refused[] = {
      REFUSED(name, VARCHAR, "12345678"),
      REFUSED(name, VARCHAR, "a text that is much longer"),
      REFUSED(name, VARCHAR, "a\0b"),
      REFUSED(name, VARCHAR, "\0"),
      REFUSED(name, VARCHAR, "1234567\0"),
      REFUSED(name, VARBINARY, "abc"),
      REFUSED(name, INT, "1"),
      REFUSED(name, DATE, "2024-02-29"),
      REFUSED(empty, VARCHAR, "a"),
      REFUSED(string, VARCHAR, "a\0b"),
      REFUSED(string, VARBINARY, "abc"),
      REFUSED(string, INT, "1"),
      REFUSED(text, INT, "1"),
      REFUSED(text, DOUBLE, "1.5"),
      REFUSED(text, TIME, "10:00:00"),
  };

  CHECK_CASES(refused);
  for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
    aurora_result_t *result = cell(&copied[i]);
    every_t every;
    const char *text = (char *)&every + copied[i].member.offset;

    ck_assert_int_eq(read_one(result, &copied[i].member, &every, NULL), 0);
    ck_assert_str_eq(text, copied[i].expected);
    ck_assert(untouched_but(&every, copied[i].member.offset, strlen(text) + 1));
    aurora_result_unref(result);
  }
}
END_TEST

START_TEST(texts_are_borrowed_from_the_result)
{
  const case_t cells[] = {REFUSED(text, VARCHAR, "a\0b"), REFUSED(text, VARBINARY, "a\0b"),
                          REFUSED(text, DECIMAL, "1.5"), REFUSED(text, VARCHAR, "")};
  static const aurora_field_t string = AURORA_FIELD_AS(every_t, string, "c");

  for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
    aurora_result_t *result = cell(&cells[i]);
    aurora_value_t value = aurora_result_value(result, 0, 0);
    every_t every;

    ck_assert_int_eq(read_one(result, &cells[i].member, &every, NULL), 0);
    ck_assert_ptr_eq(every.text.data, value.as.text.data);
    ck_assert_uint_eq(every.text.size, cells[i].size);
    if (i >= 2) {
      ck_assert_int_eq(read_one(result, &string, &every, NULL), 0);
      ck_assert_ptr_eq(every.string, value.as.text.data);
    }
    aurora_result_unref(result);
  }
}
END_TEST

START_TEST(dates_and_times)
{
  const case_t cases[] = {
      FITS(when, DATE, "2024-02-29", 2024, 2, 29, 0, 0, 0, 0),
      FITS(when, DATE, "0000-00-00", 0),
      FITS(when, DATETIME, "9999-12-31 23:59:59.999999", 9999, 12, 31, 23, 59, 59, 999999),
      FITS(when, DATETIME, "2024-00-00 00:00:00", 2024, 0, 0, 0, 0, 0, 0),
      REFUSED(when, TIME, "10:00:00"),
      REFUSED(when, VARCHAR, "2024-02-29"),
      REFUSED(when, BIGINT, "20240229"),
      FITS(span, TIME, "838:59:59.999999", false, 838, 59, 59, 999999),
      FITS(span, TIME, "-838:59:59", true, 838, 59, 59, 0),
      FITS(span, TIME, "00:00:00", false, 0, 0, 0, 0),
      REFUSED(span, DATETIME, "2024-02-29 10:00:00"),
      REFUSED(span, VARCHAR, "10:00:00"),
  };

  CHECK_CASES(cases);
}
END_TEST

START_TEST(microseconds)
{
  const case_t cases[] = {
      COUNTED(DATE, "1970-01-01", 0),
      COUNTED(DATE, "1969-12-31", -86400000000),
      COUNTED(DATE, "2000-02-29", 951782400000000),
      COUNTED(DATE, "2000-03-01", 951868800000000),
      COUNTED(DATE, "1900-03-01", -2203891200000000),
      COUNTED(DATE, "0001-01-01", -62135596800000000),
      COUNTED(DATETIME, "1969-12-31 23:59:59.999999", -1),
      COUNTED(DATETIME, "2038-01-19 03:14:07", 2147483647000000),
      COUNTED(DATETIME, "9999-12-31 23:59:59.999999", 253402300799999999),
      COUNTED(TIME, "00:00:00.000001", 1),
      COUNTED(TIME, "-00:00:00.000001", -1),
      COUNTED(TIME, "838:59:59.999999", 3020399999999),
      COUNTED(TIME, "-838:59:59.999999", -3020399999999),
      NOT_COUNTED(DATE, "0000-00-00"),
      NOT_COUNTED(DATE, "0000-01-01"),
      NOT_COUNTED(DATE, "2024-00-00"),
      NOT_COUNTED(DATE, "2024-00-01"),
      NOT_COUNTED(DATE, "2024-01-00"),
      NOT_COUNTED(DATETIME, "2024-02-30 00:00:00"),
      NOT_COUNTED(DATE, "2023-02-29"),
      NOT_COUNTED(DATE, "1900-02-29"),
      NOT_COUNTED(DATE, "2024-04-31"),
      NOT_COUNTED(BIGINT, "100"),
      NOT_COUNTED(VARCHAR, "2024-02-29"),
  };

  CHECK_CASES(cases);
}
END_TEST

START_TEST(a_value_takes_everything)
{
  const case_t cells[] = {REFUSED(value, INT, "-5"), REFUSED(value, VARCHAR, "abc"),
                          REFUSED(value, DATE, "2024-02-29")};
  aurora_value_t values[3];

  for (size_t i = 0; i < 3; i++) {
    aurora_result_t *result = cell(&cells[i]);
    every_t every;

    ck_assert_int_eq(read_one(result, &cells[i].member, &every, NULL), 0);
    values[i] = every.value;
    if (i == 1)
      ck_assert_str_eq(every.value.as.text.data, "abc");
    aurora_result_unref(result);
  }
  ck_assert_int_eq(values[0].type, AURORA_TYPE_INT64);
  ck_assert_int_eq(values[0].as.int64, -5);
  ck_assert_int_eq(values[1].type, AURORA_TYPE_STRING);
  ck_assert_int_eq(values[2].type, AURORA_TYPE_DATE);
  ck_assert_uint_eq(values[2].as.datetime.day, 29);
}
END_TEST

/* Each line: a member as it is, and the same one nullable. */
#define NULLABLE(member)                                                                           \
  {                                                                                                \
    AURORA_FIELD_AS(every_t, member, "c"), AURORA_FIELD_NULLABLE_AS(every_t, member, is_null, "c") \
  }

START_TEST(null_wants_a_nullable_field)
{
  static const aurora_field_t members[][2] = {
      NULLABLE(truth),
      NULLABLE(letter),
      NULLABLE(tiny),
      NULLABLE(ularge),
      NULLABLE(color),
      NULLABLE(single),
      NULLABLE(real),
      NULLABLE(name),
      NULLABLE(digest),
      NULLABLE(string),
      NULLABLE(text),
      NULLABLE(when),
      NULLABLE(span),
      {AURORA_FIELD_MICROSECONDS_AS(every_t, microseconds, "c"),
       AURORA_FIELD_MICROSECONDS_NULLABLE_AS(every_t, microseconds, is_null, "c")},
  };
  aurora_result_t *result = text_cell(field("c", VARCHAR, 0), NULL, 0);

  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    static const char zeros[sizeof(every_t)];
    const aurora_field_t *nullable = &members[i][1];
    aurora_error_t error;
    every_t every;

    ck_assert_int_eq(read_one(result, &members[i][0], &every, &error), AURORA_ETYPE);
    ck_assert(untouched_but(&every, 0, 0));
    ck_assert_msg(strncmp(error.message, "row 0, column \"c\": null does not fit into ", 42) == 0 &&
                      strstr(error.message, "not nullable"),
                  "%s", error.message);
    ck_assert_int_eq(read_one(result, nullable, &every, NULL), 0);
    ck_assert_int_eq(memcmp((char *)&every + nullable->offset, zeros, nullable->size), 0);
    ck_assert(every.is_null);
    memset(&every.is_null, 0xa5, sizeof every.is_null);
    ck_assert(untouched_but(&every, nullable->offset, nullable->size));
  }
  aurora_result_unref(result);
}
END_TEST

START_TEST(null_in_a_value_and_no_null_in_a_nullable)
{
  static const aurora_field_t values[] = {AURORA_FIELD_AS(every_t, value, "c"),
                                          AURORA_FIELD_NULLABLE_AS(every_t, value, is_null, "c")};
  const case_t number = {AURORA_FIELD_NULLABLE_AS(every_t, whole, is_null, "c"), INT, "0", 1, NULL};
  aurora_result_t *result = text_cell(field("c", VARCHAR, 0), NULL, 0);
  every_t every;

  for (size_t i = 0; i < 2; i++) {
    ck_assert_int_eq(read_one(result, &values[i], &every, NULL), 0);
    ck_assert_int_eq(every.value.type, AURORA_TYPE_NULL);
  }
  ck_assert(every.is_null);
  aurora_result_unref(result);
  result = cell(&number);
  ck_assert_int_eq(read_one(result, &number.member, &every, NULL), 0);
  ck_assert_int_eq(every.whole, 0);
  ck_assert(!every.is_null);
  aurora_result_unref(result);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("field");
  TCase *tcase = tcase_create("field");

  tcase_add_test(tcase, integers_of_every_width);
  tcase_add_test(tcase, truth_and_floating_point);
  tcase_add_test(tcase, bytes_of_one_length);
  tcase_add_test(tcase, texts_that_fit_and_texts_that_do_not);
  tcase_add_test(tcase, texts_are_borrowed_from_the_result);
  tcase_add_test(tcase, dates_and_times);
  tcase_add_test(tcase, microseconds);
  tcase_add_test(tcase, a_value_takes_everything);
  tcase_add_test(tcase, null_wants_a_nullable_field);
  tcase_add_test(tcase, null_in_a_value_and_no_null_in_a_nullable);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
