/*
 * Checking a whole configuration, however it was filled in: each field against the table, then how
 * the fields go together, and last the files, so that nothing is opened for a configuration that is
 * wrong anyway. Messages name the field and its variable: "config.port (AURORA_PORT) is 70000".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "config/config.h"
#include "config/options.h"
#include "config/value.h"

static int refuse_field(const aurora__option_t *option, const aurora_config_t *config,
                        aurora_error_t *ret_error)
{
  char name[96];
  char allowed[AURORA__ALLOWED_SIZE];

  snprintf(name, sizeof name, "config.%s (%s)", option->field, option->variable);
  if (aurora__option_is_text(option) && aurora__option_text(option, config))
    return aurora__value_refuse(option, name, aurora__option_text(option, config), ret_error);
  aurora__value_allowed(allowed, option);
  if (aurora__option_is_text(option))
    return aurora__error_set(ret_error, AURORA_ECONFIG, AURORA_NOT_SENT, "%s is NULL; allowed: %s",
                             name, allowed);
  return aurora__error_set(ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                           "%s is %" PRIu64 "; allowed: %s", name,
                           aurora__option_number(option, config), allowed);
}

static int check_fields(const aurora_config_t *config, aurora_error_t *ret_error)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++)
    if (!aurora__value_field_ok(&aurora__options[i], config))
      return refuse_field(&aurora__options[i], config, ret_error);
  return 0;
}

static int check_sizes(const aurora_config_t *config, aurora_error_t *ret_error)
{
  if (config->min_idle > config->pool_size)
    return aurora__error_set(
        ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
        "config.min_idle (AURORA_MIN_IDLE) is %u; allowed: 0 to pool_size, which is %u",
        config->min_idle, config->pool_size);
  if (config->warmup_size > config->pool_size)
    return aurora__error_set(
        ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
        "config.warmup_size (AURORA_WARMUP_SIZE) is %u; allowed: 1 to pool_size, which is %u",
        config->warmup_size, config->pool_size);
  if (config->backoff_max < config->backoff_min)
    return aurora__error_set(ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                             "config.backoff_max (AURORA_BACKOFF_MAX) is %" PRIu64
                             " ms; allowed: at least backoff_min, which is %" PRIu64 " ms",
                             config->backoff_max, config->backoff_min);
  return 0;
}

static int check_tls(const aurora_config_t *config, aurora_error_t *ret_error)
{
  bool verifies =
      config->ssl_mode == AURORA_SSL_VERIFY_CA || config->ssl_mode == AURORA_SSL_VERIFY_IDENTITY;

  if (verifies && !config->ssl_ca)
    return aurora__error_set(
        ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
        "config.ssl_ca (AURORA_SSL_CA) is NULL; allowed: with ssl_mode %s, the "
        "path of a file in PEM that can be read",
        config->ssl_mode == AURORA_SSL_VERIFY_CA ? "VERIFY_CA" : "VERIFY_IDENTITY");
  if (config->ssl_cert && !config->ssl_key)
    return aurora__error_set(ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                             "config.ssl_key (AURORA_SSL_KEY) is NULL; allowed: with ssl_cert, the "
                             "path of its private key");
  if (config->ssl_key && !config->ssl_cert)
    return aurora__error_set(
        ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
        "config.ssl_cert (AURORA_SSL_CERT) is NULL; allowed: with ssl_key, the "
        "path of its certificate");
  return 0;
}

/* 0 or a negative errno value. libmariadb reads the file again at every connect: only a regular file
 * gives the same each time. */
static int try_reading(const char *path)
{
  struct stat status;
  int result = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

  if (fd < 0)
    return -errno;
  if (fstat(fd, &status))
    result = -errno;
  else if (S_ISDIR(status.st_mode))
    result = -EISDIR;
  else if (!S_ISREG(status.st_mode))
    result = -EINVAL;
  close(fd);
  return result;
}

static int check_files(const aurora_config_t *config, aurora_error_t *ret_error)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++) {
    const aurora__option_t *option = &aurora__options[i];
    char quoted[AURORA__QUOTE_SIZE];
    const char *path;
    int status;

    if (option->kind != AURORA__OPTION_FILE)
      continue;
    path = aurora__option_text(option, config);
    if (!path)
      continue;
    status = try_reading(path);
    if (!status)
      continue;
    aurora__value_quote(quoted, path);
    return aurora__error_set(
        ret_error, AURORA_ECONFIG, AURORA_NOT_SENT, "config.%s (%s) is %s: %s; allowed: %s",
        option->field, option->variable, quoted,
        status == -EINVAL ? "not a regular file" : aurora_strerror(status), option->allowed);
  }
  return 0;
}

int aurora__config_check(const aurora_config_t *config, aurora_error_t *ret_error)
{
  int status;

  if (!config)
    return aurora__error_set(ret_error, UV_EINVAL, AURORA_NOT_SENT, "config is NULL");
  if (!aurora__config_initialised(config))
    return aurora__error_set(ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                             "aurora_config_init was not called on the configuration");
  status = check_fields(config, ret_error);
  if (!status)
    status = check_sizes(config, ret_error);
  if (!status)
    status = check_tls(config, ret_error);
  if (!status)
    status = check_files(config, ret_error);
  return status;
}
