/*
 * Figures: the lines of the table that the bench prints. Each has one number that is compared with
 * what is to be reached, a sentence on what it means, and the numbers beside it.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_MAX = 10, FIGURE_PARTS = 12 };

typedef struct {
  const char *name; /* for machines: "warmup_plain_ms" */
  const char *what; /* for people: the line's first column */
  const char *unit; /* "ms" or "x" */
  const char *meaning;
  double asked; /* at most, as the project was asked for; 0: not asked */
  double reach; /* at most, as the project wants it */
  double value;
  bool measured;
  char why_not[256]; /* why it was not measured */
  char detail[400];  /* the numbers beside it, in words */
  struct {
    const char *name;
    double value;
  } parts[FIGURE_PARTS]; /* the same for machines */
  unsigned part_count;
} figure_t;

typedef struct {
  figure_t list[FIGURES_MAX];
  unsigned count;
} figures_t;

/* One more line, not measured yet. The strings are kept, not copied. */
figure_t *figures_add(figures_t *figures, const char *name, const char *what, const char *unit,
                      double asked, double reach);
void figure_set(figure_t *figure, double value);
void figure_part(figure_t *figure, const char *name, double value);
bool figure_reached(const figure_t *figure);

#endif
