/*
 * The first word is enough: a server that is asked for one statement executes no second one.
 */
#include "sql/context.h"

#include <string.h>

static const char *const keep[] = {"SELECT", "INSERT", "UPDATE", "DELETE",   "REPLACE",
                                   "WITH",   "VALUES", "SHOW",   "EXPLAIN",  "DESC",
                                   "DO",     "CALL",   "TABLE",  "DESCRIBE", "("};
static const char *const transactions[] = {"COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "START"};
static const char *const dynamic[] = {"EXECUTE", "PREPARE"};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The length of the word that the text begins with. */
static size_t word_size(const char *sql)
{
  size_t size = 0;

  while (is_letter(sql[size]))
    size++;
  return size;
}

static bool is_one_of(const char *sql, size_t size, const char *const *words, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (strlen(words[i]) == size && strncasecmp(sql, words[i], size) == 0)
      return true;
  return false;
}

/* BEGIN or BEGIN WORK, and not a block of statements. */
static bool begins_transaction(const char *sql)
{
  if (strncasecmp(sql, "BEGIN", 5) != 0)
    return false;
  for (sql += 5; is_blank(*sql); sql++)
    ;
  if (strncasecmp(sql, "WORK", 4) == 0)
    sql += 4;
  while (is_blank(*sql) || *sql == ';')
    sql++;
  return *sql == '\0';
}

void aurora__sql_judge_context(const char *sql, aurora__verdict_t *verdict)
{
  size_t size;

  while (is_blank(*sql))
    sql++;
  size = *sql == '(' ? 1 : word_size(sql);
  verdict->controls_transaction =
      is_one_of(sql, size, transactions, COUNT_OF(transactions)) || begins_transaction(sql);
  verdict->changes_context =
      !verdict->controls_transaction && !is_one_of(sql, size, keep, COUNT_OF(keep));
  verdict->may_end_tracking =
      is_one_of(sql, size, dynamic, COUNT_OF(dynamic)) || strcasestr(sql, "session_track") != NULL;
}
