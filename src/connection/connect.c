/*
 * Opening a connection: DNS, TCP, TLS, login and session set-up as one blocking unit on a worker.
 *
 * One absolute deadline holds over all of it, by two means:
 *  - libmariadb calls wait_for_io for each wait of its own (TCP connect, greeting, login on a plain
 *    connection): it waits no longer than what is left;
 *  - inside the TLS handshake and on an encrypted connection OpenSSL reads from a blocking socket,
 *    where no hook reaches. There the loop's watchdog (aurora__connect_expire) shuts the socket down.
 *    It does so through a duplicate of the descriptor that belongs to the job, since the worker may
 *    close its own at any moment and the kernel give the number to somebody else.
 *
 * libmariadb falls back to plain text when the server's greeting offers no TLS, unless the server's
 * name is verified too. So the greeting is looked at (MSG_PEEK) before libmariadb reads it, and the
 * connect given up before anything is sent when TLS is required and not offered.
 *
 * MARIADB_OPT_IO_WAIT takes no user data: the job in hand is a thread-local variable.
 */
#include "connection/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/clock.h"
#include "base/error.h"
#include "connection/call_error.h"
#include "connection/connect_error.h"
#include "connection/connect_options.h"
#include "connection/login.h"
#include "connection/read_ahead.h"
#include "connection/tls.h"
#include "libmariadb/internals.h"

/* So long a connect waits at most for another one to find out what is needed of a large CA file. */
enum { LEARNING_MS = 100 };

static _Thread_local aurora__connect_t *current_job;

static int remaining_ms(const aurora__connect_t *job)
{
  uint64_t now = aurora__now_ns();

  if (now >= job->deadline)
    return 0;
  /* Rounded up, so that a wait never ends just before the deadline. */
  return (int)((job->deadline - now + 999999) / 1000000);
}

/* Like poll, but EINTR does not start the wait again from the beginning. */
static int wait_until_deadline(aurora__connect_t *job, int fd, short events)
{
  struct pollfd poll_fd = {.fd = fd, .events = events};
  int ready;

  do {
    ready = poll(&poll_fd, 1, remaining_ms(job));
  } while (ready == -1 && errno == EINTR);
  return ready;
}

/* Whether the greeting (protocol 10) that waits in the socket offers TLS. An error packet, or what is
 * not understood, is left to libmariadb. */
static bool greeting_offers_tls(const unsigned char *packet, size_t size)
{
  enum { HEADER = 4, AFTER_VERSION = 4 + 8 + 1, TLS_HIGH_BYTE = 0x08 };
  const unsigned char *version_end;
  size_t capabilities;

  if (size < HEADER + 2 || packet[HEADER] != 10)
    return true;
  version_end = memchr(packet + HEADER + 1, 0, size - HEADER - 1);
  if (!version_end)
    return true;
  capabilities = (size_t)(version_end - packet) + 1 + AFTER_VERSION;
  if (capabilities + 2 > size)
    return true;
  return (packet[capabilities + 1] & TLS_HIGH_BYTE) != 0; /* CLIENT_SSL is bit 11 */
}

static bool look_at_greeting(aurora__connect_t *job, int fd)
{
  unsigned char packet[512];
  ssize_t size;

  if (wait_until_deadline(job, fd, POLLIN) < 1)
    return false;
  size = recv(fd, packet, sizeof packet, MSG_PEEK | MSG_DONTWAIT);
  if (size <= 0)
    return true; /* libmariadb finds out what happened */
  job->greeting_seen = true;
  job->tls_missing =
      aurora__requires_tls(job->config->ssl_mode) && !greeting_offers_tls(packet, (size_t)size);
  return !job->tls_missing;
}

/* Makes the socket known to the watchdog. False: the deadline has passed. */
static bool publish(aurora__connect_t *job, int fd)
{
  bool expired;

  uv_mutex_lock(&job->lock);
  if (job->duplicate >= 0)
    close(job->duplicate);
  job->duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  expired = job->expired;
  uv_mutex_unlock(&job->lock);
  return !expired;
}

static void unpublish(aurora__connect_t *job)
{
  uv_mutex_lock(&job->lock);
  if (job->duplicate >= 0)
    close(job->duplicate);
  job->duplicate = -1;
  uv_mutex_unlock(&job->lock);
}

/* libmariadb's wait: 1 ready, 0 timed out, -1 failed. Without a job (a blocking call on the loop,
 * which only happens while a connection is torn down) it does not wait at all. */
