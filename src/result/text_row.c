/*
 * Rows of the text protocol: copied, not parsed. They come as packets, or as what libmariadb makes of one.
 *
 * libmariadb hands out pointers into the packet, where each cell stands behind its own length, 1 to 9
 * bytes, and a NULL is a single byte. It puts a NUL behind each cell, over the length of the next. So
 * the row is copied in one piece, from the first cell to the NUL behind the last. Cells that do not
 * lie like that (no version of libmariadb is known to do it) are copied one by one.
 */
#include "result/result.h"

#include <string.h>
#include <uv.h>

#include "result/length.h"
#include "result/storage.h"

/* Between two cells lie the length of the second, less the byte that became the NUL of the first, and
 * a byte for each NULL. Distances are or-ed together, which can make 15 of two that are below 9. */
enum { LONGEST_GAP = 16 };

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
  char *head = aurora__result_begin_head(result);
  aurora__cell_t *cells = aurora__row_cells(head);
  uintptr_t origin;             /* what offset 0 would be, if the texts were where they are now */
  uintptr_t next;               /* the first byte behind the NUL of the cell before */
  uintptr_t gaps = 0;           /* the distances from there to each cell, or-ed together */
  unsigned char unfinished = 0; /* not 0: some cell has no NUL behind it */
  bool in_one_piece;
  uint64_t texts;
  unsigned first = 0;
  int err;

  if (!head)
    return UV_ENOMEM;
  while (first < count && !row[first])
    first++;
  next = first < count ? (uintptr_t)row[first] : 0;
  origin = next - result->head_size;
  for (unsigned i = 0; i < count; i++) {
    const char *cell = row[i];
    unsigned long size;

    if (!cell) {
      aurora__set_null(aurora__row_nulls(result, head), i);
      continue;
    }
    size = lengths[i];
    gaps |= (uintptr_t)cell - next;
    unfinished |= (unsigned char)cell[size];
    cells[i].slice.offset = (uint32_t)((uintptr_t)cell - origin);
    cells[i].slice.size = (uint32_t)size;
    next = (uintptr_t)cell + size + 1;
  }
  texts = next - origin - result->head_size;
  in_one_piece = unfinished == 0 && gaps < LONGEST_GAP + (uintptr_t)count;
  if (!in_one_piece)
    texts = scatter(result, head, row, lengths);

  err = aurora__result_add_row(result, head, 0, texts, &head);
  if (err)
    return err;
  if (!in_one_piece)
    copy_each(result, head, row);
  else if (first < count)
    memcpy(head + result->head_size, row[first], (size_t)texts);
  return 0;
}

/* Fills in the head of a row, and puts each cell's NUL into the copy of its texts: over the length of the
 * next. shift: how far the copy of a byte is from the byte. False: it is no row of that many columns. */
static bool read_cells(const aurora_result_t *result, char *row, const unsigned char *at,
                       const unsigned char *end, uintptr_t shift)
{
  aurora__cell_t *cell = aurora__row_cells(row);
  const aurora__cell_t *last = cell + result->count;

  for (; cell < last; cell++) {
    uint64_t size;
    unsigned width = aurora__read_length(at, end, &size);

    if (width == 0) {
      if (at >= end || at[0] != AURORA__LENGTH_NULL)
        return false;
      aurora__set_null(aurora__row_nulls(result, row), (unsigned)(cell - aurora__row_cells(row)));
      at++;
      continue;
    }
    at += width;
    if (size > (size_t)(end - at))
      return false;
    cell->slice.offset = (uint32_t)((uintptr_t)at + shift - (uintptr_t)row);
    cell->slice.size = (uint32_t)size;
    at += size;
    *(char *)((uintptr_t)at + shift) = '\0';
  }
  return at == end;
}

int aurora__result_append_text_packet(aurora_result_t *result, const unsigned char *packet,
                                      size_t size)
{
  const unsigned char *end = packet + size;
  const unsigned char *texts; /* with the lengths between them, but the first */
  char *row = aurora__result_begin_head(result);
  int err;

  if (!row)
    return UV_ENOMEM;
  texts = packet + (packet[0] == AURORA__LENGTH_NULL ? 1 : aurora__length_width(packet[0]));
  if (texts > end)
    return AURORA_EPROTOCOL;
  err = aurora__result_add_row(result, row, 0, (uint64_t)(end - texts) + 1, &row);
  if (err)
    return err;
  memcpy(row + result->head_size, texts, (size_t)(end - texts));
  if (read_cells(result, row, packet, end, (uintptr_t)row + result->head_size - (uintptr_t)texts))
    return 0;
  result->rows_count--;
  return AURORA_EPROTOCOL;
}
