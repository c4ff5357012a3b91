/*
 * Large data both ways: parameters that go ahead of their statement in pieces, and results of the same
 * size; what does not fit; and what is given up in the middle.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "libmariadb/internals.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

enum {
  KIB = 1024,
  MIB = 1024 * 1024,
  HUNDRED = 100 * MIB, /* bytes */
  DEFAULT_PACKET = 16 * MIB
};

static database_t database;
static pool_fixture_t fixture;

static void open_pool(unsigned connections)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = connections;
  config.max_result_size = (uint64_t)256 * MIB;
  fixture_open(&fixture, &config);
}

static void set_packet_limit(unsigned bytes)
{
  char sql[80];

  snprintf(sql, sizeof sql, "SET GLOBAL max_allowed_packet = %u", bytes);
  ck_assert_int_eq(database_sql(&database, sql), 0);
}

static void set_up(void)
{
  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS large; CREATE TABLE large (id INT PRIMARY KEY,"
                              " text LONGTEXT, bytes LONGBLOB, note VARCHAR(20))"
                              " ENGINE=MyISAM"),
      0);
  open_pool(1);
}

/* Sessions take the server's limit when they begin. */
static void set_up_default_limit(void)
{
  set_packet_limit(DEFAULT_PACKET);
  set_up();
}

static void tear_down(void)
{
  fixture_close(&fixture);
  set_packet_limit(256 * MIB);
}

/* A text in which a part that is missing, doubled or misplaced would be seen. */
static char *make_pattern(size_t size)
{
  char *text = malloc(size + 1);

  ck_assert_ptr_nonnull(text);
  for (size_t i = 0; i < size; i++)
    text[i] = (char)('a' + (i * 31 + i / 4093) % 26);
  text[size] = '\0';
  return text;
}

static void must_be(const reply_t *reply, unsigned column, const char *text, size_t size)
{
  aurora_text_t seen;

  ck_assert_int_eq(aurora_result_bytes(reply->result, 0, column, &seen), 0);
  ck_assert_uint_eq(seen.size, size);
  ck_assert(memcmp(seen.data, text, size) == 0);
}

static int64_t length_of(const char *text, size_t size)
{
  reply_t reply =
      fixture_query(&fixture, "SELECT LENGTH(?)", AURORA_PARAMS(aurora_text(text, size)));
  int64_t length = -1;

  ck_assert_int_eq(aurora_result_int64(reply.result, 0, 0, &length), 0);
  reply_clear(&reply);
  return length;
}

START_TEST(a_hundred_megabytes_there_and_back)
{
  char *text = make_pattern(HUNDRED);
  reply_t reply;

  reply = fixture_query(&fixture, "SELECT ?, ? + 1", AURORA_PARAMS(aurora_text(text, HUNDRED), 41));
  must_be(&reply, 0, text, HUNDRED);
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, 42);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "INSERT INTO large (id, bytes) VALUES (?, ?)",
                        AURORA_PARAMS(1, aurora_bytes(text, HUNDRED)));
  ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 1);
  reply_clear(&reply);
  reply = fixture_query(&fixture, "SELECT bytes FROM large", AURORA_NO_PARAMS);
  must_be(&reply, 0, text, HUNDRED);
  reply_clear(&reply);
  ck_assert_int_eq(length_of("1234", 4), 4);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
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
  char *text = make_pattern(4 * MIB);

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    reply_t reply =
        fixture_query(&fixture, "SELECT ?, ?, ?, ?",
                      AURORA_PARAMS(aurora_text(text, sizes[i]), aurora_bytes(text + 7, sizes[i]),
                                    aurora_null(), aurora_text(text + 13, sizes[i] / 2)));

    must_be(&reply, 0, text, sizes[i]);
    must_be(&reply, 1, text + 7, sizes[i]);
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 2).type, AURORA_TYPE_NULL);
    must_be(&reply, 3, text + 13, sizes[i] / 2);
    reply_clear(&reply);
  }
  free(text);
}
END_TEST

