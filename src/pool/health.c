/*
 * The health check: does the server answer? SELECT 1 on any connection says so. Where all are busy it may wait in
 * the queue for as long as their statements take, and a pool that is merely busy is healthy:
 *
 *   SELECT 1 is asked for --answered--> healthy
 *      |        \--failed, late---> not healthy
 *      +-- a quarter of connect_timeout, still in the queue (then again each quarter):
 *            another request was answered meanwhile ---> healthy
 *            the last connect failed for want of room, and the back-off runs ---> healthy
 *            else a probe: a connection of its own, once a check
 *               --comes up, or the server has no room for it--> healthy
 *               \--fails--> SELECT 1 decides
 *
 * SELECT 1 is not subject to queue_limit, and not to acquire_timeout. Its callback is where the check ends, always.
 */
#include <mysqld_error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "pool/errand.h"
#include "pool/pool.h"

enum { QUARTERS = 4 };

typedef struct probe probe_t;

typedef struct {
  aurora_pool_t *pool;
  aurora_health_cb cb;
  void *data;
  aurora_query_t *query; /* SELECT 1 */
  uint64_t deadline;     /* ns */
  uint64_t answered;     /* requests that were answered before */
  aurora__alarm_t alarm; /* the next quarter */
  probe_t *probe;        /* under way, or NULL */
  bool probed;
} check_t;

struct probe {
  aurora__errand_t errand;
  check_t *check; /* NULL: it has ended */
};

static uint64_t count_answered(const aurora_pool_t *pool)
{
  return pool->counters.queries - pool->counters.failed;
}

static bool was_answered(const check_t *check)
{
  return count_answered(check->pool) > check->answered;
}

/* It answers, and has connections enough. */
static bool is_full(const aurora_error_t *error)
{
  return error->server_errno == ER_CON_COUNT_ERROR ||
         error->server_errno == ER_TOO_MANY_USER_CONNECTIONS ||
         error->server_errno == ER_USER_LIMIT_REACHED;
}

/* --- The end ------------------------------------------------------------------------------------ */

static void end(check_t *check, const aurora_error_t *error)
{
  check_t ended = *check;

  aurora__pool_clear_alarm(check->pool, &check->alarm);
  if (check->probe)
    check->probe->check = NULL;
  aurora__free(check);
  if (error)
    aurora__log(&ended.pool->config, AURORA_LOG_ERROR, "health check failed",
                AURORA__LOG_FIELDS(
                    aurora__log_string("code", aurora_err_name(error->code)),
                    aurora__log_string("error", aurora__pool_text_for_log(ended.pool, error))));
  ended.cb(!error, error, ended.data);
}

static void on_answer(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  check_t *check = data;

  (void)result;
  /* One slow connection among others that answer. */
  if (error && error->code == UV_ETIMEDOUT && was_answered(check))
    error = NULL;
  end(check, error);
}

/* Nothing is to be had from SELECT 1 any more, unless it runs already. */
static void is_healthy(check_t *check)
{
  if (aurora__scheduler_cancel(&check->pool->scheduler, &check->query->waiter))
    aurora__query_succeed(check->query, NULL);
}

/* --- Meanwhile ---------------------------------------------------------------------------------- */

static void on_probe(aurora__errand_t *errand, const aurora_error_t *error)
{
  probe_t *probe = aurora__container_of(errand, probe_t, errand);
  check_t *check = probe->check;

  if (!check)
    return;
  check->probe = NULL;
  if (!error || is_full(error))
    is_healthy(check);
}

static void start_probe(check_t *check)
{
  probe_t *probe = aurora__calloc(1, sizeof *probe);

  if (!probe)
    return;
  probe->errand.done = on_probe;
  probe->check = check;
  if (aurora__errand_start(check->pool, &probe->errand, check->deadline)) {
    aurora__free(probe);
    return;
  }
  check->probe = probe;
  check->probed = true;
}

static void set_alarm(check_t *check, uint64_t now)
{
  uint64_t quarter = check->pool->config.connect_timeout / QUARTERS;

  aurora__pool_set_alarm(check->pool, &check->alarm, now + (quarter ? quarter : 1));
}

static void look(aurora__alarm_t *alarm)
{
  check_t *check = aurora__container_of(alarm, check_t, alarm);
  aurora_pool_t *pool = check->pool;
  uint64_t now = aurora__now_ms();

  if (check->query->phase == AURORA__QUERY_ENDED)
    return;
  set_alarm(check, now);
  if (check->query->phase == AURORA__QUERY_RUNNING)
    return;
  if (was_answered(check)) {
    is_healthy(check);
    return;
  }
  if (!pool->scheduler.busy_count)
    return;
  if (!aurora__scheduler_backs_off(&pool->scheduler, now)) {
    if (!check->probed)
      start_probe(check);
  } else if (is_full(&pool->connect_error)) {
    is_healthy(check);
  }
}

int aurora_pool_check(aurora_pool_t *pool, aurora_health_cb cb, void *data)
{
  aurora_query_options_t options = {.flags = AURORA_QUERY_TEXT | AURORA_QUERY_IDEMPOTENT};
  aurora__sql_t sql;
  check_t *check;
  int code;

  if (!pool || !cb)
    return UV_EINVAL;
  if (pool->closing)
    return AURORA_ECLOSED;
  code = aurora__sql_of(pool, "SELECT 1", &sql);
  if (code)
    return code;
  check = aurora__malloc(sizeof *check);
  if (!check)
    return UV_ENOMEM;
  options.timeout_ms = pool->config.connect_timeout;
  *check = (check_t){.pool = pool, .cb = cb, .data = data, .answered = count_answered(pool)};
  code =
      aurora__query_create(pool, &sql, AURORA_NO_PARAMS, &options, on_answer, check, &check->query);
  if (code) {
    aurora__free(check);
    return code;
  }
  check->query->acquire_timeout = 0;
  check->deadline = check->query->called_at + options.timeout_ms * 1000000u;
  aurora__alarm_init(&check->alarm, look);
  set_alarm(check, aurora__ns_to_ms(check->query->called_at));
  aurora__pool_submit_anyway(pool, check->query);
  return 0;
}
