/*
 * Figures: filled in by the measurements, read by the reports.
 */
#include "figures.h"

#include <stdlib.h>

figure_t *figures_add(figures_t *figures, const char *name, const char *what, const char *unit,
                      double asked, double reach)
{
  figure_t *figure = &figures->list[figures->count];

  if (figures->count == FIGURES_MAX)
    abort();
  figures->count++;
  *figure = (figure_t){
      .name = name, .what = what, .unit = unit, .meaning = "", .asked = asked, .reach = reach};
  return figure;
}

void figure_set(figure_t *figure, double value)
{
  figure->value = value;
  figure->measured = true;
}

void figure_part(figure_t *figure, const char *name, double value)
{
  if (figure->part_count == FIGURE_PARTS)
    abort();
  figure->parts[figure->part_count].name = name;
  figure->parts[figure->part_count].value = value;
  figure->part_count++;
}

bool figure_reached(const figure_t *figure)
{
  return figure->measured && figure->value <= figure->reach;
}
