/*
 * Batches that are disturbed: on leases, by time-outs, cancels, closes, deadlocks and lost connections.
 * Whatever happens there is one callback, and nothing of the batch stays.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <mysql.h>
#include <mysqld_error.h>

#include "base/alloc.h"
#include "integration/batch_helpers.h"
#include "support/server_differences.h"
#include "support/database_test.h"
#include "support/loop.h"

enum { ROWS = 200, TIMEOUT_MS = 300 };

static const char insert[] = "INSERT INTO batch VALUES (?, ?)";
/* Takes 20 ms a row. */
static const char slow_insert[] = "INSERT INTO batch VALUES (?, CONCAT(?, SLEEP(0.02)))";

static database_t database;
static pool_fixture_t fixture;
static aurora_rows_t rows;

static void open_pool(unsigned size)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = size;
  config.init_sql = "SET innodb_lock_wait_timeout = 1";
  fixture_open(&fixture, &config);
}

static void set_up(void)
{
  ck_assert_int_eq(
      database_sql(&database,
                   "DROP TABLE IF EXISTS batch; CREATE TABLE batch (id BIGINT PRIMARY KEY,"
                   " t VARCHAR(40)) ENGINE=InnoDB"),
      0);
  rows = batch_make_rows(0, ROWS);
  open_pool(2);
}

static void tear_down(void)
{
  fixture_close(&fixture);
  batch_free_rows(rows);
}

static aurora_batch_options_t way(int index)
{
  return (aurora_batch_options_t){.flags = index & 1 ? AURORA_BATCH_ONE_BY_ONE : 0};
}

/* What others see. */
static int64_t rows_in_table(void)
{
  return database_count(&database, "SELECT COUNT(*) FROM batch");
}

static bool slow_row_runs(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist"
                                   " WHERE state = 'User sleep'") > 0;
}

static void wait_for_slow_row(void)
{
  loop_run_until_true(&fixture.loop, slow_row_runs, NULL, FIXTURE_PATIENCE_MS);
}

static void run_on(aurora_connection_t *connection, const char *sql)
{
  reply_t reply;

  fixture_ask_lease(&fixture, connection, &reply, sql, AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
}

/* --- Leases ------------------------------------------------------------------------------------- */

START_TEST(in_the_holders_transaction)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  run_on(lease, "START TRANSACTION");
  run_on(lease, "INSERT INTO batch VALUES (-1, 'mine')");
  batch_ask(&fixture, lease, &reply, insert, rows, &options, NULL);
  batch_wait(&reply);
  batch_must_be_good(&reply, ROWS, batch_by_rows(_i) ? 0 : ROWS);
  batch_clear(&reply);
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM batch"), ROWS + 1);
  ck_assert_int_eq(rows_in_table(), 0);
  run_on(lease, "ROLLBACK");
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM batch"), 0);
  aurora_connection_release(lease);
}
END_TEST

START_TEST(a_failure_leaves_the_holders_transaction)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  run_on(lease, "START TRANSACTION");
  run_on(lease, "INSERT INTO batch VALUES (100, 'mine')");
  batch_ask(&fixture, lease, &reply, insert, rows, &options, NULL);
  batch_wait(&reply);
  batch_must_have_failed(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.failed_row, 100);
  batch_clear(&reply);
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM batch"), 1);
  run_on(lease, "COMMIT");
  ck_assert_int_eq(rows_in_table(), 1);
  aurora_connection_release(lease);
}
END_TEST

/* After the release it still runs, in its place in the line. */
START_TEST(without_a_transaction_it_has_its_own)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  batch_ask(&fixture, lease, &reply, insert, rows, &options, NULL);
  batch_wait(&reply);
  batch_must_be_good(&reply, ROWS, batch_by_rows(_i) ? 0 : ROWS);
  batch_clear(&reply);
  ck_assert_int_eq(rows_in_table(), ROWS);
  ck_assert(!fixture_in_transaction(&fixture, lease));
  batch_ask(&fixture, lease, &reply, "DELETE FROM batch WHERE id = ? AND t = ?", rows, &options,
            NULL);
  aurora_connection_release(lease);
  batch_wait(&reply);
  batch_must_be_good(&reply, ROWS, batch_by_rows(_i) ? 0 : ROWS);
  batch_clear(&reply);
  ck_assert_int_eq(rows_in_table(), 0);
}
END_TEST

