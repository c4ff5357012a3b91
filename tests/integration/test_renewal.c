/*
 * Connections are renewed on request, passwords rotate, and who holds a connection too long is named.
 */
#include <stdatomic.h>
#include <string.h>

#include <mysqld_error.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

static database_t database;
static pool_fixture_t fixture;

static bool nothing_is_open(void *data)
{
  (void)data;
  return fixture_stats(&fixture).size == 0;
}

static void wait_for(bool (*condition)(void *data))
{
  loop_run_until_true(&fixture.loop, condition, NULL, FIXTURE_PATIENCE_MS);
}

static uint64_t recycled(void)
{
  return fixture_stats(&fixture).closed[AURORA_CLOSE_RECYCLED];
}

static bool two_were_recycled(void *data)
{
  (void)data;
  return recycled() == 2;
}

/* --- Recycling ---------------------------------------------------------------------------------- */

START_TEST(idle_connections_are_recycled_at_once)
{
  aurora_config_t config = fixture_config(&database);
  reply_t reply;

  config.warmup_size = 4;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  ck_assert_int_eq(aurora_pool_recycle(fixture.pool), 0);
  wait_for(nothing_is_open);
  ck_assert_uint_eq(recycled(), 4);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"), 1);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 5);
  fixture_close(&fixture);
}
END_TEST

START_TEST(busy_connections_are_recycled_when_they_are_free)
{
  aurora_config_t config = fixture_config(&database);
  reply_t running, waiting[6];
  aurora_connection_t *lease;
  int64_t id;

  config.pool_size = 2;
  fixture_open(&fixture, &config);
  lease = fixture_lease(&fixture);
  id = fixture_lease_number(&fixture, lease, "SELECT CONNECTION_ID()");
  fixture_ask(&fixture, &running, "SELECT 7 + SLEEP(0.05)", AURORA_NO_PARAMS);
  loop_run_for(&fixture.loop, 10);
  for (int i = 0; i < 6; i++)
    fixture_ask(&fixture, &waiting[i], "SELECT CONNECTION_ID()", AURORA_NO_PARAMS);
  ck_assert_int_eq(aurora_pool_recycle(fixture.pool), 0);
  fixture_wait(&fixture, &running);
  reply_must_be_good(&running);
  reply_clear(&running);
  for (int i = 0; i < 6; i++) {
    fixture_wait(&fixture, &waiting[i]);
    reply_must_be_good(&waiting[i]);
    ck_assert_int_ne(aurora_result_value(waiting[i].result, 0, 0).as.int64, id);
    reply_clear(&waiting[i]);
  }
  ck_assert_uint_eq(recycled(), 1);
  /* The holder keeps its session until it gives it back. */
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT CONNECTION_ID()"), id);
  aurora_connection_release(lease);
  ck_assert_int_ne(fixture_number(&fixture, "SELECT CONNECTION_ID()"), id);
  wait_for(two_were_recycled);
  fixture_close(&fixture);
}
END_TEST

/* Again and again while queries run: none is lost. */
START_TEST(recycling_costs_no_query)
{
  enum { QUERIES = 300 };
  static reply_t replies[QUERIES];
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 4;
  fixture_open(&fixture, &config);
  for (int i = 0; i < QUERIES; i++) {
    fixture_ask(&fixture, &replies[i], "SELECT ? * 3", AURORA_PARAMS(i));
    if (i % 10 == 0) {
      ck_assert_int_eq(aurora_pool_recycle(fixture.pool), 0);
      uv_run(&fixture.loop, UV_RUN_ONCE);
    }
  }
  for (int i = 0; i < QUERIES; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be_good(&replies[i]);
    ck_assert_int_eq(aurora_result_value(replies[i].result, 0, 0).as.int64, 3 * i);
    reply_clear(&replies[i]);
  }
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_closing_pool_is_not_recycled)
{
  aurora_config_t config = fixture_config(&database);

  fixture_open(&fixture, &config);
  ck_assert_int_eq(aurora_pool_recycle(NULL), UV_EINVAL);
  fixture_begin_close(&fixture, 0);
  ck_assert_int_eq(aurora_pool_recycle(fixture.pool), AURORA_ECLOSED);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  fixture_end(&fixture);
}
END_TEST

static bool one_found_a_reader(void *data)
{
  (void)data;
  return fixture_stats(&fixture).closed[AURORA_CLOSE_READ_ONLY_SERVER] == 1;
}

