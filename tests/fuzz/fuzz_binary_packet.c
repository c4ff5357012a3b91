/*
 * libFuzzer target: any bytes as packets with rows of the binary protocol, in columns of any type. Beside the
 * sanitizers it finds rows and errors other than those of libmariadb's callback over the same packet, and
 * refused rows that do not leave the earlier ones alone.
 *
 * Input: columns as in fuzz_text_row, then packets as in fuzz_packet.h, without the zero that they begin
 * with.
 */
#include "fuzz_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks over the packet as libmariadb does. */
static int walk(aurora_result_t *result, unsigned char *packet, size_t size)
{
  unsigned count = aurora_result_columns(result);
  size_t head = 1 + (count + 9) / 8;
  unsigned char *at = packet + head;
  NET net;

  if (size < head)
    return AURORA_EPROTOCOL;
  memset(&net, 0, sizeof net);
  net.buff = packet;
  net.buff_end = packet + size;
  aurora__result_begin_row(result, &net);
  for (unsigned i = 0; i < count; i++) {
    int is_null = packet[1 + (i + 2) / 8] >> (i + 2) % 8 & 1;

    aurora__result_cell(result, i, is_null ? NULL : &at);
  }
  return aurora__result_end_row(result);
}

/* A column of type NULL is always NULL. */
static void check_nulls(const aurora_result_t *result, const unsigned char *packet)
{
  size_t row = aurora_result_rows(result) - 1;

  for (unsigned i = 0; i < aurora_result_columns(result); i++) {
    bool has_bit = packet[1 + (i + 2) / 8] >> (i + 2) % 8 & 1;
    bool has_type = aurora_result_column_type(result, i) == AURORA_TYPE_NULL;

    must(aurora_result_is_null(result, row, i) == (has_bit || has_type));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = data + size, *again = data;
  aurora_result_t *packets = take_columns(&data, end, AURORA__PROTOCOL_BINARY);
  aurora_result_t *walked = take_columns(&again, end, AURORA__PROTOCOL_BINARY);

  if (!packets)
    return 0;
  for (int i = 0; i < MOST_PACKETS && end - data >= 2; i++) {
    size_t rows = aurora_result_rows(packets), bytes;
    unsigned char *packet = take_packet(&data, end, 1, &bytes);
    int err = aurora__result_append_binary_packet(packets, packet, bytes);

    must(err == 0 || err == AURORA_EPROTOCOL || err == AURORA_ETOOBIG);
    must(aurora_result_rows(packets) == rows + (err == 0));
    if (err == 0)
      check_nulls(packets, packet);
    must(walk(walked, packet, bytes) == err);
    must(aurora__result_memory(packets) == aurora__result_memory(walked));
    free(packet);
  }
  check_same(packets, walked);
  return 0;
}
