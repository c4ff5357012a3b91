/*
 * The five specifications that this project was first asked for, each a test of its name, against a
 * real server, configured by AURORA_* variables as a program would be.
 */
#include <stdio.h>
#include <stdlib.h>

#include <aurora.h>

#include "support/database.h"
#include "support/database_test.h"
#include "support/loop.h"

enum { PATIENCE_MS = 30000 };

static database_t database;

typedef struct {
  bool done;
  int code;
  int64_t number;
} answer_t;

static uv_loop_t loop;
static aurora_pool_t *pool;

static void open_pool(void)
{
  aurora_error_t error;
  char port[16];

  snprintf(port, sizeof port, "%u", database.port);
  setenv("AURORA_HOST", database.host, 1);
  setenv("AURORA_PORT", port, 1);
  setenv("AURORA_USER", DATABASE_USER, 1);
  setenv("AURORA_PASSWORD", DATABASE_PASSWORD, 1);
  setenv("AURORA_DATABASE", "octane", 1);
  ck_assert_int_eq(uv_loop_init(&loop), 0);
  ck_assert_msg(aurora_pool_get(&loop, &pool, &error) == 0, "%s", error.message);
}

static void on_closed(const aurora_error_t *error, void *data)
{
  ck_assert_ptr_null(error);
  *(bool *)data = true;
}

static void close_pool(void)
{
  bool closed = false;

  ck_assert_int_eq(aurora_pool_close(pool, 1000, on_closed, &closed), 0);
  loop_run_until(&loop, &closed, PATIENCE_MS);
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  answer_t *answer = data;

  ck_assert(!answer->done);
  answer->done = true;
  answer->code = error ? error->code : 0;
  if (!error)
    ck_assert_int_eq(aurora_result_int64(result, 0, 0, &answer->number), 0);
}

static void on_done(const aurora_error_t *error, void *data)
{
  answer_t *answer = data;

  ck_assert(!answer->done);
  answer->done = true;
  answer->code = error ? error->code : 0;
}

START_TEST(ts_04_01_the_pool_connects)
{
  answer_t answer = {0};

  open_pool();
  ck_assert_int_eq(
      aurora_pool_query(pool, "SELECT 1 as test", AURORA_NO_PARAMS, on_result, &answer), 0);
  ck_assert(!answer.done);
  loop_run_until(&loop, &answer.done, PATIENCE_MS);
  ck_assert_int_eq(answer.code, 0);
  ck_assert_int_eq(answer.number, 1);
  close_pool();
  loop_close_clean(&loop);
}
END_TEST

static void on_typed(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  bool *done = data;
  aurora_value_t value;

  ck_assert_ptr_null(error);
  ck_assert_uint_eq(aurora_result_rows(result), 1);
  ck_assert_uint_eq(aurora_result_columns(result), 1);
  ck_assert_int_eq(aurora_result_column(result, "value"), 0);
  value = aurora_result_value(result, 0, 0);
  ck_assert_int_eq(value.type, AURORA_TYPE_INT64);
  ck_assert_int_eq(value.as.int64, 1);
  *done = true;
}

START_TEST(ts_04_02_the_query_helper_gives_typed_results)
{
  bool done = false;
  bool prepared = false;

  open_pool();
  ck_assert_int_eq(aurora_pool_query(pool, "SELECT 1 as value", AURORA_NO_PARAMS, on_typed, &done),
                   0);
  loop_run_until(&loop, &done, PATIENCE_MS);
  ck_assert_int_eq(aurora_pool_query(pool, "SELECT 1 as value FROM DUAL WHERE ? = 5",
                                     AURORA_PARAMS(5), on_typed, &prepared),
                   0);
  loop_run_until(&loop, &prepared, PATIENCE_MS);
  close_pool();
  loop_close_clean(&loop);
}
END_TEST

START_TEST(ts_04_03_warm_up_succeeds_on_a_healthy_database)
{
  answer_t answer = {0};
  aurora_stats_t stats;

  open_pool();
  ck_assert_int_eq(aurora_pool_warmup(pool, on_done, &answer), 0);
  loop_run_until(&loop, &answer.done, PATIENCE_MS);
  ck_assert_int_eq(answer.code, 0);
  aurora_pool_stats(pool, &stats);
  ck_assert_uint_eq(stats.idle, 1);
  close_pool();
  loop_close_clean(&loop);
}
END_TEST

START_TEST(ts_04_04_several_gets_give_the_same_pool)
{
  aurora_pool_t *second, *third;

  open_pool();
  ck_assert_int_eq(aurora_pool_get(&loop, &second, NULL), 0);
  ck_assert_ptr_eq(second, pool);
  close_pool();
  ck_assert_int_eq(aurora_pool_get(&loop, &third, NULL), 0);
  pool = third;
  close_pool();
  loop_close_clean(&loop);
}
END_TEST

static bool statement_is_gone(void *data)
{
  return database_count(data, "SELECT COUNT(*) FROM information_schema.processlist "
                              "WHERE info LIKE 'SELECT SLEEP(5)%'") == 0;
}

START_TEST(ts_04_05_a_query_time_out_works)
{
  aurora_query_options_t options = {.timeout_ms = 100};
  answer_t answer = {0};

  open_pool();
  ck_assert_int_eq(aurora_pool_query_with(pool, "SELECT SLEEP(5)", AURORA_NO_PARAMS, &options,
                                          on_result, &answer, NULL),
                   0);
  loop_run_until(&loop, &answer.done, PATIENCE_MS);
  ck_assert_int_eq(answer.code, UV_ETIMEDOUT);
  loop_run_until_true(&loop, statement_is_gone, &database, 1000);
  close_pool();
  loop_close_clean(&loop);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("specifications");
  TCase *tcase = tcase_create("TS-04");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, ts_04_01_the_pool_connects);
  tcase_add_test(tcase, ts_04_02_the_query_helper_gives_typed_results);
  tcase_add_test(tcase, ts_04_03_warm_up_succeeds_on_a_healthy_database);
  tcase_add_test(tcase, ts_04_04_several_gets_give_the_same_pool);
  tcase_add_test(tcase, ts_04_05_a_query_time_out_works);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
