/*
 * What the bench ran on.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

typedef struct {
  char cpu[128]; /* its model */
  unsigned cores;
  char kernel[128];
  char libmariadb[64];
  char libuv[64];
  const char *aurora;
} machine_t;

void machine_look(machine_t *machine);

#endif
