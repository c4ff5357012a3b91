/*
 * The life of a result: columns, growth, limits, sharing, chains, streaming, checked reading, and every
 * allocation failing in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include <aurora/result.h>

#include "base/alloc.h"
#include "result_helpers.h"
#include "support/runner.h"

static int allowed;
static int made;

static bool may_allocate(void)
{
  made++;
  return made <= allowed;
}

static int append(aurora_result_t *result, const char *text)
{
  char *row[] = {(char *)text};
  unsigned long lengths[] = {text ? strlen(text) : 0};

  return aurora__result_append_text(result, row, lengths);
}

static aurora_result_t *strings(uint64_t limit)
{
  MYSQL_FIELD one = field("Name", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);

  return result_of(&one, 1, AURORA__PROTOCOL_TEXT, limit);
}

START_TEST(columns_are_found_by_name)
{
  MYSQL_FIELD fields[] = {
      field("id", MYSQL_TYPE_LONG, 0, BINARY, 0), field("Name", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0),
      field("name", MYSQL_TYPE_NULL, 0, UTF8, 0), field("", MYSQL_TYPE_DATE, 0, BINARY, 0),
      field("\303\204", MYSQL_TYPE_TIME, 0, BINARY, 0)};
  aurora_result_t *result = result_of(fields, 5, AURORA__PROTOCOL_TEXT, UINT64_MAX);

  ck_assert_uint_eq(aurora_result_columns(result), 5);
  ck_assert_int_eq(aurora_result_column(result, "ID"), 0);
  ck_assert_int_eq(aurora_result_column(result, "name"), 1);
  ck_assert_int_eq(aurora_result_column(result, ""), 3);
  ck_assert_int_eq(aurora_result_column(result, "\303\204"), 4);
  ck_assert_int_eq(aurora_result_column(result, "\303\244"), AURORA_ENOTFOUND);
  ck_assert_int_eq(aurora_result_column(result, "nam"), AURORA_ENOTFOUND);
  ck_assert_int_eq(aurora_result_column(result, NULL), AURORA_ENOTFOUND);
  ck_assert_str_eq(aurora_result_column_name(result, 1), "Name");
  ck_assert_ptr_null(aurora_result_column_name(result, 5));
  ck_assert_int_eq(aurora_result_column_type(result, 0), AURORA_TYPE_INT64);
  ck_assert_int_eq(aurora_result_column_type(result, 2), AURORA_TYPE_NULL);
  ck_assert_int_eq(aurora_result_column_type(result, 3), AURORA_TYPE_DATE);
  ck_assert_int_eq(aurora_result_column_type(result, 5), AURORA_TYPE_NULL);
  aurora_result_unref(result);
}
END_TEST

/* Whatever number a server sends: no crash, and bytes, for nothing is known of it. */
START_TEST(types_that_are_not_known_are_bytes)
{
  static const int numbers[] = {20, 21, 99, 200, 240, 242, 243, 244, 256, 1000, -1};

  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char name[] = "x";
    MYSQL_FIELD field = {.name = name, .name_length = 1, .charsetnr = 45};
    aurora__columns_t *columns;

    memcpy(&field.type, &numbers[i], sizeof field.type);
    ck_assert_int_eq(aurora__columns_create(&field, 1, &columns), 0);
    ck_assert_int_eq(columns->items[0].type, AURORA_TYPE_BYTES);
    aurora__columns_unref(columns);
  }
}
END_TEST

