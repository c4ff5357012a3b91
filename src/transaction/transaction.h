/*
 * What the pool's closing knows of transactions that are run again (transact.c).
 */
#ifndef AURORA_TRANSACTION_TRANSACTION_H
#define AURORA_TRANSACTION_TRANSACTION_H

#include <stdbool.h>

#include <aurora/transaction.h>

/* The pool is closing: nobody pauses any longer. */
void aurora__transactions_hurry(aurora_pool_t *pool);

/* The drain is over and all statements have ended: tells those whose body has not finished that the pool
 * was closed. False: there were none. */
bool aurora__transactions_abort(aurora_pool_t *pool);

/* Frees what abort has left, for bodies that finish after all. */
void aurora__transactions_free(aurora_pool_t *pool);

#endif
