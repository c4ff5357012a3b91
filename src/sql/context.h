/*
 * What a statement's text says of the session's context: the database, sql_mode, the character sets, and all else that a
 * statement is prepared for.
 */
#ifndef AURORA_SQL_CONTEXT_H
#define AURORA_SQL_CONTEXT_H

#include "sql/known_texts.h"

/*
 * Of a text that is not harmless. sql is NUL-terminated. Sets
 *   changes_context       it may change the context, told or not: USE, SET, EXECUTE, and what is not known;
 *   controls_transaction  it begins or ends a transaction and does nothing else, so that a report of a change
 *                         is one of that (MySQL makes one);
 *   may_end_tracking      the server may report nothing from then on.
 * At a routine's end both servers put database, sql_mode and character sets back. What else it has changed is
 * reported, unless it is a function behind a SELECT.
 */
void aurora__sql_judge_context(const char *sql, aurora__verdict_t *verdict);

#endif
