/*
 * Numbers from text, the same in every locale, and the server's way of showing a FLOAT.
 *
 * Every function wants the whole text to be a number, and tells whether it was; *ret is untouched
 * if not.
 */
#ifndef AURORA_RESULT_NUMBER_H
#define AURORA_RESULT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "-12", "0012". */
bool aurora__parse_int64(const char *text, size_t size, int64_t *ret);
bool aurora__parse_uint64(const char *text, size_t size, uint64_t *ret);

/* "1.5", "-1e-07", ".5"; rounded to the nearest double. No infinities, no NaN. */
bool aurora__parse_double(const char *text, size_t size, double *ret);

/* "-12.50": whether it is one. */
bool aurora__is_decimal(const char *text, size_t size);
/* A decimal without a fraction (zeros behind the point are none) that fits. */
bool aurora__decimal_int64(const char *text, size_t size, int64_t *ret);
bool aurora__decimal_uint64(const char *text, size_t size, uint64_t *ret);

/* 1 to 8 bytes, the highest first: how BIT comes. */
bool aurora__parse_bit(const unsigned char *bytes, size_t size, uint64_t *ret);
/* Digits, if they are nothing but digits, or else as parse_bit: how an expression of type BIT comes
 * (MariaDB 10.11 sends 5 as "5"). */
bool aurora__parse_computed_bit(const unsigned char *bytes, size_t size, uint64_t *ret);

/* What is read from the text that the server makes of a FLOAT: six significant digits, or, for
 * FLOAT(M, decimals), that many behind the point (31 and above mean that there is no such number). */
double aurora__float_as_shown(float number, unsigned decimals);
/* The same for a DOUBLE, which is shown with all its digits unless its column has fixed decimals. */
double aurora__double_as_shown(double number, unsigned decimals);

#endif
