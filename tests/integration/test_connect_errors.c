/*
 * Each failed connect names its cause, and where it can what to do: a table of causes, each with its code, its class
 * (for now or for good), the words that must be there, and no password. What a real server cannot do is done by one
 * that is told what to say.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mysql.h>
#include <mysqld_error.h>

#include "../fault/client.h"
#include "../fault/teller.h"
#include "support/bad_server.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/server_differences.h"

enum { SHORT_MS = 300 };

static database_t database;
static const char password[] = "never-in-an-error";

/* The error, which one event of the log tells as well. */
static aurora_error_t refused(const aurora_config_t *config, int code, unsigned number,
                              const char *const *words)
{
  pool_fixture_t fixture;
  aurora_error_t error;

  fixture_open(&fixture, config);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, code);
  ck_assert_uint_eq(error.server_errno, number);
  ck_assert_int_eq(error.outcome, AURORA_NOT_SENT);
  for (; *words; words++)
    ck_assert_msg(strstr(error.message, *words) != NULL, "%s: %s", *words, error.message);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection refused"), 1);
  ck_assert_ptr_null(strstr(error.message, config->password));
  ck_assert_ptr_null(strstr(fixture.log.text, config->password));
  fixture_close(&fixture);
  return error;
}

#define WORDS(...)                                                                                 \
  (const char *const[])                                                                            \
  {                                                                                                \
    __VA_ARGS__, NULL                                                                              \
  }

static aurora_config_t config_of(aurora_ssl_mode_t mode)
{
  aurora_config_t config = fixture_config(&database);

  config.ssl_mode = mode;
  config.password = password;
  return config;
}

static aurora_config_t hasty_config(unsigned port)
{
  aurora_config_t config = client_config_of_port(port, false);

  config.password = password;
  config.connect_timeout = slowly(SHORT_MS);
  return config;
}

/* --- Who logs in -------------------------------------------------------------------------------- */

START_TEST(a_wrong_password)
{
  aurora_config_t config = config_of(AURORA_SSL_DISABLED);
  aurora_error_t error;

  refused(&config, AURORA_EACCESS, ER_ACCESS_DENIED_ERROR,
          WORDS("Access denied", DATABASE_USER, "ssl_mode is DISABLED"));
  config.ssl_mode = AURORA_SSL_PREFERRED; /* the line has TLS */
  error = refused(&config, AURORA_EACCESS, ER_ACCESS_DENIED_ERROR, WORDS("Access denied"));
  ck_assert_ptr_null(strstr(error.message, "TLS"));
}
END_TEST

START_TEST(an_unknown_database)
{
  aurora_config_t config = fixture_config(&database);

  ck_assert_int_eq(database_sql(&database, "GRANT ALL ON `gone`.* TO arla@'%'"), 0);
  config.database = "gone";
  refused(&config, AURORA_EACCESS, ER_BAD_DB_ERROR, WORDS("Unknown database", "gone"));
  ck_assert_int_eq(database_sql(&database, "REVOKE ALL ON `gone`.* FROM arla@'%'"), 0);
}
END_TEST

/* The text of a server that is wrong about a statement is the caller's only. */
START_TEST(init_sql_that_the_server_refuses)
{
  aurora_config_t config = fixture_config(&database);
  aurora_query_options_t patient = {.acquire_timeout_ms = 50};
  pool_fixture_t fixture;
  reply_t reply;

  config.init_sql = "SET @x = (SELECT 'hidden-word' FROM hidden_table)";
  refused(&config, AURORA_ESERVER, ER_NO_SUCH_TABLE,
          WORDS("logged in to ", "the server refuses init_sql: ", "hidden_table"));
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  ck_assert_ptr_nonnull(strstr(fixture_log_line(&fixture, "connection refused"), "init_sql"));
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &patient);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "init_sql"));
  ck_assert_ptr_null(strstr(fixture.log.text, "hidden"));
  fixture_close(&fixture);
}
END_TEST

/* --- Where -------------------------------------------------------------------------------------- */

START_TEST(a_name_that_nobody_has)
{
  aurora_config_t config = config_of(AURORA_SSL_DISABLED);

  config.host = "nowhere.invalid";
  refused(&config, AURORA_ECONNECT, 0, WORDS("nowhere.invalid", "name is not resolved"));
}
END_TEST

