/*
 * Results of great size: large values both ways, many rows buffered and streamed, the limit of a
 * buffered result, and results that are kept.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/sanitized.h"

enum {
  MIB = 1024 * 1024,
  MAX_PACKET = 32 * MIB,  /* the server's max_allowed_packet */
  WHOLE_PACKET = 0xffffff /* bytes that one packet of the protocol holds */
};

static database_t database;
static pool_fixture_t fixture;

static void set_up(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  fixture_open(&fixture, &config);
}

static void tear_down(void)
{
  fixture_close(&fixture);
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

/* Around the sizes at which the protocol needs one more packet, and one more byte of length. */
static const size_t sizes[] = {
    0,
    250,
    251,
    65535,
    65536,
    WHOLE_PACKET - 5,
    WHOLE_PACKET - 4,
    WHOLE_PACKET - 3,
    WHOLE_PACKET,
    WHOLE_PACKET + 1,
    20 * MIB,
    MAX_PACKET - 1024,
};

START_TEST(large_values_there_and_back)
{
  size_t size = sizes[_i];
  char *text = make_pattern(size);
  aurora_text_t seen;
  reply_t reply;

  reply = fixture_query(
      &fixture, "SELECT ?, LENGTH(?)",
      (aurora_params_t){(aurora_value_t[]){aurora_text(text, size), aurora_text("12345", 5)}, 2});
  ck_assert_int_eq(aurora_result_text(reply.result, 0, 0, &seen), 0);
  ck_assert_uint_eq(seen.size, size);
  ck_assert(memcmp(seen.data, text, size) == 0);
  ck_assert_int_eq(seen.data[size], '\0');
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, 5);
  reply_clear(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  free(text);
}
END_TEST

START_TEST(large_statements_and_values_by_text)
{
  size_t size = sizes[_i];
  char *text = make_pattern(size);
  char *sql = malloc(size + 64);
  aurora_text_t seen;
  reply_t reply;

  ck_assert_ptr_nonnull(sql);
  sprintf(sql, "SELECT '%s' AS t, 5 AS n", text);
  reply = fixture_query(&fixture, sql, AURORA_NO_PARAMS);
  ck_assert_int_eq(aurora_result_text(reply.result, 0, 0, &seen), 0);
  ck_assert_uint_eq(seen.size, size);
  ck_assert(memcmp(seen.data, text, size) == 0);
  ck_assert_int_eq(aurora_result_value(reply.result, 0, 1).as.int64, 5);
  reply_clear(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  free(text);
  free(sql);
}
END_TEST

/* A parameter the server refuses, and the session goes on. On a statement it hangs up, maybe while it is
 * still being sent to; either way the caller is told once, and the pool goes on. */
START_TEST(more_than_max_allowed_packet)
{
  size_t size = MAX_PACKET + MIB;
  char *text = make_pattern(size);
  reply_t reply;

  fixture_ask(&fixture, &reply, "SELECT LENGTH(?)",
              (aurora_params_t){(aurora_value_t[]){aurora_text(text, size)}, 1});
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.error.server_errno, ER_UNKNOWN_ERROR);
  ck_assert_int_eq(reply.error.outcome, AURORA_REFUSED);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "max_allowed_packet"));
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  memcpy(text, "SELECT '", 8);
  fixture_ask(&fixture, &reply, text, AURORA_NO_PARAMS);
  free(text);
  fixture_wait(&fixture, &reply);
  ck_assert_msg(reply.code == AURORA_ELOST || reply.code == AURORA_ESERVER, "%s: %s",
                aurora_err_name(reply.code), reply.error.message);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "max_allowed_packet"));
  if (reply.code == AURORA_ESERVER)
    ck_assert_uint_eq(reply.error.server_errno, ER_NET_PACKET_TOO_LARGE);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
}
END_TEST

