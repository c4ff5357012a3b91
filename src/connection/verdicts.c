/*
 * What the scan has said of statement texts lately. The place of a text is told by its size and some
 * of its bytes; texts of one program differ there well enough, and a clash costs one scan.
 */
#include "connection/verdicts.h"

#include <string.h>

#include "connection/sql_scan.h"

static aurora__verdict_t judge(const char *sql, size_t size)
{
  aurora__verdict_t verdict = {.harmless = aurora__sql_is_harmless(sql, size)};

  verdict.mentions_role = !verdict.harmless && aurora__sql_mentions_role(sql);
  return verdict;
}

static size_t place_of(const char *sql, size_t size)
{
  const unsigned char *bytes = (const unsigned char *)sql;
  size_t sum = size * 31 + bytes[size - 1] * 7u + bytes[size / 2] * 13u + bytes[size / 4] * 17u +
               bytes[size - size / 4 - 1] * 29u;

  return (sum ^ sum >> 6) % AURORA__VERDICTS;
}

aurora__verdict_t aurora__verdict_of(aurora__verdicts_t *verdicts, const char *sql, size_t size)
{
  size_t place;

  if (size == 0 || size > AURORA__VERDICT_TEXT)
    return judge(sql, size);
  place = place_of(sql, size);
  if (verdicts->entries[place].size != size ||
      memcmp(verdicts->entries[place].text, sql, size) != 0) {
    verdicts->entries[place].size = (uint8_t)size;
    memcpy(verdicts->entries[place].text, sql, size);
    verdicts->entries[place].verdict = judge(sql, size);
  }
  return verdicts->entries[place].verdict;
}
