/*
 * The parts of the chaos test: callers that ask for everything at random, a storm of faults on a thread
 * of its own, a ledger of what must stand in the server's table at the end, and tallies for the report.
 *
 * A caller has slots; a slot has one request in hand at a time: a single query, a lease with several
 * statements, a warm-up, a check. Each request has a sequence number, and each row that is read carries
 * the caller's number and the request's, so that an answer that went to another is noticed.
 *
 * Everything is the loop thread's, but for what storm.h says.
 */
#ifndef TESTS_FAULT_CHAOS_H
#define TESTS_FAULT_CHAOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <aurora.h>

#include "client.h"

enum {
  CHAOS_CALLERS = 64,
  CHAOS_SLOTS = 4, /* a caller's; the first is always at work, the others come in bursts */
  CHAOS_POOL_SIZE = 8,
  CHAOS_QUEUE_LIMIT = 90, /* less than what a great burst asks for */
  CHAOS_STATEMENT_CACHE = 4,
  CHAOS_RESULT_LIMIT = 1 << 20, /* bytes */
  CHAOS_INIT_VALUE = 7          /* of @chaos_init, set by init_sql */
};

#define CHAOS_KIND_MAP(XX)                                                                         \
  XX(TEXT, "text")                                                                                 \
  XX(PREPARED, "prepared")                                                                         \
  XX(INSERT, "insert")                                                                             \
  XX(STREAM, "stream")                                                                             \
  XX(LARGE, "large result")                                                                        \
  XX(TOO_LARGE, "too large a result")                                                              \
  XX(WRONG, "wrong statement")                                                                     \
  XX(SLEEP, "sleep")                                                                               \
  XX(SESSION, "lease")                                                                             \
  XX(TRANSACTION, "transaction")                                                                   \
  XX(WARM_UP, "warm-up")                                                                           \
  XX(CHECK, "check")                                                                               \
  XX(RECYCLE, "recycle")                                                                           \
  XX(REFUSED, "refused call")

typedef enum {
#define CHAOS_KIND_GEN(name, text) CHAOS_##name,
  CHAOS_KIND_MAP(CHAOS_KIND_GEN)
#undef CHAOS_KIND_GEN
      CHAOS_KINDS
} chaos_kind_t;

typedef struct chaos chaos_t;
typedef struct chaos_storm chaos_storm_t;

/* What the table must hold of a request that inserts: one row, or the two of a transaction. */
typedef enum { LEDGER_NOTHING, LEDGER_ALL, LEDGER_NONE, LEDGER_ALL_OR_NONE } ledger_entry_t;

typedef struct {
  unsigned char *entries; /* by sequence number; see chaos_ledger.c */
  size_t room;
} ledger_t;

typedef struct {
  chaos_t *chaos;
  int number;
  uint32_t sequence; /* of the latest request */
  ledger_t ledger;
} chaos_caller_t;

typedef struct chaos_slot chaos_slot_t;

struct chaos_slot {
  chaos_caller_t *caller;
  bool goes_on; /* one request after the other; else one when it is told */
  bool busy;    /* a request is in hand */
  bool calm;    /* it must succeed */

  chaos_kind_t kind;
  uint32_t sequence;
  bool failed;           /* something of it has */
  unsigned server_errno; /* that a wrong statement must be answered with */

  /* The statement in hand, or several on a lease. */
  unsigned due;                                /* callbacks that must come */
  aurora_query_t *query;                       /* that can be cancelled, or NULL */
  bool cancelled;                              /* by a call that returned 0 */
  bool stopped;                                /* by the row callback */
  uint64_t asked_at, timeout, acquire_timeout; /* ms */
  uint32_t rows_wanted, rows_seen, stop_at;
  unsigned row_size;

  /* A lease. */
  aurora_connection_t *connection;
  bool queued; /* all its statements at once */
  bool begun;  /* by the library's own begin, and so to be ended */
  unsigned step, steps;

