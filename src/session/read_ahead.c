#include "session/read_ahead.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/ssl.h>

#include "libmariadb/internals.h"

enum { DEPRECATE_EOF = 1 << 24 /* CLIENT_DEPRECATE_EOF of the protocol */ };

bool aurora__has_leftover(const MYSQL *mysql)
{
  const unsigned char *end;
  const unsigned char *at = aurora__cached(mysql, &end);
  SSL *session;

  if (at && at < end)
    return true;
  session = aurora__tls_session(mysql);
  return session && SSL_pending(session) > 0;
}

/* The next packet with its header, if it is there as a whole; NULL: it is not. */
static inline const unsigned char *next_packet(const MYSQL *mysql, size_t *ret_size)
{
  const unsigned char *end;
  const unsigned char *at = aurora__cached(mysql, &end);

  if (!at || at > end || aurora__is_compressed(mysql))
    return NULL;
  return aurora__packet_at(at, end, ret_size);
}

bool aurora__has_next_packet(const MYSQL *mysql)
{
  size_t size;

  return next_packet(mysql, &size) != NULL;
}

size_t aurora__read_ahead_room(const MYSQL *mysql)
{
  /* Rows would end otherwise. No libmariadb up to 3.4 asks for it. */
  if (aurora__agreed_capabilities(mysql) & DEPRECATE_EOF)
    return 0;
  return aurora__cache_room(mysql);
}

aurora__fill_t aurora__read_ahead_fill(MYSQL *mysql, size_t room)
{
  size_t used;
  unsigned char *to = aurora__cache_end(mysql, &used);
  ssize_t size;

  if (used >= room)
    return AURORA__FILL_FAILED;
  size = recv((int)mysql_get_socket(mysql), to, room - used, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return AURORA__FILLED_NOT;
  if (size <= 0)
    return AURORA__FILL_FAILED;
  aurora__cache_filled(mysql, (size_t)size);
  return AURORA__FILLED;
}

const unsigned char *aurora__read_ahead(const MYSQL *mysql, const unsigned char **ret_end)
{
  return aurora__cache_at(mysql, ret_end);
}

void aurora__read_ahead_skip(MYSQL *mysql, size_t size)
{
  aurora__cache_taken(mysql, size);
}

bool aurora__has_row(const MYSQL *mysql, aurora__protocol_t protocol)
{
  size_t size;
  const unsigned char *packet = next_packet(mysql, &size);

  return packet && aurora__is_row(packet + NET_HEADER_SIZE, size, protocol);
}

const unsigned char *aurora__take_row(MYSQL *mysql, aurora__protocol_t protocol, size_t *ret_size)
{
  const unsigned char *packet = next_packet(mysql, ret_size);

  if (!packet || !aurora__is_row(packet + NET_HEADER_SIZE, *ret_size, protocol))
    return NULL;
  aurora__cache_taken(mysql, NET_HEADER_SIZE + *ret_size);
  aurora__set_packet_number(mysql, packet[3] + 1u);
  return packet + NET_HEADER_SIZE;
}
