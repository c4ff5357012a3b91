/*
 * A program that uses a pool, as fault tests need it: a loop of its own, answers that count their
 * callbacks, and an end that leaves nothing behind. Failures fail the running Check test.
 */
#ifndef TESTS_FAULT_CLIENT_H
#define TESTS_FAULT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <aurora.h>

#include "support/database.h"
#include "support/fault_proxy.h"

enum { CLIENT_PATIENCE_MS = 20000 }; /* for what must happen, whenever that is */

typedef struct {
  uv_loop_t loop;
  aurora_pool_t *pool;
  unsigned descriptors; /* open before */
  fault_proxy_t *proxy; /* between the pool and the server, or NULL */
  unsigned callbacks;   /* made so far, of all answers */
  bool closed;

  /* A timer of 1 ms shows that the loop turns. */
  uv_timer_t ticker;
  uint64_t last_tick, longest_gap; /* ns */
} client_t;

/* What a callback was told. */
typedef struct {
  client_t *client;
  unsigned calls;
  bool done; /* calls is 1 or more */
  bool failed;
  aurora_error_t error; /* if failed */
  int64_t value;        /* first column of the first row, -1: there is none or it is no number */
  size_t rows;
  aurora_connection_t *connection; /* of a lease */
  aurora_query_t *query;           /* to cancel it; valid until done */
  uint64_t asked_at, ended_at;     /* ms */
} answer_t;

/* Defaults, and how to reach a database; tls: REQUIRED, else DISABLED. */
aurora_config_t client_config(const database_t *database, bool tls);
/* The same for something else that listens on a port of 127.0.0.1. */
aurora_config_t client_config_of_port(unsigned port, bool tls);

void client_open(client_t *client, const aurora_config_t *config);
/* The same in two steps, for a proxy in between: its port is client->proxy's. */
void client_begin(client_t *client);
void client_begin_with_proxy(client_t *client, const database_t *database,
                             const fault_script_t *script);
void client_create(client_t *client, const aurora_config_t *config);
/* Closes the pool, runs the loop to the close callback, and checks that neither handle nor descriptor
 * is left. */
void client_close(client_t *client, unsigned drain_ms);
/* The last part, for a test that closes the pool itself. */
void client_end(client_t *client);

/* Each starts an answer. timeout_ms 0: none. */
void client_ask(client_t *client, answer_t *answer, const char *sql);
void client_ask_with(client_t *client, answer_t *answer, const char *sql, aurora_params_t params,
                     uint64_t timeout_ms, unsigned flags);
void client_ask_patiently(client_t *client, answer_t *answer, const char *sql,
                          uint64_t acquire_timeout_ms);
void client_warm_up(client_t *client, answer_t *answer);
void client_acquire(client_t *client, answer_t *answer);
void client_ask_lease(client_t *client, aurora_connection_t *connection, answer_t *answer,
                      const char *sql, aurora_params_t params, uint64_t timeout_ms);

/* Runs the loop until the answer is there. */
void client_wait(client_t *client, const answer_t *answer);
/* Runs a statement, which must succeed; the value. */
int64_t client_get(client_t *client, const char *sql);
/* Runs a statement, which must fail; the error. */
aurora_error_t client_fail(client_t *client, const char *sql);

/* One callback, without an error. */
void answer_must_be_good(const answer_t *answer);
/* One callback, with this code; the message must not be empty. */
void answer_must_be(const answer_t *answer, int code);
/* From the call to the callback. */
uint64_t answer_took(const answer_t *answer);

/* Between these two the loop's turns are watched; the longest gap in ms. */
void client_watch(client_t *client);
double client_watched(client_t *client);

#endif
