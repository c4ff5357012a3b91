/*
 * The scan of a statement's text: may the session go to the next borrower without a reset?
 */
#ifndef AURORA_SQL_SCAN_H
#define AURORA_SQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when the text of this one statement cannot change anything in the session that the server
 * would not tell of itself: by SERVER_SESSION_STATE_CHANGED in the status of its last result (with
 * session_track_state_change and session_track_schema on), or by IN_TRANS and AUTOCOMMIT. False
 * when it may, or when the scan does not know. A statement that fails reports nothing: it is to be
 * counted dirty.
 *
 * sql is UTF-8, size bytes; it may hold NULs and needs none at its end. Nothing is allocated.
 */
bool aurora__sql_is_harmless(const char *sql, size_t size);

/* Whether this statement, which is not harmless, may be an XA statement or run one: in a procedure, a block, or
 * a text that is composed. */
bool aurora__sql_may_be_xa(const char *sql, size_t size);

#endif
