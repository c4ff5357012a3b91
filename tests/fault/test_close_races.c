/*
 * Close under fire: at every turn of the loop after a mix of requests was made, from inside every kind
 * of callback, twice. Each request gets its one callback, the close callback comes last, and nothing
 * is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "support/database_test.h"
#include "support/bad_server.h"
#include "support/loop.h"

enum { TURNS = 60, DRAIN_MS = 50 };

static database_t database;

/* Which turns: all, or where everything is slow some, from one that differs from run to run. */
static int stride(void)
{
  return getenv("AURORA_TEST_SHORT") ? 7 : 1;
}

static int first_turn(void)
{
  return (int)getpid() % stride();
}

static void must_have_one_callback_each(const reply_t *answers, int count)
{
  for (int i = 0; i < count; i++)
    ck_assert_msg(answers[i].calls == 1, "request %d: %u callbacks", i, answers[i].calls);
}

/* So many turns of the loop, none longer than a millisecond: the client is being watched. */
static void run_turns(client_t *client, int turns)
{
  for (int i = 0; i < turns; i++)
    uv_run(&client->fixture.loop, UV_RUN_ONCE);
}

/* --- At every turn ------------------------------------------------------------------------------ */

enum { WARM_UP, LEASE, KEPT_LEASE, QUICK, PREPARED, SLOW, HASTY, CANCELLED, QUEUED, REQUESTS };

typedef struct {
  reply_t answers[REQUESTS];
  reply_t on_lease; /* asked if the lease comes */
  bool asked;
} mix_t;

static void start_mix(client_t *client, mix_t *mix)
{
  reply_t *answers = mix->answers;

  memset(mix, 0, sizeof *mix);
  fixture_warm_up(&client->fixture, &answers[WARM_UP]);
  client_ask_with(client, &answers[HASTY], "SELECT SLEEP(1)", AURORA_NO_PARAMS, 15, 0);
  fixture_acquire(&client->fixture, &answers[LEASE]);
  fixture_acquire(&client->fixture, &answers[KEPT_LEASE]);
  client_ask(client, &answers[QUICK], "SELECT 1");
  client_ask_with(client, &answers[PREPARED], "SELECT ? + SLEEP(0.005)", AURORA_PARAMS(2), 0, 0);
  client_ask_with(client, &answers[CANCELLED], "SELECT SLEEP(?)", AURORA_PARAMS(1), 0, 0);
  client_ask(client, &answers[SLOW], "SELECT 3 + SLEEP(0.03)");
  client_ask(client, &answers[QUEUED], "SELECT 4");
}

/* What a caller does between turns. */
static void go_on(client_t *client, mix_t *mix, int turn)
{
  reply_t *lease = &mix->answers[LEASE];

  if (lease->connection && !mix->asked) {
    mix->asked = true;
    client_ask_lease(client, lease->connection, &mix->on_lease, "SELECT 5 + SLEEP(0.003)",
                     AURORA_NO_PARAMS, 0);
    aurora_connection_release(lease->connection);
  }
  if (turn == 25 && !mix->answers[CANCELLED].done)
    aurora_query_cancel(mix->answers[CANCELLED].query);
}

static void must_be_right(const reply_t *answer, int64_t value)
{
  if (!answer->code)
    ck_assert_int_eq(answer->value, value);
  else
    ck_assert_msg(answer->error.code == AURORA_ECLOSED || answer->error.code == UV_ECANCELED,
                  "%s: %s", aurora_err_name(answer->error.code), answer->error.message);
}

START_TEST(a_close_after_every_turn)
{
  aurora_config_t config = client_config(&database, _i & 1);
  unsigned good = 0;

  config.pool_size = 4;
  config.warmup_size = 3;
  for (int turns = first_turn(); turns <= TURNS; turns += stride()) {
    client_t client;
    mix_t mix;

    client_open(&client, &config);
    client_watch(&client);
    start_mix(&client, &mix);
    for (int turn = 0; turn < turns; turn++) {
      run_turns(&client, _i & 1 ? 4 : 1); /* TLS takes longer to come up */
      go_on(&client, &mix, turn);
    }
    client_watched(&client);
    client_close(&client, _i & 2 ? DRAIN_MS : 0);
    must_have_one_callback_each(mix.answers, REQUESTS);
    if (mix.asked)
      must_have_one_callback_each(&mix.on_lease, 1);
    must_be_right(&mix.answers[QUICK], 1);
    must_be_right(&mix.answers[PREPARED], 2);
    must_be_right(&mix.answers[SLOW], 3);
    must_be_right(&mix.answers[QUEUED], 4);
    for (int i = 0; i < REQUESTS; i++)
      good += !mix.answers[i].code;
  }
  printf("# %u requests succeeded\n", good);
  if (slowly(1) == 1) /* or the turns end before anything is done */
    ck_assert_uint_gt(good, 0);
}
END_TEST

