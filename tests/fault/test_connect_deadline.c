/*
 * connect_timeout holds at every stage of a connect: whatever the server does, the callback comes by
 * the deadline with an error that says what happened, the loop turns meanwhile, and nothing is left
 * behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "support/bad_server.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/database_test.h"

enum {
  CONNECT_TIMEOUT_MS = 300,
  LATE_MS = 2000, /* by which a busy machine may be late */
  STALL_MS = 250  /* more than any turn of a loop that does not block, even on one */
};

static database_t database;
static char directory[] = "/tmp/aurora-deadline-XXXXXX";
static certificates_t certificates;

/* --- Every stage -------------------------------------------------------------------------------- */

typedef struct {
  bad_server_mode_t mode;
  size_t stop_after;
  bool tls;
  int code;
  bool at_once; /* and not at the deadline */
  unsigned server_errno;
  const char *says; /* a part of the message, besides host and port */
} stage_t;

static const stage_t stages[] = {
    {.mode = BAD_SERVER_REFUSES, .code = UV_ECONNREFUSED, .at_once = true, .says = "refused"},
    {.mode = BAD_SERVER_REFUSES,
     .tls = true,
     .code = UV_ECONNREFUSED,
     .at_once = true,
     .says = "refused"},
    {.mode = BAD_SERVER_BLACK_HOLE, .code = UV_ETIMEDOUT, .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_CLOSES, .code = AURORA_ECONNECT, .at_once = true, .says = "cannot connect"},
    {.mode = BAD_SERVER_CLOSES,
     .tls = true,
     .code = AURORA_ECONNECT,
     .at_once = true,
     .says = "cannot connect"},
    {.mode = BAD_SERVER_SILENT, .code = UV_ETIMEDOUT, .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_SILENT,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_GARBAGE, .code = AURORA_EPROTOCOL, .at_once = true, .says = "HTTP"},
    {.mode = BAD_SERVER_GARBAGE,
     .tls = true,
     .code = AURORA_EPROTOCOL,
     .at_once = true,
     .says = "HTTP"},
    {.mode = BAD_SERVER_TOO_MANY,
     .code = AURORA_ESERVER,
     .at_once = true,
     .server_errno = 1040,
     .says = "Too many connections"},
    {.mode = BAD_SERVER_TOO_MANY,
     .tls = true, /* an error that nobody has vouched for */
     .code = AURORA_ECONNECT,
     .at_once = true,
     .says = "Too many connections"},
    {.mode = BAD_SERVER_HALF_GREETING, .stop_after = 1, .code = UV_ETIMEDOUT, .says = ""},
    {.mode = BAD_SERVER_HALF_GREETING, .stop_after = 4, .code = UV_ETIMEDOUT, .says = ""},
    {.mode = BAD_SERVER_HALF_GREETING, .stop_after = 5, .code = UV_ETIMEDOUT, .says = ""},
    {.mode = BAD_SERVER_HALF_GREETING, .stop_after = 40, .code = UV_ETIMEDOUT, .says = ""},
    {.mode = BAD_SERVER_HALF_GREETING,
     .stop_after = 20,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = ""},
    {.mode = BAD_SERVER_GREETS, .code = UV_ETIMEDOUT, .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_GREETS,
     .tls = true,
     .code = AURORA_ETLS,
     .at_once = true,
     .says = "does not offer"},
    {.mode = BAD_SERVER_SILENT_LOGIN, .code = UV_ETIMEDOUT, .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_ACCEPTS_ANYBODY, .code = UV_ETIMEDOUT, .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_CLEAR_PASSWORD, .code = AURORA_EACCESS, .at_once = true, .says = "plugin"},
    {.mode = BAD_SERVER_UNKNOWN_PLUGIN, .code = AURORA_EACCESS, .at_once = true, .says = "plugin"},
    {.mode = BAD_SERVER_SILENT_TLS, .tls = true, .code = UV_ETIMEDOUT, .says = ""},
    {.mode = BAD_SERVER_STOPS_IN_TLS,
     .stop_after = 1,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = "connect_timeout (300 ms)"},
    {.mode = BAD_SERVER_STOPS_IN_TLS,
     .stop_after = 5,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = ""},
    {.mode = BAD_SERVER_STOPS_IN_TLS,
     .stop_after = 100,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = ""},
    {.mode = BAD_SERVER_STOPS_IN_TLS,
     .stop_after = 700,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = ""},
    /* All of the handshake, and no answer to the login. */
    {.mode = BAD_SERVER_STOPS_IN_TLS,
     .stop_after = 100000,
     .tls = true,
     .code = UV_ETIMEDOUT,
     .says = "connect_timeout (300 ms)"},
};

