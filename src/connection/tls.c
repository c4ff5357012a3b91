#include "connection/tls.h"

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

/* libmariadb's header shows the TLS session only so, and uses a type that it does not define. */
#define HAVE_TLS 1
typedef unsigned char uchar;
#include <ma_pvio.h>
#include <ma_tls.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

/* NULL: a plain connection, or a libmariadb that was built with another library for TLS. */
static SSL *session_of(MYSQL *mysql)
{
  MARIADB_TLS *tls = mysql->net.pvio ? mysql->net.pvio->ctls : NULL;
  const char *library = NULL;

  if (!tls || !tls->ssl || mariadb_get_infov(mysql, MARIADB_TLS_LIBRARY, &library) || !library ||
      strncmp(library, "OpenSSL", 7) != 0)
    return NULL;
  return tls->ssl;
}

static bool contains(const STACK_OF(X509) * certificates, const X509 *certificate)
{
  for (int i = 0; i < sk_X509_num(certificates); i++) {
    if (X509_cmp(sk_X509_value(certificates, i), certificate) == 0)
      return true;
  }
  return false;
}

static void tell(X509 *certificate, aurora__certificate_cb cb, void *data)
{
  BIO *text = BIO_new(BIO_s_mem());
  char *bytes;
  long size;

  if (text && PEM_write_bio_X509(text, certificate)) {
    size = BIO_get_mem_data(text, &bytes);
    cb(data, bytes, (size_t)size);
  }
  BIO_free(text);
}

void aurora__tls_trusted(MYSQL *mysql, aurora__certificate_cb cb, void *data)
{
  SSL *session = session_of(mysql);
  STACK_OF(X509) *chain = session ? SSL_get0_verified_chain(session) : NULL;
  STACK_OF(X509) * trusted;

  if (!chain || SSL_get_verify_result(session) != X509_V_OK)
    return;
  trusted = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(SSL_get_SSL_CTX(session)));
  for (int i = 0; i < sk_X509_num(chain); i++) {
    if (contains(trusted, sk_X509_value(chain, i)))
      tell(sk_X509_value(chain, i), cb, data);
  }
  sk_X509_pop_free(trusted, X509_free);
}

void aurora__tls_drop_certificates(MYSQL *mysql)
{
  SSL *session = session_of(mysql);
  X509_STORE *empty;

  if (!session)
    return;
  empty = X509_STORE_new();
  if (empty)
    SSL_CTX_set_cert_store(SSL_get_SSL_CTX(session), empty);
}

void aurora__tls_forget_errors(void)
{
  if (ERR_peek_error())
    ERR_clear_error();
}
