/*
 * Passwords and accounts, by each kind of line: over TLS, over plain TCP the first time (a MySQL then wants the whole
 * password, encrypted with its RSA key) and again, and over a Unix socket; what an account may refuse; and that no
 * password goes over plain TCP in clear. MariaDB's accounts have mysql_native_password, which never sends one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/recorder.h"
#include "support/server_differences.h"

enum {
  SECURE_TRANSPORT_REQUIRED = 3159,
  ACCOUNT_LOCKED = 3118,
  ACCOUNT_LOCKED_MARIADB = 4151,
  HEARD = 65536,
  SQL = 1024
};

static database_t database, without_tls;

#define TEN "0123456789"
static const char *const passwords[] = {
    "", "usual-password-of-a-test", TEN TEN TEN TEN TEN TEN TEN "abc",               /* 73 bytes */
    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN, /* 200 */
    "p\xc3\xa4ssw\xc3\xb6rd-\xe2\x82\xac-\xf0\x9f\x94\x91-\xe5\xaf\x86\xe7\xa0\x81"};
enum { PASSWORDS = sizeof passwords / sizeof *passwords };

static const char *const plugins[] = {"caching_sha2_password", "sha256_password"};

/* The password is in no error and in no line of the log, right or wrong. */
static aurora_error_t try_login(const aurora_config_t *config, int code)
{
  aurora_query_options_t options = {.acquire_timeout_ms = FIXTURE_PATIENCE_MS * 2};
  pool_fixture_t fixture;
  reply_t reply;

  fixture_open(&fixture, config);
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &options);
  fixture_wait(&fixture, &reply);
  if (code) {
    reply_must_be(&reply, code);
    ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
    if (*config->password)
      ck_assert_ptr_null(strstr(reply.error.message, config->password));
  } else {
    reply_must_be_good(&reply);
    reply_clear(&reply);
  }
  if (*config->password && fixture.log.text)
    ck_assert_ptr_null(strstr(fixture.log.text, config->password));
  fixture_close(&fixture);
  return reply.error;
}

static void sql(database_t *at, const char *text)
{
  ck_assert_int_eq(database_sql(at, text), 0);
}

/* Of a password that has no quotes. plugin NULL: the server's usual. */
static void make_account(database_t *at, const char *plugin, const char *password, const char *more)
{
  char text[SQL];

  snprintf(text, sizeof text,
           "DROP USER IF EXISTS someone@'%%', someone@localhost;"
           "CREATE USER someone@'%%' IDENTIFIED %s%s BY '%s' %s;"
           "GRANT SELECT ON octane.* TO someone@'%%'",
           plugin ? "WITH " : "", plugin ? plugin : "", password, more);
  sql(at, text);
}

static aurora_config_t config_of(const database_t *at, const char *password)
{
  aurora_config_t config = fixture_config(at);

  config.user = "someone";
  config.password = password;
  config.pool_size = 1;
  return config;
}

/* So that the server asks for the whole password. */
static void forget_logins(database_t *at)
{
  sql(at, "FLUSH PRIVILEGES");
}

static void try_all_lines(const char *password, int code)
{
  aurora_config_t config = config_of(&database, password);

  for (int by_socket = 0; by_socket < 2; by_socket++) {
    forget_logins(&database);
    for (int again = 0; again < 2; again++) {
      config.unix_socket = by_socket ? database.socket : NULL;
      config.ssl_mode = AURORA_SSL_DISABLED;
      try_login(&config, code);
    }
  }
  config.unix_socket = NULL;
  forget_logins(&database);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database.ca;
  try_login(&config, code);
  try_login(&config, code);
}

static void try_password(const char *plugin, const char *password)
{
  char wrong[256];

  make_account(&database, plugin, password, "");
  try_all_lines(password, 0);
  /* Wrong in its last byte only; or where there should be none; or none. */
  snprintf(wrong, sizeof wrong, "%s", *password ? password : "wrong-for-empty");
  wrong[strlen(wrong) - 1] ^= 1;
  try_all_lines(wrong, AURORA_EACCESS);
  if (*password)
    try_all_lines("", AURORA_EACCESS);
}

START_TEST(passwords_by_each_line)
{
  const char *password = passwords[_i % PASSWORDS];

  if (server_has(SERVER_SHA2_PASSWORDS))
    try_password(plugins[_i / PASSWORDS], password);
  else
    try_password(NULL, password);
}
END_TEST

static void refused_with(const aurora_config_t *config, unsigned number)
{
  ck_assert_uint_eq(try_login(config, AURORA_EACCESS).server_errno, number);
}

START_TEST(an_expired_password)
{
  aurora_config_t config = config_of(&database, "expired-one");

  make_account(&database, NULL, "expired-one", "PASSWORD EXPIRE");
  if (!server_has(SERVER_SHA2_PASSWORDS))
    sql(&database, "SET GLOBAL disconnect_on_expired_password = ON");
  refused_with(&config, ER_MUST_CHANGE_PASSWORD_LOGIN);
  config.password = "wrong-one";
  refused_with(&config, ER_ACCESS_DENIED_ERROR);
  sql(&database, "ALTER USER someone@'%' IDENTIFIED BY 'a-new-one'");
  config.password = "a-new-one";
  try_login(&config, 0);
}
END_TEST

START_TEST(a_locked_account)
{
  aurora_config_t config = config_of(&database, "locked-one");

  make_account(&database, NULL, "locked-one", "ACCOUNT LOCK");
  refused_with(&config,
               server_has(SERVER_SHA2_PASSWORDS) ? ACCOUNT_LOCKED : ACCOUNT_LOCKED_MARIADB);
  sql(&database, "ALTER USER someone@'%' ACCOUNT UNLOCK");
  try_login(&config, 0);
}
END_TEST