static bad_server_t *start_server(const stage_t *stage)
{
  const bad_server_options_t options = {.mode = stage->mode,
                                        .stop_after = stage->stop_after,
                                        .certificate = certificates.server_cert[CERTIFICATE_GOOD],
                                        .key = certificates.server_key};
  bad_server_t *server;

  ck_assert_int_eq(bad_server_start(&options, &server), 0);
  return server;
}

static bool nothing_is_open(void *server)
{
  return bad_server_open(server) == 0;
}

static void must_not_have_seen(bad_server_t *server, const char *secret)
{
  char seen[8192];
  size_t size = bad_server_seen(server, seen, sizeof seen);

  ck_assert_ptr_null(memmem(seen, size, secret, strlen(secret)));
}

static void must_be_in_time(const reply_t *answer, const stage_t *stage)
{
  if (stage->at_once)
    ck_assert_uint_lt(reply_took(answer), CONNECT_TIMEOUT_MS);
  else
    ck_assert_uint_ge(reply_took(answer), CONNECT_TIMEOUT_MS);
  ck_assert_uint_le(reply_took(answer), CONNECT_TIMEOUT_MS + slowly(LATE_MS));
}

START_TEST(a_connect_ends_by_the_deadline)
{
  const stage_t *stage = &stages[_i];
  bad_server_t *server = start_server(stage);
  aurora_config_t config = client_config_of_port(bad_server_port(server), stage->tls);
  char where[32];
  client_t client;
  reply_t answer;
  double gap;

  config.connect_timeout = CONNECT_TIMEOUT_MS;
  client_open(&client, &config);
  client_watch(&client);
  client_ask(&client, &answer, "SELECT 1");
  fixture_wait(&client.fixture, &answer);
  gap = client_watched(&client);
  reply_must_be(&answer, stage->code);
  ck_assert_int_eq(answer.error.outcome, AURORA_NOT_SENT);
  ck_assert_uint_eq(answer.error.server_errno, stage->server_errno);
  snprintf(where, sizeof where, "127.0.0.1:%u", bad_server_port(server));
  ck_assert_msg(strstr(answer.error.message, where) != NULL, "%s", answer.error.message);
  ck_assert_msg(strstr(answer.error.message, stage->says) != NULL, "%s", answer.error.message);
  must_be_in_time(&answer, stage);
  printf("# mode %d: %s after %llu ms, longest turn %.1f ms\n", (int)stage->mode,
         answer.error.message, (unsigned long long)reply_took(&answer), gap);
  ck_assert_msg(gap < (double)slowly(STALL_MS), "the loop stood still for %.1f ms", gap);
  loop_run_until_true(&client.fixture.loop, nothing_is_open, server, FIXTURE_PATIENCE_MS);
  must_not_have_seen(server, DATABASE_PASSWORD);
  client_close(&client, 0);
  bad_server_stop(server);
}
END_TEST

/* --- How many at once --------------------------------------------------------------------------- */

static bool two_have_come(void *server)
{
  return bad_server_connections(server) >= 2;
}