/* Each may be as large as the limit, whatever they are together: here 40 MiB of 16. */
START_TEST(many_large_parameters)
{
  enum { PARAMETERS = 10 };
  char *text = make_pattern(4 * MIB + PARAMETERS);
  aurora_value_t values[PARAMETERS];
  reply_t reply;

  for (unsigned i = 0; i < PARAMETERS; i++)
    values[i] = i % 2 ? aurora_bytes(text + i, 4 * MIB) : aurora_text(text + i, 4 * MIB);
  for (int round = 0; round < 2; round++) {
    reply = fixture_query(
        &fixture,
        "SELECT CONCAT_WS(' ', SHA2(?, 256), SHA2(?, 256), SHA2(?, 256), SHA2(?, 256), SHA2(?, "
        "256), SHA2(?, 256),"
        " SHA2(?, 256), SHA2(?, 256), SHA2(?, 256)) = (SELECT GROUP_CONCAT(SHA2(SUBSTR(t, n, "
        "4194304), 256)"
        " ORDER BY n SEPARATOR ' ') FROM (SELECT ? AS t) AS x, (SELECT seq AS n"
        " FROM seq_1_to_9) AS y)",
        (aurora_params_t){(aurora_value_t[]){values[0], values[1], values[2], values[3], values[4],
                                             values[5], values[6], values[7], values[8],
                                             aurora_text(text, 4 * MIB + 8)},
                          PARAMETERS});
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, 1);
    reply_clear(&reply);
  }
  free(text);
}
END_TEST

/* What was sent ahead for one execution is no part of the next. */
START_TEST(large_and_small_in_turn)
{
  static const size_t sizes[] = {2 * MIB, 5, 3 * MIB, 0, MIB, 3 * MIB, 40 * KIB, 2 * MIB};
  char *text = make_pattern(3 * MIB);
  reply_t reply;

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ck_assert_int_eq(length_of(text, sizes[i]), (int64_t)sizes[i]);
    reply = fixture_query(&fixture, "SELECT LENGTH(?)", AURORA_PARAMS(aurora_null()));
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_NULL);
    reply_clear(&reply);
  }
  /* A text and NULL: each has a statement of its own where the types are fixed. */
  ck_assert_uint_eq(fixture_stats(&fixture).statement_misses,
                    server_has(SERVER_TYPES_BY_EXECUTION) ? 1 : 2);
  free(text);
}
END_TEST

/* The statement fails, and is as good as ever after that. */
START_TEST(a_statement_that_fails_with_large_parameters)
{
  static const char insert[] = "INSERT INTO large (id, text) VALUES (?, ?)";
  char *text = make_pattern(2 * MIB);
  reply_t reply;

  for (int i = 1; i <= 3; i++) {
    reply = fixture_query(&fixture, insert, AURORA_PARAMS(i, aurora_text(text, 2 * MIB)));
    reply_clear(&reply);
    ck_assert_uint_eq(
        fixture_fail(&fixture, insert, AURORA_PARAMS(i, aurora_text(text, 2 * MIB)), AURORA_ESERVER)
            .server_errno,
        ER_DUP_ENTRY);
    reply = fixture_query(&fixture, insert, AURORA_PARAMS(-i, "small"));
    reply_clear(&reply);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT SUM(LENGTH(text)) FROM large"),
                   3 * (2 * MIB + 5));
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  free(text);
}
END_TEST

