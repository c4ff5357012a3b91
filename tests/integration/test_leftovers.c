/*
 * What a borrower leaves, on MariaDB and on MySQL: that which a reset of the session does not take away, which
 * statement does not show it, and which must cost nothing. The long list is test_sessions.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "integration/batch_helpers.h"
#include "support/database_test.h"
#include "support/loop.h"

static database_t database;
static pool_fixture_t fixture;

static const char *const set_up_sql[] = {
    "CREATE TABLE left_rows (a INT AUTO_INCREMENT PRIMARY KEY, b INT) ENGINE=InnoDB",
    "CREATE DATABASE left_database",
    "GRANT ALL PRIVILEGES ON left_database.* TO arla@'%'",
    "CREATE ROLE left_role",
    "GRANT left_role TO arla@'%'",
    "CREATE PROCEDURE left_role_by_call() SQL SECURITY INVOKER SET ROLE left_role",
    "CREATE PROCEDURE left_variable() SET @left = 1",
    "CREATE PROCEDURE left_profiles() SET profiling = 1",
    "CREATE PROCEDURE add_user_role(a INT) DO a",
};

static void open_pool(aurora_reset_policy_t policy)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.reset = policy;
  fixture_open(&fixture, &config);
}

static void run_on(aurora_connection_t *lease, const char *sql)
{
  reply_t reply;

  fixture_ask_lease(&fixture, lease, &reply, sql, AURORA_NO_PARAMS);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
}

enum { STATEMENTS = 6 };

static const struct {
  const char *statements[STATEMENTS + 1];
  const char *is_clean; /* 1 */
  bool ends;            /* the session may end for it */
} leftovers[] = {
#define NO_ROLE "SELECT COALESCE(CURRENT_ROLE(), 'NONE') = 'NONE'"
    {{"SET ROLE left_role"}, NO_ROLE, false},
    {{"CALL left_role_by_call()"}, NO_ROLE, false},
    {{"SET @left = CONCAT('SET R', 'OLE left_role')", "PREPARE p FROM @left", "EXECUTE p"},
     NO_ROLE " AND @left IS NULL",
     false},
    {{"CALL add_user_role(1)"}, NO_ROLE, false},
    {{"USE left_database"}, "SELECT DATABASE() = 'octane'", false},
    {{"SET session_track_schema = 0", "USE left_database"}, "SELECT DATABASE() = 'octane'", false},
    {{"SET session_track_schema = 0", "USE left_database", "SET session_track_schema = 1"},
     "SELECT DATABASE() = 'octane'",
     false},
    {{"CALL left_variable()"}, "SELECT @left IS NULL", false},
#define NO_PROFILES "SELECT COUNT(*) = 0 FROM information_schema.profiling"
    {{"SET profiling = 1", "SELECT 'of ours'"}, NO_PROFILES, true},
    {{"SET profiling = 1", "SELECT 'of ours'", "SET profiling = 0", "DO 1"}, NO_PROFILES, true},
    {{"CALL left_profiles()", "SELECT 'of ours'"}, NO_PROFILES, true},
    {{"SET optimizer_trace = 'enabled=on'", "SELECT 'of ours' FROM left_rows"},
     "SELECT COUNT(*) = 0 FROM information_schema.optimizer_trace",
     false},
    {{"SET autocommit = 0"}, "SELECT @@autocommit", false},
    {{"SET TRANSACTION READ ONLY"}, "SELECT 1", false},
    {{"INSERT INTO left_rows (b) VALUES (1)"}, "SELECT @@error_count = 0", false},
    {{"XA START 'a'", "INSERT INTO left_rows (b) VALUES (1)", "XA END 'a'", "XA PREPARE 'a'"},
     "SELECT 1",
     true},
};

enum { LEFTOVERS = sizeof leftovers / sizeof *leftovers };

