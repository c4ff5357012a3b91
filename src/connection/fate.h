/*
 * What has become of a lease's transaction after an error: whether the server has rolled it back, or ended it
 * otherwise, and what may follow.
 *
 * An error packet has no status. After an error that may have ended the transaction the next statement waits
 * for one that does nothing, whose answer has it. All other errors, a duplicate key for one, cost nothing.
 */
#ifndef AURORA_CONNECTION_FATE_H
#define AURORA_CONNECTION_FATE_H

#include <stdbool.h>

#include <aurora/error.h>
#include <aurora/query.h>

typedef enum {
  AURORA__FATE_GOOD,
  AURORA__FATE_IN_DOUBT,    /* the next statement waits until it is known */
  AURORA__FATE_ROLLED_BACK, /* what follows would be committed by itself: it is refused */
  AURORA__FATE_ENDED        /* the same; maybe it was committed */
} aurora__fate_t;

/* What a statement is to a transaction, by its first words. */
typedef enum {
  AURORA__STATEMENT_PLAIN, /* reads or writes rows: ends a transaction only where its error says so */
  AURORA__STATEMENT_COMMIT, /* by that word */
  AURORA__STATEMENT_BEGINS, /* what it leaves behind is a new transaction, or none: ROLLBACK, BEGIN, XA */
  AURORA__STATEMENT_OTHER /* may end it unseen: CALL, CREATE TABLE, what is not known */
} aurora__statement_kind_t;

/* sql is NUL-terminated. */
aurora__statement_kind_t aurora__statement_kind(const char *sql);

/* Whether the server rolls the whole transaction back with this error, always or as it is configured. */
bool aurora__error_may_roll_back(unsigned number, const char *sqlstate);

/* Whether it says that another transaction has changed a row under this one's snapshot
 * (innodb_snapshot_isolation). */
bool aurora__error_is_conflict(const aurora_error_t *error);

/* The server has answered the query in hand with this error. */
void aurora__fate_note_error(aurora_connection_t *connection, const aurora_error_t *error);
/* It has answered something without an error: the status is of now. */
void aurora__fate_look(aurora_connection_t *connection);
/* The query in hand has succeeded. Tells the log of a transaction that ended with it. */
void aurora__fate_look_after_success(aurora_connection_t *connection, const aurora_query_t *query);
/* Why a statement is refused: FATE_ROLLED_BACK or FATE_ENDED. */
void aurora__fate_error(const aurora_connection_t *connection, aurora_error_t *ret_error);

#endif
