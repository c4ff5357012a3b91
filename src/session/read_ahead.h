/*
 * What libmariadb has read ahead: its cache of 16 KB holds bytes that nobody has asked for yet.
 *
 * The usual answer is in there as a whole once its first packet has been asked for. Its rows are taken
 * out here and decoded from where they lie: libmariadb's own way to them, a call for each that copies the
 * packet and then walks over its cells, costs more than all that is done with most of them. What is not a
 * row (the end, an error), and what has not come in full, is left to libmariadb.
 */
#ifndef AURORA_SESSION_READ_AHEAD_H
#define AURORA_SESSION_READ_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include <mysql.h>

#include "result/result.h"

/*
 * True when libmariadb or OpenSSL holds bytes that came behind the last answer. libmariadb would take
 * them for the answer to the next statement, for it does not look at the sequence numbers of
 * packets: such a session has lost step. No system call; what still waits in the socket is not seen, nor what
 * another library for TLS than OpenSSL holds.
 */
bool aurora__has_leftover(const MYSQL *mysql);

/* True when the next packet is there as a whole: a call that reads just that packet neither blocks nor
 * makes a system call, so that its blocking form does, which is half as dear as start and cont. */
bool aurora__has_next_packet(const MYSQL *mysql);

/*
 * Reads what has come on a plain connection, behind what is there, without waiting; as libmariadb would do it
 * at its next call, were nothing there. room: what aurora__read_ahead_room has said of it, once.
 */
typedef enum {
  AURORA__FILLED,     /* something new is there */
  AURORA__FILLED_NOT, /* nothing has come */
  AURORA__FILL_FAILED /* the connection has ended, or there is no more room: libmariadb is to read */
} aurora__fill_t;
aurora__fill_t aurora__read_ahead_fill(MYSQL *mysql, size_t room);
/* 0: it is not for us to fill, as on an encrypted connection. */
size_t aurora__read_ahead_room(const MYSQL *mysql);

/* What is in it, after a fill. */
const unsigned char *aurora__read_ahead(const MYSQL *mysql, const unsigned char **ret_end);
/* Takes that many bytes out, which are there: whole packets. */
void aurora__read_ahead_skip(MYSQL *mysql, size_t size);

/* The packet at `at`, header and all, and the size of its payload; NULL: it is not all there. */
static inline const unsigned char *aurora__packet_at(const unsigned char *at,
                                                     const unsigned char *end, size_t *ret_size)
{
  size_t here = (size_t)(end - at);

  if (here < NET_HEADER_SIZE)
    return NULL;
  *ret_size = at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16;
  return *ret_size <= here - NET_HEADER_SIZE ? at : NULL;
}

/* What begins a row: 0 in the binary protocol; by text the length of the first cell, of which one of 8
 * bytes (0xfe) is longer than the read-ahead. 0xfe and 0xff are the end and an error. */
static inline bool aurora__is_row(const unsigned char *payload, size_t size,
                                  aurora__protocol_t protocol)
{
  if (size == 0)
    return false;
  return protocol == AURORA__PROTOCOL_BINARY ? payload[0] == 0 : payload[0] < 0xfe;
}

/* While rows are being read: true when the next packet is there as a whole, and is a row. */
bool aurora__has_row(const MYSQL *mysql, aurora__protocol_t protocol);

/* The same, and takes it: its payload, which stays there until libmariadb is called; NULL: it has none. */
const unsigned char *aurora__take_row(MYSQL *mysql, aurora__protocol_t protocol, size_t *ret_size);

#endif