/* The old writer after a fail-over: the write fails, and the connection is not used again. */
START_TEST(a_server_that_has_become_a_reader)
{
  aurora_config_t config = fixture_config(&database);
  aurora_error_t error;

  ck_assert_int_eq(database_sql(&database, "DROP TABLE IF EXISTS noted; CREATE TABLE noted (a INT);"
                                           "SET GLOBAL read_only = 1"),
                   0);
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "INSERT INTO noted VALUES (1)", AURORA_NO_PARAMS, AURORA_ESERVER);
  ck_assert_uint_eq(error.server_errno, ER_OPTION_PREVENTS_STATEMENT);
  ck_assert_int_eq(error.outcome, AURORA_REFUSED);
  wait_for(one_found_a_reader);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL read_only = 0"), 0);
  fixture_run(&fixture, "INSERT INTO noted VALUES (1)");
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 2);
  fixture_close(&fixture);
}
END_TEST

/* --- Credentials -------------------------------------------------------------------------------- */

typedef struct {
  atomic_uint calls;
  const char *user, *password;
  int code;
  uv_thread_t loop_thread;
  atomic_bool on_loop; /* was called on the loop's thread */
} rotation_t;

static int give(aurora_credentials_t *ret_credentials, void *data)
{
  rotation_t *rotation = data;
  uv_thread_t self = uv_thread_self();

  atomic_fetch_add(&rotation->calls, 1);
  if (uv_thread_equal(&self, &rotation->loop_thread))
    atomic_store(&rotation->on_loop, true);
  if (ret_credentials->password[0])
    return UV_EINVAL;
  if (rotation->user)
    snprintf(ret_credentials->user, sizeof ret_credentials->user, "%s", rotation->user);
  snprintf(ret_credentials->password, sizeof ret_credentials->password, "%s", rotation->password);
  return rotation->code;
}

static aurora_config_t rotating_config(rotation_t *rotation)
{
  aurora_config_t config = fixture_config(&database);

  *rotation = (rotation_t){.password = DATABASE_PASSWORD, .loop_thread = uv_thread_self()};
  config.password = "not-this-one";
  config.credentials_cb = give;
  config.credentials_data = rotation;
  return config;
}

START_TEST(passwords_rotate)
{
  rotation_t rotation;
  aurora_config_t config = rotating_config(&rotation);
  aurora_query_options_t hasty = {.timeout_ms = 30};
  reply_t reply;

  ck_assert_int_eq(database_sql(&database, "CREATE USER rota@'%' IDENTIFIED BY 'first';"
                                           "GRANT SELECT ON octane.* TO rota@'%'"),
                   0);
  rotation.user = "rota";
  rotation.password = "first";
  config.pool_size = 2;
  fixture_open(&fixture, &config);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT CURRENT_USER() = 'rota@%'"), 1);
  ck_assert_uint_eq(atomic_load(&rotation.calls), 1);
  ck_assert_int_eq(database_sql(&database, "ALTER USER rota@'%' IDENTIFIED BY 'second'"), 0);
  /* The old session lives on; a kill needs the new password. */
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"), 1);
  rotation.password = "second";
  fixture_ask_with(&fixture, &reply, "SELECT SLEEP(9)", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  fixture_wait_idle(&fixture, 1);
  ck_assert_uint_eq(atomic_load(&rotation.calls), 2);
  ck_assert_int_eq(aurora_pool_recycle(fixture.pool), 0);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 2"), 2);
  ck_assert_uint_eq(atomic_load(&rotation.calls), 3);
  ck_assert(!atomic_load(&rotation.on_loop));
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "DROP USER rota@'%'"), 0);
}
END_TEST

START_TEST(the_user_of_the_configuration_is_there)
{
  rotation_t rotation;
  aurora_config_t config = rotating_config(&rotation);

  fixture_open(&fixture, &config);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT CURRENT_USER() LIKE 'arla@%'"), 1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_callback_that_fails)
{
  rotation_t rotation;
  aurora_config_t config = rotating_config(&rotation);
  aurora_error_t error;

  rotation.code = UV_EAI_AGAIN;
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, UV_EAI_AGAIN);
  ck_assert_ptr_nonnull(strstr(error.message, "credentials callback"));
  ck_assert_ptr_null(strstr(error.message, DATABASE_PASSWORD));
  rotation.code = 7;
  fixture_wait_out_pause(&fixture);
  fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, AURORA_EACCESS);
  rotation.code = 0;
  rotation.user = "";
  fixture_wait_out_pause(&fixture);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, AURORA_EACCESS);
  ck_assert_ptr_nonnull(strstr(error.message, "an empty user"));
  rotation.user = NULL;
  fixture_wait_out_pause(&fixture);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 3"), 3);
  fixture_close(&fixture);
}
END_TEST

static int give_without_end(aurora_credentials_t *ret_credentials, void *data)
{
  (void)data;
  memset(ret_credentials, 'x', sizeof *ret_credentials);
  return 0;
}

