/*
 * Handles of leases that have ended: nothing can be done with them, whoever has the connection by then.
 */
#include <stdlib.h>

#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/runner.h"

enum { LEASES = 3000 };

static database_t database;
static pool_fixture_t fixture;

static void open_pool(void)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  ck_assert_int_eq(database_sql(&database, "DROP TABLE IF EXISTS t; CREATE TABLE t (id INT)"), 0);
  fixture_open(&fixture, &config);
}

static void never_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
  ck_abort_msg("a call that was refused calls back");
}

static void never_done(const aurora_error_t *error, void *data)
{
  never_query(error, NULL, data);
}

static void never_batch(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  (void)batch;
  never_query(error, NULL, data);
}

/* All calls that take a handle. */
static void must_be_useless(aurora_connection_t *handle)
{
  aurora_value_t value = aurora_int64(1);
  aurora_rows_t rows = {.values = &value, .rows = 1, .columns = 1};

  ck_assert_int_eq(aurora_connection_query(handle, "INSERT INTO t VALUES (1)", AURORA_NO_PARAMS,
                                           never_query, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_connection_query_with(handle, "INSERT INTO t VALUES (?)",
                                                AURORA_PARAMS(1), NULL, never_query, NULL, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_connection_batch(handle, "INSERT INTO t VALUES (?)", rows, NULL,
                                           never_batch, NULL, NULL),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_connection_savepoint(handle, "s", never_done, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_connection_rollback_to(handle, "s", never_done, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_connection_commit(handle, never_done, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_connection_rollback(handle, never_done, NULL), UV_EINVAL);
  ck_assert_uint_eq(aurora_connection_id(handle), 0);
  aurora_connection_release(handle);
}

static aurora_connection_t *begin(void)
{
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_begin(fixture.pool, NULL, reply_on_connection, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  return reply.connection;
}

/* --- How a lease ends --------------------------------------------------------------------------- */

static void by_release(aurora_connection_t *handle)
{
  aurora_connection_release(handle);
}

static void by_commit(aurora_connection_t *handle)
{
  ck_assert_int_eq(aurora_connection_commit(handle, NULL, NULL), 0);
}

static void by_rollback(aurora_connection_t *handle)
{
  ck_assert_int_eq(aurora_connection_rollback(handle, NULL, NULL), 0);
}

/* The session dies under its holder, who gives back what is left of it. */
static void by_loss(aurora_connection_t *handle)
{
  char sql[64];
  reply_t reply;

  snprintf(sql, sizeof sql, "KILL %llu", (unsigned long long)aurora_connection_id(handle));
  ck_assert_int_eq(database_sql(&database, sql), 0);
  fixture_ask_lease(&fixture, handle, &reply, "SELECT 1", AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ELOST);
  aurora_connection_release(handle);
}

static void (*const ends[])(aurora_connection_t *handle) = {by_release, by_commit, by_rollback,
                                                            by_loss};

START_TEST(the_next_holder_is_not_disturbed)
{
  aurora_connection_t *old, *next;
  reply_t reply;

  open_pool();
  old = begin();
  ends[_i](old);
  must_be_useless(old);
  next = begin();
  ck_assert_ptr_ne(old, next);
  must_be_useless(old);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection released twice"), 2);
  ck_assert_int_eq(fixture_lease_number(&fixture, next, "SELECT COUNT(*) FROM t"), 0);
  ck_assert_uint_eq(fixture_stats(&fixture).busy, 1);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_rollback(next, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  fixture_close(&fixture);
  must_be_useless(old);
  must_be_useless(next);
}
END_TEST

/* A lease that the pool's close ended, and one of a pool that came after it. */
START_TEST(a_pool_that_is_closed)
{
  aurora_connection_t *old, *next;

  open_pool();
  old = fixture_lease(&fixture);
  fixture_begin_close(&fixture, 10);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  must_be_useless(old);
  fixture_end(&fixture);
  open_pool();
  next = fixture_lease(&fixture);
  ck_assert_ptr_ne(old, next);
  must_be_useless(old);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection released twice"),
                    0); /* not of this pool */
  ck_assert_int_eq(fixture_lease_number(&fixture, next, "SELECT 1"), 1);
  aurora_connection_release(next);
  fixture_close(&fixture);
}
END_TEST

static void releases_in_callback(const aurora_error_t *error, const aurora_result_t *result,
                                 void *data)
{
  reply_t *reply = data;
  aurora_connection_t *handle = reply->connection;

  aurora_connection_release(handle);
  must_be_useless(handle);
  reply_on_query(error, result, reply);
}

START_TEST(inside_a_callback)
{
  reply_t reply;

  open_pool();
  reply_init(&reply, &fixture);
  reply.connection = fixture_lease(&fixture);
  ck_assert_int_eq(aurora_connection_query(reply.connection, "SELECT 7", AURORA_NO_PARAMS,
                                           releases_in_callback, &reply),
                   0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
  fixture_close(&fixture);
}
END_TEST

START_TEST(no_handle_comes_again)
{
  static aurora_connection_t *handles[LEASES];

  open_pool();
  for (int i = 0; i < LEASES; i++) {
    handles[i] = fixture_lease(&fixture);
    ck_assert_ptr_nonnull(handles[i]);
    aurora_connection_release(handles[i]);
    ck_assert_ptr_ne(handles[i], handles[i / 2 ? i / 2 : LEASES - 1]);
  }
  for (int i = 1; i < LEASES; i++)
    ck_assert_uint_gt((uintptr_t)handles[i], (uintptr_t)handles[i - 1]);
  fixture_close(&fixture);
}
END_TEST

START_TEST(what_never_was_one)
{
  static const uintptr_t numbers[] = {0, 1, 255, 256, 0xfffff, UINTPTR_MAX, UINTPTR_MAX - 1};

  open_pool();
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    must_be_useless((aurora_connection_t *)numbers[i]);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("handles");
  TCase *tcase = tcase_create("handles");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, the_next_holder_is_not_disturbed, 0,
                      (int)(sizeof ends / sizeof ends[0]));
  tcase_add_test(tcase, a_pool_that_is_closed);
  tcase_add_test(tcase, inside_a_callback);
  tcase_add_test(tcase, no_handle_comes_again);
  tcase_add_test(tcase, what_never_was_one);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (database_start(&database, NULL))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
