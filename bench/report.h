/*
 * Printing what was measured: a table for people, or one JSON object.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "figures.h"
#include "machine.h"
#include "options.h"
#include "target.h"

typedef struct {
  const options_t *options;
  const target_t *target;
  const machine_t *machine;
  const figures_t *figures;
  double seconds; /* the whole run */
} report_t;

void report_text(const report_t *report);
void report_json(const report_t *report);

#endif
