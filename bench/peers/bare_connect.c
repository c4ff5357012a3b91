/*
 * W5 of the bare loop: each caller connects by libmariadb's non-blocking call, runs one text and closes,
 * and begins again. With TLS the library blocks during the handshake; that costs waiting, but no more
 * CPU.
 *
 * The descriptor is closed by libmariadb, so its poll is stopped before, and the next round begins when
 * the handle is closed.
 */
#include "bare_loop.h"

#include <mysql.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef enum { CONNECTING, WAITING, READING, STORING, CLOSING } step_t;

typedef struct {
  uv_loop_t uv;
  const peer_options_t *options;
  meter_t *meter;
  unsigned busy;
  bool failed;
  bare_error_t error;
} loop_t;

typedef struct {
  uv_poll_t poll;
  int mask; /* what the poll is armed for */
  loop_t *loop;
  MYSQL *mysql;
  MYSQL_RES *result;
  step_t step;
  uint64_t began_at; /* ns */
} caller_t;

static void begin(caller_t *caller);
static void on_ready(uv_poll_t *poll, int status, int events);

static void fail(caller_t *caller, const char *what)
{
  if (!caller->loop->failed)
    peer_failed(&caller->loop->error, "%s: %s", what, mysql_error(caller->mysql));
  caller->loop->failed = true;
  uv_stop(&caller->loop->uv);
}

static void on_closed(uv_handle_t *handle)
{
  caller_t *caller = handle->data;

  caller->began_at = meter_done(caller->loop->meter, caller->began_at);
  begin(caller);
}

static int close_now(caller_t *caller)
{
  caller->step = CLOSING;
  uv_poll_stop(&caller->poll);
  /* COM_QUIT is 5 bytes into an empty socket buffer. */
  mysql_close(caller->mysql);
  caller->mysql = NULL;
  uv_close((uv_handle_t *)&caller->poll, on_closed);
  return 0;
}

static int store(caller_t *caller)
{
  if (!caller->result)
    fail(caller, "cannot read the rows");
  else
    while (mysql_fetch_row(caller->result))
      caller->loop->meter->seen.rows++;
  mysql_free_result(caller->result);
  caller->result = NULL;
  return caller->loop->failed ? 0 : close_now(caller);
}

static int after_reading(caller_t *caller, my_bool failed)
{
  int wait;

  if (failed) {
    fail(caller, "the query failed");
    return 0;
  }
  caller->step = STORING;
  wait = mysql_store_result_start(&caller->result, caller->mysql);
  return wait ? wait : store(caller);
}

static int send_query(caller_t *caller, const MYSQL *connected)
{
  const char *sql = caller->loop->options->workload->statements[0].sql;
  int code = 0, wait;

  if (!connected) {
    fail(caller, "cannot connect");
    return 0;
  }
  caller->step = WAITING;
  wait = mysql_send_query_start(&code, caller->mysql, sql, strlen(sql));
  if (!wait && code)
    fail(caller, "cannot send the query");
  return wait ? wait : MYSQL_WAIT_READ;
}

static int resume(caller_t *caller, int events)
{
  MYSQL *connected = NULL;
  my_bool failed = 0;
  int wait = 0;

  switch (caller->step) {
  case CONNECTING:
    wait = mysql_real_connect_cont(&connected, caller->mysql, events);
    return wait ? wait : send_query(caller, connected);
  case WAITING:
    caller->step = READING;
    wait = mysql_read_query_result_start(&failed, caller->mysql);
    return wait ? wait : after_reading(caller, failed);
  case READING:
    wait = mysql_read_query_result_cont(&failed, caller->mysql, events);
    return wait ? wait : after_reading(caller, failed);
  case STORING:
    wait = mysql_store_result_cont(&caller->result, caller->mysql, events);
    return wait ? wait : store(caller);
  case CLOSING:
    break;
  }
  return 0;
}

static void arm(caller_t *caller, int wait)
{
  int mask =
      (wait & MYSQL_WAIT_READ ? UV_READABLE : 0) | (wait & MYSQL_WAIT_WRITE ? UV_WRITABLE : 0);

  if (wait && mask != caller->mask && !caller->loop->failed) {
    caller->mask = mask;
    uv_poll_start(&caller->poll, mask, on_ready);
  }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
  caller_t *caller = poll->data;
  int ready =
      (events & UV_READABLE ? MYSQL_WAIT_READ : 0) | (events & UV_WRITABLE ? MYSQL_WAIT_WRITE : 0);

  arm(caller, resume(caller, status < 0 ? MYSQL_WAIT_READ | MYSQL_WAIT_WRITE : ready));
}

static void begin(caller_t *caller)
{
  const bare_target_t *target = &caller->loop->options->target;
  unsigned protocol = MYSQL_PROTOCOL_TCP;
  my_bool yes = 1, verify = target->ssl_ca != NULL;
  MYSQL *connected = NULL;
  int wait;

  if (!meter_more(caller->loop->meter)) {
    if (--caller->loop->busy == 0)
      uv_stop(&caller->loop->uv);
    return;
  }
  caller->mysql = mysql_init(NULL);
  mysql_options(caller->mysql, MYSQL_OPT_NONBLOCK, 0);
  mysql_options(caller->mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(caller->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (target->tls) {
    mysql_options(caller->mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    if (verify)
      mysql_options(caller->mysql, MYSQL_OPT_SSL_CA, target->ssl_ca);
    mysql_options(caller->mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  }
  caller->step = CONNECTING;
  caller->mask = 0;
  wait = mysql_real_connect_start(&connected, caller->mysql, target->host, target->user,
                                  target->password, target->database, target->port, NULL, 0);
  if (!wait && !connected) {
    fail(caller, "cannot connect");
    return;
  }
  uv_poll_init(&caller->loop->uv, &caller->poll, mysql_get_socket(caller->mysql));
  caller->poll.data = caller;
  arm(caller, wait ? wait : send_query(caller, connected));
}

int bare_connect_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  loop_t loop = {.options = options, .meter = meter, .busy = options->callers};
  caller_t *callers = calloc(options->callers, sizeof *callers);

  if (!callers || uv_loop_init(&loop.uv)) {
    free(callers);
    return peer_failed(ret_error, "out of memory");
  }
  meter_start(meter);
  for (unsigned i = 0; i < options->callers && !loop.failed; i++) {
    callers[i].loop = &loop;
    callers[i].began_at = meter->last_at;
    begin(&callers[i]);
  }
  if (!loop.failed)
    uv_run(&loop.uv, UV_RUN_DEFAULT);
  meter_stop(meter);
  if (loop.failed) {
    *ret_error = loop.error;
    return -1; /* handles may be open: the process ends */
  }
  uv_loop_close(&loop.uv);
  free(callers);
  return 0;
}