  /* For a pause, or for a cancel at some moment. */
  uv_timer_t timer;
};

typedef struct {
  int code;
  unsigned server_errno;
  aurora_outcome_t outcome;
  uint64_t count;
} chaos_error_t;

enum { CHAOS_ERRORS = 64 };

struct chaos {
  client_t client;
  bool tls, proxied;
  bool over;       /* no new requests */
  unsigned inside; /* a call of the library that must not call back */
  uint64_t random; /* state */
  uint64_t accepted, called_back;
  uint64_t requests[CHAOS_KINDS], succeeded[CHAOS_KINDS];
  uint64_t cancels, bursts;
  chaos_error_t errors[CHAOS_ERRORS];
  uint64_t latest; /* ms after its time-out that a request was called back */
  chaos_storm_t *storm;
  aurora_result_t *kept; /* some result, long after its callback */
  uint32_t kept_rows;
  chaos_caller_t callers[CHAOS_CALLERS];
  chaos_slot_t slots[CHAOS_CALLERS][CHAOS_SLOTS];
};

/* From 0 to limit - 1. */
uint32_t chaos_random(uint64_t *state, uint32_t limit);
static inline bool chaos_one_in(chaos_t *chaos, uint32_t number)
{
  return chaos_random(&chaos->random, number) == 0;
}

/* --- Callers (chaos_caller.c) ------------------------------------------------------------------- */

void chaos_callers_start(chaos_t *chaos);
/* True when no request is in hand. */
bool chaos_callers_are_done(void *chaos);
/* Every caller asks once more, and must be served. */
void chaos_callers_ask_calmly(chaos_t *chaos);
/* Closes the timers. */
void chaos_callers_stop(chaos_t *chaos);
/* A request has ended. */
void chaos_end(chaos_slot_t *slot);
/* Runs something on the slot's timer after a time up to so many ms. */
void chaos_pause(chaos_slot_t *slot, uint32_t most_ms, uv_timer_cb cb);

/* --- Statements (chaos_query.c) ----------------------------------------------------------------- */

/* One statement: on the pool, or on the slot's lease. 0, or what the call was refused with. */
int chaos_ask(chaos_slot_t *slot, const char *sql, aurora_params_t params, aurora_row_cb on_row,
              aurora_query_cb cb);
/* Sets time-outs at random for the requests that follow. */
void chaos_choose_times(chaos_slot_t *slot);
/* Starts a request of one of the kinds that are single queries. What the call gives. */
int chaos_query_start(chaos_slot_t *slot);
/* May be called at any moment; does nothing when there is nothing to cancel. */
void chaos_cancel(chaos_slot_t *slot);

/* --- Callbacks (chaos_judge.c) ------------------------------------------------------------------ */

/* Every callback comes here first: accounts for it, and judges the error. */
void chaos_answered(chaos_slot_t *slot, const aurora_error_t *error);
/* The row carries these two numbers in its first two columns. */
void chaos_row_must_be_mine(const chaos_slot_t *slot, const aurora_result_t *result, size_t row);
int64_t chaos_cell(const aurora_result_t *result, size_t row, unsigned column);

/* --- Leases (chaos_lease.c) --------------------------------------------------------------------- */

int chaos_lease_start(chaos_slot_t *slot);

/* --- The ledger and the report (chaos_ledger.c) ------------------------------------------------- */

void chaos_ledger_write(chaos_caller_t *caller, uint32_t sequence, ledger_entry_t entry,
                        bool is_pair);
/* What an INSERT or COMMIT says that ended so. */
ledger_entry_t chaos_ledger_entry_of(const aurora_error_t *error);
/* Reads the table through the pool, which must be calm, and compares. */
void chaos_ledger_compare(chaos_t *chaos);
void chaos_ledger_free(chaos_t *chaos);
const char *chaos_kind_name(chaos_kind_t kind);
void chaos_count_error(chaos_t *chaos, const aurora_error_t *error);
void chaos_report(const chaos_t *chaos);

#endif
