/*
 * The table, and under it what each number means.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, INDENT = 4 };

/* A paragraph in lines of at most WIDTH characters, indented. `used`: how many are on the line. */
static int wrap(const char *text, int used)
{
  while (*text) {
    int size = (int)strcspn(text, " ");

    if (used + 1 + size > WIDTH) {
      printf("\n%*s%.*s", INDENT, "", size, text);
      used = INDENT + size;
    } else {
      printf("%s%.*s", used > INDENT ? " " : "", size, text);
      used += size + (used > INDENT);
    }
    text += size;
    text += *text == ' ';
  }
  return used;
}

/* As few digits as a number needs to be compared with its limit. */
static int digits_of(double limit)
{
  return limit < 0.1 ? 3 : limit < 10 ? 2 : 1;
}

static void print_number(char *text, size_t size, const figure_t *figure, double value)
{
  snprintf(text, size, "%.*f %s", digits_of(figure->reach), value, figure->unit);
}

static void print_limit(char *text, size_t size, const figure_t *figure, double limit)
{
  if (limit == 0)
    snprintf(text, size, "-");
  else
    snprintf(text, size, "%s %g %s", figure->unit[0] == 'x' ? "<=" : "<", limit, figure->unit);
}

static const char *verdict(const figure_t *figure)
{
  if (!figure->measured)
    return "";
  return figure_reached(figure) ? "reached" : "missed";
}

static void print_line(const figure_t *figure)
{
  char asked[24], reach[24], value[24] = "not measured";

  print_limit(asked, sizeof asked, figure, figure->asked);
  print_limit(reach, sizeof reach, figure, figure->reach);
  if (figure->measured)
    print_number(value, sizeof value, figure, figure->value);
  printf("  %-50s %-9s %-10s %12s  %s\n", figure->what, asked, reach, value, verdict(figure));
}

static void print_explanation(const figure_t *figure)
{
  int used = INDENT;

  printf("\n  %s\n%*s", figure->what, INDENT, "");
  used = wrap(figure->meaning, used);
  if (figure->measured) {
    wrap(figure->detail, used);
  } else {
    used = wrap("Not measured:", used);
    wrap(figure->why_not, used);
  }
  putchar('\n');
}

static const char *link_name(const target_t *target)
{
  if (target->queries != TARGET_PLAIN)
    return "TLS";
  return target->config.unix_socket ? "a Unix socket" : "plain TCP";
}

static void print_head(const report_t *report)
{
  const machine_t *machine = report->machine;
  const target_t *target = report->target;

  printf("\naurora-bench: what queries through the pool cost\n\n");
  printf("  machine    %s, %u cores, %s\n", machine->cpu, machine->cores, machine->kernel);
  printf("  libraries  aurora %s, libmariadb %s, libuv %s\n", machine->aurora, machine->libmariadb,
         machine->libuv);
  printf("  server     %s, %s; queries over %s\n", target->server,
         target->is_private ? "private, on this machine and its cores" : "given",
         link_name(target));
  printf("  run        %.0f s%s\n\n", report->seconds,
         report->options->is_short ? " (--short: the figures spread more)" : "");
}

void report_text(const report_t *report)
{
  const figures_t *figures = report->figures;
  unsigned reached = 0, measured = 0;

  print_head(report);
  printf("  %-50s %-9s %-10s %12s\n", "what", "asked", "to reach", "measured");
  printf("  ");
  for (int i = 0; i < WIDTH - 6; i++)
    putchar('-');
  putchar('\n');
  for (unsigned i = 0; i < figures->count; i++) {
    print_line(&figures->list[i]);
    measured += figures->list[i].measured;
    reached += figure_reached(&figures->list[i]);
  }
  printf("\nWhat the numbers mean\n");
  for (unsigned i = 0; i < figures->count; i++)
    print_explanation(&figures->list[i]);
  printf("\n%u of %u figures measured, %u reached.\n", measured, figures->count, reached);
}