static int wait_for_io(my_socket fd, my_bool is_read, int timeout)
{
  aurora__connect_t *job = current_job;
  int error = 0;
  socklen_t size = sizeof error;
  int ready;

  (void)timeout; /* whole seconds for each wait; ours is over all */
  if (!job)
    return 0;
  if (is_read)
    return wait_until_deadline(job, fd, POLLIN);

  /* The first wait for writing on a socket is its TCP connect. */
  if (!job->greeting_seen && !publish(job, fd))
    return 0;
  ready = wait_until_deadline(job, fd, POLLOUT);
  if (ready < 1 || job->greeting_seen)
    return ready;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error) {
    job->socket_errno = error;
    errno = error;
    return -1;
  }
  return look_at_greeting(job, fd) ? ready : -1;
}

void aurora__connect_describe(const aurora_config_t *config, char *text, size_t size)
{
  if (config->unix_socket)
    snprintf(text, size, "%s", config->unix_socket);
  else if (strchr(config->host, ':'))
    snprintf(text, size, "[%s]:%u", config->host, config->port);
  else
    snprintf(text, size, "%s:%u", config->host, config->port);
}

static bool run_statement(MYSQL *mysql, const char *sql)
{
  int failed = mysql_real_query(mysql, sql, strlen(sql));

  while (!failed) {
    MYSQL_RES *rows = mysql_store_result(mysql);

    if (!rows && mysql_errno(mysql))
      return false;
    mysql_free_result(rows);
    failed = mysql_next_result(mysql);
    if (failed < 0) /* no more; or one that could not be read */
      return mysql_errno(mysql) == 0 && !aurora__has_leftover(mysql);
  }
  return false;
}

static bool set_up_session(aurora__connect_t *job, MYSQL *mysql)
{
  int code;

  if (job->errand)
    return job->errand(job, mysql);
  code = aurora__setup_ask(mysql, &job->setup);
  if (!code && !run_statement(mysql, job->setup.sql)) {
    /* A server that does not know the variables cannot prove a session clean. */
    if (mysql_errno(mysql) != ER_UNKNOWN_SYSTEM_VARIABLE)
      return false;
    code = aurora__setup_without_tracking(&job->setup);
    if (!code && !run_statement(mysql, job->setup.sql))
      return false;
  }
  job->no_memory = code == UV_ENOMEM;
  job->out_of_step = code == AURORA_EPROTOCOL;
  return !code && (!job->config->init_sql || run_statement(mysql, job->config->init_sql));
}

static void fail_for_memory(aurora__connect_t *job, const char *where)
{
  aurora__error_set(&job->error, UV_ENOMEM, AURORA_NOT_SENT, "cannot connect to %s: out of memory",
                    where);
  job->failure = AURORA__FAILED_FOR_NOW;
}

static void explain_failure(aurora__connect_t *job, MYSQL *mysql, const char *where)
{
  job->failure = AURORA__FAILED_FOR_NOW;
  if (job->no_memory) {
    fail_for_memory(job, where);
    return;
  }
  if (job->tls_missing) {
    aurora__error_set(
        &job->error, AURORA_ETLS, AURORA_NOT_SENT,
        "cannot connect to %s: ssl_mode requires TLS, and the server does not offer it", where);
    job->failure = AURORA__FAILED_FOR_GOOD;
    return;
  }
  if (job->out_of_step || (!mysql_errno(mysql) && aurora__has_leftover(mysql))) {
    aurora__error_set(&job->error, AURORA_EPROTOCOL, AURORA_NOT_SENT,
                      "cannot connect to %s: the server sent what nobody asked for", where);
    return;
  }
  if (aurora__now_ns() >= job->deadline && !aurora__call_error(mysql, NULL).by_server) {
    aurora__error_set(&job->error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                      "cannot connect to %s: not connected within connect_timeout (%llu ms)", where,
                      (unsigned long long)job->config->connect_timeout);
    return;
  }
  job->failure =
      aurora__connect_error(mysql, where, job->socket_errno,
                            aurora__checks_certificate(job->config->ssl_mode), &job->error);
}

static bool connect_and_set_up(aurora__connect_t *job, MYSQL *mysql, const aurora__login_t *login)
{
  const aurora_config_t *config = job->config;

  if (!mysql_real_connect(mysql, config->unix_socket ? NULL : config->host, login->user,
                          login->password, config->database[0] ? config->database : NULL,
                          config->port, config->unix_socket,
                          CLIENT_MULTI_RESULTS | (config->found_rows ? CLIENT_FOUND_ROWS : 0)))
    return false;
  if (aurora__requires_tls(config->ssl_mode) && !mysql_get_ssl_cipher(mysql)) {
    job->tls_missing = true;
    return false;
  }
  aurora__connect_set_socket_options(mysql_get_socket(mysql), config);
  job->out_of_step = aurora__has_leftover(mysql);
  return !job->out_of_step && set_up_session(job, mysql);
}

