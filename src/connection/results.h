/*
 * Taking in the results of the query in hand: what text and prepared queries have in common.
 *
 * A query that was given up (connection->query is NULL) still has its rows read, and dropped.
 */
#ifndef AURORA_CONNECTION_RESULTS_H
#define AURORA_CONNECTION_RESULTS_H

#include "connection/connection.h"
#include "session/call_error.h"

/* Begins the next result set. columns (borrowed) is NULL for one without rows. False: it could not be
 * begun; the query was failed, and the connection ended. */
bool aurora__results_begin(aurora_connection_t *connection, aurora__columns_t *columns,
                           aurora__protocol_t protocol);

/* Takes the rows that libmariadb has read ahead. True: there are no more, and what comes next is to be
 * asked of libmariadb; false: it is said already what comes next (fetch, after others had their turn), or
 * the connection has ended. */
bool aurora__results_take_rows(aurora_connection_t *connection, aurora__protocol_t protocol,
                               const aurora__operation_t *fetch);

/* The whole of an answer is in the read-ahead, rows_at bytes of it before its rows: takes it. It is too little
 * to be interrupted, and its rows are not streamed. False: the connection has ended. */
bool aurora__results_take_known(aurora_connection_t *connection, aurora__columns_t *columns,
                                aurora__protocol_t protocol);

/* A row has been added to connection->current with this code. Streams it; gives the query up when
 * there is an error. False: the connection ended. */
bool aurora__results_row_added(aurora_connection_t *connection, int code);

/* The result set is complete. False: as with begin. */
bool aurora__results_end(aurora_connection_t *connection, uint64_t affected, uint64_t insert_id);

/* What libmariadb's error means for the query in hand. */
void aurora__results_error(aurora_connection_t *connection, const aurora__call_error_t *failure,
                           aurora_error_t *ret_error);

/* Ends the connection, and the query with UV_ENOMEM. */
void aurora__results_no_memory(aurora_connection_t *connection);

/* Forgets all results. */
void aurora__results_drop(aurora_connection_t *connection);

#endif
