/*
 * TLS: the five modes against servers good and bad, and that a server without TLS gets nothing of the
 * login where TLS is required. How else one logs in is in test_login.c.
 */
#include <stdlib.h>
#include <string.h>

#include "support/bad_server.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/database_test.h"

static database_t databases[DATABASE_TLS_NONE + 1];

#define IS_ENCRYPTED                                                                               \
  "SELECT VARIABLE_VALUE <> '' FROM session_status "                                               \
  "WHERE VARIABLE_NAME = 'Ssl_cipher'"

typedef enum { PLAIN, ENCRYPTED, FAILS } outcome_t;

/* ssl_ca is the authority that signed the certificate of all but OTHER_CA. */
static const outcome_t outcomes[][AURORA_SSL_VERIFY_IDENTITY + 1] = {
    [DATABASE_TLS_GOOD] =
        {
            [AURORA_SSL_DEFAULT] = ENCRYPTED,
            [AURORA_SSL_DISABLED] = PLAIN,
            [AURORA_SSL_PREFERRED] = ENCRYPTED,
            [AURORA_SSL_REQUIRED] = ENCRYPTED,
            [AURORA_SSL_VERIFY_CA] = ENCRYPTED,
            [AURORA_SSL_VERIFY_IDENTITY] = ENCRYPTED,
        },
    [DATABASE_TLS_EXPIRED] =
        {
            [AURORA_SSL_DEFAULT] = FAILS, /* there is a CA: VERIFY_IDENTITY */
            [AURORA_SSL_DISABLED] = PLAIN,
            [AURORA_SSL_PREFERRED] = ENCRYPTED,
            [AURORA_SSL_REQUIRED] = ENCRYPTED,
            [AURORA_SSL_VERIFY_CA] = FAILS,
            [AURORA_SSL_VERIFY_IDENTITY] = FAILS,
        },
    [DATABASE_TLS_WRONG_NAME] =
        {
            [AURORA_SSL_DEFAULT] = FAILS,
            [AURORA_SSL_DISABLED] = PLAIN,
            [AURORA_SSL_PREFERRED] = ENCRYPTED,
            [AURORA_SSL_REQUIRED] = ENCRYPTED,
            [AURORA_SSL_VERIFY_CA] = ENCRYPTED,
            [AURORA_SSL_VERIFY_IDENTITY] = FAILS,
        },
    [DATABASE_TLS_OTHER_CA] =
        {
            [AURORA_SSL_DEFAULT] = FAILS,
            [AURORA_SSL_DISABLED] = PLAIN,
            [AURORA_SSL_PREFERRED] = ENCRYPTED,
            [AURORA_SSL_REQUIRED] = ENCRYPTED,
            [AURORA_SSL_VERIFY_CA] = FAILS,
            [AURORA_SSL_VERIFY_IDENTITY] = FAILS,
        },
    [DATABASE_TLS_NONE] =
        {
            [AURORA_SSL_DEFAULT] = FAILS,
            [AURORA_SSL_DISABLED] = PLAIN,
            [AURORA_SSL_PREFERRED] = PLAIN,
            [AURORA_SSL_REQUIRED] = FAILS,
            [AURORA_SSL_VERIFY_CA] = FAILS,
            [AURORA_SSL_VERIFY_IDENTITY] = FAILS,
        },
};

static void must_connect(const aurora_config_t *config, bool encrypted)
{
  pool_fixture_t fixture;

  fixture_open(&fixture, config);
  ck_assert_int_eq(fixture_number(&fixture, IS_ENCRYPTED), encrypted);
  fixture_close(&fixture);
}

/* Fails for good: at once, although the waiter would wait. */
static aurora_error_t must_fail(const aurora_config_t *config, int code)
{
  aurora_query_options_t options = {.acquire_timeout_ms = FIXTURE_PATIENCE_MS * 2};
  pool_fixture_t fixture;
  reply_t reply;

  fixture_open(&fixture, config);
  fixture_ask_with(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS, &options);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, code);
  ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
  fixture_close(&fixture);
  return reply.error;
}

START_TEST(modes_against_a_server)
{
  const database_t *database = &databases[_i];

  for (int mode = AURORA_SSL_DEFAULT; mode <= AURORA_SSL_VERIFY_IDENTITY; mode++) {
    aurora_config_t config = fixture_config(database);

    config.ssl_mode = (aurora_ssl_mode_t)mode;
    config.ssl_ca = database->ca;
    switch (outcomes[_i][mode]) {
    case PLAIN:
      must_connect(&config, false);
      break;
    case ENCRYPTED:
      must_connect(&config, true);
      break;
    case FAILS:
      ck_assert_ptr_nonnull(strstr(must_fail(&config, AURORA_ETLS).message, "127.0.0.1:"));
      break;
    }
  }
}
END_TEST

