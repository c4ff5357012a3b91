/*
 * Leases that are given back in callbacks, and those who wait for them.
 */
#include <string.h>

#include "support/database_test.h"
#include "support/loop.h"
#include "support/pool_fixture.h"

static database_t database;

/* When whoever has given a lease back asks for another one. */
typedef enum { NEVER, AFTERWARDS, AT_ONCE } asks_t;

typedef struct {
  pool_fixture_t fixture;
  unsigned asked, answered, refused, out_of_order;
  bool stop;
  asks_t asks;
} line_t;

static void open_line(line_t *line, unsigned pool_size)
{
  aurora_config_t config = fixture_config(&database);

  *line = (line_t){0};
  config.pool_size = config.warmup_size = pool_size;
  fixture_open(&line->fixture, &config);
  fixture_run(&line->fixture, "DO 1");
}

/* --- In order ----------------------------------------------------------------------------------- */

enum { CALLERS = 1000, QUERY_EACH = 7 };

typedef struct {
  line_t *line;
  unsigned number;
} caller_t;

static void on_turn(line_t *line, unsigned number)
{
  line->out_of_order += number != line->answered;
  line->answered++;
}

static void give_back(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  caller_t *caller = data;

  ck_assert_ptr_null(error);
  on_turn(caller->line, caller->number);
  aurora_connection_release(connection);
}

static void on_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  caller_t *caller = data;

  (void)result;
  ck_assert_ptr_null(error);
  on_turn(caller->line, caller->number);
}

/* One connection, so that the order of the callbacks is the order of the turns. */
START_TEST(leases_and_queries_take_turns)
{
  static caller_t callers[CALLERS];
  line_t line;

  open_line(&line, 1);
  for (unsigned i = 0; i < CALLERS; i++) {
    aurora_pool_t *pool = line.fixture.pool;

    callers[i] = (caller_t){&line, i};
    ck_assert_int_eq(i % QUERY_EACH
                         ? aurora_pool_acquire(pool, give_back, &callers[i])
                         : aurora_pool_query(pool, "DO 1", AURORA_NO_PARAMS, on_query, &callers[i]),
                     0);
  }
  loop_run_until_count(&line.fixture.loop, &line.answered, CALLERS, FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(line.out_of_order, 0);
  fixture_close(&line.fixture);
}
END_TEST

/* --- The loop goes on --------------------------------------------------------------------------- */

static void ask_again(line_t *line);

static void greedy(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  line_t *line = data;

  ck_assert_ptr_null(error);
  line->answered++;
  if (!line->stop)
    ask_again(line);
  aurora_connection_release(connection);
}

static void ask_again(line_t *line)
{
  line->asked++;
  ck_assert_int_eq(aurora_pool_acquire(line->fixture.pool, greedy, line), 0);
}

static void stop_it(uv_timer_t *timer)
{
  line_t *line = timer->data;

  line->stop = true;
  uv_close((uv_handle_t *)timer, NULL);
}

/* Whoever asks for the lease in the callback that gives it back does not keep the loop. */
START_TEST(a_greedy_caller_does_not_keep_the_loop)
{
  line_t line;
  uv_timer_t timer;

  open_line(&line, 1);
  uv_timer_init(&line.fixture.loop, &timer);
  timer.data = &line;
  uv_timer_start(&timer, stop_it, 20, 0);
  ask_again(&line);
  loop_run_until(&line.fixture.loop, &line.stop, FIXTURE_PATIENCE_MS);
  ck_assert_uint_gt(line.answered, 10);
  loop_run_until_count(&line.fixture.loop, &line.answered, line.asked, FIXTURE_PATIENCE_MS);
  fixture_close(&line.fixture);
}
END_TEST

/* --- A query need not wait for a callback ------------------------------------------------------- */

static void give_back_and_look(const aurora_error_t *error, aurora_connection_t *connection,
                               void *data)
{
  line_t *line = data;
  uint64_t end = uv_hrtime() + (uint64_t)FIXTURE_PATIENCE_MS * 1000000;
  int64_t found = 0;

  ck_assert_ptr_null(error);
  aurora_connection_release(connection);
  while (found == 0 && uv_hrtime() < end)
    found = database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                      "WHERE info LIKE 'DO SLEEP(0.6)'");
  ck_assert_int_eq(found, 1);
  line->answered++;
}

