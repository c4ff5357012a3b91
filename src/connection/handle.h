/*
 * A lease's handle: what callers hold as aurora_connection_t *. It is no address, but a number of a place and
 * of a lease there: one of a lease that has ended is found out without a look at memory that may be gone.
 *
 *   | lease: counts the leases of a place, for as long as the process lives | place |
 *
 * A connection has a place from its beginning to its end, a pool keeps its places for its next connections,
 * and leaves them to other pools when it ends. Places are in a table of the process that only grows. A pool's
 * places change on its thread only; that another thread may look at one of them, with an old handle in its
 * hand, is why what is looked at is atomic.
 */
#ifndef AURORA_CONNECTION_HANDLE_H
#define AURORA_CONNECTION_HANDLE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/query.h>

enum {
  AURORA__PLACE_BITS = sizeof(uintptr_t) == 8 ? 20 : 12,
  AURORA__PLACES_IN_CHUNK = 256,
  AURORA__PLACE_CHUNKS = (1 << AURORA__PLACE_BITS) / AURORA__PLACES_IN_CHUNK
};

#define AURORA__NO_HANDLE UINTPTR_MAX

typedef struct aurora__place {
  _Atomic(uintptr_t) handle; /* of the lease under way, or AURORA__NO_HANDLE */
  aurora_connection_t *connection;
  uintptr_t lease; /* the last one's number */
  uintptr_t index;
  _Atomic(uintptr_t) since; /* the last lease before the place was this pool's */
  _Atomic(aurora_pool_t *) pool;
  struct aurora__place *next; /* that is free */
} aurora__place_t;

extern _Atomic(aurora__place_t *) aurora__places[AURORA__PLACE_CHUNKS];

static inline aurora__place_t *aurora__place_of(const aurora_connection_t *handle)
{
  uintptr_t index = (uintptr_t)handle & (((uintptr_t)1 << AURORA__PLACE_BITS) - 1);
  aurora__place_t *chunk =
      atomic_load_explicit(&aurora__places[index / AURORA__PLACES_IN_CHUNK], memory_order_acquire);

  return chunk ? &chunk[index % AURORA__PLACES_IN_CHUNK] : NULL;
}

/* The connection that a caller holds; NULL: its lease has ended, or there never was one. */
static inline aurora_connection_t *aurora__handle_find(const aurora_connection_t *handle)
{
  aurora__place_t *place = aurora__place_of(handle);

  if (!place || atomic_load_explicit(&place->handle, memory_order_relaxed) != (uintptr_t)handle)
    return NULL;
  return place->connection;
}

/* The pool whose lease it was; NULL: the pool has ended, or there never was one. */
aurora_pool_t *aurora__handle_former_pool(const aurora_connection_t *handle);

/* A place for a new connection; NULL: no memory, or a million connections. */
aurora__place_t *aurora__place_take(aurora_pool_t *pool, aurora_connection_t *connection);
/* The connection is gone. The pool keeps the place. */
void aurora__place_leave(aurora_pool_t *pool, aurora__place_t *place);
/* The pool is gone. */
void aurora__places_give_back(aurora_pool_t *pool);

/* A lease begins, and ends. */
void aurora__handle_begin(aurora__place_t *place);
static inline void aurora__handle_end(aurora__place_t *place)
{
  atomic_store_explicit(&place->handle, AURORA__NO_HANDLE, memory_order_relaxed);
}

static inline aurora_connection_t *aurora__handle_of(aurora__place_t *place)
{
  return (aurora_connection_t *)atomic_load_explicit(&place->handle, memory_order_relaxed);
}

#endif
