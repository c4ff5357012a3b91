/*
 * Lists of numbers. Sorted when something is asked, at most once after each change.
 */
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

void samples_add(samples_t *samples, double value)
{
  if (samples->count == samples->room) {
    samples->room = samples->room ? samples->room * 2 : 1024;
    samples->values = realloc(samples->values, samples->room * sizeof samples->values[0]);
    if (!samples->values) {
      fprintf(stderr, "out of memory\n");
      exit(1);
    }
  }
  samples->values[samples->count++] = value;
  samples->sorted = false;
}

void samples_clear(samples_t *samples)
{
  samples->count = 0;
}

void samples_free(samples_t *samples)
{
  free(samples->values);
  *samples = (samples_t){0};
}

static int compare(const void *left, const void *right)
{
  const double *a = left, *b = right;

  return (*a > *b) - (*a < *b);
}

double samples_quantile(samples_t *samples, double part)
{
  if (!samples->count)
    return 0;
  if (!samples->sorted)
    qsort(samples->values, samples->count, sizeof samples->values[0], compare);
  samples->sorted = true;
  return samples->values[(size_t)(part * (double)(samples->count - 1) + 0.5)];
}

double samples_median(samples_t *samples)
{
  return samples_quantile(samples, 0.5);
}

double samples_min(samples_t *samples)
{
  return samples_quantile(samples, 0);
}

double samples_max(samples_t *samples)
{
  return samples_quantile(samples, 1);
}
