/*
 * A server that holds as many prepared statements as it may (max_prepared_stmt_count) while other connections of the pool
 * keep them: they make room, whoever asks and whatever becomes of the one that waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "integration/batch_helpers.h"
#include "support/database_test.h"
#include "support/loop.h"

enum { CONNECTIONS = 4, MANY = 60, WAIT_MS = 400 };

static database_t database;
static pool_fixture_t fixture;

static void let_server_hold(unsigned statements)
{
  char sql[80];

  snprintf(sql, sizeof sql, "SET GLOBAL max_prepared_stmt_count = %u", statements);
  ck_assert_int_eq(database_sql(&database, sql), 0);
}

static void limits_are_lifted(void)
{
  let_server_hold(16382);
}

/* So many connections, all idle. */
static void open_pool(unsigned connections, aurora_reset_policy_t reset, uint64_t connect_timeout)
{
  aurora_config_t config = fixture_config(&database);
  aurora_connection_t *leases[CONNECTIONS];

  config.pool_size = connections;
  config.reset = reset;
  config.connect_timeout = connect_timeout;
  fixture_open(&fixture, &config);
  for (unsigned i = 0; i < connections; i++)
    leases[i] = fixture_lease(&fixture);
  for (unsigned i = 0; i < connections; i++)
    aurora_connection_release(leases[i]);
  fixture_wait_idle(&fixture, connections);
}

/* "SELECT n + ?" for a given n: a statement of its own for each. */
static void ask_statement(aurora_connection_t *lease, reply_t *reply, unsigned n)
{
  char sql[64];

  snprintf(sql, sizeof sql, "SELECT %u + ?", n);
  if (lease)
    fixture_ask_lease(&fixture, lease, reply, sql, AURORA_PARAMS(1000));
  else
    fixture_ask(&fixture, reply, sql, AURORA_PARAMS(1000));
}

static void statement_must_be_good(reply_t *reply, unsigned n)
{
  int64_t sum = 0;

  fixture_wait(&fixture, reply);
  reply_must_be_good(reply);
  ck_assert_int_eq(aurora_result_int64(reply->result, 0, 0, &sum), 0);
  ck_assert_int_eq(sum, 1000 + (int64_t)n);
  reply_clear(reply);
}

static void run_statement(aurora_connection_t *lease, unsigned n)
{
  reply_t reply;

  ask_statement(lease, &reply, n);
  statement_must_be_good(&reply, n);
}

/* Each idle connection keeps one statement, but the one that is used next; and the server has no room. */
static void fill_server(unsigned connections)
{
  reply_t replies[CONNECTIONS];

  for (unsigned i = 0; i < connections; i++)
    ask_statement(NULL, &replies[i], i);
  for (unsigned i = 0; i < connections; i++)
    statement_must_be_good(&replies[i], i);
  fixture_run(&fixture, "SET @room = 1"); /* costs a reset */
  fixture_wait_idle(&fixture, connections);
  let_server_hold(connections - 1);
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

static void end_must_be_good(int (*end)(aurora_connection_t *, aurora_done_cb, void *),
                             aurora_connection_t *lease)
{
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(end(lease, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
}

/* --- Idle connections make room ----------------------------------------------------------------- */

static void on_pool(void)
{
  for (unsigned i = 100; i < 105; i++)
    run_statement(NULL, i);
}

static void on_a_lease(void)
{
  aurora_connection_t *lease = fixture_lease(&fixture);

  for (unsigned i = 100; i < 105; i++)
    run_statement(lease, i);
  aurora_connection_release(lease);
}

static void in_a_transaction(void)
{
  aurora_connection_t *lease = begin();

  fixture_lease_number(&fixture, lease, "INSERT INTO room_rows (b) VALUES ('open')");
  for (unsigned i = 100; i < 105; i++)
    run_statement(lease, i);
  end_must_be_good(aurora_connection_commit, lease);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM room_rows WHERE b = 'open'"), 1);
}

static void in_a_batch(void)
{
  aurora_rows_t rows = batch_make_rows(1, 20);
  batch_reply_t reply =
      batch_run(&fixture, "INSERT INTO room_rows (a, b) VALUES (? + 1000, ?)", rows, 0);

  reply_must_be_good(&reply.reply);
  ck_assert_uint_eq(reply.executed, 20);
  batch_clear(&reply);
  batch_free_rows(rows);
}

static void (*const uses[])(void) = {on_pool, on_a_lease, in_a_transaction, in_a_batch};

START_TEST(idle_connections_make_room)
{
  open_pool(CONNECTIONS, AURORA_RESET_AUTO, 5000);
  fill_server(CONNECTIONS);
  uses[_i]();
  ck_assert_uint_eq(fixture_stats(&fixture).opened, CONNECTIONS);
  limits_are_lifted();
  fixture_close(&fixture);
}
END_TEST

/* More statements at once than the server may hold, with one connection at work and with all. */
START_TEST(many_share_what_room_there_is)
{
  static const unsigned limits[] = {CONNECTIONS - 1, 2, 1};
  reply_t *replies = calloc(MANY, sizeof *replies);

  open_pool(CONNECTIONS, AURORA_RESET_AUTO, 20000);
  fill_server(CONNECTIONS);
  let_server_hold(limits[_i]);
  for (unsigned i = 0; i < MANY; i++)
    ask_statement(NULL, &replies[i], i % 20);
  for (unsigned i = 0; i < MANY; i++)
    statement_must_be_good(&replies[i], i % 20);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, CONNECTIONS);
  limits_are_lifted();
  fixture_close(&fixture);
  free(replies);
}
END_TEST

/* --- Who waits for a lease that keeps its statement --------------------------------------------- */

/* The server has room for the lease's only. */
static aurora_connection_t *hold_the_only_statement(uint64_t connect_timeout)
{
  aurora_connection_t *lease;

  open_pool(2, AURORA_RESET_AUTO, connect_timeout);
  lease = fixture_lease(&fixture);
  run_statement(lease, 0);
  let_server_hold(1);
  return lease;
}

static void give_up_the_only_statement(aurora_connection_t *lease)
{
  aurora_connection_release(lease);
  fixture_wait_idle(&fixture, 2);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 2);
  ck_assert_uint_eq(fixture_stats(&fixture).kills, 0);
  limits_are_lifted();
  fixture_close(&fixture);
}

START_TEST(a_lease_makes_room_when_it_ends)
{
  aurora_connection_t *lease = hold_the_only_statement(20000);
  reply_t reply;

  ask_statement(NULL, &reply, 1);
  for (int i = 0; i < 10; i++)
    run_statement(lease, 0);
  ck_assert(!reply.done);
  aurora_connection_release(lease);
  statement_must_be_good(&reply, 1);
  /* Nobody keeps a statement now. */
  for (unsigned i = 0; i < 10; i++)
    run_statement(NULL, i);
  fixture_wait_idle(&fixture, 2);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 2);
  limits_are_lifted();
  fixture_close(&fixture);
}
END_TEST

