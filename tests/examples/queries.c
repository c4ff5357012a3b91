/*
 * Queries: with and without parameters, with options, cancelled. None of these calls waits; each
 * callback comes once, from uv_run.
 */
#include <aurora.h>
#include <stdio.h>

static int unexpected;

static void report(const char *what, const aurora_error_t *error)
{
  fprintf(stderr, "%s: %s: %s\n", what, aurora_err_name(error->code), error->message);
  unexpected++;
}

/* A call that is refused never calls back. Mostly it is a mistake in the program, or the pool is
 * closed or its queue full. */
static void expect_accepted(int code)
{
  if (code == 0)
    return;
  fprintf(stderr, "refused: %s\n", aurora_strerror(code));
  unexpected++;
}

/* Error and result are borrowed: they are gone when the callback returns. */
static void on_number(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  const char *what = (const char *)data;
  int64_t number;

  if (error)
    report(what, error);
  else if (aurora_result_int64(result, 0, 0, &number) == 0)
    printf("%s: %lld\n", what, (long long)number);
}

static void on_late(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  if (error && error->code == UV_ETIMEDOUT)
    printf("%s: %s\n", (const char *)data, aurora_err_name(error->code));
}

static void on_cancelled(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  (void)data;
  if (error)
    printf("cancelled: %s\n", aurora_err_name(error->code));
}

static void on_timer(uv_timer_t *timer)
{
  /* Valid until the query's callback returns. Here it sleeps for a minute: surely not yet. */
  aurora_query_t *query = (aurora_query_t *)timer->data;

  expect_accepted(aurora_query_cancel(query));
  uv_close((uv_handle_t *)timer, NULL);
}

static void start(aurora_pool_t *pool, uv_timer_t *timer)
{
  aurora_query_options_t retried = {.flags = AURORA_QUERY_IDEMPOTENT};
  aurora_query_options_t as_text = {.flags = AURORA_QUERY_TEXT};
  aurora_query_options_t hurried = {.timeout_ms = 100};
  aurora_query_t *query;
  char name[] = "O'Hara";
  int64_t id = 41;
  int code;

  /* Without parameters: one round trip, the statement goes as it is. */
  expect_accepted(
      aurora_pool_query(pool, "SELECT 6 * 7", AURORA_NO_PARAMS, on_number, (void *)"text"));

  /* With parameters it is prepared once a connection. Values never become a part of the SQL text, so
   * nothing needs to be quoted; they are copied. The C type decides what is sent. */
  expect_accepted(aurora_pool_query(pool, "SELECT ? + CHAR_LENGTH(?)", AURORA_PARAMS(id, name),
                                    on_number, (void *)"prepared"));
  name[0] = '\0';

  /* This one may be sent again when the connection is lost under it. Say so of reads only. */
  expect_accepted(aurora_pool_query_with(pool, "SELECT 2 * ?", AURORA_PARAMS(21), &retried,
                                         on_number, (void *)"idempotent", NULL));
  /* With options, but no parameters: written out, this is what aurora_pool_query does. */
  expect_accepted(aurora_pool_query_with(pool, "SELECT 40 + 2", AURORA_NO_PARAMS, &as_text,
                                         on_number, (void *)"as text", NULL));

  /* From the call to the callback, waiting for a connection included. The statement is killed on
   * the server. */
  expect_accepted(aurora_pool_query_with(pool, "SELECT SLEEP(60)", AURORA_NO_PARAMS, &hurried,
                                         on_late, (void *)"in a hurry", NULL));

  code = aurora_pool_query_with(pool, "SELECT SLEEP(60)", AURORA_NO_PARAMS, NULL, on_cancelled,
                                NULL, &query);
  expect_accepted(code);
  if (code == 0) {
    timer->data = query;
    uv_timer_start(timer, on_timer, 1000, 0);
  }
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  uv_timer_t timer;
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  int code;

  aurora_config_init(&config);
  config.pool_size = 1; /* the queries run one after the other, in the order of the calls */
  code = aurora_config_from_env(&config, &error);
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  uv_timer_init(loop, &timer);
  start(pool, &timer);
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || unexpected;
}