/* --- Given up ----------------------------------------------------------------------------------- */

static void must_be_given_up(batch_reply_t *reply, int code)
{
  batch_wait(reply);
  batch_must_have_failed(reply, code);
  ck_assert_int_eq(reply->reply.error.outcome, AURORA_UNKNOWN);
  ck_assert_uint_eq(reply->failed, 0);
  ck_assert_uint_gt(batch_count(reply, AURORA_ROW_ROLLED_BACK), 0);
  ck_assert_uint_eq(batch_count(reply, AURORA_ROW_UNKNOWN), 0);
  batch_clear(reply);
}

/* All of them take 4 s. */
static uint64_t time_for_some_rows(void)
{
  return slowly(1) == 1 ? TIMEOUT_MS : 2000;
}

START_TEST(its_time_is_up)
{
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  options.timeout_ms = time_for_some_rows();
  batch_ask(&fixture, NULL, &reply, slow_insert, rows, &options, NULL);
  must_be_given_up(&reply, UV_ETIMEDOUT);
  fixture_wait_idle(&fixture, 1);
  ck_assert_int_eq(rows_in_table(), 0);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  ck_assert(!fixture_in_transaction(&fixture, NULL));
}
END_TEST

START_TEST(it_is_cancelled)
{
  aurora_batch_options_t options = way(_i);
  aurora_query_t *query;
  batch_reply_t reply;

  batch_ask(&fixture, NULL, &reply, slow_insert, rows, &options, &query);
  wait_for_slow_row();
  ck_assert_int_eq(aurora_query_pause(query), UV_EINVAL);
  ck_assert_int_eq(aurora_query_cancel(query), 0);
  ck_assert_int_eq(aurora_query_cancel(query), UV_EALREADY);
  must_be_given_up(&reply, UV_ECANCELED);
  fixture_wait_idle(&fixture, 1);
  ck_assert_int_eq(rows_in_table(), 0);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

START_TEST(it_is_cancelled_at_every_moment)
{
  for (unsigned turns = 0; turns < 60; turns++) {
    aurora_batch_options_t options = way(_i);
    aurora_query_t *query;
    batch_reply_t reply;

    batch_ask(&fixture, NULL, &reply, insert, rows, &options, &query);
    for (unsigned i = 0; i < turns && !reply.reply.done; i++)
      uv_run(&fixture.loop, UV_RUN_ONCE);
    if (!reply.reply.done)
      aurora_query_cancel(query);
    batch_wait(&reply);
    ck_assert_uint_eq(reply.reply.calls, 1);
    if (reply.reply.code) {
      batch_must_have_failed(&reply, UV_ECANCELED);
      /* The commit may have been under way. */
      ck_assert(rows_in_table() == 0 || batch_count(&reply, AURORA_ROW_UNKNOWN) == ROWS);
    } else {
      ck_assert_int_eq(rows_in_table(), ROWS);
    }
    batch_clear(&reply);
    ck_assert(!fixture_in_transaction(&fixture, NULL));
    fixture_run(&fixture, "DELETE FROM batch");
  }
}
END_TEST

START_TEST(it_is_cancelled_in_the_queue)
{
  aurora_connection_t *leases[] = {fixture_lease(&fixture), fixture_lease(&fixture)};
  aurora_query_t *query;
  batch_reply_t reply;

  for (int i = 0; i < 2; i++) {
    batch_ask(&fixture, i ? leases[0] : NULL, &reply, insert, rows, NULL, &query);
    if (i)
      run_on(leases[1], "DO 0");
    ck_assert_int_eq(aurora_query_cancel(query), i && reply.reply.done ? UV_EALREADY : 0);
    batch_wait(&reply);
    if (!i) {
      batch_must_have_failed(&reply, UV_ECANCELED);
      ck_assert_int_eq(reply.reply.error.outcome, AURORA_NOT_SENT);
      ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_NOT_EXECUTED), ROWS);
    }
    batch_clear(&reply);
  }
  aurora_connection_release(leases[0]);
  aurora_connection_release(leases[1]);
}
END_TEST

