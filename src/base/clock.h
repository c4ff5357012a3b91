/*
 * The one monotonic clock, in the two units that the library uses. Unlike uv_now it does not stand
 * still while a callback runs, so that deadlines count from the call. It is uv_hrtime's, asked for
 * without the two calls that stand between.
 */
#ifndef AURORA_BASE_CLOCK_H
#define AURORA_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t aurora__now_ns(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t aurora__ns_to_ms(uint64_t ns)
{
  return ns / 1000000u;
}

static inline uint64_t aurora__now_ms(void)
{
  return aurora__ns_to_ms(aurora__now_ns());
}

#endif
