/*
 * Every column type of the server at its borders, through the pool: the same values and types by text
 * and by the binary protocol.
 */
#include <stdlib.h>
#include <string.h>

#include "integration/types_table.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"
#include "support/same_value.h"

static database_t database;
static pool_fixture_t fixture;

static void set_up(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.init_sql = "SET time_zone = '+00:00'";
  fixture_open(&fixture, &config);
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

static void check(const types_entry_t *entry, const char *how, const char *sql,
                  aurora_params_t params)
{
  const char *type = entry->definition ? entry->definition : "expression";
  reply_t reply = fixture_query(&fixture, sql, params);
  aurora_value_t value;

  ck_assert_msg(aurora_result_rows(reply.result) == 1, "%s %s (%s)", type, entry->sql, how);
  ck_assert_msg(aurora_result_column_type(reply.result, 0) == entry->column_type,
                "%s %s (%s): the column is %s and not %s", type, entry->sql, how,
                aurora_type_name(aurora_result_column_type(reply.result, 0)),
                aurora_type_name(entry->column_type));
  value = aurora_result_value(reply.result, 0, 0);
  ck_assert_msg(same_value(value, entry->value), "%s %s (%s): another value, of type %s", type,
                entry->sql, how, aurora_type_name(value.type));
  reply_clear(&reply);
}

/* sql: the statement without its end, which gives one row whatever the parameter is. */
static void check_both(const types_entry_t *entry, const char *sql)
{
  char prepared[4096];

  ck_assert_int_lt(snprintf(prepared, sizeof prepared, "%s WHERE ? = 5", sql), sizeof prepared);
  check(entry, "text", sql, AURORA_NO_PARAMS);
  check(entry, "binary", prepared, AURORA_PARAMS(5));
  check(entry, "binary, the second time", prepared, AURORA_PARAMS(5));
}

/* A type that this server does not have: it says so. */
static bool is_unknown(const types_entry_t *entry)
{
  static const struct {
    server_feature_t feature;
    const char *definition;
    unsigned server_errno;
  } refused[] = {{SERVER_YEAR_2, "YEAR(2)", 1818}, {SERVER_SCALE_38, "DECIMAL(38,38)", 1425}};
  aurora_error_t error;
  char sql[100];

  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (server_has(refused[i].feature) || !entry->definition ||
        strcmp(entry->definition, refused[i].definition) != 0)
      continue;
    snprintf(sql, sizeof sql, "CREATE TABLE refused (c %s)", entry->definition);
    error = fixture_fail(&fixture, sql, AURORA_NO_PARAMS, AURORA_ESERVER);
    ck_assert_uint_eq(error.server_errno, refused[i].server_errno);
    return true;
  }
  return false;
}

START_TEST(every_type_by_text_and_binary)
{
  char sql[4096];

  for (size_t i = 0; i < sizeof types_table / sizeof *types_table; i++) {
    const types_entry_t *entry = &types_table[i];

    if (!entry->definition) {
      snprintf(sql, sizeof sql, "SELECT %s AS c FROM DUAL", entry->sql);
      check_both(entry, sql);
      continue;
    }
    if (is_unknown(entry))
      continue;
    fixture_run(&fixture, "DROP TABLE IF EXISTS t");
    snprintf(sql, sizeof sql, "CREATE TABLE t (c %s)", entry->definition);
    fixture_run(&fixture, sql);
    snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%s)", entry->sql);
    fixture_run(&fixture, sql);
    check_both(entry, "SELECT c FROM t");
  }
}
END_TEST

/* What came out goes in as a parameter and is the same value for the server. Not so FLOAT, of which
 * six digits are shown. */
START_TEST(values_go_back_as_parameters)
{
  char sql[4096];

  for (size_t i = 0; i < sizeof types_table / sizeof *types_table; i++) {
    const types_entry_t *entry = &types_table[i];
    reply_t value, back;
    int64_t same = 0;

    if (!entry->definition || strncmp(entry->definition, "FLOAT", 5) == 0 || is_unknown(entry))
      continue;
    fixture_run(&fixture, "DROP TABLE IF EXISTS t");
    snprintf(sql, sizeof sql, "CREATE TABLE t (c %s)", entry->definition);
    fixture_run(&fixture, sql);
    snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%s)", entry->sql);
    fixture_run(&fixture, sql);
    value = fixture_query(&fixture, "SELECT c FROM t", AURORA_NO_PARAMS);
    fixture_run(&fixture, "DROP TABLE IF EXISTS u");
    snprintf(sql, sizeof sql, "CREATE TABLE u (c %s)", entry->definition);
    fixture_run(&fixture, sql);
    back = fixture_query(&fixture, "INSERT INTO u VALUES (?)",
                         AURORA_PARAMS(aurora_result_value(value.result, 0, 0)));
    reply_clear(&back);
    reply_clear(&value);
    back = fixture_query(&fixture, "SELECT t.c <=> u.c FROM t, u", AURORA_NO_PARAMS);
    ck_assert_int_eq(aurora_result_int64(back.result, 0, 0, &same), 0);
    ck_assert_msg(same == 1, "%s %s", entry->definition, entry->sql);
    reply_clear(&back);
  }
}
END_TEST

