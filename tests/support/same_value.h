/*
 * Whether two values are the same, to the bit. Used by fuzz targets too.
 */
#ifndef TESTS_SUPPORT_SAME_VALUE_H
#define TESTS_SUPPORT_SAME_VALUE_H

#include <stdbool.h>
#include <string.h>

#include <aurora/value.h>

static inline bool same_text(aurora_text_t one, aurora_text_t other)
{
  return one.size == other.size && memcmp(one.data, other.data, one.size) == 0 &&
         one.data[one.size] == '\0';
}

static inline bool same_datetime(const aurora_datetime_t *one, const aurora_datetime_t *other)
{
  return one->year == other->year && one->month == other->month && one->day == other->day &&
         one->hour == other->hour && one->minute == other->minute && one->second == other->second &&
         one->microsecond == other->microsecond;
}

/* one is of a result: there is a NUL behind its text. */
static inline bool same_value(aurora_value_t one, aurora_value_t other)
{
  const aurora_time_t *time = &one.as.time, *other_time = &other.as.time;

  if (one.type != other.type)
    return false;
  switch (one.type) {
  case AURORA_TYPE_NULL:
    return true;
  case AURORA_TYPE_INT64:
    return one.as.int64 == other.as.int64;
  case AURORA_TYPE_UINT64:
    return one.as.uint64 == other.as.uint64;
  case AURORA_TYPE_DOUBLE:
    return memcmp(&one.as.float64, &other.as.float64, sizeof one.as.float64) == 0;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    return same_text(one.as.text, other.as.text);
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_DATETIME:
    return same_datetime(&one.as.datetime, &other.as.datetime);
  case AURORA_TYPE_TIME:
    return time->negative == other_time->negative && time->hours == other_time->hours &&
           time->minutes == other_time->minutes && time->seconds == other_time->seconds &&
           time->microseconds == other_time->microseconds;
  }
  return false;
}

#endif