START_TEST(a_hundred_thousand_rows_buffered)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply;
    size_t rows;

    if (prepared)
      reply = fixture_query(&fixture,
                            "SELECT seq, CONCAT('row ', seq), IF(seq % 7, seq, NULL) FROM "
                            "seq_1_to_100000 WHERE seq > ?",
                            AURORA_PARAMS(0));
    else
      reply = fixture_query(
          &fixture, "SELECT seq, CONCAT('row ', seq), IF(seq % 7, seq, NULL) FROM seq_1_to_100000",
          AURORA_NO_PARAMS);
    rows = aurora_result_rows(reply.result);
    ck_assert_uint_eq(rows, 100000);
    ck_assert_uint_eq(aurora_result_affected_rows(reply.result), 100000);
    for (size_t row = 0; row < rows; row++) {
      const char *text;
      uint64_t number;
      char expected[32];

      snprintf(expected, sizeof expected, "row %zu", row + 1);
      if (aurora_result_uint64(reply.result, row, 0, &number) || number != row + 1 ||
          aurora_result_string(reply.result, row, 1, &text) || strcmp(text, expected) != 0 ||
          (aurora_result_value(reply.result, row, 2).type == AURORA_TYPE_NULL) !=
              ((row + 1) % 7 == 0))
        ck_abort_msg("row %zu is wrong", row);
    }
    reply_clear(&reply);
  }
}
END_TEST

/* --- The limit ---------------------------------------------------------------------------------- */

static void open_limited(pool_fixture_t *limited, uint64_t limit)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.max_result_size = limit;
  fixture_open(limited, &config);
}

START_TEST(a_result_over_the_limit)
{
  pool_fixture_t limited;
  aurora_error_t error;

  open_limited(&limited, 100000);
  for (int round = 0; round < 2; round++) {
    error = fixture_fail(&limited, "SELECT seq FROM seq_1_to_1000000", AURORA_NO_PARAMS,
                         AURORA_ETOOBIG);
    ck_assert_ptr_nonnull(strstr(error.message, "max_result_size (100000 bytes)"));
    ck_assert_int_eq(error.outcome, AURORA_UNKNOWN);
    ck_assert_int_eq(fixture_number(&limited, "SELECT 42"), 42);
    fixture_fail(&limited, "SELECT seq FROM seq_1_to_1000000 WHERE seq > ?", AURORA_PARAMS(0),
                 AURORA_ETOOBIG);
    ck_assert_int_eq(fixture_number(&limited, "SELECT 43"), 43);
    fixture_fail(&limited, "SELECT REPEAT('x', 1000000)", AURORA_NO_PARAMS, AURORA_ETOOBIG);
    ck_assert_int_eq(fixture_number(&limited, "SELECT 44"), 44);
  }
  /* A procedure's results count together. */
  ck_assert_int_eq(database_sql(&database, "CREATE PROCEDURE twice() BEGIN"
                                           " SELECT REPEAT('x', 60000);"
                                           " SELECT REPEAT('y', 60000); END"),
                   0);
  fixture_fail(&limited, "CALL twice()", AURORA_NO_PARAMS, AURORA_ETOOBIG);
  ck_assert_int_eq(fixture_number(&limited, "SELECT 45"), 45);
  ck_assert_int_eq(database_sql(&database, "DROP PROCEDURE twice"), 0);
  fixture_close(&limited);
}
END_TEST

START_TEST(the_limit_is_for_one_result)
{
  pool_fixture_t limited;
  aurora_text_t text;
  reply_t replies[8];

  open_limited(&limited, 100000);
  for (int i = 0; i < 8; i++)
    fixture_ask(&limited, &replies[i], "SELECT REPEAT('x', 60000)", AURORA_NO_PARAMS);
  for (int i = 0; i < 8; i++) {
    fixture_wait(&limited, &replies[i]);
    reply_must_be_good(&replies[i]);
    ck_assert_int_eq(aurora_result_text(replies[i].result, 0, 0, &text), 0);
    ck_assert_uint_eq(text.size, 60000);
    reply_clear(&replies[i]);
  }
  fixture_close(&limited);
}
END_TEST

/* --- Streams ------------------------------------------------------------------------------------ */

typedef struct {
  reply_t reply; /* first: what the callback gets */
  int64_t rows, sum, stop_after;
  long memory; /* KiB, at the 100,000th row */
  aurora_result_t *kept;
} stream_t;

