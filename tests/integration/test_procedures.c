/*
 * What a statement gives besides rows: several results, OUT parameters, affected and found rows, insert
 * ids, warnings and info texts; by text and prepared.
 */
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

static database_t database;
static pool_fixture_t fixture;

static void open_pool(unsigned found_rows)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.found_rows = found_rows;
  fixture_open(&fixture, &config);
}

static void set_up(void)
{
  open_pool(0);
}

static void tear_down(void)
{
  fixture_close(&fixture);
}

static void sql(const char *statements)
{
  ck_assert_int_eq(database_sql(&database, statements), 0);
}

static void must_be_string(const aurora_result_t *result, unsigned column, const char *expected)
{
  const char *text;

  ck_assert_int_eq(aurora_result_string(result, 0, column, &text), 0);
  ck_assert_str_eq(text, expected);
}

/* The number of results behind the first. */
static unsigned results_after(const aurora_result_t *result)
{
  unsigned count = 0;

  while ((result = aurora_result_next(result)) != NULL)
    count++;
  return count;
}

static const char mixed[] =
    "DROP PROCEDURE IF EXISTS mixed; CREATE PROCEDURE mixed(IN a INT, OUT b BIGINT, INOUT c"
    " VARCHAR(20), OUT d DECIMAL(5,2), OUT nothing DATE) BEGIN"
    " SELECT a AS given; SET b = a * 1000000000, c = CONCAT(c, '!'),"
    " d = a / 8; SELECT 1, 2; END";

