/*
 * The error of a libmariadb call that has failed: whose it is, and what it means.
 */
#ifndef AURORA_SESSION_CALL_ERROR_H
#define AURORA_SESSION_CALL_ERROR_H

#include <stdbool.h>

#include <mysql.h>

#include <aurora/error.h>

typedef struct {
  bool by_server;      /* the server sent it; else libmariadb made it up (CR_*) */
  unsigned number;     /* 0: there is none */
  char sqlstate[6];    /* NUL-terminated */
  const char *message; /* libmariadb's memory, until the next call; or the packet's */
} aurora__call_error_t;

/* The error that the last call on a connection has left, or on one of its statements (NULL: none was concerned).
 * Of a result's middle, and of long data, the connection alone knows it. */
aurora__call_error_t aurora__call_error(MYSQL *mysql, MYSQL_STMT *handle);

/* The error of the server's that an error packet holds. Its payload, NUL-terminated, has 3 bytes at least, and its
 * message stays in there. */
aurora__call_error_t aurora__error_of_packet(const char *payload);

/*
 * Whether a number of the server's with this SQLSTATE is the error `wanted` (ER_*). A procedure or trigger may SIGNAL
 * any number with a SQLSTATE of its own, '45000' as a rule: that is the application's error, and means nothing to us. Signalled with
 * the server's SQLSTATE too, it cannot be told from the server's.
 */
bool aurora__is_error(unsigned number, const char *sqlstate, unsigned wanted);

static inline bool aurora__call_error_is(const aurora__call_error_t *error, unsigned wanted)
{
  return error->by_server && aurora__is_error(error->number, error->sqlstate, wanted);
}

static inline bool aurora__error_is(const aurora_error_t *error, unsigned wanted)
{
  return aurora__is_error(error->server_errno, error->sqlstate, wanted);
}

/* Whether the session goes on after a statement has failed so. */
bool aurora__session_survives(const aurora__call_error_t *error);

/* Adds the server's number and SQLSTATE to what the caller gets. */
void aurora__tell_server_error(const aurora__call_error_t *error, aurora_error_t *ret_error);

/* What it means for a query. */
void aurora__query_error(const aurora__call_error_t *error, aurora_error_t *ret_error);

#endif
