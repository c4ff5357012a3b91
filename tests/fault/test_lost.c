/*
 * Connections that are lost: by a server that dies, by KILL, by the network, by the server's own
 * wait_timeout; idle, leased, running or in the middle of a result. One clear error with the right
 * outcome, and the next query works.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "client.h"
#include "support/database_test.h"
#include "support/loop.h"

enum { ER_KILLED = 1927, ER_INTERRUPTED = 1317 };

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
  config.max_result_size = (uint64_t)1 << 40;
  client_open(client, &config);
}

/* The same through a proxy that lets everything pass. */
static void open_through_proxy(client_t *client, int index)
{
  const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};
  aurora_config_t config;

  client_begin_with_proxy(client, &database, &pass);
  config = client_config_of_port(fault_proxy_port(client->proxy), over_tls(index));
  config.pool_size = 1;
  fixture_create(&client->fixture, &config);
}

static void ask(client_t *client, reply_t *answer, const char *text, const char *prepared,
                int index, unsigned flags)
{
  if (is_prepared(index))
    client_ask_with(client, answer, prepared, AURORA_PARAMS(3), 0, flags);
  else
    client_ask_with(client, answer, text, AURORA_NO_PARAMS, 0, flags);
}

static uint64_t lost(const client_t *client)
{
  return fixture_stats(&client->fixture).closed[AURORA_CLOSE_LOST];
}

static bool one_is_lost(void *client)
{
  return lost(client) == 1;
}

/* Statements that are being executed, neither prepared nor already killed. */
#define SLEEPERS                                                                                   \
  "FROM information_schema.processlist "                                                           \
  "WHERE state = 'User sleep' AND info LIKE 'SELECT %SLEEP%' AND command <> 'Killed'"

static bool something_sleeps(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) " SLEEPERS) > 0;
}

static int64_t sleeper(void)
{
  return database_count(&database, "SELECT id " SLEEPERS);
}

static void kill_connection(const char *what, int64_t id)
{
  char sql[64];

  snprintf(sql, sizeof sql, "KILL %s %lld", what, (long long)id);
  ck_assert_int_eq(database_sql(&database, sql), 0);
}

/* A server does not look whether its client is there while it sleeps. */
static void end_sleepers(void)
{
  int64_t id;

  while ((id = sleeper()) > 0) {
    char sql[64];

    snprintf(sql, sizeof sql, "KILL CONNECTION %lld", (long long)id);
    database_sql(&database, sql); /* it may have ended in between */
  }
}

static void wait_until_gone(int64_t id)
{
  char sql[128];
  uint64_t end = now_ms() + slowly(FIXTURE_PATIENCE_MS);

  snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %lld",
           (long long)id);
  while (database_count(&database, sql) != 0)
    ck_assert_uint_lt(now_ms(), end);
}

/* A statement may be prepared first; from here on it has been sent. */
static bool a_result_is_made(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist WHERE info "
                                   "LIKE 'SELECT REPEAT%' AND command IN ('Query', 'Execute')") > 0;
}

/* --- The server dies ---------------------------------------------------------------------------- */

