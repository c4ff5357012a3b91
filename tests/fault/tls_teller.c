#include "tls_teller.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/mysql_packets.h"

enum { TLS_REQUEST = 4 + 32, PATIENCE_S = 30 };

struct tls_teller {
  SSL_CTX *tls; /* NULL: none is offered */
  int listener;
  unsigned port;
  int wake[2]; /* the thread ends when it hangs up */
  pthread_t thread;
  tls_told_t told; /* the thread's until it has ended */
};

static void must(bool done, const char *what)
{
  if (done)
    return;
  perror(what);
  abort();
}

/* A request for TLS is a login packet that ends before the user. */
static bool hear_request(tls_teller_t *teller, int fd)
{
  unsigned char bytes[TLS_REQUEST];
  ssize_t got = recv(fd, bytes, sizeof bytes, MSG_WAITALL);

  if (got == TLS_REQUEST && teller->tls && bytes[0] == TLS_REQUEST - 4)
    return true;
  if (got > 0)
    teller->told.plain += (size_t)got;
  return false;
}

static void hear_login(tls_teller_t *teller, int fd)
{
  SSL *session = SSL_new(teller->tls);
  char bytes[4096];

  must(session && SSL_set_fd(session, fd), "SSL_new");
  if (SSL_accept(session) == 1) {
    int got = SSL_read(session, bytes, sizeof bytes);

    if (got > 0)
      teller->told.encrypted += (size_t)got;
  }
  SSL_free(session);
}

static void talk(tls_teller_t *teller, int fd)
{
  const struct timeval patience = {.tv_sec = PATIENCE_S};
  mysql_packet_t greeting = mysql_greeting(teller->tls != NULL);

  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  teller->told.connections++;
  if (send(fd, greeting.bytes, greeting.size, MSG_NOSIGNAL) > 0 && hear_request(teller, fd))
    hear_login(teller, fd);
}

static void *serve(void *data)
{
  tls_teller_t *teller = data;
  struct pollfd polled[] = {{.fd = teller->wake[0], .events = POLLIN},
                            {.fd = teller->listener, .events = POLLIN}};

  while (poll(polled, 2, -1) > 0 && !polled[0].revents) {
    int fd = accept4(teller->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
      continue;
    talk(teller, fd);
    close(fd);
  }
  return NULL;
}

static bool open_listener(tls_teller_t *teller, bool ipv6)
{
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr *here = ipv6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
  socklen_t size = ipv6 ? sizeof six : sizeof four;

  teller->listener = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (teller->listener < 0)
    return false;
  if (bind(teller->listener, here, size)) {
    close(teller->listener);
    return false;
  }
  must(!getsockname(teller->listener, here, &size), "getsockname");
  teller->port = ntohs(ipv6 ? six.sin6_port : four.sin_port);
  must(!listen(teller->listener, 16), "listen");
  return true;
}

static SSL_CTX *make_tls(const tls_teller_options_t *options)
{
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

  must(tls && SSL_CTX_use_certificate_file(tls, options->certificate, SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_use_PrivateKey_file(tls, options->key, SSL_FILETYPE_PEM) == 1,
       "a certificate");
  return tls;
}

tls_teller_t *tls_teller_start(const tls_teller_options_t *options)
{
  tls_teller_t *teller = calloc(1, sizeof *teller);

  must(teller != NULL, "calloc");
  if (!open_listener(teller, options->ipv6)) {
    free(teller);
    return NULL;
  }
  teller->tls = options->certificate ? make_tls(options) : NULL;
  must(!pipe(teller->wake), "pipe");
  must(!pthread_create(&teller->thread, NULL, serve, teller), "pthread_create");
  return teller;
}

unsigned tls_teller_port(const tls_teller_t *teller)
{
  return teller->port;
}

tls_told_t tls_teller_stop(tls_teller_t *teller)
{
  tls_told_t told;

  close(teller->wake[1]);
  pthread_join(teller->thread, NULL);
  told = teller->told;
  close(teller->wake[0]);
  close(teller->listener);
  SSL_CTX_free(teller->tls);
  free(teller);
  return told;
}
