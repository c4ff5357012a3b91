/*
 * Transactions on a lease: BEGIN, COMMIT, ROLLBACK and savepoints are statements in the lease's own
 * queue, so they keep their place among the caller's. See connection/fate.h for what a deadlock does.
 */
#include "transaction/transaction.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "pool/pool.h"

enum { NAME_CHARACTERS = 64, NAME_BYTES = 4 * NAME_CHARACTERS };

/* --- Statements of ours ------------------------------------------------------------------------- */

static int run(aurora_connection_t *handle, const char *sql, aurora_done_cb cb, void *data)
{
  const aurora_params_t none = {NULL, 0};
  aurora_connection_t *connection = aurora__handle_find(handle);
  aurora_query_t *query;
  aurora__sql_t text;
  int code;

  if (!connection)
    return UV_EINVAL;
  code = aurora__sql_of(connection->pool, sql, &text);
  if (!code)
    code = aurora__query_create(connection->pool, &text, none, NULL, NULL, data, &query);
  if (code)
    return code;
  query->wants_done = true;
  query->cb.done = cb;
  aurora__connection_submit(connection, query);
  return 0;
}

static int end_with(aurora_connection_t *handle, const char *sql, aurora_done_cb cb, void *data)
{
  int code = run(handle, sql, cb, data);

  if (!code)
    aurora_connection_release(handle);
  return code;
}

int aurora_connection_commit(aurora_connection_t *handle, aurora_done_cb cb, void *data)
{
  return end_with(handle, "COMMIT", cb, data);
}

int aurora_connection_rollback(aurora_connection_t *handle, aurora_done_cb cb, void *data)
{
  return end_with(handle, "ROLLBACK", cb, data);
}

/* --- Savepoints --------------------------------------------------------------------------------- */

static size_t characters_in(const char *text)
{
  size_t count = 0;

  for (; *text; text++)
    count += ((unsigned char)*text & 0xc0) != 0x80;
  return count;
}

static int run_named(aurora_connection_t *handle, const char *statement, const char *name,
                     aurora_done_cb cb, void *data)
{
  char sql[2 * NAME_BYTES + 64];
  size_t size;

  if (!name || !name[0] || strnlen(name, NAME_BYTES + 1) > NAME_BYTES ||
      characters_in(name) > NAME_CHARACTERS || !aurora__is_utf8(name, strlen(name)))
    return UV_EINVAL;
  size = (size_t)snprintf(sql, sizeof sql, "%s `", statement);
  for (; *name; name++) {
    if (*name == '`')
      sql[size++] = '`';
    sql[size++] = *name;
  }
  sql[size++] = '`';
  sql[size] = '\0';
  return run(handle, sql, cb, data);
}

int aurora_connection_savepoint(aurora_connection_t *handle, const char *name, aurora_done_cb cb,
                                void *data)
{
  return run_named(handle, "SAVEPOINT", name, cb, data);
}

int aurora_connection_rollback_to(aurora_connection_t *handle, const char *name, aurora_done_cb cb,
                                  void *data)
{
  return run_named(handle, "ROLLBACK TO SAVEPOINT", name, cb, data);
}

/* --- The beginning ------------------------------------------------------------------------------ */

typedef struct {
  aurora_transaction_options_t options;
  aurora_connection_t *handle;
  aurora_connection_cb cb;
  void *data;
} begin_t;

static void give(begin_t *begin, const aurora_error_t *error)
{
  aurora_connection_t *handle = begin->handle;
  aurora_connection_t *connection;
  aurora_connection_cb cb = begin->cb;
  void *data = begin->data;

  aurora__free(begin);
  if (error) {
    aurora_connection_release(handle);
    cb(error, NULL, data);
    return;
  }
  connection = aurora__handle_find(handle);
  if (connection)
    connection->in_transaction = true;
  cb(NULL, handle, data);
}

static void give_up(begin_t *begin, int code)
{
  aurora_error_t error;

  aurora__error_set(&error, code, AURORA_NOT_SENT, "the transaction could not be started: %s",
                    aurora_strerror(code));
  give(begin, &error);
}

static void on_started(const aurora_error_t *error, void *data)
{
  give(data, error);
}

static const char *start_sql(const aurora_transaction_options_t *options)
{
  static const char *const statements[2][2] = {
      {"START TRANSACTION", "START TRANSACTION WITH CONSISTENT SNAPSHOT"},
      {"START TRANSACTION READ ONLY", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"},
  };

  return statements[options->read_only][options->consistent_snapshot];
}

static void start(begin_t *begin)
{
  int code = run(begin->handle, start_sql(&begin->options), on_started, begin);

  if (code)
    give_up(begin, code);
}

static void on_isolation_set(const aurora_error_t *error, void *data)
{
  if (error)
    give(data, error);
  else
    start(data);
}

/* For the next transaction only: a statement of its own before it. */
static void set_isolation(begin_t *begin)
{
  static const char *const statements[] = {
      [AURORA_READ_UNCOMMITTED] = "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
      [AURORA_READ_COMMITTED] = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
      [AURORA_REPEATABLE_READ] = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
      [AURORA_SERIALIZABLE] = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
  };
  int code = run(begin->handle, statements[begin->options.isolation], on_isolation_set, begin);

  if (code)
    give_up(begin, code);
}

static void on_acquired(const aurora_error_t *error, aurora_connection_t *handle, void *data)
{
  begin_t *begin = data;
  aurora_connection_cb cb = begin->cb;
  void *cb_data = begin->data;

  if (error) {
    aurora__free(begin);
    cb(error, NULL, cb_data);
    return;
  }
  begin->handle = handle;
  if (begin->options.isolation == AURORA_ISOLATION_DEFAULT)
    start(begin);
  else
    set_isolation(begin);
}

int aurora_pool_begin(aurora_pool_t *pool, const aurora_transaction_options_t *options,
                      aurora_connection_cb cb, void *data)
{
  aurora_acquire_options_t acquire = {0};
  begin_t *begin;
  int code;

  if (!pool || !cb || (options && (unsigned)options->isolation > AURORA_SERIALIZABLE))
    return UV_EINVAL;
  begin = aurora__calloc(1, sizeof *begin);
  if (!begin)
    return UV_ENOMEM;
  begin->cb = cb;
  begin->data = data;
  if (options) {
    begin->options = *options;
    acquire.acquire_timeout_ms = options->acquire_timeout_ms;
    acquire.label = options->label;
  }
  code = aurora_pool_acquire_with(pool, &acquire, on_acquired, begin);
  if (code)
    aurora__free(begin);
  return code;
}
