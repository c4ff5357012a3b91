/*
 * Text forms have fixed places, so they are read by position; everything must be there and nothing
 * more. Packed forms, from the highest bit:
 *
 *   date and time:  year 16 | month 4 | day 5 | hour 5 | minute 6 | second 6 | microsecond 20
 *   time:           negative 1 | hours 16 | minutes 6 | seconds 6 | microseconds 20
 */
#include "result/temporal.h"

#include <string.h>

static bool two_digits(const char *text, unsigned limit, uint8_t *ret)
{
  unsigned tens = (unsigned char)text[0] - (unsigned)'0';
  unsigned ones = (unsigned char)text[1] - (unsigned)'0';

  if (tens > 9 || ones > 9 || tens * 10 + ones > limit)
    return false;
  *ret = (uint8_t)(tens * 10 + ones);
  return true;
}

/* "" or ".", then 1 to 6 digits. */
static bool fraction(const char *text, size_t size, uint32_t *ret)
{
  uint32_t value = 0;

  if (size == 0) {
    *ret = 0;
    return true;
  }
  if (size < 2 || size > 7 || text[0] != '.')
    return false;
  for (size_t i = 1; i < 7; i++) {
    unsigned digit = i < size ? (unsigned char)text[i] - (unsigned)'0' : 0;

    if (digit > 9)
      return false;
    value = value * 10 + digit;
  }
  *ret = value;
  return true;
}

bool aurora__parse_date(const char *text, size_t size, aurora_datetime_t *ret)
{
  aurora_datetime_t date;
  uint8_t century, year;

  memset(&date, 0, sizeof date);
  if (size != 10 || text[4] != '-' || text[7] != '-' || !two_digits(text, 99, &century) ||
      !two_digits(text + 2, 99, &year) || !two_digits(text + 5, 12, &date.month) ||
      !two_digits(text + 8, 31, &date.day))
    return false;
  date.year = (uint16_t)(century * 100 + year);
  *ret = date;
  return true;
}

bool aurora__parse_datetime(const char *text, size_t size, aurora_datetime_t *ret)
{
  aurora_datetime_t date;

  if (size < 19 || !aurora__parse_date(text, 10, &date) || text[10] != ' ' || text[13] != ':' ||
      text[16] != ':' || !two_digits(text + 11, 23, &date.hour) ||
      !two_digits(text + 14, 59, &date.minute) || !two_digits(text + 17, 59, &date.second) ||
      !fraction(text + 19, size - 19, &date.microsecond))
    return false;
  *ret = date;
  return true;
}

bool aurora__parse_time(const char *text, size_t size, aurora_time_t *ret)
{
  aurora_time_t time;
  bool minus = size > 0 && text[0] == '-';
  size_t at = minus;
  unsigned hours = 0;

  memset(&time, 0, sizeof time);
  while (at < size && text[at] >= '0' && text[at] <= '9') {
    hours = hours * 10 + (unsigned)(text[at] - '0');
    if (hours > UINT16_MAX)
      return false;
    at++;
  }
  if (at < (size_t)minus + 2 || size - at < 6 || text[at] != ':' || text[at + 3] != ':' ||
      !two_digits(text + at + 1, 59, &time.minutes) ||
      !two_digits(text + at + 4, 59, &time.seconds) ||
      !fraction(text + at + 6, size - at - 6, &time.microseconds))
    return false;
  time.hours = (uint16_t)hours;
  time.negative = minus && (hours || time.minutes || time.seconds || time.microseconds);
  *ret = time;
  return true;
}

static uint32_t little_endian_32(const unsigned char *bytes)
{
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

bool aurora__unpack_wire_datetime(const unsigned char *bytes, size_t size, aurora_datetime_t *ret)
{
  aurora_datetime_t date;

  memset(&date, 0, sizeof date);
  if (size != 0 && size != 4 && size != 7 && size != 11)
    return false;
  if (size >= 4) {
    date.year = (uint16_t)(bytes[0] | bytes[1] << 8);
    date.month = bytes[2];
    date.day = bytes[3];
  }
  if (size >= 7) {
    date.hour = bytes[4];
    date.minute = bytes[5];
    date.second = bytes[6];
  }
  if (size == 11)
    date.microsecond = little_endian_32(bytes + 7);
  if (date.year > 9999 || date.month > 12 || date.day > 31 || date.hour > 23 || date.minute > 59 ||
      date.second > 59 || date.microsecond > 999999)
    return false;
  *ret = date;
  return true;
}

bool aurora__unpack_wire_time(const unsigned char *bytes, size_t size, aurora_time_t *ret)
{
  aurora_time_t time;

  memset(&time, 0, sizeof time);
  if (size != 0 && size != 8 && size != 12)
    return false;
  if (size >= 8) {
    uint64_t hours = (uint64_t)little_endian_32(bytes + 1) * 24 + bytes[5];

    time.minutes = bytes[6];
    time.seconds = bytes[7];
    if (size == 12)
      time.microseconds = little_endian_32(bytes + 8);
    if (bytes[0] > 1 || bytes[5] > 23 || hours > UINT16_MAX || time.minutes > 59 ||
        time.seconds > 59 || time.microseconds > 999999)
      return false;
    time.hours = (uint16_t)hours;
    time.negative = bytes[0] && (hours || time.minutes || time.seconds || time.microseconds);
  }
  *ret = time;
  return true;
}

uint64_t aurora__pack_datetime(const aurora_datetime_t *datetime)
{
  uint64_t packed = datetime->year;

  packed = packed << 4 | datetime->month;
  packed = packed << 5 | datetime->day;
  packed = packed << 5 | datetime->hour;
  packed = packed << 6 | datetime->minute;
  packed = packed << 6 | datetime->second;
  return packed << 20 | datetime->microsecond;
}

aurora_datetime_t aurora__unpack_datetime(uint64_t packed)
{
  aurora_datetime_t datetime;

  memset(&datetime, 0, sizeof datetime);
  datetime.microsecond = packed & 0xfffff;
  datetime.second = packed >> 20 & 0x3f;
  datetime.minute = packed >> 26 & 0x3f;
  datetime.hour = packed >> 32 & 0x1f;
  datetime.day = packed >> 37 & 0x1f;
  datetime.month = packed >> 42 & 0xf;
  datetime.year = (uint16_t)(packed >> 46);
  return datetime;
}

uint64_t aurora__pack_time(const aurora_time_t *time)
{
  uint64_t packed = time->negative;

  packed = packed << 16 | time->hours;
  packed = packed << 6 | time->minutes;
  packed = packed << 6 | time->seconds;
  return packed << 20 | time->microseconds;
}

aurora_time_t aurora__unpack_time(uint64_t packed)
{
  aurora_time_t time;

  memset(&time, 0, sizeof time);
  time.microseconds = packed & 0xfffff;
  time.seconds = packed >> 20 & 0x3f;
  time.minutes = packed >> 26 & 0x3f;
  time.hours = (uint16_t)(packed >> 32);
  time.negative = packed >> 48 & 1;
  return time;
}
