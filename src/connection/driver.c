/*
 * The driver. See driver.h.
 *
 *   uv_poll event -> cont --suspended--> wait again
 *                      \--finished--> done -> next operation: start --suspended--> wait
 *                                                                \--finished--> done -> ...
 *
 * Invariants: `operation` is set exactly while a libmariadb call is suspended or running; a second one
 * is never started then (libmariadb would not notice). A call is resumed on the loop's thread only,
 * which is the thread that started it.
 *
 * done may end the connection. That closes the poll handle, whose callback frees the memory, on a
 * later turn of the loop: the connection may be touched until the run returns.
 */
#include "connection/driver.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "pool/pool.h"
#include "session/read_ahead.h"
#include "session/tls.h"

/* Resuming a call whose socket was shut down ends it at once; this many times is far beyond any
 * buffer that may still be read. */
enum { ABORT_TURNS = 1 << 20 };

/* Rows keep the loop for no longer than this before others get a turn. */
enum { TURN_NS = 500000 };

static void on_poll(uv_poll_t *poll, int status, int events);

/* Arms the poll, unless it is armed so already: libuv 1.44 makes two system calls of every start. */
static void arm(aurora_connection_t *connection, int events)
{
  if (connection->poll_events == events || connection->state == AURORA__CONNECTION_CLOSING)
    return;
  connection->poll_events = events;
  if (!events) {
    uv_poll_stop(&connection->poll);
    return;
  }
  /* Fails only for a handle that is closing or events that do not exist. */
  if (uv_poll_start(&connection->poll, events, on_poll))
    aurora__bug(__func__, "uv_poll_start refused");
}

static int events_of(int waits_for)
{
  int events = 0;

  if (waits_for & MYSQL_WAIT_READ)
    events |= UV_READABLE;
  if (waits_for & MYSQL_WAIT_WRITE)
    events |= UV_WRITABLE;
  /* MYSQL_WAIT_TIMEOUT is not asked for: time-outs are ours, by alarm. */
  return events ? events : UV_READABLE;
}

static int status_of(int events)
{
  int status = 0;

  if (events & UV_READABLE)
    status |= MYSQL_WAIT_READ;
  if (events & UV_WRITABLE)
    status |= MYSQL_WAIT_WRITE;
  return status;
}

static int start(aurora_connection_t *connection)
{
  if (connection->encrypted)
    aurora__tls_forget_errors();
  return connection->operation->start(connection);
}

static int resume_call(aurora_connection_t *connection, int status)
{
  if (connection->encrypted)
    aurora__tls_forget_errors();
  return connection->operation->cont(connection, status);
}

static bool gave_turn(const aurora_connection_t *connection)
{
  return !aurora__list_empty(&connection->run_node);
}

/* The caller wants no rows for now. What has not begun to answer goes on: there is no row in it yet. */
static bool is_paused(const aurora_connection_t *connection)
{
  return connection->query && connection->query->paused && connection->current;
}

static void give_turn(aurora_connection_t *connection)
{
  aurora__list_push_back(&connection->pool->runnable, &connection->run_node);
  aurora__pool_need_turn(connection->pool);
}

/* Rows are handed over one by one, and never from inside the call that asked for them: should the
 * server's answer be there already, it waits for a turn of the loop. */
static bool is_too_early(const aurora_connection_t *connection)
{
  return connection->in_call && connection->current && connection->query &&
         connection->query->on_row;
}

static void run(aurora_connection_t *connection)
{
  const aurora__operation_t *operation;
  int waits_for;

  connection->driving = true;
  connection->turn_began_at = 0;
  while ((operation = connection->next_operation) != NULL && !gave_turn(connection) &&
         !is_paused(connection)) {
    if (is_too_early(connection)) {
      give_turn(connection);
      break;
    }
    connection->next_operation = NULL;
    connection->operation = operation;
    waits_for = start(connection);
    if (waits_for) {
      connection->waits_for = waits_for;
      arm(connection, events_of(waits_for));
      break;
    }
    connection->operation = NULL;
    operation->done(connection);
  }
  /* What a paused stream does not read would ring the poll for ever. */
  if (!connection->operation)
    arm(connection, is_paused(connection) ? 0 : UV_READABLE);
  connection->driving = false;
}

