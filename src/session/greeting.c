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
 *
 * An error packet may stand in its place, or behind it where the server has stopped waiting for the login. A
 * report of progress looks like one; libmariadb passes over it and takes what comes next for the greeting.
 */
#include "session/greeting.h"

#include <stdbool.h>
#include <string.h>

enum {
  HEADER = 4,
  PROTOCOL = 10,
  ERROR = 0xff,
  X_NOTICE = 11,  /* Mysqlx.ServerMessages.NOTICE */
  ERROR_SIZE = 3, /* 0xff and the number */
  PROGRESS = 0xffff,
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

static size_t length_of(const unsigned char *packet)
{
  return packet[0] | (size_t)packet[1] << 8 | (size_t)packet[2] << 16;
}

static bool is_progress(const unsigned char *payload, size_t size)
{
  return size >= ERROR_SIZE && (payload[1] | (unsigned)payload[2] << 8) == PROGRESS;
}

/* What follows a greeting that is understood so. */
static aurora__greeting_t read_rest(aurora__greeting_t greeting, const unsigned char *rest,
                                    size_t size)
{
  if (size == 0)
    return greeting;
  if ((size >= HEADER && rest[3] != 1) || (size > HEADER && rest[HEADER] != ERROR))
    return AURORA__GREETING_EXCESS;
  if (size < HEADER)
    return AURORA__GREETING_PARTIAL;
  if (length_of(rest) < ERROR_SIZE || length_of(rest) > AURORA__REFUSAL_MAX)
    return AURORA__GREETING_EXCESS;
  if (size < HEADER + length_of(rest))
    return AURORA__GREETING_PARTIAL;
  return is_progress(rest + HEADER, length_of(rest)) ? AURORA__GREETING_EXCESS
                                                     : AURORA__GREETING_REFUSAL;
}

aurora__greeting_t aurora__greeting_read(const unsigned char *bytes, size_t size)
{
  size_t length;
  aurora__greeting_t greeting;

  if (size < HEADER)
    return AURORA__GREETING_PARTIAL;
  length = length_of(bytes);
  if (length == 0 || HEADER + length > AURORA__GREETING_MAX || bytes[3] != 0)
    return AURORA__GREETING_FOREIGN;
  if (size == HEADER)
    return AURORA__GREETING_PARTIAL;
  if (bytes[HEADER] != PROTOCOL && bytes[HEADER] != ERROR)
    return AURORA__GREETING_FOREIGN;
  if (size < HEADER + length)
    return AURORA__GREETING_PARTIAL;
  if (bytes[HEADER] == ERROR)
    return is_progress(bytes + HEADER, length) ? AURORA__GREETING_FOREIGN : AURORA__GREETING_ERROR;
  greeting = read_payload(bytes + HEADER, length);
  if (greeting == AURORA__GREETING_FOREIGN)
    return greeting;
  return read_rest(greeting, bytes + HEADER + length, size - HEADER - length);
}

const unsigned char *aurora__greeting_refusal(const unsigned char *bytes, size_t *ret_size)
{
  const unsigned char *packet = bytes + HEADER + length_of(bytes);

  *ret_size = length_of(packet);
  return packet + HEADER;
}

const char *aurora__greeting_describe(const unsigned char *bytes, size_t size)
{
  if (size >= 5 && !memcmp(bytes, "HTTP/", 5))
    return "it speaks HTTP";
  if (size >= 4 && !memcmp(bytes, "SSH-", 4))
    return "it speaks SSH";
  if (size >= 4 && (!memcmp(bytes, "220 ", 4) || !memcmp(bytes, "220-", 4)))
    return "it speaks SMTP or FTP";
  /* Its messages: a length of 4 bytes, the first of which here, and a type. */
  if (size > HEADER && !memcmp(bytes + 1, "\0\0\0", 3) && bytes[HEADER] == X_NOTICE)
    return "it speaks MySQL's X protocol: the usual port of the classic one is 3306";
  if (size > HEADER && bytes[3] == 0 && bytes[HEADER] < PROTOCOL)
    return "it speaks a protocol from before MySQL 4.1";
  return "its first bytes are no greeting of MySQL or MariaDB";
}
