/*
 * A loop that is blocked for longer than a time-out, while the answer came in time: nothing is given up.
 */
#include <stdlib.h>
#include <unistd.h>

#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/runner.h"

enum { TIMEOUT_MS = 400, BLOCKED_US = 900000 };

static database_t database;
static pool_fixture_t fixture;

static void open_pool(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.connect_timeout = TIMEOUT_MS;
  fixture_open(&fixture, &config);
}

/* What a callback of the program's may do to all others. */
static void block(void)
{
  usleep(BLOCKED_US);
}

START_TEST(a_query)
{
  aurora_query_options_t options = {.timeout_ms = TIMEOUT_MS};
  aurora_params_t parameter = AURORA_PARAMS(7);
  reply_t reply;

  open_pool();
  fixture_run(&fixture, "DO 1");
  fixture_ask_with(&fixture, &reply, _i ? "SELECT ? + SLEEP(0.05)" : "SELECT 7 + SLEEP(0.05)",
                   _i ? parameter : AURORA_NO_PARAMS, &options);
  if (_i) /* until it is prepared */
    uv_run(&fixture.loop, UV_RUN_ONCE);
  block();
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
  ck_assert_uint_eq(fixture_stats(&fixture).kills, 0);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_connect)
{
  reply_t reply;

  open_pool();
  fixture_ask(&fixture, &reply, "DO 1", AURORA_NO_PARAMS);
  block();
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_reset)
{
  aurora_connection_t *connection;
  uint64_t id;

  open_pool();
  connection = fixture_lease(&fixture);
  id = aurora_connection_id(connection);
  ck_assert_int_eq(fixture_lease_number(&fixture, connection, "SELECT 1"), 1);
  aurora_connection_release(connection);
  block();
  connection = fixture_lease(&fixture);
  ck_assert_uint_eq(aurora_connection_id(connection), id);
  aurora_connection_release(connection);
  fixture_close(&fixture);
}
END_TEST

/* The other way round: no answer has come. */
START_TEST(an_answer_that_is_late)
{
  aurora_query_options_t options = {.timeout_ms = TIMEOUT_MS};
  reply_t reply;

  open_pool();
  fixture_run(&fixture, "DO 1");
  fixture_ask_with(&fixture, &reply, "SELECT SLEEP(20)", AURORA_NO_PARAMS, &options);
  block();
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("blocked-loop");
  TCase *tcase = tcase_create("blocked-loop");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_query, 0, 2);
  tcase_add_test(tcase, a_connect);
  tcase_add_test(tcase, a_reset);
  tcase_add_test(tcase, an_answer_that_is_late);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (database_start(&database, NULL))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
