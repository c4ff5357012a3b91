/*
 * Large data both ways: parameters that go ahead of their statement in pieces, and results of the same
 * size; and what is given up in the middle.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "large.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

enum { HUNDRED = 100 * MIB }; /* bytes */

database_t large_database;
pool_fixture_t large_fixture;

static void open_pool(unsigned connections)
{
  aurora_config_t config = fixture_config(&large_database);

  config.pool_size = connections;
  config.max_result_size = (uint64_t)256 * MIB;
  fixture_open(&large_fixture, &config);
}

void large_set_up(void)
{
  ck_assert_int_eq(
      database_sql(&large_database,
                   "DROP TABLE IF EXISTS large; CREATE TABLE large (id INT PRIMARY KEY,"
                   " text LONGTEXT, bytes LONGBLOB, note VARCHAR(20))"
                   " ENGINE=MyISAM"),
      0);
  open_pool(1);
}

static void tear_down(void)
{
  fixture_close(&large_fixture);
}

char *large_pattern(size_t size)
{
  char *text = malloc(size + 1);

  ck_assert_ptr_nonnull(text);
  for (size_t i = 0; i < size; i++)
    text[i] = (char)('a' + (i * 31 + i / 4093) % 26);
  text[size] = '\0';
  return text;
}

void large_must_be(const reply_t *reply, unsigned column, const char *text, size_t size)
{
  aurora_text_t seen;

  ck_assert_int_eq(aurora_result_bytes(reply->result, 0, column, &seen), 0);
  ck_assert_uint_eq(seen.size, size);
  ck_assert(memcmp(seen.data, text, size) == 0);
}

int64_t large_length(const char *text, size_t size)
{
  reply_t reply =
      fixture_query(&large_fixture, "SELECT LENGTH(?)", AURORA_PARAMS(aurora_text(text, size)));
  int64_t length = -1;

  ck_assert_int_eq(aurora_result_int64(reply.result, 0, 0, &length), 0);
  reply_clear(&reply);
  return length;
}

START_TEST(a_hundred_megabytes_there_and_back)
{
  char *text = large_pattern(HUNDRED);
  reply_t reply;

  reply = fixture_query(&large_fixture, "SELECT ?, ? + 1",
                        AURORA_PARAMS(aurora_text(text, HUNDRED), 41));
  large_must_be(&reply, 0, text, HUNDRED);
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, 42);
  reply_clear(&reply);
  reply = fixture_query(&large_fixture, "INSERT INTO large (id, bytes) VALUES (?, ?)",
                        AURORA_PARAMS(1, aurora_bytes(text, HUNDRED)));
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
  reply_clear(&reply);
  reply = fixture_query(&large_fixture, "SELECT bytes FROM large", AURORA_NO_PARAMS);
  large_must_be(&reply, 0, text, HUNDRED);
  reply_clear(&reply);
  ck_assert_int_eq(large_length("1234", 4), 4);
  ck_assert_uint_eq(fixture_stats(&large_fixture).opened, 1);
  free(text);
}
END_TEST

/* Around the sizes at which a parameter, or its next piece, goes ahead: alone and behind another that
 * takes a part of the statement's own packet. */
START_TEST(sizes_around_the_pieces)
{
  static const size_t sizes[] = {
      0,   1,       32 * KIB,      32 * KIB + 1,        256 * KIB,   MIB - 1,
      MIB, MIB + 1, 256 * KIB * 5, MIB + 256 * KIB + 1, 2 * MIB - 1, 3 * MIB,
  };
  char *text = large_pattern(4 * MIB);

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    reply_t reply =
        fixture_query(&large_fixture, "SELECT ?, ?, ?, ?",
                      AURORA_PARAMS(aurora_text(text, sizes[i]), aurora_bytes(text + 7, sizes[i]),
                                    aurora_null(), aurora_text(text + 13, sizes[i] / 2)));

    large_must_be(&reply, 0, text, sizes[i]);
    large_must_be(&reply, 1, text + 7, sizes[i]);
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 2).type, AURORA_TYPE_NULL);
    large_must_be(&reply, 3, text + 13, sizes[i] / 2);
    reply_clear(&reply);
  }
  free(text);
}
END_TEST

/* Where the server makes a temporary table of a parameter. */
START_TEST(a_large_parameter_in_a_derived_table)
{
  static const char *const whole[] = {
      "SELECT LENGTH(t) FROM (SELECT CAST(? AS CHAR(2097152)) AS t) AS x",
      "SELECT LENGTH(t) FROM (SELECT CAST(? AS BINARY(2097152)) AS t) AS x",
  };
  char *text = large_pattern(2 * MIB);
  const aurora_params_t params = AURORA_PARAMS(aurora_text(text, 2 * MIB));
  reply_t reply =
      fixture_query(&large_fixture, "SELECT LENGTH(t) FROM (SELECT ? AS t) AS x", params);

  ck_assert_int_eq(reply.value, server_has(SERVER_LONG_DERIVED) ? 2 * MIB : 65535);
  reply_clear(&reply);
  for (size_t i = 0; i < 2; i++) {
    reply = fixture_query(&large_fixture, whole[i], params);
    ck_assert_int_eq(reply.value, 2 * MIB);
    reply_clear(&reply);
  }
  free(text);
}
END_TEST