/* The server prepares the statement again, with what it was sent ahead. */
START_TEST(a_table_that_is_altered_before_large_parameters)
{
  static const char insert[] = "INSERT INTO large (id, text, note) VALUES (?, ?, ?)";
  char *text = make_pattern(2 * MIB);
  reply_t reply;

  for (int i = 1; i <= 3; i++) {
    reply = fixture_query(&fixture, insert, AURORA_PARAMS(i, aurora_text(text, 2 * MIB), "note"));
    reply_clear(&reply);
    ck_assert_int_eq(database_sql(&database, i % 2 ? "ALTER TABLE large ADD more INT FIRST"
                                                   : "ALTER TABLE large DROP more"),
                     0);
  }
  reply = fixture_query(&fixture, "SELECT text FROM large WHERE id = ?", AURORA_PARAMS(3));
  must_be(&reply, 0, text, 2 * MIB);
  reply_clear(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(DISTINCT text, note) FROM large"), 1);
  free(text);
}
END_TEST

/* While one is being sent, others get their turns. */
START_TEST(large_parameters_share_the_loop)
{
  char *text = make_pattern(HUNDRED);
  reply_t large, small[20];

  fixture_close(&fixture);
  open_pool(2);
  fixture_run(&fixture, "SELECT 1");
  fixture_ask(&fixture, &large, "SELECT LENGTH(?)", AURORA_PARAMS(aurora_text(text, HUNDRED)));
  free(text);
  for (size_t i = 0; i < sizeof small / sizeof *small; i++)
    fixture_ask(&fixture, &small[i], "SELECT 1", AURORA_NO_PARAMS);
  fixture_wait(&fixture, &large);
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
  fixture_fail(&fixture, "SELECT REPEAT('x', 255 * 1024 * 1024), REPEAT('y', 2 * 1024 * 1024)",
               AURORA_NO_PARAMS, AURORA_ETOOBIG);
  fixture_fail(&fixture, "SELECT REPEAT('x', 255 * 1024 * 1024), REPEAT('y', ?)",
               AURORA_PARAMS(2 * MIB), AURORA_ETOOBIG);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
}
END_TEST

/* --- Over max_allowed_packet -------------------------------------------------------------------- */

START_TEST(a_parameter_over_the_default_limit)
{
  char *text = make_pattern(DEFAULT_PACKET + 1);
  int64_t id = fixture_number(&fixture, "SELECT CONNECTION_ID()");

  for (int round = 0; round < 2; round++) {
    aurora_error_t error =
        fixture_fail(&fixture, "SELECT LENGTH(?)",
                     AURORA_PARAMS(aurora_text(text, DEFAULT_PACKET + 1)), AURORA_ESERVER);

    ck_assert_uint_eq(error.server_errno, ER_UNKNOWN_ERROR);
    ck_assert_int_eq(error.outcome, AURORA_REFUSED);
    ck_assert_ptr_nonnull(strstr(error.message, "max_allowed_packet"));
    ck_assert_int_eq(length_of(text, 5), 5);
    ck_assert_int_eq(length_of(text, DEFAULT_PACKET), DEFAULT_PACKET);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT CONNECTION_ID()"), id);
  free(text);
}
END_TEST

static void fail_by_size(const char *sql, aurora_params_t params)
{
  reply_t reply;

  fixture_ask(&fixture, &reply, sql, params);
  fixture_wait(&fixture, &reply);
  ck_assert_msg(reply.code == AURORA_ELOST || reply.code == AURORA_ESERVER, "%s: %s",
                aurora_err_name(reply.code), reply.error.message);
  if (reply.code == AURORA_ESERVER)
    ck_assert_uint_eq(reply.error.server_errno, ER_NET_PACKET_TOO_LARGE);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "max_allowed_packet"));
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
}

START_TEST(a_statement_over_the_default_limit)
{
  static const size_t sizes[] = {DEFAULT_PACKET + 10, DEFAULT_PACKET + MIB, 3 * DEFAULT_PACKET};

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *sql = make_pattern(sizes[i] + 9);

    memcpy(sql, "SELECT '", 8);
    sql[sizes[i] + 8] = '\'';
    fail_by_size(sql, AURORA_NO_PARAMS);
    memcpy(sql, "SELECT ?,'", 10);
    fail_by_size(sql, AURORA_PARAMS(1));
    free(sql);
  }
}
END_TEST

/* Small parameters go together, and are too much together. */
START_TEST(small_parameters_over_the_default_limit)
{
  enum { PARAMETERS = 600 };
  aurora_value_t values[PARAMETERS];
  char *text = make_pattern(30 * KIB);
  char sql[2 * PARAMETERS + 40] = "SELECT LENGTH(CONCAT(?";

  for (unsigned i = 0; i < PARAMETERS; i++)
    values[i] = aurora_text(text, 30 * KIB);
  for (unsigned i = 1; i < PARAMETERS; i++)
    strcat(sql, ",?");
  strcat(sql, "))");
  fail_by_size(sql, (aurora_params_t){values, PARAMETERS});
  free(text);
}
END_TEST

/* The server gives NULL and a warning, or an error where data would be lost. */
START_TEST(a_value_that_the_server_cannot_make)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply = prepared
                        ? fixture_query(&fixture, "SELECT REPEAT('x', ?)", AURORA_PARAMS(17 * MIB))
                        : fixture_query(&fixture, "SELECT REPEAT('x', 17825792)", AURORA_NO_PARAMS);

    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_NULL);
    /* Of prepared rows they are counted only where libmariadb is known. */
    ck_assert_uint_eq(aurora_result_warnings(reply.result),
                      prepared && !aurora__internals_known() ? 0 : 1);
    reply_clear(&reply);
  }
  ck_assert_uint_eq(fixture_fail(&fixture,
                                 "INSERT INTO large (id, text) VALUES (1, REPEAT('x', ?))",
                                 AURORA_PARAMS(17 * MIB), AURORA_ESERVER)
                        .server_errno,
                    ER_WARN_ALLOWED_PACKET_OVERFLOWED);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

