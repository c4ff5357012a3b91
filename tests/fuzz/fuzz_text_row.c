/*
 * libFuzzer target: any rows of the text protocol in columns of any type. Beside the sanitizers it finds
 * cells that come back otherwise than they were given, and readers that disagree with the value.
 *
 * Input: number of columns, then four bytes a column (type, flags, character set, decimals), then cells:
 * a length byte (255: NULL) and as many bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ROWS = 200 };

/* Takes one row from the input, in the layout of a packet: each cell behind a length byte that becomes
 * the NUL of the one before. */
static char *take_row(const uint8_t **data, const uint8_t *end, unsigned count, char **ret_cells,
                      unsigned long *ret_lengths)
{
  char *packet = malloc((size_t)(end - *data) + count + 1);
  char *to = packet;

  must(packet != NULL);
  for (unsigned i = 0; i < count; i++) {
    size_t room = (size_t)(end - *data);
    size_t length = room ? *(*data)++ : 0;

    ret_cells[i] = NULL;
    ret_lengths[i] = 0;
    if (length == 255)
      continue;
    if (room)
      room--;
    if (length > room)
      length = room;
    memcpy(to, *data, length);
    *data += length;
    ret_cells[i] = to;
    ret_lengths[i] = length;
    to[length] = '\0';
    to += length + 1;
  }
  return packet;
}

static void check_row(const aurora_result_t *result, char *const *cells,
                      const unsigned long *lengths)
{
  size_t row = aurora_result_rows(result) - 1;

  for (unsigned i = 0; i < aurora_result_columns(result); i++) {
    aurora_value_t value = aurora_result_value(result, row, i);

    check_cell(result, row, i);
    must((cells[i] == NULL) == (value.type == AURORA_TYPE_NULL));
    if (is_text(value.type))
      must(value.as.text.size == lengths[i] &&
           memcmp(value.as.text.data, cells[i], lengths[i]) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = data + size;
  char *cells[MOST_COLUMNS];
  unsigned long lengths[MOST_COLUMNS];
  aurora_result_t *result = take_columns(&data, end, AURORA__PROTOCOL_TEXT);
  unsigned count;

  if (!result)
    return 0;
  count = aurora_result_columns(result);
  for (int i = 0; i < MOST_ROWS && data < end; i++) {
    char *packet = take_row(&data, end, count, cells, lengths);
    int err = aurora__result_append_text(result, cells, lengths);

    must(err == 0 || err == AURORA_ETOOBIG);
    if (err == 0)
      check_row(result, cells, lengths);
    free(packet);
  }
  for (size_t row = 0; row < aurora_result_rows(result); row++)
    for (unsigned i = 0; i < count; i++)
      check_cell(result, row, i);
  must(aurora__result_memory(result) <= LIMIT);
  aurora_result_unref(result);
  return 0;
}
