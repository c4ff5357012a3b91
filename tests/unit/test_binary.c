/*
 * Rows of the binary protocol: how each column type is decoded, that it equals the text protocol's, and
 * that rows which break the protocol are refused without a read beyond the buffer.
 */
#include <stdlib.h>

#include <aurora/result.h>

#include "result_helpers.h"
#include "support/runner.h"

#define CHECK_CELL(of, bytes, expression)                                                          \
  do {                                                                                             \
    aurora_result_t *result = binary_cell(of, bytes, sizeof(bytes) - 1);                           \
    aurora_value_t value;                                                                          \
                                                                                                   \
    ck_assert_ptr_nonnull(result);                                                                 \
    value = aurora_result_value(result, 0, 0);                                                     \
    ck_assert(expression);                                                                         \
    aurora_result_unref(result);                                                                   \
  } while (0)

static MYSQL_FIELD of_type(enum enum_field_types type, unsigned flags)
{
  return field("a", type, flags, BINARY, 31);
}

START_TEST(integers)
{
  CHECK_CELL(of_type(MYSQL_TYPE_TINY, 0), "\200",
             value.type == AURORA_TYPE_INT64 && value.as.int64 == -128);
  CHECK_CELL(of_type(MYSQL_TYPE_TINY, UNSIGNED_FLAG), "\377",
             value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 255);
  CHECK_CELL(of_type(MYSQL_TYPE_SHORT, 0), "\0\200", value.as.int64 == -32768);
  CHECK_CELL(of_type(MYSQL_TYPE_SHORT, UNSIGNED_FLAG), "\377\377", value.as.uint64 == 65535);
  CHECK_CELL(of_type(MYSQL_TYPE_YEAR, 0), "\153\10",
             value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 2155);
  CHECK_CELL(of_type(MYSQL_TYPE_INT24, 0), "\0\0\200\377", value.as.int64 == -8388608);
  CHECK_CELL(of_type(MYSQL_TYPE_LONG, 0), "\0\0\0\200", value.as.int64 == INT32_MIN);
  CHECK_CELL(of_type(MYSQL_TYPE_LONG, UNSIGNED_FLAG), "\377\377\377\377",
             value.as.uint64 == UINT32_MAX);
  CHECK_CELL(of_type(MYSQL_TYPE_LONGLONG, 0), "\0\0\0\0\0\0\0\200", value.as.int64 == INT64_MIN);
  CHECK_CELL(of_type(MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG), "\377\377\377\377\377\377\377\377",
             value.as.uint64 == UINT64_MAX);
  CHECK_CELL(of_type(MYSQL_TYPE_BIT, UNSIGNED_FLAG), "\2\3\377",
             value.type == AURORA_TYPE_UINT64 && value.as.uint64 == 1023);
  CHECK_CELL(of_type(MYSQL_TYPE_BIT, UNSIGNED_FLAG | BINARY_FLAG), "\00220", value.as.uint64 == 20);
}
END_TEST

START_TEST(fractions)
{
  MYSQL_FIELD fixed = field("a", MYSQL_TYPE_DOUBLE, 0, BINARY, 2);

  CHECK_CELL(of_type(MYSQL_TYPE_FLOAT, 0), "\315\314\314\75",
             value.type == AURORA_TYPE_DOUBLE && value.as.float64 == 0.1);
  CHECK_CELL(of_type(MYSQL_TYPE_DOUBLE, 0), "\232\231\231\231\231\231\271\77",
             value.type == AURORA_TYPE_DOUBLE && value.as.float64 == 0.1);
  CHECK_CELL(fixed, "\125\125\125\125\125\125\325\77", value.as.float64 == 0.33);
  CHECK_CELL(of_type(MYSQL_TYPE_NEWDECIMAL, 0), "\6-12.50",
             value.type == AURORA_TYPE_DECIMAL && strcmp(value.as.text.data, "-12.50") == 0);
  CHECK_CELL(of_type(MYSQL_TYPE_NEWDECIMAL, 0), "\3abc", value.type == AURORA_TYPE_STRING);
}
END_TEST

