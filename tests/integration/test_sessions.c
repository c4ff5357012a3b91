/*
 * Clean sessions: a long list of statements that leave something behind, each followed by a borrower
 * who looks for it, on a pool of one connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora.h>

#include "fault/client.h"
#include "integration/dirty_setup.h"
#include "integration/dirty_statements.h"
#include "integration/dirty_unseen_statements.h"
#include "support/database_test.h"
#include "support/loop.h"

static database_t database;

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void open_pool_of_one(client_t *client, aurora_reset_policy_t policy)
{
  aurora_config_t config = client_config(&database, false);

  config.pool_size = 1;
  config.reset = policy;
  client_open(client, &config);
}

typedef struct {
  const dirty_statements_t *entry;
  bool done;
} trace_t;

static void on_trace(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  trace_t *trace = data;
  const dirty_statements_t *entry = trace->entry;
  aurora_value_t value;
  char text[64];

  trace->done = true;
  if (entry->clean_errno) {
    ck_assert_msg(error && error->server_errno == entry->clean_errno, "%s: left a trace",
                  entry->name);
    return;
  }
  ck_assert_msg(!error, "%s: %s", entry->name, error ? error->message : "");
  value = aurora_result_value(result, 0, 0);
  if (value.type == AURORA_TYPE_NULL) {
    ck_assert_msg(!entry->clean, "%s: NULL, and not %s", entry->name, entry->clean);
    return;
  }
  ck_assert_msg(entry->clean != NULL, "%s: left a trace where there should be NULL", entry->name);
  switch (value.type) {
  case AURORA_TYPE_INT64:
    snprintf(text, sizeof text, "%lld", (long long)value.as.int64);
    break;
  case AURORA_TYPE_UINT64:
    snprintf(text, sizeof text, "%llu", (unsigned long long)value.as.uint64);
    break;
  case AURORA_TYPE_DOUBLE:
    ck_assert_msg(value.as.float64 == strtod(entry->clean, NULL), "%s: %g, and not %s", entry->name,
                  value.as.float64, entry->clean);
    return;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    ck_assert_msg(strcmp(value.as.text.data, entry->clean) == 0, "%s: '%s', and not '%s'",
                  entry->name, value.as.text.data, entry->clean);
    return;
  case AURORA_TYPE_NULL:
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_TIME:
  case AURORA_TYPE_DATETIME:
    ck_abort_msg("%s: a trace of a type that is not expected", entry->name);
  }
  ck_assert_msg(strcmp(text, entry->clean) == 0, "%s: %s, and not %s", entry->name, text,
                entry->clean);
}

static void look_for_trace(client_t *client, const dirty_statements_t *entry)
{
  trace_t trace = {.entry = entry};

  ck_assert_int_eq(
      aurora_pool_query(client->fixture.pool, entry->trace, AURORA_NO_PARAMS, on_trace, &trace), 0);
  loop_run_until(&client->fixture.loop, &trace.done, FIXTURE_PATIENCE_MS);
}

static bool is_missing(const dirty_statements_t *entry)
{
  return entry->special && !server_has(entry->feature);
}

/* After the last statement of the entry. */
static void look_after(client_t *client, const dirty_statements_t *entry, const reply_t *answer)
{
  if (!is_missing(entry)) {
    look_for_trace(client, entry);
    return;
  }
  ck_assert_msg(answer->error.server_errno == entry->server_errno, "%s: error %u, and not %u",
                entry->name, answer->error.server_errno, entry->server_errno);
}

/* As a query of its own. An entry of several statements needs one session for all of them. */
static void run_singly(client_t *client, const dirty_statements_t *entry)
{
  reply_t answer;

  if (entry->dirty[1])
    return;
  client_ask(client, &answer, entry->dirty[0]);
  fixture_wait(&client->fixture, &answer);
  look_after(client, entry, &answer);
}

