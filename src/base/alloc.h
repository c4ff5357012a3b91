/*
 * Every allocation of the library goes through these, so that a test can fail them one by one.
 * libmariadb and libuv allocate for themselves.
 */
#ifndef AURORA_BASE_ALLOC_H
#define AURORA_BASE_ALLOC_H

#include <stddef.h>
#include <stdbool.h>

/* NULL outside of tests. Returns false to make the allocation that is about to happen fail. Called on
 * the thread that allocates. */
extern bool (*aurora__alloc_may)(void);

void *aurora__malloc(size_t size);
void *aurora__calloc(size_t count, size_t size);
void *aurora__realloc(void *memory, size_t size);
void aurora__free(void *memory);

#endif
