/*
 * What the fuzz targets of packets share. Each fills two results: one from packets, and one by libmariadb's
 * way, which is read by a plainer reader or through the callback. Both must be the same at the end.
 */
#ifndef TESTS_FUZZ_FUZZ_PACKET_H
#define TESTS_FUZZ_FUZZ_PACKET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_result.h"
#include "support/same_value.h"

enum { MOST_PACKETS = 200 };

/* The next packet of the input, two bytes of size before it, behind `first` bytes of zero. It is a block of
 * its own, so that the address sanitizer sees each read beyond it. */
static inline unsigned char *take_packet(const uint8_t **data, const uint8_t *end, size_t first,
                                         size_t *ret_size)
{
  size_t left = (size_t)(end - *data) - 2;
  size_t size = (*data)[0] | (size_t)(*data)[1] << 8;
  unsigned char *packet;

  if (size > left)
    size = left;
  packet = malloc(first + size);
  must(packet != NULL);
  memset(packet, 0, first);
  memcpy(packet + first, *data + 2, size);
  *data += 2 + size;
  *ret_size = first + size;
  return packet;
}

/* Frees both. */
static inline void check_same(aurora_result_t *packets, aurora_result_t *plain)
{
  must(aurora_result_rows(packets) == aurora_result_rows(plain));
  must(aurora__result_memory(packets) <= LIMIT);
  for (size_t row = 0; row < aurora_result_rows(packets); row++) {
    for (unsigned i = 0; i < aurora_result_columns(packets); i++) {
      check_cell(packets, row, i);
      must(same_value(aurora_result_value(packets, row, i), aurora_result_value(plain, row, i)));
    }
  }
  aurora_result_unref(packets);
  aurora_result_unref(plain);
}

#endif
