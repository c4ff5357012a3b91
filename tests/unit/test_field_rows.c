/*
 * Rows into structs, the whole row: which column is meant, all or nothing, what the errors say, and
 * that nothing is allocated.
 */
#include <stdio.h>
#include <stdlib.h>

#include <aurora/field.h>

#include "base/alloc.h"
#include "result_helpers.h"
#include "support/runner.h"

typedef struct {
  int64_t id;
  char name[8];
  double balance;
  bool has_no_balance;
  int other;
} account_t;

static const aurora_field_t account_fields[] = {
    AURORA_FIELD(account_t, id),
    AURORA_FIELD(account_t, name),
    AURORA_FIELD_NULLABLE(account_t, balance, has_no_balance),
};

static MYSQL_FIELD int_column(const char *name)
{
  return field(name, MYSQL_TYPE_LONG, 0, BINARY, 0);
}

/* Rows of a table "id, name, balance" by text; NULL is NULL. */
static aurora_result_t *accounts(const char *const rows[][3], size_t count)
{
  MYSQL_FIELD fields[] = {int_column("id"), field("name", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0),
                          field("balance", MYSQL_TYPE_DOUBLE, 0, BINARY, 31)};
  aurora_result_t *result = result_of(fields, 3, AURORA__PROTOCOL_TEXT, UINT64_MAX);

  for (size_t i = 0; i < count; i++) {
    char *row[] = {(char *)rows[i][0], (char *)rows[i][1], (char *)rows[i][2]};
    unsigned long lengths[3];

    for (size_t j = 0; j < 3; j++)
      lengths[j] = row[j] ? strlen(row[j]) : 0;
    ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  }
  return result;
}

/* One row with integers: 0, 1, 2 ... */
static aurora_result_t *counting(const char *const *names, unsigned count)
{
  MYSQL_FIELD *fields = calloc(count, sizeof *fields);
  char **row = calloc(count, sizeof *row), *digits = calloc(count, 8);
  unsigned long *lengths = calloc(count, sizeof *lengths);
  aurora_result_t *result;

  ck_assert(fields && row && digits && lengths);
  for (unsigned i = 0; i < count; i++) {
    fields[i] = int_column(names[i]);
    row[i] = digits + 8 * (size_t)i;
    lengths[i] = (unsigned long)snprintf(row[i], 8, "%u", i);
  }
  result = result_of(fields, count, AURORA__PROTOCOL_TEXT, UINT64_MAX);
  ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  free(fields);
  free(row);
  free(digits);
  free(lengths);
  return result;
}

START_TEST(rows_one_after_the_other)
{
  static const char *const rows[][3] = {
      {"1", "Ada", "1.5"}, {"2", "Brendan", NULL}, {"3", "", "-0.5"}};
  aurora_result_t *result = accounts(rows, 3);
  account_t account;

  memset(&account, 0xa5, sizeof account);
  account.other = 7;
  ck_assert_int_eq(aurora_result_read(result, 0, account_fields, 3, &account), 0);
  ck_assert_int_eq(account.id, 1);
  ck_assert_str_eq(account.name, "Ada");
  ck_assert_double_eq(account.balance, 1.5);
  ck_assert(!account.has_no_balance);
  ck_assert_int_eq(aurora_result_read(result, 1, account_fields, 3, &account), 0);
  ck_assert_int_eq(account.id, 2);
  ck_assert_str_eq(account.name, "Brendan");
  ck_assert_double_eq(account.balance, 0);
  ck_assert(account.has_no_balance);
  ck_assert_int_eq(aurora_result_read(result, 2, account_fields, 3, &account), 0);
  ck_assert_str_eq(account.name, "");
  ck_assert_double_eq(account.balance, -0.5);
  ck_assert(!account.has_no_balance);
  ck_assert_int_eq(account.other, 7);
  aurora_result_unref(result);
}
END_TEST

