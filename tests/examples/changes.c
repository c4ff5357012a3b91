/*
 * What a statement has changed, what it warns of, and the several results of a procedure call.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

static int failed;

static int is_error(const aurora_error_t *error)
{
  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
  }
  return error != NULL;
}

static void on_change(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  if (is_error(error))
    return;
  printf("%s: %" PRIu64 " affected, insert id %" PRIu64 ", %u warnings, \"%s\"\n",
         (const char *)data, aurora_result_affected_rows(result), aurora_result_insert_id(result),
         aurora_result_warnings(result), aurora_result_info(result));
}

static void on_warnings(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  const char *message;

  (void)data;
  if (is_error(error))
    return;
  for (size_t row = 0; row < aurora_result_rows(result); row++)
    if (aurora_result_string(result, row, 2, &message) == 0)
      printf("  warning: %s\n", message);
}

/* A procedure answers with a chain: each SELECT's rows, the OUT parameters, and a last one that says
 * what was changed: on MySQL by the last statement, on MariaDB by all of them (here the DELETE's two
 * rows). The callback comes once, with the first. */
static void on_call(const aurora_error_t *error, const aurora_result_t *first, void *data)
{
  int64_t number;

  (void)data;
  if (is_error(error))
    return;
  for (const aurora_result_t *result = first; result; result = aurora_result_next(result)) {
    if (aurora_result_columns(result) == 0)
      printf("call: the end, %" PRIu64 " affected\n", aurora_result_affected_rows(result));
    else if (aurora_result_int64(result, 0, 0, &number) == 0)
      printf("call: %s %s = %" PRId64 "\n",
             aurora_result_is_out_params(result) ? "OUT parameter" : "column",
             aurora_result_column_name(result, 0), number);
  }
}

static void on_connection(const aurora_error_t *error, aurora_connection_t *c, void *data)
{
  static const char procedure[] =
      "CREATE PROCEDURE aurora_example_stock (IN at_most INT, OUT total INT) BEGIN "
      "SELECT COUNT(*) AS small FROM stock WHERE pieces <= at_most; "
      "SET total = (SELECT SUM(pieces) FROM stock); "
      "DELETE FROM stock WHERE pieces <= at_most; END";
  int code = 0;

  (void)data;
  if (is_error(error))
    return;
  code |= aurora_connection_query(c,
                                  "CREATE TEMPORARY TABLE stock (id INT AUTO_INCREMENT PRIMARY KEY,"
                                  " pieces INT, name VARCHAR(5))",
                                  AURORA_NO_PARAMS, on_change, (void *)"create");
  code |=
      aurora_connection_query(c, "INSERT INTO stock (pieces, name) VALUES (?, ?), (?, ?)",
                              AURORA_PARAMS(3, "nuts", 40, "bolts"), on_change, (void *)"insert");
  code |= aurora_connection_query(c, "UPDATE stock SET pieces = GREATEST(pieces, 10)",
                                  AURORA_NO_PARAMS, on_change, (void *)"update");
  /* A statement may succeed with warnings. Their texts are the next statement of the session. */
  code |= aurora_connection_query(c, "INSERT IGNORE INTO stock VALUES (NULL, 7, 'washers')",
                                  AURORA_NO_PARAMS, on_change, (void *)"ignore");
  code |= aurora_connection_query(c, "SHOW WARNINGS", AURORA_NO_PARAMS, on_warnings, NULL);

  code |= aurora_connection_query(c, "DROP PROCEDURE IF EXISTS aurora_example_stock",
                                  AURORA_NO_PARAMS, on_change, (void *)"drop");
  code |= aurora_connection_query(c, procedure, AURORA_NO_PARAMS, on_change, (void *)"procedure");
  /* An OUT parameter is a placeholder, too; what is given for it does not matter. */
  code |= aurora_connection_query(c, "CALL aurora_example_stock(?, ?)",
                                  AURORA_PARAMS(10, aurora_null()), on_call, NULL);
  code |= aurora_connection_query(c, "DROP PROCEDURE aurora_example_stock", AURORA_NO_PARAMS,
                                  on_change, (void *)"drop");
  if (code != 0)
    failed = 1;
  aurora_connection_release(c);
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