START_TEST(dates_and_times)
{
  CHECK_CELL(of_type(MYSQL_TYPE_DATE, 0), "\0",
             value.type == AURORA_TYPE_DATE && value.as.datetime.year == 0);
  CHECK_CELL(of_type(MYSQL_TYPE_DATE, 0), "\4\350\7\2\35",
             value.as.datetime.year == 2024 && value.as.datetime.month == 2 &&
                 value.as.datetime.day == 29);
  CHECK_CELL(of_type(MYSQL_TYPE_DATETIME, 0), "\4\350\7\2\35",
             value.type == AURORA_TYPE_DATETIME && value.as.datetime.day == 29 &&
                 value.as.datetime.hour == 0);
  CHECK_CELL(of_type(MYSQL_TYPE_TIMESTAMP, 0), "\13\350\7\2\35\27\73\72\77\102\17\0",
             value.type == AURORA_TYPE_DATETIME && value.as.datetime.hour == 23 &&
                 value.as.datetime.minute == 59 && value.as.datetime.second == 58 &&
                 value.as.datetime.microsecond == 999999);
  CHECK_CELL(of_type(MYSQL_TYPE_TIME, 0), "\0",
             value.type == AURORA_TYPE_TIME && !value.as.time.negative);
  CHECK_CELL(of_type(MYSQL_TYPE_TIME, 0), "\10\1\42\0\0\0\26\73\73",
             value.as.time.negative && value.as.time.hours == 838 && value.as.time.minutes == 59);
  CHECK_CELL(of_type(MYSQL_TYPE_TIME, 0), "\14\1\0\0\0\0\0\0\0\1\0\0\0",
             value.as.time.negative && value.as.time.microseconds == 1);
}
END_TEST

START_TEST(broken_cells_are_refused)
{
  static const struct {
    enum enum_field_types type;
    const char *bytes;
    size_t size;
  } broken[] = {
      {MYSQL_TYPE_TINY, "", 0},
      {MYSQL_TYPE_SHORT, "\1", 1},
      {MYSQL_TYPE_LONG, "\1\2\3", 3},
      {MYSQL_TYPE_LONGLONG, "\1\2\3\4\5\6\7", 7},
      {MYSQL_TYPE_DOUBLE, "", 0},
      {MYSQL_TYPE_VAR_STRING, "", 0},
      {MYSQL_TYPE_VAR_STRING, "\5abcd", 5},
      {MYSQL_TYPE_VAR_STRING, "\374", 1},
      {MYSQL_TYPE_VAR_STRING, "\374\4\0abc", 6},
      {MYSQL_TYPE_VAR_STRING, "\375\1\0", 3},
      {MYSQL_TYPE_VAR_STRING, "\376\377\377\377\377\377\377\377\377x", 10},
      {MYSQL_TYPE_VAR_STRING, "\376\0\0\0\0\0\0\0\200x", 10},
      {MYSQL_TYPE_VAR_STRING, "\373", 1},
      {MYSQL_TYPE_VAR_STRING, "\377", 1},
      {MYSQL_TYPE_BIT, "\0", 1},
      {MYSQL_TYPE_BIT, "\11\1\2\3\4\5\6\7\10\11", 10},
      {MYSQL_TYPE_DATE, "\3\350\7\2", 4},
      {MYSQL_TYPE_DATE, "\4\350\7\15\1", 5},
      {MYSQL_TYPE_DATE, "\4\350\7\1\40", 5},
      {MYSQL_TYPE_DATE, "\4\377\377\1\1", 5},
      {MYSQL_TYPE_DATETIME, "\7\350\7\1\1\30\0\0", 8},
      {MYSQL_TYPE_DATETIME, "\13\350\7\1\1\0\0\0\100\102\17\0", 12},
      {MYSQL_TYPE_DATETIME, "\14\350\7\1\1\0\0\0\0\0\0\0\0", 13},
      {MYSQL_TYPE_TIME, "\10\2\0\0\0\0\0\0\0", 9},
      {MYSQL_TYPE_TIME, "\10\0\377\377\377\377\0\0\0", 9},
      {MYSQL_TYPE_TIME, "\10\0\0\0\0\0\30\0\0", 9},
      {MYSQL_TYPE_TIME, "\7\0\0\0\0\0\0\0", 8},
  };

  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
    ck_assert_msg(
        !binary_cell(field("a", broken[i].type, 0, UTF8, 31), broken[i].bytes, broken[i].size),
        "cell %zu", i);
}
END_TEST

START_TEST(the_callback_must_come_for_each_column_in_turn)
{
  MYSQL_FIELD fields[2] = {of_type(MYSQL_TYPE_TINY, 0), of_type(MYSQL_TYPE_TINY, 0)};
  aurora_result_t *result = result_of(fields, 2, AURORA__PROTOCOL_BINARY, UINT64_MAX);
  unsigned char bytes[2] = {1, 2}, *at = bytes;
  NET net;

  memset(&net, 0, sizeof net);
  net.buff = bytes;
  net.buff_end = bytes + 2;
  ck_assert_int_eq(aurora__result_end_row(result), AURORA_EPROTOCOL);      /* none was begun */
  ck_assert_int_eq(send_row(result, 1, "\1", 1, 0), AURORA_EPROTOCOL);     /* one is missing */
  ck_assert_int_eq(send_row(result, 3, "\1\2\3", 3, 0), AURORA_EPROTOCOL); /* one too many */
  aurora__result_begin_row(result, &net);
  aurora__result_cell(result, 1, &at); /* the wrong one */
  ck_assert_int_eq(aurora__result_end_row(result), AURORA_EPROTOCOL);
  ck_assert_int_eq(aurora__result_end_row(result), AURORA_EPROTOCOL);
  aurora__result_cell(result, 0, &at); /* outside of a row: does nothing */
  ck_assert_uint_eq(aurora_result_rows(result), 0);
  ck_assert_int_eq(send_row(result, 2, "\1\2", 2, 0), 0);
  ck_assert_int_eq(aurora_result_value(result, 0, 1).as.int64, 2);
  aurora_result_unref(result);
}
END_TEST

