/*
 * The prepared statements of one connection: found by their text, the least recently used one goes
 * first. A statement lives on the server's side of one session: a reset kills them all.
 */
#ifndef AURORA_CONNECTION_STATEMENT_CACHE_H
#define AURORA_CONNECTION_STATEMENT_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include <mysql.h>

#include "base/hash.h"
#include "base/list.h"
#include "result/columns.h"

typedef struct aurora__statement {
  MYSQL_STMT *handle;
  aurora__columns_t *columns; /* of its results; NULL before the first execution with rows */
  unsigned char *description; /* of columns, in the server's words (answer.h); NULL: not known */
  size_t description_size;
  MYSQL_BIND *cells; /* our room for a handle whose columns have changed, or NULL */
  bool cached;       /* in a connection's cache */
  bool executed;     /* or was to be */
  bool plain;        /* it was executed, and gave one result or none: see execution.c */
  UT_hash_handle hash;
  aurora__list_t node; /* in statements.by_use */
  size_t size;
  char sql[]; /* size bytes and a NUL */
} aurora__statement_t;

typedef struct {
  aurora__statement_t *by_text; /* hash table */
  aurora__list_t by_use;        /* the last used first */
  unsigned count;
} aurora__statements_t;

void aurora__statements_init(aurora__statements_t *statements);

/* The statement with this text, now the last used; or NULL. */
aurora__statement_t *aurora__statements_find(aurora__statements_t *statements, const char *sql,
                                             size_t size);

/* The least recently used one, left in place; NULL when there is none. */
aurora__statement_t *aurora__statements_oldest(const aurora__statements_t *statements);

/* A statement that is in no cache yet, not prepared. NULL when memory is out. */
aurora__statement_t *aurora__statement_new(MYSQL *mysql, const char *sql, size_t size);

/* Puts a prepared statement in. False when memory is out: it then stays outside. */
bool aurora__statements_add(aurora__statements_t *statements, aurora__statement_t *statement);
void aurora__statements_remove(aurora__statements_t *statements, aurora__statement_t *statement);

/* Frees a statement that is in no cache. Its handle is closed only if nothing is to be sent for that: it
 * was never prepared, or its session is gone (mysql_close, mysql_reset_connection). Otherwise the
 * caller closes the handle before and sets it to NULL. */
void aurora__statement_free(aurora__statement_t *statement);

/* Forgets all of them; the session on the server is gone or was reset, so nothing is sent. */
void aurora__statements_clear(aurora__statements_t *statements);

#endif
