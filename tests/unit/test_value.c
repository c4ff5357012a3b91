/*
 * Values: names of types, numbers from text in every locale, the shown forms of floating point, dates
 * and times packed and unpacked.
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/value.h>

#include "result/number.h"
#include "result/temporal.h"
#include "support/runner.h"

START_TEST(types_have_names)
{
  ck_assert_str_eq(aurora_type_name(AURORA_TYPE_NULL), "null");
  ck_assert_str_eq(aurora_type_name(AURORA_TYPE_INT64), "int64");
  ck_assert_str_eq(aurora_type_name(AURORA_TYPE_DATETIME), "datetime");
  ck_assert_str_eq(aurora_type_name((aurora_type_t)99), "unknown");
}
END_TEST

static bool int64_is(const char *text, int64_t expected)
{
  int64_t value = 77;
  bool valid = aurora__parse_int64(text, strlen(text), &value);

  return valid ? value == expected : (value == 77 && expected == 77);
}

START_TEST(integers_fit_or_are_refused)
{
  uint64_t number = 77;

  ck_assert(int64_is("0", 0));
  ck_assert(int64_is("-0", 0));
  ck_assert(int64_is("0042", 42));
  ck_assert(int64_is("9223372036854775807", INT64_MAX));
  ck_assert(int64_is("-9223372036854775808", INT64_MIN));
  ck_assert(int64_is("9223372036854775808", 77));
  ck_assert(int64_is("-9223372036854775809", 77));
  ck_assert(int64_is("99999999999999999999999", 77));
  ck_assert(int64_is("", 77));
  ck_assert(int64_is("-", 77));
  ck_assert(int64_is("--1", 77));
  ck_assert(int64_is("+1", 77));
  ck_assert(int64_is(" 1", 77));
  ck_assert(int64_is("1 ", 77));
  ck_assert(int64_is("1e3", 77));
  ck_assert(aurora__parse_uint64("18446744073709551615", 20, &number));
  ck_assert_uint_eq(number, UINT64_MAX);
  ck_assert(!aurora__parse_uint64("18446744073709551616", 20, &number));
  ck_assert(!aurora__parse_uint64("-1", 2, &number));
  ck_assert_uint_eq(number, UINT64_MAX);
}
END_TEST

START_TEST(decimals_convert_without_a_fraction_only)
{
  int64_t number = 77;
  uint64_t positive = 77;

  ck_assert(aurora__is_decimal("-12.50", 6));
  ck_assert(aurora__is_decimal(".5", 2));
  ck_assert(aurora__is_decimal("5.", 2));
  ck_assert(!aurora__is_decimal(".", 1));
  ck_assert(!aurora__is_decimal("-", 1));
  ck_assert(!aurora__is_decimal("", 0));
  ck_assert(!aurora__is_decimal("1.2.3", 5));
  ck_assert(!aurora__is_decimal("1e3", 3));
  ck_assert(!aurora__decimal_int64("12.50", 5, &number));
  ck_assert(!aurora__decimal_int64("9223372036854775808.0", 21, &number));
  ck_assert(!aurora__decimal_uint64("-1.0", 4, &positive));
  ck_assert_int_eq(number, 77);
  ck_assert_uint_eq(positive, 77);
  ck_assert(aurora__decimal_int64("-12.000", 7, &number));
  ck_assert_int_eq(number, -12);
  ck_assert(aurora__decimal_int64("-9223372036854775808.00", 23, &number));
  ck_assert_int_eq(number, INT64_MIN);
  ck_assert(aurora__decimal_uint64("-0.0", 4, &positive));
  ck_assert_uint_eq(positive, 0);
  ck_assert(aurora__decimal_uint64(".0", 2, &positive));
}
END_TEST

START_TEST(bits_come_highest_byte_first)
{
  const unsigned char bytes[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  uint64_t bits = 77;

  ck_assert(!aurora__parse_bit(bytes, 0, &bits));
  ck_assert(!aurora__parse_bit(bytes, 9, &bits));
  ck_assert_uint_eq(bits, 77);
  ck_assert(aurora__parse_bit(bytes, 8, &bits));
  ck_assert_uint_eq(bits, 0x0102030405060708u);
  ck_assert(aurora__parse_computed_bit((const unsigned char *)"1023", 4, &bits));
  ck_assert_uint_eq(bits, 1023);
  ck_assert(aurora__parse_computed_bit((const unsigned char *)"\3\xff", 2, &bits));
  ck_assert_uint_eq(bits, 1023);
}
END_TEST

/* The next double of a fixed sequence, of any magnitude. */
static double any_double(uint64_t *state)
{
  double number;

  do {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    memcpy(&number, state, sizeof number);
  } while (!isfinite(number));
  return number;
}

