/*
 * A pool for one fault test: the fixture, and what such tests need besides: TLS or a port of another
 * server's, a proxy in between, deadlines, and an eye on the loop's turns.
 */
#ifndef TESTS_FAULT_CLIENT_H
#define TESTS_FAULT_CLIENT_H

#include "support/fault_proxy.h"
#include "support/pool_fixture.h"

typedef struct {
  pool_fixture_t fixture;
  fault_proxy_t *proxy; /* between the pool and the server, or NULL */

  /* A timer of 1 ms shows that the loop turns. */
  uv_timer_t ticker;
  uint64_t last_tick, longest_gap; /* ns */
} client_t;

/* Defaults, and how to reach a database; tls: REQUIRED, else DISABLED. */
aurora_config_t client_config(const database_t *database, bool tls);
/* The same for something else that listens on a port of 127.0.0.1. */
aurora_config_t client_config_of_port(unsigned port, bool tls);

void client_open(client_t *client, const aurora_config_t *config);
/* The first part of that; fixture_create is the second. The proxy's port is client->proxy's. */
void client_begin(client_t *client);
void client_begin_with_proxy(client_t *client, const database_t *database,
                             const fault_script_t *script);
/* Closes the pool, runs the loop to the close callback, and checks that neither handle nor descriptor
 * is left. */
void client_close(client_t *client, unsigned drain_ms);
/* The last part, for a test that closes the pool itself. */
void client_end(client_t *client);

/* Each starts a reply, which keeps the value only. timeout_ms 0: none. */
void client_ask(client_t *client, reply_t *reply, const char *sql);
void client_ask_with(client_t *client, reply_t *reply, const char *sql, aurora_params_t params,
                     uint64_t timeout_ms, unsigned flags);
void client_ask_patiently(client_t *client, reply_t *reply, const char *sql,
                          uint64_t acquire_timeout_ms);
void client_ask_lease(client_t *client, aurora_connection_t *connection, reply_t *reply,
                      const char *sql, aurora_params_t params, uint64_t timeout_ms);

/* Runs a statement, which must fail; the error. */
aurora_error_t client_fail(client_t *client, const char *sql);

/* Between these two the loop's turns are watched; the longest gap in ms. */
void client_watch(client_t *client);
double client_watched(client_t *client);

#endif
