/*
 * Promises 3 to 5: one callback a call; calls from inside callbacks; what is copied and what is
 * borrowed.
 */
#include <string.h>

#include "promises.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

#define database promises_database

/* --- 3: refused, or called back once -------------------------------------------------------------- */

static void never(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
  ck_abort_msg("a refused call called back");
}

static void never_leased(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  (void)connection;
  never(error, NULL, data);
}

static void be_refused(aurora_pool_t *pool, const char *sql, int code)
{
  ck_assert_int_eq(aurora_pool_query(pool, sql, AURORA_NO_PARAMS, never, NULL), code);
}

START_TEST(promise_03_refused_or_called_back_once)
{
  enum { REQUESTS = 40 };
  const aurora_query_options_t options[] = {{0}, {.timeout_ms = 30}, {.acquire_timeout_ms = 60000}};
  aurora_config_t config = fixture_config(&database);
  reply_t replies[REQUESTS], warm_up, check, lease;
  pool_fixture_t fixture;

  config.pool_size = 3;
  config.queue_limit = REQUESTS + 1;
  fixture_open(&fixture, &config);
  be_refused(fixture.pool, NULL, UV_EINVAL);
  be_refused(fixture.pool, "", UV_EINVAL);
  fixture_acquire(&fixture, &lease);
  for (int i = 0; i < REQUESTS; i++)
    fixture_ask_with(&fixture, &replies[i], i % 4 ? "SELECT 1" : "SELECT SLEEP(0.05)",
                     AURORA_NO_PARAMS, &options[i % 3]);
  be_refused(fixture.pool, "SELECT 1", AURORA_EQUEUEFULL);
  ck_assert_int_eq(aurora_pool_acquire(fixture.pool, never_leased, NULL), AURORA_EQUEUEFULL);
  fixture_warm_up(&fixture, &warm_up);
  fixture_wait(&fixture, &replies[4]);
  fixture.submitting++;
  for (int i = 5; i < REQUESTS; i += 5) {
    if (!replies[i].done)
      aurora_query_cancel(replies[i].query);
  }
  fixture.submitting--;
  fixture_check(&fixture, &check);
  fixture_begin_close(&fixture, 0);
  be_refused(fixture.pool, "SELECT 1", AURORA_ECLOSED);
  loop_run_until(&fixture.loop, &fixture.closed, FIXTURE_PATIENCE_MS);
  for (int i = 0; i < REQUESTS; i++) {
    ck_assert_uint_eq(replies[i].calls, 1);
    reply_clear(&replies[i]);
  }
  ck_assert_uint_eq(warm_up.calls, 1);
  ck_assert_uint_eq(check.calls, 1);
  ck_assert_uint_eq(lease.calls, 1);
  fixture_end(&fixture);
}
END_TEST

/* --- 4: every call from every callback ------------------------------------------------------------ */

enum { PLACES = 5 }; /* query, row, lease, done, health */

typedef struct {
  pool_fixture_t fixture;
  reply_t victim, query, streamed, lease, warm_up, check;
  unsigned rounds, rows;
  bool closes;
} inside_t;

/* All there is to call. */
static void call_everything(inside_t *inside)
{
  pool_fixture_t *fixture = &inside->fixture;
  const aurora_query_options_t options = {.timeout_ms = 60000};
  aurora_stats_t stats;

  inside->rounds++;
  fixture_ask_with(fixture, &inside->victim, "SELECT SLEEP(5)", AURORA_NO_PARAMS, &options);
  fixture_ask(fixture, &inside->query, "SELECT ?", AURORA_PARAMS(1));
  fixture_acquire(fixture, &inside->lease);
  fixture_warm_up(fixture, &inside->warm_up);
  fixture_check(fixture, &inside->check);
  aurora_pool_stats(fixture->pool, &stats);
  fixture->submitting++;
  ck_assert_int_eq(aurora_query_cancel(inside->victim.query), 0);
  ck_assert_int_eq(aurora_pool_recycle(fixture->pool), 0);
  fixture->submitting--;
  if (inside->closes)
    fixture_begin_close(fixture, 0);
}

static void in_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  call_everything(data);
}

static int in_row(const aurora_result_t *row, void *data)
{
  inside_t *inside = data;

  (void)row;
  if (!inside->rows++)
    call_everything(inside);
  return 0;
}

static void after_rows(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
}

static void in_lease(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  inside_t *inside = data;

  ck_assert_ptr_null(error);
  fixture_ask_lease(&inside->fixture, connection, &inside->streamed, "SELECT 1", AURORA_NO_PARAMS);
  aurora_connection_release(connection);
  call_everything(inside);
}

static void in_done(const aurora_error_t *error, void *data)
{
  (void)error;
  call_everything(data);
}

static void in_health(bool healthy, const aurora_error_t *why_not, void *data)
{
  (void)healthy;
  (void)why_not;
  call_everything(data);
}

static int ask_at(inside_t *inside, int place)
{
  const aurora_query_options_t streams = {.on_row = in_row};
  aurora_pool_t *pool = inside->fixture.pool;

  switch (place) {
  case 0:
    return aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, in_query, inside);
  case 1:
    return aurora_pool_query_with(pool, "SELECT seq FROM seq_1_to_100", AURORA_NO_PARAMS, &streams,
                                  after_rows, inside, NULL);
  case 2:
    return aurora_pool_acquire(pool, in_lease, inside);
  case 3:
    return aurora_pool_warmup(pool, in_done, inside);
  default:
    return aurora_pool_check(pool, in_health, inside);
  }
}