/* Without a CA the default is PREFERRED. */
START_TEST(the_default_without_a_ca)
{
  for (int i = 0; i <= DATABASE_TLS_NONE; i++) {
    aurora_config_t config = fixture_config(&databases[i]);

    config.ssl_mode = AURORA_SSL_DEFAULT;
    must_connect(&config, i != DATABASE_TLS_NONE);
  }
}
END_TEST

START_TEST(the_authority_that_signed_it_is_trusted)
{
  aurora_config_t config = fixture_config(&databases[DATABASE_TLS_OTHER_CA]);

  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = databases[DATABASE_TLS_OTHER_CA].other_ca;
  must_connect(&config, true);
  config.ssl_ca = databases[DATABASE_TLS_OTHER_CA].ca_bundle;
  must_fail(&config, AURORA_ETLS);
  config = fixture_config(&databases[DATABASE_TLS_GOOD]);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = databases[DATABASE_TLS_GOOD].ca_bundle;
  must_connect(&config, true);
}
END_TEST

START_TEST(the_name_is_that_of_the_configuration)
{
  aurora_config_t config = fixture_config(&databases[DATABASE_TLS_GOOD]);

  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = databases[DATABASE_TLS_GOOD].ca;
  config.host = "localhost";
  must_connect(&config, true);
  config.host = "127.0.0.2"; /* nobody there, or at least nobody of that name */
  config.connect_timeout = 2000;
  {
    pool_fixture_t fixture;
    reply_t reply;

    fixture_open(&fixture, &config);
    fixture_ask(&fixture, &reply, "SELECT 1", AURORA_NO_PARAMS);
    fixture_wait(&fixture, &reply);
    ck_assert(reply.code == AURORA_ETLS || reply.code == UV_ECONNREFUSED);
    fixture_close(&fixture);
  }
}
END_TEST

/* A warm-up and a check tell the same reason. */
START_TEST(warm_up_and_check_tell_the_reason)
{
  aurora_config_t config = fixture_config(&databases[DATABASE_TLS_EXPIRED]);
  pool_fixture_t fixture;
  reply_t warm_up, check;

  config.ssl_mode = AURORA_SSL_VERIFY_CA;
  config.ssl_ca = databases[DATABASE_TLS_EXPIRED].ca;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &warm_up);
  fixture_wait(&fixture, &warm_up);
  reply_must_be(&warm_up, AURORA_ETLS);
  ck_assert_ptr_nonnull(strstr(warm_up.error.message, "expired"));
  fixture_check(&fixture, &check);
  fixture_wait(&fixture, &check);
  reply_must_be(&check, AURORA_ETLS);
  ck_assert(!check.healthy);
  fixture_close(&fixture);
}
END_TEST

/* What a server without TLS is sent, in some mode. */
static size_t seen_by_plain_server(aurora_ssl_mode_t mode, int code)
{
  const bad_server_options_t options = {.mode = BAD_SERVER_SILENT_LOGIN};
  aurora_config_t config = fixture_config(&databases[DATABASE_TLS_GOOD]);
  pool_fixture_t fixture;
  bad_server_t *server;
  char bytes[512];
  size_t size;

  ck_assert_int_eq(bad_server_start(&options, &server), 0);
  config.port = bad_server_port(server);
  config.ssl_mode = mode;
  config.ssl_ca = databases[DATABASE_TLS_GOOD].ca;
  config.connect_timeout = 500;
  fixture_begin(&fixture); /* counts the descriptors with those of the server */
  ck_assert_int_eq(aurora_pool_create(&fixture.loop, &config, &fixture.pool, NULL), 0);
  fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, code);
  fixture_begin_close(&fixture, 0);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  loop_close_clean(&fixture.loop);
  ck_assert_uint_ge(bad_server_connections(server), 1);
  size = bad_server_seen(server, bytes, sizeof bytes);
  if (size)
    ck_assert_ptr_nonnull(memmem(bytes, size, DATABASE_USER, strlen(DATABASE_USER)));
  bad_server_stop(server);
  return size;
}

