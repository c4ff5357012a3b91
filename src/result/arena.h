/*
 * An arena: memory that is taken piece by piece and given back all at once. Its first piece comes
 * from its owner, so that a small result needs no other; then come chunks that double in size.
 * Pieces are aligned to 8 bytes and never move.
 */
#ifndef AURORA_RESULT_ARENA_H
#define AURORA_RESULT_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct aurora__chunk {
  struct aurora__chunk *next;
  size_t size; /* of what follows */
  char bytes[];
} aurora__chunk_t;

typedef struct {
  char *position; /* the free part of the current piece */
  char *end;
  aurora__chunk_t *current; /* NULL: the owner's piece */
  aurora__chunk_t *chunks;  /* all, current included */
  char *first;              /* the owner's piece */
  char *first_end;
} aurora__arena_t;

/* first and size are multiples of 8. */
void aurora__arena_init(aurora__arena_t *arena, char *first, size_t size);

/* Makes the free part at least that large, and returns where it begins without taking it. NULL: no
 * memory. */
char *aurora__arena_reserve(aurora__arena_t *arena, size_t size);

/* Takes from the free part; size must fit. */
static inline void aurora__arena_take(aurora__arena_t *arena, size_t size)
{
  arena->position += (size + 7) & ~(size_t)7;
}

static inline size_t aurora__arena_room(const aurora__arena_t *arena)
{
  return (size_t)(arena->end - arena->position);
}

/* Takes a piece; a large one gets a chunk of its own. NULL: no memory. */
char *aurora__arena_alloc(aurora__arena_t *arena, size_t size);

/* Everything is free again. The current chunk is kept. */
void aurora__arena_reset(aurora__arena_t *arena);

/* Frees one chunk, after which the arena is good for that and for close only. False: there is none. */
bool aurora__arena_free_chunk(aurora__arena_t *arena);

/* Frees the chunks. */
void aurora__arena_close(aurora__arena_t *arena);

#endif
