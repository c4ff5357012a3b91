/*
 * Transactions that the server ends by itself, with an error: what follows is never committed one by one.
 *
 * The server has innodb_rollback_on_timeout=ON. Each transaction inserts row 10 before the error; row 11 is
 * what its holder would do after it.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "batch_helpers.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/runner.h"

static database_t database;
static pool_fixture_t fixture;

static void open_pool(void)
{
  aurora_config_t config = fixture_config(&database);

  ck_assert_int_eq(
      database_sql(
          &database,
          "DROP TABLE IF EXISTS t; CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL) "
          "ENGINE=InnoDB; INSERT INTO t VALUES (1, 1), (2, 1); "
          "DROP PROCEDURE IF EXISTS take_back; CREATE PROCEDURE take_back() BEGIN DECLARE EXIT "
          "HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; "
          "INSERT INTO t VALUES (1, 2); END"),
      0);
  fixture_open(&fixture, &config);
}

static reply_t ask(aurora_connection_t *connection, const char *sql)
{
  reply_t reply;

  fixture_ask_lease(&fixture, connection, &reply, sql, AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  return reply;
}

static void run_on(aurora_connection_t *connection, const char *sql)
{
  reply_t reply = ask(connection, sql);

  reply_must_be_good(&reply);
  reply_clear(&reply);
}

/* How many statements that do nothing the session has run. */
static long looks(aurora_connection_t *connection)
{
  reply_t reply = ask(connection, "SHOW SESSION STATUS LIKE 'Com_do'");
  aurora_value_t value;
  char digits[24];

  reply_must_be_good(&reply);
  value = aurora_result_value(reply.result, 0, 1);
  ck_assert_uint_lt(value.as.text.size, sizeof digits);
  memcpy(digits, value.as.text.data, value.as.text.size);
  digits[value.as.text.size] = '\0';
  reply_clear(&reply);
  return strtol(digits, NULL, 10);
}

/* --- How a transaction is begun ----------------------------------------------------------------- */

static const char *const beginnings[] = {NULL, "BEGIN", "/* by hand */ start transaction",
                                         "SET autocommit = 0", "BEGIN WORK"};

enum { BEGINNINGS = sizeof beginnings / sizeof beginnings[0] };

static aurora_connection_t *begin(const char *sql)
{
  aurora_connection_t *connection;
  reply_t reply;

  if (sql) {
    connection = fixture_lease(&fixture);
    run_on(connection, sql);
  } else {
    reply_init(&reply, &fixture);
    ck_assert_int_eq(aurora_pool_begin(fixture.pool, NULL, reply_on_connection, &reply), 0);
    fixture_wait(&fixture, &reply);
    reply_must_be_good(&reply);
    connection = reply.connection;
  }
  return connection;
}

/* --- How it is ended ---------------------------------------------------------------------------- */

static void must_fail(const reply_t *reply, int code, unsigned server_errno)
{
  reply_must_be(reply, code);
  ck_assert_uint_eq(reply->error.server_errno, server_errno);
}

static void by_deadlock(aurora_connection_t *connection)
{
  aurora_connection_t *other = begin(NULL);
  reply_t mine, its;

  run_on(connection, "UPDATE t SET v = 2 WHERE id = 1");
  /* The one that has changed more survives. */
  run_on(other, "INSERT INTO t VALUES (21, 1), (22, 1), (23, 1), (24, 1), (25, 1), (26, 1)");
  run_on(other, "UPDATE t SET v = 2 WHERE id = 2");
  fixture_ask_lease(&fixture, other, &its, "UPDATE t SET v = 3 WHERE id = 1", AURORA_NO_PARAMS);
  mine = ask(connection, "UPDATE t SET v = 3 WHERE id = 2");
  must_fail(&mine, AURORA_EDEADLOCK, ER_LOCK_DEADLOCK);
  fixture_wait(&fixture, &its);
  reply_must_be_good(&its);
  reply_clear(&its);
  aurora_connection_release(other);
}

static void by_lock_wait(aurora_connection_t *connection)
{
  aurora_connection_t *other = begin(NULL);
  reply_t reply;

  run_on(other, "UPDATE t SET v = 2 WHERE id = 1");
  run_on(connection, "SET innodb_lock_wait_timeout = 1");
  reply = ask(connection, "UPDATE t SET v = 3 WHERE id = 1");
  must_fail(&reply, AURORA_ELOCKTIMEOUT, ER_LOCK_WAIT_TIMEOUT);
  aurora_connection_release(other);
}