START_TEST(more_than_any_server_takes)
{
  const size_t size = ((size_t)1 << 30) + 1;
  char byte = 'x'; /* not read: the size is enough */
  const aurora_value_t values[] = {aurora_bytes(&byte, size), aurora_text(&byte, size)};
  reply_t reply;

  for (size_t i = 0; i < 2; i++)
    ck_assert_int_eq(aurora_pool_query(fixture.pool, "SELECT ?", (aurora_params_t){&values[i], 1},
                                       reply_on_query, &reply),
                     UV_EINVAL);
}
END_TEST

/* --- Given up in the middle --------------------------------------------------------------------- */

static const char insert_large[] = "INSERT INTO large (id, text, bytes) VALUES (?, ?, ?)";

/* The server reads nothing while it is frozen: sending gets stuck, far from the end. */
START_TEST(cancelled_while_it_is_sent)
{
  char *text = make_pattern(HUNDRED);
  reply_t reply;

  for (int round = 0; round < 3; round++) {
    reply = fixture_query(&fixture, insert_large, AURORA_PARAMS(-round, "small", "small"));
    reply_clear(&reply);
    ck_assert_int_eq(database_freeze(&database), 0);
    fixture_ask_with(&fixture, &reply, insert_large,
                     AURORA_PARAMS(1, aurora_text(text, HUNDRED), aurora_bytes(text, MIB)), NULL);
    loop_run_for(&fixture.loop, 50);
    ck_assert(!reply.done);
    ck_assert_int_eq(aurora_query_cancel(reply.query), 0);
    fixture_wait(&fixture, &reply);
    reply_must_be(&reply, UV_ECANCELED);
    ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
    ck_assert_int_eq(database_thaw(&database), 0);
    ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM large WHERE id > 0"), 0);
  }
  reply = fixture_query(&fixture, insert_large, AURORA_PARAMS(2, "small", "small"));
  reply_clear(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT SUM(LENGTH(text) + LENGTH(bytes)) FROM large"),
                   4 * 10);
  free(text);
}
END_TEST

/* Wherever the end comes: what was not sent was not executed, and later statements have nothing of
 * it. */
START_TEST(out_of_time_at_any_moment)
{
  enum { ROUNDS = 60, SIZE = 24 * MIB };
  char *text = make_pattern(SIZE);
  unsigned not_sent = 0;

  for (int round = 1; round <= ROUNDS; round++) {
    aurora_query_options_t options = {.timeout_ms = (uint64_t)round};
    int64_t rows;
    char sql[80];
    reply_t reply;

    fixture_ask_with(&fixture, &reply, insert_large,
                     AURORA_PARAMS(round, aurora_text(text, SIZE), aurora_bytes(text, MIB)),
                     &options);
    fixture_wait(&fixture, &reply);
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM large WHERE id = %d", round);
    rows = fixture_number(&fixture, sql);
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
    reply = fixture_query(&fixture, insert_large, AURORA_PARAMS(-round, "small", "small"));
    reply_clear(&reply);
  }
  ck_assert_uint_gt(not_sent, 0);
  ck_assert_int_eq(
      fixture_number(&fixture, "SELECT SUM(LENGTH(text) + LENGTH(bytes)) FROM large WHERE id < 0"),
      ROUNDS * 10);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM large WHERE id > 0 AND"
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
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, a_hundred_megabytes_there_and_back);
  tcase_add_test(tcase, sizes_around_the_pieces);
  tcase_add_test(tcase, large_and_small_in_turn);
  tcase_add_test(tcase, a_statement_that_fails_with_large_parameters);
  tcase_add_test(tcase, a_table_that_is_altered_before_large_parameters);
  tcase_add_test(tcase, large_parameters_share_the_loop);
  tcase_add_test(tcase, a_result_over_the_limit_of_results);
  tcase_add_test(tcase, more_than_any_server_takes);
  tcase_add_test(tcase, cancelled_while_it_is_sent);
  tcase_add_test(tcase, out_of_time_at_any_moment);
  suite_add_tcase(suite, tcase);
  tcase = tcase_create("limit");
  tcase_set_timeout(tcase, 100);
  tcase_add_checked_fixture(tcase, set_up_default_limit, tear_down);
  tcase_add_test(tcase, many_large_parameters);
  tcase_add_test(tcase, a_parameter_over_the_default_limit);
  tcase_add_test(tcase, a_statement_over_the_default_limit);
  tcase_add_test(tcase, small_parameters_over_the_default_limit);
  tcase_add_test(tcase, a_value_that_the_server_cannot_make);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  static const char *const arguments[] = {"--max-allowed-packet=256M", NULL};
  const database_options_t options = {.tls = DATABASE_TLS_GOOD, .arguments = arguments};

  return test_run_with_database(make_suite(), &database, &options);
}
