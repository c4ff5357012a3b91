/*
 * An intrusive, circular, doubly linked list. A node that is in no list points to itself, so that
 * removing twice is harmless. The head is a node too.
 */
#ifndef AURORA_BASE_LIST_H
#define AURORA_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct aurora__list {
  struct aurora__list *next;
  struct aurora__list *prev;
} aurora__list_t;

/* The struct that holds the node `member`. */
#define aurora__container_of(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

static inline void aurora__list_init(aurora__list_t *node)
{
  node->next = node;
  node->prev = node;
}

static inline bool aurora__list_empty(const aurora__list_t *head)
{
  return head->next == head;
}

static inline void aurora__list_insert_between(aurora__list_t *node, aurora__list_t *prev,
                                               aurora__list_t *next)
{
  node->prev = prev;
  node->next = next;
  prev->next = node;
  next->prev = node;
}

static inline void aurora__list_push_front(aurora__list_t *head, aurora__list_t *node)
{
  aurora__list_insert_between(node, head, head->next);
}

static inline void aurora__list_push_back(aurora__list_t *head, aurora__list_t *node)
{
  aurora__list_insert_between(node, head->prev, head);
}

static inline void aurora__list_remove(aurora__list_t *node)
{
  node->prev->next = node->next;
  node->next->prev = node->prev;
  aurora__list_init(node);
}

/* The first node, or NULL. */
static inline aurora__list_t *aurora__list_first(const aurora__list_t *head)
{
  return aurora__list_empty(head) ? NULL : head->next;
}

/* The first node, taken out; or NULL. */
static inline aurora__list_t *aurora__list_pop_front(aurora__list_t *head)
{
  aurora__list_t *node = aurora__list_first(head);

  if (node)
    aurora__list_remove(node);
  return node;
}

/* Appends all nodes of `from`, in order, leaving it empty. */
static inline void aurora__list_take_all(aurora__list_t *to, aurora__list_t *from)
{
  if (aurora__list_empty(from))
    return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  aurora__list_init(from);
}

#endif
