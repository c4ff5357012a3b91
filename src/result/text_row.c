/*
 * Rows of the text protocol: copied, not parsed.
 *
 * libmariadb hands out pointers into the packet, where each cell stands behind its own length, 1 to 9
 * bytes, and a NULL is a single byte. It puts a NUL behind each cell, over the length of the next. So
 * the row is copied in one piece, from the first cell to the NUL behind the last. Cells that do not
 * lie like that (no version of libmariadb is known to do it) are copied one by one.
 */
#include "result/result.h"

#include <string.h>
#include <uv.h>

#include "result/storage.h"

/* Fills in the head as if the texts were copied one by one; returns how many bytes they take. */
static uint64_t scatter(const aurora_result_t *result, char *head, char *const *row,
                        const unsigned long *lengths)
{
  aurora__cell_t *cells = aurora__row_cells(head);
  uint64_t texts = 0;

  for (unsigned i = 0; i < result->count; i++) {
    if (!row[i])
      continue;
    /* A size that does not fit 32 bits makes a row that add_row refuses. */
    cells[i].slice.offset = (uint32_t)(result->head_size + texts);
    cells[i].slice.size = (uint32_t)lengths[i];
    texts += (uint64_t)lengths[i] + 1;
  }
  return texts;
}

/* Copies the cells one by one to where scatter put them. */
static void copy_each(const aurora_result_t *result, char *copy, char *const *row)
{
  const aurora__cell_t *cells = aurora__row_cells(copy);

  for (unsigned i = 0; i < result->count; i++) {
    if (!row[i])
      continue;
    memcpy(copy + cells[i].slice.offset, row[i], cells[i].slice.size);
    copy[cells[i].slice.offset + cells[i].slice.size] = '\0';
  }
}

int aurora__result_append_text(aurora_result_t *result, char *const *row,
                               const unsigned long *lengths)
{
  const unsigned count = result->count;
  const uint32_t head_size = (uint32_t)result->head_size;
  const uintptr_t longest_gap = 9 + (uintptr_t)count;
  char *head = aurora__result_begin_head(result);
  const char *base = NULL;
  uintptr_t next = 0;           /* the first byte behind the NUL of the cell before */
  bool contiguous = true;       /* the cells lie as described above */
  unsigned char unfinished = 0; /* not 0: some cell has no NUL behind it */
  aurora__cell_t *cells;
  uint64_t texts;
  int err;

  if (!head)
    return UV_ENOMEM;
  cells = aurora__row_cells(head);
  for (unsigned i = 0; i < count; i++) {
    const char *cell = row[i];
    unsigned long size;

    if (!cell) {
      aurora__set_null(aurora__row_nulls(result, head), i);
      continue;
    }
    if (!base) {
      base = cell;
      next = (uintptr_t)cell;
    }
    size = lengths[i];
    contiguous &= (uintptr_t)cell - next < longest_gap;
    unfinished |= (unsigned char)cell[size];
    cells[i].slice.offset = head_size + (uint32_t)(cell - base);
    cells[i].slice.size = (uint32_t)size;
    next = (uintptr_t)cell + size + 1;
  }
  contiguous &= unfinished == 0;
  texts = base ? (uint64_t)(next - (uintptr_t)base) : 0;
  if (!contiguous)
    texts = scatter(result, head, row, lengths);

  err = aurora__result_add_row(result, head, 0, texts, &head);
  if (err)
    return err;
  if (!contiguous)
    copy_each(result, head, row);
  else if (base)
    memcpy(head + head_size, base, (size_t)texts);
  return 0;
}
