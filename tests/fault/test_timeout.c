/*
 * Time-outs and cancels: the callback comes at the deadline, the statement ends on the server, and the
 * pool goes on with a session that is clean and in step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "support/database_test.h"
#include "support/loop.h"

enum {
  TIMEOUT_MS = 100,
  LATE_MS = 2000, /* by which a busy machine may be late */
  LARGE = 32 * 1024 * 1024
};

static database_t database;

/* What a loop test's index stands for. */
static bool over_tls(int index)
{
  return index & 1;
}

static bool is_prepared(int index)
{
  return index & 2;
}

static void open_client(client_t *client, int index)
{
  aurora_config_t config = client_config(&database, over_tls(index));

  config.pool_size = 1;
  client_open(client, &config);
}

/* A statement that takes five seconds, as text or prepared. */
static void ask_for_long(client_t *client, reply_t *answer, bool prepared, uint64_t timeout_ms)
{
  if (prepared)
    client_ask_with(client, answer, "SELECT SLEEP(?)", AURORA_PARAMS(5), timeout_ms, 0);
  else
    client_ask_with(client, answer, "SELECT SLEEP(5)", AURORA_NO_PARAMS, timeout_ms, 0);
}

static void must_be_timely(const reply_t *answer, uint64_t timeout_ms)
{
  reply_must_be(answer, UV_ETIMEDOUT);
  ck_assert_uint_ge(reply_took(answer), timeout_ms);
  ck_assert_uint_le(reply_took(answer), timeout_ms + slowly(LATE_MS));
}

#define SLEEPERS                                                                                   \
  "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"

static bool nothing_sleeps(void *data)
{
  (void)data;
  return database_count(&database, SLEEPERS) == 0;
}

/* The kill was answered before; the statement ends when the server next looks whether it was killed. */
static void nothing_may_sleep_soon(void)
{
  ck_assert_int_eq(database_count_until(&database, SLEEPERS, 0, LATE_MS), 0);
}

/* And is not merely being prepared. */
static bool something_sleeps(void *data)
{
  (void)data;
  return database_count(&database, SLEEPERS " AND state = 'User sleep'") > 0;
}

static uint64_t opened(const client_t *client)
{
  return fixture_stats(&client->fixture).opened;
}

/* --- At the deadline ---------------------------------------------------------------------------- */

START_TEST(a_running_query_times_out)
{
  client_t client;
  reply_t answer;
  int64_t id;

  open_client(&client, _i);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  ask_for_long(&client, &answer, is_prepared(_i), TIMEOUT_MS);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, TIMEOUT_MS);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  loop_run_until_true(&client.fixture.loop, nothing_sleeps, NULL, 1000);
  fixture_wait_quiet(&client.fixture);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT CONNECTION_ID()"), id);
  ck_assert_uint_eq(opened(&client), 1);
  client_close(&client, 0);
}
END_TEST

START_TEST(the_time_to_connect_counts)
{
  client_t client;
  reply_t answer;

  open_client(&client, _i);
  ask_for_long(&client, &answer, is_prepared(_i), TIMEOUT_MS);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, TIMEOUT_MS);
  /* The close leaves time for the kill. */
  client_close(&client, 5000);
  nothing_may_sleep_soon();
}
END_TEST

START_TEST(the_pools_time_out_holds_without_one_of_its_own)
{
  aurora_config_t config = client_config(&database, over_tls(_i));
  client_t client;
  reply_t answer;

  config.query_timeout = TIMEOUT_MS;
  client_open(&client, &config);
  ask_for_long(&client, &answer, false, 0);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, TIMEOUT_MS);
  client_close(&client, 5000);
  nothing_may_sleep_soon();
}
END_TEST

START_TEST(a_queued_query_times_out)
{
  client_t client;
  reply_t first, second;

  open_client(&client, _i);
  client_ask(&client, &first, "SELECT 7 + SLEEP(0.6)");
  ask_for_long(&client, &second, is_prepared(_i), TIMEOUT_MS);
  fixture_wait(&client.fixture, &second);
  must_be_timely(&second, TIMEOUT_MS);
  ck_assert_int_eq(second.error.outcome, AURORA_NOT_SENT);
  ck_assert_ptr_nonnull(strstr(second.error.message, "waiting for a connection"));
  fixture_wait(&client.fixture, &first);
  reply_must_be_good(&first);
  ck_assert_int_eq(first.value, 7);
  client_close(&client, 0);
}
END_TEST