START_TEST(the_server_dies_while_idle)
{
  aurora_error_t error;
  client_t client;

  open_client(&client, _i);
  fixture_number(&client.fixture, "SELECT 1");
  ck_assert_int_eq(database_kill(&database), 0);
  loop_run_until_true(&client.fixture.loop, one_is_lost, &client, FIXTURE_PATIENCE_MS);
  error = client_fail(&client, "SELECT 1");
  ck_assert_int_eq(error.code, UV_ECONNREFUSED);
  ck_assert_int_eq(error.outcome, AURORA_NOT_SENT);
  ck_assert_int_eq(database_restart(&database), 0);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

START_TEST(the_server_dies_while_running)
{
  client_t client;
  reply_t answer;

  open_client(&client, _i);
  ask(&client, &answer, "SELECT SLEEP(3)", "SELECT SLEEP(?)", _i, 0);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(database_kill(&database), 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  ck_assert_int_eq(database_restart(&database), 0);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

START_TEST(the_server_dies_while_a_result_comes)
{
  client_t client;
  reply_t answer;

  open_client(&client, _i);
  fixture_number(&client.fixture, "SELECT 1");
  ask(&client, &answer, "SELECT REPEAT('x', 2000) FROM seq_1_to_10000000",
      "SELECT REPEAT('x', 2000 + ?) FROM seq_1_to_10000000", _i, 0);
  loop_run_until_true(&client.fixture.loop, a_result_is_made, NULL, FIXTURE_PATIENCE_MS);
  loop_run_for(&client.fixture.loop, 30);
  ck_assert(!answer.done);
  ck_assert_int_eq(database_kill(&database), 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  ck_assert_int_eq(database_restart(&database), 0);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

/* --- KILL from outside -------------------------------------------------------------------------- */

START_TEST(an_idle_connection_is_killed)
{
  client_t client;
  int64_t id;

  open_client(&client, _i);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  kill_connection("CONNECTION", id);
  loop_run_until_true(&client.fixture.loop, one_is_lost, &client, FIXTURE_PATIENCE_MS);
  ck_assert_int_ne(fixture_number(&client.fixture, "SELECT CONNECTION_ID()"), id);
  client_close(&client, 0);
}
END_TEST

/* No turn of the loop between the end of the connection and the query. A server that hangs up in the very
 * millisecond in which the loop has polled is not noticed. */
START_TEST(a_dead_connection_is_not_handed_out)
{
  client_t client;
  reply_t answer;
  uint64_t polled_at;
  int64_t id;

  ck_assert_int_eq(database_sql(&database, "DROP TABLE IF EXISTS once; CREATE TABLE once (a INT)"),
                   0);
  open_client(&client, _i);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  polled_at = now_ms();
  kill_connection("CONNECTION", id);
  wait_until_gone(id);
  while (now_ms() <= polled_at)
    ;
  ask(&client, &answer, "INSERT INTO once VALUES (3)", "INSERT INTO once VALUES (?)", _i, 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be_good(&answer);
  ck_assert_uint_eq(lost(&client), 1);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT COUNT(*) FROM once"), 1);
  client_close(&client, 0);
}
END_TEST

START_TEST(a_running_connection_is_killed)
{
  client_t client;
  reply_t answer;

  open_client(&client, _i);
  ask(&client, &answer, "SELECT SLEEP(3)", "SELECT SLEEP(?)", _i, 0);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  kill_connection("CONNECTION", sleeper());
  fixture_wait(&client.fixture, &answer);
  ck_assert_uint_eq(answer.calls, 1);
  ck_assert(answer.code);
  /* The server may say so before it closes the connection. */
  if (answer.error.code == AURORA_ESERVER) {
    ck_assert_uint_eq(answer.error.server_errno, ER_KILLED);
    ck_assert_int_eq(answer.error.outcome, AURORA_REFUSED);
  } else {
    ck_assert_int_eq(answer.error.code, AURORA_ELOST);
    ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  }
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

START_TEST(a_query_is_killed_from_outside)
{
  client_t client;
  reply_t answer;
  int64_t id;

  open_client(&client, _i);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  /* For MySQL a SLEEP that is interrupted is 1, and an error only where there would be more to do. */
  ask(&client, &answer, "SELECT 1 FROM seq_1_to_10 WHERE SLEEP(3)",
      "SELECT 1 FROM seq_1_to_10 WHERE SLEEP(?)", _i, 0);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  kill_connection("QUERY", id);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ESERVER);
  ck_assert_uint_eq(answer.error.server_errno, ER_INTERRUPTED);
  ck_assert_str_eq(answer.error.sqlstate, "70100");
  ck_assert_int_eq(answer.error.outcome, AURORA_REFUSED);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT CONNECTION_ID()"), id);
  client_close(&client, 0);
}
END_TEST

/* --- Leases ------------------------------------------------------------------------------------- */

START_TEST(a_leased_connection_is_killed)
{
  reply_t lease, first, second;
  client_t client;
  int64_t id;

  open_client(&client, _i);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  id = (int64_t)aurora_connection_id(lease.connection);
  kill_connection("CONNECTION", id);
  if (is_prepared(_i)) /* noticed by the loop, or by the statement */
    loop_run_until_true(&client.fixture.loop, one_is_lost, &client, FIXTURE_PATIENCE_MS);
  else
    wait_until_gone(id);
  client_ask_lease(&client, lease.connection, &first, "SELECT 1", AURORA_NO_PARAMS, 0);
  client_ask_lease(&client, lease.connection, &second, "SELECT 1", AURORA_NO_PARAMS, 0);
  fixture_wait(&client.fixture, &first);
  fixture_wait(&client.fixture, &second);
  reply_must_be(&first, AURORA_ELOST);
  reply_must_be(&second, AURORA_ELOST);
  ck_assert_int_eq(second.error.outcome, AURORA_NOT_SENT);
  if (is_prepared(_i))
    ck_assert_int_eq(first.error.outcome, AURORA_NOT_SENT);
  client_ask_lease(&client, lease.connection, &second, "SELECT 1", AURORA_NO_PARAMS, 0);
  fixture_wait(&client.fixture, &second);
  reply_must_be(&second, AURORA_ELOST);
  ck_assert_int_eq(second.error.outcome, AURORA_NOT_SENT);
  aurora_connection_release(lease.connection);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

/* Its holder knows what the session was for: nothing of a lease is ever sent again. */
START_TEST(a_statement_of_a_lease_is_not_sent_again)
{
  const aurora_query_options_t options = {.flags = AURORA_QUERY_IDEMPOTENT};
  reply_t lease, answer;
  client_t client;

  open_through_proxy(&client, _i);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &lease);
  fixture_ask_lease_value(&client.fixture, lease.connection, &answer, "SELECT SLEEP(3)",
                          AURORA_NO_PARAMS, &options);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  aurora_connection_release(lease.connection);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

/* --- The network -------------------------------------------------------------------------------- */

START_TEST(an_idle_connection_is_reset)
{
  client_t client;

  open_through_proxy(&client, _i);
  fixture_number(&client.fixture, "SELECT 1");
  fault_proxy_apply(client.proxy, &fault_reset);
  loop_run_until_true(&client.fixture.loop, one_is_lost, &client, FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

START_TEST(a_running_connection_is_reset)
{
  client_t client;
  reply_t answer;

  open_through_proxy(&client, _i);
  ask(&client, &answer, "SELECT SLEEP(3)", "SELECT SLEEP(?)", _i, 0);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

static bool a_second_has_connected(void *data)
{
  client_t *client = data;
  fault_counters_t counters;

  fault_proxy_count(client->proxy, &counters);
  return counters.connections == 2;
}

START_TEST(an_idempotent_query_is_sent_again)
{
  client_t client;
  reply_t answer;

  open_through_proxy(&client, _i);
  ask(&client, &answer, "SELECT 3 + SLEEP(0.5)", "SELECT ? + SLEEP(0.5)", _i,
      AURORA_QUERY_IDEMPOTENT);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  fixture_wait(&client.fixture, &answer);
  reply_must_be_good(&answer);
  ck_assert_int_eq(answer.value, 3);
  ck_assert(a_second_has_connected(&client));
  client_close(&client, 0);
}
END_TEST

static bool two_sleep(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                   "WHERE state = 'User sleep'") == 2;
}

START_TEST(an_idempotent_query_is_sent_again_only_once)
{
  client_t client;
  reply_t answer;

  open_through_proxy(&client, _i);
  ask(&client, &answer, "SELECT 3 + SLEEP(2)", "SELECT ? + SLEEP(2)", _i, AURORA_QUERY_IDEMPOTENT);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  /* The first goes on. */
  loop_run_until_true(&client.fixture.loop, two_sleep, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

static unsigned rows_seen;

static int on_row(const aurora_result_t *row, void *data)
{
  (void)row;
  (void)data;
  rows_seen++;
  return 0;
}

/* Twice is not as good as once for a caller who has seen rows. */
START_TEST(a_stream_is_not_sent_again_after_rows)
{
  const fault_script_t later = {.to_client = {.cut = FAULT_RESET, .after = 400 * 1024}};
  const aurora_query_options_t options = {.flags = AURORA_QUERY_IDEMPOTENT, .on_row = on_row};
  client_t client;
  reply_t answer;
  unsigned seen;

  open_through_proxy(&client, _i);
  fixture_number(&client.fixture, "SELECT 1");
  fault_proxy_apply(client.proxy, &later);
  fixture_ask_value(&client.fixture, &answer, "SELECT REPEAT('x', 1000) FROM seq_1_to_10000",
                    AURORA_NO_PARAMS, &options);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  seen = rows_seen;
  ck_assert_uint_gt(seen, 0);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  ck_assert_uint_eq(rows_seen, seen);
  client_close(&client, 0);
}
END_TEST

/* --- OpenSSL's error queue ---------------------------------------------------------------------- */

static void leave_an_error(uv_timer_t *timer)
{
  (void)timer;
  ERR_raise(ERR_LIB_USER, 1);
}

/* OpenSSL has one queue of errors a thread. What somebody else leaves there is no error of ours. */
START_TEST(errors_of_the_program_do_no_harm)
{
  uv_timer_t timer;
  client_t client;
  reply_t answer;
  int64_t id;

  open_client(&client, 1);
  ck_assert_int_eq(uv_timer_init(&client.fixture.loop, &timer), 0);
  ck_assert_int_eq(uv_timer_start(&timer, leave_an_error, 0, 1), 0);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  for (int i = 0; i < 20; i++) {
    ask(&client, &answer, "SELECT 3 + SLEEP(0.005)", "SELECT ? + SLEEP(0.005)", _i * 2, 0);
    fixture_wait(&client.fixture, &answer);
    reply_must_be_good(&answer);
    ck_assert_int_eq(answer.value, 3);
  }
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT CONNECTION_ID()"), id);
  uv_close((uv_handle_t *)&timer, NULL);
  client_close(&client, 0);
}
END_TEST

START_TEST(no_error_is_left_to_the_program)
{
  client_t client;
  reply_t answer;

  open_through_proxy(&client, 1);
  ERR_clear_error();
  ask(&client, &answer, "SELECT SLEEP(3)", "SELECT SLEEP(?)", _i * 2, 0);
  loop_run_until_true(&client.fixture.loop, something_sleeps, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_uint_eq(ERR_peek_error(), 0);
  fixture_number(&client.fixture, "SELECT 1");
  client_close(&client, 0);
  ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* --- Time --------------------------------------------------------------------------------------- */

START_TEST(the_server_closes_what_was_idle_too_long)
{
  aurora_config_t config = client_config(&database, over_tls(_i));
  client_t client;
  int64_t id;

  config.init_sql = "SET SESSION wait_timeout = 1";
  client_open(&client, &config);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  loop_run_until_true(&client.fixture.loop, one_is_lost, &client, FIXTURE_PATIENCE_MS);
  ck_assert_int_ne(fixture_number(&client.fixture, "SELECT CONNECTION_ID()"), id);
  client_close(&client, 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("lost");
  TCase *tcase = tcase_create("lost");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, end_sleepers, NULL);
  tcase_add_loop_test(tcase, the_server_dies_while_idle, 0, 2);
  tcase_add_loop_test(tcase, the_server_dies_while_running, 0, 4);
  tcase_add_loop_test(tcase, the_server_dies_while_a_result_comes, 0, 4);
  tcase_add_loop_test(tcase, an_idle_connection_is_killed, 0, 2);
  tcase_add_loop_test(tcase, a_dead_connection_is_not_handed_out, 0, 4);
  tcase_add_loop_test(tcase, a_running_connection_is_killed, 0, 4);
  tcase_add_loop_test(tcase, a_query_is_killed_from_outside, 0, 4);
  tcase_add_loop_test(tcase, a_leased_connection_is_killed, 0, 4);
  tcase_add_loop_test(tcase, a_statement_of_a_lease_is_not_sent_again, 0, 2);
  tcase_add_loop_test(tcase, an_idle_connection_is_reset, 0, 2);
  tcase_add_loop_test(tcase, a_running_connection_is_reset, 0, 4);
  tcase_add_loop_test(tcase, an_idempotent_query_is_sent_again, 0, 4);
  tcase_add_loop_test(tcase, an_idempotent_query_is_sent_again_only_once, 0, 4);
  tcase_add_loop_test(tcase, a_stream_is_not_sent_again_after_rows, 0, 2);
  tcase_add_loop_test(tcase, errors_of_the_program_do_no_harm, 0, 2);
  tcase_add_loop_test(tcase, no_error_is_left_to_the_program, 0, 2);
  tcase_add_loop_test(tcase, the_server_closes_what_was_idle_too_long, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