static void run_unless_under_way(aurora_connection_t *connection, bool in_call)
{
  if (connection->driving || connection->operation)
    return;
  connection->in_call = in_call;
  run(connection);
}

void aurora__driver_run(aurora_connection_t *connection)
{
  run_unless_under_way(connection, true);
}

void aurora__driver_next_slow(aurora_connection_t *connection, const aurora__operation_t *operation)
{
  uint64_t now = aurora__now_ns();

  connection->next_operation = operation;
  connection->steps = 0;
  if (!connection->turn_began_at) {
    connection->turn_began_at = now;
  } else if (now - connection->turn_began_at > TURN_NS) {
    give_turn(connection);
  }
}

void aurora__driver_next_row(aurora_connection_t *connection, const aurora__operation_t *operation)
{
  if (++connection->steps < AURORA__ROWS_BETWEEN_LOOKS)
    connection->next_operation = operation;
  else
    aurora__driver_next_slow(connection, operation);
}

void aurora__driver_wake(aurora_connection_t *connection)
{
  if (connection->driving || connection->state == AURORA__CONNECTION_CLOSING)
    return;
  if (connection->operation) {
    arm(connection, events_of(connection->waits_for));
    return;
  }
  if (!gave_turn(connection) && connection->next_operation)
    give_turn(connection);
}

void aurora__driver_take_turn(aurora_connection_t *connection)
{
  aurora__list_remove(&connection->run_node);
  run_unless_under_way(connection, false);
}

static void resume(aurora_connection_t *connection, int events)
{
  const aurora__operation_t *operation = connection->operation;
  int waits_for = resume_call(connection, status_of(events));

  if (waits_for) {
    connection->waits_for = waits_for;
    arm(connection, events_of(waits_for));
    return;
  }
  connection->operation = NULL;
  connection->driving = true;
  connection->in_call = false;
  connection->turn_began_at = 0;
  operation->done(connection);
  run(connection);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
  aurora_connection_t *connection = poll->data;
  aurora_pool_t *pool = connection->pool;

  /* libuv reports an error of the descriptor itself so, and has stopped the poll; the call finds out which,
   * when it has read what came before it. */
  if (status < 0) {
    connection->poll_events = 0;
    events = UV_READABLE | UV_WRITABLE;
  }
  aurora__pool_enter(pool);
  if (connection->operation && is_paused(connection))
    arm(connection, 0);
  else if (connection->operation)
    resume(connection, events);
  else if (!gave_turn(connection)) {
    aurora__connection_heard(connection);
    if (!is_paused(connection))
      arm(connection, UV_READABLE); /* should libuv have stopped it */
  }
  aurora__pool_leave(pool);
}

int aurora__driver_open(aurora_connection_t *connection)
{
  int status;

  /* Sets O_NONBLOCK, without which libmariadb blocks on a TLS connection. */
  status = uv_poll_init(connection->pool->loop, &connection->poll,
                        (int)mysql_get_socket(connection->mysql));
  if (status)
    return status;
  connection->poll.data = connection;
  connection->read_ahead_size = aurora__read_ahead_room(connection->mysql);
  /* What keeps uv_run going is the pool's keeper, while there is work. */
  uv_unref((uv_handle_t *)&connection->poll);
  arm(connection, UV_READABLE);
  return 0;
}

void aurora__driver_abort(aurora_connection_t *connection)
{
  const aurora__operation_t *operation = connection->operation;
  int turns = 0;

  connection->next_operation = NULL;
  aurora__list_remove(&connection->run_node);
  if (!operation)
    return;
  shutdown((int)mysql_get_socket(connection->mysql), SHUT_RDWR);
  while (resume_call(connection, MYSQL_WAIT_READ | MYSQL_WAIT_WRITE)) {
    if (++turns == ABORT_TURNS)
      aurora__bug(__func__, "a call on a socket that is shut down does not end");
  }
  connection->operation = NULL;
}
