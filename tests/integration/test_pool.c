/*
 * The pool as its callers see it: waiting in line, leases, limits, cancelling, closing from anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora.h>

#include "fault/client.h"
#include "support/database.h"
#include "support/database_test.h"
#include "support/loop.h"

static database_t database;

static void open_pool(client_t *client, unsigned size)
{
  aurora_config_t config = client_config(&database, false);

  config.pool_size = size;
  client_open(client, &config);
}

/* --- Waiting in line ---------------------------------------------------------------------------- */

enum { CONNECTIONS = 8 };

/* So many as promised, or a tenth of them where time is short (valgrind). */
static unsigned many(unsigned number)
{
  return getenv("AURORA_TEST_SHORT") ? number / 10 : number;
}

typedef struct {
  unsigned answered, wrong, out_of_order;
  int64_t last_started;
} line_t;

static line_t line;

static void on_number(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  int64_t number = -1;

  line.answered++;
  if (error || aurora_result_int64(result, 0, 0, &number) || number != (int64_t)(intptr_t)data)
    line.wrong++;
}

START_TEST(ten_thousand_queries_at_once)
{
  const unsigned callers = many(10000);
  client_t client;
  aurora_stats_t stats;

  open_pool(&client, CONNECTIONS);
  for (intptr_t i = 0; i < callers; i++)
    ck_assert_int_eq(aurora_pool_query(client.fixture.pool, "SELECT ? AS number",
                                       AURORA_PARAMS((long)i), on_number, (void *)i),
                     0);
  ck_assert_uint_eq(line.answered, 0);
  loop_run_until_count(&client.fixture.loop, &line.answered, callers, FIXTURE_PATIENCE_MS * 3);
  ck_assert_uint_eq(line.wrong, 0);
  aurora_pool_stats(client.fixture.pool, &stats);
  ck_assert_uint_eq(stats.queries, callers);
  ck_assert_uint_le(stats.opened, CONNECTIONS);
  ck_assert_uint_eq(stats.waiting, 0);
  ck_assert_uint_eq(stats.aurora_query.count, callers);
  client_close(&client, 1000);
  ck_assert_uint_eq(line.answered, callers);
}
END_TEST

static void on_next_in_line(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  ck_assert_ptr_null(error);
  if ((int64_t)(intptr_t)data != line.last_started + 1)
    line.out_of_order++;
  line.last_started = (int64_t)(intptr_t)data;
  line.answered++;
}

