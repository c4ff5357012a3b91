/*
 * Promises 6 to 10: the line of waiters, clean sessions, nothing done twice, secrets, an idle pool.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "fault/client.h"
#include "promises.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

#define database promises_database

/* --- 6: first come, first served; deadlines; connects that fail ---------------------------------- */

enum { WAITERS = 12, DEADLINE_MS = 150, LATE_MS = 300, AT_ONCE_MS = 1000 };

typedef struct {
  pool_fixture_t *fixture;
  reply_t *newcomer;
  bool asked;
} overtaker_t;

/* Asks when the connection has just become free. */
static void ask_again(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  overtaker_t *overtaker = data;

  ck_assert_ptr_null(error);
  (void)result;
  fixture_ask(overtaker->fixture, overtaker->newcomer, "SELECT 1", AURORA_NO_PARAMS);
  overtaker->asked = true;
}

START_TEST(promise_06_waiters_are_served_in_order)
{
  aurora_config_t config = fixture_config(&database);
  reply_t waiters[WAITERS], newcomer;
  pool_fixture_t fixture;
  overtaker_t overtaker = {.fixture = &fixture, .newcomer = &newcomer};

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  fixture_run(&fixture, "SELECT 1");
  ck_assert_int_eq(
      aurora_pool_query(fixture.pool, "SELECT 1", AURORA_NO_PARAMS, ask_again, &overtaker), 0);
  for (int i = 0; i < WAITERS; i++) {
    if (i % 3 == 2)
      fixture_acquire(&fixture, &waiters[i]);
    else
      fixture_ask(&fixture, &waiters[i], i % 3 ? "SET @a = 1" : "SELECT 1", AURORA_NO_PARAMS);
  }
  for (int i = 0; i < WAITERS; i++) {
    fixture_wait(&fixture, &waiters[i]);
    reply_must_be_good(&waiters[i]);
    ck_assert_uint_eq(waiters[i].order, (unsigned)i + 2); /* the first was before them */
    reply_clear(&waiters[i]);
    if (waiters[i].connection)
      aurora_connection_release(waiters[i].connection);
  }
  ck_assert(overtaker.asked);
  fixture_wait(&fixture, &newcomer);
  ck_assert_uint_eq(newcomer.order, WAITERS + 2);
  reply_clear(&newcomer);
  fixture_close(&fixture);
}
END_TEST

/* What goes on meanwhile, ahead of the waiter in the line, does not put its deadline off. */
START_TEST(promise_06_deadlines_are_absolute)
{
  const aurora_query_options_t hasty = {.acquire_timeout_ms = DEADLINE_MS};
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t ahead[20], waiter;

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  fixture_run(&fixture, "SELECT 1");
  for (int i = 0; i < 20; i++)
    fixture_ask(&fixture, &ahead[i], "SELECT SLEEP(0.05)", AURORA_NO_PARAMS);
  fixture_ask_with(&fixture, &waiter, "SELECT 1", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &waiter);
  reply_must_be(&waiter, UV_ETIMEDOUT);
  ck_assert_int_eq(waiter.error.outcome, AURORA_NOT_SENT);
  ck_assert_uint_ge(waiter.ended_at - waiter.asked_at, DEADLINE_MS);
  ck_assert_uint_le(waiter.ended_at - waiter.asked_at, DEADLINE_MS + slowly(LATE_MS));
  for (int i = 0; i < 20; i++) {
    fixture_wait(&fixture, &ahead[i]);
    reply_clear(&ahead[i]);
  }
  fixture_close(&fixture);
}
END_TEST

START_TEST(promise_06_failed_connects_are_told_or_tried_again)
{
  aurora_config_t config = fixture_config(&database);
  const aurora_query_options_t patient = {.acquire_timeout_ms = slowly(20000)};
  const aurora_query_options_t hasty = {.acquire_timeout_ms = slowly(400)};
  pool_fixture_t fixture;
  reply_t reply;

  /* For good: at once, however long one would wait. */
  config.password = "wrong";
  fixture_open(&fixture, &config);
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &patient);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_EACCESS);
  ck_assert_uint_lt(reply.ended_at - reply.asked_at, slowly(AT_ONCE_MS));
  fixture_close(&fixture);
  /* For now: at once for who does not wait, and tried again for who does, until the deadline. */
  config.port = 1;
  config.backoff_min = 1;
  config.backoff_max = 20;
  fixture_open(&fixture, &config);
  fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, UV_ECONNREFUSED);
  ck_assert_uint_eq(fixture_stats(&fixture).connect_failed, 1);
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_uint_ge(reply.ended_at - reply.asked_at, slowly(400));
  ck_assert_uint_gt(fixture_stats(&fixture).connect_failed, 3);
  fixture_close(&fixture);
}
END_TEST

