/*
 * A transaction that runs again after a deadlock. Two transfers lock two accounts in opposite order:
 * the server ends one of them, and the pool runs that one again from its start.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct {
  int from, to;
  aurora_transaction_t *transaction; /* of the present attempt */
  aurora_connection_t *connection;
  int attempts;
} transfer_t;

static transfer_t transfers[] = {{.from = 1, .to = 2}, {.from = 2, .to = 1}};
static int locked; /* how many transfers have the first of their two locks */
static int failed;

static void on_added(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  transfer_t *transfer = (transfer_t *)data;

  (void)result;
  /* NULL commits. Else roll back: for AURORA_EDEADLOCK and AURORA_ELOCKTIMEOUT the body is called
   * again, with any other error it is over. */
  aurora_transaction_finish(transfer->transaction, error);
}

static void add(transfer_t *transfer)
{
  aurora_error_t error = {0};

  error.code = aurora_connection_query(
      transfer->connection, "UPDATE aurora_example_accounts SET balance = balance + 1 WHERE id = ?",
      AURORA_PARAMS(transfer->to), on_added, transfer);
  if (error.code != 0) /* every path ends with one finish */
    aurora_transaction_finish(transfer->transaction, &error);
}

static void on_taken(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  transfer_t *transfer = (transfer_t *)data;

  (void)result;
  if (error) {
    aurora_transaction_finish(transfer->transaction, error);
    return;
  }
  if (++locked < 2) /* so that the deadlock surely happens: wait for the other one */
    return;
  if (locked > 2) { /* one of the two, run again */
    add(transfer);
    return;
  }
  add(&transfers[0]);
  add(&transfers[1]);
}

/* The body may be called several times: nothing of the attempt before must be left. */
static void body(aurora_transaction_t *transaction, aurora_connection_t *connection, void *data)
{
  transfer_t *transfer = (transfer_t *)data;
  aurora_error_t error = {0};

  transfer->transaction = transaction;
  transfer->connection = connection;
  transfer->attempts++;
  error.code = aurora_connection_query(
      connection, "UPDATE aurora_example_accounts SET balance = balance - 1 WHERE id = ?",
      AURORA_PARAMS(transfer->from), on_taken, transfer);
  if (error.code != 0)
    aurora_transaction_finish(transaction, &error);
}

/* After the last attempt. */
static void on_transferred(const aurora_error_t *error, void *data)
{
  static int committed, attempts;

  if (error) {
    fprintf(stderr, "%s: %s%s\n", aurora_err_name(error->code), error->message,
            error->outcome == AURORA_UNKNOWN ? " (it may have been committed)" : "");
    failed = 1;
    return;
  }
  committed++;
  attempts += ((transfer_t *)data)->attempts;
  printf("%d committed\n", committed);
  if (committed == 2)
    printf("%d attempts in all\n", attempts);
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  int64_t id, balance;

  (void)data;
  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
    return;
  }
  for (size_t row = 0; row < aurora_result_rows(result); row++)
    if (aurora_result_int64(result, row, 0, &id) == 0 &&
        aurora_result_int64(result, row, 1, &balance) == 0)
      printf("account %" PRId64 ": %" PRId64 "\n", id, balance);
}

/* One statement, and the loop until it is done: for the preparations of an example only. */
static void run(aurora_pool_t *pool, const char *sql)
{
  if (aurora_pool_query(pool, sql, AURORA_NO_PARAMS, on_result, NULL) != 0)
    failed = 1;
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_transaction_options_t options = {.attempts = 5, .label = "transfer"};
  aurora_pool_t *pool;
  aurora_error_t error;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  run(pool, "DROP TABLE IF EXISTS aurora_example_accounts");
  run(pool, "CREATE TABLE aurora_example_accounts (id INT PRIMARY KEY, balance INT)");
  run(pool, "INSERT INTO aurora_example_accounts VALUES (1, 100), (2, 100)");
  for (int i = 0; i < 2; i++)
    if (aurora_pool_transact(pool, &options, body, on_transferred, &transfers[i]) != 0)
      failed = 1;
  uv_run(loop, UV_RUN_DEFAULT);
  run(pool, "SELECT id, balance FROM aurora_example_accounts ORDER BY id");
  run(pool, "DROP TABLE aurora_example_accounts");
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
