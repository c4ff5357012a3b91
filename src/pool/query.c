/*
 * Requests: made, settled, called back. See query.h.
 */
#include "pool/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "batch/batch.h"
#include "connection/driver.h"
#include "pool/pool.h"
#include "result/parameter.h"

enum {
  KEPT_QUERIES = 1024,     /* recycled objects a pool keeps */
  KEPT_BLOCK = 4096,       /* bytes; a larger block is not kept */
  FIRST_BLOCK = 256,       /* bytes */
  MOST_PARAMETERS = 65535, /* the protocol counts them in 16 bits */
  LARGEST_TEXT = 1 << 30   /* bytes; the most that a server's max_allowed_packet can be */
};

static void time_out(aurora__alarm_t *alarm);

aurora_query_t *aurora__query_new(aurora_pool_t *pool)
{
  aurora__list_t *node = aurora__list_pop_front(&pool->free_queries);
  aurora_query_t *query;

  if (node) {
    query = aurora__container_of(node, aurora_query_t, node);
    pool->free_count--;
  } else {
    query = aurora__malloc(sizeof *query);
    if (!query)
      return NULL;
    query->pool = pool;
    query->block = NULL;
    query->block_size = 0;
    aurora__waiter_init(&query->waiter);
    aurora__list_init(&query->node);
    aurora__alarm_init(&query->alarm, time_out);
  }
  /* What comes before was in no list and no heap when it was given back. The error, which is large, is set
   * when it is needed. */
  memset((char *)query + offsetof(aurora_query_t, connection), 0,
         offsetof(aurora_query_t, error) - offsetof(aurora_query_t, connection));
  return query;
}

static void free_query(aurora_query_t *query)
{
  aurora_pool_t *pool = query->pool;

  aurora__batch_free(query->batch);
  query->batch = NULL;
  if (query->block_size > KEPT_BLOCK) {
    aurora__free(query->block);
    query->block = NULL;
    query->block_size = 0;
  }
  if (pool->free_count < KEPT_QUERIES) {
    aurora__list_push_front(&pool->free_queries, &query->node);
    pool->free_count++;
    return;
  }
  aurora__free(query->block);
  aurora__free(query);
}

void aurora__query_discard(aurora_query_t *query)
{
  aurora__pool_clear_alarm(query->pool, &query->alarm);
  free_query(query);
}

/* --- The statement ------------------------------------------------------------------------------ */

bool aurora__value_has_text(const aurora_value_t *value)
{
  switch (value->type) {
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    return true;
  case AURORA_TYPE_NULL:
  case AURORA_TYPE_INT64:
  case AURORA_TYPE_UINT64:
  case AURORA_TYPE_DOUBLE:
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_TIME:
  case AURORA_TYPE_DATETIME:
    break;
  }
  return false;
}

/* Integers and NULL, which come first. */
static inline bool has_no_wrong_value(const aurora_value_t *value)
{
  return value->type <= AURORA_TYPE_UINT64;
}

int aurora__values_check(const aurora_pool_t *pool, const aurora_value_t *values, size_t columns,
                         size_t rows)
{
  size_t count = rows * columns;

  for (size_t i = 0; i < count; i++) {
    const char *fault = has_no_wrong_value(&values[i]) ? NULL : aurora__parameter_fault(&values[i]);

    if (!fault)
      continue;
    aurora__log(&pool->config, AURORA_LOG_WARN, "parameter refused",
                AURORA__LOG_FIELDS(aurora__log_string("error", fault),
                                   aurora__log_int("parameter", (int64_t)(i % columns)),
                                   aurora__log_int("row", (int64_t)(i / columns)),
                                   aurora__log_string("type", aurora_type_name(values[i].type))));
    return UV_EINVAL;
  }
  return 0;
}

int aurora__sql_of(aurora_pool_t *pool, const char *text, aurora__sql_t *ret)
{
  size_t size = strlen(text);
  aurora__known_text_t *known = aurora__known_text_find(&pool->known_texts, text, size);

  /* What is known has been looked at. */
  if (!known) {
    if (size > LARGEST_TEXT || !aurora__is_utf8(text, size))
      return UV_EINVAL;
    known = aurora__known_text_add(&pool->known_texts, text, size);
  }
  *ret = (aurora__sql_t){.text = text, .size = size, .known = known};
  ret->verdict = known ? known->verdict : aurora__judge(text, size);
  return 0;
}

