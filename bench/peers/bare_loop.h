/*
 * The bare loop's parts: requests on open connections (bare_loop.c has its steps, bare_run.c opens and
 * closes), and W5.
 */
#ifndef BENCH_PEERS_BARE_LOOP_H
#define BENCH_PEERS_BARE_LOOP_H

#include <uv.h>

#include "bare_session.h"
#include "peer.h"
#include "prepared.h"

typedef enum {
  BARE_WAITING,
  BARE_READING,
  BARE_TEXT_ROWS,
  BARE_EXECUTING,
  BARE_BINARY_ROWS
} bare_step_t;

typedef struct {
  uint64_t asked_at; /* ns */
  request_t request;
} bare_caller_t;

typedef struct bare_loop bare_loop_t;

typedef struct {
  uv_poll_t poll;
  bare_loop_t *loop;
  bare_session_t session;
  prepared_t prepared[2];
  bare_step_t step;
  const work_statement_t *work; /* in flight */
  prepared_t *executing;
  bare_caller_t *caller; /* NULL: idle */
  fortunes_t *fortunes;  /* NULL: not this workload */
  MYSQL_RES *result;
} bare_connection_t;

struct bare_loop {
  uv_loop_t uv;
  const peer_options_t *options;
  meter_t *meter;
  uint64_t random;
  size_t sql_sizes[2];
  unsigned busy; /* connections with a caller */
  unsigned open;
  bool failed;
  bare_error_t error;
  bare_caller_t **ring; /* of as many as there are callers */
  unsigned ring_first, ring_count;
  bare_connection_t *connections;
};

/* Puts a caller behind all others. */
void bare_loop_ask(bare_loop_t *loop, bare_caller_t *caller);
/* An idle connection takes the next caller, if there is one, and sends. */
void bare_loop_begin(bare_connection_t *connection);
/* The callback of a connection's poll. */
void bare_loop_on_readable(uv_poll_t *poll, int status, int events);

/* As peer_run. */
int bare_loop_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);
int bare_connect_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);
int bare_acquire_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);

#endif
