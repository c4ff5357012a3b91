/*
 * The length before a cell of variable size, as both protocols tell it: in one byte up to 250, or in 2, 3 or 8
 * behind a byte that says so. 251 stands for NULL, 255 for nothing.
 */
#ifndef AURORA_RESULT_LENGTH_H
#define AURORA_RESULT_LENGTH_H

#include <stddef.h>
#include <stdint.h>

enum { AURORA__LENGTH_NULL = 251 };

/* How many bytes tell a length that begins so; 0: it is none. */
static inline unsigned aurora__length_width(unsigned char first)
{
  if (first < AURORA__LENGTH_NULL)
    return 1;
  return first == 252 ? 3 : first == 253 ? 4 : first == 254 ? 9 : 0;
}

/* What aurora__read_length does for a length that takes more than a byte. */
static inline unsigned aurora__read_long_length(const unsigned char *at, const unsigned char *end,
                                                uint64_t *ret)
{
  unsigned width = at < end ? aurora__length_width(at[0]) : 0;

  if (width == 0 || (size_t)(end - at) < width)
    return 0;
  *ret = 0;
  for (unsigned i = 1; i < width; i++)
    *ret |= (uint64_t)at[i] << 8 * (i - 1);
  return width;
}

/* Reads it; returns how many bytes tell it; 0: it is none, or not all there. */
static inline unsigned aurora__read_length(const unsigned char *at, const unsigned char *end,
                                           uint64_t *ret)
{
  if (at == end || at[0] >= AURORA__LENGTH_NULL)
    return aurora__read_long_length(at, end, ret);
  *ret = at[0];
  return 1;
}

#endif
