// What a C++17 program writes; compiled, not run. Compound literals and _Generic are C only, so values
// are made by functions.
#include <aurora.h>

enum color { RED, GREEN };
enum class shape : short { ROUND, SQUARE };

struct row_t {
  bool truth;
  char letter;
  unsigned char small;
  long number;
  unsigned long long large;
  size_t size;
  color paint;
  shape form;
  float single;
  double real;
  char name[32];
  unsigned char uuid[16];
  const char *string;
  aurora_text_t text;
  aurora_datetime_t at;
  aurora_time_t span;
  aurora_value_t value;
  int64_t at_us;
  struct {
    char city[32];
  } address;
  bool is_null;
};

static const aurora_field_t fields[] = {
    AURORA_FIELD(row_t, truth),
    AURORA_FIELD(row_t, letter),
    AURORA_FIELD(row_t, small),
    AURORA_FIELD(row_t, number),
    AURORA_FIELD(row_t, large),
    AURORA_FIELD(row_t, size),
    AURORA_FIELD(row_t, paint),
    AURORA_FIELD(row_t, form),
    AURORA_FIELD(row_t, single),
    AURORA_FIELD(row_t, real),
    AURORA_FIELD(row_t, name),
    AURORA_FIELD(row_t, uuid),
    AURORA_FIELD(row_t, string),
    AURORA_FIELD(row_t, text),
    AURORA_FIELD(row_t, at),
    AURORA_FIELD(row_t, span),
    AURORA_FIELD(row_t, value),
    AURORA_FIELD_AS(row_t, address.city, "city"),
    AURORA_FIELD_NULLABLE(row_t, number, is_null),
    AURORA_FIELD_NULLABLE_AS(row_t, text, is_null, "note"),
    AURORA_FIELD_MICROSECONDS(row_t, at_us),
    AURORA_FIELD_MICROSECONDS_AS(row_t, at_us, "at"),
    AURORA_FIELD_MICROSECONDS_NULLABLE(row_t, at_us, is_null),
    AURORA_FIELD_MICROSECONDS_NULLABLE_AS(row_t, at_us, is_null, "at"),
};

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  static_cast<void>(error);
  row_t row;
  static_cast<void>(aurora_result_read(result, 0, fields, sizeof fields / sizeof *fields, &row));
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
