#include "session/connect_failure.h"

#include <stdio.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/clock.h"
#include "base/error.h"
#include "session/call_error.h"
#include "session/connect_error.h"
#include "session/connect_options.h"
#include "session/read_ahead.h"

static void add(aurora_error_t *error, const char *hint)
{
  size_t size = strlen(error->message);

  snprintf(error->message + size, sizeof error->message - size, "%s", hint);
}

void aurora__connect_fail_for_memory(aurora__connect_t *job, const char *where)
{
  aurora__error_set(&job->error, UV_ENOMEM, AURORA_NOT_SENT, "cannot connect to %s: out of memory",
                    where);
  job->failure = AURORA__FAILED_FOR_NOW;
}

/* --- Late --------------------------------------------------------------------------------------- */

static void set_late(const aurora__connect_t *job, const char *where, const char *cause,
                     aurora_error_t *ret_error)
{
  aurora__error_set(ret_error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                    "cannot connect to %s: not connected within connect_timeout (%llu ms)%s", where,
                    (unsigned long long)job->config->connect_timeout, cause);
}

/* On what a connect has waited; "" where that is not known. */
static const char *what_was_awaited(const aurora__connect_t *job, const aurora__attempt_t *attempt)
{
  if (job->in_init_sql)
    return "; init_sql has not ended";
  if (job->logged_in)
    return "; the login was accepted, and what followed was not answered";
  if (!attempt || attempt->config->unix_socket)
    return "";
  if (attempt->greeting != AURORA__GREETING_NONE)
    return "; the server greets, and has not answered the TLS handshake or the login";
  if (attempt->connected)
    return "; something accepts the connection and sends no whole greeting: is that port a MySQL "
           "server's?";
  return "; nothing answers there: is the address right, and does a firewall let it through?";
}

void aurora__connect_fail_late(aurora__connect_t *job, const aurora__attempt_t *attempt,
                               const char *where)
{
  char held[96];

  /* More than half of the time: it is the cause, wherever the rest went. */
  snprintf(held, sizeof held, "; of these the credentials callback took %llu ms",
           (unsigned long long)job->credentials_ms);
  set_late(job, where,
           job->credentials_ms > job->config->connect_timeout / 2 ? held
                                                                  : what_was_awaited(job, attempt),
           &job->error);
  job->failure = AURORA__FAILED_FOR_NOW;
}

void aurora__connect_explain_abandoned(aurora__connect_t *job, aurora_error_t *ret_error)
{
  char where[AURORA__WHERE_SIZE];

  aurora__connect_describe(job->config, where, sizeof where);
  set_late(job, where,
           atomic_load(&job->in_credentials) ? "; the credentials callback has not returned" : "",
           ret_error);
}

/* --- Refused by us ------------------------------------------------------------------------------ */

/* libmariadb 3.3 compares the name by itself, and closes the session when it is another. */
static bool is_other_name(const aurora__connect_t *job, MYSQL *mysql)
{
  return job->config->ssl_mode == AURORA_SSL_VERIFY_IDENTITY &&
         mysql_errno(mysql) == CR_SSL_CONNECTION_ERROR &&
         strstr(mysql_error(mysql), "Validation of SSL server certificate failed");
}

/* Why libmariadb was kept from going on. False: it was not. */
static bool explain_refusal(aurora__connect_t *job, const aurora__attempt_t *attempt,
                            const char *where)
{
  aurora_error_t *error = &job->error;

  job->failure = AURORA__FAILED_FOR_GOOD;
  if (job->tls_missing || (attempt->greeting == AURORA__GREETING_PLAIN &&
                           aurora__requires_tls(job->config->ssl_mode))) {
    aurora__error_set(
        error, AURORA_ETLS, AURORA_NOT_SENT,
        "cannot connect to %s: ssl_mode requires TLS, and the server does not offer it", where);
    return true;
  }
  if (attempt->verdict[0] || job->wrong_name) {
    aurora__error_set(error, AURORA_ETLS, AURORA_NOT_SENT, "cannot connect to %s: %s", where,
                      attempt->verdict[0] ? attempt->verdict
                                          : "the server's certificate was not verified");
    return true;
  }
  if (is_other_name(job, attempt->mysql)) {
    aurora__error_set(error, AURORA_ETLS, AURORA_NOT_SENT,
                      "cannot connect to %s: the server's certificate is not for the host '%s'",
                      where, job->config->host);
    return true;
  }
  job->failure = AURORA__FAILED_FOR_NOW;
  if (attempt->greeting == AURORA__GREETING_FOREIGN) {
    aurora__error_set(error, AURORA_EPROTOCOL, AURORA_NOT_SENT,
                      "cannot connect to %s: no MySQL server answers there: %s", where,
                      aurora__greeting_describe(attempt->head, attempt->head_size));
    return true;
  }
  if (attempt->greeting == AURORA__GREETING_REFUSAL) {
    aurora__call_error_t refusal = aurora__error_of_packet(attempt->refusal);

    job->failure = aurora__connect_refused(&refusal, where, &job->error);
    return true;
  }
  if (attempt->greeting == AURORA__GREETING_PARTIAL && aurora__now_ns() < job->deadline) {
    aurora__error_set(&job->error, AURORA_ECONNECT, AURORA_NOT_SENT,
                      "cannot connect to %s: the connection was lost in the middle of the greeting",
                      where);
    return true;
  }
  if (attempt->greeting == AURORA__GREETING_EXCESS) {
    aurora__error_set(error, AURORA_EPROTOCOL, AURORA_NOT_SENT,
                      "cannot connect to %s: the server sent more than a greeting", where);
    return true;
  }
  return false;
}

