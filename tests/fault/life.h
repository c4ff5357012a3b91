/*
 * A whole life of a pool through a fault proxy: connect, a text query, a prepared one, statements that
 * make resets necessary, and the end. The fault befalls the first connection only, so the pool must
 * come back. Many lives run at the same time on one loop, each with a proxy of its own.
 *
 * Whatever the fault: each request gets exactly one callback within its deadline, with a right result
 * or an error whose code and outcome make sense; the last query works. A violation fails the running
 * Check test, with a text that says which life it was.
 */
#ifndef TESTS_FAULT_LIFE_H
#define TESTS_FAULT_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <aurora.h>

#include "support/database.h"
#include "support/fault_proxy.h"

typedef enum {
  LIFE_TEXT,       /* SELECT id */
  LIFE_PREPARED,   /* SELECT id + 1 */
  LIFE_TEXT_AGAIN, /* the same, whose answers the library reads by itself */
  LIFE_PREPARED_AGAIN,
  LIFE_DIRTY,           /* SET @a = 1 */
  LIFE_INSERT_PREPARED, /* each leaves a row (id, which, @a) in table life */
  LIFE_INSERT_TEXT,
  LIFE_REQUESTS
} life_request_kind_t;

/* What a life is to show. */
typedef enum {
  LIFE_UNDISTURBED, /* each request succeeds */
  LIFE_CUT,         /* a request may be lost, and never times out */
  LIFE_STALLED,     /* a request may be lost or time out */
  LIFE_DISTURBED,   /* an error of any kind, and no wrong result */
  LIFE_FALSIFIED    /* what comes of a request is not looked at */
} life_kind_t;

typedef struct {
  life_kind_t kind;
  bool tls;
  fault_script_t script;
  uint64_t connect_timeout, query_timeout; /* ms */
  char name[96];                           /* for messages */
} life_plan_t;

typedef struct life life_t;

typedef struct {
  life_t *life;
  life_request_kind_t kind;
  unsigned calls;
  int code; /* 0: it succeeded */
  aurora_outcome_t outcome;
  uint64_t asked_at; /* ms */
} life_request_t;

/* To be read when it has ended. */
struct life {
  fault_proxy_t *proxy; /* free for the next life then */
  life_plan_t plan;
  int64_t id; /* of 7 digits, so that all lives send the same number of bytes */
  life_request_t requests[LIFE_REQUESTS];
  unsigned failed; /* of the requests */
  uint64_t latest; /* ms: how far the latest callback was behind its deadline */

  /* Private. */
  aurora_pool_t *pool;
  unsigned last_calls, last_asked; /* the last query, which is asked until it succeeds */
  uint64_t last_since;             /* ms */
  void (*ended)(life_t *life);
};

enum { LIFE_FIRST_ID = 1000000, LIFE_PATIENCE_MS = 30000 };

/* Starts one through a proxy that no other uses; ended is called when the callback of
 * aurora_pool_close has come. */
void life_start(life_t *life, uv_loop_t *loop, fault_proxy_t *proxy, const life_plan_t *plan,
                int64_t id, void (*ended)(life_t *life));

/* Empties the table of rows, making it if it is missing. */
void life_make_table(database_t *database);
/* Whether the rows in the table are those that these lives may have left: what succeeded is there once,
 * what was not sent is not there, and nothing came from a session that was not clean. */
void life_check_rows(const database_t *database, const life_t *lives, unsigned count);

#endif