/* What was sent ahead for one execution is no part of the next. */
START_TEST(large_and_small_in_turn)
{
  static const size_t sizes[] = {2 * MIB, 5, 3 * MIB, 0, MIB, 3 * MIB, 40 * KIB, 2 * MIB};
  char *text = large_pattern(3 * MIB);
  reply_t reply;

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ck_assert_int_eq(large_length(text, sizes[i]), (int64_t)sizes[i]);
    reply = fixture_query(&large_fixture, "SELECT LENGTH(?)", AURORA_PARAMS(aurora_null()));
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_NULL);
    reply_clear(&reply);
  }
  /* A text and NULL: each has a statement of its own where the types are fixed. */
  ck_assert_uint_eq(fixture_stats(&large_fixture).statement_misses,
                    server_has(SERVER_TYPES_BY_EXECUTION) ? 1 : 2);
  free(text);
}
END_TEST

/* The statement fails, and is as good as ever after that. */
START_TEST(a_statement_that_fails_with_large_parameters)
{
  static const char insert[] = "INSERT INTO large (id, text) VALUES (?, ?)";
  char *text = large_pattern(2 * MIB);
  reply_t reply;

  for (int i = 1; i <= 3; i++) {
    reply = fixture_query(&large_fixture, insert, AURORA_PARAMS(i, aurora_text(text, 2 * MIB)));
    reply_clear(&reply);
    ck_assert_uint_eq(fixture_fail(&large_fixture, insert,
                                   AURORA_PARAMS(i, aurora_text(text, 2 * MIB)), AURORA_ESERVER)
                          .server_errno,
                      ER_DUP_ENTRY);
    reply = fixture_query(&large_fixture, insert, AURORA_PARAMS(-i, "small"));
    reply_clear(&reply);
  }
  ck_assert_int_eq(fixture_number(&large_fixture, "SELECT SUM(LENGTH(text)) FROM large"),
                   3 * (2 * MIB + 5));
  ck_assert_uint_eq(fixture_stats(&large_fixture).opened, 1);
  free(text);
}
END_TEST

/* The server prepares the statement again, with what it was sent ahead. */
START_TEST(a_table_that_is_altered_before_large_parameters)
{
  static const char insert[] = "INSERT INTO large (id, text, note) VALUES (?, ?, ?)";
  char *text = large_pattern(2 * MIB);
  reply_t reply;

  for (int i = 1; i <= 3; i++) {
    reply =
        fixture_query(&large_fixture, insert, AURORA_PARAMS(i, aurora_text(text, 2 * MIB), "note"));
    reply_clear(&reply);
    ck_assert_int_eq(database_sql(&large_database, i % 2 ? "ALTER TABLE large ADD more INT FIRST"
                                                         : "ALTER TABLE large DROP more"),
                     0);
  }
  reply = fixture_query(&large_fixture, "SELECT text FROM large WHERE id = ?", AURORA_PARAMS(3));
  large_must_be(&reply, 0, text, 2 * MIB);
  reply_clear(&reply);
  ck_assert_int_eq(fixture_number(&large_fixture, "SELECT COUNT(DISTINCT text, note) FROM large"),
                   1);
  free(text);
}
END_TEST

/* While one is being sent, others get their turns. */
START_TEST(large_parameters_share_the_loop)
{
  char *text = large_pattern(HUNDRED);
  reply_t large, small[20];

  fixture_close(&large_fixture);
  open_pool(2);
  fixture_run(&large_fixture, "SELECT 1");
  fixture_ask(&large_fixture, &large, "SELECT LENGTH(?)",
              AURORA_PARAMS(aurora_text(text, HUNDRED)));
  free(text);
  for (size_t i = 0; i < sizeof small / sizeof *small; i++)
    fixture_ask(&large_fixture, &small[i], "SELECT 1", AURORA_NO_PARAMS);
  fixture_wait(&large_fixture, &large);
  reply_must_be_good(&large);
  ck_assert_int_eq(aurora_result_value(large.result, 0, 0).as.int64, HUNDRED);
  for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
    ck_assert_uint_lt(small[i].order, large.order);
    reply_must_be_good(&small[i]);
    reply_clear(&small[i]);
  }
  reply_clear(&large);
}
END_TEST

START_TEST(a_result_over_the_limit_of_results)
{
  fixture_fail(&large_fixture,
               "SELECT REPEAT('x', 255 * 1024 * 1024), REPEAT('y', 2 * 1024 * 1024)",
               AURORA_NO_PARAMS, AURORA_ETOOBIG);
  fixture_fail(&large_fixture, "SELECT REPEAT('x', 255 * 1024 * 1024), REPEAT('y', ?)",
               AURORA_PARAMS(2 * MIB), AURORA_ETOOBIG);
  ck_assert_int_eq(fixture_number(&large_fixture, "SELECT 42"), 42);
}
END_TEST

