/*
 * The floor: uv_poll and libmariadb's non-blocking calls, and nothing else. No pool, no queue, no
 * deadline, no error taxonomy, no conversion: what every asynchronous client on this stack must pay.
 *
 * A connection's steps, one query in flight at most:
 *
 *   IDLE --send--> WAITING --readable--> READING --> TEXT_ROWS (one at a time) --> IDLE     text
 *   IDLE --execute--> EXECUTING --> BINARY_ROWS (one at a time) --> IDLE                    prepared
 *
 * Each step may suspend (its _start or _cont returns MYSQL_WAIT_READ), is resumed by the poll, and
 * falls through to the next one when it is finished. The poll is armed once, for reading: libuv turns
 * every uv_poll_start into system calls. A text is sent and its answer awaited by the poll, for
 * mysql_real_query_start would first try a read that fails; executing has no such way. Rows are
 * fetched one by one out of libmariadb's own buffer, which costs less than mysql_store_result.
 * Nothing waits for writing: a statement is written while its connection's socket buffer is empty,
 * and is smaller than that buffer.
 *
 * The loop's handles and the sessions belong to bare_t; a session's descriptor is closed only after
 * its poll handle is.
 */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bare_session.h"

typedef enum { IDLE, WAITING, READING, TEXT_ROWS, EXECUTING, BINARY_ROWS } step_t;

typedef struct {
  uv_poll_t poll;
  bare_session_t session;
  bare_t *bare;
  step_t step;
  int wait;            /* the wait mask of the step; 0: nothing is in flight */
  bool polling;        /* the poll handle is open */
  uint64_t started_at; /* ns; of the query in flight */
  MYSQL_RES *result;
} connection_t;

struct bare {
  uv_loop_t *loop;
  unsigned count; /* of connections that are open */
  /* The run under way. */
  const bare_statement_t *statement;
  size_t sql_size;
  uint64_t unsent;
  uint64_t unanswered;
  bare_sample_cb sample;
  void *data;
  bool failed;
  bare_totals_t totals;
  bare_error_t error;
  connection_t connections[];
};

static void fail(connection_t *connection, MYSQL_STMT *statement, const char *what)
{
  bare_t *bare = connection->bare;

  if (!bare->failed)
    bare_session_failed(&connection->session, statement, what, &bare->error);
  bare->failed = true;
  uv_stop(bare->loop);
}

/* Sends a text, or starts an execution. Returns libmariadb's wait mask: 0 when the answer of an
 * execution was there at once. */
static int send_statement(connection_t *connection)
{
  bare_t *bare = connection->bare;
  bare_session_t *session = &connection->session;
  int code = 0;
  int wait = 0;

  if (bare->sample)
    connection->started_at = uv_hrtime();
  bare->unsent--;
  if (bare->statement->kind == BARE_TEXT) {
    connection->step = WAITING;
    wait = mysql_send_query_start(&code, session->mysql, bare->statement->sql, bare->sql_size);
    if (!wait && code)
      fail(connection, NULL, "cannot send the query");
    return code || wait ? wait : MYSQL_WAIT_READ;
  }
  if (bare->statement->keys)
    session->key = (long long)(bare->unsent % bare->statement->keys) + 1;
  connection->step = EXECUTING;
  wait = mysql_stmt_execute_start(&code, session->prepared);
  if (!wait && code)
    fail(connection, session->prepared, "cannot execute");
  return wait;
}

/* The answer to a query is complete. */
static void answered(connection_t *connection)
{
  bare_t *bare = connection->bare;

  connection->step = IDLE;
  if (bare->sample)
    bare->sample(uv_hrtime() - connection->started_at, bare->data);
  bare->totals.queries++;
  if (--bare->unanswered == 0)
    uv_stop(bare->loop);
}

/* TEXT_ROWS: every row that is there. row is the last fetch's. */
static int text_rows(connection_t *connection, MYSQL_ROW row)
{
  int wait;

  while (row) {
    bare_session_count_text(connection->result, &connection->bare->totals);
    wait = mysql_fetch_row_start(&row, connection->result);
    if (wait)
      return wait;
  }
  if (mysql_errno(connection->session.mysql)) {
    fail(connection, NULL, "cannot read the rows");
    return 0;
  }
  mysql_free_result(connection->result);
  connection->result = NULL;
  answered(connection);
  return 0;
}

