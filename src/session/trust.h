/*
 * Which certificates of ssl_ca the servers of a pool have needed so far.
 *
 * libmariadb parses the whole CA file for each connection: 0.14 ms of CPU a certificate, 20 ms and more for
 * a bundle such as the one of RDS, while the rest of opening a TLS connection takes 2 ms. Of such a file one
 * connection needs a certificate or two, the same each time. So those that a verified chain has ended in are
 * remembered, and the next connection is given a file in memory with these alone: a part of ssl_ca. When the
 * server cannot be verified with the part, because its authority has changed, say, the connect is made once
 * more with the whole.
 *
 * Nothing is trusted that ssl_ca does not hold. What is remembered counts as long as ssl_ca is the same file
 * (device, inode, size and time of its last change); and libmariadb reads the whole through the descriptor
 * that this was asked of, so that it is of this file and no other what is remembered.
 *
 * On worker threads, several at a time.
 */
#ifndef AURORA_SESSION_TRUST_H
#define AURORA_SESSION_TRUST_H

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
  uv_mutex_t lock;   /* guards the rest */
  uv_cond_t learned; /* or not: learning is over */
  bool learning; /* an attempt with the whole is under way, and others may wait for what it needs */
  aurora__file_id_t file; /* which the rest is about; zeros: none */
  char *needed;           /* certificates, PEM; NULL: none is known */
  size_t size;
} aurora__trust_t;

/* 0 or a libuv error. */
int aurora__trust_init(aurora__trust_t *trust);
void aurora__trust_clear(aurora__trust_t *trust);

/* The file that libmariadb is given for one attempt. */
typedef struct {
  const char *path;     /* what to give it; NULL: none */
  char path_room[32];   /* for the path of a descriptor */
  int whole;            /* ssl_ca; -1: not open, path is its name */
  int part;             /* in memory; -1: path leads to the whole */
  bool worth;           /* what is needed of the whole is worth knowing */
  bool learns;          /* others may wait for this attempt */
  aurora__file_id_t id; /* of whole */
} aurora__ca_t;

/* The part that is known, or the whole of ssl_ca; ssl_ca NULL: no path. When nothing is known yet and another
 * connection is about to find out, waits for that, up to so many ms: it is quicker than to parse the whole too, and
 * leaves a core to the loop. To be closed. */
void aurora__ca_open(aurora__ca_t *ca, aurora__trust_t *trust, const char *ssl_ca,
                     unsigned wait_ms);
static inline bool aurora__ca_is_part(const aurora__ca_t *ca)
{
  return ca->part >= 0;
}
/* From the part, which did not do, to the whole. */
void aurora__ca_take_whole(aurora__ca_t *ca);
void aurora__ca_close(aurora__ca_t *ca, aurora__trust_t *trust);

/* Remembers what the handshake of mysql needed of the whole. */
void aurora__trust_learn(aurora__trust_t *trust, const aurora__ca_t *ca, MYSQL *mysql);

#endif
