#include "connection/read_ahead.h"

#include <errno.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/types.h>

/* libmariadb's header shows its read-ahead cache only so, and uses a type that it does not define. */
#define HAVE_TLS 1
typedef unsigned char uchar;
#include <ma_pvio.h>
#include <ma_tls.h>
#include <openssl/ssl.h>

enum { DEPRECATE_EOF = 1 << 24 /* CLIENT_DEPRECATE_EOF of the protocol */ };

bool aurora__has_leftover(const MYSQL *mysql)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;

  if (!pvio)
    return false;
  return (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size) ||
         (pvio->ctls && pvio->ctls->ssl && SSL_pending(pvio->ctls->ssl) > 0);
}

/* The next packet with its header, if it is there as a whole; NULL: it is not. */
static inline const unsigned char *next_packet(const MYSQL *mysql, size_t *ret_size)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;

  if (!pvio || !pvio->cache || mysql->net.compress || pvio->cache_pos < pvio->cache ||
      pvio->cache_pos > pvio->cache + pvio->cache_size)
    return NULL;
  return aurora__packet_at(pvio->cache_pos, pvio->cache + pvio->cache_size, ret_size);
}

bool aurora__has_next_packet(const MYSQL *mysql)
{
  size_t size;

  return next_packet(mysql, &size) != NULL;
}

size_t aurora__read_ahead_room(const MYSQL *mysql)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;

  /* Rows would end otherwise. No libmariadb up to 3.3 asks for it. */
  if (mysql->client_flag & mysql->server_capabilities & DEPRECATE_EOF)
    return 0;
  /* A library that was built with another size than its header says must not be written beyond. */
  if (!pvio || !pvio->cache || pvio->ctls || mysql->net.compress ||
      malloc_usable_size(pvio->cache) < PVIO_READ_AHEAD_CACHE_SIZE)
    return 0;
  return PVIO_READ_AHEAD_CACHE_SIZE;
}

aurora__fill_t aurora__read_ahead_fill(MYSQL *mysql, size_t room)
{
  MARIADB_PVIO *pvio = mysql->net.pvio;
  ssize_t size;

  if (pvio->cache_pos >= pvio->cache + pvio->cache_size) {
    pvio->cache_pos = pvio->cache;
    pvio->cache_size = 0;
  }
  if (pvio->cache_size >= room)
    return AURORA__FILL_FAILED;
  size = recv((int)mysql_get_socket(mysql), pvio->cache + pvio->cache_size, room - pvio->cache_size,
              MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return AURORA__FILLED_NOT;
  if (size <= 0)
    return AURORA__FILL_FAILED;
  pvio->cache_size += (size_t)size;
  return AURORA__FILLED;
}

const unsigned char *aurora__read_ahead(const MYSQL *mysql, const unsigned char **ret_end)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;

  *ret_end = pvio->cache + pvio->cache_size;
  return pvio->cache_pos;
}

void aurora__read_ahead_skip(MYSQL *mysql, size_t size)
{
  mysql->net.pvio->cache_pos += size;
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
  mysql->net.pvio->cache_pos += NET_HEADER_SIZE + *ret_size;
  mysql->net.pkt_nr = packet[3] + 1u;
  return packet + NET_HEADER_SIZE;
}