/* Connects that lead nowhere, and statements that cannot be killed. */
START_TEST(a_close_while_nobody_answers)
{
  static const bad_server_mode_t modes[] = {BAD_SERVER_BLACK_HOLE, BAD_SERVER_SILENT_LOGIN,
                                            BAD_SERVER_SILENT_TLS, BAD_SERVER_REFUSES};
  const bad_server_options_t options = {.mode = modes[_i]};
  bad_server_t *server;
  aurora_config_t config;

  ck_assert_int_eq(bad_server_start(&options, &server), 0);
  config = client_config_of_port(bad_server_port(server), modes[_i] == BAD_SERVER_SILENT_TLS);
  config.connect_timeout = 20;
  for (int turns = first_turn(); turns <= TURNS; turns += 2 * stride()) {
    client_t client;
    mix_t mix;
    uint64_t begin;

    client_open(&client, &config);
    client_watch(&client);
    start_mix(&client, &mix);
    run_turns(&client, turns);
    client_watched(&client);
    begin = now_ms();
    client_close(&client, turns & 2 ? DRAIN_MS : 0);
    ck_assert_uint_lt(now_ms() - begin, slowly(DRAIN_MS + 1000));
    must_have_one_callback_each(mix.answers, REQUESTS);
  }
  bad_server_stop(server);
}
END_TEST

START_TEST(a_close_while_the_server_is_frozen)
{
  aurora_config_t config = client_config(&database, _i & 1);
  unsigned drain = _i & 2 ? DRAIN_MS : 0;
  uint64_t begin, took;
  client_t client;
  mix_t mix;
  reply_t warm_up;

  config.pool_size = 4;
  config.warmup_size = 4;
  client_open(&client, &config);
  fixture_warm_up(&client.fixture, &warm_up);
  fixture_wait(&client.fixture, &warm_up);
  reply_must_be_good(&warm_up);
  ck_assert_int_eq(database_freeze(&database), 0);
  client_watch(&client);
  start_mix(&client, &mix);
  run_turns(&client, 40); /* past the hasty one's time-out: a kill hangs */
  client_watched(&client);
  begin = now_ms();
  client_close(&client, drain);
  took = now_ms() - begin;
  ck_assert_int_eq(database_thaw(&database), 0);
  must_have_one_callback_each(mix.answers, REQUESTS);
  ck_assert_uint_lt(took, slowly(drain + 1000));
}
END_TEST

/* --- From inside a callback --------------------------------------------------------------------- */

typedef struct {
  client_t client;
  unsigned calls;  /* of the callback that closes */
  unsigned closed; /* callbacks of the close */
  reply_t running, queued;
} closer_t;

static void on_closed(const aurora_error_t *error, void *data)
{
  closer_t *closer = data;

  ck_assert_ptr_null(error);
  closer->closed++;
  closer->client.fixture.closed = true;
}

static void close_twice(closer_t *closer)
{
  aurora_pool_t *pool = closer->client.fixture.pool;

  closer->calls++;
  if (closer->calls > 1)
    return;
  ck_assert_int_eq(aurora_pool_close(pool, 0, on_closed, closer), 0);
  ck_assert_uint_eq(closer->closed, 0);
  ck_assert_int_eq(aurora_pool_close(pool, 0, on_closed, closer), AURORA_ECLOSED);
}

static void close_in_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  close_twice(data);
}

static int close_in_row(const aurora_result_t *row, void *data)
{
  (void)row;
  close_twice(data);
  return 0;
}

static void close_in_done(const aurora_error_t *error, void *data)
{
  (void)error;
  close_twice(data);
}

static void close_in_health(bool healthy, const aurora_error_t *why_not, void *data)
{
  (void)healthy;
  (void)why_not;
  close_twice(data);
}

static void close_in_acquire(const aurora_error_t *error, aurora_connection_t *connection,
                             void *data)
{
  (void)error;
  (void)connection; /* never given back */
  close_twice(data);
}

typedef enum { IN_QUERY, IN_ERROR, IN_TIME_OUT, IN_ROW, IN_WARM_UP, IN_CHECK, IN_ACQUIRE } place_t;

