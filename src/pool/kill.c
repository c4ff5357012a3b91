/*
 * Killing statements that were given up: KILL QUERY over a connection of its own, made on a worker for
 * the purpose and closed again there. One job at a time; what comes meanwhile goes with the next.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "pool/pool.h"

enum { MOST_KILLS = 64 };

typedef struct {
  aurora__connect_t connect;
  unsigned count;
  uint64_t ids[MOST_KILLS];
  bool failed[MOST_KILLS];
  aurora_connection_t *connections[MOST_KILLS]; /* NULL: ended meanwhile */
} killer_t;

static void start(aurora_pool_t *pool);

/* On the worker. A session that is gone is as good as killed. */
static bool run_errand(aurora__connect_t *job, MYSQL *mysql)
{
  killer_t *killer = job->data;
  char sql[64];
  unsigned i;

  for (i = 0; i < killer->count; i++) {
    snprintf(sql, sizeof sql, "KILL QUERY %" PRIu64, killer->ids[i]);
    killer->failed[i] =
        mysql_real_query(mysql, sql, strlen(sql)) != 0 && mysql_errno(mysql) != ER_NO_SUCH_THREAD;
  }
  return true;
}

static void on_done(aurora__connect_t *job)
{
  aurora_pool_t *pool = aurora__pool_of_config(job->config);
  killer_t *killer = job->data;
  unsigned i;

  aurora__pool_enter(pool);
  pool->jobs--;
  pool->killer = NULL;
  if (!job->succeeded)
    aurora__log(&pool->config, AURORA_LOG_WARN, "kill failed",
                AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(job->error.code)),
                                   aurora__log_string("error", job->error.message)));
  for (i = 0; i < killer->count; i++) {
    bool failed = !job->succeeded || killer->failed[i];

    if (!failed)
      aurora__log(&pool->config, AURORA_LOG_INFO, "statement killed",
                  AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)killer->ids[i])));
    if (killer->connections[i])
      aurora__connection_killed(killer->connections[i], failed);
  }
  aurora__free(killer);
  if (!aurora__list_empty(&pool->kills))
    start(pool);
  aurora__pool_pump(pool);
  aurora__pool_leave(pool);
}

static void fail_all(aurora_pool_t *pool)
{
  aurora__list_t *node;

  while ((node = aurora__list_pop_front(&pool->kills)) != NULL)
    aurora__connection_killed(aurora__container_of(node, aurora_connection_t, kill_node), true);
}

static void start(aurora_pool_t *pool)
{
  killer_t *killer = aurora__calloc(1, sizeof *killer);
  aurora__list_t *node;

  if (!killer) {
    fail_all(pool);
    return;
  }
  killer->connect.config = &pool->config;
  killer->connect.trust = &pool->trust;
  killer->connect.deadline = aurora__now_ns() + pool->config.connect_timeout * 1000000u;
  killer->connect.errand = run_errand;
  killer->connect.cb = on_done;
  killer->connect.data = killer;
  while (killer->count < MOST_KILLS && (node = aurora__list_pop_front(&pool->kills)) != NULL) {
    aurora_connection_t *connection = aurora__container_of(node, aurora_connection_t, kill_node);

    killer->connections[killer->count] = connection;
    killer->ids[killer->count] = connection->server_id;
    killer->count++;
  }
  if (aurora__connect_start(pool->loop, &killer->connect)) {
    unsigned i;

    for (i = 0; i < killer->count; i++)
      aurora__connection_killed(killer->connections[i], true);
    aurora__free(killer);
    return;
  }
  pool->killer = &killer->connect;
  pool->jobs++;
  pool->counters.kills += killer->count;
}

void aurora__pool_kill(aurora_pool_t *pool, aurora_connection_t *connection)
{
  aurora__list_push_back(&pool->kills, &connection->kill_node);
  if (!pool->killer)
    start(pool);
}

void aurora__pool_kill_not(aurora_pool_t *pool, aurora_connection_t *connection)
{
  killer_t *killer = pool->killer ? pool->killer->data : NULL;
  unsigned i;

  /* The statement is to be killed all the same, if the job has begun; nobody waits for it. */
  aurora__list_remove(&connection->kill_node);
  for (i = 0; killer && i < killer->count; i++) {
    if (killer->connections[i] == connection)
      killer->connections[i] = NULL;
  }
}
