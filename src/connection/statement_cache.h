/*
 * The prepared statements of one connection: found by their text, the least recently used one goes
 * first. A statement lives on the server's side of one session: a reset kills them all.
 *
 * What a statement means is settled when it is prepared: names by the session's database, its text by sql_mode,
 * its literals by the session's character sets. So each is of one generation of the session, and none of an
 * earlier generation is executed.
 *
 * MySQL settles the types of the parameters too, by those of the first execution, and casts later values to them.
 * There the types are part of what a statement is found by. NULL is a type of its own: in COALESCE(?, 5) it is
 * none of the others.
 */
#ifndef AURORA_CONNECTION_STATEMENT_CACHE_H
#define AURORA_CONNECTION_STATEMENT_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include <mysql.h>

#include <aurora/value.h>

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
  unsigned generation; /* of the session, when it was prepared */
  size_t types;        /* how many are behind the text; 0: it is for all */
  size_t size;
  char sql[]; /* size bytes and a NUL, then the types of the parameters, a byte each */
} aurora__statement_t;

/* What a statement is found by. */
typedef struct {
  const char *sql; /* size bytes and a NUL */
  size_t size;
  aurora_params_t params; /* of which the types are looked at, if by_type */
} aurora__statement_key_t;

typedef struct {
  aurora__statement_t *by_text; /* hash table */
  aurora__list_t by_use;        /* the last used first */
  unsigned count;
  unsigned generation; /* of the session: see aurora__statements_outdate */
  bool by_type;        /* the server keeps the types of the first execution */
} aurora__statements_t;

void aurora__statements_init(aurora__statements_t *statements);

/* The statement, now the last used; or NULL. It may be outdated. */
aurora__statement_t *aurora__statements_find(aurora__statements_t *statements,
                                             const aurora__statement_key_t *key);

/* The least recently used one, left in place; NULL when there is none. */
aurora__statement_t *aurora__statements_oldest(const aurora__statements_t *statements);

/* The one that has to go before another one of this text comes in; NULL: none. `room` statements are kept. Of those that
 * have one text and differ in their types, a quarter of it: the oldest of them goes, and other texts stay. */
aurora__statement_t *aurora__statements_surplus(const aurora__statements_t *statements,
                                                const aurora__statement_key_t *key, unsigned room);

/* What the session's statements depend on may have changed: none that is there is to be executed again. */
static inline void aurora__statements_outdate(aurora__statements_t *statements)
{
  statements->generation++;
}

static inline bool aurora__statement_is_outdated(const aurora__statements_t *statements,
                                                 const aurora__statement_t *statement)
{
  return statement->generation != statements->generation;
}

/* A statement that is in no cache yet, not prepared. NULL when memory is out. */
aurora__statement_t *aurora__statement_new(const aurora__statements_t *statements, MYSQL *mysql,
                                           const aurora__statement_key_t *key);

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
