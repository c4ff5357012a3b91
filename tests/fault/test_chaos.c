/*
 * Chaos: 64 callers ask one pool for everything that there is to ask for, at random, while the server is
 * killed, restarted and frozen, its sessions are killed, and the network fails. Nothing may be lost,
 * doubled, mixed up or left behind; and when calm has come, everybody is served.
 *
 * A minute for each case, some seconds with AURORA_TEST_SHORT. AURORA_TEST_SEED, which is printed, asks
 * for the same things again; when what happens is another matter.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaos.h"
#include "chaos_storm.h"
#include "support/database_test.h"
#include "support/loop.h"

enum {
  STORM_MS = 60000,
  SHORT_STORM_MS = 3000,
  CALM_MS = 500,
  END_PATIENCE_MS = 60000,
  SERVER_PATIENCE_MS = 20000,
  MEMORY_THAT_STAYS = 512 * 1024 /* what libraries keep for later */
};

static database_t database;
static uint64_t seed;

static aurora_config_t config_of(const chaos_t *chaos)
{
  aurora_config_t config = client_config(&database, chaos->tls);

  /* Through the proxy nobody looks at certificates, whatever is cut. */
  if (chaos->tls && !chaos->proxied) {
    config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
    config.ssl_ca = database.ca;
  }
  if (chaos->proxied)
    config.port = fault_proxy_port(chaos->client.proxy);
  config.pool_size = CHAOS_POOL_SIZE;
  config.warmup_size = CHAOS_POOL_SIZE / 2;
  config.min_idle = 2;
  config.queue_limit = CHAOS_QUEUE_LIMIT;
  config.connect_timeout = slowly(2500);
  config.idle_timeout = 400;
  config.max_lifetime = 4000;
  config.keepalive_interval = 150;
  config.validate_after = 50;
  config.backoff_min = 20;
  config.backoff_max = 400;
  config.statement_cache = CHAOS_STATEMENT_CACHE;
  config.max_result_size = CHAOS_RESULT_LIMIT;
  config.init_sql = "SET @chaos_init = 7";
  return config;
}

/* --- What is left ------------------------------------------------------------------------------- */

static size_t memory_in_use(void)
{
  struct mallinfo2 info = mallinfo2();

  return info.uordblks + info.hblkhd;
}

static bool serves_as_many_as_the_pool_has(void *data)
{
  const chaos_t *chaos = data;
  aurora_stats_t stats;

  aurora_pool_stats(chaos->client.fixture.pool, &stats);
  return stats.busy == 0 && stats.connecting == 0 && stats.waiting == 0 &&
         database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                   "WHERE user = '" DATABASE_USER "'") == (int64_t)stats.size;
}

static void counters_must_agree(const chaos_t *chaos)
{
  aurora_stats_t stats;
  uint64_t closed = 0;

  aurora_pool_stats(chaos->client.fixture.pool, &stats);
  for (int i = 0; i < AURORA_CLOSE_REASONS; i++)
    closed += stats.closed[i];
  ck_assert_uint_eq(chaos->accepted, chaos->called_back);
  ck_assert_uint_eq(stats.waiting, 0);
  ck_assert_uint_eq(stats.busy, 0);
  ck_assert_uint_le(stats.size, CHAOS_POOL_SIZE);
  ck_assert_uint_eq(stats.opened, closed + stats.size - stats.connecting);
}

static void make_tables(void)
{
  static const char *const statements[] = {
      "DROP TABLE IF EXISTS ledger; CREATE TABLE ledger (caller INT, sequence INT, part INT, "
      "PRIMARY KEY (caller, sequence, part)) ENGINE=InnoDB",
      "DROP TABLE IF EXISTS numbers; CREATE TABLE numbers (seq INT PRIMARY KEY) ENGINE=InnoDB "
      "SELECT seq FROM seq_1_to_2000",
  };

  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
    ck_assert_int_eq(database_sql(&database, statements[i]), 0);
  ck_assert_int_eq(chaos_storm_prepare(&database), 0);
}

/* --- The life of a pool ------------------------------------------------------------------------- */

