/*
 * Opening the bare loop's connections, running it, closing. Connecting and preparing block; the polls
 * are armed here, once.
 */
#include "bare_loop.h"

#include <stdlib.h>
#include <string.h>

static int open_connection(bare_loop_t *loop, bare_error_t *ret_error)
{
  bare_connection_t *connection = &loop->connections[loop->open];
  const workload_t *workload = loop->options->workload;

  connection->loop = loop;
  if (workload->fortunes)
    connection->fortunes = malloc(sizeof *connection->fortunes);
  if (bare_session_open(&connection->session, &loop->options->target, true, ret_error))
    return -1;
  loop->open++;
  uv_poll_init(&loop->uv, &connection->poll, mysql_get_socket(connection->session.mysql));
  connection->poll.data = connection;
  for (int i = 0; i < 2; i++) {
    if (prepared_open(&connection->prepared[i], &connection->session, &workload->statements[i],
                      ret_error))
      return -1;
  }
  return uv_poll_start(&connection->poll, UV_READABLE, bare_loop_on_readable)
             ? peer_failed(ret_error, "cannot poll")
             : 0;
}

static void on_closed(uv_handle_t *handle)
{
  bare_connection_t *connection = handle->data;

  if (connection->result)
    mysql_free_result(connection->result);
  for (int i = 0; i < 2; i++)
    prepared_close(&connection->prepared[i]);
  bare_session_close(&connection->session);
  free(connection->fortunes);
}

static void close_all(bare_loop_t *loop)
{
  for (unsigned i = 0; i < loop->open; i++)
    uv_close((uv_handle_t *)&loop->connections[i].poll, on_closed);
  /* More than once: a uv_stop may still be due. */
  while (uv_loop_alive(&loop->uv))
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static int run(bare_loop_t *loop, bare_caller_t *callers, bare_error_t *ret_error)
{
  const peer_options_t *options = loop->options;

  meter_memory_empty(loop->meter);
  for (unsigned i = 0; i < options->connections; i++) {
    if (open_connection(loop, ret_error))
      return -1;
  }
  meter_memory_open(loop->meter);
  meter_start(loop->meter);
  for (unsigned i = 0; i < options->callers; i++) {
    callers[i].asked_at = loop->meter->last_at;
    bare_loop_ask(loop, &callers[i]);
  }
  loop->busy = options->connections;
  for (unsigned i = 0; i < options->connections; i++)
    bare_loop_begin(&loop->connections[i]);
  if (!loop->failed && loop->busy)
    uv_run(&loop->uv, UV_RUN_DEFAULT);
  meter_stop(loop->meter);
  *ret_error = loop->error;
  return loop->failed ? -1 : 0;
}

int bare_loop_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  bare_caller_t *callers = calloc(options->callers, sizeof *callers);
  bare_loop_t loop = {.options = options, .meter = meter};
  int code;

  loop.ring = calloc(options->callers, sizeof *loop.ring);
  loop.connections = calloc(options->connections, sizeof *loop.connections);
  if (!callers || !loop.ring || !loop.connections || uv_loop_init(&loop.uv)) {
    peer_failed(ret_error, "out of memory");
    code = -1;
  } else {
    for (int i = 0; i < 2; i++) {
      const char *sql = options->workload->statements[i].sql;

      loop.sql_sizes[i] = sql ? strlen(sql) : 0;
    }
    code = run(&loop, callers, ret_error);
    /* After a failure calls may be suspended; the process ends without closing them. */
    if (!code) {
      close_all(&loop);
      uv_loop_close(&loop.uv);
    }
  }
  if (!code) {
    free(loop.connections);
    free(loop.ring);
    free(callers);
  }
  return code;
}
