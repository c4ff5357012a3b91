/*
 * Leases: a connection of one's own, for statements that need the same session. The next borrower
 * gets a clean one.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

static uint64_t first_id;
static int failed;

static int is_error(const aurora_error_t *error)
{
  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
  }
  return error != NULL;
}

static void on_value(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  const char *text;

  if (is_error(error))
    return;
  if (aurora_result_string(result, 0, 0, &text) == 0)
    printf("%s: %s\n", (const char *)data, text);
  else
    printf("%s: NULL\n", (const char *)data);
}

static void on_done(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  (void)data;
  is_error(error);
}

static void on_second_lease(const aurora_error_t *error, aurora_connection_t *connection,
                            void *data)
{
  (void)data;
  if (is_error(error))
    return;
  /* With pool_size 1 it is the same session. What the borrower before set is gone all the same. */
  printf("the same session: %s\n", aurora_connection_id(connection) == first_id ? "yes" : "no");
  if (aurora_connection_query(connection, "SELECT @greeting", AURORA_NO_PARAMS, on_value,
                              (void *)"after the reset") != 0)
    failed = 1;
  aurora_connection_release(connection);
}

/* The statement before has set the variable that this one reads: one session. */
static void on_greeting(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  aurora_connection_t *connection = (aurora_connection_t *)data;

  on_value(error, result, (void *)"greeting");
  /* Each lease ends with a release, on every path. The connection must not be touched after it. */
  aurora_connection_release(connection);
}

static void on_lease(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  aurora_pool_t *pool = (aurora_pool_t *)data;
  aurora_query_options_t options = {.timeout_ms = 5000};
  aurora_acquire_options_t labelled = {.acquire_timeout_ms = 5000, .label = "second lease"};

  if (is_error(error)) /* then there is no connection to release */
    return;
  first_id = aurora_connection_id(connection);
  /* Statements queue on a lease: no need to wait for one callback before the next call. */
  if (aurora_connection_query(connection, "SET @greeting = 'hello'", AURORA_NO_PARAMS, on_done,
                              NULL) != 0)
    failed = 1;
  if (aurora_connection_query_with(connection, "SELECT @greeting", AURORA_NO_PARAMS, &options,
                                   on_greeting, connection, NULL) != 0) {
    failed = 1;
    aurora_connection_release(connection);
  }
  /* Waits in line until this one is given back. The label tells who holds it, should it be held
   * longer than the configuration's leak_warn. */
  if (aurora_pool_acquire_with(pool, &labelled, on_second_lease, NULL) != 0)
    failed = 1;
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  int code;

  aurora_config_init(&config);
  code = aurora_config_from_env(&config, &error);
  config.pool_size = 1;
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  if (aurora_pool_acquire(pool, on_lease, pool) != 0)
    failed = 1;
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
