/*
 * The client "bare": a hand-written loop of uv_poll and libmariadb, with no pool.
 */
#include "bare_loop.h"

#include <mysql.h>
#include <stdio.h>
#include <uv.h>

const char peer_name[] = "bare";

void peer_versions(char *ret_text, size_t size)
{
  snprintf(ret_text, size, "libmariadb %s, libuv %s", mysql_get_client_info(), uv_version_string());
}

/* W6: connections in a list, the last one given back on top; a caller gets one by a call of its
 * function. The least that taking and giving back can be. */
typedef struct idle {
  struct idle *next;
} idle_t;

typedef struct {
  idle_t *idle;
  meter_t *meter;
} list_t;

static void on_taken(list_t *list, idle_t *taken)
{
  taken->next = list->idle;
  list->idle = taken;
}

int bare_acquire_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  enum { EVERY = 16 };
  idle_t connections[64];
  list_t list = {NULL, meter};
  void (*volatile callback)(list_t *, idle_t *) = on_taken;
  uint64_t started_at = 0;

  (void)options;
  (void)ret_error;
  for (int i = 0; i < 64; i++)
    on_taken(&list, &connections[i]);
  meter->queries = (meter->queries + EVERY - 1) / EVERY;
  meter_start(meter);
  while (meter_more(meter)) {
    /* Reading the clock takes longer than what is measured: once for many. */
    for (int i = 0; i < EVERY; i++) {
      idle_t *taken = list.idle;

      list.idle = taken->next;
      callback(&list, taken);
    }
    started_at = meter_done(meter, started_at ? started_at : meter->last_at);
  }
  meter_stop(meter);
  meter->done *= EVERY;
  return 0;
}

int peer_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  switch (options->workload->kind) {
  case WORK_REQUESTS:
    return bare_loop_run(options, meter, ret_error);
  case WORK_CONNECT:
    return bare_connect_run(options, meter, ret_error);
  case WORK_ACQUIRE:
    return bare_acquire_run(options, meter, ret_error);
  case WORK_STALL:
    break;
  }
  return 1;
}
