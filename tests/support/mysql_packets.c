/*
 * Packets are built from front to back; each fits its fixed size, for all texts come from tests.
 * What does not fit is cut, which no test here needs.
 */
#include "support/mysql_packets.h"

#include <string.h>

static const char scramble[] = "aurora-tests-aurora.";

enum { AUTH_DATA = sizeof scramble, CLIENT_SSL_BIT = 0x0800 };

static mysql_packet_t begin(unsigned sequence)
{
  mysql_packet_t packet = {.size = MYSQL_PACKET_HEADER};

  packet.bytes[3] = (unsigned char)sequence;
  return packet;
}

static void add(mysql_packet_t *packet, const void *bytes, size_t size)
{
  if (size > MYSQL_PACKET_MAX - packet->size)
    size = MYSQL_PACKET_MAX - packet->size;
  memcpy(packet->bytes + packet->size, bytes, size);
  packet->size += size;
}

static void add_number(mysql_packet_t *packet, unsigned long number, size_t bytes)
{
  for (size_t i = 0; i < bytes; i++) {
    unsigned char byte = (unsigned char)(number >> (8 * i));

    add(packet, &byte, 1);
  }
}

/* Its terminating zero included. */
static void add_string(mysql_packet_t *packet, const char *text)
{
  add(packet, text, strlen(text) + 1);
}

static mysql_packet_t end(mysql_packet_t packet)
{
  size_t payload = packet.size - MYSQL_PACKET_HEADER;

  packet.bytes[0] = (unsigned char)payload;
  packet.bytes[1] = (unsigned char)(payload >> 8);
  return packet;
}

mysql_packet_t mysql_greeting(bool offers_tls)
{
  mysql_packet_t packet = begin(0);

  add_number(&packet, 10, 1);
  add_string(&packet, "5.5.5-10.11.6-MariaDB-0+deb12u1");
  add_number(&packet, 7, 4); /* the session's id */
  add(&packet, scramble, 8);
  add_number(&packet, 0, 1);
  add_number(&packet, 0xf7fe | (offers_tls ? CLIENT_SSL_BIT : 0), 2);
  add_number(&packet, 45, 1); /* utf8mb4_general_ci */
  add_number(&packet, 2, 2);  /* autocommit */
  add_number(&packet, 0x81ff, 2);
  add_number(&packet, AUTH_DATA, 1);
  add_number(&packet, 0, 6);
  add_number(&packet, 0x1d, 4); /* MariaDB's extended capabilities */
  add_string(&packet, scramble + 8);
  add_string(&packet, "mysql_native_password");
  return end(packet);
}

mysql_packet_t mysql_ok(unsigned sequence)
{
  static const unsigned char nothing_done[] = {0, 0, 0, 2, 0, 0, 0};
  mysql_packet_t packet = begin(sequence);

  add(&packet, nothing_done, sizeof nothing_done);
  return end(packet);
}

mysql_packet_t mysql_error_packet(unsigned sequence, unsigned number, const char *sqlstate,
                                  const char *message)
{
  mysql_packet_t packet = begin(sequence);

  add_number(&packet, 0xff, 1);
  add_number(&packet, number, 2);
  if (sqlstate) {
    add(&packet, "#", 1);
    add(&packet, sqlstate, strlen(sqlstate));
  }
  add(&packet, message, strlen(message));
  return end(packet);
}

mysql_packet_t mysql_auth_switch(unsigned sequence, const char *plugin)
{
  mysql_packet_t packet = begin(sequence);

  add_number(&packet, 0xfe, 1);
  add_string(&packet, plugin);
  add_string(&packet, scramble);
  return end(packet);
}

size_t mysql_whole_packet(const void *bytes, size_t size)
{
  const unsigned char *header = bytes;
  size_t whole;

  if (size < MYSQL_PACKET_HEADER)
    return 0;
  whole = MYSQL_PACKET_HEADER + (header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16);
  return size < whole ? 0 : whole;
}
