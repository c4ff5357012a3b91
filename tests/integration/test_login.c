/*
 * How one gets to a server and logs in: TCP and Unix socket, accounts with and without passwords, what
 * is refused for good, and the state of a new session.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

static database_t database;

/* A session by TCP has a port, one by the Unix socket has none. */
#define IS_TCP                                                                                     \
  "SELECT HOST LIKE '%:%' FROM information_schema.processlist WHERE ID = CONNECTION_ID()"

static int64_t ask(const aurora_config_t *config, const char *sql)
{
  pool_fixture_t fixture;
  int64_t number;

  fixture_open(&fixture, config);
  number = fixture_number(&fixture, sql);
  fixture_close(&fixture);
  return number;
}

/* Refused for good: at once, although the waiter would wait. */
static aurora_error_t refused(const aurora_config_t *config, int code)
{
  aurora_query_options_t options = {.acquire_timeout_ms = FIXTURE_PATIENCE_MS * 2};
  pool_fixture_t fixture;
  reply_t reply;

  fixture_open(&fixture, config);
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &options);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, code);
  ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection refused"), 1);
  fixture_close(&fixture);
  return reply.error;
}

START_TEST(localhost_means_tcp)
{
  aurora_config_t config = fixture_config(&database);

  config.host = "localhost";
  ck_assert_int_eq(ask(&config, IS_TCP), 1);
  config.host = "127.0.0.1";
  ck_assert_int_eq(ask(&config, IS_TCP), 1);
}
END_TEST

START_TEST(unix_sockets)
{
  aurora_config_t config = fixture_config(&database);

  config.unix_socket = database.socket;
  config.host = "nowhere.invalid"; /* not used */
  config.port = 1;
  ck_assert_int_eq(ask(&config, IS_TCP), 0);
  ck_assert_int_eq(ask(&config, "SELECT COUNT(*) FROM seq_1_to_100000"), 100000);
}
END_TEST

START_TEST(a_unix_socket_that_is_not_there)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  aurora_error_t error;
  char path[sizeof database.socket + 8];

  snprintf(path, sizeof path, "%s.not", database.socket);
  config.unix_socket = path;
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, UV_ENOENT);
  ck_assert_ptr_nonnull(strstr(error.message, path));
  fixture_close(&fixture);
}
END_TEST

/* libmariadb would take the environment's password for one that is not there. */
START_TEST(no_password_is_the_empty_one)
{
  aurora_config_t config = fixture_config(&database);

  ck_assert_int_eq(setenv("MYSQL_PWD", "not-this-one", 1), 0);
  config.user = DATABASE_NOPASS_USER;
  config.password = "";
  ck_assert_int_eq(ask(&config, "SELECT CURRENT_USER() = 'nopass@%'"), 1);
  ck_assert_int_eq(setenv("MYSQL_PWD", DATABASE_PASSWORD, 1), 0);
  config.user = DATABASE_USER;
  ck_assert_uint_eq(refused(&config, AURORA_EACCESS).server_errno, ER_ACCESS_DENIED_ERROR);
}
END_TEST

START_TEST(passwords_of_any_characters)
{
  aurora_config_t config = fixture_config(&database);

  ck_assert_int_eq(database_sql(&database, "CREATE USER odd@'%' IDENTIFIED BY"
                                           " ' ;=,:/@#?%00\\\\''\"åäö$(x)';"
                                           "GRANT SELECT ON octane.* TO odd@'%'"),
                   0);
  config.user = "odd";
  config.password = " ;=,:/@#?%00\\'\"åäö$(x)";
  ck_assert_int_eq(ask(&config, "SELECT CURRENT_USER() = 'odd@%'"), 1);
  ck_assert_int_eq(database_sql(&database, "DROP USER odd@'%'"), 0);
}
END_TEST

