/*
 * See batch_helpers.h.
 */
#include "integration/batch_helpers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "support/server_differences.h"

static void on_batch(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  batch_reply_t *reply = data;

  ck_assert_ptr_nonnull(batch);
  reply->rows = aurora_batch_rows(batch);
  reply->executed = aurora_batch_executed(batch);
  reply->failed = aurora_batch_failed(batch);
  reply->bulk = aurora_batch_bulk(batch);
  reply->failed_row = aurora_batch_failed_row(batch);
  reply->affected = aurora_batch_affected_rows(batch);
  reply->outcomes = calloc(reply->rows, sizeof *reply->outcomes);
  ck_assert_ptr_nonnull(reply->outcomes);
  for (size_t i = 0; i < reply->rows; i++) {
    bool failed = aurora_batch_row_error(batch, i, NULL) == 0;

    reply->outcomes[i] = aurora_batch_row(batch, i);
    ck_assert(failed == (reply->outcomes[i].state == AURORA_ROW_FAILED));
  }
  ck_assert((reply->failed == 0) == (reply->failed_row == SIZE_MAX));
  if (reply->failed)
    ck_assert_int_eq(aurora_batch_row_error(batch, reply->failed_row, &reply->row_error), 0);
  ck_assert_int_eq(aurora_batch_row(batch, reply->rows).state, AURORA_ROW_NOT_EXECUTED);
  ck_assert_int_eq(aurora_batch_row_error(batch, reply->rows, NULL), AURORA_ENOTFOUND);
  ck_assert_uint_eq(batch_count(reply, AURORA_ROW_EXECUTED), reply->executed);
  ck_assert_uint_eq(batch_count(reply, AURORA_ROW_FAILED), reply->failed);
  reply_on_done(error, &reply->reply);
}

void batch_ask(pool_fixture_t *fixture, aurora_connection_t *connection, batch_reply_t *reply,
               const char *sql, aurora_rows_t rows, const aurora_batch_options_t *options,
               aurora_query_t **ret_query)
{
  int code;

  memset(reply, 0, sizeof *reply);
  reply_init(&reply->reply, fixture);
  fixture->submitting++;
  if (connection)
    code = aurora_connection_batch(connection, sql, rows, options, on_batch, reply, ret_query);
  else
    code = aurora_pool_batch(fixture->pool, sql, rows, options, on_batch, reply, ret_query);
  fixture->submitting--;
  ck_assert_int_eq(code, 0);
}

void batch_wait(const batch_reply_t *reply)
{
  fixture_wait(reply->reply.fixture, &reply->reply);
}

batch_reply_t batch_run(pool_fixture_t *fixture, const char *sql, aurora_rows_t rows,
                        unsigned flags)
{
  aurora_batch_options_t options = {.flags = flags};
  batch_reply_t reply;

  batch_ask(fixture, NULL, &reply, sql, rows, &options, NULL);
  batch_wait(&reply);
  return reply;
}

bool batch_by_rows(bool asked)
{
  return asked || !server_has(SERVER_BULK);
}

void batch_clear(batch_reply_t *reply)
{
  free(reply->outcomes);
  reply->outcomes = NULL;
}

size_t batch_count(const batch_reply_t *reply, aurora_row_state_t state)
{
  size_t count = 0;

  for (size_t i = 0; i < reply->rows; i++)
    count += reply->outcomes[i].state == state;
  return count;
}

void batch_must_be_good(const batch_reply_t *reply, size_t executed, size_t bulk)
{
  reply_must_be_good(&reply->reply);
  ck_assert_uint_eq(reply->executed, executed);
  ck_assert_uint_eq(reply->bulk, server_has(SERVER_BULK) ? bulk : 0);
  for (size_t i = 0; i < reply->rows; i++) {
    const aurora_batch_row_t *row = &reply->outcomes[i];

    if (row->state == AURORA_ROW_EXECUTED)
      ck_assert(row->has_affected_rows == !row->bulk);
    if (!row->has_affected_rows)
      ck_assert(row->affected_rows == 0 && row->insert_id == 0);
  }
}

void batch_must_have_failed(const batch_reply_t *reply, int code)
{
  reply_must_be(&reply->reply, code);
  ck_assert_uint_eq(reply->executed, 0);
  ck_assert_uint_eq(reply->bulk, 0);
  ck_assert_uint_eq(reply->affected, 0);
}

aurora_rows_t batch_make_rows(int64_t first, size_t rows)
{
  aurora_value_t *values = calloc(2 * rows, sizeof *values);
  char *texts = calloc(rows, 32);

  ck_assert(values && texts);
  for (size_t i = 0; i < rows; i++) {
    snprintf(texts + 32 * i, 32, "text of %" PRId64, first + (int64_t)i);
    values[2 * i] = aurora_int64(first + (int64_t)i);
    values[2 * i + 1] = aurora_string(texts + 32 * i);
  }
  return (aurora_rows_t){values, 2, rows};
}

void batch_free_rows(aurora_rows_t rows)
{
  free((void *)rows.values[1].as.text.data); /* the first text begins the block */
  free((void *)rows.values);
}

void batch_set_number(aurora_rows_t rows, size_t row, int64_t number)
{
  ((aurora_value_t *)rows.values)[rows.columns * row] = aurora_int64(number);
}
