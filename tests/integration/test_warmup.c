/*
 * Warm-up and health check, and what a pool tells of itself: log events by their names, and statistics.
 */
#include <string.h>

#include <mysqld_error.h>

#include "libmariadb/internals.h"
#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

static database_t database;

/* --- Warm-up ------------------------------------------------------------------------------------ */

START_TEST(a_warm_up_opens_what_was_asked)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  config.ssl_mode = _i ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  config.warmup_size = 8;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  ck_assert_uint_eq(fixture_logged(&fixture, "warm-up started"), 1);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_uint_eq(fixture_stats(&fixture).idle, 8);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 8);
  ck_assert_uint_eq(fixture_stats(&fixture).pings, 8); /* SELECT 1 on each */
  ck_assert_uint_eq(fixture_logged(&fixture, "warm-up complete connections=8"), 1);
  ck_assert_ptr_nonnull(strstr(fixture_log_line(&fixture, "warm-up complete"), " durationMs="));
  ck_assert_uint_eq(fixture_logged(&fixture, "connection opened"), 8);
  ck_assert_int_eq(database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                             "WHERE db = 'octane' AND id <> CONNECTION_ID()"),
                   8);
  fixture_close(&fixture);
}
END_TEST

START_TEST(one_connection_unless_told)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 1);
  fixture_close(&fixture);
}
END_TEST

/* They share one run; and one that finds all there opens nothing, but proves them again. */
START_TEST(warm_ups_at_once_and_again)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t replies[3];

  config.warmup_size = 4;
  fixture_open(&fixture, &config);
  for (int i = 0; i < 3; i++)
    fixture_warm_up(&fixture, &replies[i]);
  for (int i = 0; i < 3; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be_good(&replies[i]);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 4);
  fixture_warm_up(&fixture, &replies[0]);
  fixture_wait(&fixture, &replies[0]);
  reply_must_be_good(&replies[0]);
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 4);
  ck_assert_uint_eq(fixture_stats(&fixture).pings, 8);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_warm_up_beside_queries)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t warm_up, replies[50];

  config.pool_size = 6;
  config.warmup_size = 6;
  fixture_open(&fixture, &config);
  for (int i = 0; i < 50; i++) {
    if (i == 20)
      fixture_warm_up(&fixture, &warm_up);
    fixture_ask(&fixture, &replies[i], "SELECT SLEEP(?)", AURORA_PARAMS(0.01));
  }
  fixture_wait(&fixture, &warm_up);
  reply_must_be_good(&warm_up);
  for (int i = 0; i < 50; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_must_be_good(&replies[i]);
    reply_clear(&replies[i]);
  }
  ck_assert_uint_eq(fixture_stats(&fixture).opened, 6);
  fixture_close(&fixture);
}
END_TEST

START_TEST(a_warm_up_tells_the_real_reason)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  config.password = "wrong-one";
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_EACCESS);
  ck_assert_uint_eq(reply.error.server_errno, ER_ACCESS_DENIED_ERROR);
  ck_assert_uint_eq(fixture_logged(&fixture, "warm-up failed"), 1);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection refused"), 1);
  ck_assert_ptr_null(fixture.log.text ? strstr(fixture.log.text, "wrong-one") : NULL);
  fixture_close(&fixture);
}
END_TEST

/* More than the server allows: some come up, and the warm-up says why not all. */
START_TEST(a_warm_up_beyond_what_the_server_allows)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  config.user = DATABASE_LIMITED_USER;
  config.password = DATABASE_LIMITED_PASSWORD;
  config.warmup_size = 5;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, AURORA_ESERVER);
  ck_assert_uint_eq(reply.error.server_errno, ER_USER_LIMIT_REACHED);
  ck_assert_int_eq(fixture_number(&fixture, "SELECT 3"), 3);
  fixture_close(&fixture);
}
END_TEST

/* --- Health ------------------------------------------------------------------------------------- */

