/*
 * The floor of this stack: uv_poll, libmariadb's non-blocking calls, and callers that wait in a ring.
 * No deadline, no error taxonomy, no conversion, no object a query.
 *
 * A connection's steps:
 *
 *   IDLE --send--> WAITING --readable--> READING --> TEXT_ROWS (one at a time) --> done    text
 *   IDLE --execute--> EXECUTING --> BINARY_ROWS (one at a time) --> done                   prepared
 *
 * A step that suspends returns libmariadb's wait mask and is resumed by the poll; one that does not
 * returns 0, and the next begins. The poll is armed once, for reading, and stays so. A text is sent
 * first and its answer read when it is there, because mysql_real_query_start would try a read that
 * fails; executing has no such way. Rows are taken one by one out of libmariadb's buffer: storing them
 * first costs 700 instructions more for one row and 2,300 for twelve. Nothing waits
 * for writing: a statement is smaller than the socket's empty buffer.
 *
 * A request stays on the connection that took it until it is complete. A caller that is done asks again
 * at once, behind all others. Everything belongs to loop_t; errors end the run.
 */
#include "bare_loop.h"

#include <string.h>

static int fail(bare_connection_t *connection, MYSQL_STMT *statement, const char *what)
{
  bare_loop_t *loop = connection->loop;

  if (!loop->failed)
    bare_session_failed(&connection->session, statement, what, &loop->error);
  loop->failed = true;
  uv_stop(&loop->uv);
  return 0;
}

void bare_loop_ask(bare_loop_t *loop, bare_caller_t *caller)
{
  unsigned at = loop->ring_first + loop->ring_count++;

  loop->ring[at < loop->options->callers ? at : at - loop->options->callers] = caller;
}

static bare_caller_t *next_caller(bare_loop_t *loop)
{
  bare_caller_t *caller = loop->ring[loop->ring_first];

  if (!loop->ring_count || !meter_more(loop->meter))
    return NULL;
  if (++loop->ring_first == loop->options->callers)
    loop->ring_first = 0;
  loop->ring_count--;
  return caller;
}

/* A statement's answer is complete; send_next goes on. */
static int answered(bare_connection_t *connection)
{
  connection->work = NULL;
  return 0;
}

static int text_rows(bare_connection_t *connection, MYSQL_ROW row)
{
  bare_loop_t *loop = connection->loop;
  int wait;

  while (row) {
    text_see(connection->result, row, &loop->meter->seen, connection->fortunes);
    wait = mysql_fetch_row_start(&row, connection->result);
    if (wait)
      return wait;
  }
  if (mysql_errno(connection->session.mysql))
    return fail(connection, NULL, "cannot read the rows");
  mysql_free_result(connection->result);
  connection->result = NULL;
  return answered(connection);
}

static int after_reading(bare_connection_t *connection, my_bool failed)
{
  MYSQL *mysql = connection->session.mysql;
  MYSQL_ROW row;
  int wait;

  if (failed)
    return fail(connection, NULL, "the query failed");
  if (!mysql_field_count(mysql))
    return answered(connection);
  connection->result = mysql_use_result(mysql);
  if (!connection->result)
    return fail(connection, NULL, "cannot read the rows");
  connection->step = BARE_TEXT_ROWS;
  wait = mysql_fetch_row_start(&row, connection->result);
  return wait ? wait : text_rows(connection, row);
}

static int binary_rows(bare_connection_t *connection, int code)
{
  prepared_t *prepared = connection->executing;
  int wait;

  while (code == 0) {
    prepared_see(prepared, &connection->loop->meter->seen);
    wait = mysql_stmt_fetch_start(&code, prepared->statement);
    if (wait)
      return wait;
  }
  if (code != MYSQL_NO_DATA)
    return fail(connection, prepared->statement, "cannot fetch");
  return answered(connection);
}

static int after_executing(bare_connection_t *connection, int code)
{
  prepared_t *prepared = connection->executing;
  int wait;

  if (code)
    return fail(connection, prepared->statement, "cannot execute");
  if (!prepared->columns)
    return answered(connection);
  connection->step = BARE_BINARY_ROWS;
  wait = mysql_stmt_fetch_start(&code, prepared->statement);
  return wait ? wait : binary_rows(connection, code);
}