START_TEST(out_parameters_of_a_prepared_call)
{
  sql(mixed);
  for (int round = 1; round <= 3; round++) {
    reply_t reply =
        fixture_query(&fixture, "CALL mixed(?, ?, ?, ?, ?)",
                      AURORA_PARAMS(round * 8, aurora_null(), "hi", aurora_null(), aurora_null()));
    const aurora_result_t *second = aurora_result_next(reply.result);
    const aurora_result_t *out = aurora_result_next(second);
    const aurora_result_t *last = aurora_result_next(out);

    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, round * 8);
    ck_assert(!aurora_result_is_out_params(reply.result));
    ck_assert_uint_eq(aurora_result_columns(second), 2);
    ck_assert(!aurora_result_is_out_params(second));
    ck_assert(aurora_result_is_out_params(out));
    ck_assert_uint_eq(aurora_result_rows(out), 1);
    ck_assert_uint_eq(aurora_result_columns(out), 4);
    ck_assert_str_eq(aurora_result_column_name(out, 0), "b");
    ck_assert_int_eq(aurora_result_value(out, 0, 0).as.int64, round * INT64_C(8000000000));
    must_be_string(out, 1, "hi!");
    ck_assert_int_eq(aurora_result_column_type(out, 2), AURORA_TYPE_DECIMAL);
    ck_assert_int_eq(aurora_result_value(out, 0, 3).type, AURORA_TYPE_NULL);
    ck_assert_str_eq(aurora_result_column_name(out, 3), "nothing");
    ck_assert_uint_eq(aurora_result_columns(last), 0);
    ck_assert(!aurora_result_is_out_params(last));
    ck_assert_ptr_null(aurora_result_next(last));
    reply_clear(&reply);
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

/* Texts and bytes are told apart. */
START_TEST(out_parameters_of_every_text_type)
{
  static const aurora_type_t types[] = {AURORA_TYPE_STRING, AURORA_TYPE_STRING, AURORA_TYPE_STRING,
                                        AURORA_TYPE_BYTES,  AURORA_TYPE_BYTES,  AURORA_TYPE_BYTES,
                                        AURORA_TYPE_STRING, AURORA_TYPE_STRING};
  enum { OUTS = sizeof types / sizeof *types };
  aurora_value_t params[OUTS];

  for (size_t i = 0; i < OUTS; i++)
    params[i] = aurora_null();
  sql("DROP PROCEDURE IF EXISTS texts");
  sql("CREATE PROCEDURE texts(OUT a VARCHAR(20), OUT b CHAR(4), OUT c TEXT, OUT d VARBINARY(20),"
      " OUT e BINARY(4), OUT f BLOB, OUT g ENUM('text', 'no'), OUT h LONGTEXT)"
      " BEGIN SELECT 'text', _binary 'text'; SET a = 'text', b = 'text', c = 'text', d = 'text',"
      " e = 'text', f = 'text', g = 'text', h = 'text'; END");
  for (int round = 1; round <= 3; round++) {
    reply_t reply = fixture_query(&fixture, "CALL texts(?, ?, ?, ?, ?, ?, ?, ?)",
                                  (aurora_params_t){params, OUTS});
    const aurora_result_t *out = aurora_result_next(reply.result);

    ck_assert_int_eq(aurora_result_column_type(reply.result, 0), AURORA_TYPE_STRING);
    ck_assert_int_eq(aurora_result_column_type(reply.result, 1), AURORA_TYPE_BYTES);
    ck_assert(aurora_result_is_out_params(out));
    for (unsigned i = 0; i < OUTS; i++) {
      ck_assert_msg(aurora_result_column_type(out, i) == types[i], "%u: %s", i,
                    aurora_type_name(aurora_result_column_type(out, i)));
      ck_assert_str_eq(aurora_result_value(out, 0, i).as.text.data, "text");
    }
    reply_clear(&reply);
  }
}
END_TEST

/* However small the results are, together they pass the limit. _i: rows or none, by text or prepared, streamed. */
START_TEST(many_small_results_share_one_limit)
{
  static const char *const bodies[] = {"SELECT 1", "SELECT 1 FROM DUAL WHERE 1 = 0"};
  aurora_config_t config = fixture_config(&database);
  char text[256];

  sql("DROP PROCEDURE IF EXISTS many");
  snprintf(text, sizeof text,
           "CREATE PROCEDURE many(n INT) BEGIN WHILE n > 0 DO %s; SET n = n - 1; END WHILE; END",
           bodies[_i % 2]);
  sql(text);
  fixture_close(&fixture);
  config.pool_size = 1;
  config.max_result_size = 1024 * 1024;
  fixture_open(&fixture, &config);
  for (int round = 0; round < 2; round++) {
    reply_t reply;

    if (_i / 2)
      fixture_ask(&fixture, &reply, "CALL many(?)", AURORA_PARAMS(20000));
    else
      fixture_ask(&fixture, &reply, "CALL many(20000)", AURORA_NO_PARAMS);
    fixture_wait(&fixture, &reply);
    reply_must_be(&reply, AURORA_ETOOBIG);
    reply_clear(&reply);
    fixture_ask(&fixture, &reply, "CALL many(?)", AURORA_PARAMS(100));
    fixture_wait(&fixture, &reply);
    reply_must_be_good(&reply);
    ck_assert_uint_eq(results_after(reply.result), 100);
    reply_clear(&reply);
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  }
  fixture_close(&fixture);
  config.max_result_size = 64 * 1024 * 1024;
  fixture_open(&fixture, &config);
  {
    reply_t reply = fixture_query(&fixture, "CALL many(?)", AURORA_PARAMS(20000));

    ck_assert_uint_eq(results_after(reply.result), 20000);
    reply_clear(&reply);
  }
}
END_TEST

START_TEST(out_parameters_by_text)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  reply_t reply;

  sql(mixed);
  fixture_ask_lease(&fixture, lease, &reply, "SET @c = 'hi'", AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_clear(&reply);
  fixture_ask_lease(&fixture, lease, &reply, "CALL mixed(16, @b, @c, @d, @e)", AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_uint_eq(results_after(reply.result), 2);
  for (const aurora_result_t *result = reply.result; result; result = aurora_result_next(result))
    ck_assert(!aurora_result_is_out_params(result));
  reply_clear(&reply);
  fixture_ask_lease(&fixture, lease, &reply, "SELECT @b, @c, @d, @e", AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, INT64_C(16000000000));
  must_be_string(reply.result, 1, "hi!");
  must_be_string(reply.result, 2, "2.00");
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 3).type, AURORA_TYPE_NULL);
  reply_clear(&reply);
  aurora_connection_release(lease);
}
END_TEST

