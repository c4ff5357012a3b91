/*
 * The client "raw": sockets, epoll and packets that were made before. It counts the packets of an answer
 * and looks at nothing in them: the limit of the protocol, not a client that one could use.
 *
 * libmariadb connects, logs in and prepares; then only the descriptor is used. How many packets an
 * answer has is found out once for each statement, by waiting until no more come: every workload has
 * always the same.
 */
#include <errno.h>
#include <mysql.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bare_session.h"
#include "peer.h"
#include "prepared.h"
#include "raw_packets.h"

enum { BUFFER = 65536, EVENTS = 64, QUIET_MS = 200 };

const char peer_name[] = "raw";

typedef struct {
  uint64_t asked_at;
  request_t request;
} caller_t;

typedef struct {
  int fd;
  caller_t *caller; /* NULL: idle */
  unsigned due;     /* packets of the answer that are still to come */
  raw_reader_t reader;
  raw_packet_t packets[2];
  bare_session_t session;
  prepared_t prepared[2];
} connection_t;

typedef struct {
  const peer_options_t *options;
  meter_t *meter;
  uint64_t random;
  unsigned answers[2]; /* packets of the answer to each statement */
  unsigned busy;
  caller_t **ring;
  unsigned ring_first, ring_count;
  connection_t *connections;
  int epoll;
  unsigned char buffer[BUFFER];
} client_t;

void peer_versions(char *ret_text, size_t size)
{
  snprintf(ret_text, size, "epoll");
}

static void ask(client_t *client, caller_t *caller)
{
  unsigned at = client->ring_first + client->ring_count++;

  client->ring[at < client->options->callers ? at : at - client->options->callers] = caller;
}

static void take_caller(client_t *client, connection_t *connection)
{
  if (!client->ring_count || !meter_more(client->meter)) {
    connection->caller = NULL;
    client->busy--;
    return;
  }
  connection->caller = client->ring[client->ring_first];
  if (++client->ring_first == client->options->callers)
    client->ring_first = 0;
  client->ring_count--;
}

static int send_packet(connection_t *connection, int index)
{
  raw_packet_t *packet = &connection->packets[index];

  return send(connection->fd, packet->bytes, packet->size, MSG_NOSIGNAL) == (ssize_t)packet->size
             ? 0
             : -1;
}

/* The caller's next statement, or the next caller's first. */
static int go_on(client_t *client, connection_t *connection)
{
  const workload_t *workload = client->options->workload;
  caller_t *caller = connection->caller;
  int index = request_next(&caller->request, workload, &client->random);

  if (index < 0) {
    caller->asked_at = meter_done(client->meter, caller->asked_at);
    ask(client, caller);
    take_caller(client, connection);
    caller = connection->caller;
    if (!caller)
      return 0;
    index = request_next(&caller->request, workload, &client->random);
  }
  if (connection->packets[index].params_at)
    raw_packet_set_params(&connection->packets[index], caller->request.params,
                          workload->statements[index].params);
  connection->due = client->answers[index];
  return send_packet(connection, index);
}

static int on_readable(client_t *client, connection_t *connection)
{
  ssize_t size = recv(connection->fd, client->buffer, sizeof client->buffer, MSG_DONTWAIT);

  if (size < 0 && errno == EAGAIN)
    return 0;
  if (size <= 0 || !connection->caller)
    return -1;
  connection->due -= raw_count(&connection->reader, client->buffer, (size_t)size);
  return connection->due ? 0 : go_on(client, connection);
}

static int loop(client_t *client, bare_error_t *ret_error)
{
  struct epoll_event events[EVENTS];

  while (client->busy) {
    int count = epoll_wait(client->epoll, events, EVENTS, -1);

    for (int i = 0; i < count; i++)
      if (on_readable(client, events[i].data.ptr))
        return peer_failed(ret_error, "a connection was lost");
  }
  return 0;
}

/* Asks once and counts until it is quiet. */
static unsigned count_answer(client_t *client, connection_t *connection, int index)
{
  const int32_t params[WORKLOAD_MAX_PARAMS] = {1, 1};
  struct pollfd wait = {.fd = connection->fd, .events = POLLIN};
  unsigned count = 0, wanted = client->options->workload->statements[index].params;
  ssize_t size;

  if (wanted)
    raw_packet_set_params(&connection->packets[index], params, wanted);
  if (send_packet(connection, index))
    return 0;
  while (poll(&wait, 1, count ? QUIET_MS : 30000) == 1) {
    size = recv(connection->fd, client->buffer, sizeof client->buffer, MSG_DONTWAIT);
    if (size <= 0)
      return 0;
    count += raw_count(&connection->reader, client->buffer, (size_t)size);
  }
  return count;
}

static int open_connection(client_t *client, connection_t *connection, bare_error_t *ret_error)
{
  const workload_t *workload = client->options->workload;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

  if (bare_session_open(&connection->session, &client->options->target, false, ret_error))
    return -1;
  connection->fd = mysql_get_socket(connection->session.mysql);
  for (int i = 0; i < 2; i++) {
    prepared_t *prepared = &connection->prepared[i];

    if (prepared_open(prepared, &connection->session, &workload->statements[i], ret_error))
      return -1;
    raw_packet_make(&connection->packets[i], &workload->statements[i],
                    prepared->statement ? (uint32_t)prepared->statement->stmt_id : 0);
  }
  return epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->fd, &event)
             ? peer_failed(ret_error, "epoll_ctl failed")
             : 0;
}

static int run(client_t *client, caller_t *callers, bare_error_t *ret_error)
{
  const peer_options_t *options = client->options;
  int code = 0;

  client->epoll = epoll_create1(EPOLL_CLOEXEC);
  meter_memory_empty(client->meter);
  for (unsigned i = 0; i < options->connections && !code; i++)
    code = open_connection(client, &client->connections[i], ret_error);
  if (code)
    return code;
  meter_memory_open(client->meter);
  for (int i = 0; i < 2 && options->workload->statements[i].sql; i++) {
    client->answers[i] = count_answer(client, &client->connections[0], i);
    if (!client->answers[i])
      return peer_failed(ret_error, "no answer");
  }
  meter_start(client->meter);
  for (unsigned i = 0; i < options->callers; i++) {
    callers[i].asked_at = client->meter->last_at;
    ask(client, &callers[i]);
  }
  client->busy = options->connections;
  for (unsigned i = 0; i < options->connections && !code; i++) {
    take_caller(client, &client->connections[i]);
    if (client->connections[i].caller)
      code = go_on(client, &client->connections[i]);
  }
  code = code ? peer_failed(ret_error, "cannot send") : loop(client, ret_error);
  meter_stop(client->meter);
  return code;
}

int peer_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  client_t *client = calloc(1, sizeof *client);
  caller_t *callers = calloc(options->callers, sizeof *callers);
  int code = 1;

  if (options->workload->kind != WORK_REQUESTS || options->target.tls) {
    free(client);
    free(callers);
    return 1;
  }
  if (client && callers) {
    client->options = options;
    client->meter = meter;
    client->ring = calloc(options->callers, sizeof *client->ring);
    client->connections = calloc(options->connections, sizeof *client->connections);
    if (client->ring && client->connections)
      code = run(client, callers, ret_error);
    for (unsigned i = 0; client->connections && i < options->connections; i++) {
      for (int k = 0; k < 2; k++)
        prepared_close(&client->connections[i].prepared[k]);
      bare_session_close(&client->connections[i].session);
    }
    free(client->connections);
    free(client->ring);
  }
  free(client);
  free(callers);
  return code < 0 && !ret_error->message[0] ? peer_failed(ret_error, "out of memory") : code;
}
