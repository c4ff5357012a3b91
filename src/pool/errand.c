/*
 * Errands. See errand.h.
 */
#include "pool/errand.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/pool.h"

/* As for connects: see connection/opening.c. */
enum { ABANDON_AFTER_MS = 100 };

static void tell(aurora__errand_t *errand, const aurora_error_t *error, aurora__failure_t failure)
{
  aurora_pool_t *pool = errand->pool;

  errand->told = true;
  aurora__list_remove(&errand->node);
  aurora__pool_clear_alarm(pool, &errand->alarm);
  if (error) {
    pool->connect_error = *error;
    aurora__scheduler_attempt_failed(&pool->scheduler, failure, aurora__now_ms());
  }
  errand->done(errand, error);
}

static bool run(aurora__connect_t *job, MYSQL *mysql)
{
  aurora__errand_t *errand = job->data;

  if (errand->run)
    errand->run(errand, mysql);
  return true;
}

static void on_back(aurora__connect_t *job)
{
  aurora__errand_t *errand = job->data;
  aurora_pool_t *pool = errand->pool;

  aurora__pool_enter(pool);
  pool->jobs--;
  if (errand->told)
    pool->abandoned_jobs--;
  else
    tell(errand, job->succeeded ? NULL : &job->error, job->failure);
  aurora__free(errand);
  aurora__pool_pump(pool);
  aurora__pool_leave(pool);
}

static void abandon(aurora__alarm_t *alarm)
{
  aurora__errand_t *errand = aurora__container_of(alarm, aurora__errand_t, alarm);
  aurora_pool_t *pool = errand->pool;
  char where[AURORA__WHERE_SIZE];
  aurora_error_t error;

  aurora__connect_describe(&pool->config, where, sizeof where);
  aurora__error_set(&error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                    "cannot connect to %s: not connected within connect_timeout (%llu ms)", where,
                    (unsigned long long)pool->config.connect_timeout);
  pool->abandoned_jobs++;
  tell(errand, &error, AURORA__FAILED_FOR_NOW);
}

static void is_late(aurora__alarm_t *alarm)
{
  aurora__errand_t *errand = aurora__container_of(alarm, aurora__errand_t, alarm);

  errand->alarm.ring = abandon;
  aurora__pool_set_alarm(errand->pool, alarm, aurora__now_ms() + ABANDON_AFTER_MS);
  aurora__connect_expire(&errand->connect);
}

int aurora__errand_start(aurora_pool_t *pool, aurora__errand_t *errand, uint64_t deadline)
{
  int status;

  errand->pool = pool;
  errand->told = false;
  errand->connect.config = &pool->config;
  errand->connect.trust = &pool->trust;
  errand->connect.deadline = deadline;
  errand->connect.errand = run;
  errand->connect.cb = on_back;
  errand->connect.data = errand;
  status = aurora__connect_start(pool->loop, &errand->connect);
  if (status)
    return status;
  pool->jobs++;
  aurora__list_init(&errand->node);
  aurora__list_push_back(&pool->errands, &errand->node);
  aurora__alarm_init(&errand->alarm, is_late);
  aurora__pool_set_alarm(pool, &errand->alarm, aurora__ns_to_ms(deadline) + 1);
  return 0;
}

void aurora__errands_expire(aurora_pool_t *pool)
{
  aurora__list_t *node;

  for (node = pool->errands.next; node != &pool->errands; node = node->next)
    aurora__connect_expire(&aurora__container_of(node, aurora__errand_t, node)->connect);
}