/* Without results of its own, and with nothing but OUT parameters. */
START_TEST(only_out_parameters)
{
  sql("DROP PROCEDURE IF EXISTS only_out; CREATE PROCEDURE only_out(OUT n INT) SET n = 7");
  for (int round = 0; round < 3; round++) {
    reply_t reply = fixture_query(&fixture, "CALL only_out(?)", AURORA_PARAMS(aurora_null()));

    ck_assert(aurora_result_is_out_params(reply.result));
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, 7);
    ck_assert_uint_eq(results_after(reply.result), 1);
    reply_clear(&reply);
  }
  /* A statement that is no CALL has none. */
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"), 1);
}
END_TEST

typedef struct {
  reply_t reply; /* first: what the callback gets */
  unsigned rows, out_rows;
  aurora_result_t *kept;
} stream_t;

static int on_row(const aurora_result_t *row, void *data)
{
  stream_t *stream = data;

  stream->rows++;
  if (aurora_result_is_out_params(row)) {
    stream->out_rows++;
    stream->kept = aurora_result_ref(row);
  }
  return 0;
}

START_TEST(out_parameters_of_a_stream)
{
  const aurora_query_options_t options = {.on_row = on_row};
  stream_t stream = {.rows = 0};

  sql(mixed);
  fixture_ask_with(&fixture, &stream.reply, "CALL mixed(?, ?, ?, ?, ?)",
                   AURORA_PARAMS(8, aurora_null(), "hi", aurora_null(), aurora_null()), &options);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be_good(&stream.reply);
  ck_assert_uint_eq(stream.rows, 3);
  ck_assert_uint_eq(stream.out_rows, 1);
  must_be_string(stream.kept, 1, "hi!");
  aurora_result_unref(stream.kept);
  reply_clear(&stream.reply);
}
END_TEST

/* The server counts none for results from inside; those of the last statement come with the end. */
START_TEST(warnings_of_a_call)
{
  sql("DROP PROCEDURE IF EXISTS warned; CREATE PROCEDURE warned(n INT) BEGIN SELECT 1/n; SELECT "
      "1/n, 2/n, 3/n; END");
  for (int prepared = 0; prepared < 2; prepared++) {
    static const unsigned expected[] = {0, 0, 3};
    reply_t reply = prepared ? fixture_query(&fixture, "CALL warned(?)", AURORA_PARAMS(0))
                             : fixture_query(&fixture, "CALL warned(0)", AURORA_NO_PARAMS);
    const aurora_result_t *result = reply.result;

    for (size_t i = 0; i < 3; i++) {
      ck_assert_uint_eq(aurora_result_warnings(result), expected[i]);
      result = aurora_result_next(result);
    }
    reply_clear(&reply);
  }
}
END_TEST

START_TEST(what_a_call_changes)
{
  sql("DROP TABLE IF EXISTS changed; CREATE TABLE changed (id INT AUTO_INCREMENT PRIMARY KEY, v "
      "INT);"
      "DROP PROCEDURE IF EXISTS change_all; CREATE PROCEDURE change_all(n INT) MODIFIES SQL DATA "
      "BEGIN"
      " INSERT INTO changed (v) VALUES (n), (n); SELECT LAST_INSERT_ID() AS id;"
      " UPDATE changed SET v = v + 1; END");
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply = prepared ? fixture_query(&fixture, "CALL change_all(?)", AURORA_PARAMS(1))
                             : fixture_query(&fixture, "CALL change_all(1)", AURORA_NO_PARAMS);
    const aurora_result_t *last = aurora_result_next(reply.result);
    int64_t id = 0;

    ck_assert_int_eq(aurora_result_int64(reply.result, 0, 0, &id), 0);
    ck_assert_int_eq(id, 1 + 2 * prepared);
    ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
    if (server_has(SERVER_CALL_SUMS))
      ck_assert_uint_eq(aurora_result_affected_rows(last), prepared ? 6 : 4);
    else
      ck_assert_uint_eq(aurora_result_affected_rows(last), prepared ? 4 : 2);
    reply_clear(&reply);
  }
  sql("DROP TABLE changed; DROP PROCEDURE change_all");
}
END_TEST