START_TEST(columns_match_their_fields)
{
  MYSQL_FIELD one = field("a", MYSQL_TYPE_LONG, 0, BINARY, 0);
  MYSQL_FIELD other;
  aurora__columns_t *columns;

  ck_assert_int_eq(aurora__columns_create(&one, 1, &columns), 0);
  ck_assert(aurora__columns_match(columns, &one, 1));
  ck_assert(!aurora__columns_match(columns, &one, 0));
  other = field("b", MYSQL_TYPE_LONG, 0, BINARY, 0);
  ck_assert(!aurora__columns_match(columns, &other, 1));
  other = field("a", MYSQL_TYPE_LONGLONG, 0, BINARY, 0);
  ck_assert(!aurora__columns_match(columns, &other, 1));
  other = field("a", MYSQL_TYPE_LONG, UNSIGNED_FLAG, BINARY, 0);
  ck_assert(!aurora__columns_match(columns, &other, 1));
  other = field("a", MYSQL_TYPE_LONG, 0, UTF8, 0);
  ck_assert(!aurora__columns_match(columns, &other, 1));
  other = field("a", MYSQL_TYPE_LONG, 0, BINARY, 2);
  ck_assert(!aurora__columns_match(columns, &other, 1));
  aurora__columns_unref(columns);
  aurora__columns_unref(NULL);
}
END_TEST

START_TEST(many_rows_of_every_size)
{
  enum { ROWS = 5000, LARGEST = 300000 };
  aurora_result_t *result = strings(UINT64_MAX);
  char *text = malloc(LARGEST + 1);

  ck_assert_ptr_nonnull(text);
  for (size_t i = 0; i < ROWS; i++) {
    size_t size = i % 1000 == 999 ? LARGEST - i : i % 211;

    memset(text, 'a' + (int)(i % 26), size);
    text[size] = '\0';
    ck_assert_int_eq(append(result, i % 17 == 5 ? NULL : text), 0);
  }
  free(text);
  ck_assert_int_eq(aurora__result_finish(result, 0, 0, 0, NULL), 0);
  ck_assert_uint_eq(aurora_result_rows(result), ROWS);
  ck_assert_uint_eq(aurora_result_affected_rows(result), ROWS);
  for (size_t i = 0; i < ROWS; i++) {
    size_t size = i % 1000 == 999 ? LARGEST - i : i % 211;
    aurora_value_t value = aurora_result_value(result, i, 0);

    if (i % 17 == 5) {
      ck_assert_int_eq(value.type, AURORA_TYPE_NULL);
      continue;
    }
    ck_assert_uint_eq(value.as.text.size, size);
    ck_assert_uint_eq(strspn(value.as.text.data, (char[]){(char)('a' + i % 26), '\0'}), size);
  }
  ck_assert_int_eq(aurora_result_value(result, ROWS, 0).type, AURORA_TYPE_NULL);
  ck_assert_int_eq(aurora_result_value(result, 0, 1).type, AURORA_TYPE_NULL);
  aurora_result_unref(result);
}
END_TEST

START_TEST(the_limit_holds_and_what_was_read_stays)
{
  aurora_result_t *result = strings(1024);
  char text[1100];
  size_t rows = 0;
  int err;

  memset(text, 'x', sizeof text);
  text[1099] = '\0';
  ck_assert_int_eq(append(result, text), AURORA_ETOOBIG);
  while ((err = append(result, "0123456789")) == 0)
    rows++;
  ck_assert_int_eq(err, AURORA_ETOOBIG);
  ck_assert_uint_eq(aurora_result_rows(result), rows);
  ck_assert_uint_gt(rows, 10);
  ck_assert_uint_le(aurora__result_memory(result), 1024);
  ck_assert_str_eq(aurora_result_value(result, rows - 1, 0).as.text.data, "0123456789");
  aurora_result_unref(result);
}
END_TEST

