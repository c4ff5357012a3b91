#include "session/tls.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "libmariadb/internals.h"

/* The store's own copy of a certificate, which is the caller's; or NULL. By the name first: to compare two
 * certificates costs as much as to parse them. */
static X509 *find(X509_STORE_CTX *lookup, const X509 *certificate)
{
  STACK_OF(X509) *same_name = X509_STORE_CTX_get1_certs(lookup, X509_get_subject_name(certificate));
  X509 *found = NULL;

  for (int i = 0; i < sk_X509_num(same_name) && !found; i++) {
    if (X509_cmp(sk_X509_value(same_name, i), certificate) == 0)
      found = sk_X509_value(same_name, i);
  }
  if (found)
    X509_up_ref(found);
  sk_X509_pop_free(same_name, X509_free);
  return found;
}

/* With what the CA file says of the certificate's use, if it does. */
static void tell(X509 *certificate, aurora__certificate_cb cb, void *data)
{
  BIO *text = BIO_new(BIO_s_mem());
  char *bytes;
  long size;

  if (text && PEM_write_bio_X509_AUX(text, certificate)) {
    size = BIO_get_mem_data(text, &bytes);
    cb(data, bytes, (size_t)size);
  }
  BIO_free(text);
}

void aurora__tls_trusted(MYSQL *mysql, aurora__certificate_cb cb, void *data)
{
  SSL *session = aurora__tls_session(mysql);
  STACK_OF(X509) *chain = session ? SSL_get0_verified_chain(session) : NULL;
  X509_STORE_CTX *lookup;

  if (!chain || SSL_get_verify_result(session) != X509_V_OK)
    return;
  lookup = X509_STORE_CTX_new();
  if (lookup &&
      X509_STORE_CTX_init(lookup, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(session)), NULL, NULL)) {
    for (int i = 0; i < sk_X509_num(chain); i++) {
      X509 *trusted = find(lookup, sk_X509_value(chain, i));

      if (trusted)
        tell(trusted, cb, data);
      X509_free(trusted);
    }
  }
  X509_STORE_CTX_free(lookup);
}

enum { FIRST_WITH_CALLBACK = 30400 };

bool aurora__tls_leaves_verdict(void)
{
  return mysql_get_client_version() >= FIRST_WITH_CALLBACK;
}

static bool has_name(X509 *certificate, const char *name)
{
  return X509_check_host(certificate, name, 0, 0, NULL) == 1 ||
         X509_check_ip_asc(certificate, name, 0) == 1;
}

/* One more of the names, with what cannot be printed left out. */
static void add_name(char *text, size_t size, const unsigned char *name, int length)
{
  size_t end = strlen(text);

  end += (size_t)snprintf(text + end, size - end, "%s", end ? ", " : "");
  for (int i = 0; i < length && end + 1 < size; i++) {
    if (name[i] > ' ' && name[i] < 0x7f)
      text[end++] = (char)name[i];
  }
  text[end < size ? end : size - 1] = '\0';
}

static void add_address(char *text, size_t size, const ASN1_OCTET_STRING *address)
{
  char printed[INET6_ADDRSTRLEN];
  int length = ASN1_STRING_length(address);

  if ((length == 4 || length == 16) &&
      inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), printed,
                sizeof printed))
    add_name(text, size, (const unsigned char *)printed, (int)strlen(printed));
}

/* What a certificate is for: the names and addresses of its extension, else the common name. */
static void list_names(const X509 *certificate, char *text, size_t size)
{
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  int length;

  text[0] = '\0';
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

    if (name->type == GEN_DNS)
      add_name(text, size, ASN1_STRING_get0_data(name->d.dNSName),
               ASN1_STRING_length(name->d.dNSName));
    else if (name->type == GEN_IPADD)
      add_address(text, size, name->d.iPAddress);
  }
  GENERAL_NAMES_free(names);
  if (text[0])
    return;
  length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                                     (int)size);
  if (length <= 0)
    snprintf(text, size, "nothing");
}

bool aurora__tls_verify(MYSQL *mysql, const void *handle, const char *name, char *ret_why,
                        size_t size)
{
  SSL *session = aurora__tls_session_of(handle);
  X509 *certificate = session ? SSL_get0_peer_certificate(session) : NULL;
  long result;

  if (!certificate) {
    snprintf(ret_why, size,
             "the server's certificate cannot be verified: libmariadb is not built with OpenSSL");
    return false;
  }
  result = SSL_get_verify_result(session);
  if (result != X509_V_OK) {
    snprintf(ret_why, size, "the server's certificate is refused: %s",
             X509_verify_cert_error_string(result));
    return false;
  }
  /* What its own callback has noted of any certificate of the chain. */
  if (!aurora__tls_found_nothing(mysql)) {
    snprintf(ret_why, size, "the server's certificate is refused: %s", mysql_error(mysql));
    return false;
  }
  if (name && !has_name(certificate, name)) {
    char names[200];

    list_names(certificate, names, sizeof names);
    snprintf(ret_why, size, "the server's certificate is not for the host '%.150s', but for: %s",
             name, names);
    return false;
  }
  return true;
}

void aurora__tls_drop_certificates(MYSQL *mysql)
{
  SSL *session = aurora__tls_session(mysql);
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
