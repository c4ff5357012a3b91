/*
 * Integers and decimals from text. See double.c for floating point.
 */
#include "result/number.h"

#include <string.h>

static bool digits_uint64(const char *text, size_t size, uint64_t *ret)
{
  uint64_t value = 0;

  if (size == 0)
    return false;
  for (size_t i = 0; i < size; i++) {
    unsigned digit = (unsigned char)text[i] - (unsigned)'0';

    if (digit > 9 || value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit)
      return false;
    value = value * 10 + digit;
  }
  *ret = value;
  return true;
}

static bool signed_from(bool minus, uint64_t magnitude, int64_t *ret)
{
  if (magnitude > (uint64_t)INT64_MAX + minus)
    return false;
  *ret = minus ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
  return true;
}

bool aurora__parse_int64(const char *text, size_t size, int64_t *ret)
{
  bool minus = size > 0 && text[0] == '-';
  uint64_t magnitude;

  return digits_uint64(text + minus, size - minus, &magnitude) &&
         signed_from(minus, magnitude, ret);
}

bool aurora__parse_uint64(const char *text, size_t size, uint64_t *ret)
{
  return digits_uint64(text, size, ret);
}

/* The digits before the point, when nothing but zeros follows it. */
static bool decimal_magnitude(const char *text, size_t size, bool *ret_minus, uint64_t *ret)
{
  bool minus = size > 0 && text[0] == '-';
  const char *point;

  if (!aurora__is_decimal(text, size))
    return false;
  text += minus;
  size -= minus;
  point = memchr(text, '.', size);
  if (point) {
    for (const char *at = point + 1; at < text + size; at++)
      if (*at != '0')
        return false;
    size = (size_t)(point - text);
  }
  *ret = 0;
  *ret_minus = minus;
  return size == 0 || digits_uint64(text, size, ret);
}

bool aurora__is_decimal(const char *text, size_t size)
{
  size_t at = size > 0 && text[0] == '-';
  bool point = false;
  size_t digits = 0;

  for (; at < size; at++) {
    if (text[at] >= '0' && text[at] <= '9')
      digits++;
    else if (text[at] == '.' && !point)
      point = true;
    else
      return false;
  }
  return digits > 0;
}

bool aurora__decimal_int64(const char *text, size_t size, int64_t *ret)
{
  uint64_t magnitude;
  bool minus;

  return decimal_magnitude(text, size, &minus, &magnitude) && signed_from(minus, magnitude, ret);
}

bool aurora__decimal_uint64(const char *text, size_t size, uint64_t *ret)
{
  uint64_t magnitude;
  bool minus;

  if (!decimal_magnitude(text, size, &minus, &magnitude) || (minus && magnitude > 0))
    return false;
  *ret = magnitude;
  return true;
}

bool aurora__parse_bit(const unsigned char *bytes, size_t size, uint64_t *ret)
{
  uint64_t value = 0;

  if (size < 1 || size > 8)
    return false;
  for (size_t i = 0; i < size; i++)
    value = value << 8 | bytes[i];
  *ret = value;
  return true;
}

bool aurora__parse_computed_bit(const unsigned char *bytes, size_t size, uint64_t *ret)
{
  return digits_uint64((const char *)bytes, size, ret) || aurora__parse_bit(bytes, size, ret);
}