static double parsed(const char *text)
{
  double number = NAN;

  if (!aurora__parse_double(text, strlen(text), &number))
    ck_abort_msg("%s", text);
  return number;
}

static void check_doubles(void)
{
  uint64_t state = 1;
  char text[64];

  ck_assert_double_eq(parsed("1.5"), 1.5);
  ck_assert_double_eq(parsed("-.5e1"), -5);
  ck_assert_double_eq(parsed("0.1"), 0.1);
  ck_assert_double_eq(parsed("1e22"), 1e22);
  ck_assert_double_eq(parsed("9007199254740993"), 9007199254740992.0);
  ck_assert_double_eq(parsed("9007199254740993.00000000000000000001"), 9007199254740994.0);
  ck_assert_double_eq(parsed("1.7976931348623157e308"), DBL_MAX);
  ck_assert_double_eq(parsed("4.9e-324"), 4.9e-324);
  ck_assert_double_eq(parsed("1e-400"), 0);
  ck_assert(signbit(parsed("-0")));
  for (int i = 0; i < 20000; i++) {
    double number = any_double(&state);

    /* Written with a point, whatever the locale. */
    snprintf(text, sizeof text, "%.16e", number);
    text[number < 0 ? 2 : 1] = '.';
    if (parsed(text) != number)
      ck_abort_msg("%s", text);
  }
}

START_TEST(doubles_are_read)
{
  static const char *const wrong[] = {"",     ".",     "-",   "e5",   "1e",   "1e+",
                                      "1.5x", "inf",   "nan", "0x10", " 1.5", "1,5",
                                      "1e5 ", "1e999", "+1",  "1..2", "1e5.0"};
  char digits[4000];
  double number = 77;

  check_doubles();
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    ck_assert_msg(!aurora__parse_double(wrong[i], strlen(wrong[i]), &number), "%s", wrong[i]);
  memset(digits, '1', sizeof digits);
  ck_assert(!aurora__parse_double(digits, sizeof digits, &number));
  ck_assert_double_eq(number, 77);
}
END_TEST

/* What is asked for: the float written by printf and read again. */
static double by_printf(float number, unsigned decimals)
{
  char text[128];

  snprintf(text, sizeof text, decimals >= 31 ? "%.*g" : "%.*f", decimals >= 31 ? 6 : (int)decimals,
           (double)number);
  return strtod(text, NULL);
}

static void check_float(float number)
{
  static const unsigned decimals[] = {0, 1, 2, 4, 7, 10, 12, 13, 30, 31, 39};

  for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++) {
    double expected = by_printf(number, decimals[i]);
    double shown = aurora__float_as_shown(number, decimals[i]);

    if (shown != expected || signbit(shown) != signbit(expected))
      ck_abort_msg("%a with %u decimals: %a, not %a", (double)number, decimals[i], shown, expected);
  }
}

static void check_floats(void)
{
  static const float borders[] = {
      0.0f,       -0.0f,      FLT_MAX,    -FLT_MAX,  FLT_MIN, 0x1p-149f, 999999.5f, 999999.4f,
      1000000.0f, 1000015.0f, 0.5f,       1.5f,      2.5f,    123456.5f, 123457.5f, 8388607.5f,
      1e-5f,      1e-6f,      1e-7f,      9.999995f, 0.1f,    99999.95f, 99999.5f,  1e5f,
      100000.5f,  0.9999995f, 16777216.f, 1e10f,     0.125f,  0.375f};
  uint64_t state = 3;

  for (size_t i = 0; i < sizeof borders / sizeof borders[0]; i++)
    check_float(borders[i]);
  for (int i = 0; i < 20000; i++) {
    float number;
    uint32_t bits;

    any_double(&state);
    bits = (uint32_t)(state >> 32);
    memcpy(&number, &bits, sizeof number);
    if (isfinite(number))
      check_float(number);
    check_float((float)(int32_t)bits / (float)(1u << (state >> 20 & 31)));
  }
}

START_TEST(floats_are_shown_as_the_server_shows_them)
{
  check_floats();
  ck_assert(isnan(aurora__float_as_shown(NAN, 31)));
}
END_TEST

START_TEST(doubles_with_fixed_decimals_are_rounded)
{
  ck_assert_double_eq(aurora__double_as_shown(3.14159265358979, 6), 3.141593);
  ck_assert_double_eq(aurora__double_as_shown(3.14159265358979, 31), 3.14159265358979);
  ck_assert_double_eq(aurora__double_as_shown(0.125, 2), 0.12); /* the tie goes to the even digit */
  ck_assert_double_eq(aurora__double_as_shown(0.375, 2), 0.38);
  ck_assert_double_eq(aurora__double_as_shown(-2.675, 2), -2.67); /* is 2.67499999... */
  ck_assert_double_eq(aurora__double_as_shown(DBL_MAX, 30), DBL_MAX);
  ck_assert_double_eq(aurora__double_as_shown(1e-300, 5), 0);
}
END_TEST