/* 0: there was one. The server may still be taking it from a session that has ended. */
static int roll_prepared_back(void)
{
  int status;

  for (int i = 0; (status = database_sql(&database, "XA ROLLBACK 'a'")) != 0 && i < 100; i++)
    uv_sleep(20);
  return status;
}

static void leave(size_t index)
{
  aurora_connection_t *lease = fixture_lease(&fixture);

  for (size_t i = 0; leftovers[index].statements[i]; i++)
    run_on(lease, leftovers[index].statements[i]);
  aurora_connection_release(lease);
}

/* The next borrower finds nothing, and can write. */
static void must_be_clean(size_t index)
{
  ck_assert_msg(fixture_number(&fixture, leftovers[index].is_clean) == 1, "%s: a trace",
                leftovers[index].statements[0]);
  fixture_run(&fixture, "INSERT INTO left_rows (b) VALUES (2)");
  if (!leftovers[index].ends)
    ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
}

START_TEST(a_lease_leaves_nothing)
{
  open_pool(_i < LEFTOVERS ? AURORA_RESET_AUTO : AURORA_RESET_ALWAYS);
  leave((size_t)_i % LEFTOVERS);
  must_be_clean((size_t)_i % LEFTOVERS);
  fixture_close(&fixture);
  if (strcmp(leftovers[_i % LEFTOVERS].statements[0], "XA START 'a'") == 0)
    /* The prepared transaction lives on, as it must; a failure if there is none. */
    ck_assert_int_eq(roll_prepared_back(), 0);
}
END_TEST

START_TEST(a_single_statement_leaves_nothing)
{
  if (leftovers[_i].statements[1])
    return;
  open_pool(AURORA_RESET_AUTO);
  fixture_run(&fixture, leftovers[_i].statements[0]);
  must_be_clean((size_t)_i);
  fixture_close(&fixture);
}
END_TEST

/* One after the other, so that one that was not put right shows in the next. */
START_TEST(leases_in_a_row_leave_nothing)
{
  open_pool(AURORA_RESET_AUTO);
  for (size_t i = 0; i < LEFTOVERS; i++) {
    if (leftovers[i].ends)
      continue;
    leave(i);
    must_be_clean(i);
  }
  fixture_close(&fixture);
}
END_TEST

/* --- What costs nothing ------------------------------------------------------------------------- */

/* Neither the session's reset nor, with it, its prepared statements. */
START_TEST(a_batch_costs_no_reset)
{
  aurora_rows_t rows = batch_make_rows(1, 8);
  batch_reply_t reply;

  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS left_batch; CREATE TABLE left_batch"
                                " (id BIGINT, t VARCHAR(40)) ENGINE=InnoDB"),
                   0);
  open_pool(AURORA_RESET_AUTO);
  for (int i = 0; i < 3; i++) {
    reply =
        batch_run(&fixture, "INSERT INTO left_batch VALUES (?, ?)", rows, AURORA_BATCH_ONE_BY_ONE);
    batch_must_be_good(&reply, 8, 0);
    batch_clear(&reply);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 0);
  ck_assert_uint_eq(fixture_stats(&fixture).statement_misses, 1);
  batch_free_rows(rows);
  fixture_close(&fixture);
}
END_TEST