START_TEST(without_room_the_error_says_what_to_do)
{
  aurora_connection_t *lease = hold_the_only_statement(WAIT_MS);
  reply_t reply;

  ask_statement(NULL, &reply, 1);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.error.server_errno, ER_MAX_PREPARED_STMT_COUNT_REACHED);
  ck_assert_int_eq(reply.error.outcome, AURORA_REFUSED);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "raise max_prepared_stmt_count"));
  ck_assert_ptr_nonnull(strstr(reply.error.message, "statement_cache"));
  ck_assert_uint_ge(reply_took(&reply), WAIT_MS);
  give_up_the_only_statement(lease);
}
END_TEST

START_TEST(a_time_out_while_waiting)
{
  aurora_connection_t *lease = hold_the_only_statement(20000);
  aurora_query_options_t options = {.timeout_ms = WAIT_MS};
  reply_t reply;

  fixture_ask_with(&fixture, &reply, "SELECT 1 + ?", AURORA_PARAMS(1), &options);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
  ck_assert_uint_ge(reply_took(&reply), WAIT_MS);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 42"), 42);
  give_up_the_only_statement(lease);
}
END_TEST

/* In another lease's transaction, which goes on. */
START_TEST(a_cancel_while_waiting)
{
  aurora_connection_t *lease = hold_the_only_statement(20000);
  aurora_connection_t *other = begin();
  aurora_query_t *query;
  reply_t reply;

  fixture_lease_number(&fixture, other, "INSERT INTO room_rows (b) VALUES ('cancel')");
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_query_with(other, "SELECT 1 + ?", AURORA_PARAMS(1), NULL,
                                                reply_on_query, &reply, &query),
                   0);
  for (int i = 0; i < 10; i++)
    run_statement(lease, 0);
  ck_assert(!reply.done);
  ck_assert_int_eq(aurora_query_cancel(query), 0);
  ck_assert(!reply.done);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ECANCELED);
  ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
  ck_assert_int_eq(
      fixture_lease_number(&fixture, other, "SELECT COUNT(*) FROM room_rows WHERE b = 'cancel'"),
      1);
  end_must_be_good(aurora_connection_commit, other);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM room_rows WHERE b = 'cancel'"),
                   1);
  give_up_the_only_statement(lease);
}
END_TEST

