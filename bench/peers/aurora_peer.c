/*
 * The client "aurora": the pool.
 */
#include "aurora_client.h"

#include <mysql.h>
#include <stdio.h>

const char peer_name[] = "aurora";

void peer_versions(char *ret_text, size_t size)
{
  snprintf(ret_text, size, "aurora %s, libmariadb %s, libuv %s", BENCH_VERSION,
           mysql_get_client_info(), uv_version_string());
}

int aurora_client_config(const peer_options_t *options, aurora_config_t *ret_config,
                         bare_error_t *ret_error)
{
  const bare_target_t *target = &options->target;
  aurora_error_t error;

  aurora_config_init(ret_config);
  if (aurora_config_from_env(ret_config, &error))
    return peer_failed(ret_error, "%s", error.message);
  if (!target->tls) {
    ret_config->ssl_mode = AURORA_SSL_DISABLED;
  } else if (!target->ssl_ca) {
    ret_config->ssl_mode = AURORA_SSL_REQUIRED;
    ret_config->ssl_ca = NULL;
  }
  ret_config->pool_size = options->connections;
  ret_config->warmup_size = options->connections;
  ret_config->min_idle = 0;
  return 0;
}

typedef struct {
  bool called;
  bool failed;
  bare_error_t error;
} warm_t;

static void on_warm(const aurora_error_t *error, void *data)
{
  warm_t *warm = data;

  warm->called = true;
  warm->failed = error != NULL;
  if (error)
    peer_failed(&warm->error, "%s", error->message);
}

int aurora_client_open(uv_loop_t *loop, const peer_options_t *options, aurora_pool_t **ret_pool,
                       bare_error_t *ret_error)
{
  aurora_config_t config;
  aurora_error_t error = {.message = ""};
  warm_t warm = {.error = {"the warm-up was not answered"}};
  int code;

  if (aurora_client_config(options, &config, ret_error))
    return -1;
  code = aurora_pool_create(loop, &config, ret_pool, &error);
  aurora_config_clear(&config);
  if (code)
    return peer_failed(ret_error, "no pool: %s", error.message);
  code = aurora_pool_warmup(*ret_pool, on_warm, &warm);
  if (code)
    return peer_failed(ret_error, "no warm-up: %s", aurora_strerror(code));
  uv_run(loop, UV_RUN_DEFAULT);
  if (!warm.called || warm.failed) {
    *ret_error = warm.error;
    return -1;
  }
  return 0;
}

int peer_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  switch (options->workload->kind) {
  case WORK_REQUESTS:
    return aurora_requests_run(options, meter, ret_error);
  case WORK_CONNECT:
    return aurora_connect_run(options, meter, ret_error);
  case WORK_ACQUIRE:
    return aurora_acquire_run(options, meter, ret_error);
  case WORK_STALL:
    return aurora_stall_run(options, meter, ret_error);
  }
  return 1;
}
