/*
 * The strings that from_env, from_uri and copy store: blocks in a list that hangs on config.owned.
 * Each block is wiped before it is freed, whatever it held.
 */
#ifndef AURORA_CONFIG_STORAGE_H
#define AURORA_CONFIG_STORAGE_H

#include <aurora/config.h>

/* A copy of text in a new first block of the list; NULL when memory is out. */
char *aurora__storage_add(aurora_config_t *config, const char *text);

/* Frees the blocks added since config.owned was `mark`; NULL: all of them. */
void aurora__storage_rewind(aurora_config_t *config, void *mark);

/* Frees the blocks that no field of config points to any more. */
void aurora__storage_sweep(aurora_config_t *config);

#endif
