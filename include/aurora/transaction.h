/*
 * Transactions: several statements in one session that happen together or not at all.
 *
 * With some errors the server rolls the whole transaction back: a deadlock (1213, AURORA_EDEADLOCK), a row
 * that another transaction has changed (1020, AURORA_ESERVER, with MariaDB's innodb_snapshot_isolation), a
 * lock wait that took too long (1205, AURORA_ELOCKTIMEOUT) where innodb_rollback_on_timeout is on (else it
 * has undone its statement only: roll back, or try the statement again), and some rarer ones. Statements
 * that follow would be committed one by one, and the commit would succeed. So after such an error the
 * server is asked before the next statement whether the transaction is still open, which takes a round
 * trip; if it is not, all that follows is refused with AURORA_EDEADLOCK, outcome AURORA_NOT_SENT, the commit
 * too. The server is also asked after a statement that failed and is none that only reads or writes rows: a
 * procedure may have rolled back in its handler, and CREATE TABLE has committed before it failed. Then what
 * follows is refused with AURORA_ENOTRANSACTION. A ROLLBACK, or a statement that begins a transaction, sets
 * that right. The same holds on a lease for a transaction that was begun by text (BEGIN, START TRANSACTION,
 * or any statement after SET autocommit = 0).
 *
 * A statement that succeeds and ends the transaction by the way (CREATE TABLE and its like commit; a
 * procedure may do either) is taken for its holder's wish: what follows is committed one by one, and the
 * commit has nothing left to do. For transactions of aurora_pool_begin and aurora_pool_transact it is
 * logged ("transaction ended by a statement").
 */
#ifndef AURORA_TRANSACTION_H
#define AURORA_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include <aurora/connection.h>
#include <aurora/error.h>
#include <aurora/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  AURORA_ISOLATION_DEFAULT, /* the session's: REPEATABLE READ unless the server or init_sql says else */
  AURORA_READ_UNCOMMITTED,
  AURORA_READ_COMMITTED,
  AURORA_REPEATABLE_READ,
  AURORA_SERIALIZABLE
} aurora_isolation_t;

/* Zeros: the defaults. */
typedef struct {
  aurora_isolation_t isolation; /* of this transaction only */
  bool read_only;               /* START TRANSACTION READ ONLY */
  bool consistent_snapshot;     /* WITH CONSISTENT SNAPSHOT: reads see the database as it is now */
  uint64_t acquire_timeout_ms;  /* 0: the pool's; waiting for a connection */
  const char *label;            /* as aurora_acquire_options_t's; copied */
  unsigned attempts;            /* aurora_pool_transact: at most so many, 1 to 100; 0: 3 */
} aurora_transaction_options_t;

/*
 * Acquires a connection and starts a transaction on it. cb gets the connection, to be given back by
 * aurora_connection_commit or aurora_connection_rollback (or aurora_connection_release, which rolls
 * back). options may be NULL. Refused with UV_EINVAL (NULL pool or cb, an unknown isolation level),
 * AURORA_ECLOSED, AURORA_EQUEUEFULL, UV_ENOMEM; the callback's errors are those of a query.
 */
AURORA_API int aurora_pool_begin(aurora_pool_t *pool, const aurora_transaction_options_t *options,
                                 aurora_connection_cb cb, void *data);

/*
 * Ends the transaction after the statements that are queued before, and hands the connection back: it
 * must not be used after a call that returned 0. A statement that failed before does not stop a commit
 * (only one that has ended the transaction does, see above): to have all or nothing, commit in the callback of the last statement.
 *
 * An error with outcome AURORA_UNKNOWN (the connection was lost, or the time-out passed, while the
 * commit was on its way) means that the transaction may have been committed; any other, that it was
 * not. cb may be NULL. UV_EINVAL, UV_ENOMEM: nothing happened, and the connection is still the
 * caller's.
 */
AURORA_API int aurora_connection_commit(aurora_connection_t *connection, aurora_done_cb cb,
                                        void *data);
AURORA_API int aurora_connection_rollback(aurora_connection_t *connection, aurora_done_cb cb,
                                          void *data);

/* Sets a savepoint, or undoes what came after one and keeps it. name: 1 to 64 characters of UTF-8; it
 * is quoted. Without a transaction the server lets a savepoint pass, and knows nothing of it
 * afterwards. cb may be NULL. UV_EINVAL, UV_ENOMEM. */
AURORA_API int aurora_connection_savepoint(aurora_connection_t *connection, const char *name,
                                           aurora_done_cb cb, void *data);
AURORA_API int aurora_connection_rollback_to(aurora_connection_t *connection, const char *name,
                                             aurora_done_cb cb, void *data);

/* A transaction that is run again. Valid from the body's call to aurora_transaction_finish. */
typedef struct aurora_transaction aurora_transaction_t;

/* The body: makes its statements on the connection, and calls aurora_transaction_finish once, now or
 * from a later callback. It must not commit, roll back or release. It is called again, with a new
 * transaction, after a deadlock: what it did outside the database must bear that. */
typedef void (*aurora_transaction_cb)(aurora_transaction_t *transaction,
                                      aurora_connection_t *connection, void *data);

/*
 * Runs a whole transaction, and again from the start when the server ended it for a deadlock (1213), a
 * lock wait (1205) or a conflict (1020): at most options->attempts times, with a pause of 10 ms, doubled
 * each time, up to 1 s, of which a random part is waited. What commits by the way (CREATE TABLE, a
 * procedure) has no place in it: it would be done again. cb gets NULL after a commit, else the last error; its outcome
 * AURORA_UNKNOWN says that the commit may have happened: that is never run again.
 * Both callbacks get data. Refused as aurora_pool_begin.
 */
AURORA_API int aurora_pool_transact(aurora_pool_t *pool,
                                    const aurora_transaction_options_t *options,
                                    aurora_transaction_cb body, aurora_done_cb cb, void *data);

/*
 * The body's end. error NULL: commit. Else roll back for that error (copied): AURORA_EDEADLOCK,
 * AURORA_ELOCKTIMEOUT and server error 1020 run the body again, any other goes to the callback. For a
 * call that was refused, or a reason of the program's own, make one: aurora_error_t error = {.code = code}.
 * After the pool's close callback it must not be called any more: cb has been told AURORA_ECLOSED by then.
 */
AURORA_API void aurora_transaction_finish(aurora_transaction_t *transaction,
                                          const aurora_error_t *error);

#ifdef __cplusplus
}
#endif
#endif