/* A batch, whose rows before are undone. */
START_TEST(a_batch_is_cancelled_while_waiting)
{
  aurora_connection_t *lease = hold_the_only_statement(20000);
  aurora_connection_t *other = _i ? begin() : NULL;
  aurora_rows_t rows = batch_make_rows(1, 3);
  aurora_query_t *query;
  batch_reply_t reply;

  batch_ask(&fixture, other, &reply, "INSERT INTO room_rows (a, b) VALUES (? + 2000, ?)", rows,
            NULL, &query);
  for (int i = 0; i < 10; i++)
    run_statement(lease, 0);
  ck_assert(!reply.reply.done);
  ck_assert_int_eq(aurora_query_cancel(query), 0);
  batch_wait(&reply);
  reply_must_be(&reply.reply, UV_ECANCELED);
  batch_clear(&reply);
  batch_free_rows(rows);
  if (other)
    end_must_be_good(aurora_connection_commit, other);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM room_rows WHERE a > 2000"), 0);
  aurora_connection_release(lease);
  limits_are_lifted();
  fixture_close(&fixture);
}
END_TEST

static void close_on_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  reply_on_query(error, result, data);
  fixture_begin_close(&fixture, 0);
}

START_TEST(a_close_while_waiting)
{
  aurora_connection_t *lease = hold_the_only_statement(20000);
  reply_t waiting, closing;

  ask_statement(NULL, &waiting, 1);
  for (int i = 0; i < 10; i++)
    run_statement(lease, 0);
  ck_assert(!waiting.done);
  reply_init(&closing, &fixture);
  ck_assert_int_eq(
      aurora_connection_query(lease, "SELECT 2", AURORA_NO_PARAMS, close_on_query, &closing), 0);
  fixture_wait(&fixture, &closing);
  aurora_connection_release(lease);
  fixture_wait(&fixture, &waiting);
  ck_assert_uint_eq(waiting.calls, 1);
  reply_clear(&closing);
  reply_clear(&waiting);
  limits_are_lifted();
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  fixture_end(&fixture);
}
END_TEST

/* Sent again on another connection, for it was not sent. */
START_TEST(the_session_is_lost_while_waiting)
{
  aurora_connection_t *lease = hold_the_only_statement(20000);
  int64_t id = (int64_t)aurora_connection_id(lease);
  char sql[128];
  reply_t reply;

  ask_statement(NULL, &reply, 1);
  for (int i = 0; i < 10; i++)
    run_statement(lease, 0);
  ck_assert(!reply.done);
  snprintf(sql, sizeof sql,
           "SELECT id FROM information_schema.processlist WHERE user = 'arla' AND id <> %lld",
           (long long)id);
  snprintf(sql, sizeof sql, "KILL %lld", (long long)database_count(&database, sql));
  ck_assert_int_eq(database_sql(&database, sql), 0);
  while (fixture_stats(&fixture).opened < 3)
    uv_run(&fixture.loop, UV_RUN_ONCE);
  aurora_connection_release(lease);
  statement_must_be_good(&reply, 1);
  limits_are_lifted();
  fixture_close(&fixture);
}
END_TEST

/* The caller keeps these sessions: none is reset for another. */
START_TEST(sessions_that_are_never_reset_keep_their_statements)
{
  aurora_connection_t *lease;

  open_pool(2, AURORA_RESET_NEVER, 20000);
  lease = fixture_lease(&fixture);
  run_statement(NULL, 0);
  let_server_hold(1);
  fixture_lease_number(&fixture, lease, "SELECT 1");
  aurora_connection_release(lease);
  ck_assert_uint_eq(
      fixture_fail(&fixture, "SELECT 1 + ?", AURORA_PARAMS(1), AURORA_ESERVER).server_errno,
      ER_MAX_PREPARED_STMT_COUNT_REACHED);
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 0);
  limits_are_lifted();
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("room");
  TCase *tcase = tcase_create("room");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, NULL, limits_are_lifted);
  tcase_add_loop_test(tcase, idle_connections_make_room, 0, sizeof uses / sizeof *uses);
  tcase_add_loop_test(tcase, many_share_what_room_there_is, 0, 3);
  tcase_add_test(tcase, a_lease_makes_room_when_it_ends);
  tcase_add_test(tcase, without_room_the_error_says_what_to_do);
  tcase_add_test(tcase, a_time_out_while_waiting);
  tcase_add_test(tcase, a_cancel_while_waiting);
  tcase_add_loop_test(tcase, a_batch_is_cancelled_while_waiting, 0, 2);
  tcase_add_test(tcase, a_close_while_waiting);
  tcase_add_test(tcase, the_session_is_lost_while_waiting);
  tcase_add_test(tcase, sessions_that_are_never_reset_keep_their_statements);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  static const char create[] =
      "CREATE TABLE room_rows (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(40)) ENGINE=InnoDB";
  Suite *suite = make_suite();
  int error = database_start(&database, NULL);
  int status = EXIT_FAILURE;

  if (error) {
    srunner_free(srunner_create(suite));
    return database_not_started(error);
  }
  if (!database_sql(&database, create))
    status = test_run(suite);
  else
    srunner_free(srunner_create(suite));
  database_stop(&database);
  return status;
}
