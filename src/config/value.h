/*
 * One value of one option: read, checked, and refused with a message that says what is allowed.
 */
#ifndef AURORA_CONFIG_VALUE_H
#define AURORA_CONFIG_VALUE_H

#include <stdbool.h>

#include <aurora/error.h>

#include "config/options.h"

/* Reads a number or a choice into its field. False, and nothing written: it is not allowed. */
bool aurora__value_read(const aurora__option_t *option, const char *text, aurora_config_t *config);

/* Whether a text option may hold this text (not NULL). Files are not looked at. */
bool aurora__value_text_ok(const aurora__option_t *option, const char *text);

/* Whether the field holds something allowed, NULL included where it may be. */
bool aurora__value_field_ok(const aurora__option_t *option, const aurora_config_t *config);

/* Fills in an AURORA_ECONFIG: "<name> is <text>; allowed: ...". text NULL: not shown. What must never
 * be shown is not, whatever the caller passes. Returns AURORA_ECONFIG. */
int aurora__value_refuse(const aurora__option_t *option, const char *name, const char *text,
                         aurora_error_t *ret_error);

enum {
  AURORA__QUOTE_SIZE = 288,  /* room for a quoted text */
  AURORA__ALLOWED_SIZE = 192 /* room for what is allowed */
};

/* The text in quotes, cut, with everything but printable ASCII as \xNN. A text with an '@' might be a
 * misplaced URI with a password in it, and is not shown. */
void aurora__value_quote(char buffer[AURORA__QUOTE_SIZE], const char *text);

/* What the option allows, in words. */
void aurora__value_allowed(char buffer[AURORA__ALLOWED_SIZE], const aurora__option_t *option);

#endif