START_TEST(promise_04_every_call_from_every_callback)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t *fixture;
  inside_t inside;

  memset(&inside, 0, sizeof inside);
  inside.closes = _i >= PLACES;
  fixture = &inside.fixture;
  fixture_open(fixture, &config);
  ck_assert_int_eq(ask_at(&inside, _i % PLACES), 0);
  if (inside.closes) {
    loop_run_until(&fixture->loop, &fixture->closed, FIXTURE_PATIENCE_MS);
  } else {
    loop_run_until_count(&fixture->loop, &inside.rounds, 1, FIXTURE_PATIENCE_MS);
    fixture_wait(fixture, &inside.query);
    fixture_wait(fixture, &inside.lease);
    fixture_wait(fixture, &inside.warm_up);
    fixture_wait(fixture, &inside.check);
    reply_must_be_good(&inside.query);
    reply_must_be_good(&inside.lease);
    reply_must_be_good(&inside.warm_up);
    ck_assert(inside.check.healthy);
    aurora_connection_release(inside.lease.connection);
    fixture_begin_close(fixture, 5000);
    loop_run_until(&fixture->loop, &fixture->closed, FIXTURE_PATIENCE_MS);
  }
  ck_assert_uint_eq(inside.rounds, 1);
  ck_assert_uint_eq(inside.query.calls, 1);
  ck_assert_uint_eq(inside.victim.calls, 1);
  ck_assert_int_eq(inside.victim.code, UV_ECANCELED);
  ck_assert_uint_eq(inside.lease.calls, 1);
  ck_assert_uint_eq(inside.warm_up.calls, 1);
  ck_assert_uint_eq(inside.check.calls, 1);
  reply_clear(&inside.query);
  reply_clear(&inside.streamed);
  fixture_end(fixture);
}
END_TEST

/* --- 5: copied, borrowed, kept ------------------------------------------------------------------ */

enum { KEPT_ROWS = 3 };

typedef struct {
  aurora_result_t *rows[KEPT_ROWS];
  unsigned count;
  bool done;
} keeper_t;

static int keep_row(const aurora_result_t *row, void *data)
{
  keeper_t *keeper = data;

  keeper->rows[keeper->count++] = aurora_result_ref(row);
  return 0;
}

static void on_kept(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  ck_assert_ptr_null(error);
  ck_assert_uint_eq(aurora_result_rows(result), 0);
  ((keeper_t *)data)->done = true;
}

static void must_hold(const aurora_result_t *result, const char *expected)
{
  const char *text;

  ck_assert_int_eq(aurora_result_string(result, 0, 0, &text), 0);
  ck_assert_str_eq(text, expected);
}

/* The statement and its parameter are overwritten as soon as the call has returned. */
START_TEST(promise_05_arguments_are_copied_and_results_can_be_kept)
{
  const aurora_query_options_t streams = {.on_row = keep_row};
  static const char *const words[KEPT_ROWS] = {"one", "two", "three"};
  aurora_config_t config = fixture_config(&database);
  char sql[] = "SELECT CONCAT('<', ?, '>')", parameter[] = "parameter", text[] = "SELECT 'text'";
  keeper_t keeper = {.count = 0};
  pool_fixture_t fixture;
  reply_t prepared, plain;

  fixture_open(&fixture, &config);
  fixture_ask(&fixture, &prepared, sql, AURORA_PARAMS((const char *)parameter));
  fixture_ask(&fixture, &plain, text, AURORA_NO_PARAMS);
  memset(sql, 'x', sizeof sql - 1);
  memset(parameter, 'x', sizeof parameter - 1);
  memset(text, 'x', sizeof text - 1);
  ck_assert_int_eq(aurora_pool_query_with(
                       fixture.pool, "SELECT 'one' UNION ALL SELECT 'two' UNION ALL SELECT 'three'",
                       AURORA_NO_PARAMS, &streams, on_kept, &keeper, NULL),
                   0);
  fixture_wait(&fixture, &prepared);
  fixture_wait(&fixture, &plain);
  loop_run_until(&fixture.loop, &keeper.done, FIXTURE_PATIENCE_MS);
  fixture_close(&fixture);
  /* Pool, connection and loop are gone. */
  reply_must_be_good(&prepared);
  reply_must_be_good(&plain);
  must_hold(prepared.result, "<parameter>");
  must_hold(plain.result, "text");
  ck_assert_uint_eq(keeper.count, KEPT_ROWS);
  for (int i = 0; i < KEPT_ROWS; i++) {
    must_hold(keeper.rows[i], words[i]);
    aurora_result_unref(keeper.rows[i]);
  }
  reply_clear(&prepared);
  reply_clear(&plain);
}
END_TEST

void promises_add_calls(TCase *tcase)
{
  tcase_add_test(tcase, promise_03_refused_or_called_back_once);
  tcase_add_loop_test(tcase, promise_04_every_call_from_every_callback, 0, 2 * PLACES);
  tcase_add_test(tcase, promise_05_arguments_are_copied_and_results_can_be_kept);
}
