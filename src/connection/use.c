/*
 * A connection in use: single queries, and leases with their own line of queries.
 *
 * A single query's connection goes back to the pool before the caller is called back, so that the
 * next waiter's statement is under way by then.
 */
#include "connection/connection.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "batch/batch.h"
#include "connection/answer.h"
#include "connection/results.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "session/connect_error.h"
#include "session/read_ahead.h"

static void take_query(aurora_connection_t *connection, aurora_query_t *query)
{
  connection->query = query;
  connection->memory = query;
  connection->sent = false;
  connection->harmless = false;
  query->connection = connection;
  query->attached = true;
  query->phase = AURORA__QUERY_RUNNING;
  if (query->batch) {
    aurora__batch_start(connection);
    return;
  }
  if (query->params.count) {
    aurora__prepared_start(connection);
    return;
  }
  /* What begins and ends a transaction for us leaves no more than the status tells. */
  connection->harmless = query->verdict.harmless || query->wants_done;
  connection->may_be_xa |= query->verdict.may_be_xa;
  aurora__text_start(connection);
}

void aurora__connection_run(aurora_connection_t *connection, aurora_query_t *query)
{
  aurora__connection_set_state(connection, AURORA__CONNECTION_RUNNING, "query");
  take_query(connection, query);
}

static void fate_known(aurora_connection_t *connection, bool failed)
{
  if (failed) {
    aurora__connection_close(connection, AURORA_CLOSE_LOST);
    return;
  }
  aurora__pool_clear_alarm(connection->pool, &connection->alarm);
  aurora__fate_look(connection);
  aurora__connection_set_state(connection, AURORA__CONNECTION_LEASED, "transaction looked at");
  aurora__connection_lease_goes_on(connection);
}

static void fate_unknown(aurora__alarm_t *alarm)
{
  aurora__connection_close(aurora__container_of(alarm, aurora_connection_t, alarm),
                           AURORA_CLOSE_TIMED_OUT);
}

/* Has the server ended the transaction? See fate.h. */
static void ask_fate(aurora_connection_t *connection)
{
  static const aurora__script_t nothing = {.statements = {"DO 0"}, .count = 1, .done = fate_known};
  aurora_pool_t *pool = connection->pool;

  aurora__connection_set_state(connection, AURORA__CONNECTION_RUNNING, "is the transaction open");
  connection->alarm.ring = fate_unknown;
  aurora__pool_set_alarm(pool, &connection->alarm, aurora__now_ms() + pool->config.connect_timeout);
  aurora__script_run(connection, &nothing);
}

/* The lease's next query, after a transaction that has ended or may have. NULL: there is none, or it waits. */
static __attribute__((noinline)) aurora_query_t *next_after_error(aurora_connection_t *connection)
{
  aurora__list_t *node;
  aurora_error_t error;

  while ((node = aurora__list_first(&connection->queue)) != NULL) {
    aurora_query_t *query = aurora__container_of(node, aurora_query_t, node);

    /* A batch begins a transaction of its own, or a savepoint: it is one of the others. */
    if (!query->batch &&
        aurora__statement_kind(aurora__query_sql(query)) == AURORA__STATEMENT_BEGINS) {
      connection->fate = AURORA__FATE_GOOD;
      connection->in_transaction = false;
    }
    if (connection->fate == AURORA__FATE_GOOD) {
      aurora__list_remove(node);
      return query;
    }
    if (connection->fate == AURORA__FATE_IN_DOUBT) {
      ask_fate(connection);
      return NULL;
    }
    aurora__list_remove(node);
    aurora__fate_error(connection, &error);
    aurora__query_fail(query, &error);
  }
  return NULL;
}

static aurora_query_t *next_query(aurora_connection_t *connection)
{
  aurora__list_t *node;

  if (connection->fate != AURORA__FATE_GOOD)
    return next_after_error(connection);
  node = aurora__list_pop_front(&connection->queue);
  return node ? aurora__container_of(node, aurora_query_t, node) : NULL;
}

/* The server has no room for the others' statements. */
static bool is_to_make_room(aurora_connection_t *connection)
{
  return connection->pool->room.short_until && aurora__room_is_wanted(connection);
}

