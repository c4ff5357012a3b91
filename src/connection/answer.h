/*
 * The answer to a query by text, looked at before libmariadb reads it.
 *
 *   count of columns | a description of each | end | rows | end
 *
 * Most answers come at once and fit into libmariadb's read-ahead, and a text that is sent again gets its
 * columns described as before, byte for byte. Then there is nothing to learn from the descriptions, and the
 * rows are taken out by us: libmariadb never sees such an answer. It would make an array of column
 * descriptions and a result of it only to throw both away, which is what most of a short query costs. The
 * answer's end is what it would note, and is noted for it.
 *
 * Everything else is left to libmariadb: errors, answers without rows, several results, what has not come
 * in full, an encrypted session.
 */
#ifndef AURORA_CONNECTION_ANSWER_H
#define AURORA_CONNECTION_ANSWER_H

#include "connection/connection.h"

/* The descriptor is readable: looks at what has come for the query in hand. True: it is all there, in
 * known columns (connection->answer_columns), and aurora__answer_begin is next. False: libmariadb is to
 * read it; should its columns be worth remembering, connection->description has them. */
bool aurora__answer_is_known(aurora_connection_t *connection);

/* Steps over the descriptions: the rows are next (aurora__take_row), then the end. */
void aurora__answer_begin(aurora_connection_t *connection);
/* Steps over the end, and notes the status in it as libmariadb does. */
void aurora__answer_end(aurora_connection_t *connection);

/* libmariadb has read the descriptions: remembers them with the query's text. */
void aurora__answer_remember(aurora_connection_t *connection, aurora__columns_t *columns);
/* There is nothing to remember (any more). */
void aurora__answer_forget(aurora_connection_t *connection);

#endif
