/*
 * One thread polls a wake-up pipe, the listening socket and its connections, which are the thread's
 * from start to stop. What others may ask for while it runs is guarded by the mutex.
 *
 * A connection: greeted -> logged in -> one command after the other. A packet that is no command (its
 * sequence number is not 0: the contents of a file, as LOCAL INFILE asks for) is answered with OK.
 */
#include "support/scripted_server.h"

#include "support/server_thread.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 16, INPUT = 8192 };

enum {
  COM_QUIT_BYTE = 1,
  COM_QUERY_BYTE = 3,
  COM_PREPARE_BYTE = 22,
  COM_EXECUTE_BYTE = 23,
  COM_SEND_LONG_DATA_BYTE = 24,
  COM_CLOSE_BYTE = 25,
  COM_RESET_BYTE = 31
};

/* Where the first parameter stands in an execute: behind the command, the statement's id, flags, a
 * count, which are NULL, whether types follow, and its type. */
enum { FIRST_PARAMETER = 1 + 4 + 1 + 4 + 1 + 1 + 2, STATUS_AUTOCOMMIT = 2 };

typedef struct {
  int fd;
  bool first; /* of the server's */
  bool logged_in;
  unsigned char input[INPUT];
  size_t input_size;
} connection_t;

struct scripted_server {
  scripted_answer_t script;
  server_thread_t thread;
  connection_t connections[CONNECTIONS];
  unsigned connection_count;

  bool answered;
  unsigned rights; /* answers at the stage, as they should be */
};

mysql_packets_t scripted_server_usual(scripted_stage_t stage, long long number)
{
  mysql_packets_t answer = {.size = 0};
  int64_t cell = number;
  char text[24];

  switch (stage) {
  case SCRIPTED_NEVER:
    break;
  case SCRIPTED_GREETING:
    mysql_append(&answer, mysql_simple_greeting());
    break;
  case SCRIPTED_LOGIN:
    mysql_append(&answer, mysql_ok(2));
    break;
  case SCRIPTED_SET_UP:
  case SCRIPTED_RESET:
    mysql_append(&answer, mysql_ok(1));
    break;
  case SCRIPTED_ASK: /* as a server that has no roles */
    mysql_append(&answer, mysql_column_count(1, 1));
    mysql_append(&answer, mysql_column(2, MYSQL_COLUMN_TEXT));
    mysql_append(&answer, mysql_eof(3, STATUS_AUTOCOMMIT));
    mysql_append(&answer, mysql_text_row(4, "octane"));
    mysql_append(&answer, mysql_eof(5, STATUS_AUTOCOMMIT));
    break;
  case SCRIPTED_QUERY:
  case SCRIPTED_EXECUTE:
    snprintf(text, sizeof text, "%lld", number);
    mysql_append(&answer, mysql_column_count(1, 1));
    mysql_append(&answer, mysql_column(2, MYSQL_COLUMN_BIGINT));
    mysql_append(&answer, mysql_eof(3, STATUS_AUTOCOMMIT));
    mysql_append(&answer, stage == SCRIPTED_QUERY ? mysql_text_row(4, text)
                                                  : mysql_binary_row(4, &cell, sizeof cell));
    mysql_append(&answer, mysql_eof(5, STATUS_AUTOCOMMIT));
    break;
  case SCRIPTED_PREPARE:
    mysql_append(&answer, mysql_prepared(1, 1, 1));
    mysql_append(&answer, mysql_column(2, MYSQL_COLUMN_BIGINT));
    mysql_append(&answer, mysql_eof(3, STATUS_AUTOCOMMIT));
    mysql_append(&answer, mysql_column(4, MYSQL_COLUMN_BIGINT));
    mysql_append(&answer, mysql_eof(5, STATUS_AUTOCOMMIT));
    break;
  }
  return answer;
}

static void send_packets(const connection_t *connection, const mysql_packets_t *packets)
{
  /* Little enough for an empty socket buffer; a client that has gone is noticed by poll. */
  ssize_t sent = send(connection->fd, packets->bytes, packets->size, MSG_NOSIGNAL | MSG_DONTWAIT);

  (void)sent;
}

/* False: the connection is to be closed. */
static bool answer(scripted_server_t *server, const connection_t *connection,
                   scripted_stage_t stage, long long number)
{
  mysql_packets_t usual;
  bool wrong;

  pthread_mutex_lock(&server->thread.mutex);
  wrong = connection->first && !server->answered && stage == server->script.stage &&
          server->rights++ == server->script.after;
  server->answered = server->answered || wrong;
  pthread_mutex_unlock(&server->thread.mutex);
  if (wrong) {
    send_packets(connection, &server->script.answer);
    return !server->script.closes;
  }
  usual = scripted_server_usual(stage, number);
  send_packets(connection, &usual);
  return true;
}

static bool answer_query(scripted_server_t *server, const connection_t *connection, const char *sql,
                         size_t size)
{
  static const char select[] = "SELECT ", ask[] = "SELECT DATABASE()", variables[] = "SELECT @@";
  char number[24] = "";
  size_t skipped = sizeof select - 1;

  /* It does not say which server it is. */
  if (size > sizeof variables - 1 && memcmp(sql, variables, sizeof variables - 1) == 0) {
    mysql_packets_t ok = scripted_server_usual(SCRIPTED_SET_UP, 0);

    send_packets(connection, &ok);
    return true;
  }
  if (size < skipped || memcmp(sql, select, skipped) != 0)
    return answer(server, connection, SCRIPTED_SET_UP, 0);
  if (size >= sizeof ask - 1 && memcmp(sql, ask, sizeof ask - 1) == 0)
    return answer(server, connection, SCRIPTED_ASK, 0);
  size -= skipped;
  memcpy(number, sql + skipped, size < sizeof number ? size : sizeof number - 1);
  return answer(server, connection, SCRIPTED_QUERY, atoll(number));
}

