/*
 * Back-pressure: streams that are paused, resumed, stopped; and a great many rows in little memory.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/sanitized.h"

static database_t database;
static bool all; /* the suite slow */
static pool_fixture_t fixture;

typedef struct {
  aurora_query_t *query;
  uint64_t rows, sum;
  uint64_t pause_every; /* rows; 0: never */
  uint64_t stop_after;  /* rows; 0: never */
  bool paused;
  reply_t reply;
} stream_t;

/* Where everything is slow. */
static bool few(void)
{
  return getenv("AURORA_TEST_SHORT") != NULL;
}

static int on_row(const aurora_result_t *row, void *data)
{
  stream_t *stream = data;
  int64_t number;

  ck_assert(!stream->paused);
  ck_assert_int_eq(aurora_result_int64(row, 0, 0, &number), 0);
  stream->rows++;
  stream->sum += (uint64_t)number;
  if (stream->stop_after && stream->rows == stream->stop_after)
    return 1;
  if (stream->pause_every && stream->rows % stream->pause_every == 0) {
    stream->paused = true;
    ck_assert_int_eq(aurora_query_pause(stream->query), 0);
  }
  return 0;
}

static void on_end(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  stream_t *stream = data;

  reply_on_query(error, result, &stream->reply);
}

static void start(stream_t *stream, const char *sql, aurora_params_t params, uint64_t timeout_ms)
{
  aurora_query_options_t options = {.on_row = on_row, .timeout_ms = timeout_ms};

  reply_init(&stream->reply, &fixture);
  ck_assert_int_eq(
      aurora_pool_query_with(fixture.pool, sql, params, &options, on_end, stream, &stream->query),
      0);
}

/* By text or, with a parameter, prepared. */
static void start_numbers(stream_t *stream, bool prepared, int64_t count, uint64_t timeout_ms)
{
  char sql[128];

  if (prepared) {
    start(stream, "SELECT seq FROM seq_1_to_100000000 LIMIT ?", AURORA_PARAMS(count), timeout_ms);
    return;
  }
  snprintf(sql, sizeof sql, "SELECT seq FROM seq_1_to_%lld", (long long)count);
  start(stream, sql, AURORA_NO_PARAMS, timeout_ms);
}

static bool is_paused(void *data)
{
  return ((stream_t *)data)->paused;
}

static bool is_paused_or_done(void *data)
{
  return ((stream_t *)data)->paused || ((stream_t *)data)->reply.done;
}

static void resume(stream_t *stream)
{
  uint64_t before = stream->rows;

  stream->paused = false;
  ck_assert_int_eq(aurora_query_resume(stream->query), 0);
  ck_assert_uint_eq(stream->rows, before); /* none from inside */
}

static void open_pool(bool tls)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 2;
  config.ssl_mode = tls ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  fixture_open(&fixture, &config);
}

static bool nothing_runs(void *data)
{
  (void)data;
  return fixture_stats(&fixture).busy + fixture_stats(&fixture).upkeep == 0;
}

static void wait_for_rest(void)
{
  loop_run_until_true(&fixture.loop, nothing_runs, NULL, FIXTURE_PATIENCE_MS);
}

/* --- Pause and resume --------------------------------------------------------------------------- */

START_TEST(a_stream_pauses_and_resumes)
{
  const uint64_t rows = few() ? 20000 : 100000;
  stream_t stream = {.pause_every = 9973};
  unsigned pauses = 0;

  open_pool(_i & 2);
  start_numbers(&stream, _i & 1, (int64_t)rows, 0);
  for (;;) {
    loop_run_until_true(&fixture.loop, is_paused_or_done, &stream, FIXTURE_PATIENCE_MS);
    if (!stream.paused)
      break;
    pauses++;
    /* Nothing comes; the rest of the pool is served. */
    ck_assert_int_eq(fixture_number(&fixture, "SELECT 5"), 5);
    resume(&stream);
  }
  reply_must_be_good(&stream.reply);
  ck_assert_uint_eq(pauses, rows / 9973);
  ck_assert_uint_eq(stream.rows, rows);
  ck_assert_uint_eq(stream.sum, rows * (rows + 1) / 2);
  reply_clear(&stream.reply);
  ck_assert_int_eq(aurora_query_pause(NULL), UV_EINVAL);
  fixture_close(&fixture);
}
END_TEST

