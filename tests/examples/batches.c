/*
 * Batches: one statement for many rows of parameters; all of them are kept, or none.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

enum { COLUMNS = 2, ROWS = 500 };

static int failed;

static void accepted(int code)
{
  if (code != 0) {
    fprintf(stderr, "refused: %s\n", aurora_strerror(code));
    failed = 1;
  }
}

static void on_batch(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  size_t row = aurora_batch_failed_row(batch);
  aurora_error_t why;

  /* batch is never NULL: after an error it tells which row was to blame. */
  printf("%s: %s, %zu of %zu rows executed, %zu failed, %" PRIu64 " affected\n", (const char *)data,
         error ? aurora_err_name(error->code) : "ok", aurora_batch_executed(batch),
         aurora_batch_rows(batch), aurora_batch_failed(batch), aurora_batch_affected_rows(batch));
  /* MariaDB takes many rows in one packet; other servers get them one after the other. */
  if (aurora_batch_bulk(batch) > 0)
    printf("  %zu of them went in bulk\n", aurora_batch_bulk(batch));
  if (row != SIZE_MAX && aurora_batch_row_error(batch, row, &why) == 0)
    printf("  row %zu: %s, server error %u\n", row, aurora_err_name(why.code), why.server_errno);
}

/* What each row did is known when rows are executed one by one. */
static void on_each(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  on_batch(error, batch, data);
  for (size_t i = 0; i < aurora_batch_rows(batch); i++) {
    aurora_batch_row_t row = aurora_batch_row(batch, i);

    if (row.state == AURORA_ROW_EXECUTED && row.has_affected_rows)
      printf("  row %zu: %" PRIu64 " affected, id %" PRIu64 "\n", i, row.affected_rows,
             row.insert_id);
    else if (row.state == AURORA_ROW_FAILED)
      printf("  row %zu: left out\n", i);
  }
}

static void on_done(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  int64_t count;

  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
  } else if (data && aurora_result_int64(result, 0, 0, &count) == 0)
    printf("%s: %" PRId64 " rows\n", (const char *)data, count);
}

static const char insert[] = "INSERT INTO aurora_example_parts (name, pieces) VALUES (?, ?)";

/* On a lease with an open transaction a batch is a part of that. */
static void on_begin(const aurora_error_t *error, aurora_connection_t *c, void *data)
{
  const aurora_value_t more[] = {aurora_string("nut"), aurora_int64(7)};

  (void)data;
  if (error) {
    on_done(error, NULL, NULL);
    return;
  }
  accepted(aurora_connection_batch(c, insert, (aurora_rows_t){more, COLUMNS, 1}, NULL, on_batch,
                                   (void *)"undone later", NULL));
  accepted(aurora_connection_rollback(c, NULL, NULL));
}

static void run(aurora_pool_t *pool, const char *sql, const char *what)
{
  accepted(aurora_pool_query(pool, sql, AURORA_NO_PARAMS, on_done, (void *)what));
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  static char names[ROWS][12];
  static aurora_value_t values[ROWS * COLUMNS]; /* row by row; copied by the call */
  const aurora_value_t some[] = {aurora_string("washer"), aurora_int64(10),
                                 aurora_string("part 7"), aurora_int64(20), /* is there already */
                                 aurora_string("hinge"),  aurora_int64(30)};
  const aurora_rows_t three = {some, COLUMNS, 3};
  aurora_batch_options_t keep_good = {.flags = AURORA_BATCH_KEEP_GOOD | AURORA_BATCH_ONE_BY_ONE};
  aurora_pool_t *pool;
  aurora_error_t error;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  run(pool, "DROP TABLE IF EXISTS aurora_example_parts", NULL);
  run(pool,
      "CREATE TABLE aurora_example_parts (id INT AUTO_INCREMENT PRIMARY KEY, "
      "name VARCHAR(20) UNIQUE, pieces INT)",
      NULL);
  for (int i = 0; i < ROWS; i++) {
    snprintf(names[i], sizeof names[i], "part %d", i);
    values[i * COLUMNS] = AURORA_VALUE(&names[i][0]);
    values[i * COLUMNS + 1] = AURORA_VALUE(i);
  }
  accepted(aurora_pool_batch(pool, insert, (aurora_rows_t){values, COLUMNS, ROWS}, NULL, on_batch,
                             (void *)"all good", NULL));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_batch(pool, insert, three, NULL, on_batch, (void *)"one bad", NULL));
  uv_run(loop, UV_RUN_DEFAULT);
  run(pool, "SELECT COUNT(*) FROM aurora_example_parts", "so far");
  run(pool, "ALTER TABLE aurora_example_parts AUTO_INCREMENT = 1001", NULL);
  accepted(aurora_pool_batch(pool, insert, three, &keep_good, on_each, (void *)"good ones", NULL));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_begin(pool, NULL, on_begin, NULL));
  uv_run(loop, UV_RUN_DEFAULT);
  run(pool, "SELECT COUNT(*) FROM aurora_example_parts", "at the end");
  run(pool, "DROP TABLE aurora_example_parts", NULL);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