START_TEST(a_failure_leaves_the_struct_alone)
{
  static const char *const rows[][3] = {
      {"1", "Ada", "1.5"}, {"2", "too long", "2.5"}, {NULL, "Ada", "1.5"}};
  static const aurora_field_t missing[] = {
      AURORA_FIELD(account_t, id), AURORA_FIELD(account_t, name), AURORA_FIELD(account_t, other)};
  aurora_result_t *result = accounts(rows, 3);
  account_t account, before;

  memset(&account, 0xa5, sizeof account);
  before = account;
  ck_assert_int_eq(aurora_result_read(result, 1, account_fields, 3, &account), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_read(result, 2, account_fields, 3, &account), AURORA_ETYPE);
  ck_assert_int_eq(aurora_result_read(result, 3, account_fields, 3, &account), AURORA_ENOTFOUND);
  ck_assert_int_eq(aurora_result_read(result, 0, missing, 3, &account), AURORA_ENOTFOUND);
  ck_assert_int_eq(memcmp(&account, &before, sizeof account), 0);
  ck_assert_int_eq(aurora_result_read(result, 0, NULL, 0, NULL), 0);
  ck_assert_int_eq(aurora_result_read(result, 3, NULL, 0, NULL), AURORA_ENOTFOUND);
  aurora_result_unref(result);
}
END_TEST

static void fails_with(const aurora_result_t *result, size_t row, aurora_field_t one, int code,
                       const char *message)
{
  aurora_error_t error;
  account_t account;

  memset(&error, 0xa5, sizeof error);
  ck_assert_int_eq(aurora_result_read_with(result, row, &one, 1, &account, &error), code);
  ck_assert_int_eq(error.code, code);
  ck_assert_uint_eq(error.server_errno, 0);
  ck_assert_str_eq(error.sqlstate, "");
  ck_assert_str_eq(error.message, message);
}

START_TEST(errors_name_row_column_and_types)
{
  static const char *const rows[][3] = {{"300", "Ada", "1.5"}, {NULL, "too long", "1e300"}};
  aurora_result_t *result = accounts(rows, 2);
  struct {
    int8_t id;
    char name[8];
    unsigned char bytes[16];
    float balance;
    int64_t at;
  } narrow;
  char long_name[1000], message[sizeof((aurora_error_t *)0)->message];
  aurora_field_t unknown = AURORA_FIELD_AS(account_t, id, long_name);

#define NARROW(member, column) AURORA_FIELD_AS(__typeof__(narrow), member, column)
  fails_with(result, 0, (aurora_field_t)NARROW(id, "id"), AURORA_ETYPE,
             "row 0, column \"id\": int64 does not fit into int8");
  fails_with(result, 1, (aurora_field_t)NARROW(id, "id"), AURORA_ETYPE,
             "row 1, column \"id\": null does not fit into int8, which is not nullable");
  fails_with(result, 1, (aurora_field_t)NARROW(name, "NAME"), AURORA_ETYPE,
             "row 1, column \"NAME\": string of 8 bytes and a NUL does not fit into char[8]");
  fails_with(result, 0, (aurora_field_t)NARROW(bytes, "name"), AURORA_ETYPE,
             "row 0, column \"name\": string of 3 bytes does not fit into unsigned char[16]");
  fails_with(result, 1, (aurora_field_t)NARROW(balance, "balance"), AURORA_ETYPE,
             "row 1, column \"balance\": double does not fit into float");
  fails_with(result, 0,
             (aurora_field_t)AURORA_FIELD_MICROSECONDS_AS(__typeof__(narrow), at, "name"),
             AURORA_ETYPE, "row 0, column \"name\": string does not fit into microseconds");
  fails_with(result, 1, (aurora_field_t)NARROW(id, "nobody"), AURORA_ENOTFOUND,
             "row 1: there is no column \"nobody\"");
  fails_with(result, 2, (aurora_field_t)NARROW(id, "id"), AURORA_ENOTFOUND,
             "there is no row 2: the result has 2");
#undef NARROW
  memset(long_name, 'x', sizeof long_name);
  long_name[sizeof long_name - 1] = '\0';
  snprintf(message, sizeof message, "row 0: there is no column \"%.256s\"", long_name);
  fails_with(result, 0, unknown, AURORA_ENOTFOUND, message);
  aurora_result_unref(result);
}
END_TEST

/* Tables made by hand, or not at all. */
START_TEST(what_is_no_field_is_refused)
{
  static const char *const rows[][3] = {{"1", "Ada", "1.5"}};
  aurora_result_t *result = accounts(rows, 1);
  aurora_field_t none, odd = AURORA_FIELD(account_t, id);

  memset(&none, 0, sizeof none);
  fails_with(result, 0, none, AURORA_ENOTFOUND, "row 0: there is no column \"\"");
  none.column = "id";
  fails_with(result, 0, none, AURORA_ETYPE,
             "row 0, column \"id\": int64 does not fit into unknown");
  odd.size = 3;
  fails_with(result, 0, odd, AURORA_ETYPE, "row 0, column \"id\": int64 does not fit into int24");
  odd.kind = AURORA_MEMBER_UNSIGNED;
  fails_with(result, 0, odd, AURORA_ETYPE, "row 0, column \"id\": int64 does not fit into uint24");
  aurora_result_unref(result);
}
END_TEST