/* READING is finished: the columns are known, or it was a statement without rows. */
static int after_reading(connection_t *connection, my_bool code)
{
  MYSQL *mysql = connection->session.mysql;
  MYSQL_ROW row;
  int wait;

  if (code) {
    fail(connection, NULL, "the query failed");
    return 0;
  }
  if (!mysql_field_count(mysql)) {
    answered(connection);
    return 0;
  }
  connection->step = TEXT_ROWS;
  connection->result = mysql_use_result(mysql);
  if (!connection->result) {
    fail(connection, NULL, "cannot read the rows");
    return 0;
  }
  wait = mysql_fetch_row_start(&row, connection->result);
  return wait ? wait : text_rows(connection, row);
}

/* BINARY_ROWS: every row that is there. code is the last fetch's. */
static int binary_rows(connection_t *connection, int code)
{
  MYSQL_STMT *prepared = connection->session.prepared;
  int wait;

  while (code == 0) {
    bare_session_count_row(&connection->session, &connection->bare->totals);
    wait = mysql_stmt_fetch_start(&code, prepared);
    if (wait)
      return wait;
  }
  if (code == MYSQL_NO_DATA)
    answered(connection);
  else if (code == MYSQL_DATA_TRUNCATED)
    fail(connection, NULL, "a value is too long for the bench");
  else
    fail(connection, prepared, "cannot fetch");
  return 0;
}

static int after_executing(connection_t *connection, int code)
{
  MYSQL_STMT *prepared = connection->session.prepared;
  int wait;

  if (code) {
    fail(connection, prepared, "cannot execute");
    return 0;
  }
  if (!connection->session.columns) {
    answered(connection);
    return 0;
  }
  connection->step = BINARY_ROWS;
  wait = mysql_stmt_fetch_start(&code, prepared);
  return wait ? wait : binary_rows(connection, code);
}

/* The descriptor is readable. Returns the wait mask; 0: the connection is idle or has failed. */
static int resume(connection_t *connection)
{
  bare_session_t *session = &connection->session;
  MYSQL_ROW row = NULL;
  my_bool failed = 0;
  int code = 0;
  int wait = 0;

  switch (connection->step) {
  case IDLE:
    fail(connection, NULL, "the server closed an idle connection");
    break;
  case WAITING:
    connection->step = READING;
    wait = mysql_read_query_result_start(&failed, session->mysql);
    return wait ? wait : after_reading(connection, failed);
  case READING:
    wait = mysql_read_query_result_cont(&failed, session->mysql, MYSQL_WAIT_READ);
    return wait ? wait : after_reading(connection, failed);
  case TEXT_ROWS:
    wait = mysql_fetch_row_cont(&row, connection->result, MYSQL_WAIT_READ);
    return wait ? wait : text_rows(connection, row);
  case EXECUTING:
    wait = mysql_stmt_execute_cont(&code, session->prepared, MYSQL_WAIT_READ);
    return wait ? wait : after_executing(connection, code);
  case BINARY_ROWS:
    wait = mysql_stmt_fetch_cont(&code, session->prepared, MYSQL_WAIT_READ);
    return wait ? wait : binary_rows(connection, code);
  }
  return 0;
}

/* Sends the next queries until one has to be waited for. Usually that is the first one; an execution
 * may also be answered before its call returns. */
static void send_next(connection_t *connection)
{
  bare_t *bare = connection->bare;

  while (!connection->wait && bare->unsent && !bare->failed) {
    connection->wait = send_statement(connection);
    if (!connection->wait && !bare->failed)
      connection->wait = after_executing(connection, 0);
  }
  if (connection->wait & ~MYSQL_WAIT_READ)
    fail(connection, NULL, "the statement is too long to be sent at once");
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
  connection_t *connection = poll->data;

  (void)events;
  if (status < 0) {
    fail(connection, NULL, uv_strerror(status));
    return;
  }
  connection->wait = resume(connection);
  if (connection->wait & ~MYSQL_WAIT_READ)
    fail(connection, NULL, "libmariadb wants to write while it reads");
  else
    send_next(connection);
}

/* Statements are prepared by blocking calls on descriptors that uv_poll_init made non-blocking;
 * libmariadb waits with poll() then. */