/* False: the connection is to be closed. */
static bool take_packet(scripted_server_t *server, connection_t *connection,
                        const unsigned char *packet, size_t size)
{
  const unsigned char *payload = packet + MYSQL_PACKET_HEADER;
  mysql_packets_t ok = {.size = 0};
  int64_t number = 0;

  size -= MYSQL_PACKET_HEADER;
  if (!connection->logged_in) {
    connection->logged_in = true;
    return answer(server, connection, SCRIPTED_LOGIN, 0);
  }
  if (packet[3] || !size) {
    mysql_append(&ok, mysql_ok(packet[3] + 1u));
    send_packets(connection, &ok);
    return true;
  }
  switch (payload[0]) {
  case COM_QUIT_BYTE:
    return false;
  case COM_QUERY_BYTE:
    return answer_query(server, connection, (const char *)payload + 1, size - 1);
  case COM_PREPARE_BYTE:
    return answer(server, connection, SCRIPTED_PREPARE, 0);
  case COM_EXECUTE_BYTE:
    if (size >= FIRST_PARAMETER + sizeof number)
      memcpy(&number, payload + FIRST_PARAMETER, sizeof number);
    return answer(server, connection, SCRIPTED_EXECUTE, number);
  case COM_CLOSE_BYTE:
  case COM_SEND_LONG_DATA_BYTE:
    return true;
  case COM_RESET_BYTE:
    return answer(server, connection, SCRIPTED_RESET, 0);
  }
  mysql_append(&ok, mysql_ok(1));
  send_packets(connection, &ok);
  return true;
}

/* False: the connection has ended. */
static bool read_input(scripted_server_t *server, connection_t *connection)
{
  unsigned char *end = connection->input + connection->input_size;
  ssize_t got = recv(connection->fd, end, INPUT - connection->input_size, MSG_DONTWAIT);
  size_t packet;

  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  if (!got)
    return false;
  server_thread_note(&server->thread, end, (size_t)got);
  connection->input_size += (size_t)got;
  while ((packet = mysql_whole_packet(connection->input, connection->input_size)) != 0) {
    if (!take_packet(server, connection, connection->input, packet))
      return false;
    connection->input_size -= packet;
    memmove(connection->input, connection->input + packet, connection->input_size);
  }
  return connection->input_size < INPUT;
}

static void accept_connection(scripted_server_t *server)
{
  connection_t *connection = &server->connections[server->connection_count];
  int fd = accept4(server->thread.listener, NULL, NULL, SOCK_CLOEXEC);

  if (fd < 0)
    return;
  if (server->connection_count == CONNECTIONS) {
    close(fd);
    return;
  }
  memset(connection, 0, sizeof *connection);
  connection->fd = fd;
  connection->first = server_thread_count(&server->thread) == 0;
  if (answer(server, connection, SCRIPTED_GREETING, 0))
    server->connection_count++;
  else
    close(fd);
}

static void *serve(void *data)
{
  scripted_server_t *server = data;
  struct pollfd polled[CONNECTIONS + 2];

  for (;;) {
    unsigned count = server->connection_count;

    polled[0] = (struct pollfd){.fd = server->thread.wake[0], .events = POLLIN};
    polled[1] = (struct pollfd){.fd = server->thread.listener, .events = POLLIN};
    for (unsigned i = 0; i < count; i++)
      polled[i + 2] = (struct pollfd){.fd = server->connections[i].fd, .events = POLLIN};
    if (poll(polled, count + 2, -1) < 0)
      continue;
    if (polled[0].revents)
      return NULL;
    /* From the end: dropping one moves the last to its place. */
    for (unsigned i = count; i-- > 0;) {
      if (!polled[i + 2].revents || read_input(server, &server->connections[i]))
        continue;
      close(server->connections[i].fd);
      server->connections[i] = server->connections[--server->connection_count];
    }
    if (polled[1].revents)
      accept_connection(server);
  }
}

static int start_thread(scripted_server_t *server)
{
  if (listen(server->thread.listener, SOMAXCONN))
    return -errno;
  return server_thread_start(&server->thread, serve, server);
}

int scripted_server_start(const scripted_answer_t *script, scripted_server_t **ret_server)
{
  scripted_server_t *server = calloc(1, sizeof *server);
  int error;

  if (!server)
    return -ENOMEM;
  server->script = *script;
  error = server_thread_open(&server->thread);
  if (!error)
    error = start_thread(server);
  if (error)
    scripted_server_stop(server);
  else
    *ret_server = server;
  return error;
}

unsigned scripted_server_port(const scripted_server_t *server)
{
  return server->thread.port.number;
}

unsigned scripted_server_connections(scripted_server_t *server)
{
  return server_thread_accepted(&server->thread);
}

bool scripted_server_answered(scripted_server_t *server)
{
  bool answered;

  pthread_mutex_lock(&server->thread.mutex);
  answered = server->answered;
  pthread_mutex_unlock(&server->thread.mutex);
  return answered;
}

size_t scripted_server_seen(scripted_server_t *server, void *ret_bytes, size_t size)
{
  return server_thread_seen(&server->thread, ret_bytes, size);
}

void scripted_server_stop(scripted_server_t *server)
{
  server_thread_stop(&server->thread);
  for (unsigned i = 0; i < server->connection_count; i++)
    close(server->connections[i].fd);
  server_thread_free(&server->thread);
  free(server);
}
