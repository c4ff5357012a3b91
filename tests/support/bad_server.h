/*
 * Servers that misbehave while a client connects, on a port of 127.0.0.1 of their own, with a thread
 * of their own: start them in the process that uses them, for Check forks before each test.
 */
#ifndef TESTS_SUPPORT_BAD_SERVER_H
#define TESTS_SUPPORT_BAD_SERVER_H

#include <stddef.h>

typedef enum {
  BAD_SERVER_REFUSES,        /* nobody listens */
  BAD_SERVER_BLACK_HOLE,     /* the TCP connection is never completed */
  BAD_SERVER_CLOSES,         /* closes what it accepted */
  BAD_SERVER_SILENT,         /* accepts and says nothing */
  BAD_SERVER_GARBAGE,        /* sends bytes that are no greeting, then nothing */
  BAD_SERVER_TOO_MANY,       /* error 1040 instead of a greeting, then closes */
  BAD_SERVER_GREETS,         /* a greeting without TLS, then never reads */
  BAD_SERVER_SILENT_LOGIN,   /* reads the login (without TLS) and says nothing */
  BAD_SERVER_SILENT_TLS,     /* offers TLS, swallows the ClientHello and says nothing */
  BAD_SERVER_STOPS_IN_TLS,   /* sends the first stop_after bytes of its side of TLS, then nothing */
  BAD_SERVER_CLEAR_PASSWORD, /* asks for mysql_clear_password (without TLS), then says nothing */
  BAD_SERVER_UNKNOWN_PLUGIN, /* asks for an authentication plugin that nobody has */
  BAD_SERVER_ACCEPTS_ANYBODY, /* logs in whoever comes, then answers nothing */
  BAD_SERVER_HALF_GREETING    /* the first stop_after bytes of a greeting, then nothing */
} bad_server_mode_t;

typedef struct {
  bad_server_mode_t mode;
  size_t stop_after;
  const char *certificate, *key; /* PEM files, for STOPS_IN_TLS only */
} bad_server_options_t;

typedef struct bad_server bad_server_t;

/* 0, or a negative errno value. Connections are kept open until the stop, except where the mode says
 * that they are closed or the client closes. */
int bad_server_start(const bad_server_options_t *options, bad_server_t **ret_server);
unsigned bad_server_port(const bad_server_t *server);

/* How many connections were accepted; none is by the first two modes. */
unsigned bad_server_connections(bad_server_t *server);
/* How many of them are open now: 0 shows that a client let go of all. */
unsigned bad_server_open(bad_server_t *server);
/* Copies what clients sent so far, TLS records included, up to size bytes. How many. */
size_t bad_server_seen(bad_server_t *server, void *ret_bytes, size_t size);

/* Closes everything and frees the server. */
void bad_server_stop(bad_server_t *server);

#endif
