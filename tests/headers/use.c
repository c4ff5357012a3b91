/*
 * What a strict C11 program writes with the macros of the headers; compiled, not run.
 */
#include <aurora.h>

enum color { RED, GREEN };

typedef struct {
  bool truth;
  char letter;
  unsigned char small;
  long number;
  unsigned long long large;
  size_t size;
  enum color color;
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
} row_t;

static const aurora_field_t fields[] = {
    AURORA_FIELD(row_t, truth),
    AURORA_FIELD(row_t, letter),
    AURORA_FIELD(row_t, small),
    AURORA_FIELD(row_t, number),
    AURORA_FIELD(row_t, large),
    AURORA_FIELD(row_t, size),
    AURORA_FIELD(row_t, color),
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
  row_t row;

  (void)error;
  (void)data;
  (void)aurora_result_read(result, 0, fields, sizeof fields / sizeof *fields, &row);
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