typedef struct {
  int a, b, c, d;
} letters_t;

/* Reads the columns of these names into a, b, c, d. */
static letters_t letters(const aurora_result_t *result, const char *a, const char *b, const char *c,
                         const char *d)
{
  aurora_field_t fields[] = {AURORA_FIELD_AS(letters_t, a, a), AURORA_FIELD_AS(letters_t, b, b),
                             AURORA_FIELD_AS(letters_t, c, c), AURORA_FIELD_AS(letters_t, d, d)};
  letters_t read = {-1, -1, -1, -1};

  ck_assert_int_eq(aurora_result_read(result, 0, fields, 4, &read), 0);
  return read;
}

static void are(letters_t read, int a, int b, int c, int d)
{
  ck_assert_int_eq(read.a, a);
  ck_assert_int_eq(read.b, b);
  ck_assert_int_eq(read.c, c);
  ck_assert_int_eq(read.d, d);
}

START_TEST(columns_are_found_in_any_order)
{
  static const char *const names[] = {"a", "b", "c", "d", "", "dd"};
  aurora_result_t *result = counting(names, 6);

  are(letters(result, "a", "b", "c", "d"), 0, 1, 2, 3);
  are(letters(result, "d", "c", "b", "a"), 3, 2, 1, 0);
  are(letters(result, "c", "d", "", "dd"), 2, 3, 4, 5);
  are(letters(result, "dd", "a", "b", "dd"), 5, 0, 1, 5);
  are(letters(result, "A", "B", "DD", "D"), 0, 1, 5, 3);
  are(letters(result, "b", "b", "b", "b"), 1, 1, 1, 1);
  aurora_result_unref(result);
}
END_TEST

START_TEST(of_columns_with_one_name_the_first_is_read)
{
  static const char *const names[] = {"a", "b", "A", "b", "c", "a"};
  aurora_result_t *result = counting(names, 6);

  are(letters(result, "a", "b", "a", "b"), 0, 1, 0, 1);
  are(letters(result, "a", "b", "A", "b"), 0, 1, 0, 1);
  are(letters(result, "b", "a", "c", "a"), 1, 0, 4, 0);
  are(letters(result, "b", "A", "b", "A"), 1, 0, 1, 0);
  aurora_result_unref(result);
}
END_TEST

START_TEST(names_are_distinct_or_not)
{
  static const struct {
    const char *names[4];
    bool distinct;
  } cases[] = {
      {{"a", "b", "c", "d"}, true},  {{"a", "aa", "", "b"}, true},
      {{"a", "b", "c", "a"}, false}, {{"a", "b", "c", "C"}, false},
      {{"", "b", "c", ""}, false},   {{"\303\204", "\303\244", "x", "y"}, true},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    MYSQL_FIELD fields[4];
    aurora__columns_t *columns;

    for (size_t j = 0; j < 4; j++)
      fields[j] = int_column(cases[i].names[j]);
    ck_assert_int_eq(aurora__columns_create(fields, 4, &columns), 0);
    ck_assert_msg(aurora__columns_distinct(columns) == cases[i].distinct, "case %zu", i);
    ck_assert_msg(aurora__columns_distinct(columns) == cases[i].distinct, "case %zu", i);
    aurora__columns_unref(columns);
  }
}
END_TEST

enum { WIDE = 600 };

