/*
 * A list of measured numbers, and what is said about them: median, percentiles, ends.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  double *values;
  size_t count;
  size_t room;
  bool sorted;
} samples_t;

/* A zeroed struct is an empty list. The program ends when memory is out. */
void samples_add(samples_t *samples, double value);
/* Empties it and keeps its memory. */
void samples_clear(samples_t *samples);
void samples_free(samples_t *samples);

/* The value below which this part (0 to 1) of all lies; 0 of an empty list. These sort the list. */
double samples_quantile(samples_t *samples, double part);
double samples_median(samples_t *samples);
double samples_min(samples_t *samples);
double samples_max(samples_t *samples);

#endif
