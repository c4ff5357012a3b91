/*
 * uthash (BSD licence), set up so that it uses our allocator and reports an allocation that failed
 * (uthash_nonfatal_oom) instead of ending the program.
 */
#ifndef AURORA_BASE_HASH_H
#define AURORA_BASE_HASH_H

#include "base/alloc.h"

#define HASH_NONFATAL_OOM         1
#define uthash_malloc(size)       aurora__malloc(size)
#define uthash_free(memory, size) aurora__free(memory)
#include <uthash.h>

#endif
