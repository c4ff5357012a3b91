#include "connection/leftover.h"

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
