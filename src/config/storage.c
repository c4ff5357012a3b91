/*
 * A list of blocks, the newest first. A draft of a configuration shares the tail of its original's
 * list, which is why an edit that fails only has to rewind to where it began.
 */
#include "config/storage.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "config/options.h"

typedef struct block {
  struct block *next;
  size_t size; /* of text */
  char text[];
} block_t;

char *aurora__storage_add(aurora_config_t *config, const char *text)
{
  size_t size = strlen(text) + 1;
  block_t *block = aurora__malloc(sizeof *block + size);

  if (!block)
    return NULL;
  block->next = config->owned;
  block->size = size;
  memcpy(block->text, text, size);
  config->owned = block;
  return block->text;
}

static void block_free(block_t *block)
{
  aurora__wipe(block->text, block->size);
  aurora__free(block);
}

void aurora__storage_rewind(aurora_config_t *config, void *mark)
{
  while (config->owned != mark) {
    block_t *block = config->owned;

    config->owned = block->next;
    block_free(block);
  }
}

static bool block_is_used(const block_t *block, const aurora_config_t *config)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++) {
    const aurora__option_t *option = &aurora__options[i];

    if (aurora__option_is_text(option) && aurora__option_text(option, config) == block->text)
      return true;
  }
  return false;
}

void aurora__storage_sweep(aurora_config_t *config)
{
  block_t *kept = NULL;
  block_t **end = &kept;

  for (block_t *block = config->owned, *next; block; block = next) {
    next = block->next;
    if (block_is_used(block, config)) {
      *end = block;
      end = &block->next;
    } else {
      block_free(block);
    }
  }
  *end = NULL;
  config->owned = kept;
}
