/*
 * A connect job with a deadline: what the pool's connections (connection/opening.c) and its errands (errand.h)
 * are made by.
 *
 *   started -> on a worker --back--> done
 *      +-- deadline: its socket is shut down under it --back--> done, with the error
 *            +-- still not back: done, with the error. The job goes on by itself, and still counts as
 *                holding a thread (pool.abandoned_jobs).
 *      +-- the pool is closed: as at the deadline, but nobody gives it up: close waits for the thread
 */
#ifndef AURORA_POOL_CONNECT_JOB_H
#define AURORA_POOL_CONNECT_JOB_H

#include "base/alarm.h"
#include "base/list.h"
#include "session/connect.h"

typedef struct aurora_pool aurora_pool_t;
typedef struct aurora__connect_job aurora__connect_job_t;

/* The first member of what its purpose needs, if that is more. */
struct aurora__connect_job {
  /* Set by the caller, as connect.errand and connect.server are. Once, on the loop, never from inside the start.
   * error NULL: connect.mysql, where there is no errand, and connect.setup are the callee's. Else failure says
   * whether it helps to try again. Unless it was given up, the job is freed after it, by us. */
  void (*done)(aurora__connect_job_t *job, const aurora_error_t *error, aurora__failure_t failure);
  aurora__connect_t connect;

  /* Private. */
  aurora_pool_t *pool;
  aurora__alarm_t alarm;
  aurora__list_t node; /* in pool.connect_jobs */
  bool told;           /* done was called */
};

/* deadline: ns of aurora__now_ns. 0: the job, from aurora__malloc and its like, is taken over. A code:
 * nothing happened. */
int aurora__connect_job_start(aurora_pool_t *pool, aurora__connect_job_t *job, uint64_t deadline);

/* The pool ends: all lose their sockets. done still comes. */
void aurora__connect_jobs_cut(aurora_pool_t *pool);

#endif
