/*
 * The baselines of the bench: the same statements made without the pool, by the least code that is
 * still correct.
 *
 *  - bare: connections on a libuv loop, driven by uv_poll and libmariadb's _start/_cont: what an
 *    asynchronous client costs at least ("the floor").
 *  - blocking: one connection, plain blocking libmariadb.
 *
 * Both consume every row of a result and convert nothing. Not part of the library.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* Where to connect to. NULL strings: libmariadb's defaults, but TCP and no password. */
typedef struct {
  const char *host;
  unsigned port;
  const char *unix_socket; /* not NULL: host and port are not used */
  const char *user;
  const char *password;
  const char *database;
  bool tls;                       /* demand TLS */
  const char *ssl_ca;             /* with tls: verify the certificate against it */
  const char *ssl_cert, *ssl_key; /* with tls: the client's own; NULL: none */
} bare_target_t;

typedef enum {
  BARE_TEXT,    /* the text protocol */
  BARE_PREPARED /* prepared once a connection, then executed */
} bare_kind_t;

typedef struct {
  bare_kind_t kind;
  const char *sql;
  /* BARE_PREPARED: 0: the statement has no placeholder. Else it has one, which gets 1 to keys in
   * turn. */
  uint64_t keys;
} bare_statement_t;

/* What a run did. */
typedef struct {
  uint64_t queries;
  uint64_t rows;
  uint64_t bytes;   /* of the column values of these rows, as the server sent them */
  uint64_t elapsed; /* ns */
  uint64_t cpu;     /* ns; of the whole process, user and kernel */
} bare_totals_t;

/* Called with the latency of each query, in ns: from sending it to having its last row. */
typedef void (*bare_sample_cb)(uint64_t nanoseconds, void *data);

/* What went wrong, for people. */
typedef struct {
  char message[640];
} bare_error_t;

/* The CPU time that this process has used so far, ns. */
uint64_t bare_cpu_time(void);

typedef struct bare bare_t;
typedef struct bare_blocking bare_blocking_t;

/* Opens that many connections, one after the other, blocking. 0 or -1 with *ret_error filled in. */
int bare_open(uv_loop_t *loop, const bare_target_t *target, unsigned connections, bare_t **ret_bare,
              bare_error_t *ret_error);

/*
 * Runs the statement `count` times, back to back on each of the first `in_flight` connections; runs
 * the loop until they are done. sample may be NULL: then no time is taken for each query. After a
 * failure the connections can only be closed.
 */
int bare_run(bare_t *bare, const bare_statement_t *statement, uint64_t count, unsigned in_flight,
             bare_sample_cb sample, void *data, bare_totals_t *ret_totals, bare_error_t *ret_error);

/* Closes every connection and runs the loop until its handles are closed. NULL is allowed. */
void bare_close(bare_t *bare);

/* The same by blocking calls on one connection. */
int bare_blocking_open(const bare_target_t *target, bare_blocking_t **ret_blocking,
                       bare_error_t *ret_error);
int bare_blocking_run(bare_blocking_t *blocking, const bare_statement_t *statement, uint64_t count,
                      bare_sample_cb sample, void *data, bare_totals_t *ret_totals,
                      bare_error_t *ret_error);
void bare_blocking_close(bare_blocking_t *blocking);

#endif
