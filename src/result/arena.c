/*
 * The free part is always at the end of one piece, the current one; what is left of the piece before
 * is given up when a new chunk is made. Large pieces have chunks of their own beside it, so that
 * one of them does not cost the rest of the current chunk.
 *
 * position, end and sizes of chunks are multiples of 8.
 */
#include "result/arena.h"

#include <stdint.h>

#include "base/alloc.h"

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 256 * 1024, LARGE_PIECE = 64 * 1024 };

void aurora__arena_init(aurora__arena_t *arena, char *first, size_t size)
{
  arena->position = first;
  arena->end = first + size;
  arena->current = NULL;
  arena->chunks = NULL;
  arena->first = first;
  arena->first_end = first + size;
}

static aurora__chunk_t *add_chunk(aurora__arena_t *arena, size_t size)
{
  aurora__chunk_t *chunk;

  if (size > SIZE_MAX / 2)
    return NULL;
  size = (size + 7) & ~(size_t)7;
  chunk = aurora__malloc(sizeof *chunk + size);
  if (!chunk)
    return NULL;
  chunk->size = size;
  chunk->next = arena->chunks;
  arena->chunks = chunk;
  return chunk;
}

char *aurora__arena_reserve(aurora__arena_t *arena, size_t size)
{
  aurora__chunk_t *chunk;
  size_t chunk_size = FIRST_CHUNK;

  if (size <= aurora__arena_room(arena))
    return arena->position;

  if (arena->current)
    chunk_size =
        arena->current->size < LARGEST_CHUNK / 2 ? 2 * arena->current->size : (size_t)LARGEST_CHUNK;
  chunk = add_chunk(arena, size > chunk_size ? size : chunk_size);
  if (!chunk)
    return NULL;
  arena->current = chunk;
  arena->position = chunk->bytes;
  arena->end = chunk->bytes + chunk->size;
  return arena->position;
}

char *aurora__arena_alloc(aurora__arena_t *arena, size_t size)
{
  char *piece;

  if (size > aurora__arena_room(arena) && size >= LARGE_PIECE) {
    aurora__chunk_t *chunk = add_chunk(arena, size);

    return chunk ? chunk->bytes : NULL;
  }
  piece = aurora__arena_reserve(arena, size);
  if (piece)
    aurora__arena_take(arena, size);
  return piece;
}

static void free_chunks_but(aurora__arena_t *arena, aurora__chunk_t *kept)
{
  aurora__chunk_t *chunk = arena->chunks;

  while (chunk) {
    aurora__chunk_t *next = chunk->next;

    if (chunk != kept)
      aurora__free(chunk);
    chunk = next;
  }
  arena->chunks = kept;
  if (kept)
    kept->next = NULL;
}

void aurora__arena_reset(aurora__arena_t *arena)
{
  aurora__chunk_t *kept = arena->current;

  free_chunks_but(arena, kept);
  arena->position = kept ? kept->bytes : arena->first;
  arena->end = kept ? kept->bytes + kept->size : arena->first_end;
}

bool aurora__arena_free_chunk(aurora__arena_t *arena)
{
  aurora__chunk_t *chunk = arena->chunks;

  if (!chunk)
    return false;
  arena->chunks = chunk->next;
  aurora__free(chunk);
  return true;
}

void aurora__arena_close(aurora__arena_t *arena)
{
  free_chunks_but(arena, NULL);
  arena->current = NULL;
  arena->position = arena->first;
  arena->end = arena->first_end;
}
