/*
 * What the errors of a connect mean to us, and which errors end a session.
 */
#ifndef AURORA_SESSION_CONNECT_ERROR_H
#define AURORA_SESSION_CONNECT_ERROR_H

#include <stdbool.h>

#include <mysql.h>

#include <aurora/error.h>

#include "session/call_error.h"
#include "session/failure.h"

/* MySQL's, which MariaDB's header does not name. */
enum { AURORA__ER_SECURE_TRANSPORT_REQUIRED = 3159 };

/* Why a connect failed. socket_errno: of the failed TCP connect, 0 if it is not known.
 * checks_certificate: what is said of the server's counts. */
aurora__failure_t aurora__connect_error(MYSQL *mysql, const char *where, int socket_errno,
                                        bool checks_certificate, aurora_error_t *ret_error);

/* The same, where the server has refused the connection with an error packet. */
aurora__failure_t aurora__connect_refused(const aurora__call_error_t *error, const char *where,
                                          aurora_error_t *ret_error);

/* Whether a server's certificate was refused for want of an authority that vouches for it: with other
 * authorities it might not have been. */
bool aurora__is_authority_error(const aurora_error_t *error);

/* Whether the server refused a write because it is a reader: after a fail-over, the old writer. */
bool aurora__is_read_only_error(const aurora_error_t *error);
/* Whether the server said that it had ended an idle session, before it saw the statement. */
bool aurora__is_idle_end_error(const aurora_error_t *error, MYSQL *mysql);

#endif
