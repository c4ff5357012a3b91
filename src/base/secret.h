/*
 * Secrets: strings that are wiped before their memory is given back.
 */
#ifndef AURORA_BASE_SECRET_H
#define AURORA_BASE_SECRET_H

#include <stddef.h>

/* Overwrites with zeros; the compiler may not leave it out. memory may be NULL when size is 0. */
void aurora__wipe(void *memory, size_t size);

/* A copy of a NUL-terminated string (NULL gives NULL), or NULL when memory is out. */
char *aurora__secret_dup(const char *string);

/* Wipes and frees; NULL is allowed. */
void aurora__secret_free(char *string);

#endif
