#include "teller.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAUSE_US = 1500, HEARD = 65536 };

struct teller {
  teller_options_t options;
  int listener;
  unsigned port;
  int wake[2]; /* the thread ends when it hangs up */
  pthread_t thread;
  unsigned char heard[HEARD]; /* the thread's until it has ended */
  size_t heard_size;
};

/* False: the test has gone, and nothing is left to hear. */
static bool wait_for(const teller_t *teller, int fd)
{
  struct pollfd polled[2] = {{.fd = teller->wake[0], .events = POLLIN},
                             {.fd = fd, .events = POLLIN}};

  return poll(polled, 2, -1) > 0 && polled[1].revents;
}

/* The pauses make segments of the pieces. */
static void say(const teller_t *teller, int fd)
{
  const teller_options_t *options = &teller->options;
  size_t sent = 0;

  while (sent < options->size) {
    size_t piece = options->size - sent;

    if (options->piece && options->piece < piece)
      piece = options->piece;
    else if (sent < options->cut)
      piece = options->cut - sent;
    if (send(fd, (const char *)options->bytes + sent, piece, MSG_NOSIGNAL) < 0)
      return;
    sent += piece;
    if (sent < options->size)
      usleep(PAUSE_US);
  }
}

static void talk(teller_t *teller, int fd)
{
  int on = 1;
  bool answered = false;
  ssize_t got;

  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  say(teller, fd);
  while (wait_for(teller, fd)) {
    got = recv(fd, teller->heard + teller->heard_size, HEARD - teller->heard_size, 0);
    if (got <= 0)
      return;
    teller->heard_size += (size_t)got;
    if (teller->options.answer && !answered)
      send(fd, teller->options.answer, teller->options.answer_size, MSG_NOSIGNAL);
    answered = true;
  }
}

static void *serve(void *data)
{
  teller_t *teller = data;

  while (wait_for(teller, teller->listener)) {
    int fd = accept4(teller->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
      continue;
    talk(teller, fd);
    close(fd);
  }
  return NULL;
}

static void must(bool done, const char *what)
{
  if (done)
    return;
  perror(what);
  abort();
}

static void open_listener(teller_t *teller)
{
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  socklen_t size = sizeof here;
  bool is_path = teller->options.path != NULL;

  teller->listener = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(teller->listener >= 0, "socket");
  if (is_path) {
    snprintf(path.sun_path, sizeof path.sun_path, "%s", teller->options.path);
    unlink(path.sun_path);
    must(!bind(teller->listener, (struct sockaddr *)&path, sizeof path), "bind");
  } else {
    must(!bind(teller->listener, (struct sockaddr *)&here, sizeof here), "bind");
    must(!getsockname(teller->listener, (struct sockaddr *)&here, &size), "getsockname");
    teller->port = ntohs(here.sin_port);
  }
  must(!listen(teller->listener, 16), "listen");
}

teller_t *teller_start(const teller_options_t *options)
{
  teller_t *teller = calloc(1, sizeof *teller);

  must(teller != NULL, "calloc");
  teller->options = *options;
  open_listener(teller);
  must(!pipe(teller->wake), "pipe");
  must(!pthread_create(&teller->thread, NULL, serve, teller), "pthread_create");
  return teller;
}

unsigned teller_port(const teller_t *teller)
{
  return teller->port;
}

size_t teller_stop(teller_t *teller, void *ret_heard, size_t size)
{
  close(teller->wake[1]);
  pthread_join(teller->thread, NULL);
  close(teller->wake[0]);
  close(teller->listener);
  if (teller->options.path)
    unlink(teller->options.path);
  if (size > teller->heard_size)
    size = teller->heard_size;
  memcpy(ret_heard, teller->heard, size);
  free(teller);
  return size;
}
