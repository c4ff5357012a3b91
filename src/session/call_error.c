/*
 * Whose error it is. Numbers below 2000 and from 3000 on are the server's, and 2000 to 2999 (CR_*) and 5000 to 5999 (CER_*)
 * libmariadb's own; but a SIGNAL may use any number. So of the latter the packet is asked that was read last: it is still in
 * libmariadb's buffer, unless the connection has ended. libmariadb 3.3 passes such a number on, 3.4 makes
 * CR_MALFORMED_PACKET of it.
 */
#include "session/call_error.h"

#include <stdio.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>
#include <uv.h>

#include "base/error.h"
#include "libmariadb/internals.h"

enum { ERROR_PACKET = 0xff, SQLSTATE_SIZE = 5 };

static bool is_server_errno(unsigned number)
{
  return number != 0 && !(number >= 2000 && number < 3000) && !(number >= 5000 && number < 6000);
}

/* The payload of the error packet that was read last, which ends with a NUL; NULL: it was no such packet. */
static const char *last_error_packet(const MYSQL *mysql)
{
  const unsigned char *end;
  const unsigned char *packet = aurora__last_packet(mysql, &end);

  if (!packet || end - packet <= 3 || packet[0] != ERROR_PACKET)
    return NULL;
  return (const char *)packet;
}

aurora__call_error_t aurora__error_of_packet(const char *payload)
{
  aurora__call_error_t error = {.by_server = true};
  const char *text = payload + 3;

  error.number = (unsigned char)payload[1] | (unsigned)(unsigned char)payload[2] << 8;
  if (text[0] == '#' && strnlen(text, 1 + SQLSTATE_SIZE) == 1 + SQLSTATE_SIZE) {
    memcpy(error.sqlstate, text + 1, SQLSTATE_SIZE);
    text += 1 + SQLSTATE_SIZE;
  } else {
    memcpy(error.sqlstate, "HY000", sizeof "HY000");
  }
  error.message = text;
  return error;
}

/* The number is of those that libmariadb uses. */
static void find_sender(aurora__call_error_t *error, const MYSQL *mysql)
{
  const char *packet = last_error_packet(mysql);
  aurora__call_error_t sent;

  if (!packet)
    return;
  sent = aurora__error_of_packet(packet);
  if (sent.number == error->number ||
      (error->number == CR_MALFORMED_PACKET && !is_server_errno(sent.number)))
    *error = sent;
}

aurora__call_error_t aurora__call_error(MYSQL *mysql, MYSQL_STMT *handle)
{
  aurora__call_error_t error = {.number = handle ? mysql_stmt_errno(handle) : 0};

  if (error.number) {
    error.message = mysql_stmt_error(handle);
    snprintf(error.sqlstate, sizeof error.sqlstate, "%s", mysql_stmt_sqlstate(handle));
  } else {
    error.number = mysql_errno(mysql);
    error.message = mysql_error(mysql);
    snprintf(error.sqlstate, sizeof error.sqlstate, "%s", mysql_sqlstate(mysql));
  }
  error.by_server = is_server_errno(error.number);
  if (error.number && !error.by_server)
    find_sender(&error, mysql);
  return error;
}

bool aurora__is_error(unsigned number, const char *sqlstate, unsigned wanted)
{
  /* The SQLSTATEs of both servers; of the others that we ask for it is HY000. */
  static const struct {
    unsigned number;
    const char *sqlstate;
  } states[] = {{ER_LOCK_DEADLOCK, "40001"},
                {ER_NET_PACKET_TOO_LARGE, "08S01"},
                {ER_QUERY_INTERRUPTED, "70100"},
                {ER_MAX_PREPARED_STMT_COUNT_REACHED, "42000"}};
  const char *own = "HY000";

  if (number != wanted)
    return false;
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    if (states[i].number == wanted)
      own = states[i].sqlstate;
  }
  return strcmp(sqlstate, own) == 0;
}

/* What the server says when it cannot read or write its connection: 1153 to 1161. It closes that then: after a packet
 * over its max_allowed_packet, one out of order, a time-out of its own. */
static bool is_network_error(const aurora__call_error_t *error)
{
  return error->number >= ER_NET_PACKET_TOO_LARGE && error->number <= ER_NET_WRITE_INTERRUPTED &&
         strcmp(error->sqlstate, "08S01") == 0;
}

bool aurora__session_survives(const aurora__call_error_t *error)
{
  return error->by_server && !is_network_error(error);
}

static int code_of_server_error(const aurora__call_error_t *error)
{
  if (aurora__call_error_is(error, ER_LOCK_DEADLOCK))
    return AURORA_EDEADLOCK;
  if (aurora__call_error_is(error, ER_LOCK_WAIT_TIMEOUT))
    return AURORA_ELOCKTIMEOUT;
  return AURORA_ESERVER;
}

void aurora__tell_server_error(const aurora__call_error_t *error, aurora_error_t *ret_error)
{
  ret_error->server_errno = error->number;
  memcpy(ret_error->sqlstate, error->sqlstate, sizeof error->sqlstate);
}

void aurora__query_error(const aurora__call_error_t *error, aurora_error_t *ret_error)
{
  const char *message = error->message;

  if (error->by_server) {
    aurora__error_set(ret_error, code_of_server_error(error), AURORA_REFUSED, "%s",
                      message[0] ? message : "the server gives no reason");
    aurora__tell_server_error(error, ret_error);
    return;
  }
  switch (error->number) {
  case CR_MALFORMED_PACKET:
  case CR_COMMANDS_OUT_OF_SYNC:
    aurora__error_set(ret_error, AURORA_EPROTOCOL, AURORA_UNKNOWN, "%s", message);
    return;
  case CR_OUT_OF_MEMORY:
    aurora__error_set(ret_error, UV_ENOMEM, AURORA_UNKNOWN, "libmariadb is out of memory");
    return;
  case CR_NET_PACKET_TOO_LARGE: /* what is sent is bounded when it is asked for */
    aurora__error_set(ret_error, AURORA_ETOOBIG, AURORA_UNKNOWN,
                      "a row is larger than libmariadb's max_allowed_packet (1 GiB)");
    return;
  }
  aurora__error_set(ret_error, AURORA_ELOST, AURORA_UNKNOWN, "the connection was lost: %s",
                    message[0] ? message : "no reason given");
}