static aurora_connection_t *begin(void)
{
  reply_t reply;

  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_pool_begin(fixture.pool, NULL, reply_on_connection, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  return reply.connection;
}

START_TEST(a_transaction_without_statements_costs_no_reset)
{
  reply_t reply;

  open_pool(AURORA_RESET_AUTO);
  reply_init(&reply, &fixture);
  ck_assert_int_eq(aurora_connection_commit(begin(), reply_on_done, &reply), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"), 1);
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 0);
  aurora_connection_release(begin()); /* open */
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 1"), 1);
  ck_assert_uint_eq(fixture_stats(&fixture).resets, 1);
  fixture_close(&fixture);
}
END_TEST

/* --- The server's own defaults ------------------------------------------------------------------ */

START_TEST(autocommit_is_on_whatever_the_server_says)
{
  ck_assert_int_eq(database_sql(&database, "DELETE FROM left_rows"), 0);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL autocommit = 0"), 0);
  open_pool(AURORA_RESET_AUTO);
  for (int i = 0; i < 3; i++) {
    fixture_run(&fixture, "INSERT INTO left_rows (b) VALUES (3)");
    fixture_run(&fixture, "SET @left = 1");
  }
  fixture_close(&fixture);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL autocommit = 1"), 0);
  ck_assert_int_eq(database_count(&database, "SELECT COUNT(*) FROM left_rows WHERE b = 3"), 3);
}
END_TEST

/* --- A pool without a database ------------------------------------------------------------------ */

/* MySQL has it in no table that can be read. */
static int64_t databases_chosen(void)
{
  return database_count(&database, "SELECT variable_value FROM global_status"
                                   " WHERE variable_name = 'COM_CHANGE_DB'");
}

static const struct {
  const char *statements[STATEMENTS + 1];
  unsigned chosen; /* by them, and by the reset */
} without_database[] = {
    {{"DO 1"}, 0},
    {{"SET ROLE left_role"}, 1},
    {{"USE octane"}, 2},
    {{"DO 1"}, 0},
    {{"USE left_database", "USE octane"}, 3},
    {{"SET session_track_schema = 0", "USE octane"}, 2},
    {{"SET session_track_schema = 0", "USE octane", "SET session_track_schema = 1"}, 2},
    {{"SET ROLE left_role", "USE octane"}, 3},
    {{"USE octane", "USE information_schema"}, 2},
    {{"DO 1"}, 0},
};

START_TEST(without_a_database_every_lease_may_choose_one)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.database = "";
  fixture_open(&fixture, &config);
  for (size_t i = 0; i < sizeof without_database / sizeof *without_database; i++) {
    aurora_connection_t *lease = fixture_lease(&fixture);
    int64_t chosen = databases_chosen();

    for (size_t j = 0; without_database[i].statements[j]; j++)
      run_on(lease, without_database[i].statements[j]);
    aurora_connection_release(lease);
    fixture_fail(&fixture, "SELECT COUNT(*) FROM left_rows", AURORA_NO_PARAMS, AURORA_ESERVER);
    fixture_fail(&fixture, "SELECT COUNT(*) FROM left_rows WHERE a > ?", AURORA_PARAMS(0),
                 AURORA_ESERVER);
    fixture_fail(&fixture, "CREATE TABLE left_here (a INT)", AURORA_NO_PARAMS, AURORA_ESERVER);
    if (database.kind == DATABASE_MARIADB)
      ck_assert_msg(databases_chosen() - chosen == without_database[i].chosen, "%zu", i);
  }
  ck_assert_int_eq(fixture_number(&fixture, "SELECT COUNT(*) >= 0 FROM octane.left_rows"), 1);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("leftovers");
  TCase *tcase = tcase_create("leftovers");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_lease_leaves_nothing, 0, 2 * LEFTOVERS);
  tcase_add_loop_test(tcase, a_single_statement_leaves_nothing, 0, LEFTOVERS);
  tcase_add_test(tcase, leases_in_a_row_leave_nothing);
  tcase_add_test(tcase, a_batch_costs_no_reset);
  tcase_add_test(tcase, a_transaction_without_statements_costs_no_reset);
  tcase_add_test(tcase, autocommit_is_on_whatever_the_server_says);
  tcase_add_test(tcase, without_a_database_every_lease_may_choose_one);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  Suite *suite = make_suite();
  int error = database_start(&database, NULL);
  int status = EXIT_FAILURE;

  if (error) {
    srunner_free(srunner_create(suite));
    return database_not_started(error);
  }
  for (size_t i = 0; i < sizeof set_up_sql / sizeof *set_up_sql; i++) {
    if (database_sql(&database, set_up_sql[i]))
      goto out;
  }
  status = test_run(suite);
out:
  database_stop(&database);
  return status;
}
