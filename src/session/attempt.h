/*
 * One attempt to connect to one address: what libmariadb is let do, and when.
 *
 * libmariadb waits through a function of ours (MARIADB_OPT_IO_WAIT). That is where the deadline holds, where the
 * socket becomes known to the watchdog, and where the server's greeting is judged before anything is sent.
 * The function takes no user data: the attempt in hand is a thread-local variable.
 */
#ifndef AURORA_SESSION_ATTEMPT_H
#define AURORA_SESSION_ATTEMPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mysql.h>

#include <aurora/config.h>

#include "session/greeting.h"

typedef struct {
  /* Set by the caller. */
  const aurora_config_t *config;
  MYSQL *mysql;
  const char *ca;            /* of the certificate authorities, or NULL */
  uint64_t deadline;         /* of the whole connect, ns of aurora__now_ns */
  uint64_t address_deadline; /* for the greeting to have come */
  /* Makes a socket known that is about to be waited for. */
  void (*publish)(void *data, int fd);
  const atomic_bool *expired; /* the attempt is to be given up */
  void *data;
  /* The address; the configuration's host from the greeting on. libmariadb keeps a pointer to it, and
     copies it once it has read the greeting, as the name that the certificate must bear. */
  char host[256];

  /* What became of it. */
  aurora__greeting_t greeting;
  unsigned char head[AURORA__GREETING_HEAD]; /* the first bytes of a foreign one */
  size_t head_size;
  char refusal[AURORA__REFUSAL_MAX + 1]; /* the error packet behind it, NUL-terminated */
  bool connected;                        /* over TCP; not known of a Unix socket */
  int socket_errno;                      /* of the TCP connect */
  char verdict[400]; /* why the certificate was refused, where libmariadb leaves that to us; "" */

  int fd; /* private: that was published */
} aurora__attempt_t;

/* Puts the attempt in hand of this thread, and the function in libmariadb's. False: it cannot be. */
bool aurora__attempt_begin(aurora__attempt_t *attempt);
void aurora__attempt_end(void);

#endif
