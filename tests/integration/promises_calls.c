/*
 * Promises 1 to 5: threads, signals and output; the loop never waits; one callback a call; calls from
 * inside callbacks; what is copied and what is borrowed.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault/client.h"
#include "promises.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

#define database promises_database

/* --- 1: one loop, one thread, nothing of the process's -------------------------------------------- */

enum { SIGNALS = 65 };

static unsigned threads(void)
{
  DIR *directory = opendir("/proc/self/task");
  unsigned count = 0;

  ck_assert_ptr_nonnull(directory);
  while (readdir(directory))
    count++;
  closedir(directory);
  return count - 2;
}

static void do_nothing(uv_work_t *work)
{
  (void)work;
}

static void on_nothing_done(uv_work_t *work, int status)
{
  (void)status;
  *(bool *)work->data = true;
}

/* Libuv's own threads come with the first work. */
static void start_workers(uv_loop_t *loop)
{
  bool done = false;
  uv_work_t work = {.data = &done};

  ck_assert_int_eq(uv_queue_work(loop, &work, do_nothing, on_nothing_done), 0);
  loop_run_until(loop, &done, FIXTURE_PATIENCE_MS);
}

static void must_be_of_a_pool(uv_handle_t *handle, void *data)
{
  (void)data;
  ck_assert_msg(handle->type == UV_POLL || handle->type == UV_TIMER || handle->type == UV_IDLE,
                "a handle of type %s", uv_handle_type_name(handle->type));
}

typedef struct {
  struct sigaction actions[SIGNALS];
  sigset_t mask;
} signals_t;

static void look_at_signals(signals_t *ret_signals)
{
  memset(ret_signals, 0, sizeof *ret_signals);
  for (int i = 1; i < SIGNALS; i++)
    sigaction(i, NULL, &ret_signals->actions[i]);
  sigprocmask(SIG_SETMASK, NULL, &ret_signals->mask);
}

static void on_signal(int number)
{
  (void)number;
}

/* SIGPIPE is the one that may change, from nothing at all to ignored. */
static void signals_must_be_as(const signals_t *before)
{
  signals_t now;

  look_at_signals(&now);
  for (int i = 1; i < SIGNALS; i++) {
    bool same = now.actions[i].sa_handler == before->actions[i].sa_handler &&
                now.actions[i].sa_flags == before->actions[i].sa_flags;

    ck_assert_msg(same || (i == SIGPIPE && before->actions[i].sa_handler == SIG_DFL &&
                           now.actions[i].sa_handler == SIG_IGN),
                  "signal %d has changed hands", i);
  }
  ck_assert_int_eq(memcmp(&now.mask, &before->mask, sizeof now.mask), 0);
}

static pthread_t loop_thread;
static unsigned logged_elsewhere;

static void on_log(aurora_log_level_t level, const char *event, const aurora_log_field_t *fields,
                   size_t count, void *data)
{
  (void)level;
  (void)event;
  (void)fields;
  (void)count;
  (void)data;
  logged_elsewhere += !pthread_equal(pthread_self(), loop_thread);
}

/* Good and bad fortune: errors, a kill, a lost connection, a server that is not there. */
static void live(unsigned workers)
{
  const aurora_query_options_t hasty = {.timeout_ms = 30};
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  config.ssl_mode = AURORA_SSL_REQUIRED;
  config.warmup_size = 4;
  config.log_cb = on_log;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  uv_walk(&fixture.loop, must_be_of_a_pool, NULL);
  fixture_fail(&fixture, "SELECT nonsense", AURORA_NO_PARAMS, AURORA_ESERVER);
  fixture_fail(&fixture, "KILL CONNECTION_ID()", AURORA_NO_PARAMS, AURORA_ESERVER);
  fixture_ask_with(&fixture, &reply, "SELECT SLEEP(?)", AURORA_PARAMS(5), &hasty, NULL);
  fixture_wait(&fixture, &reply);
  reply_must_be(&reply, UV_ETIMEDOUT);
  ck_assert_uint_eq(threads(), workers);
  fixture_close(&fixture);
  config.port = 1;
  fixture_open(&fixture, &config);
  fixture_fail(&fixture, "SELECT 1", AURORA_NO_PARAMS, UV_ECONNREFUSED);
  ck_assert_uint_eq(threads(), workers);
  fixture_close(&fixture);
}