START_TEST(no_more_than_max_connecting_at_once)
{
  enum { QUERIES = 8 };
  const stage_t silent = {.mode = BAD_SERVER_SILENT};
  bad_server_t *server = start_server(&silent);
  aurora_config_t config = client_config_of_port(bad_server_port(server), false);
  reply_t answers[QUERIES];
  aurora_stats_t stats;
  client_t client;

  config.connect_timeout = CONNECT_TIMEOUT_MS;
  client_open(&client, &config);
  for (int i = 0; i < QUERIES; i++)
    client_ask(&client, &answers[i], "SELECT 1");
  loop_run_until_true(&client.fixture.loop, two_have_come, server, FIXTURE_PATIENCE_MS);
  loop_run_for(&client.fixture.loop, 100);
  ck_assert_uint_eq(bad_server_connections(server), 2);
  aurora_pool_stats(client.fixture.pool, &stats);
  ck_assert_uint_eq(stats.connecting, 2);
  for (int i = 0; i < QUERIES; i++) {
    fixture_wait(&client.fixture, &answers[i]);
    reply_must_be(&answers[i], UV_ETIMEDOUT);
  }
  ck_assert_uint_le(bad_server_open(server), 2);
  client_close(&client, 0);
  bad_server_stop(server);
}
END_TEST

START_TEST(a_warm_up_and_a_check_end_by_the_deadline_too)
{
  const stage_t silent = {.mode = BAD_SERVER_SILENT};
  bad_server_t *server = start_server(&silent);
  aurora_config_t config = client_config_of_port(bad_server_port(server), false);
  client_t client;
  reply_t answer, lease;

  config.connect_timeout = CONNECT_TIMEOUT_MS;
  config.warmup_size = 3;
  client_open(&client, &config);
  fixture_warm_up(&client.fixture, &answer);
  fixture_acquire(&client.fixture, &lease);
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  must_be_in_time(&answer, &silent);
  fixture_wait(&client.fixture, &lease);
  reply_must_be(&lease, UV_ETIMEDOUT);
  /* It waited for an attempt of the warm-up's, which had begun a little earlier. */
  ck_assert_uint_le(reply_took(&lease), CONNECT_TIMEOUT_MS + slowly(500));
  client_close(&client, 0);
  bad_server_stop(server);
}
END_TEST

/* --- The close ---------------------------------------------------------------------------------- */

START_TEST(a_close_waits_for_no_connect)
{
  bad_server_t *server = start_server(&stages[_i]);
  aurora_config_t config = client_config_of_port(bad_server_port(server), stages[_i].tls);
  uint64_t begin;
  client_t client;
  reply_t answer;

  config.connect_timeout = 10000;
  client_open(&client, &config);
  client_ask(&client, &answer, "SELECT 1");
  loop_run_for(&client.fixture.loop, 50);
  begin = now_ms();
  client_close(&client, 0);
  ck_assert_uint_eq(answer.calls, 1);
  printf("# mode %d: closed after %llu ms\n", (int)stages[_i].mode,
         (unsigned long long)(now_ms() - begin));
  ck_assert_uint_lt(now_ms() - begin, slowly(1000));
  bad_server_stop(server);
}
END_TEST

/* --- Worker threads ----------------------------------------------------------------------------- */

enum { THREADS = 4 };

static void be_busy(uv_work_t *work)
{
  (void)work;
  usleep(800 * 1000);
}

static unsigned works_done;

static void on_work_done(uv_work_t *work, int status)
{
  (void)work;
  ck_assert_int_eq(status, 0);
  works_done++;
}