/* libmariadb says of a handshake that is cut after the certificate has come what that certificate would be
 * worth, and in a mode that checks none, that is nothing. */
START_TEST(promise_06_a_handshake_that_is_cut_is_tried_again)
{
  enum { LAST_BYTE = 2400, STEP = 60 };
  client_t client;

  client_begin_with_proxy(&client, &database, NULL);
  for (unsigned after = 120; after <= LAST_BYTE; after += STEP) {
    const fault_script_t script = {
        .to_client = {.cut = _i ? FAULT_RESET : FAULT_FIN, .after = after}, .once = true};
    aurora_config_t config = client_config_of_port(fault_proxy_port(client.proxy), true);
    reply_t answer;

    config.acquire_timeout = slowly(20000);
    config.backoff_max = config.backoff_min = 1;
    fault_proxy_set(client.proxy, &script);
    client.fixture.closed = false;
    fixture_create(&client.fixture, &config);
    /* The last cuts are in the answer. */
    client_ask_with(&client, &answer, "SELECT 1", AURORA_NO_PARAMS, 0, AURORA_QUERY_IDEMPOTENT);
    fixture_wait(&client.fixture, &answer);
    reply_must_be_good(&answer);
    fixture_begin_close(&client.fixture, 0);
    loop_run_until(&client.fixture.loop, &client.fixture.closed, FIXTURE_PATIENCE_MS);
  }
  client_end(&client);
}
END_TEST

/* --- 7: clean sessions -------------------------------------------------------------------------- */

static const struct {
  const char *leaves;  /* statements of a lease */
  const char *finds;   /* 0: no trace */
  const char *instead; /* where there is no in_transaction */
} traces[] = {
    {"START TRANSACTION;INSERT INTO promised VALUES (1)",
     "SELECT COUNT(*) + @@in_transaction FROM promised", "SELECT COUNT(*) FROM promised"},
    {"CREATE TEMPORARY TABLE promised (id INT);INSERT INTO promised VALUES (1)",
     "SELECT COUNT(*) FROM promised"},
    {"LOCK TABLES promised READ", "SELECT 0"}, /* seen by the DELETE */
    {"SELECT GET_LOCK('promised', 0)", "SELECT IS_USED_LOCK('promised') IS NOT NULL"},
    {"SET @promised = 1", "SELECT @promised IS NOT NULL"},
    {"SET SESSION sql_mode = 'ANSI_QUOTES'", "SELECT @@sql_mode = 'ANSI_QUOTES'"},
    {"SET NAMES latin1", "SELECT @@character_set_client <> 'utf8mb4'"},
    {"USE information_schema", "SELECT DATABASE() <> 'octane'"},
};

static void leave_trace(pool_fixture_t *fixture, const char *statements)
{
  aurora_connection_t *connection = fixture_lease(fixture);
  char *list = strdup(statements), *rest = list, *sql;

  while ((sql = strtok_r(rest, ";", &rest)) != NULL)
    fixture_lease_number(fixture, connection, sql);
  free(list);
  aurora_connection_release(connection);
}

START_TEST(promise_07_a_borrower_finds_no_trace)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  const char *instead = server_has(SERVER_IN_TRANSACTION) ? NULL : traces[_i].instead;
  aurora_connection_t *connection;
  uint64_t id;

  ck_assert_int_eq(
      database_sql(&database, "DROP TABLE IF EXISTS promised; CREATE TABLE promised (id INT)"), 0);
  config.pool_size = 1;
  fixture_open(&fixture, &config);
  connection = fixture_lease(&fixture);
  id = aurora_connection_id(connection);
  aurora_connection_release(connection);
  leave_trace(&fixture, traces[_i].leaves);
  ck_assert_int_eq(fixture_number(&fixture, instead ? instead : traces[_i].finds), 0);
  fixture_run(&fixture, "DELETE FROM promised");
  ck_assert_int_eq(fixture_number(&fixture, "SELECT CONNECTION_ID()"), (int64_t)id);
  fixture_close(&fixture);
}
END_TEST

/* By name only: the library's own are no names. */
START_TEST(promise_07_no_prepared_statement_is_left)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  leave_trace(&fixture, "PREPARE promised FROM 'SELECT 1'");
  ck_assert_uint_eq(
      fixture_fail(&fixture, "EXECUTE promised", AURORA_NO_PARAMS, AURORA_ESERVER).server_errno,
      ER_UNKNOWN_STMT_HANDLER);
  fixture_close(&fixture);
}
END_TEST