static void run_on_lease(client_t *client, const dirty_statements_t *entry)
{
  reply_t lease, answer;

  fixture_acquire(&client->fixture, &lease);
  fixture_wait(&client->fixture, &lease);
  reply_must_be_good(&lease);
  for (size_t i = 0; entry->dirty[i]; i++) {
    client_ask_lease(client, lease.connection, &answer, entry->dirty[i], AURORA_NO_PARAMS, 0);
    fixture_wait(&client->fixture, &answer);
  }
  aurora_connection_release(lease.connection);
  look_after(client, entry, &answer);
}

static void run_all(const dirty_statements_t *entries, size_t count, aurora_reset_policy_t policy,
                    void (*run)(client_t *client, const dirty_statements_t *entry))
{
  client_t client;

  open_pool_of_one(&client, policy);
  for (size_t i = 0; i < count; i++)
    run(&client, &entries[i]);
  client_close(&client, 1000);
}

START_TEST(single_statements_leave_no_trace)
{
  run_all(dirty_statements, COUNT(dirty_statements), AURORA_RESET_AUTO, run_singly);
}
END_TEST

START_TEST(leases_leave_no_trace)
{
  run_all(dirty_statements, COUNT(dirty_statements), AURORA_RESET_AUTO, run_on_lease);
}
END_TEST

START_TEST(what_nobody_can_see_leaves_no_trace_with_always)
{
  run_all(dirty_unseen_statements, COUNT(dirty_unseen_statements), AURORA_RESET_ALWAYS, run_singly);
  run_all(dirty_unseen_statements, COUNT(dirty_unseen_statements), AURORA_RESET_AUTO, run_on_lease);
}
END_TEST

START_TEST(what_a_reset_leaves_leaves_no_trace)
{
  run_all(dirty_lasting_statements, COUNT(dirty_lasting_statements), AURORA_RESET_AUTO, run_singly);
  run_all(dirty_lasting_statements, COUNT(dirty_lasting_statements), AURORA_RESET_AUTO,
          run_on_lease);
}
END_TEST

START_TEST(harmless_statements_cost_no_reset)
{
  static const char *const harmless[] = {
      "SELECT 1",
      "SELECT COUNT(*) FROM dirty_rows WHERE a > 0",
      "INSERT INTO dirty_other (a) VALUES (1)",
      "UPDATE dirty_other SET a = a + 1",
      "DELETE FROM dirty_other",
  };
  client_t client;
  aurora_stats_t stats;

  open_pool_of_one(&client, AURORA_RESET_AUTO);
  for (size_t i = 0; i < COUNT(harmless); i++) {
    reply_t answer;

    client_ask(&client, &answer, harmless[i]);
    fixture_wait(&client.fixture, &answer);
    reply_must_be_good(&answer);
    client_ask_with(&client, &answer, "SELECT a FROM dirty_rows WHERE a = ?", AURORA_PARAMS(1), 0,
                    0);
    fixture_wait(&client.fixture, &answer);
    reply_must_be_good(&answer);
  }
  aurora_pool_stats(client.fixture.pool, &stats);
  ck_assert_uint_eq(stats.resets, 0);
  ck_assert_uint_eq(stats.opened, 1);
  ck_assert_uint_eq(stats.statement_misses, 1);
  ck_assert_uint_eq(stats.statement_hits, COUNT(harmless) - 1);
  client_close(&client, 1000);
}
END_TEST

/* Neither a word in a text, nor a role or a database that was left, ends a session. */
START_TEST(no_connection_is_lost_for_a_role)
{
  static const char *const statements[] = {"CALL dirty_out(@role)", "SELECT 'role', dirty_set()",
                                           "SET @role = 1",         "CALL dirty_set_role()",
                                           "SET ROLE dirty_role",   "USE dirty_database"};
  client_t client;
  aurora_stats_t stats;

  open_pool_of_one(&client, _i ? AURORA_RESET_ALWAYS : AURORA_RESET_AUTO);
  for (size_t i = 0; i < COUNT(statements); i++) {
    fixture_run(&client.fixture, statements[i]);
    ck_assert_int_eq(fixture_number(&client.fixture, "SELECT " NO_ROLE " IS NULL AND "
                                                     "DATABASE() = 'octane'"),
                     1);
  }
  aurora_pool_stats(client.fixture.pool, &stats);
  ck_assert_uint_eq(stats.opened, 1);
  client_close(&client, 1000);
}
END_TEST