START_TEST(a_statement_without_rows)
{
  aurora_result_t *result;

  ck_assert_int_eq(aurora__result_create(NULL, AURORA__PROTOCOL_TEXT, 0, &result), 0);
  ck_assert_str_eq(aurora_result_info(result), "");
  ck_assert_int_eq(aurora__result_finish(result, 3, 42, 1, "Rows matched: 3"), 0);
  ck_assert_uint_eq(aurora_result_rows(result), 0);
  ck_assert_uint_eq(aurora_result_columns(result), 0);
  ck_assert_uint_eq(aurora_result_affected_rows(result), 3);
  ck_assert_uint_eq(aurora_result_insert_id(result), 42);
  ck_assert_uint_eq(aurora_result_warnings(result), 1);
  ck_assert_str_eq(aurora_result_info(result), "Rows matched: 3");
  ck_assert_ptr_null(aurora_result_next(result));
  ck_assert_int_eq(aurora_result_column(result, "a"), AURORA_ENOTFOUND);
  ck_assert_int_eq(aurora_result_value(result, 0, 0).type, AURORA_TYPE_NULL);
  aurora_result_unref(result);
  aurora_result_unref(NULL);
}
END_TEST

START_TEST(chains_live_and_die_with_their_first)
{
  aurora_result_t *first = strings(UINT64_MAX), *second = strings(UINT64_MAX);
  aurora_result_t *third = strings(UINT64_MAX), *kept;

  ck_assert_int_eq(append(third, "last"), 0);
  aurora__result_chain_take(first, second);
  aurora__result_chain_take(first, third);
  ck_assert_ptr_eq(aurora_result_next(first), second);
  ck_assert_ptr_eq(aurora_result_next(second), third);
  ck_assert_ptr_null(aurora_result_next(third));
  kept = aurora_result_ref(second);
  aurora_result_unref(first);
  ck_assert_str_eq(aurora_result_value(aurora_result_next(kept), 0, 0).as.text.data, "last");
  aurora_result_unref(kept);
}
END_TEST

START_TEST(streamed_rows_reuse_the_memory)
{
  aurora_result_t *result = strings(4096), *same = result, *kept;
  char text[2000];

  memset(text, 'x', sizeof text);
  text[1999] = '\0';
  allowed = 1; /* for the first row; the others find its memory */
  made = 0;
  aurora__alloc_may = may_allocate;
  for (int i = 0; i < 100; i++) {
    ck_assert_int_eq(aurora__result_clear_rows(&result), 0);
    ck_assert_ptr_eq(result, same);
    text[0] = (char)('a' + i % 26);
    ck_assert_int_eq(append(result, text), 0);
    ck_assert_uint_eq(aurora_result_rows(result), 1);
    ck_assert_int_eq(aurora_result_value(result, 0, 0).as.text.data[0], 'a' + i % 26);
  }
  aurora__alloc_may = NULL;
  kept = aurora_result_ref(result);
  ck_assert_int_eq(aurora__result_clear_rows(&result), 0);
  ck_assert_ptr_ne(result, kept);
  ck_assert_uint_eq(aurora_result_rows(result), 0);
  ck_assert_uint_eq(aurora_result_columns(result), 1);
  ck_assert_int_eq(append(result, "next"), 0);
  ck_assert_int_eq(aurora_result_value(kept, 0, 0).as.text.data[0], 'a' + 99 % 26);
  ck_assert_int_eq(aurora__result_finish(result, 0, 0, 0, NULL), 0);
  ck_assert_uint_eq(aurora_result_affected_rows(result), 101);
  aurora_result_unref(kept);
  aurora_result_unref(result);
}
END_TEST

/* A row of the second result of a procedure call is streamed, and kept by the callback. */
START_TEST(a_kept_row_leaves_its_chain)
{
  aurora_result_t *first = strings(UINT64_MAX), *second = strings(UINT64_MAX);
  aurora_result_t *before = second, *kept;

  aurora__result_chain_take(first, second);
  ck_assert_int_eq(append(second, "kept"), 0);
  kept = aurora_result_ref(second);
  ck_assert_int_eq(aurora__result_clear_rows(&second), 0);
  aurora__result_chain_relink(first, before, second);
  ck_assert_ptr_eq(aurora_result_next(first), second);
  aurora__result_chain_relink(first, before, second); /* does not hang there any more */
  ck_assert_ptr_eq(aurora_result_next(first), second);
  aurora_result_unref(first);
  ck_assert_str_eq(aurora_result_value(kept, 0, 0).as.text.data, "kept");
  aurora_result_unref(kept);
}
END_TEST

