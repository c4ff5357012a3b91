/*
 * What a session is set up with: once after the login, and again after each reset.
 *
 *   ASK -> SET                        on a new session, on the worker (connect.c)
 *   RESET CONNECTION -> SET           on a used one (reset.c)
 *
 * The SET is one statement, one round trip. It
 *   - sets the character set, and autocommit;
 *   - has the server report what a statement changes in the session: that anything has changed
 *     (session_track_state_change), the database (session_track_schema), and by name and value
 *     (session_track_system_variables) autocommit, sql_mode, time_zone, the character sets of client,
 *     connection and results, and collation_connection;
 *   - empties what MySQL keeps of the optimizer's traces, which a reset leaves;
 *   - fails with ER_WRONG_VALUE_FOR_VAR, and sets nothing, where the database or the role is another than
 *     at the login. No reset undoes those, and no report of them is complete: a procedure may set a role,
 *     and a lease may switch the reports off. autocommit takes 1 where all is well, and does not take 2.
 *
 * The ASK gives what these were at the login. MySQL from 8.0 and MariaDB have roles; what others do not know
 * stands in comments that they skip, so the server itself decides, whatever version it has told.
 *
 * No statement chooses "no database". A session that had none at the login goes to information_schema, once it
 * has left it: every account may go there, and nothing can be created there. Both are as at the login then.
 */
#ifndef AURORA_SESSION_SETUP_H
#define AURORA_SESSION_SETUP_H

#include <stdbool.h>

#include <mysql.h>

typedef struct {
  bool tracks_state;  /* the server reports changes of the session */
  char *condition;    /* under which the session is as at its login */
  char *sql;          /* the SET */
  char *thorough_sql; /* the same; it fails, too, where MariaDB keeps texts that were profiled */
  char *database;     /* of the login, as the server writes it; NULL: none */
  char *role_sql;  /* sets the role that the session had at its login; NULL: there are no roles */
} aurora__setup_t; /* zeroed: empty */

/* Asks a new session, and writes the statements. Blocks: for the worker. 0; UV_ENOMEM; AURORA_EPROTOCOL: that
 * is no answer to it; AURORA_ESERVER: it failed, and mysql tells why. */
int aurora__setup_ask(MYSQL *mysql, aurora__setup_t *ret_setup);

/* Writes them anew for a server that does not know session tracking. 0 or UV_ENOMEM. */
int aurora__setup_without_tracking(aurora__setup_t *setup);

/* The database that a session is brought back to. */
const char *aurora__setup_home(const aurora__setup_t *setup);

void aurora__setup_clear(aurora__setup_t *setup);

#endif