START_TEST(a_query_is_sent_from_within_the_callback)
{
  line_t line;
  reply_t reply;

  open_line(&line, 1);
  ck_assert_int_eq(aurora_pool_acquire(line.fixture.pool, give_back_and_look, &line), 0);
  fixture_ask(&line.fixture, &reply, "DO SLEEP(0.6)", AURORA_NO_PARAMS);
  fixture_wait(&line.fixture, &reply);
  reply_must_be_good(&reply);
  reply_clear(&reply);
  ck_assert_uint_eq(line.answered, 1);
  fixture_close(&line.fixture);
}
END_TEST

/* --- Deadlines ---------------------------------------------------------------------------------- */

enum { PATIENCE_MS = 30 };

static const aurora_acquire_options_t impatient = {.acquire_timeout_ms = PATIENCE_MS};

static void take_and_give_back(const aurora_error_t *error, aurora_connection_t *connection,
                               void *data)
{
  line_t *line = data;

  ck_assert_ptr_null(error);
  line->answered++;
  aurora_connection_release(connection);
}

static void give_back_and_stay(const aurora_error_t *error, aurora_connection_t *connection,
                               void *data)
{
  uint64_t end = uv_hrtime() + 2 * PATIENCE_MS * UINT64_C(1000000);
  line_t *line = data;

  ck_assert_ptr_null(error);
  aurora_connection_release(connection);
  if (line->asks == AT_ONCE)
    ck_assert_int_eq(
        aurora_pool_acquire_with(line->fixture.pool, &impatient, take_and_give_back, line), 0);
  while (uv_hrtime() < end)
    ;
  line->answered++;
  if (line->asks == AFTERWARDS)
    ck_assert_int_eq(aurora_pool_acquire(line->fixture.pool, take_and_give_back, line), 0);
}

/* What counts is when the lease came back, not when the callback was over. */
START_TEST(a_lease_that_came_back_in_time)
{
  line_t line;

  open_line(&line, 1);
  line.asks = (asks_t)_i;
  ck_assert_int_eq(aurora_pool_acquire(line.fixture.pool, give_back_and_stay, &line), 0);
  if (line.asks != AT_ONCE)
    ck_assert_int_eq(
        aurora_pool_acquire_with(line.fixture.pool, &impatient, take_and_give_back, &line), 0);
  loop_run_until_count(&line.fixture.loop, &line.answered, line.asks == AFTERWARDS ? 3 : 2,
                       FIXTURE_PATIENCE_MS);
  fixture_close(&line.fixture);
}
END_TEST

/* --- The pool is closed in between -------------------------------------------------------------- */

static void on_refusal(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  line_t *line = data;

  ck_assert_ptr_nonnull(error);
  ck_assert_int_eq(error->code, AURORA_ECLOSED);
  ck_assert_ptr_null(connection);
  line->refused++;
}

static void give_back_and_close(const aurora_error_t *error, aurora_connection_t *connection,
                                void *data)
{
  line_t *line = data;

  ck_assert_ptr_null(error);
  aurora_connection_release(connection);
  fixture_begin_close(&line->fixture, 0);
}

START_TEST(the_pool_is_closed_after_it_was_given_back)
{
  line_t line;

  open_line(&line, 1);
  ck_assert_int_eq(aurora_pool_acquire(line.fixture.pool, give_back_and_close, &line), 0);
  for (int i = 0; i < 5; i++)
    ck_assert_int_eq(aurora_pool_acquire(line.fixture.pool, on_refusal, &line), 0);
  loop_run_until(&line.fixture.loop, &line.fixture.closed, FIXTURE_PATIENCE_MS);
  ck_assert_uint_eq(line.refused, 5);
  fixture_end(&line.fixture);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("handing-on");
  TCase *tcase = tcase_create("handing-on");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, leases_and_queries_take_turns);
  tcase_add_test(tcase, a_greedy_caller_does_not_keep_the_loop);
  tcase_add_test(tcase, a_query_is_sent_from_within_the_callback);
  tcase_add_loop_test(tcase, a_lease_that_came_back_in_time, NEVER, AT_ONCE + 1);
  tcase_add_test(tcase, the_pool_is_closed_after_it_was_given_back);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
