/*
 * Deadlines: an intrusive min-heap (a pairing heap) of points in time. It allocates nothing; adding
 * is O(1), removing any entry is O(log n) amortised. Entries with equal times come out in the order
 * in which they were added.
 *
 * Times are in milliseconds of a clock of the caller's choice.
 */
#ifndef AURORA_BASE_DEADLINE_H
#define AURORA_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct aurora__deadline {
  uint64_t at;
  uint64_t sequence;              /* breaks ties */
  struct aurora__deadline *child; /* first child */
  struct aurora__deadline *next;  /* next sibling */
  struct aurora__deadline *prev;  /* previous sibling; the parent of a first child */
  bool linked;
} aurora__deadline_t;

typedef struct {
  aurora__deadline_t *root;
  uint64_t sequence;
} aurora__deadlines_t;

void aurora__deadlines_init(aurora__deadlines_t *deadlines);

/* Must be called once before an entry's first use. */
void aurora__deadline_init(aurora__deadline_t *deadline);

/* Adds an entry that is not linked. */
void aurora__deadline_add(aurora__deadlines_t *deadlines, aurora__deadline_t *deadline,
                          uint64_t at);

/* Takes out an entry that is linked. */
void aurora__deadline_unlink(aurora__deadlines_t *deadlines, aurora__deadline_t *deadline);

/* Removing an entry that is not linked does nothing. */
static inline void aurora__deadline_remove(aurora__deadlines_t *deadlines,
                                           aurora__deadline_t *deadline)
{
  if (deadline->linked)
    aurora__deadline_unlink(deadlines, deadline);
}

/* The earliest entry, left in place; NULL when there is none. */
static inline aurora__deadline_t *aurora__deadline_first(const aurora__deadlines_t *deadlines)
{
  return deadlines->root;
}

#endif
