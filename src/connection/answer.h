/*
 * An answer with rows, looked at before libmariadb reads it.
 *
 *   count of columns | a description of each | end | rows | end
 *
 * Most answers come at once and fit into libmariadb's read-ahead, and a statement that is sent again gets its
 * columns described as before, byte for byte; or MariaDB says of a prepared one that nothing has changed.
 * Then there is nothing to learn from the descriptions, and the rows are taken out by us: libmariadb never
 * sees such an answer. It would make an array of column descriptions and a result of it only to throw both
 * away, which is what most of a short query costs. The answer's end is what it would note, and is noted for
 * it.
 *
 * Everything else is left to libmariadb: errors, answers without rows, several results, more than the
 * read-ahead holds, an encrypted session.
 */
#ifndef AURORA_CONNECTION_ANSWER_H
#define AURORA_CONNECTION_ANSWER_H

#include "connection/connection.h"

/* More are left to libmariadb: their count takes more than a byte. */
enum { AURORA__MOST_KNOWN_COLUMNS = 250 };

typedef enum {
  AURORA__ANSWER_SHORT, /* what it is cannot be told yet */
  AURORA__ANSWER_ROWS,
  AURORA__ANSWER_OTHER /* no rows, an error, its end, or what only libmariadb understands */
} aurora__answer_kind_t;

/* What an answer looks like. All but kind is for AURORA__ANSWER_ROWS. */
typedef struct {
  aurora__answer_kind_t kind;
  unsigned columns;
  bool undescribed; /* the columns are those of the last time, says the server */
  bool known;       /* they are described as before */
  bool complete;    /* it is all there, and no other result comes behind it */
  size_t described; /* bytes of the count and the descriptions */
  size_t rows_at;   /* bytes before the rows */
  unsigned status;  /* of the server, as it is before the rows */
} aurora__answer_t;

/* Reads what has come into the read-ahead, and looks at what is there. before, size: the count and
 * descriptions of an earlier answer to the same statement; size 0: none. */
aurora__answer_t aurora__answer_look(aurora_connection_t *connection, aurora__protocol_t protocol,
                                     const unsigned char *before, size_t size);

/* Has libmariadb read the first part of the answer: a start, as of an operation. */
int aurora__answer_read(aurora_connection_t *connection);

/* Steps over the end of the rows, and notes what is in it as libmariadb does. */
void aurora__answer_end(MYSQL *mysql);

/* Keeps a copy of the descriptions for as long as libmariadb takes to read them, if they are worth it. */
void aurora__answer_note(aurora_connection_t *connection, const aurora__answer_t *answer);
/* There is nothing to remember (any more). */
void aurora__answer_forget(aurora_connection_t *connection);

#endif
