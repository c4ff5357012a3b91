/*
 * Promises 1 and 2: threads, signals and output; the loop never waits.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
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
  ck_assert_msg(handle->type == UV_POLL || handle->type == UV_TIMER || handle->type == UV_IDLE ||
                    handle->type == UV_CHECK,
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

  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database.ca;
  config.warmup_size = 4;
  config.log_cb = on_log;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  uv_walk(&fixture.loop, must_be_of_a_pool, NULL);
  fixture_fail(&fixture, "SELECT nonsense", AURORA_NO_PARAMS, AURORA_ESERVER);
  fixture_fail(&fixture, "KILL CONNECTION_ID()", AURORA_NO_PARAMS, AURORA_ESERVER);
  fixture_ask_with(&fixture, &reply, "SELECT SLEEP(?)", AURORA_PARAMS(5), &hasty);
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
  reply_t answers[4];
  client_t client;
  double gap;

  client_begin_with_proxy(&client, &database, &far);
  config = client_config_of_port(fault_proxy_port(client.proxy), true);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database.ca;
  config.warmup_size = 20;
  config.max_connecting = 4;
  config.connect_timeout = 20000;
  fixture_create(&client.fixture, &config);
  client_watch(&client);
  fixture_warm_up(&client.fixture, &answers[0]);
  client_ask(&client, &answers[1], "SET @a = 1");
  client_ask_with(&client, &answers[2], "SELECT ?", AURORA_PARAMS(1), 0, 0);
  client_ask_with(&client, &answers[3], "SELECT SLEEP(1)", AURORA_NO_PARAMS, 1000, 0);
  for (int i = 0; i < 4; i++)
    fixture_wait(&client.fixture, &answers[i]);
  for (int i = 0; i < 3; i++)
    reply_must_be_good(&answers[i]);
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

void promises_add_loop(TCase *tcase)
{
  tcase_add_loop_test(tcase, promise_01_no_threads_no_signals_no_output, 0, 2);
  tcase_add_test(tcase, promise_02_the_loop_never_waits);
}
