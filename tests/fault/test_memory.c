/*
 * Memory runs out: every allocation of the library fails in turn over one life of a pool, alone, and
 * then together with all that follow. What cannot be done is refused or ends with UV_ENOMEM; nothing
 * crashes, hangs or is left behind.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client.h"
#include "support/database_test.h"
#include "support/loop.h"

static database_t database;

/* Allocations are counted from 0; those from `first` to `last` fail. Workers allocate too. */
static atomic_uint allocations;
static unsigned first, last;
static atomic_uint failures;

static bool may(void)
{
  unsigned number = atomic_fetch_add(&allocations, 1);

  if (number < first || number > last)
    return true;
  atomic_fetch_add(&failures, 1);
  return false;
}

typedef struct {
  uv_loop_t loop;
  aurora_pool_t *pool;
  unsigned accepted, called_back, refused;
  bool lease_done, closed;
} life_t;

static void must_be_a_known_end(const aurora_error_t *error)
{
  if (error && error->code != UV_ENOMEM && error->code != UV_ETIMEDOUT &&
      error->code != AURORA_ELOST)
    ck_abort_msg("%s: %s", aurora_err_name(error->code), error->message);
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  life_t *life = data;

  (void)result;
  must_be_a_known_end(error);
  life->called_back++;
}

static void on_done(const aurora_error_t *error, void *data)
{
  on_result(error, NULL, data);
}

static void on_health(bool healthy, const aurora_error_t *why_not, void *data)
{
  (void)healthy;
  on_result(why_not, NULL, data);
}

static void account(life_t *life, int code)
{
  if (code) {
    ck_assert_int_eq(code, UV_ENOMEM);
    life->refused++;
  } else {
    life->accepted++;
  }
}

static void on_lease(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  life_t *life = data;

  on_result(error, NULL, life);
  if (error)
    return;
  account(life,
          aurora_connection_query(connection, "SELECT ?", AURORA_PARAMS("text"), on_result, life));
  account(life, aurora_connection_query(connection, "SELECT 1", AURORA_NO_PARAMS, on_result, life));
  aurora_connection_release(connection);
}

static bool all_are_called_back(void *data)
{
  const life_t *life = data;

  return life->called_back == life->accepted;
}

static void wait_for_all(life_t *life)
{
  loop_run_until_true(&life->loop, all_are_called_back, life, FIXTURE_PATIENCE_MS);
}

static void on_closed(const aurora_error_t *error, void *data)
{
  life_t *life = data;

  ck_assert_ptr_null(error);
  ck_assert_uint_eq(life->called_back, life->accepted);
  life->closed = true;
}

static void ask_for_everything(life_t *life)
{
  const aurora_query_options_t hasty = {.timeout_ms = 20};
  aurora_pool_t *pool = life->pool;

  account(life, aurora_pool_warmup(pool, on_done, life));
  wait_for_all(life);
  account(life, aurora_pool_query(pool, "SELECT seq, 'text' FROM seq_1_to_300", AURORA_NO_PARAMS,
                                  on_result, life));
  wait_for_all(life);
  /* Two statements and a cache of one: the second throws the first out. */
  account(life, aurora_pool_query(pool, "SELECT ?, seq FROM seq_1_to_300", AURORA_PARAMS("text"),
                                  on_result, life));
  wait_for_all(life);
  account(life, aurora_pool_query(pool, "SELECT ?, ?", AURORA_PARAMS(1, 2.5), on_result, life));
  account(life, aurora_pool_check(pool, on_health, life));
  account(life, aurora_pool_acquire(pool, on_lease, life));
  wait_for_all(life);
  account(life, aurora_pool_query_with(pool, "SELECT SLEEP(0.3)", AURORA_NO_PARAMS, &hasty,
                                       on_result, life, NULL));
  account(life, aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, on_result, life));
  wait_for_all(life);
}

/* How far apart the allocations are that fail, from a start that differs from run to run. */
static unsigned stride(void)
{
  return getenv("AURORA_TEST_SHORT") ? 4 : 1;
}

/* One life of a pool. True when an allocation has failed in it. */
static bool live(const aurora_config_t *config)
{
  life_t life;
  aurora_error_t error;
  int code;

  memset(&life, 0, sizeof life);
  ck_assert_int_eq(uv_loop_init(&life.loop), 0);
  atomic_store(&allocations, 0);
  atomic_store(&failures, 0);
  aurora__alloc_may = may;
  code = aurora_pool_create(&life.loop, config, &life.pool, &error);
  if (code) {
    ck_assert_int_eq(code, UV_ENOMEM);
    ck_assert_int_eq(error.code, UV_ENOMEM);
  } else {
    ask_for_everything(&life);
    ck_assert_int_eq(aurora_pool_close(life.pool, 1000, on_closed, &life), 0);
    loop_run_until(&life.loop, &life.closed, FIXTURE_PATIENCE_MS);
  }
  loop_close_clean(&life.loop);
  aurora__alloc_may = NULL;
  return atomic_load(&failures) != 0;
}

static aurora_config_t config_of(int index)
{
  aurora_config_t config = client_config(&database, index & 1);

  config.pool_size = 2;
  config.statement_cache = 1;
  config.init_sql = "SET @a = 1";
  return config;
}

START_TEST(each_allocation_fails_in_turn)
{
  aurora_config_t config = config_of(_i);
  unsigned lives = 0;

  for (first = (unsigned)getpid() % stride();; first += stride(), lives++) {
    last = first;
    if (!live(&config))
      break;
  }
  printf("# %u allocations failed, one in each life\n", lives);
  ck_assert_uint_gt(lives, 60 / stride() - 5);
}
END_TEST

START_TEST(all_allocations_fail_from_one_on)
{
  aurora_config_t config = config_of(_i);
  unsigned lives = 0;

  last = UINT_MAX;
  for (first = (unsigned)getpid() % stride(); live(&config); first += stride())
    lives++;
  printf("# %u lives\n", lives);
  ck_assert_uint_gt(lives, 60 / stride() - 5);
}
END_TEST

/* Memory is back: the same pool works again. */
START_TEST(a_pool_recovers)
{
  aurora_config_t config = config_of(_i);
  client_t client;

  client_open(&client, &config);
  fixture_number(&client.fixture, "SELECT 1");
  first = 3;
  last = UINT_MAX;
  atomic_store(&allocations, 0);
  aurora__alloc_may = may;
  for (int i = 0; i < 20; i++) {
    life_t life = {.pool = client.fixture.pool};

    account(&life, aurora_pool_query(client.fixture.pool, "SELECT ?, ?, REPEAT('x', 9000)",
                                     AURORA_PARAMS(i, "text"), on_result, &life));
    loop_run_until_true(&client.fixture.loop, all_are_called_back, &life, FIXTURE_PATIENCE_MS);
  }
  aurora__alloc_may = NULL;
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 2"), 2);
  client_close(&client, 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("memory");
  TCase *tcase = tcase_create("memory");

  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, each_allocation_fails_in_turn, 0, 2);
  tcase_add_loop_test(tcase, all_allocations_fail_from_one_on, 0, 1);
  tcase_add_loop_test(tcase, a_pool_recovers, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
