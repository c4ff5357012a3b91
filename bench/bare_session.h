/*
 * What the two baselines share: connecting, preparing and binding, counting rows. Everything here
 * blocks and happens outside of what is measured, but the counting.
 */
#ifndef BENCH_BARE_SESSION_H
#define BENCH_BARE_SESSION_H

#include <mysql.h>

#include "bare.h"

enum { BARE_MAX_COLUMNS = 32, BARE_MAX_TEXT = 1024 };

/* Where the columns of a prepared statement's rows go. */
typedef struct {
  MYSQL_BIND binds[BARE_MAX_COLUMNS];
  unsigned long lengths[BARE_MAX_COLUMNS];
  char texts[BARE_MAX_COLUMNS][BARE_MAX_TEXT];
} bare_columns_t;

/* One connection with at most one prepared statement. It must not move in memory: the statement's
 * parameter points into it. */
typedef struct {
  MYSQL *mysql;
  MYSQL_STMT *prepared; /* NULL: none */
  unsigned columns;     /* of the prepared statement */
  long long key;
  MYSQL_BIND parameter;
  bare_columns_t *results; /* NULL: no columns. Its own, for it is larger than all the rest */
} bare_session_t;

/* All return 0, or -1 with *ret_error filled in. */
int bare_session_open(bare_session_t *session, const bare_target_t *target, bool nonblocking,
                      bare_error_t *ret_error);
/* Prepares statement->sql and binds its parameter and columns; a text statement needs nothing. */
int bare_session_prepare(bare_session_t *session, const bare_statement_t *statement,
                         bare_error_t *ret_error);
/* Blocking, when the session has a prepared statement. */
void bare_session_unprepare(bare_session_t *session);
void bare_session_close(bare_session_t *session);

/* Fills in *ret_error from the connection or, when not NULL, the statement. Returns -1. */
int bare_session_failed(bare_session_t *session, MYSQL_STMT *statement, const char *what,
                        bare_error_t *ret_error);

/* Counts the row of a text result that was just fetched. */
void bare_session_count_text(MYSQL_RES *result, bare_totals_t *totals);
/* Counts the prepared statement's row that was just fetched. */
void bare_session_count_row(const bare_session_t *session, bare_totals_t *totals);

#endif
