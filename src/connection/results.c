/*
 * Taking in the results of the query in hand. See results.h.
 *
 * connection->first owns the chain of results. connection->current is the last of the chain, to which
 * rows are added; when rows are streamed or dropped it holds one row at most.
 */
#include "connection/results.h"

#include <stdio.h>
#include <string.h>

#include <errmsg.h>

#include "base/error.h"
#include "connection/answer.h"
#include "connection/driver.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "session/read_ahead.h"

/* Bytes of SQL and parameters from which a server may refuse them for their size. */
enum { LARGE = 1024 * 1024 };

/* net_write_timeout is 1 s or more. */
enum { SHORTEST_WRITE_TIMEOUT_MS = 1000 };

void aurora__results_no_memory(aurora_connection_t *connection)
{
  aurora_error_t error;

  aurora__error_set(&error, UV_ENOMEM, AURORA_UNKNOWN, "out of memory for the result");
  aurora__connection_die(connection, AURORA_CLOSE_PROTOCOL_ERROR, &error);
}

/* Gives the query up, which may have been given up before. False: the connection ended. */
static bool too_large(aurora_connection_t *connection)
{
  aurora_query_t *query = connection->query;

  if (query) {
    aurora__query_fail_with(query, AURORA_ETOOBIG, AURORA_UNKNOWN,
                            "the result is larger than max_result_size (%llu bytes): stream it "
                            "with on_row, or raise the limit",
                            (unsigned long long)connection->pool->config.max_result_size);
    aurora__connection_give_up(connection);
  }
  return connection->state != AURORA__CONNECTION_CLOSING;
}

bool aurora__results_begin(aurora_connection_t *connection, aurora__columns_t *columns,
                           aurora__protocol_t protocol)
{
  uint64_t limit = connection->pool->config.max_result_size;
  aurora_result_t *result;

  /* Nobody wants those of a query that was given up. */
  if (!connection->query)
    aurora__results_drop(connection);
  /* The results of one query share one limit. */
  if (connection->current)
    connection->results_size += aurora__result_footprint(connection->current);
  if (connection->results_size > limit && !too_large(connection))
    return false;
  limit = connection->results_size < limit ? limit - connection->results_size : 0;
  if (aurora__result_create(columns, protocol, limit, &result)) {
    aurora__results_no_memory(connection);
    return false;
  }
  if (columns && aurora__server_status(connection->mysql) & SERVER_PS_OUT_PARAMS)
    aurora__result_mark_out_params(result);
  if (!connection->first)
    connection->first = result;
  else
    aurora__result_chain_take(connection->current, result);
  connection->previous = connection->current;
  connection->current = result;
  return true;
}

static bool stream_row(aurora_connection_t *connection)
{
  aurora_query_t *query = connection->query;
  aurora_result_t *row = aurora_result_ref(connection->current);
  int stop;

  /* The callback may end anything: the query, the connection, the pool. */
  query->rows_streamed = true;
  stop = query->on_row(row, query->data);
  aurora_result_unref(row);
  if (stop && connection->query == query) {
    query->cancelled = true;
    aurora__query_fail_with(query, UV_ECANCELED, AURORA_UNKNOWN, "stopped by the row callback");
    aurora__connection_stop_stream(connection);
  }
  return connection->state != AURORA__CONNECTION_CLOSING;
}

static bool clear_rows(aurora_connection_t *connection)
{
  aurora_result_t *before = connection->current;

  if (aurora__result_clear_rows(&connection->current)) {
    aurora__results_no_memory(connection);
    return false;
  }
  /* Somebody keeps the old one; ours is a new object. */
  if (connection->first == before)
    connection->first = connection->current;
  else if (connection->current != before)
    aurora__result_chain_relink(connection->previous, before, connection->current);
  return true;
}

bool aurora__results_row_added(aurora_connection_t *connection, int code)
{
  aurora_query_t *query = connection->query;

  if (code == 0) {
    if (query && !query->on_row)
      return true;
    if (query && !stream_row(connection))
      return false;
    return clear_rows(connection);
  }
  if (code == AURORA_EPROTOCOL || code == UV_ENOMEM) {
    aurora_error_t error;

    aurora__error_set(&error, code, AURORA_UNKNOWN, "a row could not be read: %s",
                      aurora_strerror(code));
    aurora__connection_die(connection, AURORA_CLOSE_PROTOCOL_ERROR, &error);
    return false;
  }
  return too_large(connection) && clear_rows(connection);
}

