/*
 * Opening a connection: DNS, TCP, TLS, login and session set-up as one blocking unit on a worker.
 *
 *   user and password -> addresses of the host -> one attempt an address, until a server greets
 *     -> login -> set-up (or errand) -> the session, or an error
 *
 * One absolute deadline holds over all of it, by three means:
 *  - the worker waits for the resolver, which has a thread of its own (resolver.h), no longer than that;
 *  - libmariadb calls a function of ours for each wait of its own (TCP connect, greeting, login on a plain
 *    connection): it waits no longer than what is left, see attempt.h;
 *  - inside the TLS handshake and on an encrypted connection OpenSSL reads from a blocking socket,
 *    where no hook reaches. There the loop's watchdog (aurora__connect_expire) shuts the socket down.
 *    It does so through a duplicate of the descriptor that belongs to the job, since the worker may
 *    close its own at any moment and the kernel give the number to somebody else.
 *
 * libmariadb is given addresses, one at a time, so that one that is silent does not use up the time of all.
 * Once a server has greeted, no other address is tried.
 */
#include "session/connect.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mysqld_error.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "libmariadb/internals.h"
#include "session/addresses.h"
#include "session/attempt.h"
#include "session/connect_error.h"
#include "session/connect_failure.h"
#include "session/connect_options.h"
#include "session/login.h"
#include "session/read_ahead.h"
#include "session/resolver.h"
#include "session/tls.h"

/* So long a connect waits at most for another one to find out what is needed of a large CA file. */
enum { LEARNING_MS = 100 };

static int remaining_ms(const aurora__connect_t *job)
{
  uint64_t now = aurora__now_ns();

  return now < job->deadline ? (int)aurora__ns_to_ms(job->deadline - now) : 0;
}

/* Makes the socket known to the watchdog. */
static void publish(void *data, int fd)
{
  aurora__connect_t *job = data;

  uv_mutex_lock(&job->lock);
  if (job->duplicate >= 0)
    close(job->duplicate);
  job->duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  uv_mutex_unlock(&job->lock);
}

