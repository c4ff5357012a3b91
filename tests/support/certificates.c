/*
 * Made with libcrypto, so that no openssl command is needed. Keys are P-256. Each certificate is
 * written as soon as it is made; only the authorities and their keys are kept, to sign with.
 */
#include "support/certificates.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char system_bundle[] = "/etc/ssl/certs/ca-certificates.crt";

typedef struct {
  X509 *certificate;
  EVP_PKEY *key;
} authority_t;

/* What is to stand in a certificate. */
typedef struct {
  const char *name;
  const char *alternative_names; /* NULL: none */
  bool authority;
  long first_day, last_day; /* counted from today */
} subject_t;

static bool add_extension(X509 *certificate, X509 *issuer, int id, const char *value)
{
  X509V3_CTX context;
  X509_EXTENSION *extension;
  bool added;

  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
  added = extension && X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return added;
}

static bool set_serial(X509 *certificate)
{
  unsigned char bytes[8];

  if (RAND_bytes(bytes, sizeof bytes) != 1)
    return false;
  bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40); /* positive, and of full length */
  return ASN1_STRING_set(X509_get_serialNumber(certificate), bytes, sizeof bytes) == 1;
}

/* issuer NULL: self-signed. The caller frees the certificate; NULL when libcrypto fails. */
static X509 *sign(const subject_t *subject, EVP_PKEY *key, const authority_t *issuer)
{
  X509 *certificate = X509_new();
  X509 *by = issuer ? issuer->certificate : certificate;
  X509_NAME *name;

  if (!certificate)
    return NULL;
  name = X509_get_subject_name(certificate);
  if (X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
      X509_time_adj_ex(X509_getm_notBefore(certificate), (int)subject->first_day, 0, NULL) &&
      X509_time_adj_ex(X509_getm_notAfter(certificate), (int)subject->last_day, 0, NULL) &&
      X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Aurora tests", -1,
                                 -1, 0) &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject->name, -1,
                                 -1, 0) &&
      X509_set_issuer_name(certificate, X509_get_subject_name(by)) &&
      X509_set_pubkey(certificate, key) &&
      add_extension(certificate, by, NID_basic_constraints,
                    subject->authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
      add_extension(certificate, by, NID_key_usage,
                    subject->authority ? "critical,keyCertSign,cRLSign"
                                       : "critical,digitalSignature") &&
      (!subject->alternative_names ||
       add_extension(certificate, by, NID_subject_alt_name, subject->alternative_names)) &&
      add_extension(certificate, by, NID_subject_key_identifier, "hash") &&
      add_extension(certificate, by, NID_authority_key_identifier, "keyid:always") &&
      X509_sign(certificate, issuer ? issuer->key : key, EVP_sha256()))
    return certificate;
  X509_free(certificate);
  return NULL;
}

static bool make_authority(const char *name, authority_t *ret_authority)
{
  const subject_t subject = {.name = name, .authority = true, .first_day = -30, .last_day = 365};
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = key ? sign(&subject, key, NULL) : NULL;

  if (!certificate) {
    EVP_PKEY_free(key);
    return false;
  }
  ret_authority->certificate = certificate;
  ret_authority->key = key;
  return true;
}

static void free_authority(authority_t *authority)
{
  X509_free(authority->certificate);
  EVP_PKEY_free(authority->key);
}

static bool write_certificate(const char *path, X509 *certificate)
{
  FILE *file = fopen(path, "we");
  bool written = file && PEM_write_X509(file, certificate);

  return file && !fclose(file) && written;
}

static bool write_key(const char *path, EVP_PKEY *key)
{
  FILE *file = fopen(path, "we");
  bool written = file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);

  return file && !fclose(file) && written;
}

static bool issue(const char *path, const subject_t *subject, EVP_PKEY *key,
                  const authority_t *issuer)
{
  X509 *certificate = sign(subject, key, issuer);
  bool written = certificate && write_certificate(path, certificate);

  X509_free(certificate);
  return written;
}

