#include "base/log.h"

void aurora__log(const aurora_config_t *config, aurora_log_level_t level, const char *event,
                 const aurora_log_field_t *fields, size_t count)
{
  if (config->log_cb)
    config->log_cb(level, event, fields, count, config->log_data);
}