/* MariaDB's only. */
static void by_snapshot(aurora_connection_t *connection)
{
  reply_t reply;

  run_on(connection, "SET innodb_snapshot_isolation = ON");
  run_on(connection, "SELECT * FROM t");
  ck_assert_int_eq(database_sql(&database, "UPDATE t SET v = 9 WHERE id = 1"), 0);
  reply = ask(connection, "UPDATE t SET v = 3 WHERE id = 1");
  must_fail(&reply, AURORA_ESERVER, ER_CHECKREAD);
}

/* Its handler rolls back, and tells the error. */
static void by_procedure(aurora_connection_t *connection)
{
  reply_t reply = ask(connection, "CALL take_back()");

  must_fail(&reply, AURORA_ESERVER, ER_DUP_ENTRY);
}

/* Which commits before it looks. */
static void by_definition(aurora_connection_t *connection)
{
  reply_t reply = ask(connection, "CREATE TABLE t (id INT)");

  must_fail(&reply, AURORA_ESERVER, ER_TABLE_EXISTS_ERROR);
}

static const struct {
  const char *name;
  void (*end)(aurora_connection_t *connection);
  int code;      /* of what follows */
  int64_t stays; /* row 10 */
  bool mariadb_only;
} ends[] = {
    {"deadlock", by_deadlock, AURORA_EDEADLOCK, 0, false},
    {"lock wait", by_lock_wait, AURORA_EDEADLOCK, 0, false},
    {"snapshot", by_snapshot, AURORA_EDEADLOCK, 0, true},
    {"procedure", by_procedure, AURORA_ENOTRANSACTION, 0, false},
    {"definition", by_definition, AURORA_ENOTRANSACTION, 1, false},
};

enum { ENDS = sizeof ends / sizeof ends[0] };

static bool has_snapshot_isolation(void)
{
  return database_count(&database, "SELECT COUNT(*) FROM information_schema.SYSTEM_VARIABLES WHERE "
                                   "VARIABLE_NAME = 'INNODB_SNAPSHOT_ISOLATION'") == 1;
}

static void must_be_refused(const reply_t *reply, int code)
{
  reply_must_be(reply, code);
  ck_assert_int_eq(reply->error.outcome, AURORA_NOT_SENT);
}

START_TEST(nothing_follows)
{
  static const char *const rows[] = {"INSERT INTO t VALUES (11, 1)", "SAVEPOINT s", "COMMIT",
                                     "ROLLBACK TO SAVEPOINT s"};
  aurora_connection_t *connection;
  aurora_params_t one = AURORA_PARAMS(11);
  reply_t reply;

  if (ends[_i % ENDS].mariadb_only && !has_snapshot_isolation())
    return;
  open_pool();
  connection = begin(beginnings[_i / ENDS]);
  run_on(connection, "INSERT INTO t VALUES (10, 1)");
  ends[_i % ENDS].end(connection);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    reply = ask(connection, rows[i]);
    must_be_refused(&reply, ends[_i % ENDS].code);
  }
  fixture_ask_lease(&fixture, connection, &reply, "INSERT INTO t VALUES (?, 1)", one);
  fixture_wait(&fixture, &reply);
  must_be_refused(&reply, ends[_i % ENDS].code);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(connection, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  must_be_refused(&reply, ends[_i % ENDS].code);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id = 11"), 0);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id = 10"),
                   ends[_i % ENDS].stays);
  fixture_close(&fixture);
}
END_TEST

/* Statements that are all queued before the first answer. */
START_TEST(what_is_queued_does_not_follow_either)
{
  enum { STATEMENTS = 4 };
  static const char *const sql[STATEMENTS] = {"CALL take_back()", "INSERT INTO t VALUES (11, 1)",
                                              "COMMIT", "INSERT INTO t VALUES (11, 1)"};
  aurora_connection_t *connection;
  reply_t replies[STATEMENTS];

  open_pool();
  connection = begin(NULL);
  for (int i = 0; i < STATEMENTS; i++)
    fixture_ask_lease(&fixture, connection, &replies[i], sql[i], AURORA_NO_PARAMS);
  aurora_connection_release(connection);
  for (int i = 0; i < STATEMENTS; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be(&replies[i], i ? AURORA_ENOTRANSACTION : AURORA_ESERVER);
  }
  fixture_wait_quiet(&fixture);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id = 11"), 0);
  fixture_close(&fixture);
}
END_TEST

/* --- What may follow ---------------------------------------------------------------------------- */

static const char *const again[] = {"ROLLBACK", "rollback work;", "START TRANSACTION", "BEGIN"};

enum { AGAIN = sizeof again / sizeof again[0] };