int aurora__query_check(aurora_pool_t *pool, const char *text, aurora_params_t params,
                        const aurora_query_options_t *options, aurora_query_cb cb,
                        aurora__sql_t *ret_sql)
{
  unsigned flags = options ? options->flags : 0;

  if (!text || !text[0] || !cb || aurora__sql_of(pool, text, ret_sql))
    return UV_EINVAL;
  if (flags & ~(unsigned)(AURORA_QUERY_IDEMPOTENT | AURORA_QUERY_TEXT))
    return UV_EINVAL;
  if (params.count > MOST_PARAMETERS || (params.count && !params.values) ||
      (params.count && (flags & AURORA_QUERY_TEXT)))
    return UV_EINVAL;
  for (size_t i = 0; i < params.count; i++) {
    if (!has_no_wrong_value(&params.values[i]))
      return aurora__values_check(pool, params.values, params.count, 1);
  }
  return 0;
}

static size_t aligned(size_t size)
{
  return (size + 7) & ~(size_t)7;
}

static int make_room(aurora_query_t *query, size_t size)
{
  size_t room = size < FIRST_BLOCK ? FIRST_BLOCK : size;
  char *block;

  if (size <= query->block_size)
    return 0;
  block = aurora__malloc(room);
  if (!block)
    return UV_ENOMEM;
  aurora__free(query->block);
  query->block = block;
  query->block_size = room;
  return 0;
}

static int set_statement(aurora_query_t *query, const char *sql, size_t sql_size,
                         aurora_params_t params)
{
  size_t values_at = aligned(sql_size + 1);
  size_t size = values_at + params.count * sizeof(aurora_value_t);
  aurora_value_t *values;
  char *text;
  size_t i;
  int code;

  for (i = 0; i < params.count; i++) {
    if (aurora__value_has_text(&params.values[i]))
      size += params.values[i].as.text.size;
  }
  code = make_room(query, size);
  if (code)
    return code;
  memcpy(query->block, sql, sql_size + 1);
  query->sql_size = sql_size;
  if (!params.count)
    return 0;
  values = (aurora_value_t *)(void *)(query->block + values_at);
  text = (char *)(values + params.count);
  memcpy(values, params.values, params.count * sizeof *values);
  for (i = 0; i < params.count; i++) {
    if (!aurora__value_has_text(&values[i]))
      continue;
    if (values[i].as.text.size)
      memcpy(text, values[i].as.text.data, values[i].as.text.size);
    values[i].as.text.data = text;
    text += values[i].as.text.size;
  }
  query->params.values = values;
  query->params.count = params.count;
  return 0;
}

int aurora__query_set_label(aurora_query_t *query, const char *label)
{
  char text[AURORA__LABEL_SIZE];

  if (!label)
    return 0;
  snprintf(text, sizeof text, "%s", label);
  return set_statement(query, text, strlen(text), (aurora_params_t){NULL, 0});
}

int aurora__query_create(aurora_pool_t *pool, const aurora__sql_t *sql, aurora_params_t params,
                         const aurora_query_options_t *options, aurora_query_cb cb, void *data,
                         aurora_query_t **ret_query)
{
  aurora_query_t *query = aurora__query_new(pool);
  int code;

  if (!query)
    return UV_ENOMEM;
  code = set_statement(query, sql->text, sql->size, params);
  if (code) {
    aurora__query_discard(query);
    return code;
  }
  query->verdict = sql->verdict;
  query->known = sql->known;
  query->called_at = aurora__now_ns();
  query->cb.query = cb;
  query->data = data;
  query->acquire_timeout = pool->config.acquire_timeout;
  query->timeout = pool->config.query_timeout;
  if (options) {
    query->flags = options->flags;
    query->on_row = options->on_row;
    if (options->acquire_timeout_ms)
      query->acquire_timeout = options->acquire_timeout_ms;
    if (options->timeout_ms)
      query->timeout = options->timeout_ms;
  }
  if (query->timeout)
    aurora__pool_set_alarm(pool, &query->alarm,
                           aurora__ns_to_ms(query->called_at + 999999) + query->timeout);
  *ret_query = query;
  return 0;
}

/* --- The outcome -------------------------------------------------------------------------------- */

static void end(aurora_query_t *query)
{
  aurora_pool_t *pool = query->pool;

  query->phase = AURORA__QUERY_ENDED;
  aurora__pool_clear_alarm(pool, &query->alarm);
  aurora__list_push_back(&pool->ended, &query->node);
  aurora__pool_need_turn(pool);
}

void aurora__query_succeed(aurora_query_t *query, aurora_result_t *result_take)
{
  if (query->phase == AURORA__QUERY_ENDED)
    aurora__bug(__func__, "the query has ended");
  query->result = result_take;
  end(query);
}

void aurora__query_fail(aurora_query_t *query, const aurora_error_t *error)
{
  if (query->phase == AURORA__QUERY_ENDED)
    aurora__bug(__func__, "the query has ended");
  query->failed = true;
  query->error = *error;
  end(query);
}

void aurora__query_fail_with(aurora_query_t *query, int code, aurora_outcome_t outcome,
                             const char *format, ...)
{
  aurora_error_t error;
  char message[sizeof error.message];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  aurora__error_set(&error, code, outcome, "%s", message);
  aurora__query_fail(query, &error);
}

