/*
 * The table of options: every field of aurora_config_t that can be given by name.
 */
#ifndef AURORA_CONFIG_OPTIONS_H
#define AURORA_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/config.h>

typedef enum {
  AURORA__OPTION_UNSIGNED, /* unsigned */
  AURORA__OPTION_UINT64,   /* uint64_t */
  AURORA__OPTION_SSL_MODE, /* aurora_ssl_mode_t */
  AURORA__OPTION_RESET,    /* aurora_reset_policy_t */
  AURORA__OPTION_HOST,     /* from here on const char *: a host name or address */
  AURORA__OPTION_NAME,     /* a user or database; min and max in characters */
  AURORA__OPTION_SECRET,   /* never shown */
  AURORA__OPTION_SOCKET,   /* an absolute path that fits in sockaddr_un */
  AURORA__OPTION_FILE,     /* a file that check opens */
  AURORA__OPTION_SQL       /* "" means NULL; not shown */
} aurora__option_kind_t;

typedef struct {
  const char *name;     /* in a URI */
  const char *field;    /* in aurora_config_t */
  const char *variable; /* in the environment */
  aurora__option_kind_t kind;
  size_t offset;       /* of the field in aurora_config_t */
  uint64_t min;        /* of a number; of a text, its length */
  uint64_t max;        /* the same */
  bool nullable;       /* a text that may be NULL in the struct */
  const char *allowed; /* for people: a text's rule; what to say after a number's range */
} aurora__option_t;

enum { AURORA__OPTION_COUNT = 31 };

extern const aurora__option_t aurora__options[AURORA__OPTION_COUNT];

/* The option of that URI name, or NULL. */
const aurora__option_t *aurora__option_find(const char *name);

/* Whether the field is a const char *. */
bool aurora__option_is_text(const aurora__option_t *option);

/* The field of a text. */
const char *aurora__option_text(const aurora__option_t *option, const aurora_config_t *config);
void aurora__option_set_text(const aurora__option_t *option, aurora_config_t *config,
                             const char *text);

/* The field of a number, or of a choice as its enum's number. Setting expects one in range. */
uint64_t aurora__option_number(const aurora__option_t *option, const aurora_config_t *config);
void aurora__option_set_number(const aurora__option_t *option, aurora_config_t *config,
                               uint64_t number);

#endif
