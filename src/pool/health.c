/*
 * The health check: SELECT 1 on any connection, with an answer in bounded time whatever happens.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "pool/pool.h"

typedef struct {
  aurora_pool_t *pool;
  aurora_health_cb cb;
  void *data;
} check_t;

static void on_answer(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  check_t check = *(check_t *)data;

  (void)result;
  aurora__free(data);
  if (error)
    aurora__log(&check.pool->config, AURORA_LOG_ERROR, "health check failed",
                AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(error->code)),
                                   aurora__log_string("error", error->message)));
  check.cb(!error, error, check.data);
}

int aurora_pool_check(aurora_pool_t *pool, aurora_health_cb cb, void *data)
{
  aurora_query_options_t options = {.flags = AURORA_QUERY_TEXT | AURORA_QUERY_IDEMPOTENT};
  check_t *check;
  int code;

  if (!pool || !cb)
    return UV_EINVAL;
  check = aurora__malloc(sizeof *check);
  if (!check)
    return UV_ENOMEM;
  *check = (check_t){pool, cb, data};
  options.timeout_ms = pool->config.connect_timeout;
  code =
      aurora_pool_query_with(pool, "SELECT 1", AURORA_NO_PARAMS, &options, on_answer, check, NULL);
  if (code)
    aurora__free(check);
  return code;
}
