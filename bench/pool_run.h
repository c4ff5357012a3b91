/*
 * A client with a pool on a loop of its own, with the interface of the baselines (bare.h): opened,
 * runs a statement so many times, closed.
 */
#ifndef BENCH_POOL_RUN_H
#define BENCH_POOL_RUN_H

#include <aurora.h>

#include "bare.h"

typedef struct {
  uv_loop_t loop;
  aurora_pool_t *pool;
} pool_client_t;

/*
 * Makes a pool of that many connections and warms all of them up. config: where to, and TLS; its sizes
 * are set here. *ret_warmup (may be NULL): ns from the call of aurora_pool_warmup to its callback. The
 * struct must not move. 0, or -1 with *ret_error filled in.
 */
int pool_client_open(pool_client_t *client, const aurora_config_t *config, unsigned connections,
                     uint64_t *ret_warmup, bare_error_t *ret_error);

/* As bare_run: `callers` queries at once, each followed by the next as soon as it is answered. Every
 * cell of a result is read. A sample is the time from the call to the callback. */
int pool_client_run(pool_client_t *client, const bare_statement_t *statement, uint64_t count,
                    unsigned callers, bare_sample_cb sample, void *data, bare_totals_t *ret_totals,
                    bare_error_t *ret_error);

void pool_client_close(pool_client_t *client);

#endif