/* Ends a query early, wherever it is. The caller has seen that it has not ended. */
static void stop(aurora_query_t *query, int code, const char *what)
{
  aurora_connection_t *connection = query->connection;

  if (query->phase == AURORA__QUERY_RUNNING) {
    aurora__query_fail_with(query, code, connection->sent ? AURORA_UNKNOWN : AURORA_NOT_SENT, "%s",
                            what);
    aurora__connection_give_up(connection);
    return;
  }
  /* In the pool's queue, or in a lease's. */
  if (!aurora__scheduler_cancel(&query->pool->scheduler, &query->waiter))
    aurora__list_remove(&query->node);
  aurora__query_fail_with(query, code, AURORA_NOT_SENT, "%s", what);
}

static void time_out(aurora__alarm_t *alarm)
{
  aurora_query_t *query = aurora__container_of(alarm, aurora_query_t, alarm);
  char what[160];

  snprintf(what, sizeof what, "no result within the query's time-out (%llu ms)%s",
           (unsigned long long)query->timeout,
           query->phase == AURORA__QUERY_RUNNING ? "" : ", still waiting for a connection");
  query->late = true;
  stop(query, UV_ETIMEDOUT, what);
}

int aurora_query_cancel(aurora_query_t *query)
{
  aurora_pool_t *pool;

  if (!query)
    return UV_EINVAL;
  if (query->phase == AURORA__QUERY_ENDED)
    return UV_EALREADY;
  pool = query->pool;
  query->cancelled = true;
  stop(query, UV_ECANCELED, "cancelled by the caller");
  aurora__pool_pump(pool);
  return 0;
}

/* Whether a caller may pause or resume it: 0, UV_EINVAL or UV_EALREADY. */
static int may_be_paused(const aurora_query_t *query)
{
  if (!query || !query->on_row)
    return UV_EINVAL;
  return query->phase == AURORA__QUERY_ENDED ? UV_EALREADY : 0;
}

int aurora_query_pause(aurora_query_t *query)
{
  int code = may_be_paused(query);

  if (code || query->paused)
    return code;
  query->paused = true;
  query->paused_at = aurora__now_ms();
  return 0;
}

int aurora_query_resume(aurora_query_t *query)
{
  int code = may_be_paused(query);
  uint64_t pause;

  if (code || !query->paused)
    return code;
  query->paused = false;
  pause = aurora__now_ms() - query->paused_at;
  if (pause > query->pause)
    query->pause = pause;
  if (query->phase == AURORA__QUERY_RUNNING)
    aurora__driver_wake(query->connection);
  return 0;
}

void aurora__query_detach(aurora_query_t *query)
{
  query->attached = false;
  if (query->delivered)
    free_query(query);
}

/* --- The callback ------------------------------------------------------------------------------- */

/* The code does not tell: a connect may have ended with the same one. */
static bool was_cancelled(const aurora_query_t *query)
{
  return query->cancelled || (query->pool->closing && (query->error.code == UV_ECANCELED ||
                                                       query->error.code == AURORA_ECLOSED));
}

static void count(aurora_query_t *query, uint64_t duration)
{
  aurora_stats_t *counters = &query->pool->counters;
  aurora_log_level_t level = AURORA_LOG_ERROR;
  const char *event = "query failed";

  aurora__histogram_record(&query->pool->query_latency, duration);
  counters->queries++;
  if (!query->failed)
    return;
  counters->failed++;
  if (query->late) {
    counters->timed_out++;
    event = "query timed out";
  } else if (was_cancelled(query)) {
    counters->cancelled++;
    event = "query cancelled";
    level = AURORA_LOG_INFO; /* the caller's own wish */
  }
  aurora__log(&query->pool->config, level, event,
              AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(query->error.code)),
                                 aurora__log_int("serverErrno", query->error.server_errno),
                                 aurora__log_string("sqlstate", query->error.sqlstate),
                                 aurora__log_string("error", aurora__pool_text_for_log(
                                                                 query->pool, &query->error)),
                                 aurora__log_duration("durationMs", duration)));
}

void aurora__query_deliver(aurora_query_t *query)
{
  const aurora_error_t *error = query->failed ? &query->error : NULL;
  aurora_result_t *result = query->result;

  aurora__pool_let_go(query->pool);
  if (query->is_acquire) {
    query->cb.acquire(error, error ? NULL : aurora__handle_of(query->connection->place),
                      query->data);
  } else {
    count(query, aurora__now_ns() - query->called_at);
    if (query->batch)
      aurora__batch_deliver(query);
    else if (!query->wants_done)
      query->cb.query(error, result, query->data);
    else if (query->cb.done)
      query->cb.done(error, query->data);
    aurora__pool_dispose_result(query->pool, result);
  }
  query->delivered = true;
  if (!query->attached)
    free_query(query);
}