static aurora_result_t *cell(enum enum_field_types type, unsigned flags, unsigned charset,
                             const char *text)
{
  return text_cell(field("a", type, flags, charset, 31), text, strlen(text));
}

START_TEST(integers_are_read_when_they_fit)
{
  static const struct {
    enum enum_field_types type;
    unsigned flags;
    const char *text;
    bool fits_int64, fits_uint64, fits_bool, fits_double;
  } cases[] = {
      {MYSQL_TYPE_LONG, 0, "1", true, true, true, true},
      {MYSQL_TYPE_LONG, 0, "0", true, true, true, true},
      {MYSQL_TYPE_LONG, 0, "2", true, true, false, true},
      {MYSQL_TYPE_LONG, 0, "-1", true, false, false, true},
      {MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, "1", true, true, true, true},
      {MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, "18446744073709551615", false, true, false, false},
      {MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, "9223372036854775807", true, true, false, false},
      {MYSQL_TYPE_LONGLONG, 0, "9007199254740992", true, true, false, true},
      {MYSQL_TYPE_LONGLONG, 0, "9007199254740993", true, true, false, false},
      {MYSQL_TYPE_LONGLONG, 0, "-9007199254740993", true, false, false, false},
      {MYSQL_TYPE_NEWDECIMAL, 0, "12.00", true, true, false, true},
      {MYSQL_TYPE_NEWDECIMAL, 0, "12.50", false, false, false, true},
      {MYSQL_TYPE_NEWDECIMAL, 0, "-12", true, false, false, true},
      {MYSQL_TYPE_NEWDECIMAL, 0, "1", true, true, false, true},
      {MYSQL_TYPE_DOUBLE, 0, "1", false, false, false, true},
      {MYSQL_TYPE_VAR_STRING, 0, "1", false, false, false, false},
      {MYSQL_TYPE_DATE, 0, "2024-01-01", false, false, false, false},
  };

  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    aurora_result_t *result = cell(cases[i].type, cases[i].flags, UTF8, cases[i].text);
    int64_t whole = 77;
    uint64_t positive = 77;
    double real = 77;
    bool truth = false;

    ck_assert_msg(aurora_result_int64(result, 0, 0, &whole) ==
                      (cases[i].fits_int64 ? 0 : AURORA_ETYPE),
                  "case %zu", i);
    ck_assert_msg(aurora_result_uint64(result, 0, 0, &positive) ==
                      (cases[i].fits_uint64 ? 0 : AURORA_ETYPE),
                  "case %zu", i);
    ck_assert_msg(aurora_result_bool(result, 0, 0, &truth) ==
                      (cases[i].fits_bool ? 0 : AURORA_ETYPE),
                  "case %zu", i);
    ck_assert_msg(aurora_result_double(result, 0, 0, &real) ==
                      (cases[i].fits_double ? 0 : AURORA_ETYPE),
                  "case %zu", i);
    ck_assert_int_eq(whole, cases[i].fits_int64 ? strtoll(cases[i].text, NULL, 10) : 77);
    ck_assert_uint_eq(positive, cases[i].fits_uint64 ? strtoull(cases[i].text, NULL, 10) : 77);
    ck_assert_double_eq(real, cases[i].fits_double ? strtod(cases[i].text, NULL) : 77);
    ck_assert(truth == (cases[i].fits_bool && cases[i].text[0] == '1'));
    aurora_result_unref(result);
  }
}
END_TEST

