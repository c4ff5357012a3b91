/*
 * What libmariadb's errors mean to us.
 */
#ifndef AURORA_CONNECTION_CONNECT_ERROR_H
#define AURORA_CONNECTION_CONNECT_ERROR_H

#include <stdbool.h>

#include <mysql.h>

#include <aurora/error.h>

#include "pool/scheduler.h"

/* True for a number that the server sent, false for one that libmariadb made up (CR_*). */
bool aurora__is_server_errno(unsigned number);

/* Why a connect failed. socket_errno: of the failed TCP connect, 0 if it is not known. */
aurora__failure_t aurora__connect_error(MYSQL *mysql, const char *where, int socket_errno,
                                        aurora_error_t *ret_error);

/* Why a query failed: number, sqlstate and message as of mysql or of a statement. */
void aurora__query_error(unsigned number, const char *sqlstate, const char *message,
                         aurora_error_t *ret_error);

#endif