/* --- The greatest lengths ----------------------------------------------------------------------- */

enum { MIB = 1024 * 1024 };

static const struct {
  const char *definition;
  size_t size; /* bytes */
  bool utf8;   /* of characters of four bytes */
} longest[] = {
    {"CHAR(255)", 255, false},
    {"CHAR(255) CHARACTER SET utf8mb4", 255 * 4, true},
    {"VARCHAR(16000) CHARACTER SET utf8mb4", 16000 * 4, true},
    {"VARCHAR(65000) CHARACTER SET latin1", 65000, false},
    {"TINYTEXT", 255, false},
    {"TEXT", 65535, false},
    {"TEXT CHARACTER SET utf8mb4", 65532, true},
    {"MEDIUMTEXT", 16 * MIB - 1, false},
    {"LONGTEXT CHARACTER SET utf8mb4", 16 * MIB, true},
    {"BINARY(255)", 255, false},
    {"VARBINARY(65000)", 65000, false},
    {"TINYBLOB", 255, false},
    {"BLOB", 65535, false},
    {"MEDIUMBLOB", 16 * MIB - 1, false},
    {"LONGBLOB", 16 * MIB, false},
};

/* Bytes have every value but that of a space, which CHAR loses at its end. */
static void fill(char *data, size_t size, bool utf8, bool bytes)
{
  for (size_t i = 0; i < size; i++) {
    size_t number = i * 31 + i / 4093;

    if (utf8)
      data[i] = "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"[i % 8];
    else
      data[i] = (char)(bytes ? number % 256 : 'a' + number % 26);
  }
}

START_TEST(the_greatest_lengths_by_text_and_binary)
{
  const char *definition = longest[_i].definition;
  size_t size = longest[_i].size;
  bool bytes = strstr(definition, "BINARY") || strstr(definition, "BLOB");
  char *data = malloc(size);
  char sql[200];
  reply_t reply;

  ck_assert_ptr_nonnull(data);
  fill(data, size, longest[_i].utf8, bytes);
  fixture_run(&fixture, "DROP TABLE IF EXISTS t");
  snprintf(sql, sizeof sql, "CREATE TABLE t (c %s) ENGINE=MyISAM", definition);
  fixture_run(&fixture, sql);
  reply = fixture_query(&fixture, "INSERT INTO t VALUES (?)",
                        AURORA_PARAMS(bytes ? aurora_bytes(data, size) : aurora_text(data, size)));
  ck_assert_uint_eq(aurora_result_warnings(reply.result), 0);
  reply_clear(&reply);
  for (int prepared = 0; prepared < 2; prepared++) {
    aurora_value_t value;

    reply = prepared ? fixture_query(&fixture, "SELECT c FROM t WHERE 1 = ?", AURORA_PARAMS(1))
                     : fixture_query(&fixture, "SELECT c FROM t", AURORA_NO_PARAMS);
    value = aurora_result_value(reply.result, 0, 0);
    ck_assert_int_eq(value.type, bytes ? AURORA_TYPE_BYTES : AURORA_TYPE_STRING);
    ck_assert_uint_eq(value.as.text.size, size);
    ck_assert(memcmp(value.as.text.data, data, size) == 0);
    reply_clear(&reply);
  }
  free(data);
}
END_TEST

/* The type came with MySQL 9.0. */
START_TEST(vectors_are_bytes)
{
  static const char sql[] = "SELECT TO_VECTOR('[1,2]') AS v FROM (SELECT 5 AS five) AS one";
  types_entry_t entry = {.sql = "TO_VECTOR('[1,2]')", .column_type = AURORA_TYPE_BYTES};

  if (database.kind != DATABASE_MYSQL)
    return;
  entry.value = aurora_bytes("\0\0\x80\x3f\0\0\0\x40", 8);
  check_both(&entry, sql);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("types");
  TCase *tcase = tcase_create("types");

  tcase_set_timeout(tcase, 100);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, every_type_by_text_and_binary);
  tcase_add_test(tcase, values_go_back_as_parameters);
  tcase_add_test(tcase, vectors_are_bytes);
  tcase_add_loop_test(tcase, the_greatest_lengths_by_text_and_binary, 0,
                      sizeof longest / sizeof *longest);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
