/*
 * The place of a text is told by its size and three pieces of eight bytes; a clash costs one look.
 */
#include "sql/known_texts.h"

#include <string.h>

#include "base/alloc.h"
#include "sql/context.h"
#include "sql/scan.h"

enum { PIECE = 8 };

aurora__verdict_t aurora__judge(const char *sql, size_t size)
{
  aurora__verdict_t verdict = {.harmless = aurora__sql_is_harmless(sql, size)};

  if (!verdict.harmless) {
    aurora__sql_judge_context(sql, &verdict);
    verdict.may_be_xa = aurora__sql_may_be_xa(sql, size);
  }
  return verdict;
}

static uint64_t piece(const char *sql)
{
  uint64_t bytes;

  memcpy(&bytes, sql, sizeof bytes);
  return bytes;
}

static aurora__known_text_t *place_of(aurora__known_texts_t *texts, const char *sql, size_t size)
{
  uint64_t sum = size;

  if (size >= PIECE) {
    sum += piece(sql + (size - PIECE) / 4);
    sum = sum * 31 + piece(sql + (size - PIECE) / 2);
    sum = sum * 31 + piece(sql + size - PIECE);
  } else {
    for (size_t i = 0; i < size; i++)
      sum = sum * 31 + (unsigned char)sql[i];
  }
  /* The upper bits of a product depend on all of the lower ones (Knuth, TAOCP vol. 3, 6.4). */
  return &texts->places[sum * UINT64_C(0x9e3779b97f4a7c15) >> 57];
}

_Static_assert(AURORA__KNOWN_TEXTS == 1 << (64 - 57), "the place is the upper bits");

static void forget_description(aurora__known_text_t *known)
{
  aurora__columns_unref(known->columns);
  aurora__free(known->description);
  known->columns = NULL;
  known->description = NULL;
  known->description_size = 0;
}

void aurora__known_texts_clear(aurora__known_texts_t *texts)
{
  for (size_t i = 0; i < AURORA__KNOWN_TEXTS; i++) {
    forget_description(&texts->places[i]);
    texts->places[i].size = 0;
  }
}

aurora__known_text_t *aurora__known_text_find(aurora__known_texts_t *texts, const char *sql,
                                              size_t size)
{
  aurora__known_text_t *known = place_of(texts, sql, size);

  return aurora__known_text_is(known, sql, size) ? known : NULL;
}

aurora__known_text_t *aurora__known_text_add(aurora__known_texts_t *texts, const char *sql,
                                             size_t size)
{
  aurora__known_text_t *known = place_of(texts, sql, size);

  if (size > AURORA__KNOWN_TEXT_SIZE)
    return NULL;
  forget_description(known);
  memcpy(known->text, sql, size);
  known->size = (uint16_t)size;
  known->verdict = aurora__judge(sql, size);
  return known;
}

void aurora__known_text_describe(aurora__known_text_t *known, unsigned char *description_take,
                                 size_t size, aurora__columns_t *columns)
{
  forget_description(known);
  known->description = description_take;
  known->description_size = (uint16_t)size;
  known->columns = aurora__columns_ref(columns);
}
