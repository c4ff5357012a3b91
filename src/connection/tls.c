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

/* By the subject first: to compare two certificates costs as much as to parse them. */
static bool contains(X509_STORE_CTX *store, const X509 *certificate)
{
  STACK_OF(X509) *same_name = X509_STORE_CTX_get1_certs(store, X509_get_subject_name(certificate));
  bool found = false;

  for (int i = 0; i < sk_X509_num(same_name) && !found; i++)
    found = X509_cmp(sk_X509_value(same_name, i), certificate) == 0;
  sk_X509_pop_free(same_name, X509_free);
  return found;
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
  X509_STORE_CTX *store;

  if (!chain || SSL_get_verify_result(session) != X509_V_OK)
    return;
  store = X509_STORE_CTX_new();
  if (store &&
      X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(session)), NULL, NULL)) {
    for (int i = 0; i < sk_X509_num(chain); i++) {
      if (contains(store, sk_X509_value(chain, i)))
        tell(sk_X509_value(chain, i), cb, data);
    }
  }
  X509_STORE_CTX_free(store);
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