START_TEST(an_account_that_wants_tls)
{
  aurora_config_t config = config_of(&database, "tls-one");

  make_account(&database, NULL, "tls-one", "REQUIRE SSL");
  refused_with(&config, ER_ACCESS_DENIED_ERROR);
  config.ssl_mode = AURORA_SSL_PREFERRED;
  try_login(&config, 0);
  config.ssl_mode = AURORA_SSL_REQUIRED;
  try_login(&config, 0);
  config.password = "wrong-one";
  refused_with(&config, ER_ACCESS_DENIED_ERROR);
}
END_TEST

START_TEST(an_account_that_wants_a_certificate)
{
  aurora_config_t config = config_of(&database, "x509-one");

  make_account(&database, NULL, "x509-one", "REQUIRE X509");
  refused_with(&config, ER_ACCESS_DENIED_ERROR);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database.ca;
  refused_with(&config, ER_ACCESS_DENIED_ERROR);
  config.ssl_cert = database.client_cert;
  config.ssl_key = database.client_key;
  try_login(&config, 0);
  config.password = "wrong-one";
  refused_with(&config, ER_ACCESS_DENIED_ERROR);
}
END_TEST

START_TEST(a_server_that_wants_tls)
{
  aurora_config_t config = config_of(&database, "any-one");
  unsigned number;

  make_account(&database, NULL, "any-one", "");
  sql(&database, "SET GLOBAL require_secure_transport = ON");
  number = try_login(&config, AURORA_EACCESS).server_errno;
  ck_assert(number == SECURE_TRANSPORT_REQUIRED ||
            (number == ER_ACCESS_DENIED_ERROR && !server_has(SERVER_SHA2_PASSWORDS)));
  config.ssl_mode = AURORA_SSL_PREFERRED;
  try_login(&config, 0);
  config.unix_socket = database.socket; /* counts as secure */
  config.ssl_mode = AURORA_SSL_DISABLED;
  try_login(&config, 0);
  sql(&database, "SET GLOBAL require_secure_transport = OFF");
}
END_TEST

START_TEST(two_passwords_at_once)
{
  aurora_config_t config = config_of(&database, "old-one");

  static const char keep[] =
      "ALTER USER someone@'%' IDENTIFIED BY 'new-one' RETAIN CURRENT PASSWORD";

  make_account(&database, NULL, "old-one", "");
  if (!server_has(SERVER_DUAL_PASSWORDS)) {
    ck_assert_int_ne(database_sql(&database, keep), 0);
    return;
  }
  sql(&database, keep);
  try_all_lines("old-one", 0);
  try_all_lines("new-one", 0);
  try_all_lines("other-one", AURORA_EACCESS);
  sql(&database, "ALTER USER someone@'%' DISCARD OLD PASSWORD");
  try_all_lines("old-one", AURORA_EACCESS);
  config.password = "new-one";
  try_login(&config, 0);
}
END_TEST

/* --- On the wire -------------------------------------------------------------------------------- */

static void must_stay_secret(database_t *at, bool strips_tls, const char *plugin, bool right)
{
  static const char secret[] = "never-to-be-seen-on-the-wire";
  static char heard[HEARD];
  aurora_config_t config = config_of(at, secret);
  recorder_t *recorder;
  size_t size;

  make_account(at, plugin, right ? secret : "another-one", "");
  forget_logins(at);
  ck_assert_int_eq(recorder_start(at->port, strips_tls, &recorder), 0);
  config.port = recorder_port(recorder);
  config.ssl_mode = AURORA_SSL_PREFERRED;
  try_login(&config, right ? 0 : AURORA_EACCESS);
  size = recorder_heard(recorder, heard, sizeof heard);
  recorder_stop(recorder);
  /* The login was sent, and not through TLS. */
  ck_assert_ptr_nonnull(memmem(heard, size, config.user, strlen(config.user)));
  ck_assert_ptr_null(memmem(heard, size, secret, strlen(secret)));
}

START_TEST(no_password_in_clear)
{
  database_t *at = _i ? &database : &without_tls;
  bool sha2 = server_has(SERVER_SHA2_PASSWORDS);

  for (int plugin = 0; plugin < (sha2 ? 2 : 1); plugin++) {
    must_stay_secret(at, _i, sha2 ? plugins[plugin] : NULL, false);
    must_stay_secret(at, _i, sha2 ? plugins[plugin] : NULL, true);
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("logins");
  TCase *tcase = tcase_create("logins");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, passwords_by_each_line, 0,
                      server_has(SERVER_SHA2_PASSWORDS) ? 2 * PASSWORDS : PASSWORDS);
  tcase_add_test(tcase, an_expired_password);
  tcase_add_test(tcase, a_locked_account);
  tcase_add_test(tcase, an_account_that_wants_tls);
  tcase_add_test(tcase, an_account_that_wants_a_certificate);
  tcase_add_test(tcase, a_server_that_wants_tls);
  tcase_add_test(tcase, two_passwords_at_once);
  suite_add_tcase(suite, tcase);
  tcase = tcase_create("wire");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, no_password_in_clear, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  const database_options_t no_tls = {.tls = DATABASE_TLS_NONE};
  int status;
  int error = database_start(&without_tls, &no_tls);

  if (error)
    return database_not_started(error);
  status = test_run_with_database(make_suite(), &database, NULL);
  database_stop(&without_tls);
  return status;
}
