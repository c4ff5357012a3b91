/*
 * Where a pool's configuration comes from: defaults, a URI, the environment and your own code, in any
 * order. What comes later wins.
 */
#include <aurora.h>
#include <stdio.h>

/* A URI is handy in a file or on a command line. What it does not say is left as it is. */
static int read_uri(void)
{
  const char *uri = "mysql://shop:p%40ss@db.example.com/orders?pool-size=8&connect-timeout=2000";
  aurora_config_t config;
  aurora_error_t error;

  aurora_config_init(&config);
  if (aurora_config_from_uri(&config, uri, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  printf("from the URI: %s on %s, port %u, password of %zu bytes\n", config.user, config.host,
         config.port, strlen(config.password));
  printf("at most %u connections, each up within %u ms\n", config.pool_size,
         (unsigned)config.connect_timeout);

  /* A bad value is refused by name, and the struct stays as it was. */
  if (aurora_config_from_uri(&config, "mysql://db.example.com/?pool-size=0", &error) != 0)
    printf("%s: %s\n", aurora_err_name(error.code), error.message);
  printf("still at most %u connections\n", config.pool_size);

  /* from_uri and from_env allocate; clear frees, and wipes what may be a password. */
  aurora_config_clear(&config);
  return 0;
}

static void on_time_zone(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  int *failed = (int *)data;
  const char *zone;

  if (error)
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
  else if (aurora_result_string(result, 0, 0, &zone) == 0)
    *failed = printf("time zone of every session: %s\n", zone) < 0;
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_pool_t *pool;
  aurora_config_t config;
  aurora_error_t error;
  int failed = 1;
  int code;

  if (read_uri() != 0)
    return 1;

  aurora_config_init(&config);
  /* This program's own defaults, ... */
  config.pool_size = 4;
  config.connect_timeout = 2000;
  config.query_timeout = 10000;
  /* ... which AURORA_POOL_SIZE, AURORA_QUERY_TIMEOUT and so on may overrule, ... */
  if (aurora_config_from_env(&config, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  /* ... and what nobody may overrule. A string is borrowed until aurora_pool_create copies it. */
  config.init_sql = "SET time_zone = '+00:00'";

  /* How the fields go together is checked here. Nothing is connected yet. */
  code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }

  /* A call that returns non-zero was refused: its callback never comes. */
  code = aurora_pool_query(pool, "SELECT @@time_zone", AURORA_NO_PARAMS, on_time_zone, &failed);
  if (code != 0)
    fprintf(stderr, "refused: %s\n", aurora_strerror(code));
  /* Returns when nothing is in flight any more: an idle pool does not keep the loop going. */
  uv_run(loop, UV_RUN_DEFAULT);

  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