START_TEST(promise_07_a_reset_only_when_there_may_be_a_trace)
{
  aurora_config_t config = fixture_config(&database);
  aurora_connection_t *lease;
  pool_fixture_t fixture;

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  for (int i = 0; i < 10; i++)
    fixture_run(&fixture, "SELECT 1");
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 0);
  fixture_run(&fixture, "SET @promised = 1");
  fixture_run(&fixture, "SELECT 1");
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 1);
  aurora_connection_release(fixture_lease(&fixture)); /* nothing has run on it */
  fixture_run(&fixture, "SELECT 1");
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 1);
  lease = fixture_lease(&fixture);
  fixture_lease_number(&fixture, lease, "SELECT 1");
  aurora_connection_release(lease);
  fixture_run(&fixture, "SELECT 1");
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 2);
  fixture_close(&fixture);
}
END_TEST

/* --- 8: nothing is done twice ------------------------------------------------------------------- */

static bool is_there(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) FROM once") > 1;
}

static void insert(client_t *client, reply_t *answer, bool is_prepared)
{
  if (is_prepared)
    client_ask_with(client, answer, "INSERT INTO once VALUES (?)", AURORA_PARAMS(1), 0, 0);
  else
    client_ask(client, answer, "INSERT INTO once VALUES (1)");
}

/* The server has executed it, and the answer does not come through. */
START_TEST(promise_08_what_may_have_been_executed_is_not_repeated)
{
  const fault_script_t no_answer = {.to_client = {.cut = FAULT_STALL}};
  aurora_config_t config;
  client_t client;
  reply_t answer;

  ck_assert_int_eq(
      database_sql(&database,
                   "DROP TABLE IF EXISTS once; CREATE TABLE once (id INT) ENGINE=InnoDB"),
      0);
  client_begin_with_proxy(&client, &database, NULL);
  config = client_config_of_port(fault_proxy_port(client.proxy), _i & 1);
  config.pool_size = 1;
  fixture_create(&client.fixture, &config);
  insert(&client, &answer, _i & 2);
  fixture_wait(&client.fixture, &answer);
  reply_must_be_good(&answer);
  fault_proxy_apply(client.proxy, &no_answer);
  insert(&client, &answer, _i & 2);
  loop_run_until_true(&client.fixture.loop, is_there, NULL, FIXTURE_PATIENCE_MS);
  fault_proxy_apply(client.proxy, &fault_reset);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ELOST);
  ck_assert_int_eq(answer.error.outcome, AURORA_UNKNOWN);
  /* The pool goes on, and a second time would be seen by now. */
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT COUNT(*) FROM once"), 2);
  client_close(&client, 0);
  ck_assert_int_eq(database_count(&database, "SELECT COUNT(*) FROM once"), 2);
}
END_TEST

START_TEST(promise_08_the_error_says_how_far_it_came)
{
  const aurora_query_options_t hasty = {.timeout_ms = 50};
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t running, waiting;
  aurora_connection_t *connection;
  aurora_error_t error;

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT nonsense", AURORA_NO_PARAMS, AURORA_ESERVER);
  ck_assert_int_eq(error.outcome, AURORA_REFUSED);
  ck_assert_uint_eq(error.server_errno, ER_BAD_FIELD_ERROR);
  fixture_ask_with(&fixture, &running, "SELECT SLEEP(5)", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &running);
  reply_must_be(&running, UV_ETIMEDOUT);
  ck_assert_int_eq(running.error.outcome, AURORA_UNKNOWN);
  connection = fixture_lease(&fixture);
  fixture_ask_with(&fixture, &waiting, "SELECT 1", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &waiting);
  reply_must_be(&waiting, UV_ETIMEDOUT);
  ck_assert_int_eq(waiting.error.outcome, AURORA_NOT_SENT);
  aurora_connection_release(connection);
  fixture_close(&fixture);
}
END_TEST

/* --- 9: secrets --------------------------------------------------------------------------------- */

#define PASSWORD  "Hush-9-pass-word"
#define PARAMETER "Hush-9-para-meter"

static void must_be_silent(const char *text)
{
  ck_assert_msg(!strstr(text, "Hush-9"), "a secret: %s", text);
}

static void ps_must_be_silent(void)
{
  FILE *file = fopen("/proc/self/cmdline", "re");
  char line[4096] = "";
  size_t size = fread(line, 1, sizeof line - 1, file);

  fclose(file);
  ck_assert_ptr_null(memmem(line, size, "Hush-9", 6));
}

static void config_errors_must_be_silent(void)
{
  static const char *const uris[] = {
      "mysql://arla:" PASSWORD "@:3306/octane", "mysql://arla:" PASSWORD "@127.0.0.1/octane?a=b",
      "mysql://arla:" PASSWORD, "mysql://arla:" PASSWORD "@127.0.0.1/octane?pool-size=0"};
  aurora_config_t config;
  aurora_error_t error;

  for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
    aurora_config_init(&config);
    ck_assert_int_eq(aurora_config_from_uri(&config, uris[i], &error), AURORA_ECONFIG);
    must_be_silent(error.message);
    aurora_config_clear(&config);
  }
}

