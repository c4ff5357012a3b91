/*
 * Asking for a batch: arguments checked, everything copied into one block.
 */
#include "batch/batch.h"

#include <string.h>

#include "base/alloc.h"
#include "pool/pool.h"

enum { MOST_COLUMNS = 65535 /* the protocol counts parameters in 16 bits */ };

static int check(const aurora_pool_t *pool, const char *sql, aurora_rows_t rows,
                 const aurora_batch_options_t *options, aurora_batch_cb cb)
{
  unsigned flags = options ? options->flags : 0;
  size_t count;

  if (!sql || !sql[0] || !cb || !rows.values || !rows.rows || !rows.columns)
    return UV_EINVAL;
  if (flags & ~(unsigned)(AURORA_BATCH_ONE_BY_ONE | AURORA_BATCH_KEEP_GOOD))
    return UV_EINVAL;
  if (rows.columns > MOST_COLUMNS || __builtin_mul_overflow(rows.rows, rows.columns, &count))
    return UV_EINVAL;
  return aurora__values_check(pool, rows.values, rows.columns, rows.rows);
}

/* The block's size, or 0 when there is no such size. */
static size_t block_size(aurora_rows_t rows)
{
  size_t count = rows.rows * rows.columns;
  size_t size = sizeof(aurora_batch_t);
  size_t part;
  size_t i;

  if (__builtin_mul_overflow(rows.rows, sizeof(aurora_batch_row_t), &part) ||
      __builtin_add_overflow(size, part, &size) ||
      __builtin_mul_overflow(count + rows.columns, sizeof(aurora_value_t), &part) ||
      __builtin_add_overflow(size, part, &size))
    return 0;
  for (i = 0; i < count; i++) {
    if (aurora__value_has_text(&rows.values[i]) &&
        __builtin_add_overflow(size, rows.values[i].as.text.size, &size))
      return 0;
  }
  return size;
}

static void copy_texts(aurora_value_t *values, size_t count, char *to)
{
  size_t i;

  for (i = 0; i < count; i++) {
    aurora_text_t *text = &values[i].as.text;

    if (!aurora__value_has_text(&values[i]))
      continue;
    if (text->size)
      memcpy(to, text->data, text->size);
    text->data = to;
    to += text->size;
  }
}

static aurora_batch_t *create(aurora_rows_t rows, unsigned flags)
{
  size_t count = rows.rows * rows.columns;
  size_t size = block_size(rows);
  aurora_batch_t *batch = size ? aurora__malloc(size) : NULL;

  if (!batch)
    return NULL;
  memset(batch, 0, sizeof *batch);
  batch->flags = flags;
  batch->rows = rows.rows;
  batch->columns = rows.columns;
  batch->outcomes = (aurora_batch_row_t *)(batch + 1);
  batch->values = (aurora_value_t *)(void *)(batch->outcomes + rows.rows);
  batch->bulk.types = batch->values + count;
  batch->bulk.columns = rows.columns;
  memcpy(batch->values, rows.values, count * sizeof *batch->values);
  copy_texts(batch->values, count, (char *)(batch->bulk.types + rows.columns));
  aurora__batch_clear_outcome(batch);
  return batch;
}

void aurora__batch_free(aurora_batch_t *batch)
{
  size_t i;

  if (!batch)
    return;
  if (batch->bulk.statement)
    aurora__statement_free(batch->bulk.statement); /* its session is gone */
  for (i = 0; i < batch->failure_count; i++)
    aurora__free(batch->failures[i]);
  aurora__free(batch->failures);
  aurora__free(batch);
}

/* Makes the query of checked arguments. 0; UV_ENOMEM; UV_EINVAL: the text is not UTF-8. */
static int create_query(aurora_pool_t *pool, const char *sql, aurora_rows_t rows,
                        const aurora_batch_options_t *options, aurora_batch_cb cb, void *data,
                        aurora_query_t **ret_query)
{
  const aurora_params_t none = {NULL, 0};
  aurora_query_options_t times = {0};
  aurora_batch_t *batch;
  aurora__sql_t text;
  int code = aurora__sql_of(pool, sql, &text);

  if (code)
    return code;
  batch = create(rows, options ? options->flags : 0);
  if (!batch)
    return UV_ENOMEM;
  if (options) {
    times.timeout_ms = options->timeout_ms;
    times.acquire_timeout_ms = options->acquire_timeout_ms;
  }
  code = aurora__query_create(pool, &text, none, &times, NULL, data, ret_query);
  if (code) {
    aurora__batch_free(batch);
    return code;
  }
  (*ret_query)->batch = batch;
  (*ret_query)->cb.batch = cb;
  return 0;
}

int aurora_pool_batch(aurora_pool_t *pool, const char *sql, aurora_rows_t rows,
                      const aurora_batch_options_t *options, aurora_batch_cb cb, void *data,
                      aurora_query_t **ret_query)
{
  aurora_query_t *query;
  int code;

  if (!pool)
    return UV_EINVAL;
  code = check(pool, sql, rows, options, cb);
  if (code)
    return code;
  if (pool->closing)
    return AURORA_ECLOSED;
  code = create_query(pool, sql, rows, options, cb, data, &query);
  if (code)
    return code;
  code = aurora__pool_submit(pool, query);
  if (!code && ret_query)
    *ret_query = query;
  return code;
}

int aurora_connection_batch(aurora_connection_t *handle, const char *sql, aurora_rows_t rows,
                            const aurora_batch_options_t *options, aurora_batch_cb cb, void *data,
                            aurora_query_t **ret_query)
{
  aurora_connection_t *connection = aurora__handle_find(handle);
  aurora_query_t *query;
  int code;

  if (!connection)
    return UV_EINVAL;
  code = check(connection->pool, sql, rows, options, cb);
  if (code)
    return code;
  code = create_query(connection->pool, sql, rows, options, cb, data, &query);
  if (code)
    return code;
  aurora__connection_submit(connection, query);
  if (ret_query)
    *ret_query = query;
  return 0;
}