START_TEST(a_new_beginning)
{
  aurora_connection_t *connection;
  reply_t reply;

  open_pool();
  connection = begin("BEGIN");
  run_on(connection, "INSERT INTO t VALUES (10, 1)");
  by_deadlock(connection);
  /* Asked before, or not. */
  if (_i / AGAIN) {
    reply = ask(connection, "COMMIT");
    must_be_refused(&reply, AURORA_EDEADLOCK);
  }
  run_on(connection, again[_i % AGAIN]);
  run_on(connection, "INSERT INTO t VALUES (11, 1)");
  run_on(connection, "COMMIT");
  aurora_connection_release(connection);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id = 11"), 1);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id = 10"), 0);
  fixture_close(&fixture);
}
END_TEST

/* Errors that leave the transaction as it was. */
static const struct {
  const char *sql;
  unsigned server_errno;
  long looks; /* statements more, before the next */
} harmless[] = {
    {"INSERT INTO t VALUES (1, 1)", ER_DUP_ENTRY, 0},
    {"SELECT * FROM nosuch", ER_NO_SUCH_TABLE, 0},
    {"UPDATE t SET v = NULL WHERE id = 1", ER_BAD_NULL_ERROR, 0},
    {"SELEKT 1", ER_PARSE_ERROR, 1},
    {"CALL nosuch()", ER_SP_DOES_NOT_EXIST, 1},
    {"SELECT * FROM t WHERE id = (SELECT 1 UNION SELECT 2)", ER_SUBQUERY_NO_1_ROW, 0},
};

START_TEST(errors_that_end_nothing)
{
  aurora_connection_t *connection;
  reply_t reply;
  long before;

  open_pool();
  connection = begin(beginnings[_i % 2]);
  run_on(connection, "INSERT INTO t VALUES (10, 1)");
  before = looks(connection);
  reply = ask(connection, harmless[_i / 2].sql);
  must_fail(&reply, AURORA_ESERVER, harmless[_i / 2].server_errno);
  run_on(connection, "INSERT INTO t VALUES (11, 1)");
  ck_assert_int_eq(looks(connection) - before, harmless[_i / 2].looks);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(connection, reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id IN (10, 11)"), 2);
  fixture_close(&fixture);
}
END_TEST

/* Without a transaction there is nothing to lose. */
START_TEST(an_error_outside_a_transaction)
{
  aurora_connection_t *connection;

  open_pool();
  connection = fixture_lease(&fixture);
  by_lock_wait(connection);
  by_procedure(connection);
  by_definition(connection);
  run_on(connection, "INSERT INTO t VALUES (11, 1)");
  aurora_connection_release(connection);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE id = 11"), 1);
  fixture_close(&fixture);
}
END_TEST

/* --- Statements that succeed -------------------------------------------------------------------- */

static const struct {
  const char *sql;
  unsigned logged;
} successes[] = {{"CREATE TABLE other (id INT)", 1}, {"COMMIT", 0}, {"ROLLBACK", 0}, {"DO 1", 0}};

START_TEST(a_statement_that_ends_it)
{
  aurora_connection_t *connection;

  open_pool();
  connection = begin(NULL);
  run_on(connection, successes[_i].sql);
  ck_assert_uint_eq(fixture_logged(&fixture, "transaction ended by a statement"),
                    successes[_i].logged);
  aurora_connection_release(connection);
  ck_assert_int_eq(database_sql(&database, "DROP TABLE IF EXISTS other"), 0);
  fixture_close(&fixture);
}
END_TEST

/* --- Batches ------------------------------------------------------------------------------------ */

/* A batch in its holder's transaction. Its second row waits too long for a lock. */
START_TEST(a_batch_in_a_transaction)
{
  aurora_value_t values[] = {aurora_int64(2), aurora_int64(1), aurora_int64(2)};
  aurora_rows_t rows = {.values = values, .rows = 3, .columns = 1};
  aurora_batch_options_t options = {.flags = AURORA_BATCH_ONE_BY_ONE |
                                             (_i ? AURORA_BATCH_KEEP_GOOD : 0u)};
  aurora_connection_t *connection, *other;
  batch_reply_t batch;
  reply_t reply;

  open_pool();
  other = begin(NULL);
  connection = begin("BEGIN");
  run_on(other, "UPDATE t SET v = 2 WHERE id = 1");
  run_on(connection, "INSERT INTO t VALUES (10, 1)");
  run_on(connection, "SET innodb_lock_wait_timeout = 1");
  batch_ask(&fixture, connection, &batch, "UPDATE t SET v = v + 1 WHERE id = ?", rows, &options,
            NULL);
  batch_wait(&batch);
  batch_must_have_failed(&batch, AURORA_ELOCKTIMEOUT);
  batch_clear(&batch);
  batch_ask(&fixture, connection, &batch, "UPDATE t SET v = v + 1 WHERE id = ?", rows, &options,
            NULL);
  batch_wait(&batch);
  batch_must_have_failed(&batch, AURORA_EDEADLOCK);
  batch_clear(&batch);
  reply = ask(connection, "INSERT INTO t VALUES (11, 1)");
  must_be_refused(&reply, AURORA_EDEADLOCK);
  aurora_connection_release(other);
  aurora_connection_release(connection);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE v > 1 OR id > 9"), 0);
  fixture_close(&fixture);
}
END_TEST

/* A batch with a transaction of its own rolls it back; the lease's next statement has nothing to fear. */
START_TEST(a_batch_on_a_lease)
{
  aurora_value_t values[] = {aurora_int64(2), aurora_int64(1), aurora_int64(2)};
  aurora_rows_t rows = {.values = values, .rows = 3, .columns = 1};
  aurora_batch_options_t options = {.flags = AURORA_BATCH_ONE_BY_ONE};
  aurora_connection_t *connection, *other;
  batch_reply_t batch;

  open_pool();
  other = begin(NULL);
  connection = fixture_lease(&fixture);
  run_on(other, "UPDATE t SET v = 2 WHERE id = 1");
  run_on(connection, "SET innodb_lock_wait_timeout = 1");
  batch_ask(&fixture, connection, &batch, "UPDATE t SET v = v + 1 WHERE id = ?", rows, &options,
            NULL);
  batch_wait(&batch);
  batch_must_have_failed(&batch, AURORA_ELOCKTIMEOUT);
  batch_clear(&batch);
  run_on(connection, "INSERT INTO t VALUES (11, 1)");
  aurora_connection_release(other);
  aurora_connection_release(connection);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) FROM t WHERE v > 1 OR id > 9"), 1);
  fixture_close(&fixture);
}
END_TEST