START_TEST(a_check_is_true_or_false)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  fixture_open(&fixture, &config);
  fixture_check(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert(reply.healthy);
  ck_assert_uint_eq(fixture_logged(&fixture, "health check failed"), 0);
  fixture_close(&fixture);

  config.port = 1;
  fixture_open(&fixture, &config);
  fixture_check(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ECONNREFUSED);
  ck_assert(!reply.healthy);
  ck_assert_uint_eq(fixture_logged(&fixture, "health check failed"), 1);
  ck_assert_ptr_nonnull(strstr(fixture_log_line(&fixture, "health check failed"), "ECONNREFUSED"));
  fixture_close(&fixture);
}
END_TEST

/* All connections are held, and the server answers: the pool is busy, and healthy. */
START_TEST(a_check_of_a_pool_that_is_held)
{
  aurora_config_t config = fixture_config(&database);
  aurora_connection_t *lease;
  pool_fixture_t fixture;
  reply_t reply;

  config.pool_size = 1;
  fixture_open(&fixture, &config);
  lease = fixture_lease(&fixture);
  fixture_check(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert(reply.healthy);
  aurora_connection_release(lease);
  fixture_check(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  ck_assert(reply.healthy);
  fixture_close(&fixture);
}
END_TEST

/* --- Log events and statistics ------------------------------------------------------------------ */

START_TEST(events_have_their_names)
{
  aurora_query_options_t hasty = {.timeout_ms = 30};
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;
  char expected[128];

  config.pool_size = 3;
  fixture_open(&fixture, &config);
  snprintf(expected, sizeof expected, "pool created host=%s database=octane poolSize=3",
           database.host);
  ck_assert_uint_eq(fixture_logged(&fixture, expected), 1);
  fixture_fail(&fixture, "SELECT nonsense", AURORA_NO_PARAMS, AURORA_ESERVER);
  ck_assert_uint_eq(fixture_logged(&fixture, "query failed"), 1);
  ck_assert_ptr_nonnull(strstr(fixture_log_line(&fixture, "query failed"), "1054"));
  ck_assert_ptr_null(strstr(fixture.log.text, "nonsense"));
  fixture_ask_with(&fixture, &reply, "SELECT SLEEP(5)", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_uint_eq(fixture_logged(&fixture, "query timed out"), 1);
  fixture_ask_with(&fixture, &reply, "SELECT SLEEP(5)", AURORA_NO_PARAMS, NULL);
  ck_assert_int_eq(aurora_query_cancel(reply.query), 0);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ECANCELED);
  ck_assert_uint_eq(fixture_logged(&fixture, "query cancelled"), 1);
  ck_assert_uint_ge(fixture_logged(&fixture, "connection state"), 1);
  fixture_begin_close(&fixture, 1000);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(fixture_logged(&fixture, "connection opened"),
                    fixture_logged(&fixture, "connection closed"));
  ck_assert_uint_eq(fixture_logged(&fixture, "pool closed"), 1);
  fixture_end(&fixture);
}
END_TEST

static void must_be_consistent(const aurora_latency_t *latency, uint64_t count)
{
  ck_assert_uint_eq(latency->count, count);
  ck_assert_uint_le(latency->min, latency->p50);
  ck_assert_uint_le(latency->p50, latency->p90);
  ck_assert_uint_le(latency->p90, latency->p99);
  ck_assert_uint_le(latency->p99, latency->p999);
  ck_assert_uint_le(latency->p999, latency->max + latency->max / 16);
  ck_assert_uint_ge(latency->sum, latency->max);
}

/* Of libmariadb only versions whose inside is known are used by short ways; it does the work of others. */
START_TEST(an_event_tells_of_an_unknown_library)
{
  static const struct {
    unsigned long version; /* 0: the one that is there */
    unsigned events;
  } table[] = {{AURORA__LIBMARIADB_FIRST - 1, 1},
               {AURORA__LIBMARIADB_FIRST, 0},
               {0, 0},
               {AURORA__LIBMARIADB_LAST, 0},
               {AURORA__LIBMARIADB_LAST + 1, 1}};
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  aurora__internals_pretend(table[_i].version);
  fixture_open(&fixture, &config);
  ck_assert_uint_eq(fixture_logged(&fixture, "libmariadb not known"), table[_i].events);
  reply = fixture_query(&fixture, "SELECT ?", AURORA_PARAMS(1));
  reply_clear(&reply);
  fixture_close(&fixture);
}
END_TEST

START_TEST(statistics_add_up)
{
  aurora_query_options_t hasty = {.timeout_ms = 50};
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  aurora_connection_t *lease;
  aurora_stats_t stats;
  reply_t replies[20];

  config.pool_size = 2;
  fixture_open(&fixture, &config);
  stats = fixture_stats(&fixture);
  ck_assert_uint_eq(stats.size, 0);
  ck_assert_uint_eq(stats.aurora_query.count, 0);
  ck_assert_uint_eq(stats.aurora_query.min, 0);
  for (int i = 0; i < 20; i++)
    fixture_ask(&fixture, &replies[i], "SELECT 1 + SLEEP(0.002)", AURORA_NO_PARAMS);
  ck_assert_uint_eq(fixture_stats(&fixture).waiting, 20);
  for (int i = 0; i < 20; i++) {
    fixture_wait(&fixture, &replies[i]);
    reply_clear(&replies[i]);
  }
  fixture_fail(&fixture, "SELECT nonsense", AURORA_NO_PARAMS, AURORA_ESERVER);
  fixture_ask_with(&fixture, &replies[0], "SELECT SLEEP(5)", AURORA_NO_PARAMS, &hasty);
  fixture_wait(&fixture, &replies[0]);
  lease = fixture_lease(&fixture);
  stats = fixture_stats(&fixture);
  ck_assert_uint_eq(stats.busy, 1);
  ck_assert_uint_eq(stats.size, stats.connecting + stats.idle + stats.busy + stats.upkeep);
  ck_assert_uint_eq(stats.queries, 22);
  ck_assert_uint_eq(stats.failed, 2);
  ck_assert_uint_eq(stats.timed_out, 1);
  ck_assert_uint_eq(stats.cancelled, 0);
  ck_assert_uint_eq(stats.acquired, 23);
  ck_assert_uint_eq(stats.kills, 1);
  ck_assert_uint_eq(stats.connect_failed, 0);
  must_be_consistent(&stats.aurora_query, 22);
  must_be_consistent(&stats.acquire, 23);
  must_be_consistent(&stats.connect, stats.opened);
  ck_assert_uint_ge(stats.aurora_query.max, 50000000); /* the one that timed out: ns */
  ck_assert_uint_ge(stats.aurora_query.sum, 20 * 2000000 + 50000000);
  aurora_connection_release(lease);
  fixture_close(&fixture);
}
END_TEST

/* --- Upkeep ------------------------------------------------------------------------------------- */

static pool_fixture_t upkeep;

static bool one_is_idle(void *data)
{
  (void)data;
  return fixture_stats(&upkeep).size == 1 && fixture_stats(&upkeep).idle == 1;
}

static bool three_are_idle(void *data)
{
  (void)data;
  return fixture_stats(&upkeep).idle == 3;
}

static bool three_were_lost(void *data)
{
  aurora_stats_t stats = fixture_stats(&upkeep);

  (void)data;
  return stats.closed[AURORA_CLOSE_LOST] == 3;
}

static bool all_were_renewed(void *data)
{
  aurora_stats_t stats = fixture_stats(&upkeep);

  (void)data;
  return stats.closed[AURORA_CLOSE_TOO_OLD] >= 3;
}

static bool pinged_often(void *data)
{
  (void)data;
  return fixture_stats(&upkeep).pings >= 9;
}

static void wait_for(bool (*condition)(void *data))
{
  loop_run_until_true(&upkeep.loop, condition, NULL, FIXTURE_PATIENCE_MS);
}

START_TEST(idle_connections_are_closed_but_min_idle)
{
  aurora_config_t config = fixture_config(&database);
  reply_t reply;

  config.warmup_size = 3;
  config.min_idle = 1;
  config.idle_timeout = 100;
  fixture_open(&upkeep, &config);
  fixture_warm_up(&upkeep, &reply);
  fixture_wait(&upkeep, &reply);
  ck_assert_uint_ge(fixture_stats(&upkeep).size, 3); /* min_idle may have opened one more */
  wait_for(one_is_idle);
  ck_assert_uint_ge(fixture_stats(&upkeep).closed[AURORA_CLOSE_IDLE_TOO_LONG], 2);
  ck_assert_uint_ge(fixture_logged(&upkeep, "connection closed"), 2);
  fixture_close(&upkeep);
}
END_TEST

/* It is there without anybody asking, and again after the server has thrown all out. */
START_TEST(min_idle_is_refilled)
{
  aurora_config_t config = fixture_config(&database);

  config.min_idle = 3;
  fixture_open(&upkeep, &config);
  wait_for(three_are_idle);
  ck_assert_int_eq(database_kill_sessions(&database), 0);
  wait_for(three_were_lost);
  wait_for(three_are_idle);
  fixture_close(&upkeep);
}
END_TEST

START_TEST(old_connections_are_renewed)
{
  aurora_config_t config = fixture_config(&database);

  config.min_idle = 3;
  config.max_lifetime = 150;
  fixture_open(&upkeep, &config);
  wait_for(all_were_renewed);
  wait_for(three_are_idle);
  ck_assert_int_eq(fixture_number(&upkeep, "SELECT 5"), 5);
  fixture_close(&upkeep);
}
END_TEST

/* A running query is never cut for its connection's age. */
START_TEST(a_query_outlives_its_connections_lifetime)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.max_lifetime = 100;
  fixture_open(&upkeep, &config);
  ck_assert_int_eq(fixture_number(&upkeep, "SELECT 6 + SLEEP(0.4)"), 6);
  ck_assert_int_eq(fixture_number(&upkeep, "SELECT 7"), 7);
  ck_assert_uint_ge(fixture_stats(&upkeep).closed[AURORA_CLOSE_TOO_OLD], 1);
  fixture_close(&upkeep);
}
END_TEST

START_TEST(idle_connections_are_pinged)
{
  aurora_config_t config = fixture_config(&database);

  config.min_idle = 3;
  config.keepalive_interval = 60;
  fixture_open(&upkeep, &config);
  wait_for(pinged_often);
  ck_assert_uint_eq(fixture_stats(&upkeep).opened, 3);
  fixture_close(&upkeep);
}
END_TEST

START_TEST(a_connection_is_validated_after_a_pause)
{
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1;
  config.validate_after = 50;
  fixture_open(&upkeep, &config);
  ck_assert_int_eq(fixture_number(&upkeep, "SELECT 1"), 1);
  ck_assert_uint_eq(fixture_stats(&upkeep).pings, 0);
  loop_run_for(&upkeep.loop, 120);
  ck_assert_int_eq(fixture_number(&upkeep, "SELECT 2"), 2);
  ck_assert_uint_eq(fixture_stats(&upkeep).pings, 1);
  fixture_close(&upkeep);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("warm-up");
  TCase *tcase = tcase_create("warm-up");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_warm_up_opens_what_was_asked, 0, 2);
  tcase_add_test(tcase, one_connection_unless_told);
  tcase_add_test(tcase, warm_ups_at_once_and_again);
  tcase_add_test(tcase, a_warm_up_beside_queries);
  tcase_add_test(tcase, a_warm_up_tells_the_real_reason);
  tcase_add_test(tcase, a_warm_up_beyond_what_the_server_allows);
  tcase_add_test(tcase, a_check_is_true_or_false);
  tcase_add_test(tcase, a_check_of_a_pool_that_is_held);
  tcase_add_test(tcase, events_have_their_names);
  tcase_add_loop_test(tcase, an_event_tells_of_an_unknown_library, 0, 5);
  tcase_add_test(tcase, statistics_add_up);
  tcase_add_test(tcase, idle_connections_are_closed_but_min_idle);
  tcase_add_test(tcase, min_idle_is_refilled);
  tcase_add_test(tcase, old_connections_are_renewed);
  tcase_add_test(tcase, a_query_outlives_its_connections_lifetime);
  tcase_add_test(tcase, idle_connections_are_pinged);
  tcase_add_test(tcase, a_connection_is_validated_after_a_pause);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