/* More columns than are compared with each other, and more fields than are kept at once. */
START_TEST(wide_rows)
{
  static char names[WIDE][8];
  static aurora_field_t fields[WIDE];
  const char *pointers[WIDE];
  int16_t numbers[WIDE], before[WIDE];
  aurora_result_t *result;
  static const size_t counts[] = {1, 31, 32, 33, 63, 64, 65, 512, WIDE};

  for (size_t i = 0; i < WIDE; i++) {
    snprintf(names[i], sizeof names[i], "c%zu", i);
    pointers[i] = names[i];
    fields[i] = (aurora_field_t){.column = names[i],
                                 .offset = i * sizeof *numbers,
                                 .size = sizeof *numbers,
                                 .kind = AURORA_MEMBER_SIGNED};
  }
  memset(before, 0xa5, sizeof before);
  for (unsigned columns = 512; columns <= WIDE; columns += WIDE - 512) {
    result = counting(pointers, columns);
    for (size_t i = 0; i < sizeof counts / sizeof *counts && counts[i] <= columns; i++) {
      size_t count = counts[i];

      memcpy(numbers, before, sizeof numbers);
      ck_assert_int_eq(aurora_result_read(result, 0, fields, count, numbers), 0);
      for (size_t j = 0; j < WIDE; j++)
        ck_assert_int_eq(numbers[j], j < count ? (int)j : before[j]);
      /* The last one fails. */
      fields[count - 1].kind = AURORA_MEMBER_TIME;
      memcpy(numbers, before, sizeof numbers);
      ck_assert_int_eq(aurora_result_read(result, 0, fields, count, numbers), AURORA_ETYPE);
      ck_assert_int_eq(memcmp(numbers, before, sizeof numbers), 0);
      fields[count - 1].kind = AURORA_MEMBER_SIGNED;
    }
    aurora_result_unref(result);
  }
}
END_TEST

static bool never(void)
{
  return false;
}

START_TEST(nothing_is_allocated)
{
  static const char *const rows[][3] = {{"1", "Ada", "1.5"}, {"2", "too long", NULL}};
  aurora_result_t *result = accounts(rows, 2);
  account_t account;
  aurora_error_t error;

  aurora__alloc_may = never;
  ck_assert_int_eq(aurora_result_read(result, 0, account_fields, 3, &account), 0);
  ck_assert_int_eq(aurora_result_read_with(result, 1, account_fields, 3, &account, &error),
                   AURORA_ETYPE);
  aurora__alloc_may = NULL;
  aurora_result_unref(result);
}
END_TEST

/* As on_row sees them: one row after the other at the same place. */
START_TEST(streamed_rows)
{
  MYSQL_FIELD columns[] = {int_column("id"), int_column("other")};
  aurora_result_t *result = result_of(columns, 2, AURORA__PROTOCOL_BINARY, UINT64_MAX);
  static const aurora_field_t fields[] = {AURORA_FIELD(account_t, id),
                                          AURORA_FIELD(account_t, other)};
  account_t account;

  for (unsigned char i = 0; i < 100; i++) {
    unsigned char bytes[] = {i, 0, 0, 0, 255, 255, 255, 255};

    ck_assert_int_eq(aurora__result_clear_rows(&result), 0);
    ck_assert_int_eq(send_row(result, 2, bytes, sizeof bytes, 0), 0);
    ck_assert_int_eq(aurora_result_read(result, 0, fields, 2, &account), 0);
    ck_assert_int_eq(account.id, i);
    ck_assert_int_eq(account.other, -1);
    ck_assert_int_eq(aurora_result_read(result, 1, fields, 2, &account), AURORA_ENOTFOUND);
  }
  aurora_result_unref(result);
}
END_TEST

START_TEST(a_statement_without_rows)
{
  aurora_result_t *result;
  account_t account;
  aurora_error_t error;

  ck_assert_int_eq(aurora__result_create(NULL, AURORA__PROTOCOL_TEXT, 0, &result), 0);
  ck_assert_int_eq(aurora__result_finish(result, 3, 0, 0, NULL), 0);
  ck_assert_int_eq(aurora_result_read_with(result, 0, account_fields, 3, &account, &error),
                   AURORA_ENOTFOUND);
  ck_assert_str_eq(error.message, "there is no row 0: the result has 0");
  aurora_result_unref(result);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("field-rows");
  TCase *tcase = tcase_create("field-rows");

  tcase_add_test(tcase, rows_one_after_the_other);
  tcase_add_test(tcase, a_failure_leaves_the_struct_alone);
  tcase_add_test(tcase, errors_name_row_column_and_types);
  tcase_add_test(tcase, what_is_no_field_is_refused);
  tcase_add_test(tcase, columns_are_found_in_any_order);
  tcase_add_test(tcase, of_columns_with_one_name_the_first_is_read);
  tcase_add_test(tcase, names_are_distinct_or_not);
  tcase_add_test(tcase, wide_rows);
  tcase_add_test(tcase, nothing_is_allocated);
  tcase_add_test(tcase, streamed_rows);
  tcase_add_test(tcase, a_statement_without_rows);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run(make_suite());
}
