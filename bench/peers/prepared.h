/*
 * A prepared statement of libmariadb with its bindings, as the bare loop and the threads use it: integer
 * parameters in, integers and short texts out. Everything here blocks, but prepared_see.
 */
#ifndef BENCH_PEERS_PREPARED_H
#define BENCH_PEERS_PREPARED_H

#include <mysql.h>
#include <stdlib.h>

#include "bare_session.h"
#include "workload.h"

enum { PREPARED_COLUMNS = 4, PREPARED_TEXT = 64 };

/* Must not move: libmariadb keeps pointers into it. */
typedef struct {
  MYSQL_STMT *statement;
  unsigned columns;
  int32_t params[WORKLOAD_MAX_PARAMS];
  long long numbers[PREPARED_COLUMNS];
  char texts[PREPARED_COLUMNS][PREPARED_TEXT];
  unsigned long lengths[PREPARED_COLUMNS];
} prepared_t;

/* 0, or -1 with *ret_error filled in. A statement without parameters needs nothing. */
int prepared_open(prepared_t *prepared, bare_session_t *session, const work_statement_t *work,
                  bare_error_t *ret_error);
void prepared_close(prepared_t *prepared);

/* The row that was just fetched is looked at. */
static inline void prepared_see(const prepared_t *prepared, rows_seen_t *seen)
{
  seen->rows++;
  for (unsigned i = 0; i < prepared->columns; i++)
    seen->sum += prepared->lengths[i];
}

/* The same for a row of a text result. */
static inline void text_see(MYSQL_RES *result, MYSQL_ROW row, rows_seen_t *seen,
                            fortunes_t *fortunes)
{
  const unsigned long *lengths = mysql_fetch_lengths(result);
  unsigned columns = mysql_num_fields(result);

  seen->rows++;
  for (unsigned i = 0; i < columns; i++)
    seen->sum += lengths[i];
  if (fortunes)
    fortunes_add(fortunes, atoll(row[0]), row[1], lengths[1]);
}

#endif
