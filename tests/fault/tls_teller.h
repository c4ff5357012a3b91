/*
 * A server that greets as MySQL does, makes a TLS handshake with the certificate that it is given, and tells whether
 * any byte of a login came, within TLS or without. It then closes. On a port of 127.0.0.1 or ::1, one connection after
 * the other, with a thread of its own.
 */
#ifndef TESTS_FAULT_TLS_TELLER_H
#define TESTS_FAULT_TLS_TELLER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  bool ipv6;
  const char *certificate; /* a file; NULL: no TLS is offered */
  const char *key;
} tls_teller_options_t;

typedef struct {
  unsigned connections;
  size_t plain;     /* bytes that came without TLS, the request for TLS apart */
  size_t encrypted; /* bytes that came within TLS */
} tls_told_t;

typedef struct tls_teller tls_teller_t;

/* NULL: it cannot listen there. Aborts when it cannot for another reason. */
tls_teller_t *tls_teller_start(const tls_teller_options_t *options);
unsigned tls_teller_port(const tls_teller_t *teller);
/* Ends it, and tells what it has heard. */
tls_told_t tls_teller_stop(tls_teller_t *teller);

#endif
