/*
 * Transactions: begun, committed, rolled back; deadlocks; whole transactions run again.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"
#include "support/database_test.h"

static database_t database;
static pool_fixture_t fixture;

static void open_pool(const aurora_config_t *config)
{
  ck_assert_int_eq(
      database_sql(&database,
                   "DROP TABLE IF EXISTS account; CREATE TABLE account (id INT PRIMARY KEY, "
                   "amount INT NOT NULL) ENGINE=InnoDB;"
                   "INSERT INTO account VALUES (1, 100), (2, 100)"),
      0);
  fixture_open(&fixture, config);
}

static void open_default(void)
{
  aurora_config_t config = fixture_config(&database);

  open_pool(&config);
}

static int64_t amount(int id)
{
  char sql[64];

  snprintf(sql, sizeof sql, "SELECT amount FROM account WHERE id = %d", id);
  return fixture_number(&fixture, sql);
}

static aurora_connection_t *begin(const aurora_transaction_options_t *options)
{
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_begin(fixture.pool, options, reply_on_connection, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  return reply.connection;
}

static void run_on(aurora_connection_t *connection, const char *sql)
{
  reply_t reply;

  fixture_ask_lease(&fixture, connection, &reply, sql, AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
}

static reply_t commit(aurora_connection_t *connection)
{
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(connection, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  return reply;
}

static reply_t roll_back(aurora_connection_t *connection)
{
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_rollback(connection, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  return reply;
}

/* --- By hand ------------------------------------------------------------------------------------ */

START_TEST(a_commit_keeps_and_a_rollback_undoes)
{
  aurora_connection_t *connection;
  reply_t reply;

  open_default();
  connection = begin(NULL);
  run_on(connection, "UPDATE account SET amount = amount - 10 WHERE id = 1");
  ck_assert_int_eq(amount(1), 100); /* others do not see it */
  reply = commit(connection);
  reply_must_be_good(&reply);
  ck_assert_int_eq(amount(1), 90);
  connection = begin(NULL);
  run_on(connection, "UPDATE account SET amount = 0");
  reply = roll_back(connection);
  reply_must_be_good(&reply);
  ck_assert_int_eq(amount(1), 90);
  connection = begin(NULL);
  run_on(connection, "UPDATE account SET amount = 0");
  aurora_connection_release(connection);
  fixture_wait_quiet(&fixture);
  ck_assert_int_eq(amount(1), 90);
  ck_assert_uint_eq(fixture_stats(&fixture).busy, 0);
  fixture_close(&fixture);
}
END_TEST