static uint64_t processor_time_us(void)
{
  struct rusage usage;

  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Between rows, not only from on_row; and what waits in the socket does not keep the loop turning. */
START_TEST(a_paused_stream_costs_nothing)
{
  stream_t stream = {.pause_every = 10};
  uint64_t before;

  open_pool(_i & 2);
  start_numbers(&stream, _i & 1, 10000000, 0);
  loop_run_until_true(&fixture.loop, is_paused, &stream, FIXTURE_PATIENCE_MS);
  before = processor_time_us();
  loop_run_for(&fixture.loop, 400);
  ck_assert_uint_lt(processor_time_us() - before, slowly(200000));
  ck_assert_uint_eq(stream.rows, 10);
  stream.pause_every = 0;
  stream.stop_after = few() ? 10000 : 200000;
  resume(&stream);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be(&stream.reply, UV_ECANCELED);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_pause_before_the_first_row)
{
  stream_t stream = {.paused = true};

  open_pool(false);
  start_numbers(&stream, _i & 1, 1000, 0);
  ck_assert_int_eq(aurora_query_pause(stream.query), 0);
  loop_run_for(&fixture.loop, 100);
  ck_assert_uint_eq(stream.rows, 0);
  ck_assert(!stream.reply.done);
  resume(&stream);
  ck_assert_int_eq(aurora_query_resume(stream.query), 0); /* twice does no harm */
  fixture_wait(&fixture, &stream.reply);
  reply_must_be_good(&stream.reply);
  ck_assert_uint_eq(stream.rows, 1000);
  reply_clear(&stream.reply);
  fixture_close(&fixture);
}
END_TEST

/* The pause may fall into a fetch that waits for its row. */
START_TEST(a_pause_while_a_row_is_awaited)
{
  stream_t stream = {0};

  open_pool(_i & 2);
  start(&stream, "SELECT seq + SLEEP(0.02) FROM seq_1_to_20", AURORA_NO_PARAMS, 0);
  for (int i = 0; i < 10; i++) {
    stream.paused = false;
    aurora_query_resume(stream.query);
    loop_run_for(&fixture.loop, 15);
    if (stream.reply.done)
      break;
    stream.paused = true;
    ck_assert_int_eq(aurora_query_pause(stream.query), 0);
    loop_run_for(&fixture.loop, 15);
  }
  if (!stream.reply.done)
    resume(&stream);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be_good(&stream.reply);
  ck_assert_uint_eq(stream.rows, 20);
  reply_clear(&stream.reply);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_paused_stream_times_out_or_is_cancelled)
{
  stream_t stream = {.pause_every = 100};

  open_pool(_i & 2);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"),
                   1); /* connected: the time is the stream's */
  start_numbers(&stream, _i & 1, 10000000, _i & 4 ? slowly(300) : 0);
  loop_run_until_true(&fixture.loop, is_paused, &stream, FIXTURE_PATIENCE_MS);
  if (!(_i & 4))
    ck_assert_int_eq(aurora_query_cancel(stream.query), 0);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be(&stream.reply, _i & 4 ? UV_ETIMEDOUT : UV_ECANCELED);
  ck_assert_int_eq(aurora_query_resume(NULL), UV_EINVAL);
  wait_for_rest();
  /* The session was kept. */
  ck_assert_uint_eq(fixture_stats(&fixture).idle, 1);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 6"), 6);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_close_while_paused)
{
  stream_t stream = {.pause_every = 100};

  open_pool(_i & 2);
  start_numbers(&stream, _i & 1, 10000000, 0);
  loop_run_until_true(&fixture.loop, is_paused, &stream, FIXTURE_PATIENCE_MS);
  fixture_begin_close(&fixture, 30);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  reply_must_be(&stream.reply, UV_ECANCELED);
  fixture_end(&fixture);
}
END_TEST

static void on_plain(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  reply_on_query(error, result, data);
}

static bool session_has_ended(void *data)
{
  return database_count(&database, data) == 0;
}

/* Longer than the server waits for its rows to be taken: the message says which variable that is. */
START_TEST(a_pause_that_the_server_does_not_bear)
{
  aurora_config_t config = fixture_config(&database);
  stream_t stream = {.pause_every = 1};
  char sql[128];

  config.pool_size = 1;
  config.init_sql = "SET SESSION net_write_timeout = 1";
  fixture_open(&fixture, &config);
  snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %lld",
           (long long)fixture_number(&fixture, "SELECT CONNECTION_ID()"));
  start(&stream,
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
        "SELECT i, REPEAT('x', 65536) FROM n",
        AURORA_NO_PARAMS, 0);
  loop_run_until_true(&fixture.loop, is_paused, &stream, FIXTURE_PATIENCE_MS);
  loop_run_until_true(&fixture.loop, session_has_ended, sql, FIXTURE_PATIENCE_MS);
  stream.pause_every = 0;
  resume(&stream);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be(&stream.reply, AURORA_ELOST);
  ck_assert_int_eq(stream.reply.error.outcome, AURORA_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(stream.reply.error.message, "net_write_timeout"));
  wait_for_rest();
  fixture_close(&fixture);
}
END_TEST