/* --- In a lease --------------------------------------------------------------------------------- */

START_TEST(a_lease_keeps_its_session)
{
  client_t client;
  reply_t lease, set, slow, after, get;

  open_client(&client, _i);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  reply_must_be_good(&lease);
  client_ask_lease(&client, lease.connection, &set, "SET @mine = 7", AURORA_NO_PARAMS, 0);
  if (is_prepared(_i))
    client_ask_lease(&client, lease.connection, &slow, "SELECT SLEEP(?)", AURORA_PARAMS(5),
                     TIMEOUT_MS);
  else
    client_ask_lease(&client, lease.connection, &slow, "SELECT SLEEP(5)", AURORA_NO_PARAMS,
                     TIMEOUT_MS);
  /* Two more in line: one whose time passes there, one that has all the time. */
  client_ask_lease(&client, lease.connection, &after, "SELECT 1", AURORA_NO_PARAMS, 20);
  client_ask_lease(&client, lease.connection, &get, "SELECT @mine", AURORA_NO_PARAMS, 0);
  fixture_wait(&client.fixture, &after);
  reply_must_be(&after, UV_ETIMEDOUT);
  ck_assert_int_eq(after.error.outcome, AURORA_NOT_SENT);
  fixture_wait(&client.fixture, &slow);
  reply_must_be_good(&set);
  must_be_timely(&slow, TIMEOUT_MS);
  fixture_wait(&client.fixture, &get);
  reply_must_be_good(&get);
  ck_assert_int_eq(get.value, 7);
  ck_assert(nothing_sleeps(NULL));
  client_ask_lease(&client, lease.connection, &get, "SELECT CONNECTION_ID()", AURORA_NO_PARAMS, 0);
  fixture_wait(&client.fixture, &get);
  ck_assert_int_eq(get.value, (int64_t)aurora_connection_id(lease.connection));
  aurora_connection_release(lease.connection);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT @mine IS NULL"), 1);
  client_close(&client, 0);
}
END_TEST

/* The lease is given back while its statement is being killed. */
START_TEST(a_lease_is_released_while_it_is_killed)
{
  client_t client;
  reply_t lease, slow;

  open_client(&client, _i);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  client_ask_lease(&client, lease.connection, &slow, "SELECT SLEEP(5)", AURORA_NO_PARAMS,
                   TIMEOUT_MS);
  fixture_wait(&client.fixture, &slow);
  must_be_timely(&slow, TIMEOUT_MS);
  aurora_connection_release(lease.connection);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 3"), 3);
  client_close(&client, 0);
}
END_TEST

/* --- Time-out or result, whichever comes first -------------------------------------------------- */

typedef struct {
  unsigned timed_out, in_time;
} race_t;

static void judge(const reply_t *answer, int64_t id, race_t *race)
{
  if (answer->code) {
    reply_must_be(answer, UV_ETIMEDOUT);
    race->timed_out++;
  } else {
    ck_assert_uint_eq(answer->calls, 1);
    ck_assert_int_eq(answer->value, id);
    race->in_time++;
  }
}

/* Each query returns its number. A kill that came too late and hit the next statement would show as an
 * error of that one, or as a SLEEP that returns 1. */
