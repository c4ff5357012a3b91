#include "connection/read_ahead.h"

#include <sys/types.h>

/* libmariadb's header shows its read-ahead cache only so, and uses a type that it does not define. */
#define HAVE_TLS 1
typedef unsigned char uchar;
#include <ma_pvio.h>
#include <ma_tls.h>
#include <openssl/ssl.h>

bool aurora__has_leftover(const MYSQL *mysql)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;

  if (!pvio)
    return false;
  return (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size) ||
         (pvio->ctls && pvio->ctls->ssl && SSL_pending(pvio->ctls->ssl) > 0);
}

bool aurora__has_next_packet(const MYSQL *mysql)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;
  const unsigned char *packet;
  size_t here, size;

  if (!pvio || !pvio->cache || mysql->net.compress)
    return false;
  packet = pvio->cache_pos;
  if (packet < pvio->cache || packet > pvio->cache + pvio->cache_size)
    return false;
  here = (size_t)(pvio->cache + pvio->cache_size - packet);
  if (here < NET_HEADER_SIZE)
    return false;
  size = packet[0] | (size_t)packet[1] << 8 | (size_t)packet[2] << 16;
  return here - NET_HEADER_SIZE >= size;
}
