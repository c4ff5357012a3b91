/*
 * Floating point from text, and the rounding that the server does when it shows a FLOAT.
 *
 * Reading: digits and a power of ten are collected first. When both are exact as doubles (at most 53
 * bits and 10^22) one multiplication or division rounds once, so it gives the nearest double. The
 * rest goes to strtod as an integer with an exponent: without a decimal point its answer does not
 * depend on the locale.
 *
 * Showing: a float has 24 bits, and 10^12 = 5^12 * 2^12 with 28 bits in 5^12: their product fits the
 * 53 bits of a double. So scaling up is exact, the rounding to an integer (ties to even, as the
 * server's and the C library's conversions do with the exact value) is done once, and the division
 * back gives the double nearest to the shown decimal. For a double with fixed decimals this holds when
 * the answer is the number itself, which is the common case. Others go through printf.
 */
#include "result/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "exact rounding needs doubles to be computed as doubles"
#endif

enum {
  EXACT_POWER = 22,  /* 10^22 is the largest power of ten that is a double */
  FLOAT_POWER = 12,  /* see above */
  SHORT_DIGITS = 19, /* as many always fit 64 bits */
  MOST_DIGITS = 800,
  EXPONENT_LIMIT = 100000,
  NO_FIXED_DECIMALS = 31 /* the server's NOT_FIXED_DEC */
};

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A number as it is written: 0.digits * 10^(exponent + count) without leading zeros. */
typedef struct {
  bool minus;
  int exponent;      /* of the last digit */
  size_t count;      /* of significant digits */
  uint64_t mantissa; /* their value, while count is at most SHORT_DIGITS */
  char digits[MOST_DIGITS];
} scanned_t;

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* The "e-07" at the end. */
static bool scan_exponent(const char *text, size_t size, int *ret)
{
  size_t at = 0;
  bool minus = false;
  int value = 0;

  if (at < size && (text[at] == '-' || text[at] == '+'))
    minus = text[at++] == '-';
  if (at == size)
    return false;
  for (; at < size; at++) {
    if (!is_digit(text[at]))
      return false;
    if (value < EXPONENT_LIMIT)
      value = value * 10 + (text[at] - '0');
  }
  *ret = minus ? -value : value;
  return true;
}

static bool scan(const char *text, size_t size, scanned_t *ret)
{
  size_t at = 0, seen = 0;
  bool point = false;
  int exponent = 0;

  ret->minus = size > 0 && text[0] == '-';
  ret->exponent = 0;
  ret->count = 0;
  ret->mantissa = 0;
  for (at = ret->minus; at < size; at++) {
    char c = text[at];

    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(c))
      break;
    seen++;
    ret->exponent -= point;
    if (ret->count == 0 && c == '0')
      continue;
    if (ret->count == MOST_DIGITS)
      return false;
    if (ret->count < SHORT_DIGITS)
      ret->mantissa = ret->mantissa * 10 + (unsigned)(c - '0');
    ret->digits[ret->count++] = c;
  }
  if (seen == 0 || seen > EXPONENT_LIMIT)
    return false;
  if (at < size) {
    if (text[at] != 'e' && text[at] != 'E')
      return false;
    if (!scan_exponent(text + at + 1, size - at - 1, &exponent))
      return false;
  }
  ret->exponent += exponent;
  return true;
}

static double nearest(const scanned_t *number)
{
  char text[MOST_DIGITS + 16];
  double value;

  if (number->count == 0) {
    value = 0;
  } else if (number->count <= SHORT_DIGITS && number->mantissa <= (uint64_t)1 << DBL_MANT_DIG &&
             abs(number->exponent) <= EXACT_POWER) {
    value = (double)number->mantissa;
    if (number->exponent < 0)
      value /= powers[-number->exponent];
    else
      value *= powers[number->exponent];
  } else {
    memcpy(text, number->digits, number->count);
    snprintf(text + number->count, sizeof text - number->count, "e%d", number->exponent);
    value = strtod(text, NULL);
  }
  return number->minus ? -value : value;
}

bool aurora__parse_double(const char *text, size_t size, double *ret)
{
  scanned_t number;
  double value;

  if (!scan(text, size, &number))
    return false;
  value = nearest(&number);
  if (isinf(value))
    return false;
  *ret = value;
  return true;
}

/* Through printf; whatever the locale puts in the place of the point is left out, and the exponent
 * put right for it. decimals NO_FIXED_DECIMALS or more: six significant digits. */
static double shown_by_printf(double number, unsigned decimals)
{
  char text[512], plain[512]; /* the longest: 309 digits, a point and 30 more */
  bool fixed = decimals < NO_FIXED_DECIMALS;
  int fraction = fixed ? (int)decimals : FLT_DIG - 1;
  size_t size = 0;
  double value = number;

  snprintf(text, sizeof text, fixed ? "%.*f" : "%.*e", fraction, number);
  for (const char *from = text; *from && *from != 'e'; from++)
    if (*from == '-' || is_digit(*from))
      plain[size++] = *from;
  if (!fixed)
    fraction -= atoi(strchr(text, 'e') + 1);
  size += (size_t)snprintf(plain + size, sizeof plain - size, "e%d", -fraction);
  aurora__parse_double(plain, size, &value);
  return value;
}

/* To the nearest integer, ties to even. */
static double round_even(double number)
{
  double whole, rest;

  if (number >= 0x1p53)
    return number; /* has no fraction */
  whole = (double)(int64_t)number;
  rest = number - whole;
  if (rest > 0.5 || (rest == 0.5 && ((int64_t)number & 1)))
    whole += 1;
  return whole;
}

double aurora__double_as_shown(double number, unsigned decimals)
{
  double scaled, shown;

  if (decimals >= NO_FIXED_DECIMALS || !isfinite(number) || number == 0)
    return number;
  if (decimals <= EXACT_POWER) {
    scaled = fabs(number) * powers[decimals];
    if (scaled < 0x1p53) {
      shown = round_even(scaled) / powers[decimals];
      if (shown == fabs(number))
        return number;
    }
  }
  return shown_by_printf(number, decimals);
}

double aurora__float_as_shown(float number, unsigned decimals)
{
  double exact = number;
  double size = fabs(exact);
  unsigned power = 0;
  double shown;

  if (!isfinite(exact) || exact == 0)
    return exact;
  if (decimals >= NO_FIXED_DECIMALS) {
    while (power < FLOAT_POWER && size * powers[power] < 1e5)
      power++;
    if (size * powers[power] < 1e5 || size >= 1e6)
      return shown_by_printf(exact, decimals);
  } else if (decimals <= FLOAT_POWER) {
    power = decimals;
  } else {
    return shown_by_printf(exact, decimals);
  }
  shown = round_even(size * powers[power]) / powers[power];
  return exact < 0 ? -shown : shown;
}