START_TEST(sockets_that_cannot_be_used)
{
  aurora_config_t config = config_of(AURORA_SSL_DISABLED);
  char path[sizeof database.dir + 32];
  int plain;

  snprintf(path, sizeof path, "%s/none.sock", database.dir);
  config.unix_socket = path;
  refused(&config, UV_ENOENT, 0, WORDS(path, "no such file"));
  /* What is no socket; root may use any. */
  snprintf(path, sizeof path, "%s/plain-file", database.dir);
  plain = creat(path, 0600);
  ck_assert_int_ge(plain, 0);
  close(plain);
  refused(&config, UV_ECONNREFUSED, 0, WORDS(path, "connection refused"));
  if (geteuid() != 0) {
    ck_assert_int_eq(chmod(path, 0), 0);
    refused(&config, UV_EACCES, 0, WORDS(path, "permission denied"));
  }
}
END_TEST

typedef struct {
  bad_server_mode_t mode;
  int code;
  unsigned number;
  const char *words[3];
} misfit_t;

static const misfit_t misfits[] = {
    {BAD_SERVER_REFUSES, UV_ECONNREFUSED, 0, {"connection refused"}},
    {BAD_SERVER_BLACK_HOLE, UV_ETIMEDOUT, 0, {"connect_timeout", "nothing answers there"}},
    {BAD_SERVER_CLOSES, AURORA_ECONNECT, 0, {"closed before the server greeted"}},
    {BAD_SERVER_SILENT, UV_ETIMEDOUT, 0, {"connect_timeout", "sends no whole greeting"}},
    {BAD_SERVER_GARBAGE, AURORA_EPROTOCOL, 0, {"no MySQL server answers there", "HTTP"}},
    {BAD_SERVER_TOO_MANY, AURORA_ESERVER, 1040, {"Too many connections"}},
    {BAD_SERVER_SILENT_LOGIN, UV_ETIMEDOUT, 0, {"connect_timeout", "the server greets"}},
    {BAD_SERVER_ACCEPTS_ANYBODY, UV_ETIMEDOUT, 0, {"connect_timeout", "the login was accepted"}},
    {BAD_SERVER_CLEAR_PASSWORD, AURORA_EACCESS, 0, {"authentication plugin", "not allowed"}},
    {BAD_SERVER_UNKNOWN_PLUGIN, AURORA_EACCESS, 0, {"plugin"}},
};

START_TEST(what_is_no_server)
{
  const misfit_t *misfit = &misfits[_i];
  const bad_server_options_t options = {.mode = misfit->mode};
  bad_server_t *server;
  aurora_config_t config;

  ck_assert_int_eq(bad_server_start(&options, &server), 0);
  config = hasty_config(bad_server_port(server));
  refused(&config, misfit->code, misfit->number,
          WORDS(misfit->words[0], misfit->words[1] ? misfit->words[1] : ""));
  bad_server_stop(server);
}
END_TEST

/* What servers of other kinds say first; and errors in place of a greeting. */
static const struct {
  const char *bytes;
  size_t size;
  int code;
  unsigned number;
  const char *words;
} voices[] = {
#define SAYS(text) text, sizeof(text) - 1
    {SAYS("SSH-2.0-OpenSSH_9.2p1\r\n"), AURORA_EPROTOCOL, 0, "it speaks SSH"},
    {SAYS("220 mail.example ESMTP\r\n"), AURORA_EPROTOCOL, 0, "it speaks SMTP or FTP"},
    {SAYS("\5\0\0\0\13\10\5\32\0"), AURORA_EPROTOCOL, 0, "X protocol"},
    {SAYS("\24\0\0\0\xff\x6a\4Host is not known"), AURORA_EACCESS, 1130, "Host is not known"},
    {SAYS("\22\0\0\0\xff\x69\4Host is blocked"), AURORA_ESERVER, 1129, "Host is blocked"},
#undef SAYS
};

START_TEST(what_a_port_says_first)
{
  const teller_options_t options = {.bytes = voices[_i].bytes, .size = voices[_i].size};
  teller_t *teller = teller_start(&options);
  aurora_config_t config = hasty_config(teller_port(teller));
  char heard[64];

  config.connect_timeout = FIXTURE_PATIENCE_MS;
  refused(&config, voices[_i].code, voices[_i].number, WORDS(voices[_i].words));
  ck_assert_uint_eq(teller_stop(teller, heard, sizeof heard), 0);
}
END_TEST

/* --- TLS ---------------------------------------------------------------------------------------- */

START_TEST(a_certificate_for_another_name)
{
  aurora_config_t config = config_of(AURORA_SSL_VERIFY_IDENTITY);

  config.ssl_ca = database.ca;
  config.host = "127.1"; /* leads to 127.0.0.1, which is another name */
  refused(&config, AURORA_ETLS, 0, WORDS("not for the host '127.1'"));
  if (mysql_get_client_version() >= 30400)
    refused(&config, AURORA_ETLS, 0, WORDS("but for: localhost, 127.0.0.1"));
}
END_TEST

START_TEST(an_authority_that_is_not_the_servers)
{
  aurora_config_t config = config_of(AURORA_SSL_VERIFY_CA);

  config.ssl_ca = database.other_ca;
  refused(&config, AURORA_ETLS, 0, WORDS("certificate"));
}
END_TEST

