/*
 * Over TCP the first wait on a socket is for writing: libmariadb's connect does not block. Right there the greeting
 * is waited for and looked at. Where TLS is preferred libmariadb is not told of TLS before a greeting has offered it:
 * else it takes the line for an encrypted one and sends a password in clear.
 *
 * A Unix socket connects at once, and what has come by then libmariadb reads without a wait: no look is possible. There
 * a password may go in clear. Where TLS is required libmariadb is told so in a way that needs no look,
 * see connect_options.c.
 */
#include "session/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "libmariadb/internals.h"
#include "session/connect_options.h"
#include "session/tls.h"

static _Thread_local aurora__attempt_t *current;

static int remaining_ms(const aurora__attempt_t *attempt)
{
  uint64_t now = aurora__now_ns();
  uint64_t until = attempt->deadline;

  if (attempt->greeting == AURORA__GREETING_NONE && attempt->address_deadline < until)
    until = attempt->address_deadline;
  if (now >= until)
    return 0;
  /* Rounded up, so that a wait never ends just before the deadline. */
  return (int)((until - now + 999999) / 1000000);
}

/* Like poll, but EINTR does not start the wait again from the beginning. */
static int wait_until_deadline(const aurora__attempt_t *attempt, int fd, short events)
{
  struct pollfd poll_fd = {.fd = fd, .events = events};
  int ready;

  do {
    ready = poll(&poll_fd, 1, remaining_ms(attempt));
  } while (ready == -1 && errno == EINTR);
  return ready;
}

/* --- The greeting ------------------------------------------------------------------------------- */

static ssize_t peek(int fd, unsigned char *bytes)
{
  return recv(fd, bytes, AURORA__GREETING_MAX, MSG_PEEK | MSG_DONTWAIT);
}

/* A part of it is there, for which poll would not wait any more: an edge-triggered poll does. False: late. */
static bool wait_for_more(const aurora__attempt_t *attempt, int fd, unsigned char *bytes,
                          ssize_t *size)
{
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
  int poller = epoll_create1(EPOLL_CLOEXEC);
  int ready = -1;

  if (poller >= 0 && !epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) {
    do {
      ready = epoll_wait(poller, &event, 1, remaining_ms(attempt));
      *size = peek(fd, bytes);
    } while ((ready > 0 && !(event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) && *size > 0 &&
              aurora__greeting_read(bytes, (size_t)*size) == AURORA__GREETING_PARTIAL) ||
             (ready == -1 && errno == EINTR));
  }
  if (poller >= 0)
    close(poller);
  return ready > 0;
}

static bool judge(aurora__attempt_t *attempt, const unsigned char *bytes, size_t size)
{
  aurora_ssl_mode_t mode = attempt->config->ssl_mode;
  const unsigned char *refusal;
  size_t refusal_size;

  attempt->greeting = aurora__greeting_read(bytes, size);
  switch (attempt->greeting) {
  case AURORA__GREETING_NONE:
  case AURORA__GREETING_ERROR:
    return true;
  case AURORA__GREETING_PARTIAL: /* the server has closed */
    return false;
  case AURORA__GREETING_PLAIN:
    return !aurora__requires_tls(mode);
  case AURORA__GREETING_TLS:
    return mode != AURORA_SSL_PREFERRED ||
           aurora__connect_set_tls(attempt->mysql, attempt->config, attempt->ca);
  case AURORA__GREETING_REFUSAL:
    refusal = aurora__greeting_refusal(bytes, &refusal_size);
    memcpy(attempt->refusal, refusal, refusal_size);
    attempt->refusal[refusal_size] = '\0';
    return false;
  case AURORA__GREETING_EXCESS:
    return false;
  case AURORA__GREETING_FOREIGN:
    attempt->head_size = size < sizeof attempt->head ? size : sizeof attempt->head;
    memcpy(attempt->head, bytes, attempt->head_size);
    return false;
  }
  return false;
}

