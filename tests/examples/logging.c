/*
 * Logging: the pool writes nothing itself; a callback gets an event's name with keys and values, for
 * whatever log the program has.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

static int failed;

/* What differs from run to run is not shown by this example. */
static int varies(const char *key)
{
  static const char *const keys[] = {"connectionId", "durationMs", "heldMs"};

  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(key, keys[i]) == 0)
      return 1;
  return 0;
}

static void print_value(const aurora_value_t *value)
{
  if (value->type == AURORA_TYPE_INT64)
    printf("%" PRId64, value->as.int64);
  else if (value->type == AURORA_TYPE_DOUBLE)
    printf("%g", value->as.float64);
  else if (value->type == AURORA_TYPE_STRING)
    printf("%.*s", (int)value->as.text.size, value->as.text.data);
  else
    printf("null");
}

/* On the loop's thread. It must call nothing of this pool's. */
static void on_log(aurora_log_level_t level, const char *event, const aurora_log_field_t *fields,
                   size_t count, void *data)
{
  static const char *const levels[] = {"debug", "info", "warn", "error"};

  if (level < *(const aurora_log_level_t *)data)
    return;
  printf("[%s] %s:", levels[level], event);
  for (size_t i = 0; i < count; i++) {
    printf(" %s=", fields[i].key);
    if (varies(fields[i].key))
      printf("...");
    else
      print_value(&fields[i].value);
  }
  puts("");
}

static void on_done(const aurora_error_t *error, void *data)
{
  (void)data;
  failed |= error != NULL;
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  (void)data;
  failed |= error == NULL;
}

static void on_timer(uv_timer_t *timer)
{
  aurora_connection_release((aurora_connection_t *)timer->data);
  uv_close((uv_handle_t *)timer, NULL);
}

/* Holds the connection for longer than leak_warn. */
static void on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  uv_timer_t *timer = (uv_timer_t *)data;

  if (error) {
    failed = 1;
    uv_close((uv_handle_t *)timer, NULL);
    return;
  }
  timer->data = connection;
  uv_timer_start(timer, on_timer, 100, 0);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_log_level_t at_least = AURORA_LOG_INFO;
  aurora_acquire_options_t slow = {.label = "the slow one"};
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  uv_timer_t timer;
  int code;

  aurora_config_init(&config);
  code = aurora_config_from_env(&config, &error);
  config.pool_size = 1;
  config.leak_warn = 40;
  config.log_cb = on_log;
  config.log_data = &at_least;
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  uv_timer_init(loop, &timer);
  failed |= aurora_pool_warmup(pool, on_done, NULL) != 0;
  uv_run(loop, UV_RUN_DEFAULT);
  /* The log gets the number of a server's error, not its text: that may quote a value. */
  failed |= aurora_pool_query(pool, "SELEC 'secret'", AURORA_NO_PARAMS, on_result, NULL) != 0;
  uv_run(loop, UV_RUN_DEFAULT);
  if (aurora_pool_acquire_with(pool, &slow, on_connection, &timer) != 0) {
    failed = 1;
    uv_close((uv_handle_t *)&timer, NULL);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
