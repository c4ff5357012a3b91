/*
 * Reading a histogram: one walk over the buckets for each percentile. It is done when somebody asks
 * for statistics, never in the course of a query.
 */
#include "base/histogram.h"

#include <string.h>

void aurora__histogram_init(aurora__histogram_t *histogram)
{
  memset(histogram, 0, sizeof *histogram);
  histogram->min = UINT64_MAX;
}

/* The largest value that falls into a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
  const unsigned row = 1u << AURORA__HISTOGRAM_BITS;
  unsigned shift;
  uint64_t leading;

  if (bucket < row)
    return bucket;
  shift = (bucket >> AURORA__HISTOGRAM_BITS) - 1;
  leading = (bucket & (row - 1)) + row;
  return (leading << shift) + ((UINT64_C(1) << shift) - 1);
}

/* The value of the rank that `thousandths` of all values reach, rounded up to a whole rank. */
static uint64_t percentile(const aurora__histogram_t *histogram, uint64_t thousandths)
{
  uint64_t count = histogram->count;
  /* count * thousandths / 1000, rounded up, in parts that cannot overflow. */
  uint64_t rank = count / 1000 * thousandths + (count % 1000 * thousandths + 999) / 1000;
  uint64_t seen = 0;
  uint64_t value = 0;

  for (unsigned bucket = 0; bucket < AURORA__HISTOGRAM_BUCKETS && seen < rank; bucket++) {
    seen += histogram->buckets[bucket];
    value = bucket_end(bucket);
  }
  /* A bucket's end is no less than any value in it, so that min needs no such care. */
  return value < histogram->max ? value : histogram->max;
}

void aurora__histogram_read(const aurora__histogram_t *histogram, aurora_latency_t *ret)
{
  if (!histogram->count) {
    *ret = (aurora_latency_t){0};
    return;
  }
  *ret = (aurora_latency_t){.count = histogram->count,
                            .sum = histogram->sum,
                            .min = histogram->min,
                            .max = histogram->max,
                            .p50 = percentile(histogram, 500),
                            .p90 = percentile(histogram, 900),
                            .p99 = percentile(histogram, 990),
                            .p999 = percentile(histogram, 999)};
}
