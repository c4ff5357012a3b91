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

static mysql_packet_t greeting(const char *version, unsigned capabilities, unsigned extended)
{
  mysql_packet_t packet = begin(0);

  add_number(&packet, 10, 1);
  add_string(&packet, version);
  add_number(&packet, 7, 4); /* the session's id */
  add(&packet, scramble, 8);
  add_number(&packet, 0, 1);
  add_number(&packet, capabilities & 0xffff, 2);
  add_number(&packet, 45, 1); /* utf8mb4_general_ci */
  add_number(&packet, 2, 2);  /* autocommit */
  add_number(&packet, capabilities >> 16, 2);
  add_number(&packet, AUTH_DATA, 1);
  add_number(&packet, 0, 6);
  add_number(&packet, extended, 4);
  add_string(&packet, scramble + 8);
  add_string(&packet, "mysql_native_password");
  return end(packet);
}

mysql_packet_t mysql_greeting(bool offers_tls)
{
  /* And MariaDB's extended capabilities. */
  return greeting("5.5.5-10.11.6-MariaDB-0+deb12u1", 0x81fff7fe | (offers_tls ? CLIENT_SSL_BIT : 0),
                  0x1d);
}

mysql_packet_t mysql_simple_greeting(void)
{
  return greeting("5.7.44", 0x00fff7ff, 0);
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

mysql_packet_t mysql_raw_packet(unsigned sequence, const void *payload, size_t size)
{
  mysql_packet_t packet = begin(sequence);

  add(&packet, payload, size);
  return end(packet);
}

mysql_packet_t mysql_column_count(unsigned sequence, unsigned char count)
{
  return mysql_raw_packet(sequence, &count, 1);
}

static void add_sized(mysql_packet_t *packet, const char *text)
{
  add_number(packet, strlen(text), 1);
  add(packet, text, strlen(text));
}

mysql_packet_t mysql_column(unsigned sequence, unsigned char type)
{
  mysql_packet_t packet = begin(sequence);

  add_sized(&packet, "def");
  add_sized(&packet, "");
  add_sized(&packet, "");
  add_sized(&packet, "");
  add_sized(&packet, "a");
  add_sized(&packet, "");
  add_number(&packet, 12, 1); /* bytes that follow */
  add_number(&packet, 45, 2); /* utf8mb4_general_ci */
  add_number(&packet, 20, 4); /* the longest */
  add_number(&packet, type, 1);
  add_number(&packet, 0, 2); /* flags */
  add_number(&packet, 0, 1); /* decimals */
  add_number(&packet, 0, 2);
  return end(packet);
}

mysql_packet_t mysql_eof(unsigned sequence, unsigned status)
{
  mysql_packet_t packet = begin(sequence);

  add_number(&packet, 0xfe, 1);
  add_number(&packet, 0, 2);
  add_number(&packet, status, 2);
  return end(packet);
}

mysql_packet_t mysql_text_row(unsigned sequence, const char *text)
{
  mysql_packet_t packet = begin(sequence);

  add_sized(&packet, text);
  return end(packet);
}

mysql_packet_t mysql_binary_row(unsigned sequence, const void *cell, size_t size)
{
  mysql_packet_t packet = begin(sequence);

  add_number(&packet, 0, 2); /* and which columns are NULL */
  add(&packet, cell, size);
  return end(packet);
}

mysql_packet_t mysql_prepared(unsigned sequence, unsigned columns, unsigned params)
{
  mysql_packet_t packet = begin(sequence);

  add_number(&packet, 0, 1);
  add_number(&packet, 1, 4); /* the statement's id */
  add_number(&packet, columns, 2);
  add_number(&packet, params, 2);
  add_number(&packet, 0, 3);
  return end(packet);
}

void mysql_append_bytes(mysql_packets_t *packets, const void *bytes, size_t size)
{
  if (size > MYSQL_PACKETS_MAX - packets->size)
    size = MYSQL_PACKETS_MAX - packets->size;
  memcpy(packets->bytes + packets->size, bytes, size);
  packets->size += size;
}

void mysql_append(mysql_packets_t *packets, mysql_packet_t packet)
{
  mysql_append_bytes(packets, packet.bytes, packet.size);
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
