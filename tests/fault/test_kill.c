/*
 * The kill of a statement that was given up: it hits that statement and no other, it is bounded in time
 * wherever it hangs, and where it cannot be made the connection ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/server_differences.h"

enum { TIMEOUT_MS = 100, CONNECT_MS = 500, LATE_MS = 1000 };

static database_t database;

static const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};

/* --- A kill that hangs -------------------------------------------------------------------------- */

static unsigned kills_ended(const pool_fixture_t *fixture)
{
  return fixture_logged(fixture, "kill failed") + fixture_logged(fixture, "statement not killed") +
         fixture_logged(fixture, "statement killed");
}

static bool a_kill_has_ended(void *data)
{
  return kills_ended(data) > 0;
}

static bool a_second_kill_has_ended(void *data)
{
  return kills_ended(data) > 1;
}

static bool pool_is_quiet(const client_t *client)
{
  aurora_stats_t stats = fixture_stats(&client->fixture);

  return stats.size == stats.idle;
}

/*
 * The server falls silent when all but so many of the bytes of a connect and a query are through: behind
 * the login, in the set-up or what follows it, where libmariadb has no time-out of its own.
 */
START_TEST(a_kill_that_hangs_behind_its_login_ends_in_time)
{
  static const unsigned missing[] = {100, 160, 220, 280, 340, 400};
  bool tls = _i & 1;
  fault_script_t hang = {.to_server = {.cut = FAULT_STALL}};
  aurora_config_t config;
  fault_counters_t counters;
  client_t client;
  reply_t answer;
  uint64_t begin;

  client_begin_with_proxy(&client, &database, &pass);
  config = client_config_of_port(fault_proxy_port(client.proxy), tls);
  config.connect_timeout = CONNECT_MS;
  config.pool_size = 1;
  fixture_create(&client.fixture, &config);
  fixture_number(&client.fixture, "SELECT 1");
  fault_proxy_count(client.proxy, &counters);
  hang.to_server.after = counters.to_server - missing[_i / 2];
  fault_proxy_set(client.proxy, &hang);
  client_ask_with(&client, &answer, "SELECT SLEEP(10)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  begin = now_ms();
  loop_run_until_true(&client.fixture.loop, a_kill_has_ended, &client.fixture, FIXTURE_PATIENCE_MS);
  ck_assert_uint_le(now_ms() - begin, CONNECT_MS + slowly(LATE_MS));
  /* A later one is made. */
  fault_proxy_set(client.proxy, &pass);
  client_ask_patiently(&client, &answer, "SELECT 2", FIXTURE_PATIENCE_MS);
  fixture_wait(&client.fixture, &answer);
  reply_must_be_good(&answer);
  client_ask_with(&client, &answer, "SELECT SLEEP(10)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  loop_run_until_true(&client.fixture.loop, a_second_kill_has_ended, &client.fixture,
                      FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 3"), 3);
  ck_assert(pool_is_quiet(&client));
  client_close(&client, 0);
}
END_TEST

/* --- The right server --------------------------------------------------------------------------- */

static database_t other;

static void reach(const char *link, const database_t *server)
{
  unlink(link);
  ck_assert_int_eq(symlink(server->socket, link), 0);
}

static bool connection_is_over(void *data)
{
  return fixture_stats(data).closed[AURORA_CLOSE_TIMED_OUT] > 0;
}

/* A connection of a stranger's with this very id: each that is opened gets the next. */
static void open_with_id(client_t *stranger, int64_t id)
{
  while (fixture_number(&stranger->fixture, "SELECT CONNECTION_ID()") < id) {
    ck_assert_int_eq(aurora_pool_recycle(stranger->fixture.pool), 0);
    fixture_wait_quiet(&stranger->fixture);
  }
  ck_assert_int_eq(fixture_number(&stranger->fixture, "SELECT CONNECTION_ID()"), id);
}

/* The address leads to another server by the time of the kill. */
START_TEST(a_kill_does_not_hit_a_stranger_on_another_server)
{
  aurora_config_t config = client_config(&database, false);
  aurora_config_t strange = client_config(&other, false);
  client_t client, stranger;
  reply_t answer, victim;
  char link[128];
  int64_t id;

  snprintf(link, sizeof link, "%s/link", database.dir);
  reach(link, &database);
  config.unix_socket = link;
  config.pool_size = 1;
  strange.pool_size = 1;
  client_open(&stranger, &strange);
  id = fixture_number(&stranger.fixture, "SELECT CONNECTION_ID()");
  while (database_count(&database, "SELECT CONNECTION_ID()") < id)
    continue;
  client_open(&client, &config);
  id = fixture_number(&client.fixture, "SELECT CONNECTION_ID()");
  open_with_id(&stranger, id);
  reach(link, &other);
  client_ask(&stranger, &victim, "SELECT SLEEP(2)");
  client_ask_with(&client, &answer, "SELECT SLEEP(3)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  loop_run_until_true(&client.fixture.loop, connection_is_over, &client.fixture,
                      FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(fixture_logged(&client.fixture, "statement not killed"), 1);
  ck_assert_uint_eq(fixture_logged(&client.fixture, "statement killed"), 0);
  fixture_wait(&stranger.fixture, &victim);
  reply_must_be_good(&victim);
  ck_assert_int_eq(victim.value, 0);
  client_close(&client, 0);
  client_close(&stranger, 0);
  unlink(link);
}
END_TEST

/* --- Who carries it ----------------------------------------------------------------------------- */

/* The user may have no third connection: the idle one of the two carries the kill. */
START_TEST(an_idle_connection_carries_the_kill)
{
  aurora_config_t config = client_config(&database, _i);
  client_t client;
  reply_t answer;

  config.user = DATABASE_LIMITED_USER;
  config.password = DATABASE_LIMITED_PASSWORD;
  config.pool_size = config.warmup_size = 2;
  client_open(&client, &config);
  fixture_warm_up(&client.fixture, &answer);
  fixture_wait(&client.fixture, &answer);
  reply_must_be_good(&answer);
  for (int round = 0; round < 3; round++) {
    unsigned killed = fixture_logged(&client.fixture, "statement killed");
    uint64_t begin = now_ms();

    client_ask_with(&client, &answer, "SELECT SLEEP(10)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
    fixture_wait(&client.fixture, &answer);
    reply_must_be(&answer, UV_ETIMEDOUT);
    fixture_wait_idle(&client.fixture, 2);
    ck_assert_uint_eq(fixture_logged(&client.fixture, "statement killed"), killed + 1);
    ck_assert_uint_lt(now_ms() - begin, slowly(3000));
  }
  ck_assert_uint_eq(fixture_stats(&client.fixture).opened, 2);
  client_close(&client, 0);
}
END_TEST

static int rotate(aurora_credentials_t *ret_credentials, void *data)
{
  unsigned *calls = data;
  bool first = (*calls)++ == 0;

  snprintf(ret_credentials->user, sizeof ret_credentials->user, "%s",
           first ? DATABASE_USER : DATABASE_NOPASS_USER);
  snprintf(ret_credentials->password, sizeof ret_credentials->password, "%s",
           first ? DATABASE_PASSWORD : "");
  return 0;
}

/* The credentials have rotated to another user, who may not end what the first one began. */
START_TEST(a_user_who_may_not_kill_is_logged)
{
  aurora_config_t config = client_config(&database, _i);
  unsigned calls = 0;
  client_t client;
  reply_t answer;
  const char *line;

  config.credentials_cb = rotate;
  config.credentials_data = &calls;
  config.pool_size = 1;
  client_open(&client, &config);
  fixture_number(&client.fixture, "SELECT 1");
  client_ask_with(&client, &answer, "SELECT SLEEP(2)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  loop_run_until_true(&client.fixture.loop, connection_is_over, &client.fixture,
                      FIXTURE_PATIENCE_MS);
  line = fixture_log_line(&client.fixture, "statement not killed");
  ck_assert_ptr_nonnull(line);
  ck_assert_ptr_nonnull(strstr(line, "serverErrno=1095"));
  ck_assert_ptr_nonnull(strstr(line, "may not kill"));
  client_close(&client, 0);
}
END_TEST

/* --- What it costs ------------------------------------------------------------------------------ */

/* On MySQL SHOW VARIABLES and SHOW STATUS are queries of performance_schema, which hold up all sessions. */
START_TEST(neither_a_connect_nor_a_kill_asks_by_show)
{
  aurora_config_t config = client_config(&database, false);
  client_t client;
  reply_t answer;

  ck_assert_int_eq(database_sql(&database,
                                "TRUNCATE mysql.general_log;"
                                "SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON"),
                   0);
  config.pool_size = 1;
  client_open(&client, &config);
  client_ask_with(&client, &answer, "SELECT SLEEP(10)", AURORA_NO_PARAMS, TIMEOUT_MS, 0);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  fixture_wait_idle(&client.fixture, 1);
  ck_assert_uint_eq(fixture_logged(&client.fixture, "statement killed"), 1);
  client_close(&client, 0);
  ck_assert_int_eq(
      database_count(&database,
                     "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'KILL%'"),
      1);
  ck_assert_int_eq(
      database_count(&database,
                     "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SHOW%'"),
      server_has(SERVER_SHOW_IS_CHEAP));
  ck_assert_int_eq(
      database_sql(&database, "SET GLOBAL general_log = OFF, GLOBAL log_output = DEFAULT"), 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("kill");
  TCase *tcase = tcase_create("kill");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_kill_that_hangs_behind_its_login_ends_in_time, 0, 12);
  suite_add_tcase(suite, tcase);
  tcase = tcase_create("who and where");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_kill_does_not_hit_a_stranger_on_another_server);
  tcase_add_loop_test(tcase, an_idle_connection_carries_the_kill, 0, 2);
  tcase_add_loop_test(tcase, a_user_who_may_not_kill_is_logged, 0, 2);
  tcase_add_test(tcase, neither_a_connect_nor_a_kill_asks_by_show);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status = EXIT_FAILURE;

  if (database_start(&other, NULL) == 0)
    status = test_run_with_database(make_suite(), &database, NULL);
  database_stop(&other);
  return status;
}
