/*
 * The measurements: each adds its lines to the figures and fills them in.
 *
 * All return 0, or -1 with *ret_error filled in when the database could not be used. What cannot be
 * measured on this database (TLS where there is none) is a line that says why, and no error.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "figures.h"
#include "target.h"

/* How much of everything. */
typedef struct {
  unsigned acquires;
  unsigned overhead_rounds;
  unsigned warmup_rounds;
  unsigned stall_rounds;
  unsigned cpu_rounds;
  unsigned cpu_queries; /* of each kind in each round */
} measure_size_t;

extern const measure_size_t measure_short, measure_long;

/* Taking a connection out of the pool while some are idle. */
int measure_acquire(const target_t *target, const measure_size_t *size, figures_t *figures,
                    bare_error_t *ret_error);
/* What a query takes longer than by blocking libmariadb. */
int measure_overhead(const target_t *target, const measure_size_t *size, figures_t *figures,
                     bare_error_t *ret_error);
/* Opening all connections. */
int measure_warmup(const target_t *target, const measure_size_t *size, figures_t *figures,
                   bare_error_t *ret_error);
/* How long the loop is held up meanwhile. */
int measure_stall(const target_t *target, const measure_size_t *size, figures_t *figures,
                  bare_error_t *ret_error);
/* CPU time a query, against a hand-written loop. */
int measure_cpu(const target_t *target, const measure_size_t *size, figures_t *figures,
                bare_error_t *ret_error);

#endif