START_TEST(time_outs_race_with_results)
{
  enum { ROUNDS = 200 };
  aurora_config_t config = client_config(&database, over_tls(_i));
  race_t race = {0, 0};
  client_t client;
  reply_t hasty, patient;

  config.pool_size = 2;
  client_open(&client, &config);
  fixture_number(&client.fixture, "SELECT 1");
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t timeout_ms = 5 + (uint64_t)round % 11;
    int64_t id = 10 * (round + 1);
    char sql[64];

    if (round & 1) {
      client_ask_with(&client, &hasty, "SELECT ? + SLEEP(0.01)", AURORA_PARAMS(id), timeout_ms, 0);
    } else {
      snprintf(sql, sizeof sql, "SELECT %d + SLEEP(0.01)", (int)id);
      client_ask_with(&client, &hasty, sql, AURORA_NO_PARAMS, timeout_ms, 0);
    }
    client_ask_with(&client, &patient, "SELECT ? + SLEEP(0.002)", AURORA_PARAMS(id + 5), 0, 0);
    fixture_wait(&client.fixture, &hasty);
    fixture_wait(&client.fixture, &patient);
    judge(&hasty, id, &race);
    reply_must_be_good(&patient);
    ck_assert_int_eq(patient.value, id + 5);
  }
  printf("# %u timed out, %u in time, %llu connections\n", race.timed_out, race.in_time,
         (unsigned long long)opened(&client));
  ck_assert_uint_gt(race.timed_out, 0);
  ck_assert_uint_eq(client.fixture.callbacks, 1 + 2 * ROUNDS);
  client_close(&client, 1000);
}
END_TEST

/* --- Large statements and results --------------------------------------------------------------- */

static char *large_text(const char *before, const char *after)
{
  size_t start = strlen(before);
  char *text = malloc(start + LARGE + strlen(after) + 1);

  ck_assert_ptr_nonnull(text);
  memcpy(text, before, start);
  memset(text + start, 'x', LARGE);
  strcpy(text + start + LARGE, after);
  return text;
}

/* The network takes a part of the statement, then nothing. */
START_TEST(a_large_statement_times_out_on_its_way)
{
  const fault_script_t stall = {.to_server = {.cut = FAULT_STALL, .after = 1024 * 1024}};
  const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};
  aurora_config_t config;
  client_t client;
  reply_t answer;
  char *text;

  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS uploads; CREATE TABLE uploads (a LONGTEXT)"),
      0);
  client_begin_with_proxy(&client, &database, &stall);
  config = client_config_of_port(fault_proxy_port(client.proxy), over_tls(_i));
  config.connect_timeout = 1000;
  fixture_create(&client.fixture, &config);
  fixture_number(&client.fixture, "SELECT 1");
  fault_proxy_set(client.proxy, &pass);
  if (is_prepared(_i)) {
    text = large_text("", "");
    client_ask_with(&client, &answer, "INSERT INTO uploads VALUES (?)", AURORA_PARAMS(text),
                    TIMEOUT_MS, 0);
  } else {
    text = large_text("INSERT INTO uploads VALUES ('", "')");
    client_ask_with(&client, &answer, text, AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  }
  free(text);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  ck_assert_uint_ge(reply_took(&answer), TIMEOUT_MS);
  ck_assert_uint_lt(reply_took(&answer), TIMEOUT_MS + slowly(2000)); /* 32 MB are copied first */
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT COUNT(*) FROM uploads"), 0);
  fixture_wait_quiet(&client.fixture);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 9"), 9);
  client_close(&client, 0);
  ck_assert_int_eq(database_count(&database, "SELECT COUNT(*) FROM uploads"), 0);
}
END_TEST

static void ask_for_large(client_t *client, reply_t *answer, bool prepared, uint64_t timeout_ms)
{
  if (prepared)
    client_ask_with(client, answer, "SELECT REPEAT('x', ?) FROM seq_1_to_1000000",
                    AURORA_PARAMS(1000), timeout_ms, 0);
  else
    client_ask_with(client, answer, "SELECT REPEAT('x', 1000) FROM seq_1_to_1000000",
                    AURORA_NO_PARAMS, timeout_ms, 0);
}

static void open_for_large(client_t *client, int index)
{
  aurora_config_t config = client_config(&database, over_tls(index));

  config.pool_size = 1;
  config.max_result_size = (uint64_t)1 << 40;
  client_open(client, &config);
  fixture_number(&client->fixture, "SELECT 1");
}

START_TEST(a_large_result_times_out)
{
  client_t client;
  reply_t answer;

  open_for_large(&client, _i);
  ask_for_large(&client, &answer, is_prepared(_i), 60);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, 60);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 11"), 11);
  client_close(&client, 0);
}
END_TEST

/* --- Cancelling --------------------------------------------------------------------------------- */

