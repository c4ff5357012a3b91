/*
 * Rows of the binary protocol: from a packet in one go, or decoded while libmariadb walks over one.
 *
 *   append_binary_packet
 *   begin_row -> [libmariadb reads a packet, then] cell, cell, ... -> end_row
 *
 * Numbers, dates and times are decoded into their cells at once. Decimals, strings and bytes are
 * copied behind the head as long as the free part of the arena has room; from the first that does
 * not fit they are noted as slices of the packet, and copied by end_row, when the size of the row is known.
 *
 * Bounds: no cell is read outside of the packet. Of its own walk libmariadb does not tell where the packet
 * ends; but it keeps the packet between net->buff and net->buff_end, which are the bounds then. 3.3.20 also
 * checks each cell against the packet before it calls; earlier ones do not. Bytes between the end of a packet
 * that is too short and buff_end are what the connection carried before, so a server that lies about its cells
 * gets us to show wrong values, which it could have sent as well, and no more.
 */
#include "result/result.h"

#include <endian.h>
#include <limits.h>
#include <string.h>
#include <uv.h>

#include "libmariadb/internals.h"
#include "result/length.h"
#include "result/number.h"
#include "result/storage.h"
#include "result/temporal.h"

static inline void begin(aurora_result_t *result)
{
  result->pending = aurora__result_begin_head(result);
  result->pending_columns = 0;
  result->pending_deferred = UINT_MAX;
  result->pending_copied = 0;
  result->pending_texts = 0;
  result->pending_error = result->pending ? 0 : UV_ENOMEM;
}

void aurora__result_begin_row(aurora_result_t *result, const NET *net)
{
  begin(result);
  result->wire = net;
}

/* The length of a variable cell, and where its bytes are; false: not within the buffer. */
static bool slice(const unsigned char *at, const unsigned char *end,
                  const unsigned char **ret_bytes, size_t *ret_size)
{
  uint64_t size;
  unsigned width = aurora__read_length(at, end, &size);

  if (width == 0 || size > (size_t)(end - at) - width)
    return false;
  *ret_bytes = at + width;
  *ret_size = (size_t)size;
  return true;
}

/* Copies a text behind the head and those before it, or notes where it is. */
static void text_cell(aurora_result_t *result, const unsigned char *bytes, size_t size,
                      aurora__slice_t *ret)
{
  uint64_t texts = result->pending_texts;
  char *to = result->pending + result->head_size + texts;

  ret->size = (uint32_t)size;
  result->pending_texts = texts + size + 1;
  if (result->pending_deferred == UINT_MAX && size < (size_t)(result->arena.end - to)) {
    memcpy(to, bytes, size);
    to[size] = '\0';
    result->pending_copied = texts + size + 1;
    ret->offset = (uint32_t)(to - result->pending);
    return;
  }
  if (result->pending_deferred == UINT_MAX)
    result->pending_deferred = result->pending_columns - 1;
  ret->offset = (uint32_t)(bytes - result->packet); /* which is at most 1 GiB large */
}

/* Decodes one cell that has a length before it and is not a text; false: it is not valid. */
static bool packed_cell(aurora__kind_t kind, const unsigned char *bytes, size_t size,
                        aurora__cell_t *ret)
{
  aurora_datetime_t datetime;
  aurora_time_t time;

  if (kind == AURORA__KIND_BIT)
    return aurora__parse_bit(bytes, size, &ret->uint64);
  if (kind == AURORA__KIND_BIT_COMPUTED)
    return aurora__parse_computed_bit(bytes, size, &ret->uint64);
  if (kind == AURORA__KIND_TIME) {
    if (!aurora__unpack_wire_time(bytes, size, &time))
      return false;
    ret->packed = aurora__pack_time(&time);
    return true;
  }
  if (!aurora__unpack_wire_datetime(bytes, size, &datetime))
    return false;
  ret->packed = aurora__pack_datetime(&datetime);
  return true;
}

static bool is_text(aurora__kind_t kind)
{
  return kind == AURORA__KIND_STRING || kind == AURORA__KIND_BYTES || kind == AURORA__KIND_DECIMAL;
}

/* Bytes that a cell of this kind takes; 0: it has a length before it. */
static const unsigned char fixed_width[] = {
    [AURORA__KIND_INT8] = 1,   [AURORA__KIND_INT16] = 2,   [AURORA__KIND_INT32] = 4,
    [AURORA__KIND_INT64] = 8,  [AURORA__KIND_UINT8] = 1,   [AURORA__KIND_UINT16] = 2,
    [AURORA__KIND_UINT32] = 4, [AURORA__KIND_UINT64] = 8,  [AURORA__KIND_FLOAT] = 4,
    [AURORA__KIND_DOUBLE] = 8, [AURORA__KIND_DATETIME] = 0};

/* The protocol is little-endian. */
static uint16_t read_16(const unsigned char *at)
{
  uint16_t bits;

  memcpy(&bits, at, sizeof bits);
  return le16toh(bits);
}

static uint32_t read_32(const unsigned char *at)
{
  uint32_t bits;

  memcpy(&bits, at, sizeof bits);
  return le32toh(bits);
}

static uint64_t read_64(const unsigned char *at)
{
  uint64_t bits;

  memcpy(&bits, at, sizeof bits);
  return le64toh(bits);
}

