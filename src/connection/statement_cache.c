/*
 * The prepared statements of one connection. uthash (BSD) finds them by text; a list keeps the order
 * of their use. The statement owns its handle and its column descriptions.
 */
#include "connection/statement_cache.h"

#include <string.h>

#include "base/alloc.h"

/* What uthash does when memory is out: the statement stays outside of the table. */
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(statement) ((statement)->cached = false)

void aurora__statements_init(aurora__statements_t *statements)
{
  statements->by_text = NULL;
  aurora__list_init(&statements->by_use);
  statements->count = 0;
}

aurora__statement_t *aurora__statements_find(aurora__statements_t *statements, const char *sql,
                                             size_t size)
{
  aurora__statement_t *statement;
  aurora__list_t *last_used = aurora__list_first(&statements->by_use);

  if (!last_used)
    return NULL;
  /* The statement of the last time is the likeliest. */
  statement = aurora__container_of(last_used, aurora__statement_t, node);
  if (statement->size == size && memcmp(statement->sql, sql, size) == 0)
    return statement;
  HASH_FIND(hash, statements->by_text, sql, size, statement);
  if (statement) {
    aurora__list_remove(&statement->node);
    aurora__list_push_front(&statements->by_use, &statement->node);
  }
  return statement;
}

aurora__statement_t *aurora__statements_oldest(const aurora__statements_t *statements)
{
  if (aurora__list_empty(&statements->by_use))
    return NULL;
  return aurora__container_of(statements->by_use.prev, aurora__statement_t, node);
}

aurora__statement_t *aurora__statement_new(MYSQL *mysql, const char *sql, size_t size)
{
  aurora__statement_t *statement = aurora__calloc(1, sizeof *statement + size + 1);

  if (!statement)
    return NULL;
  memcpy(statement->sql, sql, size);
  statement->size = size;
  aurora__list_init(&statement->node);
  statement->handle = mysql_stmt_init(mysql);
  if (!statement->handle) {
    aurora__free(statement);
    return NULL;
  }
  return statement;
}

bool aurora__statements_add(aurora__statements_t *statements, aurora__statement_t *statement)
{
  statement->cached = true;
  HASH_ADD_KEYPTR(hash, statements->by_text, statement->sql, statement->size, statement);
  if (!statement->cached)
    return false;
  aurora__list_push_front(&statements->by_use, &statement->node);
  statements->count++;
  return true;
}

void aurora__statements_remove(aurora__statements_t *statements, aurora__statement_t *statement)
{
  HASH_DELETE(hash, statements->by_text, statement);
  aurora__list_remove(&statement->node);
  statement->cached = false;
  statements->count--;
}

void aurora__statement_free(aurora__statement_t *statement)
{
  if (statement->handle)
    mysql_stmt_close(statement->handle);
  aurora__columns_unref(statement->columns);
  aurora__free(statement->description);
  aurora__free(statement->cells);
  aurora__free(statement);
}

void aurora__statements_clear(aurora__statements_t *statements)
{
  aurora__statement_t *statement;

  while ((statement = aurora__statements_oldest(statements)) != NULL) {
    aurora__statements_remove(statements, statement);
    aurora__statement_free(statement);
  }
}
