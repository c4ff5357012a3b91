/*
 * Opening a connection: one blocking unit on libuv's worker pool.
 *
 * libmariadb's non-blocking connect blocks in DNS and in the whole TLS handshake, so TCP, TLS, login and session
 * set-up run on a worker thread, under one absolute deadline. For DNS the worker only waits: see resolver.h.
 */
#ifndef AURORA_SESSION_CONNECT_H
#define AURORA_SESSION_CONNECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mysql.h>
#include <uv.h>

#include <aurora/config.h>
#include <aurora/error.h>

#include "session/failure.h"
#include "session/server.h"
#include "session/setup.h"
#include "session/trust.h"

typedef struct aurora__connect aurora__connect_t;

/* Called on the loop's thread when the worker is done. Takes job and job->mysql over. */
typedef void (*aurora__connect_cb)(aurora__connect_t *job);

struct aurora__connect {
  /* Set by the caller. */
  const aurora_config_t *config; /* outlives the job */
  aurora__trust_t *trust;        /* outlives it too */
  uint64_t deadline;             /* ns of aurora__now_ns */
  /* For a connection that only does something and is closed again, on the worker: what it does once
     the session is up. Returns false when it failed (mysql then tells why). NULL: an ordinary one. */
  bool (*errand)(aurora__connect_t *job, MYSQL *mysql);
  aurora__connect_cb cb;
  void *data;
  aurora__server_t server; /* the one that is to be expected, or unknown. Afterwards: which it is */

  /* The outcome, for cb. On success mysql, which is NULL after an errand. */
  bool succeeded;
  MYSQL *mysql;
  aurora__setup_t setup; /* of mysql: cb takes it over */
  aurora_error_t error;  /* on failure, with the next */
  aurora__failure_t failure;
  bool error_quotes; /* the error's text is a server's about a statement, which it may quote */

  /* Private. */
  uv_work_t work;
  atomic_bool
      expired;      /* the loop's watchdog has found the deadline passed, or the pool is closed */
  uv_mutex_t lock;  /* guards the next, which the loop reads while the worker runs */
  int duplicate;    /* of the socket that is being connected, or -1 */
  bool tls_missing; /* TLS is required, and not in use */
  bool
      out_of_step; /* the server sent more than the answer to the login, or no answer to a question */
  bool no_memory;
  bool logged_in;
  bool in_init_sql;        /* all else of the session is set up */
  uint64_t credentials_ms; /* that the callback took */
  atomic_bool in_credentials;
  bool closed;     /* it was ended by the pool's end; the loop's */
  bool wrong_name; /* libmariadb has compared the certificate with another name */
};

/* Starts the job. 0, or a libuv error: cb is not called then. */
int aurora__connect_start(uv_loop_t *loop, aurora__connect_t *job);

/* The watchdog: to be called on the loop's thread once the deadline has passed and cb has not been
 * called. Cuts the socket under the worker, and ends its wait for a name. cb still comes: soon, unless a credentials
 * callback holds the worker. */
void aurora__connect_expire(aurora__connect_t *job);
/* The same when the pool is closed. */
void aurora__connect_close(aurora__connect_t *job);

/* The error of a job that has not come back after its deadline: nothing but a credentials callback should hold one. */
void aurora__connect_explain_abandoned(aurora__connect_t *job, aurora_error_t *ret_error);

/* Where a connect goes, for people: "host:port", or the socket's path. */
enum { AURORA__WHERE_SIZE = 300 };
void aurora__connect_describe(const aurora_config_t *config, char *text, size_t size);

#endif