/* The program's own work holds all threads of libuv's worker pool. */
START_TEST(no_thread_is_free)
{
  aurora_config_t config = client_config(&database, false);
  uv_work_t works[THREADS];
  client_t client;
  reply_t answer;

  config.connect_timeout = CONNECT_TIMEOUT_MS;
  client_open(&client, &config);
  for (int i = 0; i < THREADS; i++)
    ck_assert_int_eq(uv_queue_work(&client.fixture.loop, &works[i], be_busy, on_work_done), 0);
  client_ask(&client, &answer, "SELECT 1");
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  ck_assert_uint_ge(reply_took(&answer), CONNECT_TIMEOUT_MS);
  ck_assert_uint_le(reply_took(&answer), CONNECT_TIMEOUT_MS + slowly(LATE_MS));
  loop_run_until_count(&client.fixture.loop, &works_done, THREADS, FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 5"), 5);
  client_close(&client, 0);
}
END_TEST

/* --- And then the server is there --------------------------------------------------------------- */

/* The last attempt failed: one that has time waits for the back-off. */
START_TEST(the_next_query_works_once_the_server_is_up)
{
  const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};
  bool tls = _i & 1;
  bool refuses = _i & 2;
  aurora_config_t config;
  client_t client;
  aurora_error_t error;
  reply_t next;

  client_begin_with_proxy(&client, &database, refuses ? &pass : &fault_black_hole);
  if (refuses)
    ck_assert_int_eq(fault_proxy_listen(client.proxy, false), 0);
  config = client_config_of_port(fault_proxy_port(client.proxy), tls);
  config.connect_timeout = refuses ? 2000 : CONNECT_TIMEOUT_MS;
  fixture_create(&client.fixture, &config);
  for (int i = 0; i < 2; i++) {
    error = client_fail(&client, "SELECT 1");
    ck_assert_int_eq(error.code, refuses ? UV_ECONNREFUSED : UV_ETIMEDOUT);
    fixture_wait_out_pause(&client.fixture);
  }
  if (refuses)
    ck_assert_int_eq(fault_proxy_listen(client.proxy, true), 0);
  else
    fault_proxy_set(client.proxy, &pass);
  client_ask_patiently(&client, &next, "SELECT 42", slowly(FIXTURE_PATIENCE_MS));
  fixture_wait(&client.fixture, &next);
  reply_must_be_good(&next);
  ck_assert_int_eq(next.value, 42);
  client_close(&client, 0);
}
END_TEST

/* A server that is up but slow is not taken for one that is down, as long as it keeps the deadline. */
START_TEST(a_slow_connect_within_the_deadline_works)
{
  const fault_script_t slow = {.to_server = {.delay_ms = 20}, .to_client = {.delay_ms = 20}};
  aurora_config_t config;
  client_t client;
  double gap;

  client_begin_with_proxy(&client, &database, &slow);
  config = client_config_of_port(fault_proxy_port(client.proxy), _i);
  fixture_create(&client.fixture, &config);
  client_watch(&client);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 42"), 42);
  gap = client_watched(&client);
  ck_assert_msg(gap < (double)slowly(STALL_MS), "the loop stood still for %.1f ms", gap);
  client_close(&client, 1000);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("connect deadline");
  TCase *tcase = tcase_create("connect deadline");
  int count = sizeof stages / sizeof *stages;

  tcase_set_timeout(tcase, 30);
  tcase_add_loop_test(tcase, a_connect_ends_by_the_deadline, 0, count);
  tcase_add_test(tcase, no_more_than_max_connecting_at_once);
  tcase_add_test(tcase, a_warm_up_and_a_check_end_by_the_deadline_too);
  tcase_add_loop_test(tcase, a_close_waits_for_no_connect, 0, count);
  tcase_add_test(tcase, no_thread_is_free);
  tcase_add_loop_test(tcase, the_next_query_works_once_the_server_is_up, 0, 4);
  tcase_add_loop_test(tcase, a_slow_connect_within_the_deadline_works, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (!mkdtemp(directory) || certificates_make(directory, &certificates))
    return EXIT_FAILURE;
  status = test_run_with_database(make_suite(), &database, NULL);
  files_remove_tree(directory);
  return status;
}