/* After a lease the session is reset, unless nothing of the holder's has run on it. */
static bool lease_left_something(aurora_connection_t *connection)
{
  switch (connection->pool->config.reset) {
  case AURORA_RESET_ALWAYS:
    return true;
  case AURORA_RESET_NEVER:
    return aurora__connection_may_be_dirty(connection);
  case AURORA_RESET_AUTO:
    break;
  }
  return connection->lease_used || aurora__connection_may_be_dirty(connection) ||
         is_to_make_room(connection);
}

void aurora__connection_lease_goes_on(aurora_connection_t *connection)
{
  aurora_query_t *query;

  if (connection->state != AURORA__CONNECTION_LEASED)
    return;
  query = next_query(connection);
  if (query) {
    connection->lease_used |= !query->wants_done;
    aurora__connection_set_state(connection, AURORA__CONNECTION_RUNNING, "query on the lease");
    take_query(connection, query);
  } else if (!connection->leased && connection->state == AURORA__CONNECTION_LEASED) {
    connection->on_lease = false;
    if (lease_left_something(connection))
      aurora__connection_reset(connection);
    else
      aurora__pool_given_back(connection->pool, connection);
  }
}

static void leaks(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, leak_alarm);

  aurora__log(
      &connection->pool->config, AURORA_LOG_WARN, "connection held too long",
      AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)connection->server_id),
                         aurora__log_string("holder", connection->label),
                         aurora__log_int("heldMs", (int64_t)connection->pool->config.leak_warn)));
}

void aurora__connection_lease(aurora_connection_t *connection, aurora_query_t *query)
{
  aurora_pool_t *pool = connection->pool;

  aurora__connection_set_state(connection, AURORA__CONNECTION_LEASED, "acquired");
  connection->leased = true;
  aurora__handle_begin(connection->place);
  connection->on_lease = true;
  connection->lease_used = false;
  connection->in_transaction = false;
  connection->fate = AURORA__FATE_GOOD;
  query->connection = connection;
  /* Which is at most a label's size: see aurora__query_set_label. */
  if (query->sql_size)
    memcpy(connection->label, aurora__query_sql(query), query->sql_size);
  connection->label[query->sql_size] = '\0';
  if (pool->config.leak_warn) {
    connection->leak_alarm.ring = leaks;
    aurora__pool_set_alarm(pool, &connection->leak_alarm,
                           aurora__now_ms() + pool->config.leak_warn);
  }
  aurora__query_succeed(query, NULL);
}

void aurora__connection_enqueue(aurora_connection_t *connection, aurora_query_t *query)
{
  query->on_lease = true;
  query->connection = connection;
  aurora__list_push_back(&connection->queue, &query->node);
  if (connection->state == AURORA__CONNECTION_CLOSING)
    aurora__connection_fail_queue(connection);
  else
    aurora__connection_lease_goes_on(connection);
}

void aurora__connection_unlease(aurora_connection_t *connection)
{
  aurora__pool_clear_alarm(connection->pool, &connection->leak_alarm);
  connection->leased = false;
  aurora__handle_end(connection->place);
  if (connection->shell) {
    connection->shell = false;
    aurora__connection_free_if_unused(connection);
    return;
  }
  aurora__connection_lease_goes_on(connection);
}

void aurora__connection_forget_query(aurora_connection_t *connection)
{
  aurora_query_t *memory = connection->memory;

  aurora__results_drop(connection);
  aurora__answer_forget(connection);
  if (connection->rows) {
    aurora__drop_rows(connection->rows);
    connection->rows = NULL;
  }
  if (connection->statement && !connection->statement->cached)
    aurora__statement_free(connection->statement); /* never prepared, or its session is gone */
  connection->statement = NULL;
  connection->query = NULL;
  connection->memory = NULL;
  if (memory)
    aurora__query_detach(memory);
}

static inline void use_ended(aurora_connection_t *connection)
{
  if (!connection->harmless)
    connection->suspect = true;
  if (connection->on_lease) {
    aurora__connection_set_state(connection, AURORA__CONNECTION_LEASED, "query ended");
    aurora__connection_lease_goes_on(connection);
  } else if (aurora__connection_may_be_dirty(connection) || is_to_make_room(connection)) {
    aurora__connection_reset(connection);
  } else {
    aurora__pool_ready(connection->pool, connection, false);
  }
}