START_TEST(a_running_query_is_cancelled)
{
  client_t client;
  reply_t answer;

  open_client(&client, _i);
  ask_for_long(&client, &answer, is_prepared(_i), 0);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(aurora_query_cancel(answer.query), 0);
  ck_assert_msg(!answer.done, "a callback from inside the cancel");
  ck_assert_int_eq(aurora_query_cancel(answer.query), UV_EALREADY);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ECANCELED);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  loop_run_until_true(&client.fixture.loop, nothing_sleeps, NULL, 1000);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 12"), 12);
  client_close(&client, 0);
}
END_TEST

START_TEST(a_queued_query_is_cancelled)
{
  client_t client;
  reply_t first, second, third;

  open_client(&client, _i);
  client_ask(&client, &first, "SELECT 1 + SLEEP(0.1)");
  client_ask(&client, &second, "SELECT 2");
  client_ask(&client, &third, "SELECT 3");
  ck_assert_int_eq(aurora_query_cancel(second.query), 0);
  fixture_wait(&client.fixture, &third);
  fixture_wait(&client.fixture, &first);
  reply_must_be(&second, UV_ECANCELED);
  ck_assert_int_eq(second.error.outcome, AURORA_NOT_SENT);
  reply_must_be_good(&first);
  ck_assert_int_eq(first.value, 1);
  reply_must_be_good(&third);
  ck_assert_int_eq(third.value, 3);
  client_close(&client, 0);
}
END_TEST

START_TEST(a_large_result_is_cancelled)
{
  client_t client;
  reply_t answer;

  open_for_large(&client, _i);
  ask_for_large(&client, &answer, is_prepared(_i), 0);
  loop_run_for(&client.fixture.loop, 30);
  ck_assert(!answer.done);
  ck_assert_int_eq(aurora_query_cancel(answer.query), 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ECANCELED);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 13"), 13);
  client_close(&client, 0);
}
END_TEST

/* Cancelled so early that it may not even be on its way. */
START_TEST(a_query_is_cancelled_after_n_turns)
{
  enum { TURNS = 12 };
  client_t client;
  reply_t answer;

  open_client(&client, _i);
  fixture_number(&client.fixture, "SELECT 1");
  for (int turns = 0; turns < TURNS; turns++) {
    client_ask_with(&client, &answer, is_prepared(_i) ? "SELECT 20 + ?" : "SELECT 20",
                    is_prepared(_i) ? AURORA_PARAMS(0) : AURORA_NO_PARAMS, 0, 0);
    for (int i = 0; i < turns && !answer.done; i++)
      uv_run(&client.fixture.loop, UV_RUN_NOWAIT);
    if (!answer.done) {
      int code = aurora_query_cancel(answer.query);

      ck_assert(code == 0 || code == UV_EALREADY);
    }
    fixture_wait(&client.fixture, &answer);
    if (answer.code)
      reply_must_be(&answer, UV_ECANCELED);
    else
      ck_assert_int_eq(answer.value, 20);
    ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 21"), 21);
  }
  client_close(&client, 0);
}
END_TEST

/* --- When the kill cannot be made --------------------------------------------------------------- */

START_TEST(a_time_out_while_the_server_is_frozen)
{
  aurora_config_t config = client_config(&database, over_tls(_i));
  client_t client;
  reply_t answer, next;

  config.pool_size = 2;
  config.connect_timeout = 400;
  client_open(&client, &config);
  fixture_number(&client.fixture, "SELECT 1");
  ck_assert_int_eq(database_freeze(&database), 0);
  client_ask_with(&client, &answer, is_prepared(_i) ? "SELECT ?" : "SELECT 1",
                  is_prepared(_i) ? AURORA_PARAMS(1) : AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, TIMEOUT_MS);
  fixture_wait_quiet(&client.fixture);
  client_ask_patiently(&client, &next, "SELECT 14", slowly(FIXTURE_PATIENCE_MS));
  loop_run_for(&client.fixture.loop, 100);
  ck_assert(!next.done);
  ck_assert_int_eq(database_thaw(&database), 0);
  fixture_wait(&client.fixture, &next);
  reply_must_be_good(&next);
  ck_assert_int_eq(next.value, 14);
  client_close(&client, 1000);
}
END_TEST

