/*
 * Connect jobs. See connect_job.h.
 */
#include "pool/connect_job.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "pool/pool.h"

/* After its deadline a job has this long to come back, cut off from its socket as it is, before it is
 * given up: a credentials callback must hold it then, where nothing can reach it. */
enum { ABANDON_AFTER_MS = 100 };

static void tell(aurora__connect_job_t *job, const aurora_error_t *error, aurora__failure_t failure)
{
  job->told = true;
  aurora__list_remove(&job->node);
  aurora__pool_clear_alarm(job->pool, &job->alarm);
  job->done(job, error, failure);
}

static void on_back(aurora__connect_t *connect)
{
  aurora__connect_job_t *job = aurora__container_of(connect, aurora__connect_job_t, connect);
  aurora_pool_t *pool = job->pool;

  aurora__pool_enter(pool);
  pool->jobs--;
  if (job->told) { /* given up: nobody wants its session */
    pool->abandoned_jobs--;
    aurora__setup_clear(&connect->setup);
    if (connect->mysql)
      mysql_close(connect->mysql);
  } else {
    tell(job, connect->succeeded ? NULL : &connect->error, connect->failure);
  }
  aurora__free(job);
  aurora__pool_pump(pool);
  aurora__pool_close_check(pool);
  aurora__pool_leave(pool);
}

static void abandon(aurora__alarm_t *alarm)
{
  aurora__connect_job_t *job = aurora__container_of(alarm, aurora__connect_job_t, alarm);
  aurora_error_t error;

  job->pool->abandoned_jobs++;
  aurora__connect_explain_abandoned(&job->connect, &error);
  tell(job, &error, AURORA__FAILED_FOR_NOW);
}

static void is_late(aurora__alarm_t *alarm)
{
  aurora__connect_job_t *job = aurora__container_of(alarm, aurora__connect_job_t, alarm);

  job->alarm.ring = abandon;
  aurora__pool_set_alarm(job->pool, alarm, aurora__now_ms() + ABANDON_AFTER_MS);
  aurora__connect_expire(&job->connect);
}

int aurora__connect_job_start(aurora_pool_t *pool, aurora__connect_job_t *job, uint64_t deadline)
{
  int status;

  job->pool = pool;
  job->told = false;
  job->connect.config = &pool->config;
  job->connect.trust = &pool->trust;
  job->connect.deadline = deadline;
  job->connect.cb = on_back;
  status = aurora__connect_start(pool->loop, &job->connect);
  if (status)
    return status;
  pool->jobs++;
  aurora__list_init(&job->node);
  aurora__list_push_back(&pool->connect_jobs, &job->node);
  aurora__alarm_init(&job->alarm, is_late);
  aurora__pool_set_alarm(pool, &job->alarm, aurora__ns_to_ms(deadline) + 1);
  return 0;
}

void aurora__connect_jobs_cut(aurora_pool_t *pool)
{
  aurora__list_t *node;

  for (node = pool->connect_jobs.next; node != &pool->connect_jobs; node = node->next)
    aurora__connect_close(&aurora__container_of(node, aurora__connect_job_t, node)->connect);
}
