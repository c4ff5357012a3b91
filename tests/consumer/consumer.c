/*
 * The smallest program that uses the library from outside: a pool that is refused for its port, a pool
 * that is made and closed, a loop that can be closed after it. It needs no database.
 */
#include <stdio.h>

#include <aurora.h>

static int closed;

static void on_closed(const aurora_error_t *error, void *data)
{
  (void)data;
  closed = error ? -1 : 1;
}

static int check(int good, const char *what)
{
  if (!good)
    fprintf(stderr, "consumer: %s\n", what);
  return good ? 0 : 1;
}

int main(void)
{
  uv_loop_t loop;
  aurora_config_t config;
  aurora_error_t error;
  aurora_pool_t *pool = NULL;
  int failed = 0;

  if (uv_loop_init(&loop))
    return 1;
  aurora_config_init(&config);
  config.port = 70000;
  failed += check(aurora_pool_create(&loop, &config, &pool, &error) == AURORA_ECONFIG,
                  "a bad port is not refused");
  failed += check(pool == NULL, "a refused call wrote its result");
  failed += check(error.code == AURORA_ECONFIG && error.message[0], "the error says nothing");
  config.port = 3306;
  if (check(aurora_pool_create(&loop, &config, &pool, &error) == 0, "cannot make a pool"))
    return 1;
  failed += check(aurora_pool_close(pool, 0, on_closed, NULL) == 0, "cannot close the pool");
  failed += check(closed == 0, "a callback ran inside the call");
  uv_run(&loop, UV_RUN_DEFAULT);
  failed += check(closed == 1, "the pool was not closed");
  failed += check(uv_loop_close(&loop) == 0, "handles are left");
  return failed ? 1 : 0;
}
