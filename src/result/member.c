/*
 * The checked readers do the work; what is here makes their values as narrow as the member is, and
 * says what was wrong.
 */
#include "result/member.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "result/storage.h"

enum { FLOAT_INTEGERS = 1 << 24 }; /* up to here a float has every integer */

static int narrow_signed(int64_t number, aurora__member_t *ret)
{
  bool overflow = false;

  switch (ret->size) {
  case sizeof(int8_t):
    overflow = __builtin_add_overflow(number, 0, &ret->as.int8);
    break;
  case sizeof(int16_t):
    overflow = __builtin_add_overflow(number, 0, &ret->as.int16);
    break;
  case sizeof(int32_t):
    overflow = __builtin_add_overflow(number, 0, &ret->as.int32);
    break;
  case sizeof(int64_t):
    ret->as.int64 = number;
    break;
  default:
    return AURORA_ETYPE;
  }
  return overflow ? AURORA_ETYPE : 0;
}

static int narrow_unsigned(uint64_t number, aurora__member_t *ret)
{
  bool overflow = false;

  switch (ret->size) {
  case sizeof(uint8_t):
    overflow = __builtin_add_overflow(number, 0, &ret->as.uint8);
    break;
  case sizeof(uint16_t):
    overflow = __builtin_add_overflow(number, 0, &ret->as.uint16);
    break;
  case sizeof(uint32_t):
    overflow = __builtin_add_overflow(number, 0, &ret->as.uint32);
    break;
  case sizeof(uint64_t):
    ret->as.uint64 = number;
    break;
  default:
    return AURORA_ETYPE;
  }
  return overflow ? AURORA_ETYPE : 0;
}

static int convert_float(const aurora_result_t *result, size_t row, unsigned column, float *ret)
{
  aurora_type_t type = aurora_result_column_type(result, column);
  double number;
  int err = aurora_result_double(result, row, column, &number);

  if (err)
    return err;
  if ((type == AURORA_TYPE_INT64 || type == AURORA_TYPE_UINT64) && fabs(number) > FLOAT_INTEGERS)
    return AURORA_ETYPE;
  *ret = (float)number;
  return isinf(*ret) || (*ret == 0 && number != 0) ? AURORA_ETYPE : 0;
}

/* Points to the text in the result; all of it, with its NUL, goes into the array. */
static int convert_chars(const aurora_result_t *result, size_t row, unsigned column,
                         aurora__member_t *ret)
{
  size_t room = ret->size;
  aurora_text_t text;
  int err = aurora_result_text(result, row, column, &text);

  if (err)
    return err;
  ret->from = text.data;
  ret->size = text.size + 1;
  return text.size >= room || memchr(text.data, '\0', text.size) ? AURORA_ETYPE : 0;
}

static int convert_bytes(const aurora_result_t *result, size_t row, unsigned column,
                         aurora__member_t *ret)
{
  aurora_text_t bytes;
  int err = aurora_result_bytes(result, row, column, &bytes);

  if (err)
    return err;
  ret->from = bytes.data;
  return bytes.size == ret->size ? 0 : AURORA_ETYPE;
}

static bool in_calendar(const aurora_datetime_t *date)
{
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);

  return date->year >= 1 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
         date->day <= days[date->month - 1] + (leap && date->month == 2);
}

/* Years are counted from March, so that a leap day is the last of its year: month 0 is March, and
 * (153 * month + 2) / 5 is how many days are before a month. */
static int64_t days_since_1970(const aurora_datetime_t *date)
{
  int year = date->month > 2 ? date->year : date->year - 1;
  int month = date->month > 2 ? date->month - 3 : date->month + 9;

  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date->day - 1 -
         719468;
}

static int64_t microseconds(int64_t hours, unsigned minutes, unsigned seconds, unsigned rest)
{
  return ((hours * 60 + minutes) * 60 + seconds) * 1000000 + rest;
}

static int convert_microseconds(const aurora_result_t *result, size_t row, unsigned column,
                                int64_t *ret)
{
  aurora_datetime_t date;
  aurora_time_t time;

  if (aurora_result_time(result, row, column, &time) == 0) {
    *ret = microseconds(time.hours, time.minutes, time.seconds, time.microseconds);
    if (time.negative)
      *ret = -*ret;
    return 0;
  }
  if (aurora_result_datetime(result, row, column, &date) != 0 || !in_calendar(&date))
    return AURORA_ETYPE;
  *ret = microseconds(days_since_1970(&date) * 24 + date.hour, date.minute, date.second,
                      date.microsecond);
  return 0;
}