/* Null bits of more than 64 columns, texts that fit the arena and texts that do not. */
START_TEST(wide_rows_keep_their_cells)
{
  enum { COLUMNS = 130, ROWS = 40, LONG_TEXT = 3000 };
  MYSQL_FIELD fields[COLUMNS];
  static unsigned char bytes[COLUMNS * (LONG_TEXT + 3)];
  aurora_result_t *result;

  for (unsigned i = 0; i < COLUMNS; i++)
    fields[i] = field("a", i % 3 ? MYSQL_TYPE_VAR_STRING : MYSQL_TYPE_LONGLONG, 0, UTF8, 0);
  result = result_of(fields, COLUMNS, AURORA__PROTOCOL_BINARY, UINT64_MAX);
  for (unsigned r = 0; r < ROWS; r++) {
    unsigned char *at = bytes, *read = bytes;
    NET net;

    for (unsigned i = 0; i < COLUMNS; i++) {
      size_t size = (r + i) % 7 == 0 ? LONG_TEXT : i;

      if ((i + r) % 5 == 0)
        continue;
      if (i % 3 == 0) {
        memset(at, (int)i, 8);
        at += 8;
        continue;
      }
      *at++ = 252;
      *at++ = size & 255;
      *at++ = (unsigned char)(size >> 8);
      memset(at, 'a' + (int)(i % 26), size);
      at += size;
    }
    memset(&net, 0, sizeof net);
    net.buff = bytes;
    net.buff_end = at;
    aurora__result_begin_row(result, &net);
    for (unsigned i = 0; i < COLUMNS; i++)
      aurora__result_cell(result, i, (i + r) % 5 == 0 ? NULL : &read);
    ck_assert_ptr_eq(read, at);
    ck_assert_int_eq(aurora__result_end_row(result), 0);
  }
  for (unsigned r = 0; r < ROWS; r++) {
    for (unsigned i = 0; i < COLUMNS; i++) {
      size_t size = (r + i) % 7 == 0 ? LONG_TEXT : i;
      aurora_value_t value = aurora_result_value(result, r, i);

      if ((i + r) % 5 == 0) {
        ck_assert_int_eq(value.type, AURORA_TYPE_NULL);
      } else if (i % 3 == 0) {
        ck_assert_uint_eq((uint64_t)value.as.int64 & 255, i);
      } else {
        ck_assert_uint_eq(value.as.text.size, size);
        ck_assert_int_eq(value.as.text.data[size], 0);
        ck_assert_uint_eq(strspn(value.as.text.data, (char[]){(char)('a' + i % 26), '\0'}), size);
      }
    }
  }
  aurora_result_unref(result);
}
END_TEST

/* Every way in which a text can just fit what is left of the arena, or just not. */
START_TEST(texts_of_every_size)
{
  enum { LARGEST = 5000 };
  static unsigned char bytes[LARGEST + 3];
  MYSQL_FIELD string = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);

  memset(bytes, 'x', sizeof bytes);
  for (unsigned size = 0; size <= LARGEST; size++) {
    aurora_result_t *result;

    bytes[0] = 252;
    bytes[1] = size & 255;
    bytes[2] = (unsigned char)(size >> 8);
    result = binary_cell(string, bytes, size + 3);
    ck_assert_ptr_nonnull(result);
    ck_assert_uint_eq(aurora_result_value(result, 0, 0).as.text.size, size);
    ck_assert_uint_eq(strlen(aurora_result_value(result, 0, 0).as.text.data), size);
    aurora_result_unref(result);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("binary");
  TCase *tcase = tcase_create("binary");

  tcase_add_test(tcase, integers);
  tcase_add_test(tcase, fractions);
  tcase_add_test(tcase, dates_and_times);
  tcase_add_test(tcase, broken_cells_are_refused);
  tcase_add_test(tcase, the_callback_must_come_for_each_column_in_turn);
  tcase_add_test(tcase, wide_rows_keep_their_cells);
  tcase_add_test(tcase, texts_of_every_size);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
