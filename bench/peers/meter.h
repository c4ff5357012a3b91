/*
 * What a client measures of itself: requests, time, CPU, latencies, memory.
 *
 * A run is one piece: its first requests (warm-up) count for nothing, then the clocks start, and
 * no request is begun any more once the number or the time is reached. Times are CLOCK_MONOTONIC.
 */
#ifndef BENCH_PEERS_METER_H
#define BENCH_PEERS_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "workload.h"

enum { METER_STALLS = 6 };

typedef struct {
  /* Set before: */
  uint64_t warmup;  /* requests */
  uint64_t queries; /* how many to measure; 0: as many as there is time for */
  double seconds;   /* how long; 0: until there are as many as queries says */
  bool latency;     /* take the time of each request; seconds need it */

  /* Set by meter_memory_*: */
  long rss_empty; /* KiB, before the first connection */
  long rss_open;  /* with all connections open, each used once */

  /* The run: */
  uint64_t unsent;  /* requests that may still be begun; warm-up included */
  uint64_t until;   /* ns; 0: not known yet, or no limit */
  uint64_t to_warm; /* completions until the clocks start */
  uint64_t done;    /* requests since then */
  uint64_t last_at; /* ns; the last completion */
  latency_t latencies;
  rows_seen_t seen;
  rows_seen_t seen_before; /* the warm-up's */

  /* The result: */
  uint64_t began;                       /* ns */
  double elapsed;                       /* s */
  double user, system;                  /* s of CPU */
  double user_0, system_0;              /* when the clocks started */
  double stall_ms[METER_STALLS];        /* of W7 only: by case; negative: not measured */
  const char *stall_name[METER_STALLS]; /* NULL: none */
} meter_t;

uint64_t meter_now(void);
void meter_memory_empty(meter_t *meter);
void meter_memory_open(meter_t *meter);
/* The most memory that was resident, KiB; of this program alone, which getrusage would mix up with the
 * one that started it. */
long meter_peak(void);

void meter_start(meter_t *meter);
/* The warm-up is over. Called by meter_done. */
void meter_begin(meter_t *meter);
void meter_stop(meter_t *meter);

/* Whether a caller may begin a request; counts it. */
static inline bool meter_more(meter_t *meter)
{
  if (!meter->unsent || (meter->until && meter->last_at >= meter->until))
    return false;
  meter->unsent--;
  return true;
}

/* A request that was begun then is complete. Returns the time (0 without latencies), which is when the
 * caller's next one begins. */
static inline uint64_t meter_done(meter_t *meter, uint64_t started_at)
{
  uint64_t now = 0;

  if (meter->latency) {
    meter->last_at = now = meter_now();
    if (!meter->to_warm)
      latency_add(&meter->latencies, now - started_at);
  }
  meter->done++;
  if (meter->to_warm && --meter->to_warm == 0)
    meter_begin(meter);
  return now;
}

#endif