static int prepare_all(bare_t *bare, unsigned in_flight, bare_error_t *ret_error)
{
  for (unsigned i = 0; i < in_flight; i++)
    if (bare_session_prepare(&bare->connections[i].session, bare->statement, ret_error))
      return -1;
  return 0;
}

int bare_run(bare_t *bare, const bare_statement_t *statement, uint64_t count, unsigned in_flight,
             bare_sample_cb sample, void *data, bare_totals_t *ret_totals, bare_error_t *ret_error)
{
  uint64_t begin, cpu;

  if (in_flight == 0 || in_flight > bare->count) {
    snprintf(ret_error->message, sizeof ret_error->message, "there are %u connections",
             bare->count);
    return -1;
  }
  bare->statement = statement;
  bare->sql_size = strlen(statement->sql);
  bare->unsent = bare->unanswered = count;
  bare->sample = sample;
  bare->data = data;
  memset(&bare->totals, 0, sizeof bare->totals);
  if (prepare_all(bare, in_flight, ret_error))
    return -1;
  cpu = bare_cpu_time();
  begin = uv_hrtime();
  for (unsigned i = 0; i < in_flight; i++)
    send_next(&bare->connections[i]);
  /* Also when uv_stop was called already: this is what takes the request to stop back. */
  if (count)
    uv_run(bare->loop, UV_RUN_DEFAULT);
  bare->totals.elapsed = uv_hrtime() - begin;
  bare->totals.cpu = bare_cpu_time() - cpu;
  if (bare->failed) {
    *ret_error = bare->error;
    return -1;
  }
  for (unsigned i = 0; i < in_flight; i++)
    bare_session_unprepare(&bare->connections[i].session);
  *ret_totals = bare->totals;
  return 0;
}

static int open_connection(bare_t *bare, connection_t *connection, const bare_target_t *target,
                           bare_error_t *ret_error)
{
  int code;

  if (bare_session_open(&connection->session, target, true, ret_error))
    return -1;
  code = uv_poll_init(bare->loop, &connection->poll, mysql_get_socket(connection->session.mysql));
  if (code) {
    snprintf(ret_error->message, sizeof ret_error->message, "cannot poll: %s", uv_strerror(code));
    bare_session_close(&connection->session);
    return -1;
  }
  connection->bare = bare;
  connection->poll.data = connection;
  connection->polling = true;
  bare->count++;
  code = uv_poll_start(&connection->poll, UV_READABLE, on_readable);
  if (code) {
    snprintf(ret_error->message, sizeof ret_error->message, "cannot poll: %s", uv_strerror(code));
    return -1;
  }
  return 0;
}

int bare_open(uv_loop_t *loop, const bare_target_t *target, unsigned connections, bare_t **ret_bare,
              bare_error_t *ret_error)
{
  bare_t *bare = calloc(1, sizeof *bare + connections * sizeof bare->connections[0]);

  if (!bare) {
    snprintf(ret_error->message, sizeof ret_error->message, "out of memory");
    return -1;
  }
  bare->loop = loop;
  for (unsigned i = 0; i < connections; i++) {
    if (open_connection(bare, &bare->connections[i], target, ret_error)) {
      bare_close(bare);
      return -1;
    }
  }
  *ret_bare = bare;
  return 0;
}

/* Ends a call that a failed run left suspended: it finds the connection lost and returns. */
static void abandon(connection_t *connection)
{
  connection->bare->failed = true;
  shutdown(mysql_get_socket(connection->session.mysql), SHUT_RDWR);
  while (connection->wait)
    connection->wait = resume(connection);
}

static void on_closed(uv_handle_t *handle)
{
  connection_t *connection = handle->data;

  connection->polling = false;
}

void bare_close(bare_t *bare)
{
  if (!bare)
    return;
  for (unsigned i = 0; i < bare->count; i++) {
    connection_t *connection = &bare->connections[i];

    if (connection->wait)
      abandon(connection);
    uv_close((uv_handle_t *)&connection->poll, on_closed);
    while (connection->polling)
      uv_run(bare->loop, UV_RUN_ONCE);
    mysql_free_result(connection->result);
    bare_session_close(&connection->session);
  }
  free(bare);
}
