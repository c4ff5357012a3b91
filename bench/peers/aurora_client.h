/*
 * The parts of the client "aurora", each as peer_run.
 */
#ifndef BENCH_PEERS_AURORA_CLIENT_H
#define BENCH_PEERS_AURORA_CLIENT_H

#include <aurora.h>

#include "peer.h"

/* The pool's configuration: from the AURORA_* variables, as peer_read_target reads them, with that
 * many connections. To be cleared by aurora_config_clear. */
int aurora_client_config(const peer_options_t *options, aurora_config_t *ret_config,
                         bare_error_t *ret_error);
/* A pool with all its connections open. The loop is run meanwhile. */
int aurora_client_open(uv_loop_t *loop, const peer_options_t *options, aurora_pool_t **ret_pool,
                       bare_error_t *ret_error);

int aurora_requests_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);
int aurora_connect_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);
int aurora_acquire_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);
int aurora_stall_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);

#endif
