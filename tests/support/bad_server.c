/*
 * One thread polls a wake-up pipe, the listening socket and its connections. The connections, the TLS
 * context and the sockets are the thread's from start to stop; what others may ask for while it runs
 * (counts and bytes seen) is guarded by the mutex.
 *
 * A connection: accepted, maybe greeted; then, by mode, it waits for the client's first packet,
 * answers it and falls silent, or goes on with TLS until its allowance of bytes is used up. It ends
 * when the client closes or the server is stopped.
 */
#include "support/bad_server.h"

#include "support/mysql_packets.h"
#include "support/server_thread.h"

#include <errno.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  CONNECTIONS = 256,
  INPUT = 4096,
  /* A connect that takes longer on the loopback interface meets a full backlog. */
  FULL_AFTER_MS = 200,
  FILLERS = 16
};

typedef struct {
  int fd;
  unsigned char input[INPUT]; /* the client's first packet, until it was answered */
  size_t input_size;
  bool answered;
  SSL *tls;
  size_t tls_sent;
} connection_t;

struct bad_server {
  bad_server_options_t options;
  server_thread_t thread;
  int fillers[FILLERS]; /* what keeps the backlog of a black hole full */
  int filler_count;
  SSL_CTX *tls;
  connection_t connections[CONNECTIONS];
  unsigned connection_count;

  unsigned open;
};

static void send_bytes(connection_t *connection, const void *bytes, size_t size)
{
  /* Little enough for an empty socket buffer; a client that has gone is noticed by poll. */
  ssize_t sent = send(connection->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

  (void)sent;
}

static void send_packet(connection_t *connection, mysql_packet_t packet)
{
  send_bytes(connection, packet.bytes, packet.size);
}

/* False: the connection is to be closed at once. */
static bool greet(const bad_server_t *server, connection_t *connection)
{
  static const char garbage[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  mysql_packet_t packet;

  switch (server->options.mode) {
  case BAD_SERVER_REFUSES:
  case BAD_SERVER_BLACK_HOLE:
  case BAD_SERVER_SILENT:
    break;
  case BAD_SERVER_CLOSES:
    return false;
  case BAD_SERVER_GARBAGE:
    send_bytes(connection, garbage, sizeof garbage - 1);
    break;
  case BAD_SERVER_TOO_MANY:
    send_packet(connection, mysql_error_packet(0, 1040, NULL, "Too many connections"));
    return false;
  case BAD_SERVER_GREETS:
  case BAD_SERVER_SILENT_LOGIN:
  case BAD_SERVER_CLEAR_PASSWORD:
  case BAD_SERVER_UNKNOWN_PLUGIN:
  case BAD_SERVER_ACCEPTS_ANYBODY:
    send_packet(connection, mysql_greeting(false));
    break;
  case BAD_SERVER_SILENT_TLS:
  case BAD_SERVER_STOPS_IN_TLS:
    send_packet(connection, mysql_greeting(true));
    break;
  case BAD_SERVER_HALF_GREETING:
    packet = mysql_greeting(false);
    if (packet.size > server->options.stop_after)
      packet.size = server->options.stop_after;
    send_packet(connection, packet);
    break;
  }
  return true;
}

static void start_tls(bad_server_t *server, connection_t *connection)
{
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());

  connection->tls = SSL_new(server->tls);
  if (!in || !out || !connection->tls)
    abort(); /* out of memory in a test */
  SSL_set_bio(connection->tls, in, out);
  SSL_set_accept_state(connection->tls);
}

/* The client's first packet is complete: the answer that the mode makes. */
static void answer(bad_server_t *server, connection_t *connection)
{
  switch (server->options.mode) {
  case BAD_SERVER_REFUSES:
  case BAD_SERVER_BLACK_HOLE:
  case BAD_SERVER_CLOSES:
  case BAD_SERVER_SILENT:
  case BAD_SERVER_GARBAGE:
  case BAD_SERVER_TOO_MANY:
  case BAD_SERVER_GREETS:
  case BAD_SERVER_SILENT_LOGIN:
  case BAD_SERVER_SILENT_TLS:
  case BAD_SERVER_HALF_GREETING:
    break;
  case BAD_SERVER_STOPS_IN_TLS:
    start_tls(server, connection);
    break;
  case BAD_SERVER_CLEAR_PASSWORD:
    send_packet(connection, mysql_auth_switch(2, "mysql_clear_password"));
    break;
  case BAD_SERVER_UNKNOWN_PLUGIN:
    send_packet(connection, mysql_auth_switch(2, "plugin_that_nobody_has"));
    break;
  case BAD_SERVER_ACCEPTS_ANYBODY:
    send_packet(connection, mysql_ok(2));
    break;
  }
}

/* Feeds the client's TLS records in, and sends what the allowance leaves of ours. */
static void continue_tls(const bad_server_t *server, connection_t *connection, const void *bytes,
                         size_t size)
{
  unsigned char buffer[4096];
  size_t left;
  int got;

  BIO_write(SSL_get_rbio(connection->tls), bytes, (int)size);
  do /* makes the handshake; then reads the login, which stays without an answer */
    got = SSL_read(connection->tls, buffer, sizeof buffer);
  while (got > 0);
  while ((got = BIO_read(SSL_get_wbio(connection->tls), buffer, sizeof buffer)) > 0) {
    left = server->options.stop_after - connection->tls_sent;
    if ((size_t)got < left)
      left = (size_t)got;
    if (left)
      send_bytes(connection, buffer, left);
    connection->tls_sent += left;
  }
}

static void take_input(bad_server_t *server, connection_t *connection, const unsigned char *bytes,
                       size_t size)
{
  size_t room = INPUT - connection->input_size;
  size_t packet;

  if (connection->tls) {
    continue_tls(server, connection, bytes, size);
    return;
  }
  if (connection->answered)
    return;
  if (size > room)
    size = room;
  memcpy(connection->input + connection->input_size, bytes, size);
  connection->input_size += size;
  packet = mysql_whole_packet(connection->input, connection->input_size);
  if (!packet)
    return;
  connection->answered = true;
  answer(server, connection);
  if (connection->tls && connection->input_size > packet)
    continue_tls(server, connection, connection->input + packet, connection->input_size - packet);
}

/* False: the client has gone. */
static bool read_input(bad_server_t *server, connection_t *connection)
{
  unsigned char bytes[INPUT];
  ssize_t got = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);

  if (got < 0)
    return errno == EAGAIN || errno == EINTR;
  if (got) {
    server_thread_note(&server->thread, bytes, (size_t)got);
    take_input(server, connection, bytes, (size_t)got);
  }
  return got > 0;
}

