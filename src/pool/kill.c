/*
 * Killing statements that were given up.
 *
 *   kill wanted -> errand: KILL QUERY over a connection of its own, made on a worker (errand.h)
 *     not made (refused, the back-off runs, another server) -> an idle connection carries it (carry.c)
 *       there is none, or it does not do either -> the connection ends
 *
 * One errand at a time; what comes meanwhile goes with the next. An id means something on its own server
 * only, and only since that was started: so the kill is made where the server is known to be the session's
 * (connection/server.h) and was up when that was opened.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <mysqld_error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "pool/errand.h"
#include "pool/pool.h"

enum { MOST_KILLS = 64 };

typedef struct {
  aurora_connection_t *connection; /* NULL: ended meanwhile */
  uint64_t id, opened_at;
  bool killed;
  unsigned server_errno; /* why not; 0: it is another server */
} target_t;

struct aurora__killer {
  aurora__errand_t errand;
  aurora__server_t server; /* of all targets */
  unsigned count;
  target_t targets[MOST_KILLS];
};

static void start(aurora_pool_t *pool);

/* A session that is gone is as good as killed. */
static void kill_one(MYSQL *mysql, target_t *target)
{
  char sql[64];

  snprintf(sql, sizeof sql, "KILL QUERY %" PRIu64, target->id);
  if (mysql_real_query(mysql, sql, strlen(sql)) && mysql_errno(mysql) != ER_NO_SUCH_THREAD)
    target->server_errno = mysql_errno(mysql);
  else
    target->killed = true;
}

/* On the worker. */
static void run(aurora__errand_t *errand, MYSQL *mysql)
{
  aurora__killer_t *killer = aurora__container_of(errand, aurora__killer_t, errand);
  uint64_t uptime = 0;
  unsigned i;
  bool same =
      aurora__server_is_here(mysql, &killer->server) && aurora__server_uptime(mysql, &uptime);
  /* A server that does not know a variable of that one is another. */
  unsigned why_not = mysql_errno(mysql) == ER_UNKNOWN_SYSTEM_VARIABLE ? 0 : mysql_errno(mysql);

  for (i = 0; i < killer->count; i++) {
    target_t *target = &killer->targets[i];

    if (same && aurora__server_was_up(uptime, aurora__now_ns() - target->opened_at))
      kill_one(mysql, target);
    else
      target->server_errno = why_not;
  }
}

void aurora__pool_killed(aurora_pool_t *pool, uint64_t id)
{
  aurora__log(&pool->config, AURORA_LOG_INFO, "statement killed",
              AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)id)));
}

/* The server's text of such an error holds nothing but the id. */
void aurora__pool_not_killed(aurora_pool_t *pool, uint64_t id, unsigned server_errno,
                             const char *why)
{
  aurora__log(&pool->config, AURORA_LOG_WARN, "statement not killed",
              AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)id),
                                 aurora__log_int("serverErrno", server_errno),
                                 aurora__log_string("error", why)));
}

/* The errand did not do it. */
static void try_otherwise(aurora_pool_t *pool, aurora_connection_t *connection)
{
  if (!aurora__pool_carry_kill(pool, connection))
    aurora__connection_killed(connection, true);
}

static const char *why_not(unsigned server_errno)
{
  switch (server_errno) {
  case 0:
    return "its server is not the one that was reached, or was started anew";
  case ER_KILL_DENIED_ERROR:
  case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    return "the user who logs in now may not kill it";
  }
  return "the server refuses, or the connection for the kill was lost";
}

static void settle(aurora_pool_t *pool, const target_t *target, const aurora_error_t *error)
{
  if (!error && target->killed) {
    aurora__pool_killed(pool, target->id);
    if (target->connection)
      aurora__connection_killed(target->connection, false);
    return;
  }
  if (!error)
    aurora__pool_not_killed(pool, target->id, target->server_errno, why_not(target->server_errno));
  if (target->connection)
    try_otherwise(pool, target->connection);
}

static void done(aurora__errand_t *errand, const aurora_error_t *error)
{
  aurora__killer_t *killer = aurora__container_of(errand, aurora__killer_t, errand);
  aurora_pool_t *pool = errand->job.pool;
  unsigned i;

  pool->killer = NULL;
  if (error)
    aurora__log(&pool->config, AURORA_LOG_WARN, "kill failed",
                AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(error->code)),
                                   aurora__log_string("error", error->message)));
  for (i = 0; i < killer->count; i++)
    settle(pool, &killer->targets[i], error);
  if (!aurora__list_empty(&pool->kills))
    start(pool);
}

static aurora_connection_t *first_of(const aurora_pool_t *pool)
{
  aurora__list_t *node = aurora__list_first(&pool->kills);

  return node ? aurora__container_of(node, aurora_connection_t, kill_node) : NULL;
}

/* Those of one server at a time. */
static void take_targets(aurora_pool_t *pool, aurora__killer_t *killer)
{
  aurora_connection_t *connection;

  while (killer->count < MOST_KILLS && (connection = first_of(pool))) {
    if (killer->count == 0)
      killer->server = connection->server;
    else if (!aurora__server_is_same(&connection->server, &killer->server))
      return;
    aurora__list_remove(&connection->kill_node);
    killer->targets[killer->count++] = (target_t){
        .connection = connection, .id = connection->server_id, .opened_at = connection->started_at};
  }
}

static bool start_errand(aurora_pool_t *pool)
{
  aurora__killer_t *killer;

  if (aurora__scheduler_backs_off(&pool->scheduler, aurora__now_ms()))
    return false;
  killer = aurora__calloc(1, sizeof *killer);
  if (!killer)
    return false;
  killer->errand.run = run;
  killer->errand.done = done;
  if (aurora__errand_start(pool, &killer->errand,
                           aurora__now_ns() + pool->config.connect_timeout * 1000000u)) {
    aurora__free(killer);
    return false;
  }
  take_targets(pool, killer);
  pool->killer = killer;
  pool->counters.kills += killer->count;
  return true;
}

static void start(aurora_pool_t *pool)
{
  aurora_connection_t *connection;

  if (start_errand(pool))
    return;
  while ((connection = first_of(pool)) != NULL) {
    aurora__list_remove(&connection->kill_node);
    try_otherwise(pool, connection);
  }
}

void aurora__pool_kill(aurora_pool_t *pool, aurora_connection_t *connection)
{
  if (!aurora__server_is_known(&connection->server)) {
    aurora__pool_not_killed(pool, connection->server_id, 0, "its server does not say which it is");
    aurora__connection_killed(connection, true);
    return;
  }
  aurora__list_push_back(&pool->kills, &connection->kill_node);
  if (!pool->killer)
    start(pool);
}

void aurora__pool_kill_not(aurora_pool_t *pool, aurora_connection_t *connection)
{
  aurora__killer_t *killer = pool->killer;
  unsigned i;

  /* The statement is to be killed all the same, if the errand has begun; nobody waits for it. */
  aurora__list_remove(&connection->kill_node);
  for (i = 0; killer && i < killer->count; i++) {
    if (killer->targets[i].connection == connection)
      killer->targets[i].connection = NULL;
  }
  aurora__pool_carry_not(connection);
}
