#include "connection/read_ahead.h"

#include <errno.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/ssl.h>

#include "libmariadb/internals.h"

enum { DEPRECATE_EOF = 1 << 24 /* CLIENT_DEPRECATE_EOF of the protocol */ };

bool aurora__has_leftover(const MYSQL *mysql)
{
  const MARIADB_PVIO *pvio = aurora__pvio(mysql);
  SSL *session;

  if (!pvio)
    return false;
  if (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size)
    return true;
  session = pvio->ctls ? aurora__tls_session(mysql) : NULL;
  return session && SSL_pending(session) > 0;
}

/* The next packet with its header, if it is there as a whole; NULL: it is not. */
static inline const unsigned char *next_packet(const MYSQL *mysql, size_t *ret_size)
{
  const MARIADB_PVIO *pvio = aurora__pvio(mysql);

  if (!pvio || !pvio->cache || aurora__is_compressed(mysql) || pvio->cache_pos < pvio->cache ||
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
  const MARIADB_PVIO *pvio = aurora__pvio(mysql);

  /* Rows would end otherwise. No libmariadb up to 3.3 asks for it. */
  if (aurora__agreed_capabilities(mysql) & DEPRECATE_EOF)
    return 0;
  /* A library that was built with another size than its header says must not be written beyond. */
  if (!pvio || pvio->mysql != mysql || !pvio->cache || pvio->ctls || aurora__is_compressed(mysql) ||
      malloc_usable_size(pvio->cache) < AURORA__CACHE_SIZE)
    return 0;
  return AURORA__CACHE_SIZE;
}

aurora__fill_t aurora__read_ahead_fill(MYSQL *mysql, size_t room)
{
  MARIADB_PVIO *pvio = aurora__known_pvio(mysql);
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
  const MARIADB_PVIO *pvio = aurora__known_pvio(mysql);

  *ret_end = pvio->cache + pvio->cache_size;
  return pvio->cache_pos;
}

void aurora__read_ahead_skip(MYSQL *mysql, size_t size)
{
  aurora__known_pvio(mysql)->cache_pos += size;
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
  aurora__known_pvio(mysql)->cache_pos += NET_HEADER_SIZE + *ret_size;
  aurora__set_packet_number(mysql, packet[3] + 1u);
  return packet + NET_HEADER_SIZE;
}
