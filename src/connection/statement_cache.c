/*
 * The prepared statements of one connection. uthash (BSD) finds them by text and, where the server needs it, types; a
 * list keeps the order of their use. The statement owns its handle and its column descriptions.
 *
 * The types go into the hash only: what it finds has the text, and its types are compared then. Should two
 * statements of one text have one hash, one of them is not found, and prepared again each time.
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
  statements->generation = 0;
  statements->by_type = false;
}

static bool has_text(const aurora__statement_t *statement, const aurora__statement_key_t *key)
{
  return statement->size == key->size && memcmp(statement->sql, key->sql, key->size) == 0;
}

static unsigned char *types_of(aurora__statement_t *statement)
{
  return (unsigned char *)statement->sql + statement->size + 1;
}

/* Of a server that keeps them. */
static bool has_types(aurora__statement_t *statement, aurora_params_t params)
{
  const unsigned char *types = types_of(statement);

  if (statement->types != params.count)
    return false;
  for (size_t i = 0; i < params.count; i++) {
    if (types[i] != (unsigned char)params.values[i].type)
      return false;
  }
  return true;
}

/* FNV-1a, from the hash of the text on. */
static unsigned add_type(unsigned hash, unsigned type)
{
  return (hash ^ type) * 16777619u;
}

static aurora__statement_t *look_up(aurora__statements_t *statements,
                                    const aurora__statement_key_t *key)
{
  aurora__statement_t *statement;
  unsigned hash;

  HASH_VALUE(key->sql, key->size, hash);
  for (size_t i = 0; statements->by_type && i < key->params.count; i++)
    hash = add_type(hash, key->params.values[i].type);
  HASH_FIND_BYHASHVALUE(hash, statements->by_text, key->sql, key->size, hash, statement);
  if (statement && statements->by_type && !has_types(statement, key->params))
    return NULL;
  return statement;
}

aurora__statement_t *aurora__statements_find(aurora__statements_t *statements,
                                             const aurora__statement_key_t *key)
{
  aurora__statement_t *statement;
  aurora__list_t *last_used = aurora__list_first(&statements->by_use);

  if (!last_used)
    return NULL;
  /* The statement of the last time is the likeliest. */
  statement = aurora__container_of(last_used, aurora__statement_t, node);
  if (has_text(statement, key) && (!statements->by_type || has_types(statement, key->params)))
    return statement;
  statement = look_up(statements, key);
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

aurora__statement_t *aurora__statements_surplus(const aurora__statements_t *statements,
                                                const aurora__statement_key_t *key, unsigned room)
{
  aurora__statement_t *oldest = NULL;
  unsigned count = 0;

  if (statements->by_type) {
    for (aurora__list_t *node = statements->by_use.next; node != &statements->by_use;
         node = node->next) {
      aurora__statement_t *statement = aurora__container_of(node, aurora__statement_t, node);

      if (has_text(statement, key)) {
        oldest = statement;
        count++;
      }
    }
    if (oldest && count >= (room < 4 ? 1 : room / 4))
      return oldest;
  }
  return statements->count >= room ? aurora__statements_oldest(statements) : NULL;
}

aurora__statement_t *aurora__statement_new(const aurora__statements_t *statements, MYSQL *mysql,
                                           const aurora__statement_key_t *key)
{
  size_t types = statements->by_type ? key->params.count : 0;
  aurora__statement_t *statement = aurora__calloc(1, sizeof *statement + key->size + 1 + types);

  if (!statement)
    return NULL;
  memcpy(statement->sql, key->sql, key->size);
  statement->size = key->size;
  statement->types = types;
  for (size_t i = 0; i < types; i++)
    types_of(statement)[i] = (unsigned char)key->params.values[i].type;
  statement->generation = statements->generation;
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
  unsigned hash;

  statement->cached = true;
  HASH_VALUE(statement->sql, statement->size, hash);
  for (size_t i = 0; i < statement->types; i++)
    hash = add_type(hash, types_of(statement)[i]);
  HASH_ADD_KEYPTR_BYHASHVALUE(hash, statements->by_text, statement->sql, statement->size, hash,
                              statement);
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
