/*
 * The first packet of a server: what it is, before a byte is sent. Pure.
 */
#ifndef AURORA_SESSION_GREETING_H
#define AURORA_SESSION_GREETING_H

#include <stddef.h>

typedef enum {
  AURORA__GREETING_NONE,    /* none has been seen */
  AURORA__GREETING_PARTIAL, /* what has come may become one, or more than one that is allowed */
  AURORA__GREETING_PLAIN,   /* whole, and does not offer TLS */
  AURORA__GREETING_TLS,     /* whole, and offers it */
  AURORA__GREETING_ERROR, /* an error packet in its place: libmariadb reports it and sends nothing */
  AURORA__GREETING_REFUSAL, /* an error packet follows it: the server has given up waiting for a login */
  AURORA__GREETING_EXCESS, /* more follows it, which a server sends only after the login */
  AURORA__GREETING_FOREIGN /* what no MySQL or MariaDB server says since 4.1 */
} aurora__greeting_t;

/* The longest first packet that is waited for, its header included: a greeting of today has some 100 bytes,
 * and an error packet fewer than 600. And the longest error packet behind it. */
enum { AURORA__GREETING_MAX = 16384, AURORA__REFUSAL_MAX = 1024 };

/* What these bytes are, all that a server has sent so far. */
aurora__greeting_t aurora__greeting_read(const unsigned char *bytes, size_t size);

/* The payload of the error packet of a REFUSAL, within bytes. */
const unsigned char *aurora__greeting_refusal(const unsigned char *bytes, size_t *ret_size);

/* What a server that is none seems to be, for people, from its first bytes. */
enum { AURORA__GREETING_HEAD = 16 };
const char *aurora__greeting_describe(const unsigned char *bytes, size_t size);

#endif
