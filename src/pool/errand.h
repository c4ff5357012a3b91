/*
 * Errands: connections that are none of the pool's, made on a worker for one purpose and closed there
 * again: a kill, a look whether the server answers. They have the deadline of a connect, wherever they
 * wait (connect_job.h), and when one fails the back-off holds after it as after any other attempt.
 */
#ifndef AURORA_POOL_ERRAND_H
#define AURORA_POOL_ERRAND_H

#include "pool/connect_job.h"

typedef struct aurora__errand aurora__errand_t;

/* The first member of what its purpose needs. */
struct aurora__errand {
  aurora__connect_job_t job; /* private, but for its pool */
  /* Set by the caller. What is done on the worker, once the session is up; or NULL: nothing. It reads
   * and writes nothing but what comes with the errand. */
  void (*run)(aurora__errand_t *errand, MYSQL *mysql);
  /* Once, on the loop, never from inside the start. NULL: run has returned. An error: the session could
   * not be had, and what run wrote must not be read. The errand is freed after it, by us. */
  void (*done)(aurora__errand_t *errand, const aurora_error_t *error);
};

/* deadline: ns of aurora__now_ns. 0: the errand, from aurora__malloc and its like, is taken over. A code:
 * nothing happened. */
int aurora__errand_start(aurora_pool_t *pool, aurora__errand_t *errand, uint64_t deadline);

#endif