/* --- Refused by the server ---------------------------------------------------------------------- */

/* Our own set-up, or init_sql: the login was good. */
static void explain_statement(aurora__connect_t *job, const aurora__call_error_t *refusal,
                              const char *where)
{
  aurora__error_set(&job->error, AURORA_ESERVER, AURORA_NOT_SENT,
                    "logged in to %s, but the server refuses %s: %s", where,
                    job->in_init_sql ? "init_sql" : "the session's set-up", refusal->message);
  aurora__tell_server_error(refusal, &job->error);
  job->error_quotes = true;
}

/* An account that wants TLS is refused with the words of a wrong password. */
static const char *hint_of_login(const aurora__connect_t *job, const aurora__attempt_t *attempt)
{
  unsigned number = job->error.server_errno;

  if (number != ER_ACCESS_DENIED_ERROR && number != AURORA__ER_SECURE_TRANSPORT_REQUIRED)
    return "";
  if (job->config->ssl_mode == AURORA_SSL_DISABLED)
    return number == ER_ACCESS_DENIED_ERROR
               ? " (ssl_mode is DISABLED: it may also be that the account requires TLS)"
               : " (ssl_mode is DISABLED)";
  if (attempt->greeting == AURORA__GREETING_PLAIN)
    return " (the server offers no TLS: it may also be that the account requires it)";
  return "";
}

/* The next credentials that a callback gives may be others: passwords rotate. */
static bool may_rotate(const aurora__connect_t *job)
{
  return job->config->credentials_cb &&
         (job->error.server_errno == ER_ACCESS_DENIED_ERROR ||
          job->error.server_errno == ER_ACCESS_DENIED_NO_PASSWORD_ERROR ||
          job->error.server_errno == ER_MUST_CHANGE_PASSWORD_LOGIN);
}

static void explain_answer(aurora__connect_t *job, const aurora__attempt_t *attempt,
                           const char *where)
{
  aurora__call_error_t call = aurora__call_error(attempt->mysql, NULL);

  if (job->logged_in && call.by_server) {
    explain_statement(job, &call, where);
    return;
  }
  if (!call.by_server && call.number == CR_SERVER_LOST && !job->config->unix_socket &&
      attempt->connected && attempt->greeting == AURORA__GREETING_NONE) {
    aurora__error_set(&job->error, AURORA_ECONNECT, AURORA_NOT_SENT,
                      "cannot connect to %s: the connection was closed before the server greeted: "
                      "is that port a MySQL server's, and is one behind it?",
                      where);
    return;
  }
  job->failure =
      aurora__connect_error(attempt->mysql, where, attempt->socket_errno,
                            aurora__checks_certificate(job->config->ssl_mode), &job->error);
  if (!call.by_server && job->in_init_sql)
    add(&job->error, " (while init_sql ran)");
  add(&job->error, hint_of_login(job, attempt));
  if (may_rotate(job))
    job->failure = AURORA__FAILED_FOR_NOW;
}

void aurora__connect_explain(aurora__connect_t *job, const aurora__attempt_t *attempt,
                             const char *where)
{
  MYSQL *mysql = attempt->mysql;

  job->failure = AURORA__FAILED_FOR_NOW;
  if (explain_refusal(job, attempt, where))
    return;
  if (job->no_memory) {
    aurora__connect_fail_for_memory(job, where);
    return;
  }
  if (job->out_of_step || (!mysql_errno(mysql) && aurora__has_leftover(mysql))) {
    aurora__error_set(&job->error, AURORA_EPROTOCOL, AURORA_NOT_SENT,
                      "cannot connect to %s: the server sent what nobody asked for", where);
    return;
  }
  if (aurora__now_ns() >= job->deadline && !aurora__call_error(mysql, NULL).by_server) {
    aurora__connect_fail_late(job, attempt, where);
    return;
  }
  if (attempt->greeting == AURORA__GREETING_NONE && aurora__now_ns() >= attempt->address_deadline) {
    aurora__error_set(&job->error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                      "cannot connect to %s: the server does not answer", where);
    return;
  }
  explain_answer(job, attempt, where);
}
