/*
 * Log events. See <aurora/log.h>.
 */
#ifndef AURORA_BASE_LOG_H
#define AURORA_BASE_LOG_H

#include <stddef.h>

#include <aurora/config.h>
#include <aurora/error.h>
#include <aurora/log.h>

/* Calls the log callback, if there is one. */
void aurora__log(const aurora_config_t *config, aurora_log_level_t level, const char *event,
                 const aurora_log_field_t *fields, size_t count);

/* The last two arguments of aurora__log. */
#define AURORA__LOG_FIELDS(...)                                                                    \
  (const aurora_log_field_t[]){__VA_ARGS__},                                                       \
      sizeof((const aurora_log_field_t[]){__VA_ARGS__}) / sizeof(aurora_log_field_t)

static inline aurora_log_field_t aurora__log_int(const char *key, int64_t number)
{
  return (aurora_log_field_t){key, aurora_int64(number)};
}

static inline aurora_log_field_t aurora__log_string(const char *key, const char *string)
{
  return (aurora_log_field_t){key, aurora_string(string)};
}

/* A duration in ns, as milliseconds with a fraction. */
static inline aurora_log_field_t aurora__log_duration(const char *key, uint64_t ns)
{
  return (aurora_log_field_t){key, aurora_double((double)ns / 1e6)};
}

#endif