static void must_affect(const char *statement, aurora_params_t params, uint64_t rows,
                        const char *info)
{
  reply_t reply = fixture_query(&fixture, statement, params);

  ck_assert_msg(aurora_result_affected_rows(reply.result) == rows, "%s: %llu rows", statement,
                (unsigned long long)aurora_result_affected_rows(reply.result));
  ck_assert_str_eq(aurora_result_info(reply.result), info);
  reply_clear(&reply);
}

START_TEST(found_rows)
{
  for (unsigned found = 0; found < 2; found++) {
    static const char *const info = "Rows matched: 3  Changed: 1  Warnings: 0";

    sql("DROP TABLE IF EXISTS found; CREATE TABLE found (id INT PRIMARY KEY, v INT);"
        "INSERT INTO found VALUES (1, 1), (2, 2), (3, 2)");
    fixture_close(&fixture);
    open_pool(found);
    must_affect("UPDATE found SET v = 2", AURORA_NO_PARAMS, found ? 3 : 1, info);
    must_affect("UPDATE found SET v = 3 WHERE id = 1", AURORA_NO_PARAMS, 1,
                "Rows matched: 1  Changed: 1  Warnings: 0");
    must_affect("UPDATE found SET v = ?", AURORA_PARAMS(2), found ? 3 : 1, info);
    must_affect("UPDATE found SET v = ? WHERE id > 9", AURORA_PARAMS(2), 0,
                "Rows matched: 0  Changed: 0  Warnings: 0");
    must_affect("INSERT INTO found VALUES (1, 2) ON DUPLICATE KEY UPDATE v = 2", AURORA_NO_PARAMS,
                found ? 1 : 0, "");
    must_affect("DELETE FROM found WHERE v = ?", AURORA_PARAMS(2), 3, "");
  }
}
END_TEST

START_TEST(info_texts)
{
  sql("DROP TABLE IF EXISTS told; CREATE TABLE told (id INT PRIMARY KEY, v INT)");
  must_affect("INSERT INTO told VALUES (1, 1), (2, 2)", AURORA_NO_PARAMS, 2,
              "Records: 2  Duplicates: 0  Warnings: 0");
  must_affect("INSERT INTO told VALUES (?, 1), (4, ?)", AURORA_PARAMS(3, 4), 2,
              "Records: 2  Duplicates: 0  Warnings: 0");
  must_affect("INSERT IGNORE INTO told SELECT id, v FROM told WHERE id > ?", AURORA_PARAMS(1), 0,
              "Records: 3  Duplicates: 3  Warnings: 3");
  must_affect("SELECT 1", AURORA_NO_PARAMS, 1, "");
  must_affect("REPLACE INTO told VALUES (?, 9)", AURORA_PARAMS(1), 2, "");
  must_affect("ALTER TABLE told ADD w INT", AURORA_NO_PARAMS, 0,
              "Records: 0  Duplicates: 0  Warnings: 0");
  must_affect("SELECT ?", AURORA_PARAMS(1), 1, "");
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("procedures");
  TCase *tcase = tcase_create("procedures");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, out_parameters_of_a_prepared_call);
  tcase_add_test(tcase, out_parameters_by_text);
  tcase_add_test(tcase, out_parameters_of_every_text_type);
  tcase_add_loop_test(tcase, many_small_results_share_one_limit, 0, 4);
  tcase_add_test(tcase, only_out_parameters);
  tcase_add_test(tcase, out_parameters_of_a_stream);
  tcase_add_test(tcase, warnings_of_a_call);
  tcase_add_test(tcase, what_a_call_changes);
  tcase_add_test(tcase, found_rows);
  tcase_add_test(tcase, info_texts);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
