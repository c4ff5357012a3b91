/*
 * The pool's life: made, and told by its connections. Its end is close.c.
 */
#include "pool/pool.h"

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "libmariadb/internals.h"

/* --- libmariadb, once a process ----------------------------------------------------------------- */

static uv_once_t library_once = UV_ONCE_INIT;
static int library_status;

/* mysql_library_init sets SIGPIPE to ignored. A TLS session needs that: OpenSSL writes without
 * MSG_NOSIGNAL. A handler of the program's own is its own affair, and is put back. */
static void init_library(void)
{
  struct sigaction before;
  int known = sigaction(SIGPIPE, NULL, &before) == 0;

  library_status = mysql_library_init(0, NULL, NULL);
  if (known && ((before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_DFL))
    sigaction(SIGPIPE, &before, NULL);
}

/* --- Making ------------------------------------------------------------------------------------- */

/* xorshift64*: jitter needs no better (Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled", 2016). */
static uint64_t random_below(void *state, uint64_t limit)
{
  uint64_t *x = state;

  *x ^= *x >> 12;
  *x ^= *x << 25;
  *x ^= *x >> 27;
  return (*x * UINT64_C(2685821657736338717)) % limit;
}

static void init_scheduler(aurora_pool_t *pool)
{
  const aurora_config_t *config = &pool->config;
  aurora__limits_t limits = {
      .pool_size = config->pool_size,
      .max_connecting = config->max_connecting,
      .queue_limit = config->queue_limit,
      .min_idle = config->min_idle,
      .idle_timeout = config->idle_timeout,
      .max_lifetime = config->max_lifetime,
      .keepalive_interval = config->keepalive_interval,
      .validate_after = config->validate_after,
      .backoff_min = config->backoff_min,
      .backoff_max = config->backoff_max,
      .random = random_below,
      .random_state = &pool->random_state,
  };

  pool->random_state = (aurora__now_ns() ^ (uint64_t)(uintptr_t)pool) | 1;
  aurora__scheduler_init(&pool->scheduler, &limits);
}

static void init_fields(aurora_pool_t *pool, uv_loop_t *loop)
{
  pool->loop = loop;
  pool->timer_at = UINT64_MAX;
  aurora__deadlines_init(&pool->alarms);
  aurora__list_init(&pool->ended);
  aurora__list_init(&pool->notices);
  aurora__list_init(&pool->runnable);
  aurora__list_init(&pool->free_queries);
  aurora__list_init(&pool->disposal.sessions);
  aurora__list_init(&pool->all);
  aurora__list_init(&pool->connect_jobs);
  aurora__list_init(&pool->kills);
  aurora__list_init(&pool->room.waiting);
  aurora__list_init(&pool->warmup.waiting);
  aurora__list_init(&pool->transactions);
  aurora__list_init(&pool->registry_node);
  aurora__alarm_init(&pool->drain_alarm, NULL);
  aurora__histogram_init(&pool->query_latency);
  aurora__histogram_init(&pool->acquire_latency);
  aurora__histogram_init(&pool->connect_latency);
}

static void never(uv_timer_t *timer)
{
  (void)timer;
}

static void has_polled(uv_check_t *checker)
{
  aurora_pool_t *pool = checker->data;

  pool->polled_at = uv_now(pool->loop);
}

/* None of these can fail: they only set fields. */
static void init_handles(aurora_pool_t *pool)
{
  uv_timer_init(pool->loop, &pool->timer);
  uv_timer_init(pool->loop, &pool->keeper);
  uv_idle_init(pool->loop, &pool->trampoline);
  pool->timer.data = pool;
  pool->keeper.data = pool;
  pool->trampoline.data = pool;
  uv_check_init(pool->loop, &pool->checker);
  pool->checker.data = pool;
  pool->open_handles = 4;
  uv_check_start(&pool->checker, has_polled);
  uv_unref((uv_handle_t *)&pool->checker);
  uv_unref((uv_handle_t *)&pool->timer);
  uv_timer_start(&pool->keeper, never, UINT64_MAX / 2, 0);
  uv_unref((uv_handle_t *)&pool->keeper);
}

/* Slower, but right: see libmariadb/internals.h. */
static void warn_of_library(const aurora_pool_t *pool)
{
  aurora__log(&pool->config, AURORA_LOG_WARN, "libmariadb not known",
              AURORA__LOG_FIELDS(
                  aurora__log_int("version", (int64_t)aurora__internals_version()),
                  aurora__log_int("firstKnown", AURORA__LIBMARIADB_FIRST),
                  aurora__log_int("lastKnown", AURORA__LIBMARIADB_LAST),
                  aurora__log_string("effect", "short ways are off: queries cost more time")));
}

int aurora_pool_create(uv_loop_t *loop, const aurora_config_t *config, aurora_pool_t **ret_pool,
                       aurora_error_t *ret_error)
{
  aurora_pool_t *pool;
  int code;

  if (!loop || !config || !ret_pool)
    return aurora__error_set(ret_error, UV_EINVAL, AURORA_NOT_SENT, "%s is NULL",
                             !loop     ? "loop"
                             : !config ? "config"
                                       : "ret_pool");
  code = aurora__config_check(config, ret_error);
  if (code)
    return code;
  uv_once(&library_once, init_library);
  if (library_status)
    return aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT,
                             "libmariadb could not be initialised");
  aurora__internals_look();
  pool = aurora__calloc(1, sizeof *pool);
  if (!pool)
    return aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory");
  code = aurora__config_copy(config, &pool->config, ret_error);
  if (code) {
    aurora__free(pool);
    return code;
  }
  code = aurora__trust_init(&pool->trust);
  if (code) {
    aurora__config_free(&pool->config);
    aurora__free(pool);
    return aurora__error_set(ret_error, code, AURORA_NOT_SENT, "no mutex: %s", uv_strerror(code));
  }
  init_fields(pool, loop);
  init_scheduler(pool);
  init_handles(pool);
  aurora__log(&pool->config, AURORA_LOG_INFO, "pool created",
              AURORA__LOG_FIELDS(aurora__log_string("host", pool->config.host),
                                 aurora__log_string("database", pool->config.database),
                                 aurora__log_int("poolSize", pool->config.pool_size)));
  if (!aurora__internals_known())
    warn_of_library(pool);
  *ret_pool = pool;
  /* min_idle is opened for from now on; on the loop, as everything. */
  aurora__pool_pump(pool);
  return 0;
}