/* --- Given up in the middle --------------------------------------------------------------------- */

static const char insert_large[] = "INSERT INTO large (id, text, bytes) VALUES (?, ?, ?)";

/* The server reads nothing while it is frozen: sending gets stuck, far from the end. */
START_TEST(cancelled_while_it_is_sent)
{
  char *text = large_pattern(HUNDRED);
  reply_t reply;

  for (int round = 0; round < 3; round++) {
    reply = fixture_query(&large_fixture, insert_large, AURORA_PARAMS(-round, "small", "small"));
    reply_clear(&reply);
    ck_assert_int_eq(database_freeze(&large_database), 0);
    fixture_ask_with(&large_fixture, &reply, insert_large,
                     AURORA_PARAMS(1, aurora_text(text, HUNDRED), aurora_bytes(text, MIB)), NULL);
    loop_run_for(&large_fixture.loop, 50);
    ck_assert(!reply.done);
    ck_assert_int_eq(aurora_query_cancel(reply.query), 0);
    fixture_wait(&large_fixture, &reply);
    reply_must_be(&reply, UV_ECANCELED);
    ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
    ck_assert_int_eq(database_thaw(&large_database), 0);
    ck_assert_int_eq(fixture_number(&large_fixture, "SELECT COUNT(*) FROM large WHERE id > 0"), 0);
  }
  reply = fixture_query(&large_fixture, insert_large, AURORA_PARAMS(2, "small", "small"));
  reply_clear(&reply);
  ck_assert_int_eq(
      fixture_number(&large_fixture, "SELECT SUM(LENGTH(text) + LENGTH(bytes)) FROM large"),
      4 * 10);
  free(text);
}
END_TEST

/* Wherever the end comes: what was not sent was not executed, and later statements have nothing of
 * it. */
START_TEST(out_of_time_at_any_moment)
{
  enum { ROUNDS = 60, SIZE = 24 * MIB };
  char *text = large_pattern(SIZE);
  unsigned not_sent = 0;

  for (int round = 1; round <= ROUNDS; round++) {
    aurora_query_options_t options = {.timeout_ms = (uint64_t)round};
    int64_t rows;
    char sql[80];
    reply_t reply;

    fixture_ask_with(&large_fixture, &reply, insert_large,
                     AURORA_PARAMS(round, aurora_text(text, SIZE), aurora_bytes(text, MIB)),
                     &options);
    fixture_wait(&large_fixture, &reply);
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM large WHERE id = %d", round);
    rows = fixture_number(&large_fixture, sql);
    if (!reply.code) {
      ck_assert_int_eq(rows, 1);
      reply_clear(&reply);
    } else {
      reply_must_be(&reply, UV_ETIMEDOUT);
      if (reply.error.outcome == AURORA_NOT_SENT) {
        ck_assert_int_eq(rows, 0);
        not_sent++;
      }
    }
    reply = fixture_query(&large_fixture, insert_large, AURORA_PARAMS(-round, "small", "small"));
    reply_clear(&reply);
  }
  ck_assert_uint_gt(not_sent, 0);
  ck_assert_int_eq(
      fixture_number(&large_fixture,
                     "SELECT SUM(LENGTH(text) + LENGTH(bytes)) FROM large WHERE id < 0"),
      ROUNDS * 10);
  ck_assert_int_eq(fixture_number(&large_fixture,
                                  "SELECT COUNT(*) FROM large WHERE id > 0 AND"
                                  " LENGTH(text) + LENGTH(bytes) <> 25 * 1024 * 1024"),
                   0);
  free(text);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("large");
  TCase *tcase = tcase_create("large");

  tcase_set_timeout(tcase, 100);
  tcase_add_checked_fixture(tcase, large_set_up, tear_down);
  tcase_add_test(tcase, a_hundred_megabytes_there_and_back);
  tcase_add_test(tcase, sizes_around_the_pieces);
  tcase_add_test(tcase, large_and_small_in_turn);
  tcase_add_test(tcase, a_statement_that_fails_with_large_parameters);
  tcase_add_test(tcase, a_table_that_is_altered_before_large_parameters);
  tcase_add_test(tcase, large_parameters_share_the_loop);
  tcase_add_test(tcase, a_large_parameter_in_a_derived_table);
  tcase_add_test(tcase, a_result_over_the_limit_of_results);
  tcase_add_test(tcase, cancelled_while_it_is_sent);
  tcase_add_test(tcase, out_of_time_at_any_moment);
  suite_add_tcase(suite, tcase);
  large_add_limits(suite);
  return suite;
}

int main(void)
{
  static const char *const arguments[] = {"--max-allowed-packet=256M", NULL};
  const database_options_t options = {.tls = DATABASE_TLS_GOOD, .arguments = arguments};

  return test_run_with_database(make_suite(), &large_database, &options);
}
