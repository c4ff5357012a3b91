/*
 * libFuzzer target: any text as a URI. Beside the sanitizers it finds a configuration that a failure
 * touched, a stored configuration that its own reading would refuse, an unprintable message, and a
 * message that depends on what the user-info holds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/config.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static int load(const char *uri, aurora_error_t *ret_error)
{
  aurora_config_t config;
  aurora_config_t before;
  int status;

  aurora_config_init(&config);
  must(aurora_config_from_uri(&config, "mysql://user:password@host/database", NULL) == 0);
  memcpy(&before, &config, sizeof config);
  memset(ret_error, 0, sizeof *ret_error);
  status = aurora_config_from_uri(&config, uri, ret_error);
  if (status) {
    must(status == AURORA_ECONFIG && ret_error->code == status);
    must(memcmp(&before, &config, sizeof config) == 0);
    for (const char *c = ret_error->message; *c; c++)
      must(*c >= ' ' && *c < 0x7f);
  } else {
    aurora_config_t copy;

    must(strlen(config.host) > 0 && config.port > 0 && config.pool_size > 0);
    must(aurora__config_copy(&config, &copy, NULL) == 0);
    aurora__config_free(&copy);
    /* The same again gives the same, and frees what the first time stored. */
    must(aurora_config_from_uri(&config, uri, NULL) == 0);
  }
  aurora_config_clear(&config);
  return status;
}

/* Another user and password of the same form; 0: the text has no plain user-info. */
static int change_user_info(char *uri)
{
  char *begin = strstr(uri, "://");
  char *end = strrchr(uri, '@');

  if (!begin || !end || end < begin + 3)
    return 0;
  begin += 3;
  if (strcspn(begin, "/?#%") < (size_t)(end - begin))
    return 0;
  for (char *c = begin; c < end; c++)
    if (*c != ':' && *c != '@')
      *c = '7';
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *uri = malloc(size + 1);
  aurora_error_t error;
  aurora_error_t changed_error;
  int status;

  if (!uri)
    return 0;
  memcpy(uri, data, size);
  uri[size] = '\0';
  status = load(uri, &error);
  /* Longer names are refused by their count of characters, which the change may alter. */
  if (size <= 64 && change_user_info(uri)) {
    must(load(uri, &changed_error) == status);
    must(strcmp(error.message, changed_error.message) == 0);
  }
  free(uri);
  return 0;
}