START_TEST(what_is_refused_for_good)
{
  aurora_config_t config = fixture_config(&database);
  aurora_error_t error;

  config.password = "wrong-one";
  error = refused(&config, AURORA_EACCESS);
  ck_assert_uint_eq(error.server_errno, ER_ACCESS_DENIED_ERROR);
  ck_assert_str_eq(error.sqlstate, "28000");
  ck_assert_ptr_null(strstr(error.message, "wrong-one"));
  config = fixture_config(&database);
  config.user = "nobody";
  ck_assert_uint_eq(refused(&config, AURORA_EACCESS).server_errno, ER_ACCESS_DENIED_ERROR);
  config = fixture_config(&database);
  config.database = "mysql";
  ck_assert_uint_eq(refused(&config, AURORA_EACCESS).server_errno, ER_DBACCESS_DENIED_ERROR);
  config = fixture_config(&database);
  ck_assert_int_eq(database_sql(&database, "GRANT ALL ON `gone`.* TO arla@'%'"), 0);
  config.database = "gone";
  ck_assert_uint_eq(refused(&config, AURORA_EACCESS).server_errno, ER_BAD_DB_ERROR);
  ck_assert_int_eq(database_sql(&database, "REVOKE ALL ON `gone`.* FROM arla@'%'"), 0);
  config = fixture_config(&database);
  config.user = DATABASE_TLS_ONLY_USER;
  config.password = DATABASE_TLS_ONLY_PASSWORD;
  ck_assert_uint_ne(refused(&config, AURORA_EACCESS).server_errno, 0);
  config.ssl_mode = AURORA_SSL_PREFERRED;
  ck_assert_int_eq(ask(&config, "SELECT CURRENT_USER() = 'tls_only@%'"), 1);
}
END_TEST

/* The pool is as large as the server allows: those that do not fit wait for the others. */
START_TEST(an_account_of_two_connections)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t replies[20];

  config.user = DATABASE_LIMITED_USER;
  config.password = DATABASE_LIMITED_PASSWORD;
  config.pool_size = 8;
  fixture_open(&fixture, &config);
  for (int i = 0; i < 20; i++)
    fixture_ask(&fixture, &replies[i], "SELECT SLEEP(0.02)", AURORA_NO_PARAMS);
  for (int i = 0; i < 20; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be_good(&replies[i]);
    reply_clear(&replies[i]);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 2);
  fixture_close(&fixture);
}
END_TEST

START_TEST(no_database)
{
  aurora_config_t config = fixture_config(&database);

  config.database = "";
  ck_assert_int_eq(ask(&config, "SELECT DATABASE() IS NULL"), 1);
}
END_TEST

START_TEST(the_state_of_a_new_session)
{
  aurora_config_t config = fixture_config(&database);

  ck_assert_int_eq(ask(&config, "SELECT @@character_set_client = 'utf8mb4'"
                                " AND @@character_set_results = 'utf8mb4'"
                                " AND @@character_set_connection = 'utf8mb4'"
                                " AND @@autocommit = 1 AND DATABASE() = 'octane'"),
                   1);
}
END_TEST

START_TEST(init_sql_runs_on_new_and_on_reset_sessions)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;

  config.pool_size = 1;
  config.init_sql = "SET @team = 7, time_zone = '+05:00'";
  fixture_open(&fixture, &config);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(fixture_number(&fixture, "SELECT @team"), 7);
    ck_assert_int_eq(fixture_number(&fixture, "SELECT @@time_zone = '+05:00'"), 1);
    fixture_run(&fixture, "SET @team = 8, time_zone = '+06:00'");
  }
  /* A SELECT that names a user variable could have set it: it counts as one that may have. */
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 6);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(init_sql_that_fails_fails_the_connect)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  aurora_error_t error;

  config.init_sql = "SELECT * FROM nobody";
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, AURORA_ESERVER);
  ck_assert_uint_eq(error.server_errno, ER_NO_SUCH_TABLE);
  ck_assert_int_eq(error.outcome, AURORA_NOT_SENT);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("login");
  TCase *tcase = tcase_create("login");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, localhost_means_tcp);
  tcase_add_test(tcase, unix_sockets);
  tcase_add_test(tcase, a_unix_socket_that_is_not_there);
  tcase_add_test(tcase, no_password_is_the_empty_one);
  tcase_add_test(tcase, passwords_of_any_characters);
  tcase_add_test(tcase, what_is_refused_for_good);
  tcase_add_test(tcase, an_account_of_two_connections);
  tcase_add_test(tcase, no_database);
  tcase_add_test(tcase, the_state_of_a_new_session);
  tcase_add_test(tcase, init_sql_runs_on_new_and_on_reset_sessions);
  tcase_add_test(tcase, init_sql_that_fails_fails_the_connect);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
