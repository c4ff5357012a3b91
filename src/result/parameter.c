/*
 * The ranges of <aurora/value.h>. Whether a date exists is for the server to say: its sql_mode may allow it.
 */
#include "result/parameter.h"

#include <math.h>

#include "base/utf8.h"

enum { LARGEST_TEXT = 1 << 30 /* bytes; the most that a server's max_allowed_packet can be */ };

static const char *date_fault(const aurora_datetime_t *date)
{
  if (date->year > 9999)
    return "the year is over 9999";
  if (date->month > 12)
    return "the month is over 12";
  if (date->day > 31)
    return "the day is over 31";
  return NULL;
}

static const char *clock_fault(unsigned minute, unsigned second, unsigned microsecond)
{
  if (minute > 59)
    return "the minutes are over 59";
  if (second > 59)
    return "the seconds are over 59";
  if (microsecond > 999999)
    return "the microseconds are over 999999";
  return NULL;
}

static const char *datetime_fault(const aurora_datetime_t *datetime)
{
  const char *fault = date_fault(datetime);

  if (!fault && datetime->hour > 23)
    fault = "the hour is over 23";
  return fault ? fault : clock_fault(datetime->minute, datetime->second, datetime->microsecond);
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static size_t skip_digits(const aurora_text_t *text, size_t at)
{
  while (at < text->size && is_digit(text->data[at]))
    at++;
  return at;
}

static size_t skip_sign(const aurora_text_t *text, size_t at)
{
  return at < text->size && (text->data[at] == '-' || text->data[at] == '+') ? at + 1 : at;
}

/* [sign] digits [. digits] [e [sign] digits], with a digit before or behind the point. */
static bool is_decimal(const aurora_text_t *text)
{
  size_t begin = skip_sign(text, 0);
  size_t at = skip_digits(text, begin);
  size_t digits = at - begin;

  if (at < text->size && text->data[at] == '.') {
    begin = at + 1;
    at = skip_digits(text, begin);
    digits += at - begin;
  }
  if (!digits)
    return false;
  if (at < text->size && (text->data[at] | 0x20) == 'e') {
    begin = skip_sign(text, at + 1);
    at = skip_digits(text, begin);
    if (at == begin)
      return false;
  }
  return at == text->size;
}

static const char *text_fault(const aurora_value_t *value)
{
  const aurora_text_t *text = &value->as.text;

  if (text->size > LARGEST_TEXT)
    return "the text is larger than 1 GiB";
  if (!text->data && text->size)
    return "the text is NULL and has a size";
  if (value->type == AURORA_TYPE_DECIMAL)
    return is_decimal(text) ? NULL : "the decimal is no number";
  if (value->type == AURORA_TYPE_STRING && text->size && !aurora__is_utf8(text->data, text->size))
    return "the string is not UTF-8";
  return NULL;
}

const char *aurora__parameter_fault(const aurora_value_t *value)
{
  const aurora_datetime_t *datetime = &value->as.datetime;
  const aurora_time_t *time = &value->as.time;
  const char *fault;

  switch (value->type) {
  case AURORA_TYPE_NULL:
  case AURORA_TYPE_INT64:
  case AURORA_TYPE_UINT64:
    return NULL;
  case AURORA_TYPE_DOUBLE:
    return isfinite(value->as.float64) ? NULL : "the double is not finite";
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    return text_fault(value);
  case AURORA_TYPE_DATE:
    fault = date_fault(datetime);
    if (!fault && (datetime->hour || datetime->minute || datetime->second || datetime->microsecond))
      fault = "the date has a time";
    return fault;
  case AURORA_TYPE_DATETIME:
    return datetime_fault(datetime);
  case AURORA_TYPE_TIME:
    if (time->hours > 838)
      return "the hours are over 838";
    return clock_fault(time->minutes, time->seconds, time->microseconds);
  }
  return "the type is none";
}