/* What the holder has done before stays, what the batch has done does not; the lease goes on. */
START_TEST(given_up_on_a_lease)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  aurora_batch_options_t options = way(_i);
  bool in_transaction = _i & 2;
  batch_reply_t reply;

  if (in_transaction)
    run_on(lease, "START TRANSACTION");
  run_on(lease, "INSERT INTO batch VALUES (-1, 'mine')");
  options.timeout_ms = time_for_some_rows();
  batch_ask(&fixture, lease, &reply, slow_insert, rows, &options, NULL);
  must_be_given_up(&reply, UV_ETIMEDOUT);
  ck_assert_int_eq(fixture_lease_number(&fixture, lease, "SELECT COUNT(*) FROM batch"), 1);
  ck_assert(fixture_in_transaction(&fixture, lease) == in_transaction);
  run_on(lease, "INSERT INTO batch VALUES (-2, 'mine, too')");
  run_on(lease, "COMMIT");
  ck_assert_int_eq(rows_in_table(), 2);
  aurora_connection_release(lease);
  fixture_wait_idle(&fixture, 1);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}
END_TEST

static bool commit_waits(void *data)
{
  (void)data;
  return database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist"
                                   " WHERE info = 'COMMIT' AND user = 'arla'") > 0;
}

static bool no_commit_waits(void *data)
{
  return !commit_waits(data);
}

