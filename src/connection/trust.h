/*
 * Which certificates of ssl_ca the servers of a pool have needed so far.
 *
 * libmariadb parses the whole CA file for each connection: 0.14 ms of CPU a certificate, 20 ms and more for
 * a bundle such as the one of RDS, while the rest of opening a TLS connection takes 2 ms. Of such a file one
 * connection needs a certificate or two, the same each time. So those that a verified chain has ended in are
 * remembered, and the next connection is given a file in memory with these alone. When the server cannot be
 * verified with them, because its authority has changed, the connect is made once more with the whole file.
 *
 * Nothing is trusted that ssl_ca does not hold: what is remembered counts as long as the file is the same
 * (device, inode, size and time of its change), and no longer.
 *
 * On worker threads, several at a time.
 */
#ifndef AURORA_CONNECTION_TRUST_H
#define AURORA_CONNECTION_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include <mysql.h>
#include <uv.h>

/* What tells a file from another, and from what it was. */
typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec changed;
} aurora__file_id_t;

typedef struct {
  uv_mutex_t lock; /* guards the rest */
  char *needed;    /* certificates, PEM; NULL: none is known */
  size_t size;
  aurora__file_id_t file; /* that they are from */
} aurora__trust_t;

/* 0 or a libuv error. */
int aurora__trust_init(aurora__trust_t *trust);
void aurora__trust_clear(aurora__trust_t *trust);

/* The file to give to libmariadb for one attempt. */
typedef struct {
  const char *path;       /* ssl_ca, or memory; NULL: none */
  char memory[32];        /* the path of descriptor */
  int descriptor;         /* of the file in memory; -1: path is ssl_ca */
  bool large;             /* path is ssl_ca, and large: what is needed of it is worth knowing */
  aurora__file_id_t file; /* ssl_ca, as it was before it was read */
} aurora__ca_t;

/* What is known to be needed of ssl_ca, or all of it; ssl_ca NULL: no path. To be closed. */
void aurora__ca_open(aurora__ca_t *ca, aurora__trust_t *trust, const char *ssl_ca);
/* Only what has been needed so far, and there may be more in ssl_ca. */
static inline bool aurora__ca_is_part(const aurora__ca_t *ca)
{
  return ca->descriptor >= 0;
}
/* From a part to all of it. */
void aurora__ca_take_whole(aurora__ca_t *ca, const char *ssl_ca);
void aurora__ca_close(aurora__ca_t *ca);

/* Remembers what the handshake of mysql needed. */
void aurora__trust_learn(aurora__trust_t *trust, const aurora__ca_t *ca, MYSQL *mysql);

#endif
