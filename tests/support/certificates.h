/*
 * Certificates made on the spot, for TLS tests: two authorities, servers good and bad, a client.
 */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

enum { CERTIFICATES_PATH_SIZE = 256, CERTIFICATES_IN_BUNDLE = 144 };

typedef enum {
  CERTIFICATE_GOOD,        /* for DNS:localhost and IP:127.0.0.1 */
  CERTIFICATE_EXPIRED,     /* as good, until a day ago */
  CERTIFICATE_WRONG_NAME,  /* for DNS:elsewhere.example */
  CERTIFICATE_OTHER_CA,    /* as good, signed by the other authority */
  CERTIFICATE_SELF_SIGNED, /* as good, signed by itself */
  CERTIFICATE_NAMES,       /* for DNS:db.example and DNS:*.wild.example */
  CERTIFICATE_ADDRESSES,   /* for IP:127.0.0.1 and IP:::1 */
  CERTIFICATE_KINDS
} certificate_kind_t;

/* Paths of PEM files in one directory. */
typedef struct {
  char ca[CERTIFICATES_PATH_SIZE];
  char other_ca[CERTIFICATES_PATH_SIZE];
  char ca_bundle
      [CERTIFICATES_PATH_SIZE]; /* 144 authorities, ours the last: as large as that of RDS */
  char server_cert[CERTIFICATE_KINDS][CERTIFICATES_PATH_SIZE];
  char server_key[CERTIFICATES_PATH_SIZE]; /* of all the servers */
  char client_cert[CERTIFICATES_PATH_SIZE];
  char client_key[CERTIFICATES_PATH_SIZE];
} certificates_t;

/* Makes them all in an existing directory. 0, or a negative errno value. Takes some 5 ms: elliptic
 * curve keys, and nothing is shared between calls. */
int certificates_make(const char *directory, certificates_t *ret_certificates);

#endif
