/*
 * Client and server on one core, for figures of single queries. Where the kernel puts the two decides
 * otherwise what a query costs: a core that has gone to sleep takes longer to wake up than a query takes.
 */
#ifndef BENCH_ONE_CORE_H
#define BENCH_ONE_CORE_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
  pid_t server;
  cpu_set_t before;
  bool pinned;
} one_core_t;

/* Puts all threads of this process and of the server on the first of the cores that this process may
 * use; server 0: there is none on this machine that is ours, and nothing happens. */
void one_core_begin(one_core_t *core, pid_t server);
void one_core_end(one_core_t *core);

#endif
