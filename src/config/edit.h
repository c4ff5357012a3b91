/*
 * A change of several options that is made as a whole or not at all.
 */
#ifndef AURORA_CONFIG_EDIT_H
#define AURORA_CONFIG_EDIT_H

#include <aurora/config.h>

#include "config/options.h"

typedef struct {
  aurora_config_t *target;
  aurora_config_t draft;
} aurora__edit_t;

/* Every begin is followed by one commit or abort. An uninitialised target starts from the defaults. */
void aurora__edit_begin(aurora__edit_t *edit, aurora_config_t *target);

/* Reads text into the option's field of the draft. `name` is what the text is called in the error;
 * with `shown` false the error leaves out what it held. 0, AURORA_ECONFIG or UV_ENOMEM. */
int aurora__edit_set(aurora__edit_t *edit, const aurora__option_t *option, const char *text,
                     const char *name, bool shown, aurora_error_t *ret_error);

/* The draft becomes the target; what it replaced is freed. */
void aurora__edit_commit(aurora__edit_t *edit);

/* The target stays as it was. */
void aurora__edit_abort(aurora__edit_t *edit);

#endif
