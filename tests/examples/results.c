/*
 * Results: reading cells, checked, and keeping a result longer than its callback.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

static int failed;

static void print_columns(const aurora_result_t *result)
{
  printf("%zu rows, %u columns:", aurora_result_rows(result), aurora_result_columns(result));
  for (unsigned column = 0; column < aurora_result_columns(result); column++)
    printf(" %s (%s)", aurora_result_column_name(result, column),
           aurora_type_name(aurora_result_column_type(result, column)));
  puts("");
}

/* A reader says 0, AURORA_ENOTFOUND or AURORA_ETYPE, and writes on 0 only: never a wrong number. */
static void print_row(const aurora_result_t *result, size_t row)
{
  int64_t id;
  uint64_t views;
  bool active;
  double rating;
  const char *name;
  aurora_text_t note, hash;
  aurora_datetime_t seen;
  aurora_time_t spent;

  if (!aurora_result_is_null(result, row, 0) && aurora_result_int64(result, row, 0, &id) == 0)
    printf("id %" PRId64, id);
  if (aurora_result_uint64(result, row, 1, &views) == 0)
    printf(", views %" PRIu64, views);
  if (aurora_result_bool(result, row, 2, &active) == 0)
    printf(", %s", active ? "active" : "passive");
  if (aurora_result_double(result, row, 3, &rating) == 0)
    printf(", rating %.1f", rating);
  if (aurora_result_string(result, row, 4, &name) == 0) /* a C string; not with a NUL inside */
    printf(", name %s", name);
  if (aurora_result_text(result, row, 5, &note) == 0) /* any text, with its size */
    printf(", note of %zu bytes", note.size);
  if (aurora_result_bytes(result, row, 6, &hash) == 0)
    printf(", hash of %zu bytes", hash.size);
  if (aurora_result_datetime(result, row, 7, &seen) == 0)
    printf(", seen in %d", seen.year);
  if (aurora_result_time(result, row, 8, &spent) == 0)
    printf(", %d minutes", spent.hours * 60 + spent.minutes);
  puts("");
}

/* Columns by name: look the index up once a result, not once a row. */
static void print_errors(const aurora_result_t *result)
{
  int column = aurora_result_column(result, "views");
  const char *text = "untouched";
  int64_t number = -1;
  int code;

  if (column < 0)
    return;
  code = aurora_result_int64(result, 0, (unsigned)column, &number); /* 2^64 - 1 does not fit */
  printf("views as int64: %s, the number is still %" PRId64 "\n", aurora_err_name(code), number);
  code = aurora_result_string(result, 1, 4, &text); /* NULL */
  printf("a NULL name: %s, the text is still %s\n", aurora_err_name(code), text);
  code = aurora_result_int64(result, 2, 0, &number);
  printf("row 2: %s\n", aurora_err_name(code));
  printf("column \"price\": %s\n", aurora_err_name(aurora_result_column(result, "price")));
  /* So a name may be passed straight on, where it is read but once. */
  code = aurora_result_int64(result, 0, (unsigned)aurora_result_column(result, "price"), &number);
  printf("reading it: %s\n", aurora_err_name(code));
  /* Unchecked, a cell with its type. */
  if (aurora_result_value(result, 1, 4).type == AURORA_TYPE_NULL)
    puts("the second name is NULL");
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  aurora_result_t **kept = (aurora_result_t **)data;

  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
    return;
  }
  /* Borrowed until this callback returns, unless it is kept. */
  *kept = aurora_result_ref(result);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_result_t *kept = NULL;
  aurora_pool_t *pool;
  aurora_error_t error;
  int code;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  code = aurora_pool_query(
      pool,
      "SELECT 1 AS id, CAST(18446744073709551615 AS UNSIGNED) AS views, TRUE AS active, 4.5e0 AS "
      "rating, "
      "'Ada' AS name, 'two\\0parts' AS note, x'c0ffee' AS hash, "
      "TIMESTAMP'2024-05-17 12:30:00' AS seen, TIME'01:15:00' AS spent "
      "UNION ALL SELECT 2, CAST(0 AS UNSIGNED), FALSE, NULL, NULL, NULL, NULL, NULL, NULL",
      AURORA_NO_PARAMS, on_result, &kept);
  if (code != 0)
    failed = 1;
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);

  /* A kept result outlives the pool. */
  if (kept) {
    print_columns(kept);
    print_row(kept, 0);
    print_row(kept, 1);
    print_errors(kept);
  }
  aurora_result_unref(kept);
  return uv_loop_close(loop) != 0 || failed;
}
