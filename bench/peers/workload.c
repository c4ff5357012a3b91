/*
 * The list of workloads.
 */
#include "workload.h"

#include <stdlib.h>
#include <string.h>

#include "tables.h"

#define ONE_ROW                                                                                    \
  {                                                                                                \
    "SELECT id, number, name FROM " TABLES_ROWS " WHERE id = ?", 1                                 \
  }
#define ONE_WORLD                                                                                  \
  {                                                                                                \
    "SELECT id, randomnumber FROM " TABLES_WORLD " WHERE id = ?", 1                                \
  }
#define UPDATE_WORLD                                                                               \
  {                                                                                                \
    "UPDATE " TABLES_WORLD " SET randomnumber = ? WHERE id = ?", 2                                 \
  }
#define TEXT(sql)                                                                                  \
  {                                                                                                \
    {                                                                                              \
      sql, 0                                                                                       \
    }                                                                                              \
  }

static const workload_t workloads[] = {
    {"W1", WORK_REQUESTS, .reads = 1, .statements = TEXT("SELECT 1")},
    {"W2", WORK_REQUESTS, .reads = 1, .statements = {ONE_ROW}},
    {"W3", WORK_REQUESTS, .reads = 1,
     .statements = TEXT("SELECT id, number, name FROM " TABLES_ROWS " WHERE id <= 12")},
    {"W4", WORK_REQUESTS, .reads = 1, .stream = true,
     .statements = TEXT("SELECT id, number, ratio, name, made FROM " TABLES_WIDE)},
    {"W5", WORK_CONNECT, .statements = TEXT("SELECT 1")},
    {"W5-tls", WORK_CONNECT, .tls = true, .statements = TEXT("SELECT 1")},
    {"W6", WORK_ACQUIRE},
    {"W7", WORK_STALL},
    {"W8-db", WORK_REQUESTS, .reads = 1, .statements = {ONE_WORLD}},
    {"W8-queries", WORK_REQUESTS, .reads = 20, .statements = {ONE_WORLD}},
    {"W8-fortunes", WORK_REQUESTS, .reads = 1, .fortunes = true,
     .statements = TEXT("SELECT id, message FROM " TABLES_FORTUNE)},
    {"W8-updates", WORK_REQUESTS, .reads = 20, .writes = 20,
     .statements = {ONE_WORLD, UPDATE_WORLD}},
};

const workload_t *workload_find(const char *name)
{
  for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
    if (strcmp(workloads[i].name, name) == 0)
      return &workloads[i];
  }
  return NULL;
}

const char *workload_names(void)
{
  return "W1 W2 W3 W4 W5 W5-tls W6 W7 W8-db W8-queries W8-fortunes W8-updates";
}

/* xorshift64*, by Marsaglia and Vigna. */
int32_t workload_random(uint64_t *state)
{
  uint64_t x = *state ? *state : 88172645463325252u;

  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return (int32_t)((x * 2685821657736338717u >> 32) % WORKLOAD_ROWS) + 1;
}

void fortunes_begin(fortunes_t *fortunes)
{
  fortunes->count = 0;
}

void fortunes_add(fortunes_t *fortunes, int64_t id, const char *text, size_t size)
{
  struct fortune *fortune = &fortunes->list[fortunes->count];

  if (fortunes->count == FORTUNES_MAX)
    return;
  if (size >= sizeof fortune->text)
    size = sizeof fortune->text - 1;
  fortune->id = id;
  memcpy(fortune->text, text, size);
  fortune->text[size] = '\0';
  fortunes->count++;
}

static int by_text(const void *left, const void *right)
{
  return strcmp(((const struct fortune *)left)->text, ((const struct fortune *)right)->text);
}

void fortunes_end(fortunes_t *fortunes)
{
  static const char added[] = "Additional fortune added at request time.";

  fortunes_add(fortunes, 0, added, sizeof added - 1);
  qsort(fortunes->list, fortunes->count, sizeof fortunes->list[0], by_text);
}