static void unpublish(aurora__connect_t *job)
{
  uv_mutex_lock(&job->lock);
  if (job->duplicate >= 0)
    close(job->duplicate);
  job->duplicate = -1;
  uv_mutex_unlock(&job->lock);
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

/* Whether the server has refused the set-up on condition, for it is another one. */
static bool is_elsewhere(MYSQL *mysql)
{
  return mysql_errno(mysql) == ER_WRONG_VALUE_FOR_VAR ||
         mysql_errno(mysql) == ER_UNKNOWN_SYSTEM_VARIABLE;
}

/* The set-up, on condition that this is the server that is known. */
static bool set_up_on_server(aurora__connect_t *job, MYSQL *mysql)
{
  static const char format[] = "%s, SESSION session_track_state_change=IF(%s, 1, 2)";
  char condition[AURORA__SERVER_CONDITION_SIZE];
  size_t size = strlen(job->setup.sql) + sizeof condition + sizeof format;
  char *sql = aurora__malloc(size);
  bool good;

  if (!sql) {
    job->no_memory = true;
    return false;
  }
  aurora__server_condition(&job->server, mysql_thread_id(mysql), condition, sizeof condition);
  snprintf(sql, size, format, job->setup.sql, condition);
  good = run_statement(mysql, sql);
  aurora__free(sql);
  return good;
}

/* The set-up, and which server it is; see server.h. */
static bool set_up_and_place(aurora__connect_t *job, MYSQL *mysql)
{
  if (aurora__server_is_known(&job->server)) {
    if (set_up_on_server(job, mysql))
      return true;
    if (!is_elsewhere(mysql))
      return false;
  }
  if (!aurora__server_ask(mysql, &job->server))
    return false;
  if (aurora__server_is_known(&job->server)) {
    if (set_up_on_server(job, mysql))
      return true;
    if (!is_elsewhere(mysql))
      return false;
    memset(&job->server, 0, sizeof job->server);
  }
  return run_statement(mysql, job->setup.sql);
}

static bool set_up_session(aurora__connect_t *job, MYSQL *mysql)
{
  int code;

  if (job->errand)
    return job->errand(job, mysql);
  code = aurora__setup_ask(mysql, &job->setup);
  if (!code && !set_up_and_place(job, mysql)) {
    /* A server that does not know the variables cannot prove a session clean. */
    if (mysql_errno(mysql) != ER_UNKNOWN_SYSTEM_VARIABLE)
      return false;
    code = aurora__setup_without_tracking(&job->setup);
    if (!code && !run_statement(mysql, job->setup.sql))
      return false;
  }
  job->no_memory = job->no_memory || code == UV_ENOMEM;
  job->out_of_step = code == AURORA_EPROTOCOL;
  if (code || !job->config->init_sql)
    return !code;
  job->in_init_sql = true;
  return run_statement(mysql, job->config->init_sql);
}

static bool connect_and_set_up(aurora__connect_t *job, const aurora__attempt_t *attempt,
                               const aurora__login_t *login)
{
  const aurora_config_t *config = job->config;
  MYSQL *mysql = attempt->mysql;

  if (!mysql_real_connect(mysql, config->unix_socket ? NULL : attempt->host, login->user,
                          login->password, config->database[0] ? config->database : NULL,
                          config->port, config->unix_socket,
                          CLIENT_MULTI_RESULTS | (config->found_rows ? CLIENT_FOUND_ROWS : 0)))
    return false;
  job->logged_in = true;
  fcntl(mysql_get_socket(mysql), F_SETFD, FD_CLOEXEC);
  job->tls_missing = aurora__requires_tls(config->ssl_mode) && !mysql_get_ssl_cipher(mysql);
  job->wrong_name = config->ssl_mode == AURORA_SSL_VERIFY_IDENTITY && !config->unix_socket &&
                    strcmp(aurora__verified_name(mysql), config->host) != 0;
  if (job->tls_missing || job->wrong_name)
    return false;
  aurora__connect_set_socket_options(mysql_get_socket(mysql), config);
  job->out_of_step = aurora__has_leftover(mysql);
  return !job->out_of_step && set_up_session(job, mysql);
}

/* One connect to one address, with the certificates of ca. */
static void attempt_address(aurora__connect_t *job, aurora__attempt_t *attempt,
                            const aurora__login_t *login, const char *where, const aurora__ca_t *ca)
{
  MYSQL *mysql = mysql_init(NULL);

  attempt->mysql = mysql;
  if (!mysql) {
    aurora__connect_fail_for_memory(job, where);
    return;
  }
  aurora__tls_forget_errors();
  if (aurora__connect_set_options(mysql, job->config, ca->path) && aurora__attempt_begin(attempt)) {
    job->succeeded = connect_and_set_up(job, attempt, login);
    if (!job->succeeded)
      aurora__connect_explain(job, attempt, where);
  } else {
    aurora__connect_fail_for_memory(job, where);
  }
  aurora__attempt_end();
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

/* The addresses in turn, until a server has greeted. addresses NULL: a Unix socket. */
static void attempt_all(aurora__connect_t *job, const aurora__addresses_t *addresses,
                        const aurora__login_t *login, const char *where, const aurora__ca_t *ca)
{
  size_t count = addresses ? addresses->count : 1;

  for (size_t i = 0; i < count; i++) {
    uint64_t now = aurora__now_ns();
    aurora__attempt_t attempt = {.config = job->config,
                                 .ca = ca->path,
                                 .deadline = job->deadline,
                                 .address_deadline =
                                     aurora__address_deadline(now, job->deadline, count - 1 - i),
                                 .publish = publish,
                                 .expired = &job->expired,
                                 .data = job};

    if (addresses)
      snprintf(attempt.host, sizeof attempt.host, "%s", addresses->list[i].text);
    attempt_address(job, &attempt, login, where, ca);
    if (job->succeeded || attempt.greeting != AURORA__GREETING_NONE || atomic_load(&job->expired) ||
        aurora__now_ns() >= job->deadline)
      return;
  }
}

/* A second attempt, with all authorities, when those that were known do not do; see trust.h. The first has
 * not come to the login then. */
static void connect_with_ca(aurora__connect_t *job, const aurora__addresses_t *addresses,
                            const aurora__login_t *login, const char *where)
{
  const aurora_config_t *config = job->config;
  const char *ssl_ca = aurora__checks_certificate(config->ssl_mode) ? config->ssl_ca : NULL;
  int wait_ms = remaining_ms(job);
  aurora__ca_t ca;

  aurora__ca_open(&ca, job->trust, ssl_ca, wait_ms < LEARNING_MS ? (unsigned)wait_ms : LEARNING_MS);
  attempt_all(job, addresses, login, where, &ca);
  if (!job->succeeded && aurora__ca_is_part(&ca) && aurora__is_authority_error(&job->error) &&
      !atomic_load(&job->expired)) {
    aurora__ca_take_whole(&ca);
    attempt_all(job, addresses, login, where, &ca);
  }
  aurora__ca_close(&ca, job->trust);
}

static bool resolve(aurora__connect_t *job, const char *where, aurora__addresses_t *ret_addresses)
{
  int gai;

  job->failure = AURORA__FAILED_FOR_NOW;
  switch (aurora__resolve(job->config->host, job->deadline, &job->expired, ret_addresses, &gai)) {
  case AURORA__RESOLVED:
    return true;
  case AURORA__RESOLVE_FAILED:
    aurora__error_set(&job->error, AURORA_ECONNECT, AURORA_NOT_SENT,
                      "cannot connect to %s: the host's name is not resolved: %s", where,
                      gai_strerror(gai));
    return false;
  case AURORA__RESOLVE_LATE:
    aurora__connect_fail_late(job, NULL, where);
    if (job->credentials_ms <= job->config->connect_timeout / 2)
      aurora__error_set(&job->error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                        "cannot connect to %s: the host's name is not resolved within "
                        "connect_timeout (%llu ms)",
                        where, (unsigned long long)job->config->connect_timeout);
    return false;
  case AURORA__RESOLVE_NO_RESOURCE:
    aurora__error_set(&job->error, UV_ENOMEM, AURORA_NOT_SENT,
                      "cannot connect to %s: no memory or thread to resolve the host's name",
                      where);
    return false;
  }
  return false;
}

/* The configuration's user and password, or what a callback gives, which may hold the worker. False: job->error
 * tells why. */
static bool get_login(aurora__connect_t *job, const char *where, aurora__login_t *ret_login)
{
  uint64_t began_at = aurora__now_ns();
  int code;

  atomic_store(&job->in_credentials, job->config->credentials_cb != NULL);
  code = aurora__login_get(job->config, where, ret_login, &job->error);
  atomic_store(&job->in_credentials, false);
  if (job->config->credentials_cb)
    job->credentials_ms = aurora__ns_to_ms(aurora__now_ns() - began_at);
  job->failure = AURORA__FAILED_FOR_NOW;
  return !code;
}

/* On a worker thread: touches nothing but the job, the configuration, which does not change, and trust,
 * which has a lock. */
static void work(uv_work_t *request)
{
  aurora__connect_t *job = aurora__container_of(request, aurora__connect_t, work);
  aurora__addresses_t addresses;
  char where[AURORA__WHERE_SIZE];
  aurora__login_t login;

  aurora__connect_describe(job->config, where, sizeof where);
  if (!get_login(job, where, &login))
    return;
  if (aurora__now_ns() >= job->deadline)
    aurora__connect_fail_late(job, NULL, where);
  else if (job->config->unix_socket)
    connect_with_ca(job, NULL, &login, where);
  else if (resolve(job, where, &addresses))
    connect_with_ca(job, &addresses, &login, where);
  aurora__login_drop(&login);
  unpublish(job);
}

/* Why a job has failed that was ended from outside. */
static void explain_end(aurora__connect_t *job, bool never_ran)
{
  char where[AURORA__WHERE_SIZE];

  if (!job->closed && !never_ran)
    return;
  aurora__connect_describe(job->config, where, sizeof where);
  job->failure = AURORA__FAILED_FOR_NOW;
  if (job->closed)
    aurora__error_set(&job->error, AURORA_ECLOSED, AURORA_NOT_SENT,
                      "not connected to %s: the pool was closed meanwhile", where);
  else
    aurora__error_set(&job->error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                      "cannot connect to %s: no thread of libuv's worker pool was free in time",
                      where);
}

static void after_work(uv_work_t *request, int status)
{
  aurora__connect_t *job = aurora__container_of(request, aurora__connect_t, work);

  if (!job->succeeded)
    explain_end(job, status == UV_ECANCELED);
  uv_mutex_destroy(&job->lock);
  job->cb(job);
}

int aurora__connect_start(uv_loop_t *loop, aurora__connect_t *job)
{
  int status;

  job->succeeded = false;
  job->mysql = NULL;
  job->duplicate = -1;
  atomic_init(&job->expired, false);
  atomic_init(&job->in_credentials, false);
  status = uv_mutex_init(&job->lock);
  if (status)
    return status;
  status = uv_queue_work(loop, &job->work, work, after_work);
  if (status)
    uv_mutex_destroy(&job->lock);
  return status;
}

void aurora__connect_close(aurora__connect_t *job)
{
  job->closed = !atomic_load(&job->expired);
  aurora__connect_expire(job);
}

void aurora__connect_expire(aurora__connect_t *job)
{
  atomic_store(&job->expired, true);
  /* A job that still waits for a thread need not run at all. */
  if (uv_cancel((uv_req_t *)&job->work) == 0)
    return;
  uv_mutex_lock(&job->lock);
  if (job->duplicate >= 0)
    shutdown(job->duplicate, SHUT_RDWR);
  uv_mutex_unlock(&job->lock);
  aurora__resolve_wake();
}