static void close_connection(connection_t *connection)
{
  SSL_free(connection->tls);
  close(connection->fd);
}

static void accept_connection(bad_server_t *server)
{
  connection_t *connection = &server->connections[server->connection_count];
  int fd;

  if (server->connection_count == CONNECTIONS)
    return;
  fd = accept4(server->thread.listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0)
    return;
  memset(connection, 0, sizeof *connection);
  connection->fd = fd;
  server_thread_count(&server->thread); /* before the client can know of it */
  if (greet(server, connection))
    server->connection_count++;
  else
    close_connection(connection);
  pthread_mutex_lock(&server->thread.mutex);
  server->open = server->connection_count;
  pthread_mutex_unlock(&server->thread.mutex);
}

static void drop_connection(bad_server_t *server, unsigned index)
{
  close_connection(&server->connections[index]);
  server->connections[index] = server->connections[--server->connection_count];
  pthread_mutex_lock(&server->thread.mutex);
  server->open = server->connection_count;
  pthread_mutex_unlock(&server->thread.mutex);
}

static void *serve(void *data)
{
  bad_server_t *server = data;
  struct pollfd polled[CONNECTIONS + 2];
  short events = server->options.mode == BAD_SERVER_GREETS ? POLLRDHUP : POLLIN | POLLRDHUP;

  for (;;) {
    unsigned count = server->connection_count;

    polled[0] = (struct pollfd){.fd = server->thread.wake[0], .events = POLLIN};
    polled[1] = (struct pollfd){.fd = server->thread.listener, .events = POLLIN};
    for (unsigned i = 0; i < count; i++)
      polled[i + 2] = (struct pollfd){.fd = server->connections[i].fd, .events = events};
    if (poll(polled, count + 2, -1) < 0)
      continue;
    if (polled[0].revents)
      break;
    for (unsigned i = count;
         i-- > 0;) { /* from the end: dropping one moves the last to its place */
      short happened = polled[i + 2].revents;
      bool gone = happened & (POLLERR | POLLNVAL);

      if (!gone && happened & POLLIN)
        gone = !read_input(server, &server->connections[i]);
      else if (happened & (POLLRDHUP | POLLHUP))
        gone = true;
      if (gone)
        drop_connection(server, i);
    }
    if (polled[1].revents & POLLIN)
      accept_connection(server);
  }
  return NULL;
}