static bool make_servers(const certificates_t *paths, const authority_t *ca,
                         const authority_t *other)
{
  static const char here[] = "DNS:localhost,IP:127.0.0.1";
  const subject_t good = {"localhost", here, false, -2, 365};
  const subject_t expired = {"localhost", here, false, -20, -1};
  const subject_t names = {"db.example", "DNS:db.example,DNS:*.wild.example", false, -2, 365};
  const subject_t addresses = {"addresses", "IP:127.0.0.1,IP:::1", false, -2, 365};
  const subject_t wrong = {"elsewhere.example", "DNS:elsewhere.example", false, -2, 365};
  EVP_PKEY *key = EVP_EC_gen("P-256");
  bool made = key && write_key(paths->server_key, key) &&
              issue(paths->server_cert[CERTIFICATE_GOOD], &good, key, ca) &&
              issue(paths->server_cert[CERTIFICATE_EXPIRED], &expired, key, ca) &&
              issue(paths->server_cert[CERTIFICATE_WRONG_NAME], &wrong, key, ca) &&
              issue(paths->server_cert[CERTIFICATE_OTHER_CA], &good, key, other) &&
              issue(paths->server_cert[CERTIFICATE_SELF_SIGNED], &good, key, NULL) &&
              issue(paths->server_cert[CERTIFICATE_NAMES], &names, key, ca) &&
              issue(paths->server_cert[CERTIFICATE_ADDRESSES], &addresses, key, ca);

  EVP_PKEY_free(key);
  return made;
}

static bool make_client(const certificates_t *paths, const authority_t *ca)
{
  const subject_t client = {"arla", NULL, false, -2, 365};
  EVP_PKEY *key = EVP_EC_gen("P-256");
  bool made =
      key && write_key(paths->client_key, key) && issue(paths->client_cert, &client, key, ca);

  EVP_PKEY_free(key);
  return made;
}

/* The system's authorities, at most `most`. How many. */
static int copy_system_bundle(FILE *to, int most)
{
  FILE *from = fopen(system_bundle, "re");
  char line[512];
  int count = 0;

  while (from && count < most && fgets(line, sizeof line, from)) {
    fputs(line, to);
    if (!strncmp(line, "-----END CERTIFICATE-----", 25))
      count++;
  }
  if (from)
    fclose(from);
  return count;
}

static bool make_bundle(const char *path, X509 *last)
{
  FILE *file = fopen(path, "we");
  bool made = true;
  int count;

  if (!file)
    return false;
  count = copy_system_bundle(file, CERTIFICATES_IN_BUNDLE - 1);
  for (; made && count < CERTIFICATES_IN_BUNDLE - 1; count++) {
    authority_t filler;
    char name[32];

    snprintf(name, sizeof name, "Filler %d", count);
    made = make_authority(name, &filler);
    if (made) {
      made = PEM_write_X509(file, filler.certificate) == 1;
      free_authority(&filler);
    }
  }
  made = made && PEM_write_X509(file, last) == 1;
  return !fclose(file) && made;
}

static bool set_path(char *path, const char *directory, const char *name)
{
  int length = snprintf(path, CERTIFICATES_PATH_SIZE, "%s/%s", directory, name);

  return length > 0 && length < CERTIFICATES_PATH_SIZE;
}

static bool set_paths(const char *directory, certificates_t *paths)
{
  static const char *const servers[CERTIFICATE_KINDS] = {
      [CERTIFICATE_GOOD] = "server-cert.pem",
      [CERTIFICATE_EXPIRED] = "server-cert-expired.pem",
      [CERTIFICATE_WRONG_NAME] = "server-cert-wrong-name.pem",
      [CERTIFICATE_OTHER_CA] = "server-cert-other-ca.pem",
      [CERTIFICATE_SELF_SIGNED] = "server-cert-self-signed.pem",
      [CERTIFICATE_NAMES] = "server-cert-names.pem",
      [CERTIFICATE_ADDRESSES] = "server-cert-addresses.pem",
  };

  for (int i = 0; i < CERTIFICATE_KINDS; i++)
    if (!set_path(paths->server_cert[i], directory, servers[i]))
      return false;
  return set_path(paths->ca, directory, "ca.pem") &&
         set_path(paths->other_ca, directory, "other-ca.pem") &&
         set_path(paths->ca_bundle, directory, "ca-bundle-144.pem") &&
         set_path(paths->server_key, directory, "server-key.pem") &&
         set_path(paths->client_cert, directory, "client-cert.pem") &&
         set_path(paths->client_key, directory, "client-key.pem");
}

int certificates_make(const char *directory, certificates_t *ret_certificates)
{
  certificates_t paths;
  authority_t ca = {NULL, NULL};
  authority_t other = {NULL, NULL};
  bool made;

  if (!set_paths(directory, &paths))
    return -ENAMETOOLONG;
  made = make_authority("Aurora test CA", &ca) && make_authority("Another test CA", &other) &&
         write_certificate(paths.ca, ca.certificate) &&
         write_certificate(paths.other_ca, other.certificate) &&
         make_servers(&paths, &ca, &other) && make_client(&paths, &ca) &&
         make_bundle(paths.ca_bundle, ca.certificate);
  free_authority(&ca);
  free_authority(&other);
  if (!made)
    return -EIO;
  *ret_certificates = paths;
  return 0;
}
