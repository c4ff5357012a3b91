/*
 * What became of a batch and its rows: kept while it runs, settled when it ends, read by the caller.
 */
#include "batch/batch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "pool/query.h"

void aurora__batch_clear_outcome(aurora_batch_t *batch)
{
  size_t i;

  for (i = 0; i < batch->failure_count; i++)
    aurora__free(batch->failures[i]);
  batch->failure_count = 0;
  batch->executed = 0;
  batch->in_bulk = 0;
  batch->affected = 0;
  memset(batch->outcomes, 0, batch->rows * sizeof *batch->outcomes);
}

void aurora__batch_row_executed(aurora_batch_t *batch, uint64_t affected, uint64_t insert_id)
{
  aurora_batch_row_t *row = &batch->outcomes[batch->next];

  row->state = AURORA_ROW_EXECUTED;
  row->has_affected_rows = true;
  row->affected_rows = affected;
  row->insert_id = insert_id;
  batch->executed++;
  batch->affected += affected;
}

void aurora__batch_run_executed(aurora_batch_t *batch, uint64_t affected)
{
  size_t i;

  for (i = batch->next; i < batch->run_end; i++) {
    batch->outcomes[i].state = AURORA_ROW_EXECUTED;
    batch->outcomes[i].bulk = true;
  }
  batch->executed += batch->run_end - batch->next;
  batch->in_bulk += batch->run_end - batch->next;
  batch->affected += affected;
}

static int make_room(aurora_batch_t *batch)
{
  size_t room = batch->failure_room ? 2 * batch->failure_room : 8;
  aurora__row_failure_t **failures;

  if (batch->failure_count < batch->failure_room)
    return 0;
  failures = aurora__realloc(batch->failures, room * sizeof(*failures));
  if (!failures)
    return UV_ENOMEM;
  batch->failures = failures;
  batch->failure_room = room;
  return 0;
}

int aurora__batch_add_failure(aurora_batch_t *batch, const aurora_error_t *error)
{
  size_t size = strlen(error->message) + 1;
  aurora__row_failure_t *failure;

  if (make_room(batch))
    return UV_ENOMEM;
  failure = aurora__malloc(sizeof *failure + size);
  if (!failure)
    return UV_ENOMEM;
  failure->row = batch->next;
  failure->code = error->code;
  failure->server_errno = error->server_errno;
  memcpy(failure->sqlstate, error->sqlstate, sizeof failure->sqlstate);
  memcpy(failure->message, error->message, size);
  batch->failures[batch->failure_count++] = failure;
  batch->outcomes[batch->next].state = AURORA_ROW_FAILED;
  return 0;
}

/* --- The end ------------------------------------------------------------------------------------ */

/* Nothing of it stays, as far as that is known. */
static void settle_failure(aurora_batch_t *batch, aurora_error_t *error)
{
  bool commit_unanswered = batch->commit_sent && error->outcome == AURORA_UNKNOWN;
  aurora_row_state_t state =
      commit_unanswered || batch->not_undone ? AURORA_ROW_UNKNOWN : AURORA_ROW_ROLLED_BACK;
  size_t begun = batch->under_way;
  size_t i;

  /* Of a single statement it would be right; of this one, rows were executed before, and the server was
   * not asked to undo them. */
  if (error->outcome == AURORA_NOT_SENT && batch->next && !batch->failed)
    error->outcome = AURORA_UNKNOWN;
  if (error->outcome == AURORA_NOT_SENT && !batch->next)
    begun = 0;
  for (i = 0; i < begun; i++) {
    aurora_batch_row_t *row = &batch->outcomes[i];

    if (row->state == AURORA_ROW_FAILED)
      continue;
    memset(row, 0, sizeof *row);
    row->state = state;
  }
  batch->executed = 0;
  batch->in_bulk = 0;
  batch->affected = 0;
}

void aurora__batch_deliver(aurora_query_t *query)
{
  if (query->failed)
    settle_failure(query->batch, &query->error);
  query->cb.batch(query->failed ? &query->error : NULL, query->batch, query->data);
}

/* --- Reading ------------------------------------------------------------------------------------ */

size_t aurora_batch_rows(const aurora_batch_t *batch)
{
  return batch->rows;
}

size_t aurora_batch_executed(const aurora_batch_t *batch)
{
  return batch->executed;
}

size_t aurora_batch_failed(const aurora_batch_t *batch)
{
  return batch->failure_count;
}

size_t aurora_batch_bulk(const aurora_batch_t *batch)
{
  return batch->in_bulk;
}

uint64_t aurora_batch_affected_rows(const aurora_batch_t *batch)
{
  return batch->affected;
}

size_t aurora_batch_failed_row(const aurora_batch_t *batch)
{
  return batch->failure_count ? batch->failures[0]->row : SIZE_MAX;
}

aurora_batch_row_t aurora_batch_row(const aurora_batch_t *batch, size_t row)
{
  static const aurora_batch_row_t none;

  return row < batch->rows ? batch->outcomes[row] : none;
}

int aurora_batch_row_error(const aurora_batch_t *batch, size_t row, aurora_error_t *ret_error)
{
  const aurora__row_failure_t *failure;
  size_t from = 0;
  size_t to = batch->failure_count;

  while (from < to) {
    size_t middle = from + (to - from) / 2;

    if (batch->failures[middle]->row < row)
      from = middle + 1;
    else
      to = middle;
  }
  if (from == batch->failure_count || batch->failures[from]->row != row)
    return AURORA_ENOTFOUND;
  failure = batch->failures[from];
  aurora__error_set(ret_error, failure->code, AURORA_REFUSED, "%s", failure->message);
  if (ret_error) {
    ret_error->server_errno = failure->server_errno;
    memcpy(ret_error->sqlstate, failure->sqlstate, sizeof ret_error->sqlstate);
  }
  return 0;
}