/* A program may have set a locale with a decimal comma. */
START_TEST(locale_does_not_matter)
{
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C.UTF-8"};

  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!setlocale(LC_ALL, names[i]))
      continue;
    check_doubles();
    ck_assert_double_eq(aurora__double_as_shown(3.14159265358979, 6), 3.141593);
    ck_assert_double_eq(aurora__float_as_shown(3.4028235e38f, 31), 3.40282e38);
    ck_assert_double_eq(aurora__float_as_shown(1.17549435e-38f, 31), 1.17549e-38);
    setlocale(LC_ALL, "C");
  }
}
END_TEST

START_TEST(times_are_read)
{
  aurora_time_t time;

  memset(&time, 7, sizeof time);
  ck_assert(!aurora__parse_time("", 0, &time));
  ck_assert(!aurora__parse_time("1:02:03", 7, &time));
  ck_assert(!aurora__parse_time("01:60:03", 8, &time));
  ck_assert(!aurora__parse_time("01:02:60", 8, &time));
  ck_assert(!aurora__parse_time("01:02", 5, &time));
  ck_assert(!aurora__parse_time("01:02:03.", 9, &time));
  ck_assert(!aurora__parse_time("01:02:03.1234567", 16, &time));
  ck_assert(!aurora__parse_time("65536:00:00", 11, &time));
  ck_assert_uint_eq(time.minutes, 7);
  ck_assert(aurora__parse_time("-838:59:59.5", 12, &time));
  ck_assert(time.negative);
  ck_assert_uint_eq(time.hours, 838);
  ck_assert_uint_eq(time.seconds, 59);
  ck_assert_uint_eq(time.microseconds, 500000);
  ck_assert(aurora__parse_time("-00:00:00", 9, &time));
  ck_assert(!time.negative);
}
END_TEST

START_TEST(dates_are_read)
{
  aurora_datetime_t date;

  memset(&date, 7, sizeof date);
  ck_assert(!aurora__parse_date("2024-13-01", 10, &date));
  ck_assert(!aurora__parse_date("2024-01-32", 10, &date));
  ck_assert(!aurora__parse_date("2024-1-001", 10, &date));
  ck_assert(!aurora__parse_date("2024-01-01 ", 11, &date));
  ck_assert(!aurora__parse_datetime("2024-01-01", 10, &date));
  ck_assert(!aurora__parse_datetime("2024-01-01 24:00:00", 19, &date));
  ck_assert(!aurora__parse_datetime("2024-01-01T10:00:00", 19, &date));
  ck_assert(!aurora__parse_datetime("2024-01-01 10:00:00.", 20, &date));
  ck_assert_uint_eq(date.month, 7);
  ck_assert(aurora__parse_date("2024-00-00", 10, &date));
  ck_assert_uint_eq(date.year, 2024);
  ck_assert_uint_eq(date.day, 0);
  ck_assert(aurora__parse_datetime("9999-12-31 23:59:59.000001", 26, &date));
  ck_assert_uint_eq(date.year, 9999);
  ck_assert_uint_eq(date.microsecond, 1);
}
END_TEST

START_TEST(packing_keeps_every_field)
{
  aurora_datetime_t date = {9999, 12, 31, 23, 59, 58, 999999};
  aurora_time_t time = {true, 65535, 58, 59, 999998};

  date = aurora__unpack_datetime(aurora__pack_datetime(&date));
  ck_assert(date.year == 9999 && date.month == 12 && date.day == 31 && date.hour == 23 &&
            date.minute == 59 && date.second == 58 && date.microsecond == 999999);
  time = aurora__unpack_time(aurora__pack_time(&time));
  ck_assert(time.negative && time.hours == 65535 && time.minutes == 58 && time.seconds == 59 &&
            time.microseconds == 999998);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("value");
  TCase *tcase = tcase_create("value");

  tcase_add_test(tcase, types_have_names);
  tcase_add_test(tcase, integers_fit_or_are_refused);
  tcase_add_test(tcase, decimals_convert_without_a_fraction_only);
  tcase_add_test(tcase, bits_come_highest_byte_first);
  tcase_add_test(tcase, doubles_are_read);
  tcase_add_test(tcase, floats_are_shown_as_the_server_shows_them);
  tcase_add_test(tcase, doubles_with_fixed_decimals_are_rounded);
  tcase_add_test(tcase, locale_does_not_matter);
  tcase_add_test(tcase, times_are_read);
  tcase_add_test(tcase, dates_are_read);
  tcase_add_test(tcase, packing_keeps_every_field);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
