/*
 * A histogram of latencies: counts in buckets that are at most 0.8 % wide, so that its memory does not
 * grow with the run and hardly shows in the peak that is measured.
 */
#ifndef BENCH_PEERS_LATENCY_H
#define BENCH_PEERS_LATENCY_H

#include <stdint.h>

enum { LATENCY_FINE = 128, LATENCY_BUCKETS = LATENCY_FINE * 36 };

typedef struct {
  uint64_t max; /* ns, exact */
  uint64_t count;
  uint32_t buckets[LATENCY_BUCKETS];
} latency_t;

/* A zeroed struct is empty. */
void latency_add(latency_t *latency, uint64_t nanoseconds);
void latency_merge(latency_t *latency, const latency_t *other);
/* The latency (us) that this part (0 to 1) of all does not pass; 0 of an empty one. */
double latency_quantile(const latency_t *latency, double part);

#endif
