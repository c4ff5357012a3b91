/*
 * Defaults, clearing, and the copy that a pool keeps.
 *
 * A struct is initialised when `initialised` holds the magic number; a struct that was never touched
 * holds anything, so nothing else in it is looked at before that. Strings set by the caller are
 * borrowed; strings stored by the library are blocks on `owned`.
 */
#include "config/config.h"

#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "config/options.h"
#include "config/storage.h"

#define INITIALISED UINT64_C(0x6175726f72612e31) /* "aurora.1" */

bool aurora__config_initialised(const aurora_config_t *config)
{
  return config->initialised == INITIALISED;
}

void aurora_config_init(aurora_config_t *config)
{
  if (!config)
    return;
  memset(config, 0, sizeof *config);
  config->host = "localhost";
  config->port = 3306;
  config->user = "arla";
  config->password = "";
  config->database = "octane";
  config->ssl_mode = AURORA_SSL_DEFAULT;
  config->pool_size = 20;
  config->warmup_size = 1;
  config->max_connecting = 2;
  config->connect_timeout = 5000;
  config->idle_timeout = 180000;
  config->max_lifetime = 1800000;
  config->tcp_keepalive = 10000;
  config->keepalive_interval = 30000;
  config->backoff_min = 100;
  config->backoff_max = 10000;
  config->statement_cache = 64;
  config->max_result_size = 67108864;
  config->reset = AURORA_RESET_AUTO;
  config->initialised = INITIALISED;
}

void aurora_config_clear(aurora_config_t *config)
{
  if (!config)
    return;
  if (aurora__config_initialised(config))
    aurora__storage_rewind(config, NULL);
  aurora_config_init(config);
}

int aurora__config_copy(const aurora_config_t *config, aurora_config_t *ret_copy,
                        aurora_error_t *ret_error)
{
  aurora_config_t copy = *config;

  copy.owned = NULL;
  if (!copy.password)
    copy.password = "";
  if (!copy.database)
    copy.database = "";
  if (copy.init_sql && !*copy.init_sql)
    copy.init_sql = NULL;
  if (copy.ssl_mode == AURORA_SSL_DEFAULT)
    copy.ssl_mode = copy.ssl_ca ? AURORA_SSL_VERIFY_IDENTITY : AURORA_SSL_PREFERRED;
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++) {
    const aurora__option_t *option = &aurora__options[i];
    const char *text;

    if (!aurora__option_is_text(option))
      continue;
    text = aurora__option_text(option, &copy);
    if (!text)
      continue;
    text = aurora__storage_add(&copy, text);
    if (!text) {
      aurora__storage_rewind(&copy, NULL);
      return aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory");
    }
    aurora__option_set_text(option, &copy, text);
  }
  *ret_copy = copy;
  return 0;
}

void aurora__config_free(aurora_config_t *copy)
{
  aurora__storage_rewind(copy, NULL);
  memset(copy, 0, sizeof *copy);
}
