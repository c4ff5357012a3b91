/*
 * The configuration inside the library: checked and copied once, when a pool is created.
 */
#ifndef AURORA_CONFIG_CONFIG_H
#define AURORA_CONFIG_CONFIG_H

#include <stdbool.h>

#include <aurora/config.h>

/* Whether init, from_env or from_uri was called on it. */
bool aurora__config_initialised(const aurora_config_t *config);

/* Every field, how they go together, and whether the TLS files can be read (the only I/O). 0, or
 * AURORA_ECONFIG with a message that names the field, what it holds and what is allowed; UV_EINVAL
 * for NULL. */
int aurora__config_check(const aurora_config_t *config, aurora_error_t *ret_error);

/*
 * A deep copy of a checked configuration, to be given to aurora__config_free. In the copy ssl_mode is
 * never AURORA_SSL_DEFAULT, password and database are never NULL, init_sql is never "". 0 or
 * UV_ENOMEM.
 */
int aurora__config_copy(const aurora_config_t *config, aurora_config_t *ret_copy,
                        aurora_error_t *ret_error);

/* Wipes and frees the strings of a copy and zeroes the struct. Twice is harmless. */
void aurora__config_free(aurora_config_t *copy);

#endif