/* Everything may be asked at once: it runs in order, the commit last. */
START_TEST(statements_queue_in_order)
{
  aurora_connection_t *connection;
  reply_t replies[20], committed;

  open_default();
  connection = begin(NULL);
  for (int i = 0; i < 20; i++)
    fixture_ask_lease(&fixture, connection, &replies[i], "INSERT INTO account VALUES (?, 1)",
                      AURORA_PARAMS(10 + i));
  reply_init(&committed, &fixture);
  ck_assert_int_eq(aurora_connection_commit(connection, reply_on_done, &committed), 0);
  fixture_wait(&fixture, &committed);
  reply_must_be_good(&committed);
  for (int i = 0; i < 20; i++) {
    reply_must_be_good(&replies[i]);
    ck_assert_uint_lt(replies[i].order, committed.order);
    if (i)
      ck_assert_uint_lt(replies[i - 1].order, replies[i].order);
    reply_clear(&replies[i]);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM account"), 22);
  fixture_close(&fixture);
}
END_TEST

START_TEST(savepoints)
{
  static const char *const names[] = {"here", "odd ` name; --", "Ünïcödé"};
  aurora_connection_t *connection;
  reply_t replies[3], reply;

  open_default();
  connection = begin(NULL);
  for (int i = 0; i < 3; i++) {
    reply_init(&replies[0], &fixture);
    reply_init(&replies[1], &fixture);
    ck_assert_int_eq(aurora_connection_savepoint(connection, names[i], reply_on_done, &replies[0]),
                     0);
    fixture_ask_lease(&fixture, connection, &replies[2], "UPDATE account SET amount = 0",
                      AURORA_NO_PARAMS);
    ck_assert_int_eq(
        aurora_connection_rollback_to(connection, names[i], reply_on_done, &replies[1]), 0);
    fixture_wait(&fixture, &replies[1]);
    for (int k = 0; k < 3; k++)
      reply_must_be_good(&replies[k]);
    reply_clear(&replies[2]);
  }
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_rollback_to(connection, "nowhere", reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.error.server_errno, ER_SP_DOES_NOT_EXIST);
  run_on(connection, "UPDATE account SET amount = 5 WHERE id = 2");
  ck_assert_int_eq(aurora_connection_savepoint(connection, "no callback", NULL, NULL), 0);
  reply = commit(connection);
  reply_must_be_good(&reply);
  ck_assert_int_eq(amount(1), 100);
  ck_assert_int_eq(amount(2), 5);
  fixture_close(&fixture);
}
END_TEST

#define TRX                                                                                        \
  "(SELECT trx_isolation_level FROM information_schema.innodb_trx "                                \
  "WHERE trx_mysql_thread_id = CONNECTION_ID())"

START_TEST(isolation_levels)
{
  static const char *const levels[] = {
      [AURORA_ISOLATION_DEFAULT] = "REPEATABLE READ",
      [AURORA_READ_UNCOMMITTED] = "READ UNCOMMITTED",
      [AURORA_READ_COMMITTED] = "READ COMMITTED",
      [AURORA_REPEATABLE_READ] = "REPEATABLE READ",
      [AURORA_SERIALIZABLE] = "SERIALIZABLE",
  };
  char sql[256];

  open_default();
  for (int level = AURORA_ISOLATION_DEFAULT; level <= AURORA_SERIALIZABLE; level++) {
    aurora_transaction_options_t options = {.isolation = (aurora_isolation_t)level};
    aurora_connection_t *connection = begin(&options);
    reply_t reply;

    run_on(connection, "UPDATE account SET amount = amount + 1 WHERE id = 1");
    snprintf(sql, sizeof sql, "SELECT " TRX " = '%s'", levels[level]);
    /* The table is refreshed when nobody has read it for 100 ms. */
    while (fixture_lease_number(&fixture, connection, sql) != 1)
      loop_run_for(&fixture.loop, 130);
    reply = roll_back(connection);
    reply_must_be_good(&reply);
    /* The session's own level is what it was. */
    ck_assert_int_eq(
        fixture_number(&fixture, server_has(SERVER_TX_VARIABLES)
                                     ? "SELECT @@tx_isolation = 'REPEATABLE-READ'"
                                     : "SELECT @@transaction_isolation = 'REPEATABLE-READ'"),
        1);
  }
  fixture_close(&fixture);
}
END_TEST

START_TEST(read_only_and_snapshot)
{
  aurora_transaction_options_t options = {.read_only = true, .consistent_snapshot = _i};
  aurora_connection_t *connection;
  reply_t reply;

  open_default();
  connection = begin(&options);
  fixture_ask_lease(&fixture, connection, &reply, "UPDATE account SET amount = 1",
                    AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.error.server_errno, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION);
  fixture_run(&fixture, "UPDATE account SET amount = 7 WHERE id = 1");
  ck_assert_int_eq(
      fixture_lease_number(&fixture, connection, "SELECT amount FROM account WHERE id = 1"),
      _i ? 100 : 7);
  reply = commit(connection);
  reply_must_be_good(&reply);
  fixture_close(&fixture);
}
END_TEST

START_TEST(wrong_arguments)
{
  aurora_transaction_options_t options = {.isolation = (aurora_isolation_t)9};
  aurora_connection_t *connection;
  char name[300];
  reply_t reply;

  open_default();
  ck_assert_int_eq(aurora_pool_begin(NULL, NULL, reply_on_connection, &reply), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_begin(fixture.pool, NULL, NULL, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_pool_begin(fixture.pool, &options, reply_on_connection, &reply),
                   UV_EINVAL);
  ck_assert_int_eq(aurora_connection_commit(NULL, reply_on_done, &reply), UV_EINVAL);
  ck_assert_int_eq(aurora_connection_rollback(NULL, NULL, NULL), UV_EINVAL);
  connection = begin(NULL);
  ck_assert_int_eq(aurora_connection_savepoint(connection, NULL, NULL, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_connection_savepoint(connection, "", NULL, NULL), UV_EINVAL);
  ck_assert_int_eq(aurora_connection_savepoint(connection, "\xff", NULL, NULL), UV_EINVAL);
  memset(name, 'n', sizeof name);
  name[65] = '\0';
  ck_assert_int_eq(aurora_connection_savepoint(connection, name, NULL, NULL), UV_EINVAL);
  name[64] = '\0';
  ck_assert_int_eq(aurora_connection_savepoint(connection, name, NULL, NULL), 0);
  ck_assert_int_eq(aurora_connection_rollback_to(connection, name, NULL, NULL), 0);
  reply = commit(connection);
  reply_must_be_good(&reply);
  fixture_close(&fixture);
}
END_TEST

/* The server may have committed: nobody knows. */
START_TEST(a_connection_lost_at_the_commit)
{
  aurora_connection_t *connection, *blocker;
  char sql[64];
  reply_t reply;

  open_default();
  connection = begin(NULL);
  run_on(connection, "UPDATE account SET amount = 3 WHERE id = 1");
  snprintf(sql, sizeof sql, "KILL CONNECTION %llu",
           (unsigned long long)aurora_connection_id(connection));
  /* A global read lock makes a commit wait. */
  blocker = fixture_lease(&fixture);
  run_on(blocker, "FLUSH TABLES WITH READ LOCK");
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(connection, reply_on_done, &reply), 0);
  while (database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                   "WHERE info = 'COMMIT'") == 0)
    uv_run(&fixture.loop, UV_RUN_NOWAIT);
  ck_assert_int_eq(database_sql(&database, sql), 0);
  fixture_wait(&fixture, &reply);
  ck_assert(reply.code == AURORA_ELOST || reply.error.server_errno);
  if (reply.code == AURORA_ELOST)
    ck_assert_int_eq(reply.error.outcome, AURORA_UNKNOWN);
  aurora_connection_release(blocker);
  fixture_close(&fixture);
}
END_TEST

/* --- Deadlocks ---------------------------------------------------------------------------------- */

static void lock_row(aurora_connection_t *connection, reply_t *reply, int id)
{
  fixture_ask_lease(&fixture, connection, reply, "UPDATE account SET amount = 0 WHERE id = ?",
                    AURORA_PARAMS(id));
}

/* Two transactions, each holding a row that the other wants. Returns the one that the server ended. */
static aurora_connection_t *deadlock(aurora_connection_t **ret_winner)
{
  aurora_connection_t *a = begin(NULL), *b = begin(NULL);
  reply_t replies[4];
  aurora_connection_t *loser;

  lock_row(a, &replies[0], 1);
  lock_row(b, &replies[1], 2);
  fixture_wait(&fixture, &replies[0]);
  fixture_wait(&fixture, &replies[1]);
  lock_row(a, &replies[2], 2);
  lock_row(b, &replies[3], 1);
  fixture_wait(&fixture, &replies[2]);
  fixture_wait(&fixture, &replies[3]);
  ck_assert((replies[2].code == AURORA_EDEADLOCK) != (replies[3].code == AURORA_EDEADLOCK));
  loser = replies[2].code ? a : b;
  *ret_winner = replies[2].code ? b : a;
  ck_assert_uint_eq(replies[replies[2].code ? 2 : 3].error.server_errno, ER_LOCK_DEADLOCK);
  ck_assert_int_eq(replies[replies[2].code ? 2 : 3].error.outcome, AURORA_REFUSED);
  for (int i = 0; i < 4; i++)
    reply_clear(&replies[i]);
  return loser;
}

/* What follows in the caller's code would be committed by itself. */
START_TEST(nothing_is_executed_after_a_deadlock)
{
  aurora_connection_t *loser, *winner;
  reply_t reply;

  open_default();
  loser = deadlock(&winner);
  fixture_ask_lease(&fixture, loser, &reply, "INSERT INTO account VALUES (77, 7)",
                    AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_EDEADLOCK);
  ck_assert_int_eq(reply.error.outcome, AURORA_NOT_SENT);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(loser, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_EDEADLOCK);
  reply = roll_back(winner);
  reply_must_be_good(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM account"), 2);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_rollback_after_a_deadlock)
{
  aurora_connection_t *loser, *winner;
  reply_t reply;

  open_default();
  loser = deadlock(&winner);
  run_on(loser, "ROLLBACK");
  run_on(loser, "INSERT INTO account VALUES (78, 7)"); /* the holder's own wish now */
  reply = roll_back(loser);
  reply_must_be_good(&reply);
  reply = roll_back(winner);
  reply_must_be_good(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM account"), 3);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_lock_wait_that_takes_too_long)
{
  aurora_connection_t *holder, *waiter;
  reply_t reply;

  open_default();
  holder = begin(NULL);
  waiter = begin(NULL);
  run_on(waiter, "SET innodb_lock_wait_timeout = 1");
  run_on(waiter, "INSERT INTO account VALUES (5, 5)");
  run_on(holder, "UPDATE account SET amount = 0 WHERE id = 1");
  lock_row(waiter, &reply, 1);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ELOCKTIMEOUT);
  ck_assert_uint_eq(reply.error.server_errno, ER_LOCK_WAIT_TIMEOUT);
  /* Only the statement was undone. */
  reply = commit(waiter);
  reply_must_be_good(&reply);
  reply = roll_back(holder);
  reply_must_be_good(&reply);
  ck_assert_int_eq(amount(5), 5);
  fixture_close(&fixture);
}
END_TEST

/* --- Run again ---------------------------------------------------------------------------------- */

typedef struct {
  aurora_transaction_t *transaction;
  aurora_connection_t *connection;
  int first, second; /* the rows, in the order in which they are locked */
  unsigned runs;     /* of the body */
  unsigned step;
  reply_t reply; /* of the whole */
} transfer_t;

static void on_step(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  transfer_t *work = data;

  (void)result;
  if (error || ++work->step == 3) {
    aurora_transaction_finish(work->transaction, error);
    return;
  }
  if (work->step == 1)
    aurora_connection_query(work->connection, "SELECT SLEEP(0.02)", AURORA_NO_PARAMS, on_step,
                            work);
  else
    aurora_connection_query(work->connection, "UPDATE account SET amount = amount + 1 WHERE id = ?",
                            AURORA_PARAMS(work->second), on_step, work);
}

static void transfer(aurora_transaction_t *transaction, aurora_connection_t *connection, void *data)
{
  transfer_t *work = data;

  work->transaction = transaction;
  work->connection = connection;
  work->step = 0;
  work->runs++;
  ck_assert_int_eq(aurora_connection_query(connection,
                                           "UPDATE account SET amount = amount + 1 WHERE id = ?",
                                           AURORA_PARAMS(work->first), on_step, work),
                   0);
}

static void on_transacted(const aurora_error_t *error, void *data)
{
  transfer_t *work = data;

  reply_on_done(error, &work->reply);
}

static void start(transfer_t *work, int first, int second, unsigned attempts)
{
  aurora_transaction_options_t options = {.attempts = attempts, .label = "transfer"};

  *work = (transfer_t){.first = first, .second = second};
  reply_init(&work->reply, &fixture);
  ck_assert_int_eq(aurora_pool_transact(fixture.pool, &options, transfer, on_transacted, work), 0);
}

START_TEST(a_transaction_is_run_again_after_a_deadlock)
{
  enum { TRANSFERS = 8 };
  static transfer_t transfers[TRANSFERS];
  unsigned runs = 0;

  open_default();
  for (int i = 0; i < TRANSFERS; i++)
    start(&transfers[i], i & 1 ? 1 : 2, i & 1 ? 2 : 1, 100);
  for (int i = 0; i < TRANSFERS; i++) {
    fixture_wait(&fixture, &transfers[i].reply);
    reply_must_be_good(&transfers[i].reply);
    runs += transfers[i].runs;
  }
  ck_assert_uint_gt(runs, TRANSFERS); /* there were deadlocks */
  ck_assert_uint_eq(fixture_logged(&fixture, "transaction run again"), runs - TRANSFERS);
  ck_assert_int_eq(amount(1), 100 + TRANSFERS);
  ck_assert_int_eq(amount(2), 100 + TRANSFERS);
  fixture_close(&fixture);
}
END_TEST

START_TEST(attempts_are_limited)
{
  transfer_t a, b;

  open_default();
  start(&a, 1, 2, 1);
  start(&b, 2, 1, 1);
  fixture_wait(&fixture, &a.reply);
  fixture_wait(&fixture, &b.reply);
  ck_assert_uint_eq(a.runs, 1);
  ck_assert_uint_eq(b.runs, 1);
  ck_assert((a.reply.code == AURORA_EDEADLOCK) != (b.reply.code == AURORA_EDEADLOCK));
  ck_assert_int_eq(amount(1), 101);
  fixture_close(&fixture);
}
END_TEST

static void ignores_errors(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  transfer_t *work = data;

  (void)error;
  (void)result;
  aurora_transaction_finish(work->transaction, NULL);
}

static void fails(aurora_transaction_t *transaction, aurora_connection_t *connection, void *data)
{
  transfer_t *work = data;

  work->transaction = transaction;
  work->runs++;
  aurora_connection_query(connection, work->first ? "SELECT nonsense" : "SIGNAL SQLSTATE '45000'",
                          AURORA_NO_PARAMS, work->second ? ignores_errors : on_step, work);
}

/* Other errors are the caller's: once, and rolled back unless the body says that it does not mind. */
START_TEST(other_errors_are_not_tried_again)
{
  transfer_t work = {.first = 1};

  open_default();
  reply_init(&work.reply, &fixture);
  ck_assert_int_eq(aurora_pool_transact(fixture.pool, NULL, fails, on_transacted, &work), 0);
  fixture_wait(&fixture, &work.reply);
  reply_must_be(&work.reply, AURORA_ESERVER);
  ck_assert_uint_eq(work.reply.error.server_errno, ER_BAD_FIELD_ERROR);
  ck_assert_uint_eq(work.runs, 1);
  work.second = 1;
  reply_init(&work.reply, &fixture);
  ck_assert_int_eq(aurora_pool_transact(fixture.pool, NULL, fails, on_transacted, &work), 0);
  fixture_wait(&fixture, &work.reply);
  reply_must_be_good(&work.reply);
  fixture_close(&fixture);
}
END_TEST

/* At every stage: the callback comes once, with an error or not, and before that of the close. */
START_TEST(a_close_while_transactions_are_under_way)
{
  aurora_config_t config = fixture_config(&database);

  for (int turns = 0; turns < 60; turns += 3) {
    transfer_t transfers[4];

    config.pool_size = 3;
    open_pool(&config);
    for (int i = 0; i < 4; i++)
      start(&transfers[i], i & 1 ? 1 : 2, i & 1 ? 2 : 1, 100);
    for (int i = 0; i < turns; i++)
      loop_run_for(&fixture.loop, 1);
    fixture_begin_close(&fixture, turns & 1 ? 20 : 0);
    loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
    for (int i = 0; i < 4; i++)
      ck_assert_uint_eq(transfers[i].reply.calls, 1);
    fixture_end(&fixture);
  }
}
END_TEST

static void never_finishes(aurora_transaction_t *transaction, aurora_connection_t *connection,
                           void *data)
{
  transfer_t *work = data;

  (void)connection;
  work->transaction = transaction;
  work->runs++;
}

START_TEST(a_body_that_never_finishes)
{
  aurora_config_t config = fixture_config(&database);
  transfer_t work = {.runs = 0};

  open_pool(&config);
  reply_init(&work.reply, &fixture);
  ck_assert_int_eq(aurora_pool_transact(fixture.pool, NULL, never_finishes, on_transacted, &work),
                   0);
  loop_run_until_count(&fixture.loop, &work.runs, 1, FIXTURE_PATIENCE_MS);
  fixture_begin_close(&fixture, 30);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  reply_must_be(&work.reply, AURORA_ECLOSED);
  fixture_end(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("transactions");
  TCase *tcase = tcase_create("transactions");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_commit_keeps_and_a_rollback_undoes);
  tcase_add_test(tcase, statements_queue_in_order);
  tcase_add_test(tcase, savepoints);
  tcase_add_test(tcase, isolation_levels);
  tcase_add_loop_test(tcase, read_only_and_snapshot, 0, 2);
  tcase_add_test(tcase, wrong_arguments);
  tcase_add_test(tcase, a_connection_lost_at_the_commit);
  tcase_add_test(tcase, nothing_is_executed_after_a_deadlock);
  tcase_add_test(tcase, a_rollback_after_a_deadlock);
  tcase_add_test(tcase, a_lock_wait_that_takes_too_long);
  tcase_add_test(tcase, a_transaction_is_run_again_after_a_deadlock);
  tcase_add_test(tcase, attempts_are_limited);
  tcase_add_test(tcase, other_errors_are_not_tried_again);
  tcase_add_test(tcase, a_close_while_transactions_are_under_way);
  tcase_add_test(tcase, a_body_that_never_finishes);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int error = database_start(&database, NULL);
  int status;

  if (error)
    return database_not_started(error);
  /* To look at InnoDB's transactions, and to take a global lock. */
  if (database_sql(&database, "GRANT PROCESS, RELOAD ON *.* TO arla@'%'")) {
    database_stop(&database);
    return EXIT_FAILURE;
  }
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