/* One connect, with the certificates of ca. */
static void attempt(aurora__connect_t *job, const aurora__login_t *login, const char *where,
                    const aurora__ca_t *ca)
{
  MYSQL *mysql = mysql_init(NULL);

  if (!mysql) {
    fail_for_memory(job, where);
    return;
  }
  job->greeting_seen = false;
  job->socket_errno = 0;
  aurora__tls_forget_errors();
  aurora__connect_set_options(mysql, job->config, ca->path);
  mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, (void *)wait_for_io);
  job->succeeded = connect_and_set_up(job, mysql, login);
  if (!job->succeeded)
    explain_failure(job, mysql, where);
  aurora__wipe_login(mysql);
  if (job->succeeded && !job->errand) {
    aurora__trust_learn(job->trust, ca, mysql);
    aurora__tls_drop_certificates(mysql);
    fcntl(mysql_get_socket(mysql), F_SETFL, O_NONBLOCK);
    job->mysql = mysql;
  } else {
    aurora__setup_clear(&job->setup);
    mysql_close(mysql);
  }
  aurora__tls_forget_errors();
}

static bool is_expired(aurora__connect_t *job)
{
  bool expired;

  uv_mutex_lock(&job->lock);
  expired = job->expired;
  uv_mutex_unlock(&job->lock);
  return expired;
}

/* A second attempt, with all authorities, when those that were known do not do; see trust.h. The first has
 * not come to the login then. */
static void connect_with_ca(aurora__connect_t *job, const aurora__login_t *login, const char *where)
{
  const aurora_config_t *config = job->config;
  const char *ssl_ca = aurora__checks_certificate(config->ssl_mode) ? config->ssl_ca : NULL;
  int wait_ms = remaining_ms(job);
  aurora__ca_t ca;

  aurora__ca_open(&ca, job->trust, ssl_ca, wait_ms < LEARNING_MS ? (unsigned)wait_ms : LEARNING_MS);
  attempt(job, login, where, &ca);
  if (!job->succeeded && aurora__ca_is_part(&ca) && aurora__is_authority_error(&job->error) &&
      !is_expired(job)) {
    aurora__ca_take_whole(&ca);
    attempt(job, login, where, &ca);
  }
  aurora__ca_close(&ca, job->trust);
}

/* On a worker thread: touches nothing but the job, the configuration, which does not change, and trust,
 * which has a lock. */
static void work(uv_work_t *request)
{
  aurora__connect_t *job = aurora__container_of(request, aurora__connect_t, work);
  char where[AURORA__WHERE_SIZE];
  aurora__login_t login;

  aurora__connect_describe(job->config, where, sizeof where);
  if (aurora__login_get(job->config, where, &login, &job->error)) {
    job->failure = AURORA__FAILED_FOR_NOW;
    return;
  }
  current_job = job;
  connect_with_ca(job, &login, where);
  current_job = NULL;
  aurora__login_drop(&login);
  unpublish(job);
}

static void after_work(uv_work_t *request, int status)
{
  aurora__connect_t *job = aurora__container_of(request, aurora__connect_t, work);

  if (status == UV_ECANCELED) {
    char where[AURORA__WHERE_SIZE];

    aurora__connect_describe(job->config, where, sizeof where);
    aurora__error_set(&job->error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                      "cannot connect to %s: no thread of libuv's worker pool was free in time",
                      where);
    job->failure = AURORA__FAILED_FOR_NOW;
  }
  uv_mutex_destroy(&job->lock);
  job->cb(job);
}

int aurora__connect_start(uv_loop_t *loop, aurora__connect_t *job)
{
  int status;

  job->succeeded = false;
  job->mysql = NULL;
  job->duplicate = -1;
  status = uv_mutex_init(&job->lock);
  if (status)
    return status;
  status = uv_queue_work(loop, &job->work, work, after_work);
  if (status)
    uv_mutex_destroy(&job->lock);
  return status;
}

void aurora__connect_expire(aurora__connect_t *job)
{
  /* A job that still waits for a thread need not run at all. */
  if (uv_cancel((uv_req_t *)&job->work) == 0)
    return;
  uv_mutex_lock(&job->lock);
  job->expired = true;
  if (job->duplicate >= 0)
    shutdown(job->duplicate, SHUT_RDWR);
  uv_mutex_unlock(&job->lock);
}
