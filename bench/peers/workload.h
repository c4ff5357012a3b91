/*
 * The workloads: what a caller asks for, over and over. The clients in other languages have the same
 * list; bench/report/plan.py says what each is called in the results.
 *
 * A request is a fixed number of statements, one after the other. Each is a text, or prepared with one
 * or two integer parameters. Tables are those of tables.h.
 */
#ifndef BENCH_PEERS_WORKLOAD_H
#define BENCH_PEERS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORKLOAD_ROWS = 10000, WORKLOAD_MAX_READS = 20, WORKLOAD_MAX_PARAMS = 2 };

typedef enum {
  WORK_REQUESTS, /* statements on connections that are open */
  WORK_CONNECT,  /* connect, authenticate, one statement, close */
  WORK_ACQUIRE,  /* take a connection out of the pool and give it back */
  WORK_STALL     /* the longest time for which the loop is held up */
} work_kind_t;

typedef struct {
  const char *sql;
  unsigned params; /* integers; 0: goes as text */
} work_statement_t;

typedef struct {
  const char *name;
  work_kind_t kind;
  bool tls;
  bool stream;     /* rows are taken as they arrive */
  bool fortunes;   /* the rows are sorted, with one more */
  unsigned reads;  /* times that statements[0] is run in a request */
  unsigned writes; /* then times that statements[1] is */
  work_statement_t statements[2];
} workload_t;

/* NULL: there is none of that name. */
const workload_t *workload_find(const char *name);
/* The names, with blanks between. */
const char *workload_names(void);

/* One caller's request. A zeroed struct is fit to begin with. */
typedef struct {
  unsigned step;
  int32_t ids[WORKLOAD_MAX_READS];
  int32_t params[WORKLOAD_MAX_PARAMS]; /* of the statement that is due */
} request_t;

/* A number from 1 to WORKLOAD_ROWS. Not for several threads at once: each has its own state. */
int32_t workload_random(uint64_t *state);

/* Begins a request, or goes on with it: the index of its next statement, whose parameters are in
 * request->params; -1 when the request is complete (and the next call begins another). */
static inline int request_next(request_t *request, const workload_t *workload, uint64_t *state)
{
  unsigned step = request->step++;

  if (step < workload->reads) {
    if (workload->statements[0].params)
      request->params[0] = request->ids[step] = workload_random(state);
    return 0;
  }
  step -= workload->reads;
  if (step < workload->writes) {
    request->params[0] = workload_random(state);
    request->params[1] = request->ids[step];
    return 1;
  }
  request->step = 0;
  return -1;
}

/* --- What a caller does with rows ---------------------------------------------------------------- */

/* Every cell is looked at. Clients that decode a cell only when it is asked for (aurora) or never (bare,
 * threads) decode none; the others decode all, as they always do. */
typedef struct {
  uint64_t rows;
  uint64_t sum; /* of sizes, or of cells that are not NULL */
} rows_seen_t;

enum { FORTUNES_MAX = 64, FORTUNES_TEXT = 160 };

/* The page of /fortunes without its HTML: the rows and one that is added, in the order of their
 * texts. */
typedef struct {
  unsigned count;
  struct fortune {
    int64_t id;
    char text[FORTUNES_TEXT];
  } list[FORTUNES_MAX];
} fortunes_t;

void fortunes_begin(fortunes_t *fortunes);
void fortunes_add(fortunes_t *fortunes, int64_t id, const char *text, size_t size);
/* Adds the page's own row and sorts. */
void fortunes_end(fortunes_t *fortunes);

#endif
