/*
 * The same for machines: one JSON object with every number that was measured.
 */
#include "report.h"

#include <stdio.h>

static void print_string(const char *text)
{
  putchar('"');
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;

    if (byte == '"' || byte == '\\')
      printf("\\%c", byte);
    else if (byte < 0x20)
      printf("\\u%04x", byte);
    else
      putchar(byte);
  }
  putchar('"');
}

static void print_member(const char *name, const char *text)
{
  printf("  \"%s\": ", name);
  print_string(text);
  printf(",\n");
}

static void print_figure(const figure_t *figure, const char *end)
{
  printf("    {\"name\": \"%s\", \"what\": ", figure->name);
  print_string(figure->what);
  printf(", \"unit\": \"%s\",\n     \"asked\": ", figure->unit);
  if (figure->asked > 0)
    printf("%g", figure->asked);
  else
    printf("null");
  printf(", \"reach\": %g, \"value\": ", figure->reach);
  if (figure->measured) {
    printf("%.6g, \"reached\": %s", figure->value, figure_reached(figure) ? "true" : "false");
    for (unsigned i = 0; i < figure->part_count; i++)
      printf("%s\"%s\": %.6g", i % 4 ? ", " : ",\n     ", figure->parts[i].name,
             figure->parts[i].value);
  } else {
    printf("null, \"reached\": null,\n     \"why_not\": ");
    print_string(figure->why_not);
  }
  printf("}%s\n", end);
}

void report_json(const report_t *report)
{
  const machine_t *machine = report->machine;
  const figures_t *figures = report->figures;

  printf("{\n");
  print_member("cpu", machine->cpu);
  printf("  \"cores\": %u,\n", machine->cores);
  print_member("kernel", machine->kernel);
  print_member("aurora", machine->aurora);
  print_member("libmariadb", machine->libmariadb);
  print_member("libuv", machine->libuv);
  print_member("server", report->target->server);
  printf("  \"private\": %s,\n", report->target->is_private ? "true" : "false");
  printf("  \"tls\": %s,\n", report->target->queries == TARGET_PLAIN ? "false" : "true");
  printf("  \"table\": %s,\n", report->target->has_table ? "true" : "false");
  printf("  \"short\": %s,\n", report->options->is_short ? "true" : "false");
  printf("  \"seconds\": %.1f,\n  \"figures\": [\n", report->seconds);
  for (unsigned i = 0; i < figures->count; i++)
    print_figure(&figures->list[i], i + 1 < figures->count ? "," : "");
  printf("  ]\n}\n");
}