void aurora__connection_use_ended(aurora_connection_t *connection)
{
  use_ended(connection);
}

void aurora__connection_note_context(aurora_connection_t *connection)
{
  const aurora__verdict_t *verdict = &connection->memory->verdict;
  bool told = (aurora__server_status(connection->mysql) & SERVER_SESSION_STATE_CHANGED) != 0;
  bool untold =
      !verdict->harmless && (connection->tracking_ended || !connection->setup.tracks_state);

  if (verdict->may_end_tracking)
    connection->tracking_ended = true;
  if (verdict->changes_context || ((told || untold) && !verdict->controls_transaction))
    aurora__statements_outdate(&connection->statements);
}

/* The query is over, whatever became of it. A part of each query: inline where it is called. */
static inline __attribute__((always_inline)) void end_use(aurora_connection_t *connection)
{
  /* Of a batch's rows it is noted one by one. */
  if (!connection->memory->batch)
    aurora__connection_note_context(connection);
  aurora__connection_forget_query(connection);
  if (aurora__has_leftover(connection->mysql))
    aurora__connection_close(connection, AURORA_CLOSE_PROTOCOL_ERROR);
  else if (connection->state == AURORA__CONNECTION_KILLING)
    aurora__connection_settled(connection);
  else
    use_ended(connection);
}

/* The server reports a change, at the end of rows or in an OK packet. A batch ends with one. */
static __attribute__((noinline)) void note_change(aurora_connection_t *connection)
{
  bool is_ok = connection->current ? !aurora_result_columns(connection->current)
                                   : connection->memory && connection->memory->batch;

  if (!is_ok || aurora__ok_reports_change(connection->mysql))
    connection->suspect = true;
}

void aurora__connection_query_done(aurora_connection_t *connection)
{
  aurora_query_t *query;

  if (aurora__batch_goes_on(connection))
    return;
  if (aurora__server_status(connection->mysql) & SERVER_SESSION_STATE_CHANGED)
    note_change(connection);
  query = connection->query;
  if (query) {
    if (connection->in_transaction)
      aurora__fate_look_after_success(connection, query);
    connection->query = NULL;
    aurora__query_succeed(query, connection->first);
    connection->first = NULL;
    connection->current = NULL;
    connection->previous = NULL;
  }
  end_use(connection);
}

void aurora__connection_fail_query(aurora_connection_t *connection, const aurora_error_t *error)
{
  aurora_query_t *query = connection->query;

  if (!query || aurora__batch_takes_error(connection, error))
    return;
  connection->query = NULL;
  aurora__query_fail(query, error);
}

/* Errors after which the session is of no more use. True: it has ended. */
static bool ends_session(aurora_connection_t *connection, const aurora_error_t *error)
{
  aurora_error_t lost;

  if (aurora__is_read_only_error(error)) {
    aurora__connection_die(connection, AURORA_CLOSE_READ_ONLY_SERVER, error);
    return true;
  }
  if (aurora__is_idle_end_error(error, connection->mysql)) {
    aurora__error_set(&lost, AURORA_ELOST, AURORA_NOT_SENT, "%s", error->message);
    aurora__connection_die(connection, AURORA_CLOSE_LOST, &lost);
    return true;
  }
  return false;
}

void aurora__connection_query_failed(aurora_connection_t *connection, const aurora_error_t *error,
                                     bool connection_is_good)
{
  if (!connection_is_good) {
    aurora__connection_die(
        connection,
        error->code == AURORA_EPROTOCOL ? AURORA_CLOSE_PROTOCOL_ERROR : AURORA_CLOSE_LOST, error);
    return;
  }
  if (ends_session(connection, error))
    return;
  /* An error packet has no status: a trigger may have changed the session before it failed. */
  if (connection->sent) {
    connection->harmless = false;
    connection->xa_in_doubt = connection->may_be_xa;
  }
  aurora__connection_fail_query(connection, error);
  if (!aurora__batch_goes_on(connection))
    end_use(connection);
}
