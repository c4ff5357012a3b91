/*
 * What is got rid of a bit on each turn (src/pool/disposal.c): large results and sessions closed together.
 * All of it is gone when the close is called back, and the sanitizers see that nothing is left.
 */
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

#define LARGE_SQL      "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_8000"
#define LARGE_PREPARED "SELECT seq, REPEAT('x', ?) FROM seq_1_to_8000"

enum { LARGE_ROWS = 8000, RESULTS = 4, CONNECTIONS = 20 };

static database_t database;
static pool_fixture_t fixture;

static void open_pool(unsigned connections)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = config.warmup_size = connections;
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database.ca;
  fixture_open(&fixture, &config);
}

static void ask_large(reply_t *replies)
{
  for (int i = 0; i < RESULTS; i++) {
    if (i & 1)
      fixture_ask(&fixture, &replies[i], LARGE_PREPARED, AURORA_PARAMS(1000));
    else
      fixture_ask(&fixture, &replies[i], LARGE_SQL, AURORA_NO_PARAMS);
  }
}

/* Rows can be read while other results are being freed, and after the pool is gone. */
START_TEST(large_results)
{
  reply_t replies[RESULTS];
  int64_t number;

  open_pool(2);
  for (int round = 0; round < 2; round++) {
    ask_large(replies);
    for (int i = 0; i < RESULTS; i++) {
      fixture_wait(&fixture, &replies[i]);
      reply_must_be_good(&replies[i]);
      ck_assert_uint_eq(aurora_result_rows(replies[i].result), LARGE_ROWS);
      if (round == 0)
        reply_clear(&replies[i]);
    }
  }
  fixture_close(&fixture);
  for (int i = 0; i < RESULTS; i++) {
    ck_assert_int_eq(aurora_result_int64(replies[i].result, LARGE_ROWS - 1, 0, &number), 0);
    ck_assert_int_eq(number, LARGE_ROWS);
    reply_clear(&replies[i]);
  }
}
END_TEST

typedef struct {
  unsigned left;
  unsigned good;
} count_t;

static void on_closed(const aurora_error_t *error, void *data)
{
  (void)error;
  *(bool *)data = true;
}

/* Nobody keeps them. */
static void on_large(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  count_t *count = data;

  count->good += !error && aurora_result_rows(result) == LARGE_ROWS;
  if (--count->left == 0)
    ck_assert_int_eq(aurora_pool_close(fixture.pool, 0, on_closed, &fixture.closed), 0);
}

START_TEST(a_close_while_large_results_are_freed)
{
  count_t count = {.left = RESULTS};

  open_pool(RESULTS);
  for (int i = 0; i < RESULTS; i++)
    ck_assert_int_eq(aurora_pool_query(fixture.pool, LARGE_SQL, AURORA_NO_PARAMS, on_large, &count),
                     0);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(count.good, RESULTS);
  fixture_end(&fixture);
}
END_TEST

/* A large result that is given up half-way: cancelled, or too large. */
START_TEST(a_large_result_that_nobody_gets)
{
  aurora_config_t config = fixture_config(&database);
  reply_t reply;

  config.ssl_mode = AURORA_SSL_DISABLED;
  config.max_result_size = 5 * 1024 * 1024;
  fixture_open(&fixture, &config);
  for (int i = 0; i < 2; i++) {
    fixture_fail(&fixture, LARGE_SQL, AURORA_NO_PARAMS, AURORA_ETOOBIG);
    fixture_ask(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS);
    fixture_wait(&fixture, &reply);
    reply_must_be_good(&reply);
    reply_clear(&reply);
  }
  fixture_close(&fixture);
}
END_TEST

/* Each with statements of its own; one of them in use (_i). */
START_TEST(many_sessions_at_once)
{
  reply_t replies[2 * CONNECTIONS], sleeper;

  open_pool(CONNECTIONS);
  fixture_warm_up(&fixture, &replies[0]);
  fixture_wait(&fixture, &replies[0]);
  reply_must_be_good(&replies[0]);
  for (int i = 0; i < 2 * CONNECTIONS; i++)
    fixture_ask(&fixture, &replies[i], i & 1 ? "SELECT ? + 1" : "SELECT ? + 2, SLEEP(0.01)",
                AURORA_PARAMS(i));
  for (int i = 0; i < 2 * CONNECTIONS; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be_good(&replies[i]);
    reply_clear(&replies[i]);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).size, CONNECTIONS);
  if (_i)
    fixture_ask(&fixture, &sleeper, "SELECT SLEEP(?)", AURORA_PARAMS(30));
  fixture_begin_close(&fixture, 0);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  if (_i)
    reply_must_be(&sleeper, UV_ECANCELED);
  fixture_end(&fixture);
  ck_assert_int_eq(database_sessions_left(&database, FIXTURE_PATIENCE_MS), 0);
}
END_TEST

/* They are replaced while they are being closed. */
START_TEST(a_recycle_of_many_sessions)
{
  reply_t reply;

  open_pool(CONNECTIONS);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(aurora_pool_recycle(fixture.pool), 0);
    reply = fixture_query(&fixture, "SELECT ?", AURORA_PARAMS(i));
    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).as.int64, i);
    reply_clear(&reply);
  }
  fixture_close(&fixture);
  ck_assert_int_eq(database_sessions_left(&database, FIXTURE_PATIENCE_MS), 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("disposal");
  TCase *tcase = tcase_create("disposal");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, large_results);
  tcase_add_test(tcase, a_close_while_large_results_are_freed);
  tcase_add_test(tcase, a_large_result_that_nobody_gets);
  tcase_add_loop_test(tcase, many_sessions_at_once, 0, 2);
  tcase_add_test(tcase, a_recycle_of_many_sessions);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
