/*
 * Which statements and which errors may end a transaction, and whether they did (fate.h).
 *
 * The errors are those after which a storage engine or the server marks the whole transaction to be rolled
 * back: InnoDB for a deadlock, a change under its snapshot, a full lock table, and for a lock wait with
 * innodb_rollback_on_timeout; Galera and group replication when another node was first; NDB for what it calls
 * temporary. The servers do not tell more of it than the number.
 */
#include "connection/fate.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <mysqld_error.h>

#include "base/error.h"
#include "base/log.h"
#include "batch/batch.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"

enum {
  WORD_SIZE = 16,
  /* MySQL's only. */
  ERROR_RUN_HOOK = 3100,
  ERROR_ROLLED_BACK_DURING_COMMIT = 3101
};

bool aurora__error_may_roll_back(unsigned number, const char *sqlstate)
{
  switch (number) {
  case ER_LOCK_DEADLOCK:
  case ER_LOCK_WAIT_TIMEOUT:
  case ER_CHECKREAD:
  case ER_LOCK_TABLE_FULL:
  case ER_ERROR_DURING_COMMIT:
  case ER_ERROR_DURING_ROLLBACK:
  case ER_TRANS_CACHE_FULL:
  case ER_GET_ERRMSG:
  case ER_GET_TEMPORARY_ERRMSG:
  case ER_QUERY_INTERRUPTED:
  case ER_UNKNOWN_COM_ERROR: /* Galera: not ready */
  case ERROR_RUN_HOOK:
  case ERROR_ROLLED_BACK_DURING_COMMIT:
    return true;
  }
  return strncmp(sqlstate, "40", 2) == 0; /* "transaction rollback" */
}

bool aurora__error_is_conflict(const aurora_error_t *error)
{
  return error->server_errno == ER_CHECKREAD && strcmp(error->sqlstate, "HY000") == 0;
}

/* --- Statements --------------------------------------------------------------------------------- */

/* Passes blanks, opening brackets and comments that are none but comments. */
static const char *skip_blanks(const char *at)
{
  const char *end;

  for (;;) {
    at += strspn(at, " \t\r\n\f\v(");
    if (at[0] != '/' || at[1] != '*' || at[2] == '!' || at[2] == 'M')
      return at;
    end = strstr(at + 2, "*/");
    if (!end)
      return at;
    at = end + 2;
  }
}

/* The next word, cut to its room; what is none gives "". Returns where it ends. */
static const char *next_word(const char *at, char word[WORD_SIZE])
{
  size_t size = 0;

  at = skip_blanks(at);
  while ((at[size] >= 'a' && at[size] <= 'z') || (at[size] >= 'A' && at[size] <= 'Z'))
    size++;
  memcpy(word, at, size < WORD_SIZE ? size : WORD_SIZE - 1);
  word[size < WORD_SIZE ? size : WORD_SIZE - 1] = '\0';
  return at + size;
}

static bool is_plain(const char *word)
{
  static const char *const words[] = {"SELECT",  "INSERT",    "UPDATE",  "DELETE",  "REPLACE",
                                      "WITH",    "VALUES",    "SET",     "SHOW",    "DO",
                                      "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK"};
  size_t i;

  for (i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcasecmp(word, words[i]) == 0)
      return true;
  }
  return false;
}

aurora__statement_kind_t aurora__statement_kind(const char *sql)
{
  char word[WORD_SIZE], second[WORD_SIZE];
  const char *rest = next_word(sql, word);

  rest = next_word(rest, second);
  if (strcasecmp(word, "COMMIT") == 0)
    return AURORA__STATEMENT_COMMIT;
  if (strcasecmp(word, "XA") == 0) /* the server knows which of them may follow */
    return AURORA__STATEMENT_BEGINS;
  if (strcasecmp(word, "START") == 0 && strcasecmp(second, "TRANSACTION") == 0)
    return AURORA__STATEMENT_BEGINS;
  if (strcasecmp(word, "BEGIN") == 0 && strcasecmp(second, "NOT") != 0) /* a compound statement */
    return AURORA__STATEMENT_BEGINS;
  if (strcasecmp(word, "ROLLBACK") == 0) {
    if (strcasecmp(second, "WORK") == 0)
      next_word(rest, second);
    if (strcasecmp(second, "TO") != 0)
      return AURORA__STATEMENT_BEGINS;
  }
  return is_plain(word) ? AURORA__STATEMENT_PLAIN : AURORA__STATEMENT_OTHER;
}

/* --- On a lease --------------------------------------------------------------------------------- */

/* As far as the last answer without an error tells. */
static bool is_in_transaction(const aurora_connection_t *connection)
{
  return connection->in_transaction ||
         (aurora__server_status(connection->mysql) & SERVER_STATUS_IN_TRANS) != 0;
}

void aurora__fate_note_error(aurora_connection_t *connection, const aurora_error_t *error)
{
  const aurora_query_t *query = connection->memory;
  bool may_be_undone = aurora__error_may_roll_back(error->server_errno, error->sqlstate);

  if (!connection->on_lease || !query || !is_in_transaction(connection))
    return;
  /* A batch rolls its own transaction back. */
  if (query->batch && !query->batch->in_savepoint)
    return;
  if (!may_be_undone && (!connection->sent || aurora__statement_kind(aurora__query_sql(query)) !=
                                                  AURORA__STATEMENT_OTHER))
    return;
  connection->fate = AURORA__FATE_IN_DOUBT;
  connection->fate_errno = error->server_errno;
  connection->fate_rolled_back = may_be_undone;
}

void aurora__fate_look(aurora_connection_t *connection)
{
  if (connection->fate != AURORA__FATE_IN_DOUBT)
    return;
  if (aurora__server_status(connection->mysql) & SERVER_STATUS_IN_TRANS)
    connection->fate = AURORA__FATE_GOOD;
  else
    connection->fate = connection->fate_rolled_back ? AURORA__FATE_ROLLED_BACK : AURORA__FATE_ENDED;
}

void aurora__fate_look_after_success(aurora_connection_t *connection, const aurora_query_t *query)
{
  if (aurora__server_status(connection->mysql) & SERVER_STATUS_IN_TRANS)
    return;
  connection->in_transaction = false;
  switch (aurora__statement_kind(aurora__query_sql(query))) {
  case AURORA__STATEMENT_COMMIT:
  case AURORA__STATEMENT_BEGINS:
    return;
  case AURORA__STATEMENT_PLAIN:
  case AURORA__STATEMENT_OTHER:
    break;
  }
  aurora__log(&connection->pool->config, AURORA_LOG_WARN, "transaction ended by a statement",
              AURORA__LOG_FIELDS(aurora__log_int("connectionId", (int64_t)connection->server_id),
                                 aurora__log_string("holder", connection->label)));
}

void aurora__fate_error(const aurora_connection_t *connection, aurora_error_t *ret_error)
{
  if (connection->fate == AURORA__FATE_ROLLED_BACK)
    aurora__error_set(ret_error, AURORA_EDEADLOCK, AURORA_NOT_SENT,
                      "the server has rolled this transaction back (error %u); only a ROLLBACK, or "
                      "a new transaction, can follow",
                      connection->fate_errno);
  else
    aurora__error_set(
        ret_error, AURORA_ENOTRANSACTION, AURORA_NOT_SENT,
        "this transaction has ended on the server with a statement that failed (error "
        "%u): what came before may have been committed; only a ROLLBACK, or a new "
        "transaction, can follow",
        connection->fate_errno);
}
