/*
 * libFuzzer target: any environment. The input's lines are variables: the first byte of a line chooses
 * the option, the rest is its value. Beside the sanitizers it finds a configuration that a failure
 * touched, an unprintable message, and a message that depends on the password.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/config.h>

#include "config/config.h"
#include "config/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

static int load(aurora_error_t *ret_error)
{
  aurora_config_t config;
  aurora_config_t before;
  int status;

  memset(&config, 0, sizeof config);
  memcpy(&before, &config, sizeof config);
  memset(ret_error, 0, sizeof *ret_error);
  status = aurora_config_from_env(&config, ret_error);
  if (status) {
    must(status == AURORA_ECONFIG && ret_error->code == status);
    must(memcmp(&before, &config, sizeof config) == 0);
    for (const char *c = ret_error->message; *c; c++)
      must(*c >= ' ' && *c < 0x7f);
    return status;
  }
  must(aurora_config_from_env(&config, NULL) == 0);
  /* Files of any name are not opened here. */
  if (!config.ssl_ca && !config.ssl_cert && !config.ssl_key) {
    aurora_config_t copy;

    status = aurora__config_check(&config, ret_error);
    must(status == 0 || status == AURORA_ECONFIG);
    if (status == 0) {
      must(aurora__config_copy(&config, &copy, NULL) == 0);
      must(aurora__config_check(&copy, NULL) == 0);
      aurora__config_free(&copy);
    }
  }
  aurora_config_clear(&config);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = malloc(size + 1);
  aurora_error_t error;
  aurora_error_t changed_error;
  const char *password;

  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++)
    unsetenv(aurora__options[i].variable);
  for (char *line = text; *line;) {
    size_t length = strcspn(line, "\n");
    size_t option = (unsigned char)line[0] % AURORA__OPTION_COUNT;
    char *next = line + length + (line[length] == '\n');

    line[length] = '\0';
    if (length > 0)
      setenv(aurora__options[option].variable, line + 1, 1);
    line = next;
  }
  load(&error);
  password = getenv("AURORA_PASSWORD");
  if (password) {
    char *other = strdup(password);

    if (other) {
      memset(other, '7', strlen(other));
      setenv("AURORA_PASSWORD", other, 1);
      load(&changed_error);
      must(error.code == changed_error.code);
      must(strcmp(error.message, changed_error.message) == 0);
      free(other);
    }
  }
  free(text);
  return 0;
}