/* The descriptor is readable. The wait mask; 0: the answer is complete, or the run has failed. */
static int resume(bare_connection_t *connection)
{
  MYSQL *mysql = connection->session.mysql;
  MYSQL_ROW row = NULL;
  my_bool failed = 0;
  int code = 0, wait = 0;

  switch (connection->step) {
  case BARE_WAITING:
    connection->step = BARE_READING;
    wait = mysql_read_query_result_start(&failed, mysql);
    return wait ? wait : after_reading(connection, failed);
  case BARE_READING:
    wait = mysql_read_query_result_cont(&failed, mysql, MYSQL_WAIT_READ);
    return wait ? wait : after_reading(connection, failed);
  case BARE_TEXT_ROWS:
    wait = mysql_fetch_row_cont(&row, connection->result, MYSQL_WAIT_READ);
    return wait ? wait : text_rows(connection, row);
  case BARE_EXECUTING:
    wait = mysql_stmt_execute_cont(&code, connection->executing->statement, MYSQL_WAIT_READ);
    return wait ? wait : after_executing(connection, code);
  case BARE_BINARY_ROWS:
    wait = mysql_stmt_fetch_cont(&code, connection->executing->statement, MYSQL_WAIT_READ);
    return wait ? wait : binary_rows(connection, code);
  }
  return 0;
}

/* Sends a statement; the wait mask, 0 when its answer was there at once. */
static int send_statement(bare_connection_t *connection, int index)
{
  bare_loop_t *loop = connection->loop;
  const work_statement_t *work = &loop->options->workload->statements[index];
  prepared_t *prepared = &connection->prepared[index];
  int code = 0, wait;

  connection->work = work;
  if (!work->params) {
    connection->step = BARE_WAITING;
    wait =
        mysql_send_query_start(&code, connection->session.mysql, work->sql, loop->sql_sizes[index]);
    if (!wait && code)
      return fail(connection, NULL, "cannot send the query");
    return wait ? wait : MYSQL_WAIT_READ;
  }
  memcpy(prepared->params, connection->caller->request.params, sizeof prepared->params);
  connection->step = BARE_EXECUTING;
  connection->executing = prepared;
  wait = mysql_stmt_execute_start(&code, prepared->statement);
  return wait ? wait : after_executing(connection, code);
}

/* The next caller's request, if there is one. */
static void take_caller(bare_connection_t *connection)
{
  bare_loop_t *loop = connection->loop;

  connection->caller = next_caller(loop);
  if (!connection->caller && --loop->busy == 0)
    uv_stop(&loop->uv);
  if (connection->fortunes)
    fortunes_begin(connection->fortunes);
}

static void request_done(bare_connection_t *connection)
{
  bare_loop_t *loop = connection->loop;

  if (connection->fortunes)
    fortunes_end(connection->fortunes);
  connection->caller->asked_at = meter_done(loop->meter, connection->caller->asked_at);
  bare_loop_ask(loop, connection->caller);
  take_caller(connection);
}

/* Goes on, and with the next callers, until something has to be waited for. */
static void send_next(bare_connection_t *connection)
{
  bare_loop_t *loop = connection->loop;
  int index, wait = 0;

  while (connection->caller && !connection->work && !loop->failed) {
    index = request_next(&connection->caller->request, loop->options->workload, &loop->random);
    if (index < 0)
      request_done(connection);
    else
      wait = send_statement(connection, index);
  }
  if (wait & ~MYSQL_WAIT_READ)
    fail(connection, NULL, "the statement is too long to be sent at once");
}

void bare_loop_begin(bare_connection_t *connection)
{
  take_caller(connection);
  send_next(connection);
}

void bare_loop_on_readable(uv_poll_t *poll, int status, int events)
{
  bare_connection_t *connection = poll->data;

  (void)events;
  if (status < 0 || !connection->work) {
    fail(connection, NULL, status < 0 ? uv_strerror(status) : "the server hung up");
    return;
  }
  if (resume(connection) & ~MYSQL_WAIT_READ)
    fail(connection, NULL, "libmariadb wants to write while it reads");
  else if (!connection->work)
    send_next(connection);
}
