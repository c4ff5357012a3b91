/*
 * What a strict C11 program writes with the macros of the headers; compiled, not run.
 */
#include <aurora.h>

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)error;
  (void)result;
  (void)data;
}

int main(void)
{
  aurora_pool_t *pool = NULL;
  aurora_config_t config;
  aurora_error_t error;
  const char *name = "bob";
  char letters[] = "letters";
  unsigned long long large = 42;
  float single = 1.5F;
  const long fixed = 7;
  aurora_datetime_t at = {0};
  aurora_time_t span = {0};
  int code;

  aurora_config_init(&config);
  code = aurora_pool_create(uv_default_loop(), &config, &pool, &error);
  if (code)
    return 1;
  code = aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, on_result, NULL);
  if (code)
    return 1;
  code = aurora_pool_query(pool, "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
                           AURORA_PARAMS(42, name, "text", letters, large, single, 3.5, fixed, at,
                                         span, aurora_null(), aurora_bytes(letters, 3)),
                           on_result, NULL);
  return code ? 1 : 0;
}
