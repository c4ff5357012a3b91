/*
 * The command line of aurora-bench.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

typedef enum {
  MEASURE_ACQUIRE,
  MEASURE_OVERHEAD,
  MEASURE_WARMUP,
  MEASURE_STALL,
  MEASURE_CPU,
  MEASURES
} measure_t;

typedef struct {
  bool is_private; /* start a database of our own */
  const char *uri; /* NULL: the environment says where the database is */
  bool is_short;
  bool json;
  unsigned only; /* bits of measure_t; 0: everything */
  bool table;    /* make the table of rows in a database that is not ours */
} options_t;

/* Ends the program after --help, and with status 2 when something is wrong. */
void options_read(options_t *options, int argc, char **argv);

#endif
