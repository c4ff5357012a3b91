#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
  return (byte & 0xc0) == 0x80;
}

/* The length of the well-formed sequence at p that starts with a byte above 0x7f; 0: none. */
static size_t sequence_length(const unsigned char *p, size_t left)
{
  unsigned char second;

  if (left < 2 || !is_continuation(p[1]))
    return 0;
  second = p[1];
  if (p[0] >= 0xc2 && p[0] <= 0xdf)
    return 2;
  if (left < 3 || !is_continuation(p[2]))
    return 0;
  if (p[0] >= 0xe0 && p[0] <= 0xef) {
    if ((p[0] == 0xe0 && second < 0xa0) || (p[0] == 0xed && second > 0x9f))
      return 0;
    return 3;
  }
  if (left < 4 || !is_continuation(p[3]))
    return 0;
  if (p[0] < 0xf0 || p[0] > 0xf4 || (p[0] == 0xf0 && second < 0x90) ||
      (p[0] == 0xf4 && second > 0x8f))
    return 0;
  return 4;
}

bool aurora__is_utf8(const char *text, size_t size)
{
  const unsigned char *p = (const unsigned char *)text;
  const unsigned char *end = p + size;

  while (p < end) {
    uint64_t eight;
    size_t length;

    /* ASCII, eight bytes at a time. */
    while (end - p >= 8) {
      memcpy(&eight, p, sizeof eight);
      if (eight & UINT64_C(0x8080808080808080))
        break;
      p += 8;
    }
    if (p == end)
      break;
    if (*p < 0x80) {
      p++;
      continue;
    }
    length = sequence_length(p, (size_t)(end - p));
    if (!length)
      return false;
    p += length;
  }
  return true;
}
