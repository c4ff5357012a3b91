/*
 * A connection's states, its birth and its end. See connection.h for the states; opening.c, use.c,
 * upkeep.c and give_up.c are what happens between.
 *
 * Ownership: the pool's list `all` knows the connection from birth to free, the scheduler until its
 * session ends. The object is freed when the poll handle's close callback has come and no caller
 * holds it as a lease.
 */
#include "connection/connection.h"

#include <sys/socket.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "connection/answer.h"
#include "connection/binds.h"
#include "connection/driver.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "session/tls.h"

const char *aurora__connection_state_name(aurora__connection_state_t state)
{
  static const char *const names[] = {
#define AURORA__STATE_NAME_GEN(name, text) text,
      AURORA__CONNECTION_STATE_MAP(AURORA__STATE_NAME_GEN)
#undef AURORA__STATE_NAME_GEN
  };

  return names[state];
}

#define STATE_BIT(state) (1u << AURORA__CONNECTION_##state)

static bool step_is_legal(aurora__connection_state_t from, aurora__connection_state_t to)
{
  static const unsigned legal[] = {
      [AURORA__CONNECTION_CONNECTING] = STATE_BIT(IDLE) | STATE_BIT(CLOSING),
      [AURORA__CONNECTION_IDLE] = STATE_BIT(LEASED) | STATE_BIT(RUNNING) | STATE_BIT(PINGING) |
                                  STATE_BIT(RESETTING) | STATE_BIT(CLOSING),
      [AURORA__CONNECTION_LEASED] =
          STATE_BIT(RUNNING) | STATE_BIT(RESETTING) | STATE_BIT(CLOSING) | STATE_BIT(IDLE),
      [AURORA__CONNECTION_RUNNING] = STATE_BIT(IDLE) | STATE_BIT(LEASED) | STATE_BIT(KILLING) |
                                     STATE_BIT(RESETTING) | STATE_BIT(CLOSING),
      [AURORA__CONNECTION_KILLING] =
          STATE_BIT(IDLE) | STATE_BIT(RESETTING) | STATE_BIT(LEASED) | STATE_BIT(CLOSING),
      [AURORA__CONNECTION_RESETTING] = STATE_BIT(IDLE) | STATE_BIT(CLOSING),
      [AURORA__CONNECTION_PINGING] = STATE_BIT(IDLE) | STATE_BIT(CLOSING),
      [AURORA__CONNECTION_CLOSING] = 0,
  };

  return (legal[from] >> to) & 1u;
}

static __attribute__((noinline)) void log_step(const aurora_connection_t *connection,
                                               aurora__connection_state_t state, const char *why)
{
  aurora__log(&connection->pool->config, AURORA_LOG_DEBUG, "connection state",
              AURORA__LOG_FIELDS(
                  aurora__log_int("connectionId", (int64_t)connection->server_id),
                  aurora__log_string("from", aurora__connection_state_name(connection->state)),
                  aurora__log_string("to", aurora__connection_state_name(state)),
                  aurora__log_string("why", why)));
}

void aurora__connection_set_state(aurora_connection_t *connection, aurora__connection_state_t state,
                                  const char *why)
{
  if (!step_is_legal(connection->state, state))
    aurora__bug(aurora__connection_state_name(connection->state),
                aurora__connection_state_name(state));
  if (connection->pool->config.log_cb)
    log_step(connection, state, why);
  connection->state = state;
}

aurora_connection_t *aurora__connection_new(aurora_pool_t *pool)
{
  aurora_connection_t *connection = aurora__calloc(1, sizeof *connection);

  if (!connection)
    return NULL;
  connection->place = aurora__place_take(pool, connection);
  if (!connection->place) {
    aurora__free(connection);
    return NULL;
  }
  connection->pool = pool;
  connection->state = AURORA__CONNECTION_CONNECTING;
  connection->handle_closed = true;
  aurora__slot_init(&connection->slot);
  aurora__statements_init(&connection->statements);
  aurora__alarm_init(&connection->alarm, NULL);
  aurora__alarm_init(&connection->leak_alarm, NULL);
  aurora__list_init(&connection->kill_node);
  aurora__list_init(&connection->run_node);
  aurora__list_init(&connection->room_node);
  aurora__list_init(&connection->queue);
  aurora__list_push_back(&pool->all, &connection->all_node);
  pool->connections++;
  return connection;
}

