/*
 * Errands. See errand.h.
 */
#include "pool/errand.h"

#include "base/clock.h"
#include "base/error.h"
#include "pool/pool.h"

static bool run(aurora__connect_t *connect, MYSQL *mysql)
{
  aurora__errand_t *errand = aurora__container_of(connect, aurora__errand_t, job.connect);

  if (errand->run)
    errand->run(errand, mysql);
  return true;
}

static void on_done(aurora__connect_job_t *job, const aurora_error_t *error,
                    aurora__failure_t failure)
{
  aurora__errand_t *errand = aurora__container_of(job, aurora__errand_t, job);
  aurora_pool_t *pool = job->pool;

  if (error) {
    aurora__pool_note_connect_error(pool, error, job->connect.error_quotes);
    aurora__scheduler_attempt_failed(&pool->scheduler, failure, aurora__now_ms());
  }
  errand->done(errand, error);
}

int aurora__errand_start(aurora_pool_t *pool, aurora__errand_t *errand, uint64_t deadline)
{
  errand->job.connect.errand = run;
  errand->job.done = on_done;
  return aurora__connect_job_start(pool, &errand->job, deadline);
}