static void rage(chaos_t *chaos)
{
  uint64_t ms = getenv("AURORA_TEST_SHORT") ? SHORT_STORM_MS : STORM_MS;
  uv_loop_t *loop = &chaos->client.fixture.loop;

  chaos->storm = chaos_storm_start(&database, chaos->client.proxy, seed ^ UINT64_MAX, ms);
  ck_assert_ptr_nonnull(chaos->storm);
  chaos_callers_start(chaos);
  loop_run_until_true(loop, chaos_storm_is_over, chaos->storm, (unsigned)ms + END_PATIENCE_MS);
  chaos->over = true;
  loop_run_until_true(loop, chaos_callers_are_done, chaos, END_PATIENCE_MS);
}

static void calm_down(chaos_t *chaos)
{
  uv_loop_t *loop = &chaos->client.fixture.loop;
  uint64_t before[CHAOS_KINDS], succeeded = 0;

  loop_run_for(loop, CALM_MS);
  memcpy(before, chaos->succeeded, sizeof before);
  chaos_callers_ask_calmly(chaos);
  loop_run_until_true(loop, chaos_callers_are_done, chaos, END_PATIENCE_MS);
  for (int i = 0; i < CHAOS_KINDS; i++)
    succeeded += chaos->succeeded[i] - before[i];
  ck_assert_uint_eq(succeeded, CHAOS_CALLERS);
  chaos_ledger_compare(chaos);
  loop_run_until_true(loop, serves_as_many_as_the_pool_has, chaos, SERVER_PATIENCE_MS);
  counters_must_agree(chaos);
}

/* What the libraries make once a process and keep is made before memory is looked at. */
static void live_once(bool tls)
{
  aurora_config_t config = client_config(&database, tls);
  client_t client;

  reply_t answer;

  /* Some of it by each of libuv's threads. */
  config.warmup_size = config.pool_size;
  config.max_connecting = 4;
  client_open(&client, &config);
  fixture_warm_up(&client.fixture, &answer);
  fixture_wait(&client.fixture, &answer);
  reply_must_be_good(&answer);
  client_close(&client, 0);
}

START_TEST(nothing_is_lost_doubled_mixed_up_or_left)
{
  chaos_t *chaos = calloc(1, sizeof *chaos);
  size_t memory, memory_after;
  aurora_config_t config;
  bool recovered;

  ck_assert_ptr_nonnull(chaos);
  chaos->tls = _i & 1;
  chaos->proxied = _i & 2;
  chaos->random = seed;
  printf("# %s, %s:\n", chaos->tls ? "TLS" : "plain",
         chaos->proxied ? "through the proxy" : "directly");
  make_tables();
  live_once(chaos->tls);
  memory = memory_in_use() - malloc_usable_size(chaos);
  if (chaos->proxied)
    client_begin_with_proxy(&chaos->client, &database, NULL);
  else
    client_begin(&chaos->client);
  config = config_of(chaos);
  fixture_create(&chaos->client.fixture, &config);
  rage(chaos);
  calm_down(chaos);
  chaos_report(chaos);
  recovered = chaos_storm_end(chaos->storm);
  ck_assert(recovered);
  chaos_callers_stop(chaos);
  client_close(&chaos->client, 1000);
  if (chaos->kept)
    ck_assert_uint_eq(aurora_result_rows(chaos->kept), chaos->kept_rows);
  aurora_result_unref(chaos->kept);
  chaos_ledger_free(chaos);
  free(chaos);
  ck_assert_int_eq(database_sessions_left(&database, SERVER_PATIENCE_MS), 0);
  memory_after = memory_in_use();
  printf("# memory: %zu bytes before, %zu after\n", memory, memory_after);
  ck_assert_uint_lt(memory_after, memory + MEMORY_THAT_STAYS);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("chaos");
  TCase *tcase = tcase_create("chaos");

  tcase_set_timeout(tcase, 240);
  tcase_add_loop_test(tcase, nothing_is_lost_doubled_mixed_up_or_left, 0, 4);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  /* What was committed is there after a SIGKILL; and handshakes are slow under valgrind. */
  const char *const arguments[] = {"--innodb-flush-log-at-trx-commit=2", "--connect-timeout=100",
                                   NULL};
  const database_options_t options = {.arguments = arguments};
  const char *given = getenv("AURORA_TEST_SEED");
  seed = given ? strtoull(given, NULL, 10) : uv_hrtime();
  printf("# AURORA_TEST_SEED=%" PRIu64 "\n", seed);
  fflush(stdout);

  return test_run_with_database(make_suite(), &database, &options);
}