void aurora__connection_free_if_unused(aurora_connection_t *connection)
{
  aurora_pool_t *pool = connection->pool;

  if (!connection->handle_closed || connection->shell || connection->mysql)
    return;
  aurora__list_remove(&connection->all_node);
  aurora__place_leave(pool, connection->place);
  aurora__binds_free(connection);
  aurora__setup_clear(&connection->setup);
  aurora__columns_unref(connection->columns);
  aurora__answer_forget(connection);
  aurora__free(connection);
  pool->connections--;
  aurora__pool_close_check(pool);
}

static void on_closed(uv_handle_t *handle)
{
  aurora_connection_t *connection = handle->data;

  connection->handle_closed = true;
  aurora__connection_free_if_unused(connection);
}

void aurora__connection_fail_queue(aurora_connection_t *connection)
{
  aurora_close_reason_t reason = connection->close_reason;
  aurora__list_t *node;

  while ((node = aurora__list_pop_front(&connection->queue)) != NULL)
    aurora__query_fail_with(aurora__container_of(node, aurora_query_t, node),
                            reason == AURORA_CLOSE_POOL_CLOSED ? UV_ECANCELED : AURORA_ELOST,
                            AURORA_NOT_SENT, "the leased connection has ended: %s",
                            aurora_close_reason_name(reason));
}

/* Gives the session back, without ever waiting. */
static void close_session(aurora_connection_t *connection, bool polite)
{
  if (!polite) {
    aurora__driver_abort(connection);
    shutdown((int)mysql_get_socket(connection->mysql), SHUT_RDWR);
  }
  connection->next_operation = NULL;
  aurora__list_remove(&connection->run_node);
  if (connection->rows) {
    aurora__drop_rows(connection->rows);
    connection->rows = NULL;
  }
  /* The handle first: a descriptor that is polled must not be closed. */
  uv_close((uv_handle_t *)&connection->poll, on_closed);
  aurora__pool_dispose_session(connection->pool, connection);
  if (connection->closing_statement) {
    aurora__statement_free(connection->closing_statement);
    connection->closing_statement = NULL;
  }
}

/* A query whose connection was lost goes to another one when that is safe: it never reached the server,
 * or its caller says that twice is as good as once. Once only, and not after rows were seen. */
static bool may_be_sent_again(const aurora_connection_t *connection, const aurora_error_t *error)
{
  const aurora_query_t *query = connection->query;

  return query && !query->on_lease && !query->resent && !query->rows_streamed &&
         error->code == AURORA_ELOST && !connection->pool->closing &&
         (error->outcome == AURORA_NOT_SENT || (query->flags & AURORA_QUERY_IDEMPOTENT));
}

static void send_again(aurora_connection_t *connection)
{
  aurora_query_t *query = connection->query;

  connection->query = NULL;
  connection->memory = NULL;
  query->attached = false;
  query->resent = true;
  query->connection = NULL;
  query->phase = AURORA__QUERY_QUEUED;
  aurora__scheduler_put_back(&connection->pool->scheduler, &query->waiter);
}

void aurora__connection_die(aurora_connection_t *connection, aurora_close_reason_t reason,
                            const aurora_error_t *error)
{
  aurora_pool_t *pool = connection->pool;
  bool polite = connection->state == AURORA__CONNECTION_IDLE && reason != AURORA_CLOSE_LOST;

  if (connection->state == AURORA__CONNECTION_CLOSING)
    return;
  if (connection->state == AURORA__CONNECTION_CONNECTING)
    aurora__bug(__func__, "a connect job cannot be ended");
  aurora__connection_set_state(connection, AURORA__CONNECTION_CLOSING,
                               aurora_close_reason_name(reason));
  connection->close_reason = reason;
  aurora__room_leave(connection);
  aurora__pool_clear_alarm(pool, &connection->alarm);
  aurora__pool_clear_alarm(pool, &connection->leak_alarm);
  aurora__pool_kill_not(pool, connection);
  connection->shell = connection->leased;
  close_session(connection, polite);
  if (may_be_sent_again(connection, error))
    send_again(connection);
  else
    aurora__connection_fail_query(connection, error);
  aurora__connection_forget_query(connection);
  aurora__statements_clear(&connection->statements);
  aurora__connection_fail_queue(connection);
  aurora__pool_gone(pool, connection);
}

void aurora__connection_close(aurora_connection_t *connection, aurora_close_reason_t reason)
{
  aurora_error_t error;

  aurora__error_set(&error, AURORA_ELOST, AURORA_UNKNOWN, "the connection has ended: %s",
                    aurora_close_reason_name(reason));
  aurora__connection_die(connection, reason, &error);
}