START_TEST(a_server_without_tls_sees_no_login)
{
  ck_assert_uint_eq(seen_by_plain_server(AURORA_SSL_REQUIRED, AURORA_ETLS), 0);
  ck_assert_uint_eq(seen_by_plain_server(AURORA_SSL_VERIFY_CA, AURORA_ETLS), 0);
  ck_assert_uint_eq(seen_by_plain_server(AURORA_SSL_VERIFY_IDENTITY, AURORA_ETLS), 0);
  ck_assert_uint_eq(seen_by_plain_server(AURORA_SSL_DEFAULT, AURORA_ETLS), 0);
  /* That the server would have seen it: the modes which allow it. */
  ck_assert_uint_gt(seen_by_plain_server(AURORA_SSL_PREFERRED, UV_ETIMEDOUT), 0);
  ck_assert_uint_gt(seen_by_plain_server(AURORA_SSL_DISABLED, UV_ETIMEDOUT), 0);
}
END_TEST

START_TEST(client_certificates)
{
  database_t *database = &databases[DATABASE_TLS_GOOD];
  aurora_config_t config = fixture_config(database);
  aurora_error_t error;

  ck_assert_int_eq(database_sql(database, "CREATE USER certified@'%' REQUIRE X509;"
                                          "GRANT SELECT ON octane.* TO certified@'%'"),
                   0);
  config.user = "certified";
  config.password = "";
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database->ca;
  error = must_fail(&config, AURORA_EACCESS);
  ck_assert_uint_ne(error.server_errno, 0);
  config.ssl_cert = database->client_cert;
  config.ssl_key = database->client_key;
  must_connect(&config, true);
  config.ssl_mode = AURORA_SSL_REQUIRED;
  must_connect(&config, true);
  ck_assert_int_eq(database_sql(database, "DROP USER certified@'%'"), 0);
}
END_TEST

START_TEST(large_values_and_many_queries_over_tls)
{
  enum { SIZE = 17 * 1024 * 1024, QUERIES = 200 };
  static reply_t replies[QUERIES];
  aurora_config_t config = fixture_config(&databases[DATABASE_TLS_GOOD]);
  pool_fixture_t fixture;
  aurora_text_t seen;
  reply_t reply;
  char *text = malloc(SIZE);

  ck_assert_ptr_nonnull(text);
  for (size_t i = 0; i < SIZE; i++)
    text[i] = (char)('a' + (i * 31 + i / 4093) % 26);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = databases[DATABASE_TLS_GOOD].ca;
  config.pool_size = 4;
  fixture_open(&fixture, &config);
  for (int i = 0; i < QUERIES; i++)
    fixture_ask(&fixture, &replies[i], "SELECT ? * 2", AURORA_PARAMS(i));
  fixture_ask(&fixture, &reply, "SELECT ?",
              (aurora_params_t){(aurora_value_t[]){aurora_text(text, SIZE)}, 1});
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_int_eq(aurora_result_text(reply.result, 0, 0, &seen), 0);
  ck_assert_uint_eq(seen.size, SIZE);
  ck_assert(memcmp(seen.data, text, SIZE) == 0);
  reply_clear(&reply);
  for (int i = 0; i < QUERIES; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be_good(&replies[i]);
    ck_assert_int_eq(aurora_result_value(replies[i].result, 0, 0).as.int64, 2 * i);
    reply_clear(&replies[i]);
  }
  free(text);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("tls");
  TCase *tcase = tcase_create("tls");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, modes_against_a_server, DATABASE_TLS_GOOD, DATABASE_TLS_NONE + 1);
  tcase_add_test(tcase, the_default_without_a_ca);
  tcase_add_test(tcase, the_authority_that_signed_it_is_trusted);
  tcase_add_test(tcase, the_name_is_that_of_the_configuration);
  tcase_add_test(tcase, warm_up_and_check_tell_the_reason);
  tcase_add_test(tcase, a_server_without_tls_sees_no_login);
  tcase_add_test(tcase, client_certificates);
  tcase_add_test(tcase, large_values_and_many_queries_over_tls);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status = EXIT_FAILURE;
  int started = 0;

  for (; started <= DATABASE_TLS_NONE; started++) {
    const database_options_t options = {.tls = (database_tls_t)started};

    int error = database_start(&databases[started], &options);

    if (error) {
      status = database_not_started(error);
      goto out;
    }
  }
  status = test_run(make_suite());
out:
  while (started--)
    database_stop(&databases[started]);
  return status;
}
