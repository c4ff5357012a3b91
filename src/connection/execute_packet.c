/*
 * header | 0x17 | id | no cursor | 1 iteration | bits of the NULLs | types follow | types | values
 */
#include "connection/execute_packet.h"

#include <endian.h>
#include <string.h>

#include <mysql.h>

enum { HEADER = 4, EXECUTE = 0x17, ONE_BYTE_LENGTH = 250, TWO_BYTE_LENGTH = 0xfc };

static bool put(aurora__execute_packet_t *packet, const void *bytes, size_t size)
{
  if (size > sizeof packet->bytes - packet->size)
    return false;
  if (size)
    memcpy(packet->bytes + packet->size, bytes, size);
  packet->size += size;
  return true;
}

static bool put_byte(aurora__execute_packet_t *packet, unsigned byte)
{
  unsigned char c = (unsigned char)byte;

  return put(packet, &c, 1);
}

static bool put_16(aurora__execute_packet_t *packet, unsigned number)
{
  uint16_t bits = htole16((uint16_t)number);

  return put(packet, &bits, sizeof bits);
}

static bool put_32(aurora__execute_packet_t *packet, uint32_t number)
{
  number = htole32(number);
  return put(packet, &number, sizeof number);
}

static bool put_64(aurora__execute_packet_t *packet, uint64_t number)
{
  number = htole64(number);
  return put(packet, &number, sizeof number);
}

static bool put_text(aurora__execute_packet_t *packet, const aurora_text_t *text)
{
  bool fits = text->size <= ONE_BYTE_LENGTH
                  ? put_byte(packet, (unsigned)text->size)
                  : text->size < sizeof packet->bytes && put_byte(packet, TWO_BYTE_LENGTH) &&
                        put_16(packet, (unsigned)text->size);

  return fits && put(packet, text->data, text->size);
}

/* The types that libmariadb sends for these (binds.c). */
static bool put_type(aurora__execute_packet_t *packet, aurora_type_t type)
{
  switch (type) {
  case AURORA_TYPE_NULL:
    return put_16(packet, MYSQL_TYPE_NULL);
  case AURORA_TYPE_INT64:
    return put_16(packet, MYSQL_TYPE_LONGLONG);
  case AURORA_TYPE_UINT64:
    return put_16(packet, MYSQL_TYPE_LONGLONG | 0x8000);
  case AURORA_TYPE_DOUBLE:
    return put_16(packet, MYSQL_TYPE_DOUBLE);
  case AURORA_TYPE_DECIMAL:
    return put_16(packet, MYSQL_TYPE_NEWDECIMAL);
  case AURORA_TYPE_STRING:
    return put_16(packet, MYSQL_TYPE_STRING);
  case AURORA_TYPE_BYTES:
    return put_16(packet, MYSQL_TYPE_BLOB);
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_TIME:
  case AURORA_TYPE_DATETIME:
    break;
  }
  return false;
}

static bool put_value(aurora__execute_packet_t *packet, const aurora_value_t *value)
{
  uint64_t bits;

  switch (value->type) {
  case AURORA_TYPE_NULL:
    return true;
  case AURORA_TYPE_INT64:
  case AURORA_TYPE_UINT64:
    return put_64(packet, value->as.uint64);
  case AURORA_TYPE_DOUBLE:
    memcpy(&bits, &value->as.float64, sizeof bits);
    return put_64(packet, bits);
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    return put_text(packet, &value->as.text);
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_TIME:
  case AURORA_TYPE_DATETIME:
    break;
  }
  return false;
}

static bool put_nulls(aurora__execute_packet_t *packet, aurora_params_t params)
{
  for (size_t i = 0; i < params.count; i += 8) {
    unsigned bits = 0;

    for (size_t j = i; j < i + 8 && j < params.count; j++)
      bits |= (unsigned)(params.values[j].type == AURORA_TYPE_NULL) << (j - i);
    if (!put_byte(packet, bits))
      return false;
  }
  return true;
}

bool aurora__execute_packet(aurora__execute_packet_t *packet, unsigned long id,
                            aurora_params_t params)
{
  bool fits;
  size_t i;

  packet->size = HEADER;
  fits = put_byte(packet, EXECUTE) && put_32(packet, (uint32_t)id) &&
         put_byte(packet, CURSOR_TYPE_NO_CURSOR) && put_32(packet, 1) &&
         put_nulls(packet, params) && put_byte(packet, 1 /* types follow */);
  for (i = 0; fits && i < params.count; i++)
    fits = put_type(packet, params.values[i].type);
  for (i = 0; fits && i < params.count; i++)
    fits = put_value(packet, &params.values[i]);
  packet->bytes[0] = (unsigned char)(packet->size - HEADER);
  packet->bytes[1] = (unsigned char)((packet->size - HEADER) >> 8);
  packet->bytes[2] = 0;
  packet->bytes[3] = 0; /* the first packet of its command */
  return fits;
}