/* --- Whole transactions ------------------------------------------------------------------------- */

typedef struct {
  aurora_transaction_t *transaction;
  aurora_connection_t *connection;
  unsigned runs;
  reply_t reply;
} work_t;

static void on_updated(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  work_t *work = data;

  (void)result;
  aurora_transaction_finish(work->transaction, error);
}

static void on_read(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  work_t *work = data;

  (void)error;
  (void)result;
  if (work->runs == 1)
    ck_assert_int_eq(database_sql(&database, "UPDATE t SET v = 9 WHERE id = 1"), 0);
  ck_assert_int_eq(aurora_connection_query(work->connection, "UPDATE t SET v = v + 1 WHERE id = 1",
                                           AURORA_NO_PARAMS, on_updated, work),
                   0);
}

static void body(aurora_transaction_t *transaction, aurora_connection_t *connection, void *data)
{
  work_t *work = data;

  work->transaction = transaction;
  work->connection = connection;
  work->runs++;
  ck_assert_int_eq(
      aurora_connection_query(connection, "SELECT * FROM t", AURORA_NO_PARAMS, on_read, work), 0);
}

static void on_transacted(const aurora_error_t *error, void *data)
{
  reply_on_done(error, &((work_t *)data)->reply);
}

START_TEST(a_conflict_runs_the_body_again)
{
  aurora_config_t config = fixture_config(&database);
  work_t work = {.runs = 0};

  if (!has_snapshot_isolation())
    return;
  open_pool();
  fixture_close(&fixture);
  config.init_sql = "SET innodb_snapshot_isolation = ON";
  fixture_open(&fixture, &config);
  reply_init(&work.reply, &fixture);
  ck_assert_int_eq(aurora_pool_transact(fixture.pool, NULL, body, on_transacted, &work), 0);
  fixture_wait(&fixture, &work.reply);
  reply_must_be_good(&work.reply);
  ck_assert_uint_eq(work.runs, 2);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT v FROM t WHERE id = 1"), 10);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("rolled-back");
  TCase *tcase = tcase_create("rolled-back");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, nothing_follows, 0, BEGINNINGS * ENDS);
  tcase_add_test(tcase, what_is_queued_does_not_follow_either);
  tcase_add_loop_test(tcase, a_new_beginning, 0, 2 * AGAIN);
  tcase_add_loop_test(tcase, errors_that_end_nothing, 0,
                      2 * (int)(sizeof harmless / sizeof harmless[0]));
  tcase_add_test(tcase, an_error_outside_a_transaction);
  tcase_add_loop_test(tcase, a_statement_that_ends_it, 0,
                      (int)(sizeof successes / sizeof successes[0]));
  tcase_add_loop_test(tcase, a_batch_in_a_transaction, 0, 2);
  tcase_add_test(tcase, a_batch_on_a_lease);
  tcase_add_test(tcase, a_conflict_runs_the_body_again);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  static const char *const arguments[] = {"--innodb-rollback-on-timeout=ON", NULL};
  database_options_t options = {.arguments = arguments};
  int status;

  if (database_start(&database, &options))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