START_TEST(credentials_without_an_end)
{
  rotation_t rotation;
  aurora_config_t config = rotating_config(&rotation);
  aurora_error_t error;

  config.credentials_cb = give_without_end;
  fixture_open(&fixture, &config);
  error = fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, AURORA_EACCESS);
  ck_assert_ptr_nonnull(strstr(error.message, "without an end"));
  fixture_close(&fixture);
}
END_TEST

static int give_late(aurora_credentials_t *ret_credentials, void *data)
{
  uv_sem_t *semaphore = data;

  uv_sem_wait(semaphore);
  snprintf(ret_credentials->password, sizeof ret_credentials->password, "%s", DATABASE_PASSWORD);
  return 0;
}

/* Waiters are told in time, and the thread comes back when it can. */
START_TEST(a_callback_that_hangs)
{
  aurora_config_t config = fixture_config(&database);
  uv_sem_t semaphore;

  ck_assert_int_eq(uv_sem_init(&semaphore, 0), 0);
  config.credentials_cb = give_late;
  config.credentials_data = &semaphore;
  config.connect_timeout = slowly(100);
  fixture_open(&fixture, &config);
  fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, UV_ETIMEDOUT);
  for (int i = 0; i < 8; i++)
    uv_sem_post(&semaphore);
  fixture_wait_out_pause(&fixture);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 4"), 4);
  fixture_close(&fixture);
  uv_sem_destroy(&semaphore);
}
END_TEST

/* --- Leaks -------------------------------------------------------------------------------------- */

static bool a_leak_was_logged(void *data)
{
  (void)data;
  return fixture_logged(&fixture, "connection held too long") > 0;
}

START_TEST(a_lease_held_too_long_is_logged_once)
{
  aurora_acquire_options_t options = {.label = "checkout of order 7"};
  aurora_config_t config = fixture_config(&database);
  reply_t reply;
  const char *line;

  config.leak_warn = 30;
  fixture_open(&fixture, &config);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_acquire_with(fixture.pool, &options, reply_on_connection, &reply),
                   0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  wait_for(a_leak_was_logged);
  loop_run_for(&fixture.loop, 100);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection held too long"), 1);
  line = fixture_log_line(&fixture, "connection held too long");
  ck_assert_ptr_nonnull(strstr(line, "holder=checkout of order 7"));
  aurora_connection_release(reply.connection);
  /* One that is given back in time is not. */
  aurora_connection_release(fixture_lease(&fixture));
  loop_run_for(&fixture.loop, 100);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection held too long"), 1);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_label_may_be_long_or_missing)
{
  aurora_acquire_options_t options = {.acquire_timeout_ms = slowly(50)};
  aurora_config_t config = fixture_config(&database);
  char label[300];
  reply_t first, second;

  memset(label, 'l', sizeof label);
  label[sizeof label - 1] = '\0';
  config.leak_warn = 10;
  config.pool_size = 1;
  fixture_open(&fixture, &config);
  options.label = label;
  reply_init(&first, &fixture);
  ck_assert_int_eq(aurora_pool_acquire_with(fixture.pool, &options, reply_on_connection, &first),
                   0);
  fixture_wait(&fixture, &first);
  reply_must_be_good(&first);
  wait_for(a_leak_was_logged);
  label[63] = '\0';
  ck_assert_ptr_nonnull(strstr(fixture_log_line(&fixture, "connection held too long"), label));
  /* The time-out is the request's own. */
  options.label = NULL;
  reply_init(&second, &fixture);
  ck_assert_int_eq(aurora_pool_acquire_with(fixture.pool, &options, reply_on_connection, &second),
                   0);
  fixture_wait(&fixture, &second);
  reply_must_be(&second, UV_ETIMEDOUT);
  aurora_connection_release(first.connection);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("renewal");
  TCase *tcase = tcase_create("renewal");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, idle_connections_are_recycled_at_once);
  tcase_add_test(tcase, busy_connections_are_recycled_when_they_are_free);
  tcase_add_test(tcase, recycling_costs_no_query);
  tcase_add_test(tcase, a_closing_pool_is_not_recycled);
  tcase_add_test(tcase, a_server_that_has_become_a_reader);
  tcase_add_test(tcase, passwords_rotate);
  tcase_add_test(tcase, the_user_of_the_configuration_is_there);
  tcase_add_test(tcase, a_callback_that_fails);
  tcase_add_test(tcase, credentials_without_an_end);
  tcase_add_test(tcase, a_callback_that_hangs);
  tcase_add_test(tcase, a_lease_held_too_long_is_logged_once);
  tcase_add_test(tcase, a_label_may_be_long_or_missing);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