START_TEST(promise_01_no_threads_no_signals_no_output)
{
  int out = dup(1), err = dup(2), file = memfd_create("output", MFD_CLOEXEC);
  signals_t before;
  unsigned workers;
  uv_loop_t loop;
  off_t written;

  if (_i)
    signal(SIGPIPE, on_signal);
  ck_assert_int_eq(uv_loop_init(&loop), 0);
  start_workers(&loop);
  loop_close_clean(&loop);
  workers = threads();
  loop_thread = pthread_self();
  look_at_signals(&before);
  fflush(NULL);
  ck_assert(dup2(file, 1) == 1 && dup2(file, 2) == 2);
  live(workers);
  fflush(NULL);
  ck_assert(dup2(out, 1) == 1 && dup2(err, 2) == 2);
  written = lseek(file, 0, SEEK_END);
  ck_assert_int_eq(written, 0);
  ck_assert_uint_eq(threads(), workers);
  ck_assert_uint_eq(logged_elsewhere, 0);
  signals_must_be_as(&before);
  close(out);
  close(err);
  close(file);
}
END_TEST

/* --- 2: the loop never waits -------------------------------------------------------------------- */

enum { FAR_MS = 40, STALL_MS = 20, TRY_FOR_MS = 20000 };

/* The longest gap between two turns of the loop, in ms, over a life whose every round trip takes 80 ms. */
static double longest_gap(void)
{
  const fault_script_t far = {.to_server = {.delay_ms = FAR_MS}, .to_client = {.delay_ms = FAR_MS}};
  aurora_config_t config;
  answer_t answers[4];
  client_t client;
  double gap;

  client_begin_with_proxy(&client, &database, &far);
  config = client_config_of_port(fault_proxy_port(client.proxy), true);
  config.warmup_size = 20;
  config.max_connecting = 4;
  config.connect_timeout = 20000;
  client_create(&client, &config);
  client_watch(&client);
  client_warm_up(&client, &answers[0]);
  client_ask(&client, &answers[1], "SET @a = 1");
  client_ask_with(&client, &answers[2], "SELECT ?", AURORA_PARAMS(1), 0, 0);
  client_ask_with(&client, &answers[3], "SELECT SLEEP(1)", AURORA_NO_PARAMS, 1000, 0);
  for (int i = 0; i < 4; i++)
    client_wait(&client, &answers[i]);
  for (int i = 0; i < 3; i++)
    answer_must_be_good(&answers[i]);
  gap = client_watched(&client);
  client_close(&client, 0);
  return gap;
}

/* A busy machine makes gaps of its own, but not in every attempt. */
START_TEST(promise_02_the_loop_never_waits)
{
  uint64_t until = now_ms() + slowly(TRY_FOR_MS);
  double gap;

  do
    gap = longest_gap();
  while (gap >= (double)slowly(STALL_MS) && now_ms() < until);
  printf("# longest gap: %.1f ms\n", gap);
  ck_assert_msg(gap < (double)slowly(STALL_MS), "the loop stood still for %.1f ms", gap);
}
END_TEST

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
  aurora_query_t *queries[REQUESTS];
  pool_fixture_t fixture;

  config.pool_size = 3;
  config.queue_limit = REQUESTS + 1;
  fixture_open(&fixture, &config);
  be_refused(fixture.pool, NULL, UV_EINVAL);
  be_refused(fixture.pool, "", UV_EINVAL);
  fixture_acquire(&fixture, &lease);
  for (int i = 0; i < REQUESTS; i++)
    fixture_ask_with(&fixture, &replies[i], i % 4 ? "SELECT 1" : "SELECT SLEEP(0.05)",
                     AURORA_NO_PARAMS, &options[i % 3], &queries[i]);
  be_refused(fixture.pool, "SELECT 1", AURORA_EQUEUEFULL);
  ck_assert_int_eq(aurora_pool_acquire(fixture.pool, never_leased, NULL), AURORA_EQUEUEFULL);
  fixture_warm_up(&fixture, &warm_up);
  fixture_wait(&fixture, &replies[4]);
  fixture.submitting++;
  for (int i = 5; i < REQUESTS; i += 5) {
    if (!replies[i].done)
      aurora_query_cancel(queries[i]);
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
  aurora_query_t *cancellable;
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
  fixture_ask_with(fixture, &inside->victim, "SELECT SLEEP(5)", AURORA_NO_PARAMS, &options,
                   &inside->cancellable);
  fixture_ask(fixture, &inside->query, "SELECT ?", AURORA_PARAMS(1));
  fixture_acquire(fixture, &inside->lease);
  fixture_warm_up(fixture, &inside->warm_up);
  fixture_check(fixture, &inside->check);
  aurora_pool_stats(fixture->pool, &stats);
  fixture->submitting++;
  ck_assert_int_eq(aurora_query_cancel(inside->cancellable), 0);
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
  tcase_add_loop_test(tcase, promise_01_no_threads_no_signals_no_output, 0, 2);
  tcase_add_test(tcase, promise_02_the_loop_never_waits);
  tcase_add_test(tcase, promise_03_refused_or_called_back_once);
  tcase_add_loop_test(tcase, promise_04_every_call_from_every_callback, 0, 2 * PLACES);
  tcase_add_test(tcase, promise_05_arguments_are_copied_and_results_can_be_kept);
}
