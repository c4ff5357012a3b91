#include "base/alloc.h"

#include <stdlib.h>

bool (*aurora__alloc_may)(void);

void *aurora__malloc(size_t size)
{
  if (aurora__alloc_may && !aurora__alloc_may())
    return NULL;
  return malloc(size ? size : 1);
}

void *aurora__calloc(size_t count, size_t size)
{
  if (aurora__alloc_may && !aurora__alloc_may())
    return NULL;
  return calloc(count ? count : 1, size ? size : 1);
}

void *aurora__realloc(void *memory, size_t size)
{
  if (aurora__alloc_may && !aurora__alloc_may())
    return NULL;
  return realloc(memory, size ? size : 1);
}

void aurora__free(void *memory)
{
  free(memory);
}
