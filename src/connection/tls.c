#include "connection/tls.h"

#include <sys/types.h>

/* libmariadb's header shows the TLS session only so, and uses a type that it does not define. */
#define HAVE_TLS 1
typedef unsigned char uchar;
#include <ma_pvio.h>
#include <ma_tls.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

void aurora__tls_drop_certificates(MYSQL *mysql)
{
  MARIADB_TLS *tls = mysql->net.pvio ? mysql->net.pvio->ctls : NULL;
  X509_STORE *empty;

  if (!tls || !tls->ssl)
    return;
  empty = X509_STORE_new();
  if (empty)
    SSL_CTX_set_cert_store(SSL_get_SSL_CTX(tls->ssl), empty);
}

void aurora__tls_forget_errors(void)
{
  if (ERR_peek_error())
    ERR_clear_error();
}