START_TEST(only_streams_are_paused)
{
  aurora_query_t *query;
  reply_t reply;

  open_pool(false);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_query_with(fixture.pool, "SELECT 1", AURORA_NO_PARAMS, NULL,
                                          on_plain, &reply, &query),
                   0);
  ck_assert_int_eq(aurora_query_pause(query), UV_EINVAL);
  ck_assert_int_eq(aurora_query_resume(query), UV_EINVAL);
  fixture_wait(&fixture, &reply);
  reply_clear(&reply);
  fixture_close(&fixture);
}
END_TEST

/* --- Stopping ----------------------------------------------------------------------------------- */

/* Few rows are left: they are read, which is quicker than a kill. */
START_TEST(a_short_rest_is_drained)
{
  stream_t stream = {.stop_after = 5};

  open_pool(_i & 2);
  start_numbers(&stream, _i & 1, 200, 0);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be(&stream.reply, UV_ECANCELED);
  wait_for_rest();
  ck_assert_uint_eq(stream.rows, 5);
  if (slowly(1) == 1) /* or 2 ms are too short for the rest */
    ck_assert_uint_eq(fixture_stats(&fixture).kills, 0);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 7"), 7);
  fixture_close(&fixture);
}
END_TEST

/* Very many are left: the query is killed, and the connection stays. */
START_TEST(a_long_rest_is_killed)
{
  stream_t stream = {.stop_after = 5};

  open_pool(_i & 2);
  start_numbers(&stream, _i & 1, 100000000, 0);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be(&stream.reply, UV_ECANCELED);
  wait_for_rest();
  ck_assert_uint_eq(fixture_stats(&fixture).kills, 1);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 8"), 8);
  fixture_close(&fixture);
}
END_TEST

/* On a lease the session is its holder's and goes on. */
START_TEST(a_stream_stopped_on_a_lease)
{
  aurora_query_options_t options = {.on_row = on_row};
  stream_t stream = {.stop_after = 5};
  aurora_connection_t *lease;

  open_pool(_i & 2);
  lease = fixture_lease(&fixture);
  fixture_lease_number(&fixture, lease, "SET @mine = 4");
  reply_init(&stream.reply, &fixture);
  ck_assert_int_eq(
      aurora_connection_query_with(
          lease, _i & 1 ? "SELECT seq FROM seq_1_to_100000000" : "SELECT seq FROM seq_1_to_50",
          AURORA_NO_PARAMS, &options, on_end, &stream, &stream.query),
      0);
  fixture_wait(&fixture, &stream.reply);
  reply_must_be(&stream.reply, UV_ECANCELED);
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT @mine"), 4);
  aurora_connection_release(lease);
  fixture_close(&fixture);
}
END_TEST

/* --- Very many rows ----------------------------------------------------------------------------- */

/* In the suite slow; a few otherwise. */
START_TEST(ten_million_rows)
{
  const int64_t rows = few() ? 30000 : all ? 10000000 : 300000;
  stream_t stream = {0};
  struct rusage before, after;

  open_pool(false);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"), 1);
  getrusage(RUSAGE_SELF, &before);
  start_numbers(&stream, _i & 1, rows, 0);
  loop_run_until(&fixture.loop, &stream.reply.done, 120000);
  getrusage(RUSAGE_SELF, &after);
  reply_must_be_good(&stream.reply);
  reply_clear(&stream.reply);
  ck_assert_uint_eq(stream.rows, (uint64_t)rows);
  ck_assert_uint_eq(stream.sum, (uint64_t)rows * ((uint64_t)rows + 1) / 2);
  printf("# %ld KB more memory at the peak\n", after.ru_maxrss - before.ru_maxrss);
  if (!is_sanitized())
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 4096);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("streams");
  TCase *tcase = tcase_create("streams");

  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, a_stream_pauses_and_resumes, 0, 4);
  tcase_add_loop_test(tcase, a_paused_stream_costs_nothing, 0, 4);
  tcase_add_loop_test(tcase, a_pause_before_the_first_row, 0, 2);
  tcase_add_loop_test(tcase, a_pause_while_a_row_is_awaited, 0, 3);
  tcase_add_loop_test(tcase, a_paused_stream_times_out_or_is_cancelled, 0, 8);
  tcase_add_loop_test(tcase, a_close_while_paused, 0, 4);
  tcase_add_test(tcase, a_pause_that_the_server_does_not_bear);
  tcase_add_test(tcase, only_streams_are_paused);
  tcase_add_loop_test(tcase, a_short_rest_is_drained, 0, 4);
  tcase_add_loop_test(tcase, a_long_rest_is_killed, 0, 4);
  tcase_add_loop_test(tcase, a_stream_stopped_on_a_lease, 0, 4);
  tcase_add_loop_test(tcase, ten_million_rows, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(int argc, char **argv)
{
  all = argc > 1 && strcmp(argv[1], "all") == 0;

  return test_run_with_database(make_suite(), &database, NULL);
}