/* Then nobody can know. */
START_TEST(given_up_at_the_commit)
{
  MYSQL *root = mysql_init(NULL);
  aurora_batch_options_t options = way(_i);
  aurora_query_t *query;
  batch_reply_t reply;

  ck_assert_ptr_nonnull(mysql_real_connect(root, NULL, "root", "", NULL, 0, database.socket, 0));
  if (!server_has(SERVER_BACKUP_STAGE)) {
    ck_assert_int_ne(mysql_query(root, "BACKUP STAGE START"), 0);
    mysql_close(root);
    return;
  }
  ck_assert_int_eq(mysql_query(root, "BACKUP STAGE START"), 0);
  ck_assert_int_eq(mysql_query(root, "BACKUP STAGE BLOCK_COMMIT"), 0);
  batch_ask(&fixture, NULL, &reply, insert, rows, &options, &query);
  loop_run_until_true(&fixture.loop, commit_waits, NULL, FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(aurora_query_cancel(query), 0);
  batch_wait(&reply);
  batch_must_have_failed(&reply, UV_ECANCELED);
  ck_assert_int_eq(reply.reply.error.outcome, AURORA_UNKNOWN);
  ck_assert_uint_eq(batch_count(&reply, AURORA_ROW_UNKNOWN), ROWS);
  batch_clear(&reply);
  mysql_close(root);
  loop_run_until_true(&fixture.loop, no_commit_waits, NULL, FIXTURE_PATIENCE_MS);
}
END_TEST

START_TEST(the_pool_is_closed_meanwhile)
{
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  batch_ask(&fixture, NULL, &reply, slow_insert, rows, &options, NULL);
  wait_for_slow_row();
  fixture_begin_close(&fixture, 0);
  must_be_given_up(&reply, UV_ECANCELED);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  fixture_end(&fixture);
  open_pool(1);
  loop_run_for(&fixture.loop, 100);
  ck_assert_int_eq(rows_in_table(), 0);
}
END_TEST

START_TEST(a_close_waits_for_it)
{
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  batch_ask(&fixture, NULL, &reply, insert, rows, &options, NULL);
  loop_run_for(&fixture.loop, 1);
  fixture_begin_close(&fixture, 20000);
  batch_wait(&reply);
  if (reply.reply.code) /* it had no connection yet */
    batch_must_have_failed(&reply, AURORA_ECLOSED);
  else
    batch_must_be_good(&reply, ROWS, batch_by_rows(_i) ? 0 : ROWS);
  batch_clear(&reply);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  fixture_end(&fixture);
  open_pool(1);
}
END_TEST

/* --- The server's doing ------------------------------------------------------------------------- */

/* Not between two of its statements. */
static bool batch_is_found(void *data)
{
  *(int64_t *)data = database_count(&database, "SELECT id FROM information_schema.processlist"
                                               " WHERE user = 'arla' AND command <> 'Sleep'");
  return *(int64_t *)data > 0;
}

static void kill_batch(const char *what)
{
  int64_t id;
  char sql[64];

  loop_run_until_true(&fixture.loop, batch_is_found, &id, FIXTURE_PATIENCE_MS);
  snprintf(sql, sizeof sql, "%s %" PRId64, what, id);
  ck_assert_int_eq(database_sql(&database, sql), 0);
}

START_TEST(the_connection_is_killed)
{
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  batch_ask(&fixture, NULL, &reply, slow_insert, rows, &options, NULL);
  wait_for_slow_row();
  kill_batch("KILL CONNECTION");
  must_be_given_up(&reply, AURORA_ELOST);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM batch"), 0);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 2);
}
END_TEST

START_TEST(the_statement_is_killed)
{
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  options.flags |= AURORA_BATCH_KEEP_GOOD;
  batch_ask(&fixture, NULL, &reply, slow_insert, rows, &options, NULL);
  wait_for_slow_row();
  kill_batch("KILL QUERY");
  batch_wait(&reply);
  /* A SLEEP that is interrupted may let its statement go on. */
  if (reply.reply.code) {
    batch_must_have_failed(&reply, AURORA_ESERVER);
    ck_assert_uint_eq(reply.reply.error.server_errno, ER_QUERY_INTERRUPTED);
    ck_assert_int_eq(rows_in_table(), 0);
  } else {
    ck_assert_int_eq(rows_in_table(), ROWS);
  }
  batch_clear(&reply);
}
END_TEST

START_TEST(a_lock_that_is_not_had)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply;

  run_on(lease, "START TRANSACTION");
  run_on(lease, "INSERT INTO batch VALUES (50, 'mine')");
  batch_ask(&fixture, NULL, &reply, insert, rows, &options, NULL);
  batch_wait(&reply);
  batch_must_have_failed(&reply, AURORA_ELOCKTIMEOUT);
  ck_assert_uint_eq(reply.failed_row, batch_by_rows(_i) ? 50 : SIZE_MAX);
  batch_clear(&reply);
  run_on(lease, "COMMIT");
  ck_assert_int_eq(rows_in_table(), 1);
  aurora_connection_release(lease);
}
END_TEST

static bool batch_waits_for_lock(void *data)
{
  (void)data;
  return database_count(&database, "SELECT VARIABLE_VALUE FROM global_status"
                                   " WHERE VARIABLE_NAME = 'Innodb_row_lock_current_waits'") > 0;
}