/* The server's own words are for the caller: they may quote a value, in the error and nowhere else. That
 * freed secrets are wiped is tested by fault/test_secrets.c. */
START_TEST(promise_09_no_secret_is_told)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  aurora_error_t error;

  ck_assert_int_eq(
      database_sql(&database,
                   "DROP TABLE IF EXISTS hushed; CREATE TABLE hushed (text VARCHAR(50) UNIQUE)"),
      0);
  config.password = PASSWORD; /* wrong */
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT '" PARAMETER "'", AURORA_NO_PARAMS, AURORA_EACCESS);
  must_be_silent(error.message);
  must_be_silent(fixture.log.text);
  fixture_close(&fixture);
  config.password = DATABASE_PASSWORD;
  fixture_open(&fixture, &config);
  fixture_run(&fixture, "INSERT INTO hushed VALUES ('" PARAMETER "')");
  fixture_fail(&fixture, "INSERT INTO hushed VALUES (?)", AURORA_PARAMS(PARAMETER), AURORA_ESERVER);
  fixture_fail(&fixture, "INSERT INTO hushed VALUES ('" PARAMETER "')", AURORA_NO_PARAMS,
               AURORA_ESERVER);
  ck_assert_uint_eq(fixture_logged(&fixture, "query failed"), 2);
  must_be_silent(fixture.log.text);
  ps_must_be_silent();
  fixture_close(&fixture);
  config_errors_must_be_silent();
}
END_TEST

/* --- 10: an idle pool lets the loop end ---------------------------------------------------------- */

/* uv_run must return, and not before the reply is there. */
static void run_to(pool_fixture_t *fixture, const reply_t *reply)
{
  ck_assert_int_eq(uv_run(&fixture->loop, UV_RUN_DEFAULT), 0);
  reply_must_be_good(reply);
}

START_TEST(promise_10_an_idle_pool_lets_the_loop_end)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  uint64_t begin;
  reply_t reply;

  config.ssl_mode = _i ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  config.keepalive_interval = 60000; /* timers that are armed */
  config.idle_timeout = 60000;
  config.leak_warn = 60000;
  fixture_open(&fixture, &config);
  begin = now_ms();
  ck_assert_int_eq(uv_run(&fixture.loop, UV_RUN_DEFAULT), 0);
  fixture_ask(&fixture, &reply, "SELECT SLEEP(0.05)", AURORA_NO_PARAMS);
  run_to(&fixture, &reply);
  reply_clear(&reply);
  fixture_ask(&fixture, &reply, "SELECT SLEEP(?)", AURORA_PARAMS(0.05));
  run_to(&fixture, &reply);
  reply_clear(&reply);
  fixture_check(&fixture, &reply);
  run_to(&fixture, &reply);
  fixture_warm_up(&fixture, &reply);
  run_to(&fixture, &reply);
  fixture_acquire(&fixture, &reply);
  run_to(&fixture, &reply);
  aurora_connection_release(reply.connection);
  ck_assert_int_eq(uv_run(&fixture.loop, UV_RUN_DEFAULT), 0);
  ck_assert_uint_ge(fixture_stats(&fixture).size, 1);
  fixture_begin_close(&fixture, 0);
  ck_assert_int_eq(uv_run(&fixture.loop, UV_RUN_DEFAULT), 0);
  ck_assert(fixture.closed);
  ck_assert_uint_lt(now_ms() - begin, slowly(20000));
  ck_assert_int_eq(uv_loop_close(&fixture.loop), 0);
  ck_assert_int_eq(uv_loop_init(&fixture.loop), 0); /* for the fixture's own end */
  fixture_end(&fixture);
}
END_TEST

void promises_add_sessions(TCase *tcase)
{
  tcase_add_test(tcase, promise_06_waiters_are_served_in_order);
  tcase_add_test(tcase, promise_06_deadlines_are_absolute);
  tcase_add_test(tcase, promise_06_failed_connects_are_told_or_tried_again);
  tcase_add_loop_test(tcase, promise_06_a_handshake_that_is_cut_is_tried_again, 0, 2);
  tcase_add_loop_test(tcase, promise_07_a_borrower_finds_no_trace, 0,
                      sizeof traces / sizeof *traces);
  tcase_add_test(tcase, promise_07_no_prepared_statement_is_left);
  tcase_add_test(tcase, promise_07_a_reset_only_when_there_may_be_a_trace);
  tcase_add_loop_test(tcase, promise_08_what_may_have_been_executed_is_not_repeated, 0, 4);
  tcase_add_test(tcase, promise_08_the_error_says_how_far_it_came);
  tcase_add_test(tcase, promise_09_no_secret_is_told);
  tcase_add_loop_test(tcase, promise_10_an_idle_pool_lets_the_loop_end, 0, 2);
}
