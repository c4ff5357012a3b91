#include "base/secret.h"

#include <string.h>

#include "base/alloc.h"

void aurora__wipe(void *memory, size_t size)
{
  if (size)
    explicit_bzero(memory, size);
}

char *aurora__secret_dup(const char *string)
{
  size_t size;
  char *copy;

  if (!string)
    return NULL;
  size = strlen(string) + 1;
  copy = aurora__malloc(size);
  if (copy)
    memcpy(copy, string, size);
  return copy;
}

void aurora__secret_free(char *string)
{
  if (!string)
    return;
  aurora__wipe(string, strlen(string));
  aurora__free(string);
}