/* Both of the connections that the user may have are in use: no third for the kill. */
START_TEST(no_connection_is_left_for_the_kill)
{
  aurora_config_t config = client_config(&database, over_tls(_i));
  client_t client;
  reply_t answers[2], next;

  config.user = DATABASE_LIMITED_USER;
  config.password = DATABASE_LIMITED_PASSWORD;
  config.pool_size = 2;
  config.warmup_size = 2;
  client_open(&client, &config);
  fixture_warm_up(&client.fixture, &next);
  fixture_wait(&client.fixture, &next);
  reply_must_be_good(&next);
  for (int i = 0; i < 2; i++)
    client_ask_with(&client, &answers[i], "SELECT SLEEP(0.8)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  for (int i = 0; i < 2; i++) {
    fixture_wait(&client.fixture, &answers[i]);
    must_be_timely(&answers[i], TIMEOUT_MS);
  }
  client_ask_patiently(&client, &next, "SELECT 15", slowly(FIXTURE_PATIENCE_MS));
  fixture_wait(&client.fixture, &next);
  reply_must_be_good(&next);
  ck_assert_int_eq(next.value, 15);
  client_close(&client, 1000);
}
END_TEST

/* A kill whose own connection hangs does not keep later kills from being made. */
START_TEST(a_kill_hangs_and_the_next_one_works)
{
  const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};
  /* The greeting comes, and TLS or the login is not answered. */
  const fault_script_t hang = {.to_server = {.cut = FAULT_STALL, .after = 60}};
  aurora_config_t config;
  client_t client;
  reply_t answer;
  uint64_t begin;

  client_begin_with_proxy(&client, &database, &pass);
  config = client_config_of_port(fault_proxy_port(client.proxy), over_tls(_i));
  config.connect_timeout = 500;
  fixture_create(&client.fixture, &config);
  fixture_number(&client.fixture, "SELECT 1");
  fault_proxy_set(client.proxy, &hang);
  client_ask_with(&client, &answer, "SELECT SLEEP(1)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, TIMEOUT_MS);
  fixture_wait_quiet(&client.fixture);
  fault_proxy_set(client.proxy, &pass);
  loop_run_until_true(&client.fixture.loop, nothing_sleeps, NULL, FIXTURE_PATIENCE_MS);
  ask_for_long(&client, &answer, false, TIMEOUT_MS);
  fixture_wait(&client.fixture, &answer);
  must_be_timely(&answer, TIMEOUT_MS);
  begin = now_ms();
  loop_run_until_true(&client.fixture.loop, nothing_sleeps, NULL, FIXTURE_PATIENCE_MS);
  ck_assert_uint_lt(now_ms() - begin, slowly(1000));
  client_close(&client, 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("time-out");
  TCase *tcase = tcase_create("time-out");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_running_query_times_out, 0, 4);
  tcase_add_loop_test(tcase, the_time_to_connect_counts, 0, 4);
  tcase_add_loop_test(tcase, the_pools_time_out_holds_without_one_of_its_own, 0, 2);
  tcase_add_loop_test(tcase, a_queued_query_times_out, 0, 4);
  tcase_add_loop_test(tcase, a_lease_keeps_its_session, 0, 4);
  tcase_add_loop_test(tcase, a_lease_is_released_while_it_is_killed, 0, 2);
  tcase_add_loop_test(tcase, time_outs_race_with_results, 0, 2);
  tcase_add_loop_test(tcase, a_large_statement_times_out_on_its_way, 0, 4);
  tcase_add_loop_test(tcase, a_large_result_times_out, 0, 4);
  tcase_add_loop_test(tcase, a_running_query_is_cancelled, 0, 4);
  tcase_add_loop_test(tcase, a_queued_query_is_cancelled, 0, 2);
  tcase_add_loop_test(tcase, a_large_result_is_cancelled, 0, 4);
  tcase_add_loop_test(tcase, a_query_is_cancelled_after_n_turns, 0, 4);
  tcase_add_loop_test(tcase, a_time_out_while_the_server_is_frozen, 0, 4);
  tcase_add_loop_test(tcase, no_connection_is_left_for_the_kill, 0, 2);
  tcase_add_loop_test(tcase, a_kill_hangs_and_the_next_one_works, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
