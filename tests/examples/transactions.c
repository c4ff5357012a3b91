/*
 * Transactions by hand: begin, savepoints, commit, rollback. (transact.c runs one again after a
 * deadlock by itself.)
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct {
  int64_t first_id;
  aurora_connection_t *connection;
  int errors;
} order_t;

static int failed;

static int accepted(int code)
{
  if (code != 0) {
    fprintf(stderr, "refused: %s\n", aurora_strerror(code));
    failed = 1;
  }
  return code == 0;
}

static void on_done(const aurora_error_t *error, void *data)
{
  printf("%s: %s\n", (const char *)data, error ? error->message : "ok");
}

static void on_statement(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  order_t *order = (order_t *)data;

  (void)result;
  if (error) {
    printf("order %" PRId64 ": server error %u\n", order->first_id, error->server_errno);
    order->errors++;
  }
}

static void on_last_statement(const aurora_error_t *error, const aurora_result_t *result,
                              void *data)
{
  order_t *order = (order_t *)data;

  on_statement(error, result, data);
  /* The server would commit what has gone well: whether that is enough is this program's decision.
   * Either call hands the connection back, which must not be touched any more. */
  if (order->errors == 0)
    accepted(aurora_connection_commit(order->connection, on_done, (void *)"commit"));
  else
    accepted(aurora_connection_rollback(order->connection, on_done, (void *)"rollback"));
}

/* Statements queue in order, savepoints too: one need not wait for the callback before the next. */
static void on_begin(const aurora_error_t *error, aurora_connection_t *c, void *data)
{
  static const char insert[] = "INSERT INTO aurora_example_orders VALUES (?, ?)";
  order_t *order = (order_t *)data;

  if (error) { /* then there is no connection */
    on_done(error, (void *)"begin");
    return;
  }
  order->connection = c;
  accepted(
      aurora_connection_query(c, insert, AURORA_PARAMS(order->first_id, 10), on_statement, order));
  accepted(aurora_connection_savepoint(c, "before the gift", NULL, NULL));
  accepted(aurora_connection_query(c, insert, AURORA_PARAMS(order->first_id + 1, 1000),
                                   on_statement, order));
  accepted(aurora_connection_rollback_to(c, "before the gift", on_done, (void *)"no gift"));
  if (!accepted(aurora_connection_query(c, insert, AURORA_PARAMS(order->first_id + 2, 5),
                                        on_last_statement, order)))
    aurora_connection_release(c); /* rolls back */
}

static void on_sum(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  int64_t count, sum;

  (void)data;
  if (error || aurora_result_int64(result, 0, 0, &count) != 0 ||
      aurora_result_int64(result, 0, 1, &sum) != 0)
    failed = 1;
  else
    printf("%" PRId64 " orders of %" PRId64 " pieces\n", count, sum);
}

static void on_begin_reading(const aurora_error_t *error, aurora_connection_t *c, void *data)
{
  if (error) {
    on_done(error, data);
    return;
  }
  accepted(aurora_connection_query(c, "SELECT COUNT(*), SUM(pieces) FROM aurora_example_orders",
                                   AURORA_NO_PARAMS, on_sum, NULL));
  /* Needs no callback, and never commits: right for a transaction that only reads. */
  aurora_connection_release(c);
}

static void run(aurora_pool_t *pool, const char *sql)
{
  order_t nobody = {0};

  accepted(aurora_pool_query(pool, sql, AURORA_NO_PARAMS, on_statement, &nobody));
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* The steps of this example follow one another in main, by one uv_run each. A server would run the
 * loop once, and go from one step to the next in the callbacks. */
int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_transaction_options_t reading = {
      .isolation = AURORA_REPEATABLE_READ, .read_only = true, .consistent_snapshot = true};
  order_t good = {.first_id = 1};
  order_t bad = {.first_id = 3}; /* is there already */
  aurora_pool_t *pool;
  aurora_error_t error;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  run(pool, "DROP TABLE IF EXISTS aurora_example_orders");
  run(pool, "CREATE TABLE aurora_example_orders (id INT PRIMARY KEY, pieces INT)");
  accepted(aurora_pool_begin(pool, NULL, on_begin, &good));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_begin(pool, NULL, on_begin, &bad));
  uv_run(loop, UV_RUN_DEFAULT);
  accepted(aurora_pool_begin(pool, &reading, on_begin_reading, (void *)"begin"));
  uv_run(loop, UV_RUN_DEFAULT);
  run(pool, "DROP TABLE aurora_example_orders");
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
