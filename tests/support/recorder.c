#include "support/recorder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/server_thread.h"

enum { HEADER = 4, CLIENT_SSL_HIGH = 0x08, BUFFER = 16384 };

struct recorder {
  server_thread_t thread;
  unsigned server_port;
  bool strips_tls;
};

static int connect_to(unsigned port)
{
  struct sockaddr_in there = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd >= 0 && connect(fd, (struct sockaddr *)&there, sizeof there)) {
    close(fd);
    fd = -1;
  }
  return fd;
}

/* A server on the loopback interface sends its greeting in one go. */
static void strip_tls(unsigned char *greeting, size_t size)
{
  unsigned char *version_end = size > HEADER ? memchr(greeting + HEADER, 0, size - HEADER) : NULL;
  size_t capabilities = version_end ? (size_t)(version_end - greeting) + 1 + 4 + 8 + 1 : size;

  if (capabilities + 1 < size)
    greeting[capabilities + 1] &= (unsigned char)~CLIENT_SSL_HIGH;
}

static bool send_all(int fd, const unsigned char *bytes, size_t size)
{
  while (size) {
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

    if (sent < 0)
      return false;
    bytes += sent;
    size -= (size_t)sent;
  }
  return true;
}

static void relay(recorder_t *recorder, int client, int server)
{
  unsigned char bytes[BUFFER];
  bool greeted = false;
  struct pollfd polled[] = {{.fd = recorder->thread.wake[0], .events = POLLIN},
                            {.fd = client, .events = POLLIN},
                            {.fd = server, .events = POLLIN}};

  while (poll(polled, 3, -1) > 0 && !polled[0].revents) {
    bool by_client = polled[1].revents;
    ssize_t got = recv(by_client ? client : server, bytes, sizeof bytes, 0);

    if (got <= 0)
      return;
    if (by_client)
      server_thread_note(&recorder->thread, bytes, (size_t)got);
    else if (!greeted && recorder->strips_tls)
      strip_tls(bytes, (size_t)got);
    greeted = true;
    if (!send_all(by_client ? server : client, bytes, (size_t)got))
      return;
  }
}

static void *serve(void *data)
{
  recorder_t *recorder = data;
  struct pollfd polled[] = {{.fd = recorder->thread.wake[0], .events = POLLIN},
                            {.fd = recorder->thread.listener, .events = POLLIN}};

  while (poll(polled, 2, -1) > 0 && !polled[0].revents) {
    int client = accept4(recorder->thread.listener, NULL, NULL, SOCK_CLOEXEC);
    int server = client < 0 ? -1 : connect_to(recorder->server_port);

    if (server >= 0)
      relay(recorder, client, server);
    if (server >= 0)
      close(server);
    if (client >= 0)
      close(client);
  }
  return NULL;
}

int recorder_start(unsigned server_port, bool strips_tls, recorder_t **ret_recorder)
{
  recorder_t *recorder = calloc(1, sizeof *recorder);
  int error;

  if (!recorder)
    return -ENOMEM;
  recorder->server_port = server_port;
  recorder->strips_tls = strips_tls;
  error = server_thread_open(&recorder->thread);
  if (!error && listen(recorder->thread.listener, 16))
    error = -errno;
  if (!error)
    error = server_thread_start(&recorder->thread, serve, recorder);
  if (error) {
    server_thread_free(&recorder->thread);
    free(recorder);
    return error;
  }
  *ret_recorder = recorder;
  return 0;
}

unsigned recorder_port(const recorder_t *recorder)
{
  return recorder->thread.port.number;
}

size_t recorder_heard(recorder_t *recorder, void *ret_bytes, size_t size)
{
  return server_thread_seen(&recorder->thread, ret_bytes, size);
}

void recorder_stop(recorder_t *recorder)
{
  server_thread_stop(&recorder->thread);
  server_thread_free(&recorder->thread);
  free(recorder);
}
