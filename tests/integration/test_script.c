/*
 * The same script (script.h) run through the plain client library and through the pool: on a lease,
 * whose session it has to itself, and, but for the steps that need a session, as single queries of the
 * pool's. Every value, count, info text and error is the same.
 */
#include <string.h>

#include "integration/transcript.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

_Static_assert(SCRIPT_STEPS >= 200, "the script is to have 200 steps");

static database_t database;
static pool_fixture_t fixture;

static void begin_anew(void)
{
  ck_assert_int_eq(
      database_sql(&database, "DROP DATABASE " DATABASE_NAME "; CREATE DATABASE " DATABASE_NAME),
      0);
}

/* Sessions that the pool gives from one query to the next have been reset; it matters: of those MySQL
 * takes an AUTO_INCREMENT value for a row that a foreign key refuses, of others not. And the collation
 * of a login is not that of SET NAMES. */
static void run_plain(transcript_t transcripts[SCRIPT_STEPS], bool with_session)
{
  MYSQL *mysql = mysql_init(NULL);
  unsigned tcp = MYSQL_PROTOCOL_TCP;

  begin_anew();
  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  ck_assert_ptr_nonnull(mysql_real_connect(mysql, database.host, DATABASE_USER, DATABASE_PASSWORD,
                                           DATABASE_NAME, database.port, NULL,
                                           CLIENT_MULTI_RESULTS));
  if (!with_session)
    ck_assert_int_eq(mysql_reset_connection(mysql), 0);
  ck_assert_int_eq(mysql_query(mysql, "SET NAMES utf8mb4"), 0);
  for (size_t i = 0; i < SCRIPT_STEPS; i++) {
    if (with_session || !script[i].session)
      transcript_of_plain(&transcripts[i], mysql, &script[i]);
  }
  mysql_close(mysql);
}

/* How the pool is used. */
typedef struct {
  bool lease;
  unsigned connections;
  unsigned statement_cache;
  aurora_reset_policy_t reset;
  bool tls;
} way_t;

static const way_t ways[] = {
    {.lease = true, .connections = 1, .statement_cache = 64},
    {.lease = true, .connections = 1, .statement_cache = 0, .tls = true},
    {.lease = false, .connections = 1, .statement_cache = 64},
    {.lease = false, .connections = 1, .statement_cache = 2, .tls = true},
    {.lease = false, .connections = 3, .statement_cache = 64, .reset = AURORA_RESET_ALWAYS},
};

static void open_pool(const way_t *way)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = way->connections;
  config.statement_cache = way->statement_cache;
  config.reset = way->reset;
  config.ssl_mode = way->tls ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  fixture_open(&fixture, &config);
}

static void run_pooled(transcript_t transcripts[SCRIPT_STEPS], const way_t *way)
{
  aurora_connection_t *lease = NULL;

  begin_anew();
  open_pool(way);
  if (way->lease)
    lease = fixture_lease(&fixture);
  for (size_t i = 0; i < SCRIPT_STEPS; i++) {
    const aurora_params_t params = {script[i].values, script[i].count};
    reply_t reply;

    if (script[i].session && !lease)
      continue;
    if (lease)
      fixture_ask_lease(&fixture, lease, &reply, script[i].sql, params);
    else
      fixture_ask(&fixture, &reply, script[i].sql, params);
    fixture_wait(&fixture, &reply);
    transcript_of_reply(&transcripts[i], reply.code ? &reply.error : NULL, reply.result);
    reply_clear(&reply);
  }
  if (lease)
    aurora_connection_release(lease);
  ck_assert_uint_eq(fixture_stats(&fixture).closed[AURORA_CLOSE_LOST], 0);
  fixture_close(&fixture);
}

START_TEST(the_pool_gives_what_the_plain_client_gives)
{
  static transcript_t plain[SCRIPT_STEPS], pooled[SCRIPT_STEPS];
  const way_t *way = &ways[_i];
  unsigned different = 0;

  run_plain(plain, way->lease);
  run_pooled(pooled, way);
  for (size_t i = 0; i < SCRIPT_STEPS; i++) {
    if (script[i].session && !way->lease)
      continue;
    ck_assert_uint_gt(plain[i].size, 0);
    if (strcmp(plain[i].text, pooled[i].text) != 0) {
      fprintf(stderr, "step %zu: %s\n--- plain\n%.2000s\n--- pool\n%.2000s\n", i + 1, script[i].sql,
              plain[i].text, pooled[i].text);
      different++;
    }
    transcript_clear(&plain[i]);
    transcript_clear(&pooled[i]);
  }
  ck_assert_uint_eq(different, 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("script");
  TCase *tcase = tcase_create("script");

  tcase_set_timeout(tcase, 100);
  tcase_add_loop_test(tcase, the_pool_gives_what_the_plain_client_gives, 0,
                      sizeof ways / sizeof *ways);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