static long most_memory(void)
{
  struct rusage usage;

  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static int on_row(const aurora_result_t *row, void *data)
{
  stream_t *stream = data;
  int64_t number = 0;

  /* Not by ck_assert: it allocates memory, and takes longer than the row. */
  if (stream->reply.done || aurora_result_rows(row) != 1 || aurora_result_int64(row, 0, 0, &number))
    ck_abort_msg("row %lld is wrong", (long long)stream->rows);
  stream->sum += number;
  if (++stream->rows == 100000)
    stream->memory = most_memory();
  return stream->rows == stream->stop_after;
}

static void start_stream(stream_t *stream, const char *sql, aurora_params_t params,
                         aurora_row_cb cb)
{
  aurora_query_options_t options = {.on_row = cb};

  memset(stream, 0, sizeof *stream);
  fixture_ask_with(&fixture, &stream->reply, sql, params, &options);
}

START_TEST(a_million_rows_in_little_memory)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    stream_t stream;

    if (prepared)
      start_stream(&stream, "SELECT seq, REPEAT('x', 100) FROM seq_1_to_1000000 WHERE seq > ?",
                   AURORA_PARAMS(0), on_row);
    else
      start_stream(&stream, "SELECT seq, REPEAT('x', 100) FROM seq_1_to_1000000", AURORA_NO_PARAMS,
                   on_row);
    loop_run_until(&fixture.loop, &stream.reply.done, 2 * FIXTURE_PATIENCE_MS);
    reply_must_be_good(&stream.reply);
    ck_assert_int_eq(stream.rows, 1000000);
    ck_assert_int_eq(stream.sum, INT64_C(500000500000));
    if (!is_sanitized())
      ck_assert_int_lt(most_memory() - stream.memory, 4096);
    ck_assert_uint_eq(aurora_result_rows(stream.reply.result), 0);
    ck_assert_uint_eq(aurora_result_columns(stream.reply.result), 2);
    reply_clear(&stream.reply);
  }
}
END_TEST

START_TEST(a_stream_that_is_stopped)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    stream_t stream = {.rows = 0};
    aurora_query_options_t options = {.on_row = on_row};

    stream.stop_after = 1000;
    fixture_ask_with(&fixture, &stream.reply,
                     prepared ? "SELECT seq FROM seq_1_to_1000000 WHERE seq > ?"
                              : "SELECT seq FROM seq_1_to_1000000",
                     prepared ? AURORA_PARAMS(0) : AURORA_NO_PARAMS, &options);
    fixture_wait(&fixture, &stream.reply);
    reply_must_be(&stream.reply, UV_ECANCELED);
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
    ck_assert_int_eq(stream.rows, 1000); /* none after the stop */
  }
}
END_TEST

static int keep_row(const aurora_result_t *row, void *data)
{
  stream_t *stream = data;

  if (++stream->rows == 3)
    stream->kept = aurora_result_ref(row);
  return 0;
}

START_TEST(a_row_that_is_kept)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    stream_t stream;
    const char *text;

    start_stream(&stream,
                 prepared ? "SELECT CONCAT('row ', seq) FROM seq_1_to_1000 WHERE seq > ?"
                          : "SELECT CONCAT('row ', seq) FROM seq_1_to_1000",
                 prepared ? AURORA_PARAMS(0) : AURORA_NO_PARAMS, keep_row);
    fixture_wait(&fixture, &stream.reply);
    reply_must_be_good(&stream.reply);
    ck_assert_int_eq(stream.rows, 1000);
    ck_assert_uint_eq(aurora_result_rows(stream.kept), 1);
    ck_assert_int_eq(aurora_result_string(stream.kept, 0, 0, &text), 0);
    ck_assert_str_eq(text, "row 3");
    aurora_result_unref(stream.kept);
    reply_clear(&stream.reply);
  }
}
END_TEST

static int count_columns(const aurora_result_t *row, void *data)
{
  stream_t *stream = data;

  stream->rows++;
  stream->sum += aurora_result_columns(row);
  return 0;
}

/* Rows of all the results come, each with its own columns. */
START_TEST(a_stream_of_several_results)
{
  stream_t stream;

  ck_assert_int_eq(database_sql(&database, "CREATE PROCEDURE two_results() BEGIN"
                                           " SELECT 1 UNION SELECT 2; SELECT 3, 4, 5; END"),
                   0);
  start_stream(&stream, "CALL two_results()", AURORA_NO_PARAMS, count_columns);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be_good(&stream.reply);
  ck_assert_int_eq(stream.rows, 3);
  ck_assert_int_eq(stream.sum, 1 + 1 + 3);
  ck_assert_uint_eq(aurora_result_columns(stream.reply.result), 1);
  ck_assert_uint_eq(aurora_result_columns(aurora_result_next(stream.reply.result)), 3);
  reply_clear(&stream.reply);
  ck_assert_int_eq(database_sql(&database, "DROP PROCEDURE two_results"), 0);
}
END_TEST

