/*
 * A pool for one test: a loop of its own, a book of what was logged, replies that count
 * their callbacks, and an end that leaves nothing behind. Failures fail the running Check test.
 */
#ifndef TESTS_SUPPORT_POOL_FIXTURE_H
#define TESTS_SUPPORT_POOL_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <aurora.h>

#include "support/database.h"

enum { FIXTURE_PATIENCE_MS = 30000 }; /* for what must happen, whenever that is */

/* What was logged: one line an event, "event key=value key=value\n". */
typedef struct {
  char *text;
  size_t size, room;
} log_book_t;

typedef struct {
  uv_loop_t loop;
  aurora_pool_t *pool;
  log_book_t log;
  unsigned descriptors; /* open before */
  unsigned submitting;  /* inside a call of the library that must not call back */
  unsigned callbacks;   /* made so far, of all replies */
  bool closed;
} pool_fixture_t;

/* What a callback was told. */
typedef struct {
  pool_fixture_t *fixture;
  unsigned calls;
  bool done;               /* calls is 1 or more */
  int code;                /* 0 or that of the error */
  aurora_error_t error;    /* if code */
  aurora_result_t *result; /* a reference, or NULL */
  int64_t value;           /* first column of the first row, -1: there is none, or no number */
  size_t rows;             /* of the result */
  aurora_query_t *query;   /* to cancel it; valid until done */
  aurora_connection_t *connection; /* of a lease */
  bool healthy;                    /* of a check */
  unsigned order;                  /* which callback of the fixture's it was, from 1 */
  uint64_t asked_at, ended_at;     /* ms */
} reply_t;

/* Defaults, and how to reach a database as arla, without TLS. */
aurora_config_t fixture_config(const database_t *database);

/* config's log callback is the fixture's, unless it has one. */
void fixture_open(pool_fixture_t *fixture, const aurora_config_t *config);
/* The same in two steps. The second can be left out by a test that makes its pool itself. */
void fixture_begin(pool_fixture_t *fixture);
void fixture_create(pool_fixture_t *fixture, const aurora_config_t *config);
/* Closes the pool, runs the loop to the callback, and checks that no handle and no descriptor is left. */
void fixture_close(pool_fixture_t *fixture);
/* The last part, for a test that closes the pool itself: closed must be true. */
void fixture_end(pool_fixture_t *fixture);
/* Starts a close whose callback sets fixture->closed. */
void fixture_begin_close(pool_fixture_t *fixture, uint64_t drain_ms);

/* Each starts a reply; it is refused by none. options may be NULL. */
void fixture_ask(pool_fixture_t *fixture, reply_t *reply, const char *sql, aurora_params_t params);
void fixture_ask_with(pool_fixture_t *fixture, reply_t *reply, const char *sql,
                      aurora_params_t params, const aurora_query_options_t *options);
/* Of the result only its value and its number of rows are kept. */
void fixture_ask_value(pool_fixture_t *fixture, reply_t *reply, const char *sql,
                       aurora_params_t params, const aurora_query_options_t *options);
void fixture_acquire(pool_fixture_t *fixture, reply_t *reply);
void fixture_warm_up(pool_fixture_t *fixture, reply_t *reply);
void fixture_check(pool_fixture_t *fixture, reply_t *reply);
void fixture_ask_lease(pool_fixture_t *fixture, aurora_connection_t *connection, reply_t *reply,
                       const char *sql, aurora_params_t params);
void fixture_ask_lease_value(pool_fixture_t *fixture, aurora_connection_t *connection,
                             reply_t *reply, const char *sql, aurora_params_t params,
                             const aurora_query_options_t *options);

/* Runs the loop until the reply is there. */
void fixture_wait(pool_fixture_t *fixture, const reply_t *reply);
/* For callbacks made by hand, in tests that ask for themselves; data is the reply. */
void reply_init(reply_t *reply, pool_fixture_t *fixture);
void reply_on_query(const aurora_error_t *error, const aurora_result_t *result, void *data);
void reply_on_value(const aurora_error_t *error, const aurora_result_t *result, void *data);
void reply_on_done(const aurora_error_t *error, void *data);
void reply_on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data);
/* Gives the result back. */
void reply_clear(reply_t *reply);

/* One callback, without an error. */
void reply_must_be_good(const reply_t *reply);
/* One callback, with this code and a message. */
void reply_must_be(const reply_t *reply, int code);
/* From the call to the callback, ms. */
uint64_t reply_took(const reply_t *reply);

/* Asks and waits; the reply is good. */
reply_t fixture_query(pool_fixture_t *fixture, const char *sql, aurora_params_t params);
/* The same; the number that the statement gives, or -1 when it gives none. */
int64_t fixture_number(pool_fixture_t *fixture, const char *sql);
/* The same for a statement whose result nobody wants. */
void fixture_run(pool_fixture_t *fixture, const char *sql);
/* Asks and waits; the error, which must have this code. */
aurora_error_t fixture_fail(pool_fixture_t *fixture, const char *sql, aurora_params_t params,
                            int code);
/* Acquires and waits. */
aurora_connection_t *fixture_lease(pool_fixture_t *fixture);
/* Runs on a lease and waits; the number, or -1 when the statement gives none. */
int64_t fixture_lease_number(pool_fixture_t *fixture, aurora_connection_t *connection,
                             const char *sql);

/* Whether a session is in a transaction: that of a lease, or one of the pool where lease is NULL. */
bool fixture_in_transaction(pool_fixture_t *fixture, aurora_connection_t *lease);

aurora_stats_t fixture_stats(const pool_fixture_t *fixture);
/* Runs the loop until a gauge of the pool has a value. */
void fixture_wait_idle(pool_fixture_t *fixture, size_t idle);
/* Runs it until no connection is used, opened or looked after. */
void fixture_wait_quiet(pool_fixture_t *fixture);
/* Runs it until the pause after a failed connect is over: until then requests get that failure. */
void fixture_wait_out_pause(pool_fixture_t *fixture);

/* How many lines begin with these words, which are an event's name and maybe its first fields. */
unsigned fixture_logged(const pool_fixture_t *fixture, const char *words);
/* The first such line, or NULL; it ends with '\n'. */
const char *fixture_log_line(const pool_fixture_t *fixture, const char *words);

#endif