START_TEST(texts_are_read_as_what_they_are)
{
  aurora_result_t *string = cell(MYSQL_TYPE_VAR_STRING, 0, UTF8, "abc");
  aurora_result_t *bytes = cell(MYSQL_TYPE_BLOB, 0, BINARY, "abc");
  aurora_result_t *exact = cell(MYSQL_TYPE_NEWDECIMAL, 0, BINARY, "1.50");
  aurora_result_t *holed = text_cell(field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0), "a\0b", 3);
  aurora_result_t *number = cell(MYSQL_TYPE_LONG, 0, BINARY, "1");
  const char *c = NULL;
  aurora_text_t text = {NULL, 77};

  ck_assert_int_eq(aurora_result_string(bytes, 0, 0, &c), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_string(holed, 0, 0, &c), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_string(number, 0, 0, &c), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_text(bytes, 0, 0, &text), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_bytes(number, 0, 0, &text), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_text(string, 1, 0, &text), AURORA_ENOTFOUND);
  ck_assert_int_eq(aurora_result_bytes(string, 0, 1, &text), AURORA_ENOTFOUND);
  ck_assert_ptr_null(c);
  ck_assert_uint_eq(text.size, 77);
  ck_assert_int_eq(aurora_result_string(string, 0, 0, &c), 0);
  ck_assert_str_eq(c, "abc");
  ck_assert_int_eq(aurora_result_string(exact, 0, 0, &c), 0);
  ck_assert_str_eq(c, "1.50");
  ck_assert_int_eq(aurora_result_text(holed, 0, 0, &text), 0);
  ck_assert_uint_eq(text.size, 3);
  ck_assert_int_eq(aurora_result_bytes(bytes, 0, 0, &text), 0);
  ck_assert_int_eq(aurora_result_bytes(string, 0, 0, &text), 0);
  ck_assert_int_eq(aurora_result_bytes(exact, 0, 0, &text), 0);
  ck_assert_uint_eq(text.size, 4);
  aurora_result_unref(string);
  aurora_result_unref(bytes);
  aurora_result_unref(exact);
  aurora_result_unref(holed);
  aurora_result_unref(number);
}
END_TEST

START_TEST(dates_are_read_as_what_they_are)
{
  aurora_result_t *date = cell(MYSQL_TYPE_DATE, 0, BINARY, "2024-02-29");
  aurora_result_t *stamp = cell(MYSQL_TYPE_TIMESTAMP, 0, BINARY, "2024-02-29 10:00:00");
  aurora_result_t *span = cell(MYSQL_TYPE_TIME, 0, BINARY, "10:00:00");
  aurora_datetime_t when;
  aurora_time_t time;

  ck_assert_int_eq(aurora_result_datetime(date, 0, 0, &when), 0);
  ck_assert_uint_eq(when.day, 29);
  ck_assert_int_eq(aurora_result_datetime(stamp, 0, 0, &when), 0);
  ck_assert_uint_eq(when.hour, 10);
  ck_assert_int_eq(aurora_result_datetime(span, 0, 0, &when), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_datetime(span, 1, 0, &when), AURORA_ENOTFOUND);
  ck_assert_int_eq(aurora_result_time(span, 0, 0, &time), 0);
  ck_assert_uint_eq(time.hours, 10);
  ck_assert_int_eq(aurora_result_time(stamp, 0, 0, &time), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_time(span, 0, 1, &time), AURORA_ENOTFOUND);
  aurora_result_unref(date);
  aurora_result_unref(stamp);
  aurora_result_unref(span);
}
END_TEST

START_TEST(null_is_no_value)
{
  aurora_result_t *result = strings(UINT64_MAX);
  const char *c = NULL;
  bool truth;

  ck_assert_int_eq(append(result, NULL), 0);
  ck_assert_int_eq(aurora_result_string(result, 0, 0, &c), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_bool(result, 0, 0, &truth), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_value(result, 0, 0).type, AURORA_TYPE_NULL);
  aurora_result_unref(result);
}
END_TEST

