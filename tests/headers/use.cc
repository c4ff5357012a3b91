// What a C++17 program writes; compiled, not run. Compound literals and _Generic are C only, so values
// are made by functions.
#include <aurora.h>

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  static_cast<void>(error);
  static_cast<void>(result);
  static_cast<void>(data);
}

int main()
{
  aurora_pool_t *pool = nullptr;
  aurora_config_t config;
  aurora_error_t error;
  aurora_config_init(&config);
  if (aurora_pool_create(uv_default_loop(), &config, &pool, &error) != 0)
    return 1;
  if (aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, on_result, nullptr) != 0)
    return 1;
  const aurora_value_t values[] = {aurora_int64(42), aurora_uint64(7),     aurora_double(3.5),
                                   aurora_null(),    aurora_string("bob"), aurora_decimal("-1.50")};
  const aurora_params_t params = {values, sizeof values / sizeof values[0]};
  return aurora_pool_query(pool, "SELECT ?, ?, ?, ?, ?, ?", params, on_result, nullptr) != 0;
}
