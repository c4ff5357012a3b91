/*
 * What the tests of batches share: a reply that keeps what the callback was told, and rows to send.
 */
#ifndef TESTS_INTEGRATION_BATCH_HELPERS_H
#define TESTS_INTEGRATION_BATCH_HELPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora.h>

#include "support/pool_fixture.h"

typedef struct {
  reply_t reply;
  size_t rows, executed, failed, bulk, failed_row;
  uint64_t affected;
  aurora_batch_row_t *outcomes; /* one a row */
  aurora_error_t row_error;     /* of failed_row, if there is one */
} batch_reply_t;

/* Asks; refused by none. connection NULL: on the pool. options and ret_query may be NULL. */
void batch_ask(pool_fixture_t *fixture, aurora_connection_t *connection, batch_reply_t *reply,
               const char *sql, aurora_rows_t rows, const aurora_batch_options_t *options,
               aurora_query_t **ret_query);
/* Asks and waits, on the pool with flags. */
batch_reply_t batch_run(pool_fixture_t *fixture, const char *sql, aurora_rows_t rows,
                        unsigned flags);
void batch_wait(const batch_reply_t *reply);
void batch_clear(batch_reply_t *reply);

/* One callback without an error: so many rows executed, of which so many in bulk, on a server that has
 * it; else none. */
void batch_must_be_good(const batch_reply_t *reply, size_t executed, size_t bulk);
/* One callback with this code, and nothing executed. */
void batch_must_have_failed(const batch_reply_t *reply, int code);
/* Whether each row is a statement of its own: so it was asked for, or the server has no bulk. */
bool batch_by_rows(bool asked);
/* How many rows are in a state. */
size_t batch_count(const batch_reply_t *reply, aurora_row_state_t state);

/* Rows (n, "text of n") for n from `first`; the values are the caller's to free. */
aurora_rows_t batch_make_rows(int64_t first, size_t rows);
void batch_free_rows(aurora_rows_t rows);
/* Sets one number, so that its row is a duplicate. */
void batch_set_number(aurora_rows_t rows, size_t row, int64_t number);

#endif