/* A connect of our own to a full backlog. 1: it was full, 0: it was not, or negative. */
static int fill_one(bad_server_t *server)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)server->thread.port.number)};
  struct pollfd polled = {.events = POLLOUT};

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  polled.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (polled.fd < 0)
    return -errno;
  server->fillers[server->filler_count++] = polled.fd;
  if (connect(polled.fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
    return -errno;
  return poll(&polled, 1, FULL_AFTER_MS) == 0;
}

static int fill_backlog(bad_server_t *server)
{
  int full = 0;

  while (!full && server->filler_count < FILLERS)
    full = fill_one(server);
  return full < 0 ? full : full ? 0 : -ENOTSUP;
}

static int load_certificate(bad_server_t *server)
{
  server->tls = SSL_CTX_new(TLS_server_method());
  if (!server->tls)
    return -ENOMEM;
  return SSL_CTX_use_certificate_chain_file(server->tls, server->options.certificate) == 1 &&
                 SSL_CTX_use_PrivateKey_file(server->tls, server->options.key, SSL_FILETYPE_PEM) ==
                     1
             ? 0
             : -EINVAL;
}

static int start_thread(bad_server_t *server)
{
  int error = 0;

  if (server->options.mode == BAD_SERVER_STOPS_IN_TLS)
    error = load_certificate(server);
  return error ? error : server_thread_start(&server->thread, serve, server);
}

static int listen_by_mode(bad_server_t *server)
{
  if (server->options.mode == BAD_SERVER_REFUSES)
    return 0;
  if (listen(server->thread.listener,
             server->options.mode == BAD_SERVER_BLACK_HOLE ? 0 : SOMAXCONN))
    return -errno;
  return server->options.mode == BAD_SERVER_BLACK_HOLE ? fill_backlog(server)
                                                       : start_thread(server);
}

int bad_server_start(const bad_server_options_t *options, bad_server_t **ret_server)
{
  bad_server_t *server = calloc(1, sizeof *server);
  int error;

  if (!server)
    return -ENOMEM;
  server->options = *options;
  error = server_thread_open(&server->thread);
  if (!error)
    error = listen_by_mode(server);
  if (error)
    bad_server_stop(server);
  else
    *ret_server = server;
  return error;
}

unsigned bad_server_port(const bad_server_t *server)
{
  return server->thread.port.number;
}

unsigned bad_server_connections(bad_server_t *server)
{
  return server_thread_accepted(&server->thread);
}

unsigned bad_server_open(bad_server_t *server)
{
  unsigned open;

  pthread_mutex_lock(&server->thread.mutex);
  open = server->open;
  pthread_mutex_unlock(&server->thread.mutex);
  return open;
}

size_t bad_server_seen(bad_server_t *server, void *ret_bytes, size_t size)
{
  return server_thread_seen(&server->thread, ret_bytes, size);
}

void bad_server_stop(bad_server_t *server)
{
  server_thread_stop(&server->thread);
  for (unsigned i = 0; i < server->connection_count; i++)
    close_connection(&server->connections[i]);
  for (int i = 0; i < server->filler_count; i++)
    close(server->fillers[i]);
  SSL_CTX_free(server->tls);
  server_thread_free(&server->thread);
  free(server);
}
