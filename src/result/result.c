/*
 * The life of a result: made, filled row by row, finished, shared, freed.
 *
 * One allocation holds the struct, the pointers to the first rows and the arena's first piece, so
 * that a small result needs no other. Rows never move once they are added; only the array of
 * pointers to them does.
 *
 * The driver owns the first reference. From finish on nothing changes but the reference count.
 */
#include "result/result.h"

#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "base/alloc.h"
#include "result/storage.h"

enum {
  /* A result with rows takes 1 KiB in all; one without has a little room for the info text. */
  FIRST_PIECE_ROWS = (1024 - sizeof(aurora_result_t)) & ~7u,
  FIRST_PIECE_NO_ROWS = 96,
  LARGE = 1024 * 1024 /* what takes a tenth of a millisecond to free */
};

int aurora__result_create(aurora__columns_t *columns, aurora__protocol_t protocol, uint64_t limit,
                          aurora_result_t **ret)
{
  size_t piece = columns ? FIRST_PIECE_ROWS : FIRST_PIECE_NO_ROWS;
  aurora_result_t *result = aurora__malloc(sizeof *result + piece);

  if (!result)
    return UV_ENOMEM;
  memset(result, 0, sizeof *result);
  result->refs = 1;
  result->protocol = protocol;
  result->limit = limit;
  result->pending_error = AURORA_EPROTOCOL;
  result->rows = result->first_rows;
  result->rows_room = AURORA__FIRST_ROWS;
  aurora__arena_init(&result->arena, result->first, piece);
  if (columns) {
    result->columns = aurora__columns_ref(columns);
    result->count = columns->count;
    result->head_size = columns->count * sizeof(aurora__cell_t) + (columns->count + 63) / 64 * 8;
  }
  *ret = result;
  return 0;
}

static void result_free(aurora_result_t *result)
{
  if (result->rows != result->first_rows)
    aurora__free(result->rows);
  aurora__arena_close(&result->arena);
  aurora__columns_unref(result->columns);
  aurora__free(result);
}

aurora_result_t *aurora_result_ref(const aurora_result_t *result)
{
  /* Readers see a const result; the count is not part of what they see. */
  aurora_result_t *shared = (aurora_result_t *)result;

  shared->refs++;
  return shared;
}

void aurora_result_unref(aurora_result_t *result)
{
  while (result && --result->refs == 0) {
    aurora_result_t *next = result->next;

    result_free(result);
    result = next;
  }
}

aurora_result_t *aurora__result_unref_slowly(aurora_result_t *result)
{
  if (!result || result->refs > 1 || result->memory < LARGE) {
    aurora_result_unref(result);
    return NULL;
  }
  return result;
}

void aurora__result_put_before(aurora_result_t *result, aurora_result_t *others)
{
  result->later = others;
}

aurora_result_t *aurora__result_free_bit(aurora_result_t *result)
{
  aurora_result_t *later = result->later;
  aurora_result_t *next = result->next;

  if (aurora__arena_free_chunk(&result->arena))
    return result;
  result->next = NULL;
  aurora_result_unref(result);
  next = aurora__result_unref_slowly(next);
  if (!next)
    return later;
  next->later = later;
  return next;
}

char *aurora__result_begin_head_slowly(aurora_result_t *result)
{
  return aurora__arena_reserve(&result->arena, result->head_size);
}

/* Doubles the array of pointers. */
static int grow_rows(aurora_result_t *result)
{
  size_t room = result->rows_room * 4;
  char **rows;

  if (result->rows == result->first_rows) {
    rows = aurora__malloc(room * sizeof *rows);
    if (rows)
      memcpy(rows, result->first_rows, sizeof result->first_rows);
  } else {
    room = result->rows_room * 2;
    rows = aurora__realloc(result->rows, room * sizeof *rows);
  }
  if (!rows)
    return UV_ENOMEM;
  result->rows = rows;
  result->rows_room = room;
  return 0;
}

int aurora__result_add_row_slowly(aurora_result_t *result, const char *head, uint64_t copied,
                                  uint64_t texts, char **ret_row)
{
  uint64_t size = result->head_size + texts;
  uint64_t cost = size + sizeof(char *);
  bool fits = size <= aurora__arena_room(&result->arena);
  char *row;

  /* Slices have 32 bits. */
  if (size > UINT32_MAX || cost > result->limit - result->memory)
    return AURORA_ETOOBIG;
  if (result->rows_count == result->rows_room && grow_rows(result) != 0)
    return UV_ENOMEM;

  /* When it fits, this is where the head is already. */
  row = aurora__arena_alloc(&result->arena, (size_t)size);
  if (!row)
    return UV_ENOMEM;
  if (!fits)
    memcpy(row, head, result->head_size + (size_t)copied);
  result->rows[result->rows_count++] = row;
  result->memory += cost;
  *ret_row = row;
  return 0;
}

int aurora__result_finish(aurora_result_t *result, uint64_t affected, uint64_t insert_id,
                          unsigned warnings, const char *info)
{
  result->pending_error = AURORA_EPROTOCOL;
  result->affected = result->columns ? result->affected + result->rows_count : affected;
  result->insert_id = insert_id;
  result->warnings = warnings;
  if (info && *info) {
    size_t size = strlen(info) + 1;
    char *copy = aurora__arena_alloc(&result->arena, size);

    if (!copy)
      return UV_ENOMEM;
    memcpy(copy, info, size);
    result->info = copy;
  }
  return 0;
}

void aurora__result_mark_out_params(aurora_result_t *result)
{
  result->out_params = true;
}

void aurora__result_chain_take(aurora_result_t *first, aurora_result_t *next)
{
  while (first->next)
    first = first->next;
  first->next = next;
}

void aurora__result_chain_relink(aurora_result_t *first, const aurora_result_t *old,
                                 aurora_result_t *fresh)
{
  while (first->next && first->next != old)
    first = first->next;
  if (first->next)
    first->next = fresh;
}

int aurora__result_clear_rows(aurora_result_t **result)
{
  aurora_result_t *old = *result;
  aurora_result_t *fresh;

  if (old->refs == 1) {
    aurora__arena_reset(&old->arena);
    old->affected += old->rows_count;
    old->rows_count = 0;
    old->memory = 0;
    old->pending_error = AURORA_EPROTOCOL;
    old->info = NULL;
    return 0;
  }
  if (aurora__result_create(old->columns, old->protocol, old->limit, &fresh) != 0)
    return UV_ENOMEM;
  fresh->affected = old->affected + old->rows_count;
  fresh->out_params = old->out_params;
  aurora_result_unref(old);
  *result = fresh;
  return 0;
}

uint64_t aurora__result_memory(const aurora_result_t *result)
{
  return result->memory;
}

uint64_t aurora__result_footprint(const aurora_result_t *result)
{
  return sizeof *result + (result->columns ? FIRST_PIECE_ROWS : FIRST_PIECE_NO_ROWS) +
         result->memory;
}
