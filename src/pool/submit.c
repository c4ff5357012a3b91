/*
 * What callers ask for: queries and leases.
 */
#include "base/clock.h"
#include "base/log.h"
#include "pool/pool.h"

int aurora__pool_submit(aurora_pool_t *pool, aurora_query_t *query)
{
  uint64_t deadline = 0;
  int code;

  if (query->acquire_timeout)
    deadline = aurora__ns_to_ms(query->called_at + 999999) + query->acquire_timeout;
  code = aurora__scheduler_enqueue(&pool->scheduler, &query->waiter, deadline);
  if (code) {
    aurora__query_discard(query);
    return code;
  }
  aurora__pool_hold(pool);
  /* Leases that were given back in callbacks are handed on in one go, after them. */
  if (pool->released_at && query->is_acquire)
    return 0;
  if (!aurora__scheduler_is_saturated(&pool->scheduler))
    aurora__pool_pump_at(pool, query->called_at);
  else if (deadline)
    aurora__pool_ring_at(pool, deadline);
  return 0;
}

void aurora__pool_submit_anyway(aurora_pool_t *pool, aurora_query_t *query)
{
  aurora__scheduler_enqueue_anyway(&pool->scheduler, &query->waiter);
  aurora__pool_hold(pool);
  if (!aurora__scheduler_is_saturated(&pool->scheduler))
    aurora__pool_pump_at(pool, query->called_at);
}

void aurora__connection_submit(aurora_connection_t *connection, aurora_query_t *query)
{
  aurora__pool_hold(connection->pool);
  aurora__connection_enqueue(connection, query);
}

int aurora_pool_query_with(aurora_pool_t *pool, const char *sql, aurora_params_t params,
                           const aurora_query_options_t *options, aurora_query_cb cb, void *data,
                           aurora_query_t **ret_query)
{
  aurora_query_t *query;
  aurora__sql_t text;
  int code;

  if (!pool)
    return UV_EINVAL;
  code = aurora__query_check(pool, sql, params, options, cb, &text);
  if (code)
    return code;
  if (pool->closing)
    return AURORA_ECLOSED;
  code = aurora__query_create(pool, &text, params, options, cb, data, &query);
  if (code)
    return code;
  code = aurora__pool_submit(pool, query);
  if (!code && ret_query)
    *ret_query = query;
  return code;
}

int aurora_pool_query(aurora_pool_t *pool, const char *sql, aurora_params_t params,
                      aurora_query_cb cb, void *data)
{
  return aurora_pool_query_with(pool, sql, params, NULL, cb, data, NULL);
}

int aurora_pool_acquire_with(aurora_pool_t *pool, const aurora_acquire_options_t *options,
                             aurora_connection_cb cb, void *data)
{
  aurora_query_t *query;
  int code;

  if (!pool || !cb)
    return UV_EINVAL;
  if (pool->closing)
    return AURORA_ECLOSED;
  query = aurora__query_new(pool);
  if (!query)
    return UV_ENOMEM;
  query->is_acquire = true;
  query->called_at = aurora__now_ns();
  query->cb.acquire = cb;
  query->data = data;
  query->acquire_timeout = pool->config.acquire_timeout;
  if (options && options->acquire_timeout_ms)
    query->acquire_timeout = options->acquire_timeout_ms;
  code = aurora__query_set_label(query, options ? options->label : NULL);
  if (code) {
    aurora__query_discard(query);
    return code;
  }
  return aurora__pool_submit(pool, query);
}

int aurora_pool_acquire(aurora_pool_t *pool, aurora_connection_cb cb, void *data)
{
  return aurora_pool_acquire_with(pool, NULL, cb, data);
}

int aurora_connection_query_with(aurora_connection_t *handle, const char *sql,
                                 aurora_params_t params, const aurora_query_options_t *options,
                                 aurora_query_cb cb, void *data, aurora_query_t **ret_query)
{
  aurora_connection_t *connection = aurora__handle_find(handle);
  aurora_query_t *query;
  aurora__sql_t text;
  int code;

  if (!connection)
    return UV_EINVAL;
  code = aurora__query_check(connection->pool, sql, params, options, cb, &text);
  if (code)
    return code;
  code = aurora__query_create(connection->pool, &text, params, options, cb, data, &query);
  if (code)
    return code;
  aurora__connection_submit(connection, query);
  if (ret_query)
    *ret_query = query;
  return 0;
}

int aurora_connection_query(aurora_connection_t *handle, const char *sql, aurora_params_t params,
                            aurora_query_cb cb, void *data)
{
  return aurora_connection_query_with(handle, sql, params, NULL, cb, data, NULL);
}

void aurora_connection_release(aurora_connection_t *handle)
{
  aurora_connection_t *connection = aurora__handle_find(handle);
  const aurora_pool_t *pool;

  if (connection) {
    aurora__connection_unlease(connection);
    return;
  }
  pool = aurora__handle_former_pool(handle);
  if (pool)
    aurora__log(&pool->config, AURORA_LOG_WARN, "connection released twice", NULL, 0);
}

uint64_t aurora_connection_id(const aurora_connection_t *handle)
{
  const aurora_connection_t *connection = aurora__handle_find(handle);

  return connection ? connection->server_id : 0;
}