int aurora__member_convert(const aurora_result_t *result, size_t row, unsigned column,
                           const aurora_field_t *field, aurora__member_t *ret)
{
  int64_t number = 0;
  uint64_t natural = 0;

  ret->from = &ret->as;
  ret->size = field->size;
  if (aurora__is_null(aurora__row_nulls(result, result->rows[row]), column)) {
    ret->from = NULL;
    return field->nullable || field->kind == AURORA_MEMBER_VALUE ? 0 : AURORA_ETYPE;
  }
  switch (field->kind) {
  case AURORA_MEMBER_SIGNED:
    return aurora_result_int64(result, row, column, &number) ? AURORA_ETYPE
                                                             : narrow_signed(number, ret);
  case AURORA_MEMBER_UNSIGNED:
    return aurora_result_uint64(result, row, column, &natural) ? AURORA_ETYPE
                                                               : narrow_unsigned(natural, ret);
  case AURORA_MEMBER_BOOL:
    return aurora_result_bool(result, row, column, &ret->as.boolean);
  case AURORA_MEMBER_FLOAT:
    return convert_float(result, row, column, &ret->as.float32);
  case AURORA_MEMBER_DOUBLE:
    return aurora_result_double(result, row, column, &ret->as.float64);
  case AURORA_MEMBER_CHARS:
    return convert_chars(result, row, column, ret);
  case AURORA_MEMBER_BYTES:
    return convert_bytes(result, row, column, ret);
  case AURORA_MEMBER_STRING:
    return aurora_result_string(result, row, column, &ret->as.string);
  case AURORA_MEMBER_TEXT:
    return aurora_result_bytes(result, row, column, &ret->as.text);
  case AURORA_MEMBER_DATETIME:
    return aurora_result_datetime(result, row, column, &ret->as.datetime);
  case AURORA_MEMBER_TIME:
    return aurora_result_time(result, row, column, &ret->as.time);
  case AURORA_MEMBER_MICROSECONDS:
    return convert_microseconds(result, row, column, &ret->as.int64);
  case AURORA_MEMBER_VALUE:
    ret->as.value = aurora_result_value(result, row, column);
    return 0;
  }
  return AURORA_ETYPE;
}

static void describe_member(const aurora_field_t *field, char *text, size_t room)
{
  const char *name = "unknown";

  switch (field->kind) {
  case AURORA_MEMBER_SIGNED:
    snprintf(text, room, "int%zu", field->size * 8);
    return;
  case AURORA_MEMBER_UNSIGNED:
    snprintf(text, room, "uint%zu", field->size * 8);
    return;
  case AURORA_MEMBER_CHARS:
    snprintf(text, room, "char[%zu]", field->size);
    return;
  case AURORA_MEMBER_BYTES:
    snprintf(text, room, "unsigned char[%zu]", field->size);
    return;
  case AURORA_MEMBER_BOOL:
    name = "bool";
    break;
  case AURORA_MEMBER_FLOAT:
    name = "float";
    break;
  case AURORA_MEMBER_DOUBLE:
    name = "double";
    break;
  case AURORA_MEMBER_STRING:
    name = "const char *";
    break;
  case AURORA_MEMBER_TEXT:
    name = "aurora_text_t";
    break;
  case AURORA_MEMBER_DATETIME:
    name = "aurora_datetime_t";
    break;
  case AURORA_MEMBER_TIME:
    name = "aurora_time_t";
    break;
  case AURORA_MEMBER_MICROSECONDS:
    name = "microseconds";
    break;
  case AURORA_MEMBER_VALUE:
    name = "aurora_value_t";
    break;
  }
  snprintf(text, room, "%s", name);
}

/* What it is, as far as that may be said: its type, and what of it kept it out of the member. */
static void describe_value(const aurora_value_t *value, const aurora_field_t *field, char *text,
                           size_t room)
{
  const char *type = aurora_type_name(value->type);
  bool is_text = value->type == AURORA_TYPE_STRING || value->type == AURORA_TYPE_DECIMAL;
  bool is_date = value->type == AURORA_TYPE_DATE || value->type == AURORA_TYPE_DATETIME;

  if (is_text && (field->kind == AURORA_MEMBER_CHARS || field->kind == AURORA_MEMBER_STRING) &&
      memchr(value->as.text.data, '\0', value->as.text.size))
    snprintf(text, room, "%s with a NUL inside", type);
  else if (is_text && field->kind == AURORA_MEMBER_CHARS)
    snprintf(text, room, "%s of %zu bytes and a NUL", type, value->as.text.size);
  else if (field->kind == AURORA_MEMBER_BYTES && (is_text || value->type == AURORA_TYPE_BYTES))
    snprintf(text, room, "%s of %zu bytes", type, value->as.text.size);
  else if (field->kind == AURORA_MEMBER_MICROSECONDS && is_date)
    snprintf(text, room, "%s that is no day of the calendar", type);
  else
    snprintf(text, room, "%s", type);
}

int aurora__member_explain(const aurora_result_t *result, size_t row, unsigned column,
                           const aurora_field_t *field, aurora_error_t *ret_error)
{
  aurora_value_t value = aurora_result_value(result, row, column);
  char is[64], wanted[64];

  describe_member(field, wanted, sizeof wanted);
  describe_value(&value, field, is, sizeof is);
  return aurora__error_set(ret_error, AURORA_ETYPE, AURORA_NOT_SENT,
                           "row %zu, column \"%.256s\": %s does not fit into %s%s", row,
                           field->column, is, wanted,
                           value.type == AURORA_TYPE_NULL ? ", which is not nullable" : "");
}
