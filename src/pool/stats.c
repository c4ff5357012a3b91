#include "pool/pool.h"

void aurora_pool_stats(const aurora_pool_t *pool, aurora_stats_t *ret_stats)
{
  const aurora__scheduler_t *scheduler = &pool->scheduler;

  *ret_stats = pool->counters;
  ret_stats->size = aurora__scheduler_total(scheduler);
  ret_stats->connecting = scheduler->connecting_count;
  ret_stats->idle = scheduler->idle_count;
  ret_stats->busy = scheduler->busy_count;
  ret_stats->upkeep = scheduler->upkeep_count;
  ret_stats->waiting = scheduler->waiting;
  aurora__histogram_read(&pool->query_latency, &ret_stats->aurora_query);
  aurora__histogram_read(&pool->acquire_latency, &ret_stats->acquire);
  aurora__histogram_read(&pool->connect_latency, &ret_stats->connect);
}

const char *aurora_close_reason_name(aurora_close_reason_t reason)
{
  switch (reason) {
#define AURORA__REASON_NAME_GEN(name, text)                                                        \
  case AURORA_CLOSE_##name:                                                                        \
    return text;
    AURORA_CLOSE_REASON_MAP(AURORA__REASON_NAME_GEN)
#undef AURORA__REASON_NAME_GEN
  case AURORA_CLOSE_REASONS:
    break;
  }
  return "unknown";
}