START_TEST(a_stream_of_nothing)
{
  stream_t stream;

  start_stream(&stream, "SELECT 1 FROM DUAL WHERE FALSE", AURORA_NO_PARAMS, on_row);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be_good(&stream.reply);
  ck_assert_int_eq(stream.rows, 0);
  reply_clear(&stream.reply);
  start_stream(&stream, "DO 0", AURORA_NO_PARAMS, on_row);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be_good(&stream.reply);
  ck_assert_int_eq(stream.rows, 0);
  reply_clear(&stream.reply);
}
END_TEST

/* While one result streams, others get their turns. */
START_TEST(a_stream_shares_the_loop)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t two;
  stream_t stream = {.rows = 0};
  aurora_query_options_t options = {.on_row = on_row};
  reply_t small;

  config.pool_size = 2;
  fixture_open(&two, &config);
  fixture_ask_with(&two, &stream.reply, "SELECT seq FROM seq_1_to_1000000", AURORA_NO_PARAMS,
                   &options);
  fixture_ask(&two, &small, "SELECT 1", AURORA_NO_PARAMS);
  fixture_wait(&two, &stream.reply);
  ck_assert(small.done);
  reply_must_be_good(&small);
  ck_assert_uint_lt(small.order, stream.reply.order);
  reply_clear(&small);
  reply_clear(&stream.reply);
  fixture_close(&two);
}
END_TEST

/* --- Keeping ------------------------------------------------------------------------------------ */

START_TEST(a_result_outlives_connection_and_pool)
{
  pool_fixture_t other;
  reply_t text, prepared;
  aurora_result_t *again;
  const char *seen;

  open_limited(&other, 1000000);
  text = fixture_query(&other, "SELECT 'kept' AS word", AURORA_NO_PARAMS);
  prepared = fixture_query(&other, "SELECT ? AS word", AURORA_PARAMS("prepared"));
  fixture_close(&other);
  again = aurora_result_ref(text.result);
  reply_clear(&text);
  ck_assert_int_eq(aurora_result_string(again, 0, 0, &seen), 0);
  ck_assert_str_eq(seen, "kept");
  ck_assert_str_eq(aurora_result_column_name(again, 0), "word");
  aurora_result_unref(again);
  ck_assert_int_eq(aurora_result_string(prepared.result, 0, 0, &seen), 0);
  ck_assert_str_eq(seen, "prepared");
  ck_assert_str_eq(aurora_result_column_name(prepared.result, 0), "word");
  reply_clear(&prepared);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("results");
  TCase *tcase = tcase_create("results");

  tcase_set_timeout(tcase, 100);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, large_values_there_and_back, 0, sizeof sizes / sizeof *sizes);
  tcase_add_loop_test(tcase, large_statements_and_values_by_text, 0, sizeof sizes / sizeof *sizes);
  tcase_add_test(tcase, more_than_max_allowed_packet);
  tcase_add_test(tcase, a_hundred_thousand_rows_buffered);
  tcase_add_test(tcase, a_result_over_the_limit);
  tcase_add_test(tcase, the_limit_is_for_one_result);
  tcase_add_test(tcase, a_million_rows_in_little_memory);
  tcase_add_test(tcase, a_stream_that_is_stopped);
  tcase_add_test(tcase, a_row_that_is_kept);
  tcase_add_test(tcase, a_stream_of_several_results);
  tcase_add_test(tcase, a_stream_of_nothing);
  tcase_add_test(tcase, a_stream_shares_the_loop);
  tcase_add_test(tcase, a_result_outlives_connection_and_pool);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  static const char *const arguments[] = {"--max-allowed-packet=32M", NULL};
  const database_options_t options = {.tls = DATABASE_TLS_GOOD, .arguments = arguments};

  return test_run_with_database(make_suite(), &database, &options);
}
