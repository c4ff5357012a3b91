/*
 * Values: C to SQL by parameters, and back. AURORA_PARAMS picks the type by the C expression; the
 * makers (aurora_decimal, aurora_bytes, ...) say it where C has no such type.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

static int failed;

/* Everything that may come out of a result. */
static void print_value(const char *column, aurora_value_t value)
{
  const aurora_datetime_t *at = &value.as.datetime;
  const aurora_time_t *span = &value.as.time;

  printf("%-8s %-8s ", column, aurora_type_name(value.type));
  switch (value.type) {
  case AURORA_TYPE_NULL:
    puts("-");
    break;
  case AURORA_TYPE_INT64:
    printf("%" PRId64 "\n", value.as.int64);
    break;
  case AURORA_TYPE_UINT64:
    printf("%" PRIu64 "\n", value.as.uint64);
    break;
  case AURORA_TYPE_DOUBLE:
    printf("%g\n", value.as.float64);
    break;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING: /* may hold NULs inside: the size counts */
    printf("%.*s\n", (int)value.as.text.size, value.as.text.data);
    break;
  case AURORA_TYPE_BYTES:
    for (size_t i = 0; i < value.as.text.size; i++)
      printf("%02x", (unsigned char)value.as.text.data[i]);
    puts("");
    break;
  case AURORA_TYPE_DATE:
    printf("%04d-%02d-%02d\n", at->year, at->month, at->day);
    break;
  case AURORA_TYPE_DATETIME:
    printf("%04d-%02d-%02d %02d:%02d:%02d.%06" PRIu32 "\n", at->year, at->month, at->day, at->hour,
           at->minute, at->second, at->microsecond);
    break;
  case AURORA_TYPE_TIME:
    printf("%s%02d:%02d:%02d\n", span->negative ? "-" : "", span->hours, span->minutes,
           span->seconds);
    break;
  }
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)data;
  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
    return;
  }
  for (size_t row = 0; row < aurora_result_rows(result); row++)
    for (unsigned column = 0; column < aurora_result_columns(result); column++)
      print_value(aurora_result_column_name(result, column),
                  aurora_result_value(result, row, column));
}

/* Statements on a connection of one's own run in order; all may be handed in at once. */
static void on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  static const char create[] =
      "CREATE TEMPORARY TABLE v (truth BOOL, count INT, total BIGINT UNSIGNED, ratio DOUBLE, "
      "price DECIMAL(8,2), name VARCHAR(20), word VARCHAR(20), hash VARBINARY(8), born DATE, "
      "seen DATETIME(6), span TIME, note VARCHAR(20))";
  static const char insert[] = "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  aurora_datetime_t seen = {2024, 2, 29, 23, 59, 58, 500000};
  aurora_time_t span = {.negative = true, .hours = 100, .minutes = 30};
  const unsigned char hash[] = {0xde, 0xad, 0x00, 0xbe};
  const char *no_note = NULL;
  aurora_value_t ids[3];
  int code = 0;

  if (error) {
    on_result(error, NULL, data);
    return;
  }
  code |= aurora_connection_query(connection, create, AURORA_NO_PARAMS, on_result, NULL);
  /* By the C type. A NULL char pointer is SQL NULL. */
  code |= aurora_connection_query(connection, insert,
                                  AURORA_PARAMS(true, -7, UINT64_MAX, 0.5, aurora_decimal("12.50"),
                                                "Grace", aurora_text("Hopper, too", 6),
                                                aurora_bytes(hash, sizeof hash),
                                                aurora_date(1906, 12, 9), seen, span, no_note),
                                  on_result, NULL);
  code |= aurora_connection_query(connection, "SELECT * FROM v", AURORA_NO_PARAMS, on_result, NULL);

  /* A number of parameters that is known at run time only: an array. */
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    ids[i] = AURORA_VALUE(i * 10);
  code |= aurora_connection_query(connection, "SELECT COUNT(*) AS found FROM v WHERE 20 IN (?,?,?)",
                                  (aurora_params_t){ids, 3}, on_result, NULL);

  /* Each maker by its name, as C++ needs it (AURORA_PARAMS is C only). */
  const aurora_value_t named[] = {aurora_int64(-1),     aurora_uint64(1), aurora_double(1.5),
                                  aurora_string("one"), aurora_null(),    aurora_datetime(seen),
                                  aurora_time(span)};
  code |= aurora_connection_query(
      connection,
      "SELECT ? = -1 AND ? = 1 AND ? = 1.5 AND ? = 'one' AND ? IS NULL AND ? > '2024-01-01' AND "
      "? < '00:00:00' AS all_right",
      (aurora_params_t){named, 7}, on_result, NULL);
  if (code != 0)
    failed = 1;
  /* What is queued still runs. The session is cleaned after it: the temporary table goes. */
  aurora_connection_release(connection);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_pool_t *pool;
  aurora_error_t error;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  if (aurora_pool_acquire(pool, on_connection, NULL) != 0)
    failed = 1;
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
