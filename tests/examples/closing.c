/*
 * The end of a service: what is running may finish, for a while; what waits or comes late is told so;
 * then nothing of the pool is left in the loop.
 */
#include <aurora.h>
#include <stdio.h>

static int failed;

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  printf("%s: %s\n", (const char *)data, error ? aurora_err_name(error->code) : "done");
}

/* The last callback of the pool, after those of all its requests. It and its connections are gone:
 * data that they were given may be freed now. */
static void on_closed(const aurora_error_t *error, void *data)
{
  (void)data;
  failed |= error != NULL;
  puts("closed");
}

/* As a signal's callback would: SIGTERM says that the time has come. */
static void on_stop(uv_timer_t *timer)
{
  aurora_pool_t *pool = (aurora_pool_t *)timer->data;
  int code;

  puts("stop");
  if (aurora_pool_close(pool, 500, on_closed, NULL) != 0)
    failed = 1;
  /* From now on every call is refused, a second close too. */
  code = aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, on_result, (void *)"late");
  printf("late: %s\n", aurora_err_name(code));
  uv_close((uv_handle_t *)timer, NULL);
}

/* Two connections are there: two queries run, the third waits. */
static void on_warm(const aurora_error_t *error, void *data)
{
  uv_timer_t *timer = (uv_timer_t *)data;
  aurora_pool_t *pool = (aurora_pool_t *)timer->data;
  int code = error ? error->code : 0;

  code |= aurora_pool_query(pool, "DO SLEEP(0.2)", AURORA_NO_PARAMS, on_result, (void *)"short");
  code |= aurora_pool_query(pool, "DO SLEEP(60)", AURORA_NO_PARAMS, on_result, (void *)"long");
  code |= aurora_pool_query(pool, "DO 1", AURORA_NO_PARAMS, on_result, (void *)"waiting");
  if (code != 0)
    failed = 1;
  uv_timer_start(timer, on_stop, 50, 0);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  uv_timer_t timer;
  int code;

  aurora_config_init(&config);
  code = aurora_config_from_env(&config, &error);
  config.pool_size = config.warmup_size = 2;
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  uv_timer_init(loop, &timer);
  timer.data = pool;
  if (aurora_pool_warmup(pool, on_warm, &timer) != 0)
    return 1;
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed; /* 0: no handle is left */
}
