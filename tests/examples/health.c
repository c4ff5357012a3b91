/*
 * Warm-up at the start of a service, and the answer to a health probe. What a pool that has no
 * server says.
 */
#include <aurora.h>
#include <stdio.h>

static int failed;

/* A service would begin to listen now. */
static void on_warm(const aurora_error_t *error, void *data)
{
  aurora_stats_t stats;

  if (error) {
    printf("warm-up: %s\n", aurora_err_name(error->code));
    return;
  }
  aurora_pool_stats((aurora_pool_t *)data, &stats);
  printf("warm-up: %zu connections are ready\n", stats.idle);
}

/* Neither success nor failure of the check is an error: it always answers, within
 * connect_timeout. */
static void on_health(bool healthy, const aurora_error_t *why_not, void *data)
{
  if (healthy)
    printf("%s: healthy\n", (const char *)data);
  else
    printf("%s: not healthy: %s\n", (const char *)data, aurora_err_name(why_not->code));
}

static void accepted(int code)
{
  if (code != 0) {
    fprintf(stderr, "refused: %s\n", aurora_strerror(code));
    failed = 1;
  }
}

/* A pool comes up without a server, too; every use of it says that there is none. */
static void without_server(uv_loop_t *loop)
{
  aurora_config_t config;
  aurora_pool_t *pool;

  aurora_config_init(&config);
  config.host = "127.0.0.1";
  config.port = 1; /* nobody listens there */
  if (aurora_pool_create(loop, &config, &pool, NULL) != 0) {
    failed = 1;
    return;
  }
  accepted(aurora_pool_check(pool, on_health, (void *)"no server"));
  accepted(aurora_pool_warmup(pool, on_warm, pool));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_close(pool, 0, NULL, NULL));
  uv_run(loop, UV_RUN_DEFAULT);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  int code;

  aurora_config_init(&config);
  config.warmup_size = 3; /* may be raised by AURORA_WARMUP_SIZE */
  code = aurora_config_from_env(&config, &error);
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  accepted(aurora_pool_warmup(pool, on_warm, pool));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_check(pool, on_health, (void *)"with a server"));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_close(pool, 1000, NULL, NULL));
  uv_run(loop, UV_RUN_DEFAULT);

  without_server(loop);
  return uv_loop_close(loop) != 0 || failed;
}
