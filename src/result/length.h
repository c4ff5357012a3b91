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

/* Reads it; returns how many bytes tell it; 0: it is none, or not all there. */
static inline unsigned aurora__read_length(const unsigned char *at, const unsigned char *end,
                                           uint64_t *ret)
{
  unsigned width;

  if (at >= end)
    return 0;
  if (at[0] < AURORA__LENGTH_NULL) {
    *ret = at[0];
    return 1;
  }
  width = aurora__length_width(at[0]);
  if (width == 0 || (size_t)(end - at) < width)
    return 0;
  *ret = 0;
  for (unsigned i = 1; i < width; i++)
    *ret |= (uint64_t)at[i] << 8 * (i - 1);
  return width;
}

#endif
