/*
 * libFuzzer target: any bytes as rows of the binary protocol in columns of any type. The packet is a
 * block of its own, so that the address sanitizer sees each read beyond it. Rows that are refused must
 * leave those before them alone.
 *
 * Input: columns as in fuzz_text_row, then rows: null bits, and the wire bytes of all that is left; the
 * next row begins where the decoder stopped.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ROWS = 100 };

/* Sends one row; returns how many bytes it took. */
static size_t send_row(aurora_result_t *result, unsigned char *packet, unsigned char *end,
                       int *ret_err)
{
  unsigned count = aurora_result_columns(result);
  size_t bytes_of_nulls = (count + 7) / 8;
  unsigned char *at = packet + bytes_of_nulls;
  NET net;

  memset(&net, 0, sizeof net);
  net.buff = packet;
  net.buff_end = end;
  aurora__result_begin_row(result, &net);
  for (unsigned i = 0; i < count; i++) {
    unsigned char *before = at;

    aurora__result_cell(result, i, packet[i / 8] >> i % 8 & 1 ? NULL : &at);
    must(at >= before && at <= end);
  }
  *ret_err = aurora__result_end_row(result);
  return (size_t)(at - packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = data + size;
  aurora_result_t *result = take_columns(&data, end, AURORA__PROTOCOL_BINARY);
  size_t bytes_of_nulls;

  if (!result)
    return 0;
  bytes_of_nulls = (aurora_result_columns(result) + 7) / 8;
  for (int i = 0; i < MOST_ROWS && (size_t)(end - data) > bytes_of_nulls; i++) {
    size_t left = (size_t)(end - data);
    size_t rows = aurora_result_rows(result);
    unsigned char *packet = malloc(left);
    int err;

    must(packet != NULL);
    memcpy(packet, data, left);
    data += send_row(result, packet, packet + left, &err);
    free(packet);
    must(err == 0 || err == AURORA_EPROTOCOL || err == AURORA_ETOOBIG);
    must(aurora_result_rows(result) == rows + (err == 0));
    if (err == AURORA_EPROTOCOL)
      break;
    if (aurora_result_columns(result) == 0)
      break;
  }
  for (size_t row = 0; row < aurora_result_rows(result); row++)
    for (unsigned i = 0; i < aurora_result_columns(result); i++)
      check_cell(result, row, i);
  must(aurora__result_memory(result) <= LIMIT);
  aurora_result_unref(result);
  return 0;
}