static int ask_for_close(closer_t *closer, place_t place)
{
  aurora_pool_t *pool = closer->client.fixture.pool;
  aurora_query_options_t options = {0};

  switch (place) {
  case IN_QUERY:
    return aurora_pool_query(pool, "SELECT ?", AURORA_PARAMS(1), close_in_query, closer);
  case IN_ERROR:
    return aurora_pool_query(pool, "SELECT nonsense", AURORA_NO_PARAMS, close_in_query, closer);
  case IN_TIME_OUT:
    options.timeout_ms = 30;
    return aurora_pool_query_with(pool, "SELECT SLEEP(1)", AURORA_NO_PARAMS, &options,
                                  close_in_query, closer, NULL);
  case IN_ROW:
    options.on_row = close_in_row;
    return aurora_pool_query_with(pool, "SELECT seq FROM seq_1_to_100000", AURORA_NO_PARAMS,
                                  &options, close_in_query, closer, NULL);
  case IN_WARM_UP:
    return aurora_pool_warmup(pool, close_in_done, closer);
  case IN_CHECK:
    return aurora_pool_check(pool, close_in_health, closer);
  case IN_ACQUIRE:
    return aurora_pool_acquire(pool, close_in_acquire, closer);
  }
  return UV_EINVAL;
}

START_TEST(a_close_in_a_callback)
{
  aurora_config_t config = client_config(&database, false);
  closer_t closer;

  memset(&closer, 0, sizeof closer);
  config.pool_size = 2;
  client_open(&closer.client, &config);
  client_ask(&closer.client, &closer.running, "SELECT SLEEP(0.5)");
  ck_assert_int_eq(ask_for_close(&closer, (place_t)_i), 0);
  client_ask(&closer.client, &closer.queued, "SELECT SLEEP(0.5)");
  loop_run_until(&closer.client.fixture.loop, &closer.client.fixture.closed, FIXTURE_PATIENCE_MS);
  ck_assert_uint_ge(closer.calls, 1);
  ck_assert_uint_eq(closer.closed, 1);
  ck_assert_uint_eq(closer.running.calls, 1);
  ck_assert_uint_eq(closer.queued.calls, 1);
  client_end(&closer.client);
}
END_TEST

/* The second close shortens the drain of the first. */
START_TEST(a_second_close_is_in_more_of_a_hurry)
{
  aurora_config_t config = client_config(&database, false);
  uint64_t begin;
  closer_t closer;

  memset(&closer, 0, sizeof closer);
  client_open(&closer.client, &config);
  fixture_number(&closer.client.fixture, "SELECT 1");
  client_ask(&closer.client, &closer.running, "SELECT SLEEP(2)");
  loop_run_for(&closer.client.fixture.loop, 10);
  begin = now_ms();
  ck_assert_int_eq(aurora_pool_close(closer.client.fixture.pool, 10000, on_closed, &closer), 0);
  ck_assert_int_eq(aurora_pool_close(closer.client.fixture.pool, DRAIN_MS, NULL, NULL),
                   AURORA_ECLOSED);
  loop_run_until(&closer.client.fixture.loop, &closer.client.fixture.closed, FIXTURE_PATIENCE_MS);
  ck_assert_uint_ge(now_ms() - begin, DRAIN_MS);
  ck_assert_uint_lt(now_ms() - begin, slowly(1500));
  reply_must_be(&closer.running, UV_ECANCELED);
  ck_assert_int_eq(closer.running.error.outcome, AURORA_UNKNOWN);
  client_end(&closer.client);
}
END_TEST

START_TEST(a_drain_longer_than_the_work)
{
  aurora_config_t config = client_config(&database, false);
  reply_t answers[6];
  client_t client;
  uint64_t begin;

  config.pool_size = 6;
  config.warmup_size = 6;
  client_open(&client, &config);
  fixture_warm_up(&client.fixture, &answers[0]);
  fixture_wait(&client.fixture, &answers[0]);
  for (int i = 0; i < 6; i++)
    client_ask(&client, &answers[i], "SELECT 8 + SLEEP(0.1)");
  begin = now_ms();
  client_close(&client, 10000);
  ck_assert_uint_lt(now_ms() - begin, slowly(5000));
  for (int i = 0; i < 6; i++) {
    reply_must_be_good(&answers[i]);
    ck_assert_int_eq(answers[i].value, 8);
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("close races");
  TCase *tcase = tcase_create("close races");

  tcase_set_timeout(tcase, 90);
  tcase_add_loop_test(tcase, a_close_after_every_turn, 0, 4);
  tcase_add_loop_test(tcase, a_close_while_nobody_answers, 0, 4);
  tcase_add_loop_test(tcase, a_close_while_the_server_is_frozen, 0, 4);
  tcase_add_loop_test(tcase, a_close_in_a_callback, 0, IN_ACQUIRE + 1);
  tcase_add_test(tcase, a_second_close_is_in_more_of_a_hurry);
  tcase_add_test(tcase, a_drain_longer_than_the_work);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
