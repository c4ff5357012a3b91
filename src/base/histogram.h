/*
 * A log-linear histogram of durations: 16 buckets for each power of two, so that a bucket is at most
 * 1/16 of its values wide, from 1 ns to the end of 64 bits, in fixed memory (8 KiB). Values below 16
 * have a bucket each. Counts have 64 bits: they do not fill up in practice; the sum stays at its
 * largest value if it would.
 */
#ifndef AURORA_BASE_HISTOGRAM_H
#define AURORA_BASE_HISTOGRAM_H

#include <stdint.h>

#include <aurora/stats.h>

enum {
  AURORA__HISTOGRAM_BITS = 4, /* 2^4 buckets a power of two */
  AURORA__HISTOGRAM_BUCKETS = (64 - AURORA__HISTOGRAM_BITS + 1) << AURORA__HISTOGRAM_BITS
};

typedef struct {
  uint64_t count;
  uint64_t sum;
  uint64_t min; /* UINT64_MAX while count is 0 */
  uint64_t max;
  uint64_t buckets[AURORA__HISTOGRAM_BUCKETS];
} aurora__histogram_t;

void aurora__histogram_init(aurora__histogram_t *histogram);

/* Count, sum, min and max are exact. A percentile is the largest value that the bucket of the value
 * of that rank may hold, but never above max: it is never too low, and too high by 1/16 at most.
 * All 0 while nothing is recorded. */
void aurora__histogram_read(const aurora__histogram_t *histogram, aurora_latency_t *ret);

static inline unsigned aurora__histogram_bucket(uint64_t value)
{
  unsigned shift;

  if (value >> AURORA__HISTOGRAM_BITS == 0)
    return (unsigned)value;
  shift = 63 - (unsigned)__builtin_clzll(value) - AURORA__HISTOGRAM_BITS;
  /* The leading one of value >> shift is worth 16: it makes up for the row that shift counts from. */
  return (shift << AURORA__HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

static inline void aurora__histogram_record(aurora__histogram_t *histogram, uint64_t value)
{
  histogram->buckets[aurora__histogram_bucket(value)]++;
  histogram->count++;
  if (__builtin_add_overflow(histogram->sum, value, &histogram->sum))
    histogram->sum = UINT64_MAX;
  if (value < histogram->min)
    histogram->min = value;
  if (value > histogram->max)
    histogram->max = value;
}

#endif
