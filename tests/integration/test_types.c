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
  config.init_sql = "SET time_zone = '+00:00', sql_mode = REPLACE(REPLACE(@@sql_mode,"
                    " 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', '')";
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

/* Makes the table of that name with the value. false: the server has no such thing, and says so. */
static bool made(const char *table, const types_entry_t *entry)
{
  bool refused = entry->special && !server_has(entry->feature);
  char create[200], insert[400];
  reply_t reply;

  snprintf(create, sizeof create, "DROP TABLE IF EXISTS %s", table);
  fixture_run(&fixture, create);
  snprintf(create, sizeof create, "CREATE TABLE %s (c %s)", table, entry->definition);
  snprintf(insert, sizeof insert, "INSERT INTO %s VALUES (%s)", table, entry->sql);
  if (!refused) {
    fixture_run(&fixture, create);
    fixture_run(&fixture, insert);
    return true;
  }
  fixture_ask(&fixture, &reply, create, AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  if (!reply.code) {
    reply_clear(&reply);
    fixture_ask(&fixture, &reply, insert, AURORA_NO_PARAMS);
    fixture_wait(&fixture, &reply);
  }
  ck_assert_msg(reply.error.server_errno == entry->server_errno, "%s %s: %s", entry->definition,
                entry->sql, reply.error.message);
  reply_must_be(&reply, AURORA_ESERVER);
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
    if (made("t", entry))
      check_both(entry, "SELECT c FROM t");
  }
}
END_TEST

/* MySQL takes a fraction in hour 838 from a text, but not as a parameter. */
static bool is_no_parameter(const types_entry_t *entry)
{
  return !server_has(SERVER_LAST_SECOND) && strcmp(entry->sql, "'838:59:58.999999'") == 0;
}

/* What came out of the table goes in as a parameter and is the same value for the server. */
static void go_back(const types_entry_t *entry)
{
  reply_t value = fixture_query(&fixture, "SELECT c FROM t", AURORA_NO_PARAMS);
  reply_t back;

  fixture_run(&fixture, "DROP TABLE IF EXISTS u");
  fixture_run(&fixture, "CREATE TABLE u LIKE t");
  if (is_no_parameter(entry)) {
    fixture_fail(&fixture, "INSERT INTO u VALUES (?)",
                 AURORA_PARAMS(aurora_result_value(value.result, 0, 0)), AURORA_ESERVER);
    reply_clear(&value);
    return;
  }
  back = fixture_query(&fixture, "INSERT INTO u VALUES (?)",
                       AURORA_PARAMS(aurora_result_value(value.result, 0, 0)));
  reply_clear(&back);
  reply_clear(&value);
  ck_assert_msg(fixture_number(&fixture, "SELECT t.c <=> u.c FROM t, u") == 1, "%s %s",
                entry->definition, entry->sql);
}

/* But for FLOAT, of which six digits are shown. */
START_TEST(values_go_back_as_parameters)
{
  for (size_t i = 0; i < sizeof types_table / sizeof *types_table; i++) {
    const types_entry_t *entry = &types_table[i];

    if (entry->definition && strncmp(entry->definition, "FLOAT", 5) != 0 && made("t", entry))
      go_back(entry);
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

/* The type came with MySQL 9.0 and MariaDB 11.7, which calls it a string. */
START_TEST(vectors_are_bytes)
{
  static const types_entry_t entries[] = {
      {NULL,
       "TO_VECTOR('[1,2]')",
       AURORA_TYPE_BYTES,
       {AURORA_TYPE_BYTES, {.text = {"\0\0\x80\x3f\0\0\0\x40", 8}}}},
      {"VECTOR(2)",
       "TO_VECTOR('[1,2]')",
       AURORA_TYPE_BYTES,
       {AURORA_TYPE_BYTES, {.text = {"\0\0\x80\x3f\0\0\0\x40", 8}}}},
      {"VECTOR", "NULL", AURORA_TYPE_BYTES, {AURORA_TYPE_NULL, {0}}},
  };

  if (database.kind != DATABASE_MYSQL)
    return;
  check_both(&entries[0], "SELECT TO_VECTOR('[1,2]') AS v FROM (SELECT 5 AS five) AS one");
  for (size_t i = 1; i < sizeof entries / sizeof *entries; i++) {
    ck_assert(made("t", &entries[i]));
    check_both(&entries[i], "SELECT c FROM t");
    go_back(&entries[i]);
  }
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
