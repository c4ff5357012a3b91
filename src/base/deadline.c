/*
 * A pairing heap: a tree in which no entry is earlier than its parent. A child list is linked by next
 * and prev; the prev of a first child is its parent, which is how an entry in the middle is cut out
 * without a search. The root has neither.
 *
 * Cost is paid on removal: the children of the removed entry are merged two by two from the left, and
 * the pairs then from the right into one tree, which is what keeps removal at O(log n) amortised.
 */
#include "base/deadline.h"

#include <stddef.h>

#include "base/error.h"

void aurora__deadlines_init(aurora__deadlines_t *deadlines)
{
  deadlines->root = NULL;
  deadlines->sequence = 0;
}

void aurora__deadline_init(aurora__deadline_t *deadline)
{
  *deadline = (aurora__deadline_t){0};
}

static bool earlier(const aurora__deadline_t *a, const aurora__deadline_t *b)
{
  return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

/* Two trees into one. Their roots have no siblings and no parent; nor has the result. */
static aurora__deadline_t *merge(aurora__deadline_t *a, aurora__deadline_t *b)
{
  aurora__deadline_t *parent = earlier(a, b) ? a : b;
  aurora__deadline_t *child = parent == a ? b : a;

  child->next = parent->child;
  child->prev = parent;
  if (parent->child)
    parent->child->prev = child;
  parent->child = child;
  return parent;
}

static aurora__deadline_t *detach(aurora__deadline_t *deadline)
{
  deadline->next = NULL;
  deadline->prev = NULL;
  return deadline;
}

/* A list of siblings into one tree; NULL for none. */
static aurora__deadline_t *merge_siblings(aurora__deadline_t *first)
{
  aurora__deadline_t *pairs = NULL; /* the last pair first, linked by next */
  aurora__deadline_t *tree = NULL;

  while (first) {
    aurora__deadline_t *a = first;
    aurora__deadline_t *b = a->next;
    aurora__deadline_t *pair;

    first = b ? b->next : NULL;
    pair = b ? merge(detach(a), detach(b)) : detach(a);
    pair->next = pairs;
    pairs = pair;
  }
  while (pairs) {
    aurora__deadline_t *pair = pairs;

    pairs = pair->next;
    detach(pair);
    tree = tree ? merge(tree, pair) : pair;
  }
  return tree;
}

void aurora__deadline_add(aurora__deadlines_t *deadlines, aurora__deadline_t *deadline, uint64_t at)
{
  if (deadline->linked)
    aurora__bug("deadline_add", "the entry is linked already");
  deadline->at = at;
  deadline->sequence = deadlines->sequence++;
  deadline->child = NULL;
  detach(deadline);
  deadline->linked = true;
  deadlines->root = deadlines->root ? merge(deadlines->root, deadline) : deadline;
}

void aurora__deadline_unlink(aurora__deadlines_t *deadlines, aurora__deadline_t *deadline)
{
  aurora__deadline_t *orphans = merge_siblings(deadline->child);

  if (deadline == deadlines->root) {
    deadlines->root = orphans;
  } else {
    if (deadline->prev->child == deadline)
      deadline->prev->child = deadline->next;
    else
      deadline->prev->next = deadline->next;
    if (deadline->next)
      deadline->next->prev = deadline->prev;
    if (orphans)
      deadlines->root = merge(deadlines->root, orphans);
  }
  deadline->child = NULL;
  detach(deadline);
  deadline->linked = false;
}