static bool take_row(aurora_connection_t *connection, aurora__protocol_t protocol,
                     const unsigned char *row, size_t size)
{
  int code = protocol == AURORA__PROTOCOL_TEXT
                 ? aurora__result_append_text_packet(connection->current, row, size)
                 : aurora__result_append_binary_packet(connection->current, row, size);

  return aurora__results_row_added(connection, code);
}

bool aurora__results_take_rows(aurora_connection_t *connection, aurora__protocol_t protocol,
                               const aurora__operation_t *fetch)
{
  const unsigned char *row;
  size_t size;

  while ((row = aurora__take_row(connection->mysql, protocol, &size)) != NULL) {
    if (!take_row(connection, protocol, row, size))
      return false;
    if (!aurora__driver_may_go_on(connection)) {
      aurora__driver_next_row(connection, fetch);
      return false;
    }
    connection->steps++;
  }
  return true;
}

bool aurora__results_take_known(aurora_connection_t *connection, aurora__columns_t *columns,
                                aurora__protocol_t protocol)
{
  const unsigned char *row;
  size_t size;

  aurora__read_ahead_skip(connection->mysql, connection->rows_at);
  if (!aurora__results_begin(connection, columns, protocol))
    return false;
  while ((row = aurora__take_row(connection->mysql, protocol, &size)) != NULL) {
    if (!take_row(connection, protocol, row, size))
      return false;
  }
  aurora__answer_end(connection->mysql);
  return true;
}

bool aurora__results_end(aurora_connection_t *connection, uint64_t affected, uint64_t insert_id)
{
  MYSQL *mysql = connection->mysql;
  bool rows = aurora_result_columns(connection->current) > 0;

  if (!connection->query)
    return true;
  /* With rows, libmariadb has the insert id and the text of an earlier statement, or nothing. */
  if (aurora__result_finish(connection->current, affected, rows ? 0 : insert_id,
                            mysql_warning_count(mysql), rows ? NULL : mysql_info(mysql))) {
    aurora__results_no_memory(connection);
    return false;
  }
  return true;
}

/* What is known of a loss: a server hangs up on a packet that is too large for it, and on a client that takes
 * no rows for net_write_timeout, and seldom manages to say so. */
static void explain_loss(const aurora_connection_t *connection, aurora_error_t *error)
{
  const aurora_query_t *query = connection->memory;
  size_t size = strlen(error->message);
  char *end = error->message + size;

  if (error->code != AURORA_ELOST || !query)
    return;
  size = sizeof error->message - size;
  if (query->pause >= SHORTEST_WRITE_TIMEOUT_MS)
    snprintf(end, size,
             " (the stream was paused for %llu ms: perhaps longer than the server's "
             "net_write_timeout; pause it for less, or raise that for the session)",
             (unsigned long long)query->pause);
  else if (!connection->first && query->block_size > LARGE)
    snprintf(end, size,
             " (while a large statement was sent: perhaps more than the server's "
             "max_allowed_packet)");
}

void aurora__results_error(aurora_connection_t *connection, const aurora__call_error_t *failure,
                           aurora_error_t *ret_error)
{
  aurora__query_error(failure, ret_error);
  if (failure->by_server) {
    aurora__fate_note_error(connection, ret_error);
    return;
  }
  explain_loss(connection, ret_error);
  /* Nothing that the server could act on has reached it: libmariadb says 2006 when it cannot send. */
  if (!connection->sent || failure->number == CR_SERVER_GONE_ERROR)
    ret_error->outcome = AURORA_NOT_SENT;
}

void aurora__results_drop(aurora_connection_t *connection)
{
  aurora__pool_dispose_result(connection->pool, connection->first);
  connection->first = NULL;
  connection->current = NULL;
  connection->previous = NULL;
  connection->results_size = 0;
}
