/*
 * Passwords that rotate: a callback says who logs in, each time that a connection is made; recycle
 * replaces the connections that are there.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  const char *password; /* a real one comes from a file or a secret manager */
  atomic_int logins;
} vault_t;

static int failed;

/* On a thread of libuv's worker pool, perhaps on several at once: it may block, and what it shares
 * with the loop's thread needs a lock or atomics. The struct is wiped by the library. */
static int get_credentials(aurora_credentials_t *credentials, void *data)
{
  vault_t *vault = (vault_t *)data;
  size_t size = strlen(vault->password) + 1;

  if (size > sizeof credentials->password)
    return UV_E2BIG; /* fails this attempt; the next one asks again */
  /* credentials->user holds the configuration's user already. */
  memcpy(credentials->password, vault->password, size);
  atomic_fetch_add(&vault->logins, 1);
  return 0;
}

static void on_id(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  uint64_t *id = (uint64_t *)data;

  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
  } else if (aurora_result_uint64(result, 0, 0, id) != 0)
    failed = 1;
}

static uint64_t session_id(aurora_pool_t *pool)
{
  uint64_t id = 0;

  if (aurora_pool_query(pool, "SELECT CONNECTION_ID()", AURORA_NO_PARAMS, on_id, &id) != 0)
    failed = 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return id;
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  const char *password = getenv("AURORA_PASSWORD");
  vault_t vault = {.password = password ? password : ""};
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  uint64_t first;
  int code;

  aurora_config_init(&config);
  code = aurora_config_from_env(&config, &error);
  config.pool_size = 1;
  config.credentials_cb = get_credentials;
  config.credentials_data = &vault; /* must live until the pool's close callback */
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  first = session_id(pool);
  printf("the same session again: %s\n", session_id(pool) == first ? "yes" : "no");
  printf("logins: %d\n", atomic_load(&vault.logins));

  /* The password has changed: no session of the old one is to stay. Running statements and leases
   * end first; whatever comes after this call gets a new connection. */
  if (aurora_pool_recycle(pool) != 0)
    failed = 1;
  printf("the same session after recycle: %s\n", session_id(pool) == first ? "yes" : "no");
  printf("logins: %d\n", atomic_load(&vault.logins));

  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
