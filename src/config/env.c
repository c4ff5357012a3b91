/*
 * The environment: AURORA_* variables, each read on its own. How values go together is only checked
 * when a pool is created, since more may be laid over them until then.
 */
#include <stdlib.h>
#include <uv.h>

#include <aurora/config.h>

#include "base/error.h"
#include "config/edit.h"

int aurora_config_from_env(aurora_config_t *config, aurora_error_t *ret_error)
{
  aurora__edit_t edit;

  if (!config)
    return aurora__error_set(ret_error, UV_EINVAL, AURORA_NOT_SENT, "config is NULL");
  aurora__edit_begin(&edit, config);
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++) {
    const aurora__option_t *option = &aurora__options[i];
    const char *text = getenv(option->variable);
    int status;

    if (!text)
      continue;
    status = aurora__edit_set(&edit, option, text, option->variable, true, ret_error);
    if (status) {
      aurora__edit_abort(&edit);
      return status;
    }
  }
  aurora__edit_commit(&edit);
  return 0;
}
