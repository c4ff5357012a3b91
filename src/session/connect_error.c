/*
 * What the errors of a connect mean to us: a code of ours, and whether trying again can help; and which errors
 * end a session.
 */
#include "session/connect_error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>
#include <openssl/x509_vfy.h>
#include <uv.h>

#include "base/error.h"
#include "session/call_error.h"

/* MySQL's, which MariaDB's header does not name. */
enum {
  ERROR_ACCOUNT_LOCKED = 3118,            /* MySQL: ER_ACCOUNT_HAS_BEEN_LOCKED */
  ERROR_ACCOUNT_LOCKED_MARIADB = 4151,    /* MariaDB: ER_ACCOUNT_HAS_BEEN_LOCKED */
  ERROR_READ_ONLY_MODE = 1836,            /* MySQL: ER_READ_ONLY_MODE */
  ERROR_CLIENT_INTERACTION_TIMEOUT = 4031 /* MySQL 8.0.24: ER_CLIENT_INTERACTION_TIMEOUT */
};

enum { LAST_VERDICT = 100 }; /* OpenSSL 3.0's X509_V_ERR_* end below */

static aurora__failure_t server_refused(unsigned number, int *ret_code)
{
  switch (number) {
  case ER_ACCESS_DENIED_ERROR:
  case ER_DBACCESS_DENIED_ERROR:
  case ER_BAD_DB_ERROR:
  case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
  case ER_HOST_NOT_PRIVILEGED:
  case ER_NOT_SUPPORTED_AUTH_MODE:
  case ER_MUST_CHANGE_PASSWORD_LOGIN:
  case AURORA__ER_SECURE_TRANSPORT_REQUIRED:
  case ERROR_ACCOUNT_LOCKED:
  case ERROR_ACCOUNT_LOCKED_MARIADB:
    *ret_code = AURORA_EACCESS;
    return AURORA__FAILED_FOR_GOOD;
  }
  /* 1040 and 1203 (too many connections), 1053 (shutting down) and the like pass. */
  *ret_code = AURORA_ESERVER;
  return AURORA__FAILED_FOR_NOW;
}

/*
 * Of a handshake that fails once the certificate has come, whatever the cause, libmariadb tells what
 * OpenSSL thinks of that certificate. Without a CA nobody asked, and OpenSSL trusts none.
 */
static bool is_verdict(const char *message)
{
  long verdict;

  for (verdict = 1; verdict <= LAST_VERDICT; verdict++) {
    if (strstr(message, X509_verify_cert_error_string(verdict)))
      return true;
  }
  return false;
}

bool aurora__is_authority_error(const aurora_error_t *error)
{
  /* An authority that has expired is among them: there may be a new one of its name. */
  static const int verdicts[] = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
                                 X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                                 X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                                 X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                                 X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                                 X509_V_ERR_CERT_SIGNATURE_FAILURE,
                                 X509_V_ERR_CERT_HAS_EXPIRED,
                                 X509_V_ERR_CERT_UNTRUSTED,
                                 X509_V_ERR_SUBJECT_ISSUER_MISMATCH,
                                 X509_V_ERR_AKID_SKID_MISMATCH,
                                 X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH};
  size_t i;

  if (error->code != AURORA_ETLS)
    return false;
  for (i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
    if (strstr(error->message, X509_verify_cert_error_string(verdicts[i])))
      return true;
  }
  return false;
}

/* libmariadb has one number for all of TLS; only a verdict on the certificate, or a server without
 * TLS, will be the same the next time. */
static aurora__failure_t tls_failure(const char *message)
{
  static const char *const for_good[] = {"certificate", "verif",       "does not support",
                                         "hostname",    "private key", "PEM"};
  size_t i;

  for (i = 0; i < sizeof for_good / sizeof for_good[0]; i++) {
    if (strcasestr(message, for_good[i]))
      return AURORA__FAILED_FOR_GOOD;
  }
  return AURORA__FAILED_FOR_NOW;
}

/* libmariadb ends the message of a refused connect() with the errno in parentheses. It is that of the
 * refusal when it came at once (no such socket, no route), else EINPROGRESS. 0: none. */
