/*
 * The table of places (handle.h).
 */
#include "connection/handle.h"

#include "base/alloc.h"
#include "base/error.h"
#include "pool/pool.h"

_Atomic(aurora__place_t *) aurora__places[AURORA__PLACE_CHUNKS];

static uv_once_t table_once = UV_ONCE_INIT;
static uv_mutex_t table_lock;      /* of what follows */
static aurora__place_t *free_list; /* places of no pool */
static size_t chunks;

static void init_table(void)
{
  if (uv_mutex_init(&table_lock))
    aurora__bug(__func__, "no mutex");
}

static void add_chunk(void)
{
  aurora__place_t *chunk;

  if (chunks == AURORA__PLACE_CHUNKS)
    return;
  chunk = aurora__calloc(AURORA__PLACES_IN_CHUNK, sizeof *chunk);
  if (!chunk)
    return;
  for (size_t i = AURORA__PLACES_IN_CHUNK; i-- > 0;) {
    chunk[i].index = chunks * AURORA__PLACES_IN_CHUNK + i;
    atomic_init(&chunk[i].handle, AURORA__NO_HANDLE);
    chunk[i].next = free_list;
    free_list = &chunk[i];
  }
  atomic_store_explicit(&aurora__places[chunks], chunk, memory_order_release);
  chunks++;
}

static aurora__place_t *take_from_table(aurora_pool_t *pool)
{
  aurora__place_t *place;

  uv_once(&table_once, init_table);
  uv_mutex_lock(&table_lock);
  if (!free_list)
    add_chunk();
  place = free_list;
  if (place)
    free_list = place->next;
  uv_mutex_unlock(&table_lock);
  if (place) {
    atomic_store_explicit(&place->since, place->lease, memory_order_relaxed);
    atomic_store_explicit(&place->pool, pool, memory_order_release);
  }
  return place;
}

aurora__place_t *aurora__place_take(aurora_pool_t *pool, aurora_connection_t *connection)
{
  aurora__place_t *place = pool->free_places;

  if (place)
    pool->free_places = place->next;
  else
    place = take_from_table(pool);
  if (place)
    place->connection = connection;
  return place;
}

void aurora__place_leave(aurora_pool_t *pool, aurora__place_t *place)
{
  aurora__handle_end(place);
  place->connection = NULL;
  place->next = pool->free_places;
  pool->free_places = place;
}

void aurora__places_give_back(aurora_pool_t *pool)
{
  aurora__place_t *place = pool->free_places;
  aurora__place_t *last = NULL;

  if (!place)
    return;
  for (; place; place = place->next) {
    atomic_store_explicit(&place->pool, NULL, memory_order_relaxed);
    last = place;
  }
  uv_mutex_lock(&table_lock);
  last->next = free_list;
  free_list = pool->free_places;
  uv_mutex_unlock(&table_lock);
  pool->free_places = NULL;
}

void aurora__handle_begin(aurora__place_t *place)
{
  uintptr_t handle;

  do {
    place->lease++;
    handle = place->lease << AURORA__PLACE_BITS | place->index;
  } while (handle == 0 || handle == AURORA__NO_HANDLE);
  atomic_store_explicit(&place->handle, handle, memory_order_relaxed);
}

aurora_pool_t *aurora__handle_former_pool(const aurora_connection_t *handle)
{
  aurora__place_t *place = handle ? aurora__place_of(handle) : NULL;
  aurora_pool_t *pool = place ? atomic_load_explicit(&place->pool, memory_order_acquire) : NULL;

  if (!pool || (uintptr_t)handle >> AURORA__PLACE_BITS <=
                   atomic_load_explicit(&place->since, memory_order_relaxed))
    return NULL;
  return pool;
}
