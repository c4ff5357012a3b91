/*
 * What a result is inside, and how a row lies in memory. Private to src/result.
 *
 *   row:  cells[columns] | null bits, rounded up to 8 bytes | texts, each with a NUL after it
 *
 * Text protocol: every cell that is not NULL is a slice of the texts. Binary protocol: a slice for
 * decimals, strings and bytes; everything else is in the cell itself, decoded as far as its kind
 * says (see aurora__cell_t).
 */
#ifndef AURORA_RESULT_STORAGE_H
#define AURORA_RESULT_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/arena.h"
#include "result/result.h"

typedef struct {
  uint32_t offset; /* from the beginning of the row */
  uint32_t size;   /* without the NUL */
} aurora__slice_t;

typedef union {
  aurora__slice_t slice;
  int64_t int64;
  uint64_t uint64;
  double float64;
  float float32;
  uint64_t packed; /* date or time, see result/temporal.h */
} aurora__cell_t;

enum { AURORA__FIRST_ROWS = 8 };

struct aurora_result {
  unsigned refs;
  unsigned warnings;
  bool out_params;            /* the row is the OUT parameters of a CALL */
  aurora__columns_t *columns; /* NULL: the statement returns no rows */
  unsigned count;             /* of columns */
  aurora__protocol_t protocol;

  char **rows; /* first_rows, or allocated */
  size_t rows_count;
  size_t rows_room;
  size_t head_size; /* of a row: cells and null bits */
  aurora__arena_t arena;
  uint64_t memory; /* that rows and their pointers take; never over the limit */
  uint64_t limit;

  /* A binary row under way; see binary_row.c. */
  char *pending;
  const NET *wire;             /* of the connection, when libmariadb walks over the packet */
  const unsigned char *packet; /* within which cells are read */
  const unsigned char *packet_end;
  unsigned pending_columns;  /* that were decoded */
  unsigned pending_deferred; /* from this column on, slices count from packet */
  uint64_t pending_copied;   /* bytes of texts that are behind the head already */
  uint64_t pending_texts;    /* bytes of texts in all, NULs included */
  int pending_error;         /* AURORA_EPROTOCOL while no row is under way */

  uint64_t affected; /* with columns, until finish: the rows that were cleared */
  uint64_t insert_id;
  const char *info; /* in the arena, or NULL */
  aurora_result_t *next;
  aurora_result_t *later; /* to be freed after this one */

  char *first_rows[AURORA__FIRST_ROWS];
  _Alignas(8) char first[]; /* the arena's first piece */
};

static inline aurora__cell_t *aurora__row_cells(char *row)
{
  return (aurora__cell_t *)(void *)row;
}

/* Bit column % 64 of word column / 64: the cell is NULL, and not filled in. */
static inline uint64_t *aurora__row_nulls(const aurora_result_t *result, char *row)
{
  return (uint64_t *)(void *)(row + result->count * sizeof(aurora__cell_t));
}

static inline void aurora__set_null(uint64_t *nulls, unsigned column)
{
  nulls[column / 64] |= (uint64_t)1 << column % 64;
}

static inline bool aurora__is_null(const uint64_t *nulls, unsigned column)
{
  return nulls[column / 64] >> column % 64 & 1;
}

/* What the two functions below do when there is no room: grow first, or fail. */
char *aurora__result_begin_head_slowly(aurora_result_t *result);
int aurora__result_add_row_slowly(aurora_result_t *result, const char *head, uint64_t copied,
                                  uint64_t texts, char **ret_row);

/* Begins a row: room for its head, the null bits all clear. It is not part of the result until
 * add_row. NULL: no memory. */
static inline char *aurora__result_begin_head(aurora_result_t *result)
{
  char *head = result->arena.position;
  uint64_t *nulls;

  if (result->head_size > aurora__arena_room(&result->arena)) {
    head = aurora__result_begin_head_slowly(result);
    if (!head)
      return NULL;
  }
  nulls = aurora__row_nulls(result, head);
  for (unsigned i = 0; i < result->count; i += 64)
    nulls[i / 64] = 0;
  return head;
}

/*
 * Makes the row whose head begin_head gave the result's last one, with room for that many bytes of
 * texts behind its head. *ret_row is where it is now: when it has to move, the head and the first
 * `copied` bytes behind it move with it. 0; UV_ENOMEM; AURORA_ETOOBIG.
 */
static inline int aurora__result_add_row(aurora_result_t *result, char *head, uint64_t copied,
                                         uint64_t texts, char **ret_row)
{
  uint64_t size = result->head_size + texts;
  uint64_t cost = size + sizeof(char *);

  if (size > aurora__arena_room(&result->arena) || cost > result->limit - result->memory ||
      result->rows_count == result->rows_room)
    return aurora__result_add_row_slowly(result, head, copied, texts, ret_row);
  aurora__arena_take(&result->arena, (size_t)size);
  result->rows[result->rows_count++] = head;
  result->memory += cost;
  *ret_row = head;
  return 0;
}

#endif
