/*
 * One connection through the fault proxy: client, server, and a script for each direction. Used on the
 * proxy's thread only.
 */
#ifndef TESTS_SUPPORT_FAULT_CONNECTION_H
#define TESTS_SUPPORT_FAULT_CONNECTION_H

#include "support/fault_proxy.h"

#include <netinet/in.h>
#include <uv.h>

typedef struct fault_connection fault_connection_t;

/* All the connections of a proxy, with what they count in. */
typedef struct {
  uv_loop_t *loop;
  fault_connection_t *first;
  fault_counters_t counters;
} fault_connections_t;

/* Accepts what waits on the listener and connects it. What fails is dropped. */
void fault_connection_accept(fault_connections_t *connections, uv_stream_t *listener,
                             const struct sockaddr_in *server, const fault_script_t *script);

void fault_connections_apply(fault_connections_t *connections, const fault_script_t *script);
void fault_connections_reset(fault_connections_t *connections);

#endif