/* A whole life; stops at the first failure. */
static int live(void)
{
  MYSQL_FIELD one = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  aurora__columns_t *columns = NULL;
  aurora_result_t *result = NULL;
  char text[3000], info[2000];
  int err = aurora__columns_create(&one, 1, &columns);

  memset(text, 'x', sizeof text);
  memset(info, 'i', sizeof info);
  text[2999] = info[1999] = '\0';
  if (!err)
    err = aurora__result_create(columns, AURORA__PROTOCOL_TEXT, UINT64_MAX, &result);
  for (int i = 0; i < 100 && !err; i++)
    err = append(result, text);
  if (!err)
    err = aurora__result_finish(result, 0, 0, 0, info);
  if (result && aurora_result_rows(result) > 0)
    ck_assert_str_eq(aurora_result_value(result, 0, 0).as.text.data, text);
  aurora_result_unref(result);
  aurora__columns_unref(columns);
  return err;
}

START_TEST(every_allocation_may_fail)
{
  int err = UV_ENOMEM;

  aurora__alloc_may = may_allocate;
  for (allowed = 0; err; allowed++) {
    made = 0;
    err = live();
    ck_assert(err == 0 || err == UV_ENOMEM);
  }
  ck_assert_int_gt(allowed, 4);
  aurora__alloc_may = NULL;
}
END_TEST

/* What the design promises: two allocations for columns and a small result, none for its rows. */
START_TEST(a_small_result_takes_two_allocations)
{
  MYSQL_FIELD one = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  aurora_result_t *result;

  allowed = 1000;
  made = 0;
  aurora__alloc_may = may_allocate;
  result = result_of(&one, 1, AURORA__PROTOCOL_TEXT, UINT64_MAX);
  for (int i = 0; i < 8; i++)
    ck_assert_int_eq(append(result, "a string of some length"), 0);
  ck_assert_int_eq(aurora__result_finish(result, 0, 0, 0, NULL), 0);
  ck_assert_int_eq(made, 2);
  aurora_result_unref(result);
  aurora__alloc_may = NULL;
}
END_TEST

START_TEST(a_binary_row_without_memory)
{
  MYSQL_FIELD one = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  aurora_result_t *result = result_of(&one, 1, AURORA__PROTOCOL_BINARY, UINT64_MAX);
  static unsigned char bytes[5003] = {252, 5000 & 255, 5000 >> 8};

  allowed = made = 0;
  aurora__alloc_may = may_allocate;
  ck_assert_int_eq(send_row(result, 1, bytes, sizeof bytes, 0), UV_ENOMEM);
  ck_assert_uint_eq(aurora_result_rows(result), 0);
  aurora__alloc_may = NULL;
  ck_assert_int_eq(send_row(result, 1, bytes, sizeof bytes, 0), 0);
  ck_assert_uint_eq(aurora_result_value(result, 0, 0).as.text.size, 5000);
  aurora_result_unref(result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("result");
  TCase *tcase = tcase_create("result");

  tcase_add_test(tcase, columns_are_found_by_name);
  tcase_add_test(tcase, types_that_are_not_known_are_bytes);
  tcase_add_test(tcase, columns_match_their_fields);
  tcase_add_test(tcase, many_rows_of_every_size);
  tcase_add_test(tcase, the_limit_holds_and_what_was_read_stays);
  tcase_add_test(tcase, a_statement_without_rows);
  tcase_add_test(tcase, chains_live_and_die_with_their_first);
  tcase_add_test(tcase, streamed_rows_reuse_the_memory);
  tcase_add_test(tcase, a_kept_row_leaves_its_chain);
  tcase_add_test(tcase, integers_are_read_when_they_fit);
  tcase_add_test(tcase, texts_are_read_as_what_they_are);
  tcase_add_test(tcase, dates_are_read_as_what_they_are);
  tcase_add_test(tcase, null_is_no_value);
  tcase_add_test(tcase, every_allocation_may_fail);
  tcase_add_test(tcase, a_small_result_takes_two_allocations);
  tcase_add_test(tcase, a_binary_row_without_memory);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