int aurora_pool_recycle(aurora_pool_t *pool)
{
  if (!pool)
    return UV_EINVAL;
  if (pool->closing)
    return AURORA_ECLOSED;
  aurora__scheduler_recycle(&pool->scheduler);
  aurora__pool_pump(pool);
  return 0;
}

/* --- What connections tell ---------------------------------------------------------------------- */

aurora_pool_t *aurora__pool_of_config(const aurora_config_t *config)
{
  return aurora__container_of(config, aurora_pool_t, config);
}

void aurora__pool_connected(aurora_pool_t *pool, aurora_connection_t *connection)
{
  uint64_t now = aurora__now_ns();
  uint64_t took = now - connection->started_at;

  pool->counters.opened++;
  aurora__histogram_record(&pool->connect_latency, took);
  aurora__log(&pool->config, AURORA_LOG_INFO, "connection opened",
              AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)connection->server_id),
                                 aurora__log_duration("durationMs", took)));
  aurora__scheduler_connected(&pool->scheduler, &connection->slot, aurora__ns_to_ms(now));
  aurora__pool_pump(pool);
  aurora__warmup_check(pool);
}

const char *aurora__pool_text_for_log(const aurora_pool_t *pool, const aurora_error_t *error)
{
  const aurora_error_t *last = &pool->connect_error;

  if (!error->server_errno)
    return error->message;
  if (error->server_errno != last->server_errno || strcmp(error->message, last->message) != 0)
    return aurora_strerror(error->code);
  return pool->connect_error_quotes ? "logged in, but the server refuses init_sql or the set-up"
                                    : error->message;
}

void aurora__pool_note_connect_error(aurora_pool_t *pool, const aurora_error_t *error, bool quotes)
{
  pool->connect_error = *error;
  pool->connect_error_quotes = quotes;
}

void aurora__pool_connect_failed(aurora_pool_t *pool, aurora_connection_t *connection,
                                 const aurora_error_t *error, bool quotes,
                                 aurora__failure_t failure)
{
  pool->counters.connect_failed++;
  aurora__pool_note_connect_error(pool, error, quotes);
  aurora__log(
      &pool->config, AURORA_LOG_ERROR, "connection refused",
      AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(error->code)),
                         aurora__log_int("serverErrno", error->server_errno),
                         aurora__log_string("error", aurora__pool_text_for_log(pool, error))));
  aurora__scheduler_connect_failed(&pool->scheduler, &connection->slot, failure, aurora__now_ms());
  aurora__warmup_fail(pool, error);
  aurora__pool_pump(pool);
}

/* Whether the one who is first in line asked for a lease. */
static bool next_wants_lease(const aurora_pool_t *pool)
{
  const aurora__list_t *first = aurora__list_first(&pool->scheduler.waiters);

  return first && aurora__container_of(first, aurora_query_t, waiter.node)->is_acquire;
}

void aurora__pool_given_back(aurora_pool_t *pool, aurora_connection_t *connection)
{
  if (!pool->flushing || (pool->scheduler.waiting && !next_wants_lease(pool))) {
    aurora__pool_ready(pool, connection, false);
    return;
  }
  if (!pool->released_at)
    pool->released_at = aurora__now_ns();
  aurora__connection_set_state(connection, AURORA__CONNECTION_IDLE, "clean");
  aurora__scheduler_ready(&pool->scheduler, &connection->slot, aurora__ns_to_ms(pool->released_at));
}

void aurora__pool_ready(aurora_pool_t *pool, aurora_connection_t *connection, bool pinged)
{
  uint64_t now_ns = aurora__now_ns();
  uint64_t now = aurora__ns_to_ms(now_ns);

  aurora__connection_set_state(connection, AURORA__CONNECTION_IDLE, pinged ? "alive" : "clean");
  if (pinged) {
    connection->proven_round = pool->warmup.round;
    aurora__scheduler_pinged(&pool->scheduler, &connection->slot, now);
  } else {
    aurora__scheduler_ready(&pool->scheduler, &connection->slot, now);
  }
  /* Nobody waits, and the timer is set for what comes next: the usual end of a query. */
  if (!aurora__scheduler_is_quiet(&pool->scheduler, now) ||
      aurora__scheduler_wakeup(&pool->scheduler) < pool->timer_at)
    aurora__pool_pump_at(pool, now_ns);
  if (pool->warmup.wanted)
    aurora__warmup_check(pool);
}

void aurora__pool_gone(aurora_pool_t *pool, aurora_connection_t *connection)
{
  pool->counters.closed[connection->close_reason]++;
  aurora__log(&pool->config, AURORA_LOG_INFO, "connection closed",
              AURORA__LOG_FIELDS(
                  aurora__log_int("connectionId", (int64_t)connection->server_id),
                  aurora__log_string("why", aurora_close_reason_name(connection->close_reason))));
  aurora__scheduler_gone(&pool->scheduler, &connection->slot);
  aurora__room_came(pool);
  aurora__pool_pump(pool);
  aurora__warmup_check(pool);
}
