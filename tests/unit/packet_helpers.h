/*
 * Packets with rows, built by hand, for the tests of rows that come as packets.
 */
#ifndef TESTS_UNIT_PACKET_HELPERS_H
#define TESTS_UNIT_PACKET_HELPERS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "result_helpers.h"
#include "support/same_value.h"

enum { PACKET_ROOM = 400000, LETTERS = 26 };

typedef struct {
  size_t size;
  unsigned char bytes[PACKET_ROOM];
} packet_t;

/* aurora__result_append_text_packet or aurora__result_append_binary_packet. */
typedef int append_packet_t(aurora_result_t *result, const unsigned char *packet, size_t size);

/* Check writes down each assertion that holds. What is done a million times asserts only what does not. */
static inline void put(packet_t *packet, const void *bytes, size_t size)
{
  if (size > PACKET_ROOM - packet->size)
    ck_abort_msg("a packet of more than %d bytes", PACKET_ROOM);
  memcpy(packet->bytes + packet->size, bytes, size);
  packet->size += size;
}

static inline void put_byte(packet_t *packet, unsigned byte)
{
  unsigned char one = (unsigned char)byte;

  put(packet, &one, 1);
}

/* Begins a row: by the binary protocol with a zero and a clear null bit for each column. */
static inline void begin_packet(packet_t *packet, aurora__protocol_t protocol, unsigned columns)
{
  packet->size = 0;
  if (protocol == AURORA__PROTOCOL_BINARY)
    for (unsigned i = 0; i < 1 + (columns + 9) / 8; i++)
      put_byte(packet, 0);
}

static inline void put_null(packet_t *packet, aurora__protocol_t protocol, unsigned column)
{
  if (protocol == AURORA__PROTOCOL_TEXT)
    put_byte(packet, 251);
  else
    packet->bytes[1 + (column + 2) / 8] |= (unsigned char)(1 << (column + 2) % 8);
}

/* A length told in 1, 3, 4 or 9 bytes. */
static inline void put_length(packet_t *packet, unsigned width, size_t size)
{
  if (width == 1) {
    if (size > 250)
      ck_abort_msg("%zu in one byte", size);
    put_byte(packet, (unsigned)size);
    return;
  }
  put_byte(packet, width == 3 ? 252 : width == 4 ? 253 : 254);
  for (unsigned i = 0; i < width - 1; i++)
    put_byte(packet, (uint64_t)size >> 8 * i & 255);
}

/* The bytes in which a server tells a length. */
static inline unsigned usual_width(size_t size)
{
  return size <= 250 ? 1 : size <= 0xffff ? 3 : size <= 0xffffff ? 4 : 9;
}

/* A text of letters that begins with the first-th, behind its length. */
static inline void put_letters(packet_t *packet, unsigned width, size_t first, size_t size)
{
  put_length(packet, width, size);
  for (size_t i = 0; i < size; i++)
    put_byte(packet, (unsigned)('a' + (first + i) % LETTERS));
}

static inline bool letters_are(aurora_value_t value, size_t first, size_t size)
{
  if (value.type != AURORA_TYPE_STRING || value.as.text.size != size)
    return false;
  for (size_t i = 0; i < size; i++)
    if (value.as.text.data[i] != (char)('a' + (first + i) % LETTERS))
      return false;
  return value.as.text.data[size] == '\0';
}

/* Appends from a block of just that size, which is gone afterwards: a sanitizer sees what is read beyond it,
 * or later. */
static inline int append_from_heap(append_packet_t *append, aurora_result_t *result,
                                   const unsigned char *bytes, size_t size)
{
  unsigned char *block = malloc(size);
  int err;

  ck_assert_ptr_nonnull(block);
  memcpy(block, bytes, size);
  err = append(result, block, size);
  ck_assert_mem_eq(block, bytes, size);
  free(block);
  return err;
}

/* The row is taken, and none that ends earlier. No cut is a row by chance: cells are read from the first on,
 * each says where it ends, and the last that there is would end behind the cut. */
static inline void check_every_cut(append_packet_t *append, aurora_result_t *result,
                                   const packet_t *packet)
{
  size_t rows = aurora_result_rows(result);

  for (size_t size = 1; size < packet->size; size++) {
    ck_assert_msg(append_from_heap(append, result, packet->bytes, size) == AURORA_EPROTOCOL,
                  "%zu of %zu bytes", size, packet->size);
    ck_assert_uint_eq(aurora_result_rows(result), rows);
  }
  ck_assert_int_eq(append_from_heap(append, result, packet->bytes, packet->size), 0);
  ck_assert_uint_eq(aurora_result_rows(result), rows + 1);
}

/* An empty result with that many columns of strings. */
static inline aurora_result_t *strings_of(unsigned count, aurora__protocol_t protocol,
                                          uint64_t limit)
{
  MYSQL_FIELD fields[256];

  ck_assert_uint_le(count, 256);
  for (unsigned i = 0; i < count; i++)
    fields[i] = field("a", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  return result_of(fields, count, protocol, limit);
}

static inline void check_same_rows(const aurora_result_t *one, const aurora_result_t *other)
{
  ck_assert_uint_eq(aurora_result_rows(one), aurora_result_rows(other));
  for (size_t row = 0; row < aurora_result_rows(one); row++)
    for (unsigned i = 0; i < aurora_result_columns(one); i++)
      if (!same_value(aurora_result_value(one, row, i), aurora_result_value(other, row, i)))
        ck_abort_msg("row %zu, column %u", row, i);
}

#endif