static int errno_in_message(const char *message)
{
  const char *open = strrchr(message, '(');
  long number = open ? strtol(open + 1, NULL, 10) : 0;

  return number > 0 && number < 4096 && number != EINPROGRESS ? (int)number : 0;
}

aurora__failure_t aurora__connect_refused(const aurora__call_error_t *error, const char *where,
                                          aurora_error_t *ret_error)
{
  int code;
  aurora__failure_t failure = server_refused(error->number, &code);

  aurora__error_set(ret_error, code, AURORA_NOT_SENT, "%s refuses the connection: %s", where,
                    error->message);
  aurora__tell_server_error(error, ret_error);
  return failure;
}

aurora__failure_t aurora__connect_error(MYSQL *mysql, const char *where, int socket_errno,
                                        bool checks_certificate, aurora_error_t *ret_error)
{
  aurora__call_error_t error = aurora__call_error(mysql, NULL);
  const char *message = error.message;
  int code;

  if (error.by_server)
    return aurora__connect_refused(&error, where, ret_error);
  switch (error.number) {
  case CR_CONNECTION_ERROR:
  case CR_CONN_HOST_ERROR:
    if (!socket_errno)
      socket_errno = errno_in_message(message);
    if (socket_errno) {
      code = uv_translate_sys_error(socket_errno);
      aurora__error_set(ret_error, code, AURORA_NOT_SENT, "cannot connect to %s: %s", where,
                        uv_strerror(code));
      return AURORA__FAILED_FOR_NOW;
    }
    break;
  case CR_SSL_CONNECTION_ERROR:
    if (!checks_certificate && is_verdict(message))
      message = "the TLS handshake was not completed";
    aurora__error_set(ret_error, AURORA_ETLS, AURORA_NOT_SENT, "cannot connect to %s: %s", where,
                      message);
    return tls_failure(message);
  case CR_AUTH_PLUGIN_CANNOT_LOAD:
  case CR_AUTH_PLUGIN_ERR:
    aurora__error_set(ret_error, AURORA_EACCESS, AURORA_NOT_SENT, "cannot log in to %s: %s", where,
                      message);
    return AURORA__FAILED_FOR_GOOD;
  case CR_PLUGIN_NOT_ALLOWED: /* its message has a wrong name */
    aurora__error_set(ret_error, AURORA_EACCESS, AURORA_NOT_SENT,
                      "cannot log in to %s: the server asks for an authentication plugin that is "
                      "not allowed",
                      where);
    return AURORA__FAILED_FOR_GOOD;
  case CR_SERVER_LOST: /* its message has a left-over errno */
  case CR_SERVER_GONE_ERROR:
    aurora__error_set(ret_error, AURORA_ECONNECT, AURORA_NOT_SENT,
                      "cannot connect to %s: the connection was lost before the session was ready",
                      where);
    return AURORA__FAILED_FOR_NOW;
  case CR_MALFORMED_PACKET:
  case CR_COMMANDS_OUT_OF_SYNC:
    aurora__error_set(ret_error, AURORA_EPROTOCOL, AURORA_NOT_SENT, "cannot connect to %s: %s",
                      where, message);
    return AURORA__FAILED_FOR_NOW;
  case CR_OUT_OF_MEMORY:
    aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT, "cannot connect to %s: out of memory",
                      where);
    return AURORA__FAILED_FOR_NOW;
  }
  aurora__error_set(ret_error, AURORA_ECONNECT, AURORA_NOT_SENT, "cannot connect to %s: %s", where,
                    message);
  return AURORA__FAILED_FOR_NOW;
}

bool aurora__is_read_only_error(const aurora_error_t *error)
{
  /* 1290 stands for other options, too. */
  return aurora__error_is(error, ERROR_READ_ONLY_MODE) ||
         (aurora__error_is(error, ER_OPTION_PREVENTS_STATEMENT) &&
          strstr(error->message, "read-only") != NULL);
}

bool aurora__is_idle_end_error(const aurora_error_t *error, MYSQL *mysql)
{
  return aurora__error_is(error, ERROR_CLIENT_INTERACTION_TIMEOUT) && !mariadb_connection(mysql);
}
