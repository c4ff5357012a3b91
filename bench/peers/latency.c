/*
 * The bucket of a number: below 2 * LATENCY_FINE the number itself; above, its power of two and the 7
 * bits that follow its first one.
 */
#include "latency.h"

enum { FINE_BITS = 7 };

static unsigned bucket_of(uint64_t nanoseconds)
{
  unsigned shift;

  if (nanoseconds < LATENCY_FINE)
    return (unsigned)nanoseconds;
  shift = 63u - FINE_BITS - (unsigned)__builtin_clzll(nanoseconds);
  nanoseconds = shift * LATENCY_FINE + (nanoseconds >> shift);
  return nanoseconds < LATENCY_BUCKETS ? (unsigned)nanoseconds : LATENCY_BUCKETS - 1;
}

/* The middle of a bucket, ns. */
static double middle_of(unsigned bucket)
{
  unsigned shift = bucket < 2 * LATENCY_FINE ? 0 : bucket / LATENCY_FINE - 1;

  return ((double)(bucket - shift * LATENCY_FINE) + (shift ? 0.5 : 0)) * (double)(1ull << shift);
}

void latency_add(latency_t *latency, uint64_t nanoseconds)
{
  latency->buckets[bucket_of(nanoseconds)]++;
  latency->count++;
  if (nanoseconds > latency->max)
    latency->max = nanoseconds;
}

void latency_merge(latency_t *latency, const latency_t *other)
{
  for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
    latency->buckets[i] += other->buckets[i];
  latency->count += other->count;
  if (other->max > latency->max)
    latency->max = other->max;
}

double latency_quantile(const latency_t *latency, double part)
{
  uint64_t rank, seen = 0;
  double found = 0, max = (double)latency->max;

  if (!latency->count)
    return 0;
  rank = (uint64_t)(part * (double)(latency->count - 1));
  for (unsigned i = 0; i < LATENCY_BUCKETS && seen <= rank; i++) {
    seen += latency->buckets[i];
    found = middle_of(i);
  }
  return (found < max ? found : max) / 1e3;
}