/* The server rolls all of it back: rows after it must not be committed alone. */
START_TEST(a_deadlock)
{
  aurora_connection_t *lease = fixture_lease(&fixture);
  aurora_batch_options_t options = way(_i);
  batch_reply_t reply, again;
  reply_t mine;
  fixture_run(&fixture, "DROP TABLE IF EXISTS heavy");

  fixture_run(&fixture, "CREATE TABLE heavy (id INT PRIMARY KEY) ENGINE=InnoDB");
  options.flags |= AURORA_BATCH_KEEP_GOOD;
  again = batch_run(&fixture, insert, rows, 0);
  batch_must_be_good(&again, ROWS, ROWS);
  batch_clear(&again);
  run_on(lease, "START TRANSACTION");
  run_on(lease, "INSERT INTO heavy SELECT seq FROM seq_1_to_1000");
  run_on(lease, "UPDATE batch SET t = 'mine' WHERE id = 100");
  batch_ask(&fixture, NULL, &reply, "UPDATE batch SET t = CONCAT('b', ?, ?) WHERE id = ?",
            (aurora_rows_t){rows.values, 2, 2}, &options, NULL);
  batch_wait(&reply);
  batch_must_have_failed(&reply, AURORA_EPARAMS);
  batch_clear(&reply);
  batch_ask(&fixture, NULL, &reply, "UPDATE batch SET t = 'batch' WHERE id = ? AND ? <> ''", rows,
            &options, NULL);
  loop_run_until_true(&fixture.loop, batch_waits_for_lock, NULL, FIXTURE_PATIENCE_MS);
  fixture_ask_lease(&fixture, lease, &mine, "UPDATE batch SET t = 'mine' WHERE id = 5",
                    AURORA_NO_PARAMS);
  batch_wait(&reply);
  batch_must_have_failed(&reply, AURORA_EDEADLOCK);
  ck_assert_uint_eq(reply.failed_row, batch_by_rows(_i) ? 100 : SIZE_MAX);
  batch_clear(&reply);
  fixture_wait(&fixture, &mine);
  reply_must_be_good(&mine);
  reply_clear(&mine);
  run_on(lease, "COMMIT");
  ck_assert_int_eq(
      database_count(&database, "SELECT COUNT(*) FROM batch WHERE t = 'batch' OR t = 'mine'"), 2);
  aurora_connection_release(lease);
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------- */

static int allocations_left;

static bool may_allocate(void)
{
  return allocations_left-- > 0;
}

static void count_call(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  ck_assert_ptr_nonnull(batch);
  reply_on_done(error, data);
}

/* Each allocation fails in turn: one callback or none, and the next batch is as good as ever. */
START_TEST(memory_runs_out)
{
  aurora_batch_options_t options = way(_i);
  bool succeeded = false;

  options.flags |= AURORA_BATCH_KEEP_GOOD;
  batch_set_number(rows, 20, 7);
  batch_set_number(rows, 40, 7);
  fixture_run(&fixture, "DO 0");
  for (int n = 0; !succeeded; n++) {
    reply_t reply;
    int code;

    ck_assert_int_lt(n, 1000);
    reply_init(&reply, &fixture);
    allocations_left = n;
    aurora__alloc_may = may_allocate;
    code = aurora_pool_batch(fixture.pool, insert, rows, &options, count_call, &reply, NULL);
    if (code)
      ck_assert_int_eq(code, UV_ENOMEM);
    else
      fixture_wait(&fixture, &reply);
    aurora__alloc_may = NULL;
    succeeded = !code && !reply.code;
    /* A connect may have run out of memory, too. */
    fixture_wait_quiet(&fixture);
    fixture_wait_out_pause(&fixture);
    fixture_run(&fixture, "DO 0");
    ck_assert_int_eq(rows_in_table(), succeeded ? ROWS - 2 : 0);
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("batch-faults");
  TCase *tcase = tcase_create("batch-faults");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, in_the_holders_transaction, 0, 2);
  tcase_add_loop_test(tcase, a_failure_leaves_the_holders_transaction, 0, 2);
  tcase_add_loop_test(tcase, without_a_transaction_it_has_its_own, 0, 2);
  tcase_add_loop_test(tcase, its_time_is_up, 0, 2);
  tcase_add_loop_test(tcase, it_is_cancelled, 0, 2);
  tcase_add_loop_test(tcase, it_is_cancelled_at_every_moment, 0, 2);
  tcase_add_test(tcase, it_is_cancelled_in_the_queue);
  tcase_add_loop_test(tcase, given_up_on_a_lease, 0, 4);
  tcase_add_loop_test(tcase, given_up_at_the_commit, 0, 2);
  tcase_add_loop_test(tcase, the_pool_is_closed_meanwhile, 0, 2);
  tcase_add_loop_test(tcase, a_close_waits_for_it, 0, 2);
  tcase_add_loop_test(tcase, the_connection_is_killed, 0, 2);
  tcase_add_loop_test(tcase, the_statement_is_killed, 0, 2);
  tcase_add_loop_test(tcase, a_lock_that_is_not_had, 0, 2);
  tcase_add_loop_test(tcase, a_deadlock, 0, 2);
  tcase_add_loop_test(tcase, memory_runs_out, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