static int set_default_role(const char *role)
{
  char sql[80];

  snprintf(sql, sizeof sql, "SET DEFAULT ROLE %s %s arla@'%%'", role,
           server_has(SERVER_DEFAULT_ROLE_FOR) ? "FOR" : "TO");
  return database_sql(&database, sql);
}

/* A default role is the session's own: a borrower gets it back. */
START_TEST(the_role_of_the_login_comes_back)
{
  client_t client;

  ck_assert_int_eq(set_default_role("dirty_role"), 0);
  open_pool_of_one(&client, AURORA_RESET_AUTO);
  fixture_run(&client.fixture, "SELECT 1");
  fixture_run(&client.fixture, "SET ROLE NONE");
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT CURRENT_ROLE() LIKE '%dirty\\_role%'"),
                   1);
  ck_assert_uint_eq(fixture_stats(&client.fixture).opened, 1);
  client_close(&client, 1000);
  ck_assert_int_eq(set_default_role("NONE"), 0);
}
END_TEST

/* The server reports no database from the login on; on it, nothing commits by itself. */
START_TEST(the_servers_own_defaults_do_no_harm)
{
  client_t client;

  ck_assert_int_eq(database_sql(&database, "SET GLOBAL session_track_schema = 0"), 0);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL autocommit = 0"), 0);
  open_pool_of_one(&client, AURORA_RESET_AUTO);
  fixture_run(&client.fixture, "INSERT INTO dirty_other VALUES (4711)");
  fixture_run(&client.fixture, "USE dirty_database");
  fixture_run(&client.fixture, "INSERT INTO dirty_other VALUES (4711)");
  client_close(&client, 1000);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL autocommit = 1"), 0);
  ck_assert_int_eq(database_sql(&database, "SET GLOBAL session_track_schema = 1"), 0);
  ck_assert_uint_eq(database_count(&database, "SELECT COUNT(*) FROM dirty_other WHERE a = 4711"),
                    2);
  ck_assert_int_eq(database_sql(&database, "DELETE FROM dirty_other WHERE a = 4711"), 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("sessions");
  TCase *tcase = tcase_create("clean");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, single_statements_leave_no_trace);
  tcase_add_test(tcase, leases_leave_no_trace);
  tcase_add_test(tcase, what_nobody_can_see_leaves_no_trace_with_always);
  tcase_add_test(tcase, what_a_reset_leaves_leaves_no_trace);
  tcase_add_test(tcase, harmless_statements_cost_no_reset);
  tcase_add_loop_test(tcase, no_connection_is_lost_for_a_role, 0, 2);
  tcase_add_test(tcase, the_role_of_the_login_comes_back);
  tcase_add_test(tcase, the_servers_own_defaults_do_no_harm);
  suite_add_tcase(suite, tcase);
  return suite;
}

static bool set_up(const char *const *statements, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (database_sql(&database, statements[i]))
      return false;
  }
  return true;
}

int main(void)
{
  int error = database_start(&database, NULL);
  int status = EXIT_FAILURE;

  if (error)
    return database_not_started(error);
  if (!set_up(dirty_setup, COUNT(dirty_setup)))
    goto out;
  if (server_has(SERVER_SEQUENCES) && !set_up(dirty_sequence_setup, COUNT(dirty_sequence_setup)))
    goto out;
  status = test_run(make_suite());
out:
  database_stop(&database);
  return status;
}