START_TEST(waiters_are_served_in_order)
{
  client_t client;

  open_pool(&client, 1);
  line.last_started = -1;
  for (intptr_t i = 0; i < 500; i++)
    ck_assert_int_eq(aurora_pool_query(client.fixture.pool, "DO 0", AURORA_NO_PARAMS,
                                       on_next_in_line, (void *)i),
                     0);
  loop_run_until_count(&client.fixture.loop, &line.answered, 500, FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(line.out_of_order, 0);
  client_close(&client, 1000);
}
END_TEST

/* --- Leases ------------------------------------------------------------------------------------- */

START_TEST(a_lease_is_one_session_and_queues_in_order)
{
  client_t client;
  reply_t lease, first, second, third;

  open_pool(&client, 2);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  reply_must_be_good(&lease);
  client_ask_lease(&client, lease.connection, &first, "SET @seen = 7", AURORA_NO_PARAMS, 0);
  client_ask_lease(&client, lease.connection, &second, "SELECT @seen", AURORA_NO_PARAMS, 0);
  client_ask_lease(&client, lease.connection, &third, "SELECT CONNECTION_ID()", AURORA_NO_PARAMS,
                   0);
  fixture_wait(&client.fixture, &third);
  ck_assert(first.done && second.done);
  ck_assert_int_eq(second.value, 7);
  ck_assert_uint_eq((uint64_t)third.value, aurora_connection_id(lease.connection));
  aurora_connection_release(lease.connection);
  client_close(&client, 1000);
}
END_TEST

START_TEST(an_open_transaction_is_rolled_back)
{
  client_t client;
  reply_t lease, first, second;

  open_pool(&client, 1);
  fixture_number(&client.fixture, "SELECT 1");
  database_sql(&database,
               "DROP TABLE IF EXISTS octane.kept; CREATE TABLE octane.kept (a INT) ENGINE=InnoDB");
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  client_ask_lease(&client, lease.connection, &first, "START TRANSACTION", AURORA_NO_PARAMS, 0);
  client_ask_lease(&client, lease.connection, &second, "INSERT INTO kept VALUES (1)",
                   AURORA_NO_PARAMS, 0);
  aurora_connection_release(lease.connection); /* with both statements still to run */
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT COUNT(*) FROM kept"), 0);
  ck_assert_int_eq(database_count(&database, "SELECT COUNT(*) FROM octane.kept"), 0);
  client_close(&client, 1000);
}
END_TEST

/* --- Limits ------------------------------------------------------------------------------------- */

static void never_called(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
  ck_abort_msg("a refused call was called back");
}

START_TEST(the_queue_limit_refuses_at_once)
{
  aurora_config_t config = client_config(&database, false);
  client_t client;
  reply_t answers[3];

  config.pool_size = 1;
  config.queue_limit = 3;
  client_open(&client, &config);
  for (unsigned i = 0; i < 3; i++)
    client_ask(&client, &answers[i], "SELECT 1");
  ck_assert_int_eq(
      aurora_pool_query(client.fixture.pool, "SELECT 1", AURORA_NO_PARAMS, never_called, NULL),
      AURORA_EQUEUEFULL);
  fixture_wait(&client.fixture, &answers[2]);
  reply_must_be_good(&answers[2]);
  client_close(&client, 1000);
}
END_TEST

START_TEST(a_late_waiter_is_told_how_full_the_pool_is)
{
  client_t client;
  reply_t lease, answer;

  open_pool(&client, 1);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  client_ask_patiently(&client, &answer, "SELECT 1", 50);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  ck_assert_int_eq(answer.error.outcome, AURORA_NOT_SENT);
  ck_assert_ptr_nonnull(strstr(answer.error.message, "pool size 1, 1 busy"));
  aurora_connection_release(lease.connection);
  client_close(&client, 1000);
}
END_TEST

START_TEST(wrong_arguments_are_refused_before_anything_is_sent)
{
  aurora_query_options_t text = {.flags = AURORA_QUERY_TEXT};
  aurora_query_options_t unknown = {.flags = 1u << 20};
  client_t client;
  aurora_stats_t stats;

  open_pool(&client, 1);
  ck_assert_int_eq(
      aurora_pool_query(client.fixture.pool, NULL, AURORA_NO_PARAMS, never_called, NULL),
      UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(client.fixture.pool, "", AURORA_NO_PARAMS, never_called, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query(client.fixture.pool, "SELECT 1", AURORA_NO_PARAMS, NULL, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(
      aurora_pool_query(client.fixture.pool, "SELECT ?", AURORA_PARAMS("\xff"), never_called, NULL),
      UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query_with(client.fixture.pool, "SELECT ?", AURORA_PARAMS(1), &text,
                                          never_called, NULL, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_pool_query_with(client.fixture.pool, "SELECT 1", AURORA_NO_PARAMS,
                                          &unknown, never_called, NULL, NULL),
                   UV_EINVAL);
  aurora_pool_stats(client.fixture.pool, &stats);
  ck_assert_uint_eq(stats.size, 0);
  client_close(&client, 0);
}
END_TEST

/* --- From inside callbacks ---------------------------------------------------------------------- */

typedef struct {
  client_t *client;
  unsigned depth, closes;
} nest_t;

static void on_nest_closed(const aurora_error_t *error, void *data)
{
  nest_t *nest = data;

  ck_assert_ptr_null(error);
  nest->closes++;
  nest->client->fixture.closed = true;
}

static void on_nested(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  nest_t *nest = data;

  (void)result;
  ck_assert_ptr_null(error);
  if (++nest->depth < 100)
    ck_assert_int_eq(aurora_pool_query(nest->client->fixture.pool, "SELECT ?", AURORA_PARAMS(1),
                                       on_nested, nest),
                     0);
  else
    ck_assert_int_eq(aurora_pool_close(nest->client->fixture.pool, 0, on_nest_closed, nest), 0);
}

START_TEST(queries_and_the_close_from_inside_callbacks)
{
  client_t client;
  nest_t nest = {.client = &client};

  open_pool(&client, 2);
  ck_assert_int_eq(
      aurora_pool_query(client.fixture.pool, "SELECT ?", AURORA_PARAMS(1), on_nested, &nest), 0);
  loop_run_until(&client.fixture.loop, &client.fixture.closed, FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(nest.depth, 100);
  ck_assert_uint_eq(nest.closes, 1);
  client_end(&client);
}
END_TEST

static int on_row_close(const aurora_result_t *row, void *data)
{
  nest_t *nest = data;
  int64_t number;

  if (++nest->depth == 5)
    ck_assert_int_eq(aurora_pool_close(nest->client->fixture.pool, 0, on_nest_closed, nest), 0);
  /* Borrowed until this returns, whatever was closed. */
  ck_assert_int_eq(aurora_result_int64(row, 0, 0, &number), 0);
  return 0;
}

static void on_stream_cut(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  (void)data;
  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(error->code, UV_ECANCELED);
}

START_TEST(a_close_from_inside_a_row)
{
  aurora_query_options_t options = {.on_row = on_row_close};
  client_t client;
  nest_t nest = {.client = &client};

  open_pool(&client, 1);
  ck_assert_int_eq(aurora_pool_query_with(client.fixture.pool, "SELECT seq FROM seq_1_to_100000",
                                          AURORA_NO_PARAMS, &options, on_stream_cut, &nest, NULL),
                   0);
  loop_run_until(&client.fixture.loop, &client.fixture.closed, FIXTURE_PATIENCE_MS);
  client_end(&client);
}
END_TEST

/* --- Streams ------------------------------------------------------------------------------------ */

typedef struct {
  int64_t rows, sum;
  bool done;
  int code;
} stream_t;

static int on_row_sum(const aurora_result_t *row, void *data)
{
  stream_t *stream = data;
  int64_t number = 0;

  ck_assert_uint_eq(aurora_result_rows(row), 1);
  ck_assert_int_eq(aurora_result_int64(row, 0, 0, &number), 0);
  stream->rows++;
  stream->sum += number;
  return 0;
}

static void on_stream_end(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  stream_t *stream = data;

  stream->done = true;
  stream->code = error ? error->code : 0;
  if (!error)
    ck_assert_uint_eq(aurora_result_rows(result), 0);
}

START_TEST(a_million_rows_streamed_by_text_and_binary)
{
  aurora_query_options_t options = {.on_row = on_row_sum};
  const int64_t rows = many(1000000);
  client_t client;

  open_pool(&client, 1);
  for (unsigned binary = 0; binary < 2; binary++) {
    stream_t stream = {0};
    aurora_params_t params = binary ? AURORA_PARAMS(0) : AURORA_NO_PARAMS;

    char sql[100];

    snprintf(sql, sizeof sql, "SELECT seq FROM seq_1_to_%lld%s", (long long)rows,
             binary ? " WHERE seq > ?" : "");
    ck_assert_int_eq(aurora_pool_query_with(client.fixture.pool, sql, params, &options,
                                            on_stream_end, &stream, NULL),
                     0);
    loop_run_until(&client.fixture.loop, &stream.done, FIXTURE_PATIENCE_MS * 3);
    ck_assert_int_eq(stream.code, 0);
    ck_assert_int_eq(stream.rows, rows);
    ck_assert_int_eq(stream.sum, rows * (rows + 1) / 2);
  }
  client_close(&client, 1000);
}
END_TEST

START_TEST(a_result_over_the_limit_fails_and_the_pool_goes_on)
{
  aurora_config_t config = client_config(&database, false);
  client_t client;
  reply_t answer;

  config.pool_size = 1;
  config.max_result_size = 100000;
  client_open(&client, &config);
  client_ask(&client, &answer, "SELECT seq FROM seq_1_to_1000000");
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ETOOBIG);
  ck_assert_ptr_nonnull(strstr(answer.error.message, "100000"));
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 42"), 42);
  client_close(&client, 1000);
}
END_TEST

/* --- The loop's life ---------------------------------------------------------------------------- */

START_TEST(an_idle_pool_does_not_keep_the_loop_and_work_does)
{
  client_t client;
  reply_t answer;

  open_pool(&client, 2);
  client_ask(&client, &answer, "SELECT 5");
  uv_run(&client.fixture.loop, UV_RUN_DEFAULT); /* returns: nothing is left to do */
  reply_must_be_good(&answer);
  ck_assert_int_eq(answer.value, 5);
  client_close(&client, 1000);
}
END_TEST

START_TEST(a_close_lets_running_queries_finish)
{
  client_t client;
  reply_t answer;

  open_pool(&client, 1);
  fixture_number(&client.fixture, "SELECT 1");
  client_ask(&client, &answer, "SELECT SLEEP(0.3)");
  fixture_begin_close(&client.fixture, 10000);
  ck_assert_int_eq(
      aurora_pool_query(client.fixture.pool, "SELECT 1", AURORA_NO_PARAMS, never_called, NULL),
      AURORA_ECLOSED);
  loop_run_until(&client.fixture.loop, &client.fixture.closed, FIXTURE_PATIENCE_MS);
  reply_must_be_good(&answer);
  client_end(&client);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("pool");
  TCase *tcase = tcase_create("callers");

  tcase_set_timeout(tcase, 100);
  tcase_add_test(tcase, ten_thousand_queries_at_once);
  tcase_add_test(tcase, waiters_are_served_in_order);
  tcase_add_test(tcase, a_lease_is_one_session_and_queues_in_order);
  tcase_add_test(tcase, an_open_transaction_is_rolled_back);
  tcase_add_test(tcase, the_queue_limit_refuses_at_once);
  tcase_add_test(tcase, a_late_waiter_is_told_how_full_the_pool_is);
  tcase_add_test(tcase, wrong_arguments_are_refused_before_anything_is_sent);
  tcase_add_test(tcase, queries_and_the_close_from_inside_callbacks);
  tcase_add_test(tcase, a_close_from_inside_a_row);
  tcase_add_test(tcase, a_million_rows_streamed_by_text_and_binary);
  tcase_add_test(tcase, a_result_over_the_limit_fails_and_the_pool_goes_on);
  tcase_add_test(tcase, an_idle_pool_does_not_keep_the_loop_and_work_does);
  tcase_add_test(tcase, a_close_lets_running_queries_finish);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
