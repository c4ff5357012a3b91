/*
 * libmariadb reads a greeting with good faith: it looks for the end of the server's version beyond the
 * packet, and takes a short one for that of an old server. So this reads it first, and lets through what
 * both understand in the same way.
 *
 *   header      3 bytes length, 1 byte sequence (0)
 *   protocol    1 byte: 10
 *   version     text and a zero
 *   session id  4 bytes; scramble 8; zero 1
 *   capabilities, low 2; character set 1; status 2; capabilities, high 2; scramble's length 1; 10 more
 *   scramble    at least 13 bytes; then the authentication plugin's name
 */
#include "connection/greeting.h"

#include <string.h>

enum {
  HEADER = 4,
  PROTOCOL = 10,
  ERROR = 0xff,
  TO_CAPABILITIES = 4 + 8 + 1,
  FROM_CAPABILITIES = 18 + 13,
  CLIENT_PROTOCOL_41 = 0x0200,
  CLIENT_SSL = 0x0800,
  CLIENT_SECURE_CONNECTION = 0x8000
};

static aurora__greeting_t read_payload(const unsigned char *payload, size_t size)
{
  const unsigned char *version_end = memchr(payload + 1, 0, size - 1);
  size_t at;
  unsigned capabilities;

  if (!version_end)
    return AURORA__GREETING_FOREIGN;
  at = (size_t)(version_end - payload) + 1 + TO_CAPABILITIES;
  if (at + FROM_CAPABILITIES > size)
    return AURORA__GREETING_FOREIGN;
  capabilities = payload[at] | (unsigned)payload[at + 1] << 8;
  if (!(capabilities & CLIENT_PROTOCOL_41) || !(capabilities & CLIENT_SECURE_CONNECTION))
    return AURORA__GREETING_FOREIGN;
  return capabilities & CLIENT_SSL ? AURORA__GREETING_TLS : AURORA__GREETING_PLAIN;
}

aurora__greeting_t aurora__greeting_read(const unsigned char *bytes, size_t size)
{
  size_t length;
  aurora__greeting_t greeting;

  if (size < HEADER)
    return AURORA__GREETING_PARTIAL;
  length = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16;
  if (length == 0 || HEADER + length > AURORA__GREETING_MAX || bytes[3] != 0)
    return AURORA__GREETING_FOREIGN;
  if (size == HEADER)
    return AURORA__GREETING_PARTIAL;
  if (bytes[HEADER] != PROTOCOL && bytes[HEADER] != ERROR)
    return AURORA__GREETING_FOREIGN;
  if (size < HEADER + length)
    return AURORA__GREETING_PARTIAL;
  if (bytes[HEADER] == ERROR)
    return AURORA__GREETING_ERROR;
  greeting = read_payload(bytes + HEADER, length);
  if (greeting != AURORA__GREETING_FOREIGN && size > HEADER + length)
    return AURORA__GREETING_EXCESS;
  return greeting;
}

const char *aurora__greeting_describe(const unsigned char *bytes, size_t size)
{
  if (size >= 5 && !memcmp(bytes, "HTTP/", 5))
    return "it speaks HTTP";
  if (size >= 4 && !memcmp(bytes, "SSH-", 4))
    return "it speaks SSH";
  if (size > HEADER && bytes[3] == 0 && bytes[HEADER] < PROTOCOL)
    return "it speaks a protocol from before MySQL 4.1";
  return "its first bytes are no greeting of MySQL or MariaDB";
}
