/*
 * The one monotonic clock, in the two units that the library uses. Unlike uv_now it does not stand
 * still while a callback runs, so that deadlines count from the call.
 */
#ifndef AURORA_BASE_CLOCK_H
#define AURORA_BASE_CLOCK_H

#include <stdint.h>
#include <uv.h>

static inline uint64_t aurora__now_ns(void)
{
  return uv_hrtime();
}

static inline uint64_t aurora__ns_to_ms(uint64_t ns)
{
  return ns / 1000000u;
}

static inline uint64_t aurora__now_ms(void)
{
  return aurora__ns_to_ms(uv_hrtime());
}

#endif