static void fixed_cell(aurora__kind_t kind, const unsigned char *at, aurora__cell_t *ret)
{
  uint32_t bits;

  switch (kind) {
  case AURORA__KIND_INT8:
    ret->int64 = (int8_t)at[0];
    return;
  case AURORA__KIND_UINT8:
    ret->uint64 = at[0];
    return;
  case AURORA__KIND_INT16:
    ret->int64 = (int16_t)read_16(at);
    return;
  case AURORA__KIND_UINT16:
    ret->uint64 = read_16(at);
    return;
  case AURORA__KIND_INT32:
    ret->int64 = (int32_t)read_32(at);
    return;
  case AURORA__KIND_UINT32:
    ret->uint64 = read_32(at);
    return;
  case AURORA__KIND_FLOAT:
    bits = read_32(at);
    memcpy(&ret->float32, &bits, sizeof bits);
    return;
  case AURORA__KIND_INT64:
  case AURORA__KIND_UINT64:
  case AURORA__KIND_DOUBLE:
    ret->uint64 = read_64(at);
    return;
  case AURORA__KIND_NULL:
  case AURORA__KIND_BIT:
  case AURORA__KIND_BIT_COMPUTED:
  case AURORA__KIND_DECIMAL:
  case AURORA__KIND_STRING:
  case AURORA__KIND_BYTES:
  case AURORA__KIND_DATE:
  case AURORA__KIND_TIME:
  case AURORA__KIND_DATETIME:
    return;
  }
}

/* Decodes a cell that has a length before it. Kept out of line: numbers then need no stack. */
static __attribute__((noinline)) void variable_cell(aurora_result_t *result, aurora__kind_t kind,
                                                    aurora__cell_t *ret_cell, unsigned char **row)
{
  const unsigned char *bytes;
  size_t size;

  if (!slice(*row, result->packet_end, &bytes, &size)) {
    result->pending_error = AURORA_EPROTOCOL;
    return;
  }
  if (is_text(kind))
    text_cell(result, bytes, size, &ret_cell->slice);
  else if (!packed_cell(kind, bytes, size, ret_cell))
    result->pending_error = AURORA_EPROTOCOL;
  *row += (bytes - *row) + (ptrdiff_t)size;
}

/* Decodes a cell that is not NULL, and steps over it. */
static inline void take_cell(aurora_result_t *result, unsigned column, unsigned char **row)
{
  aurora__kind_t kind = result->columns->items[column].kind;
  aurora__cell_t *cell = &aurora__row_cells(result->pending)[column];
  unsigned width = fixed_width[kind];

  if ((size_t)(result->packet_end - *row) < width) {
    result->pending_error = AURORA_EPROTOCOL;
    return;
  }
  if (width == 0) {
    variable_cell(result, kind, cell, row);
    return;
  }
  fixed_cell(kind, *row, cell);
  *row += width;
}

/* A column that is always NULL takes no bytes. */
static inline bool is_always_null(const aurora_result_t *result, unsigned column)
{
  return result->columns->items[column].kind == AURORA__KIND_NULL;
}

void aurora__result_cell(void *data, unsigned column, unsigned char **row)
{
  aurora_result_t *result = data;

  if (result->pending_error)
    return;
  if (column != result->pending_columns || column >= result->count) {
    result->pending_error = AURORA_EPROTOCOL;
    return;
  }
  /* Only now is the packet sure to be where it stays. */
  aurora__packet_bounds(result->wire, &result->packet, &result->packet_end);
  result->pending_columns = column + 1;
  if (!row || is_always_null(result, column))
    aurora__set_null(aurora__row_nulls(result, result->pending), column);
  else if (*row < result->packet || *row > result->packet_end)
    result->pending_error = AURORA_EPROTOCOL;
  else
    take_cell(result, column, row);
}

/* Copies the texts that were only noted. */
static void copy_deferred(const aurora_result_t *result, char *row)
{
  aurora__cell_t *cells = aurora__row_cells(row);
  const uint64_t *nulls = aurora__row_nulls(result, row);
  char *to = row + result->head_size + result->pending_copied;

  for (unsigned i = result->pending_deferred; i < result->count; i++) {
    aurora__slice_t *text = &cells[i].slice;

    if (!is_text(result->columns->items[i].kind) || aurora__is_null(nulls, i))
      continue;
    memcpy(to, result->packet + text->offset, text->size);
    to[text->size] = '\0';
    text->offset = (uint32_t)(to - row);
    to += text->size + 1;
  }
}

int aurora__result_end_row(aurora_result_t *result)
{
  char *row = result->pending;
  int err = result->pending_error;

  result->pending_error = AURORA_EPROTOCOL;
  if (err)
    return err;
  if (result->pending_columns != result->count)
    return AURORA_EPROTOCOL;
  err = aurora__result_add_row(result, row, result->pending_copied, result->pending_texts, &row);
  if (err)
    return err;
  copy_deferred(result, row);
  return 0;
}

int aurora__result_append_binary_packet(aurora_result_t *result, const unsigned char *packet,
                                        size_t size)
{
  /* A zero, then a bit for each column that is NULL, from the third on. */
  const unsigned char *nulls = packet + 1;
  size_t head = 1 + (result->count + (size_t)9) / 8;
  unsigned char *at = (unsigned char *)packet + head;

  if (size < head)
    return AURORA_EPROTOCOL;
  begin(result);
  result->packet = packet;
  result->packet_end = packet + size;
  for (unsigned i = 0; i < result->count && !result->pending_error; i++) {
    result->pending_columns = i + 1;
    if (nulls[(i + 2) / 8] >> (i + 2) % 8 & 1 || is_always_null(result, i))
      aurora__set_null(aurora__row_nulls(result, result->pending), i);
    else
      take_cell(result, i, &at);
  }
  return aurora__result_end_row(result);
}