/* --- A callback that gives credentials ---------------------------------------------------------- */

typedef struct {
  uv_sem_t go;
  bool holds;
  uint64_t takes_ms;
  int code;
} giver_t;

static int give(aurora_credentials_t *ret_credentials, void *data)
{
  giver_t *giver = data;

  if (giver->holds)
    uv_sem_wait(&giver->go);
  if (giver->takes_ms)
    usleep((useconds_t)giver->takes_ms * 1000);
  snprintf(ret_credentials->password, sizeof ret_credentials->password, "%s", password);
  return giver->code;
}

static void must_count_no_time_out(const pool_fixture_t *fixture)
{
  aurora_stats_t stats = fixture_stats(fixture);

  ck_assert_uint_eq(stats.failed, 1);
  ck_assert_uint_eq(stats.timed_out, 0);
  ck_assert_uint_eq(stats.cancelled, 0);
  ck_assert_uint_eq(stats.connect_failed, 1);
  ck_assert_uint_eq(fixture_logged(fixture, "query timed out"), 0);
  ck_assert_uint_eq(fixture_logged(fixture, "query cancelled"), 0);
  ck_assert_uint_eq(fixture_logged(fixture, "query failed"), 1);
}

/* It comes back in time for the watchdog, or does not. */
START_TEST(a_slow_credentials_callback)
{
  aurora_config_t config = config_of(AURORA_SSL_DISABLED);
  giver_t giver = {.holds = _i, .takes_ms = _i ? 0 : slowly(SHORT_MS) + 20};
  pool_fixture_t fixture;
  aurora_error_t error;

  ck_assert_int_eq(uv_sem_init(&giver.go, 0), 0);
  config.host = "a-name.invalid";
  config.credentials_cb = give;
  config.credentials_data = &giver;
  config.connect_timeout = slowly(SHORT_MS);
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, UV_ETIMEDOUT);
  ck_assert_msg(strstr(error.message, "the credentials callback") != NULL, "%s", error.message);
  ck_assert_ptr_null(strstr(error.message, "resolved"));
  must_count_no_time_out(&fixture);
  uv_sem_post(&giver.go);
  fixture_close(&fixture);
  uv_sem_destroy(&giver.go);
}
END_TEST

/* A code is a callback's own: no request of ours has timed out, or was cancelled. */
START_TEST(a_callback_with_the_codes_of_others)
{
  static const int codes[] = {UV_ETIMEDOUT, UV_ECANCELED, AURORA_ECLOSED};
  aurora_config_t config = config_of(AURORA_SSL_DISABLED);
  giver_t giver = {.code = codes[_i]};
  pool_fixture_t fixture;

  config.credentials_cb = give;
  config.credentials_data = &giver;
  fixture_open(&fixture, &config);
  fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, codes[_i]);
  must_count_no_time_out(&fixture);
  fixture_close(&fixture);
}
END_TEST

/* With credentials that rotate a refused login is tried again, with new ones. */
START_TEST(a_login_that_may_rotate)
{
  aurora_query_options_t patient = {.acquire_timeout_ms = slowly(300)};
  aurora_config_t config = config_of(AURORA_SSL_DISABLED);
  giver_t giver = {.code = 0};
  pool_fixture_t fixture;
  reply_t reply;

  config.credentials_cb = give;
  config.credentials_data = &giver;
  config.backoff_max = config.backoff_min = 10;
  fixture_open(&fixture, &config);
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &patient);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "Access denied"));
  ck_assert_uint_gt(fixture_stats(&fixture).connect_failed, 1);
  ck_assert_uint_eq(fixture_stats(&fixture).timed_out, 1);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("connect-errors");
  TCase *tcase = tcase_create("connect-errors");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_wrong_password);
  tcase_add_test(tcase, an_unknown_database);
  tcase_add_test(tcase, init_sql_that_the_server_refuses);
  tcase_add_test(tcase, a_name_that_nobody_has);
  tcase_add_test(tcase, sockets_that_cannot_be_used);
  tcase_add_loop_test(tcase, what_is_no_server, 0, sizeof misfits / sizeof *misfits);
  tcase_add_loop_test(tcase, what_a_port_says_first, 0, sizeof voices / sizeof *voices);
  tcase_add_test(tcase, a_certificate_for_another_name);
  tcase_add_test(tcase, an_authority_that_is_not_the_servers);
  tcase_add_loop_test(tcase, a_slow_credentials_callback, 0, 2);
  tcase_add_loop_test(tcase, a_callback_with_the_codes_of_others, 0, 3);
  tcase_add_test(tcase, a_login_that_may_rotate);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
