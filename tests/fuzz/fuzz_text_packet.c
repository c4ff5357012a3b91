/*
 * libFuzzer target: any bytes as packets with rows of the text protocol, in columns of any type. Beside the
 * sanitizers it finds rows that a plainer reader sees otherwise or not at all, rows that it sees and
 * that are refused, cells other than those of append_text, and refused rows that do not leave the earlier
 * ones alone.
 *
 * Input: columns as in fuzz_text_row, then packets as in fuzz_packet.h.
 */
#include "fuzz_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes of the length at the beginning of size bytes; 0: it is none, or it is cut. */
static size_t read_length(const unsigned char *at, size_t size, uint64_t *ret)
{
  size_t width = at[0] < 251 ? 1 : at[0] == 252 ? 3 : at[0] == 253 ? 4 : at[0] == 254 ? 9 : 0;

  if (width == 0 || size < width)
    return 0;
  *ret = width == 1 ? at[0] : 0;
  for (size_t i = width - 1; i > 0; i--)
    *ret = *ret << 8 | at[i];
  return width;
}

/* Copies the cells one behind the other, each with a NUL, as libmariadb leaves them. 0: the packet is no row
 * of that many columns. */
static int find_cells(const unsigned char *packet, size_t size, unsigned count, char *texts,
                      char **ret_cells, unsigned long *ret_lengths)
{
  for (unsigned i = 0; i < count; i++) {
    uint64_t length = 0;
    size_t width = 1;

    if (size == 0)
      return 0;
    if (packet[0] != 251) {
      width = read_length(packet, size, &length);
      if (width == 0 || length > size - width)
        return 0;
      memcpy(texts, packet + width, (size_t)length);
      texts[length] = '\0';
      ret_cells[i] = texts;
      ret_lengths[i] = (unsigned long)length;
      texts += length + 1;
    }
    packet += width + length;
    size -= width + (size_t)length;
  }
  return size == 0;
}

static void check_row(const aurora_result_t *result, char *const *cells,
                      const unsigned long *lengths)
{
  size_t row = aurora_result_rows(result) - 1;

  for (unsigned i = 0; i < aurora_result_columns(result); i++) {
    aurora_value_t value = aurora_result_value(result, row, i);

    must((cells[i] == NULL) == (value.type == AURORA_TYPE_NULL));
    if (is_text(value.type))
      must(value.as.text.size == lengths[i] &&
           memcmp(value.as.text.data, cells[i], lengths[i]) == 0);
  }
}

static void append(aurora_result_t *packets, aurora_result_t *plain, const unsigned char *packet,
                   size_t size)
{
  unsigned count = aurora_result_columns(packets);
  size_t rows = aurora_result_rows(packets);
  char *cells[MOST_COLUMNS] = {NULL};
  unsigned long lengths[MOST_COLUMNS] = {0};
  char *texts = malloc(size + count);
  int is_row, err;

  must(texts != NULL);
  is_row = find_cells(packet, size, count, texts, cells, lengths);
  err = aurora__result_append_text_packet(packets, packet, size);
  must(err == 0 || err == AURORA_EPROTOCOL || err == AURORA_ETOOBIG);
  must(aurora_result_rows(packets) == rows + (err == 0));
  must(err == AURORA_ETOOBIG || (err == 0) == is_row);
  /* Its cells take no more memory than the packet, of which all but the first length was copied. */
  if (err == 0) {
    must(aurora__result_append_text(plain, cells, lengths) == 0);
    check_row(packets, cells, lengths);
  }
  free(texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = data + size, *again = data;
  aurora_result_t *packets = take_columns(&data, end, AURORA__PROTOCOL_TEXT);
  aurora_result_t *plain = take_columns(&again, end, AURORA__PROTOCOL_TEXT);

  if (!packets)
    return 0;
  for (int i = 0; i < MOST_PACKETS && end - data >= 2; i++) {
    size_t bytes;
    unsigned char *packet = take_packet(&data, end, 0, &bytes);

    if (bytes > 0)
      append(packets, plain, packet, bytes);
    free(packet);
  }
  check_same(packets, plain);
  return 0;
}