/* Whether libmariadb may go on: to log in, or to find out for itself that there is no greeting. */
static bool look_at_greeting(aurora__attempt_t *attempt, int fd)
{
  unsigned char bytes[AURORA__GREETING_MAX];
  ssize_t size;

  if (wait_until_deadline(attempt, fd, POLLIN) < 1)
    return false;
  size = peek(fd, bytes);
  if (size > 0 && aurora__greeting_read(bytes, (size_t)size) == AURORA__GREETING_PARTIAL &&
      !wait_for_more(attempt, fd, bytes, &size))
    return false;
  if (size <= 0)
    return true;
  if (!judge(attempt, bytes, (size_t)size))
    return false;
  snprintf(attempt->host, sizeof attempt->host, "%s", attempt->config->host);
  return true;
}

/* --- libmariadb's waits ------------------------------------------------------------------------- */

/* Before the greeting each wait may be on another socket. */
static void take_socket(aurora__attempt_t *attempt, int fd)
{
  if (attempt->fd == fd)
    return;
  attempt->fd = fd;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  attempt->publish(attempt->data, fd);
}

/* To be asked at each step: a socket that was not connected yet when the watchdog cut it is not cut. */
static bool is_expired(const aurora__attempt_t *attempt)
{
  return atomic_load(attempt->expired);
}

static bool is_connected(aurora__attempt_t *attempt, int fd)
{
  int error = 0;
  socklen_t size = sizeof error;

  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) || !error)
    return true;
  attempt->socket_errno = error;
  errno = error;
  return false;
}

/* 1 ready, 0 timed out, -1 failed. Without an attempt (a blocking call on the loop, which only happens while
 * a connection is torn down) it does not wait at all. */
static int wait_for_io(my_socket fd, my_bool is_read, int timeout)
{
  aurora__attempt_t *attempt = current;
  int ready;

  (void)timeout; /* for each wait; ours is over all */
  if (!attempt)
    return 0;
  take_socket(attempt, fd);
  if (is_expired(attempt))
    return 0;
  ready = wait_until_deadline(attempt, fd, is_read ? POLLIN : POLLOUT);
  if (ready < 1 || attempt->config->unix_socket || attempt->greeting != AURORA__GREETING_NONE)
    return ready;
  if (!is_read && !is_connected(attempt, fd))
    return -1;
  attempt->connected = true;
  return look_at_greeting(attempt, fd) && !is_expired(attempt) ? ready : -1;
}

/* --- libmariadb's verification ------------------------------------------------------------------ */

/* Of libmariadb 3.4, between the TLS handshake and the login. What it would think of the certificate by itself
 * depends on whether the address is a local one. */
static int verify(void *handle, unsigned flags)
{
  aurora__attempt_t *attempt = current;
  const aurora_config_t *config = attempt->config;
  const char *name =
      config->ssl_mode == AURORA_SSL_VERIFY_IDENTITY ? aurora__verified_name(attempt->mysql) : NULL;
  bool accepted = true;

  (void)flags;
  if (aurora__checks_certificate(config->ssl_mode))
    accepted =
        aurora__tls_verify(attempt->mysql, handle, name, attempt->verdict, sizeof attempt->verdict);
  aurora__tls_heed(attempt->mysql, accepted);
  if (!accepted)
    shutdown(mysql_get_socket(attempt->mysql), SHUT_RDWR);
  return !accepted;
}

bool aurora__attempt_begin(aurora__attempt_t *attempt)
{
  attempt->fd = -1;
  attempt->greeting = AURORA__GREETING_NONE;
  current = attempt;
  return !mysql_optionsv(attempt->mysql, MARIADB_OPT_IO_WAIT, (void *)wait_for_io) &&
         (!aurora__tls_leaves_verdict() ||
          !mysql_optionsv(attempt->mysql, (enum mysql_option)AURORA__OPT_TLS_VERIFICATION_CALLBACK,
                          (void *)verify));
}

void aurora__attempt_end(void)
{
  current = NULL;
}
