/*
 * The two commands that the workloads need; numbers are from the protocol's public description.
 */
#include "raw_packets.h"

#include <string.h>

enum { COM_QUERY_BYTE = 0x03, COM_STMT_EXECUTE_BYTE = 0x17, TYPE_LONG = 0x03 };

static void put(raw_packet_t *packet, const void *bytes, size_t size)
{
  memcpy(packet->bytes + packet->size, bytes, size);
  packet->size += size;
}

static void put_number(raw_packet_t *packet, uint32_t number, unsigned size)
{
  for (unsigned i = 0; i < size; i++)
    packet->bytes[packet->size++] = (unsigned char)(number >> 8 * i);
}

void raw_packet_make(raw_packet_t *packet, const work_statement_t *work, uint32_t statement_id)
{
  size_t size;

  memset(packet, 0, sizeof *packet);
  if (!work->sql)
    return;
  size = strlen(work->sql);
  packet->size = 4;
  if (!work->params) {
    put_number(packet, COM_QUERY_BYTE, 1);
    put(packet, work->sql, size < RAW_STATEMENT - 8 ? size : RAW_STATEMENT - 8);
  } else {
    put_number(packet, COM_STMT_EXECUTE_BYTE, 1);
    put_number(packet, statement_id, 4);
    put_number(packet, 0, 1); /* no cursor */
    put_number(packet, 1, 4); /* once */
    put_number(packet, 0, 1); /* which are NULL */
    put_number(packet, 1, 1); /* types follow */
    for (unsigned i = 0; i < work->params; i++)
      put_number(packet, TYPE_LONG, 2);
    packet->params_at = packet->size;
    packet->size += 4u * work->params;
  }
  size = packet->size - 4;
  packet->bytes[0] = (unsigned char)size;
  packet->bytes[1] = (unsigned char)(size >> 8);
}

void raw_packet_set_params(raw_packet_t *packet, const int32_t *params, unsigned count)
{
  size_t size = packet->size;

  packet->size = packet->params_at;
  for (unsigned i = 0; i < count; i++)
    put_number(packet, (uint32_t)params[i], 4);
  packet->size = size;
}

unsigned raw_count(raw_reader_t *reader, const unsigned char *bytes, size_t size)
{
  unsigned count = 0;
  size_t step;

  while (size) {
    if (reader->header_size < 4) {
      step = 4 - reader->header_size < size ? 4 - reader->header_size : size;
      memcpy(reader->header + reader->header_size, bytes, step);
      reader->header_size += (unsigned)step;
      if (reader->header_size == 4)
        reader->left =
            reader->header[0] | (size_t)reader->header[1] << 8 | (size_t)reader->header[2] << 16;
    } else {
      step = reader->left < size ? reader->left : size;
      reader->left -= step;
    }
    bytes += step;
    size -= step;
    if (reader->header_size == 4 && !reader->left) {
      reader->header_size = 0;
      count++;
    }
  }
  return count;
}
