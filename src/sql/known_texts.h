/*
 * What a pool remembers of the statement texts that it was given lately, so that a text which is sent again
 * and again is looked through once: that it is UTF-8, whether it is harmless, and how the server described
 * the columns of its last answer (answer.h). The places are fixed; a new text takes the place of another.
 */
#ifndef AURORA_SQL_KNOWN_TEXTS_H
#define AURORA_SQL_KNOWN_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result/columns.h"

enum { AURORA__KNOWN_TEXTS = 128, AURORA__KNOWN_TEXT_SIZE = 240 };

/* What the scan says; see scan.h. */
typedef struct {
  bool harmless;
  bool changes_context; /* and the other two: see context.h */
  bool controls_transaction;
  bool may_end_tracking;
  bool may_be_xa;
} aurora__verdict_t;

typedef struct {
  aurora__verdict_t verdict;
  uint16_t size;             /* of the text, bytes; 0: an empty place */
  uint16_t description_size; /* bytes; 0: none */
  unsigned char *description;
  aurora__columns_t *columns; /* what the description says; our reference */
  char text[AURORA__KNOWN_TEXT_SIZE];
} aurora__known_text_t;

typedef struct {
  aurora__known_text_t places[AURORA__KNOWN_TEXTS];
} aurora__known_texts_t; /* zeroed: empty */

/* Frees what the places hold. */
void aurora__known_texts_clear(aurora__known_texts_t *texts);

/* The place of a text; NULL when it is not known. A place may be another text's by the next call. */
aurora__known_text_t *aurora__known_text_find(aurora__known_texts_t *texts, const char *sql,
                                              size_t size);

/* Remembers a text that is UTF-8, and not known. NULL: it is too long for that. */
aurora__known_text_t *aurora__known_text_add(aurora__known_texts_t *texts, const char *sql,
                                             size_t size);

static inline bool aurora__known_text_is(const aurora__known_text_t *known, const char *sql,
                                         size_t size)
{
  return known->size == size && __builtin_memcmp(known->text, sql, size) == 0;
}

/* Takes over the description, which is malloc'ed, and a reference of its own to columns. */
void aurora__known_text_describe(aurora__known_text_t *known, unsigned char *description_take,
                                 size_t size, aurora__columns_t *columns);

/* What is remembered with a text, found out. sql: size bytes and a NUL. */
aurora__verdict_t aurora__judge(const char *sql, size_t size);

#endif
