/*
 * CPU time of the client for a query with 8 connections busy: through the pool, and by the hand-written
 * loop of bare.c, which does no more than it must.
 *
 * It is the time of the whole process, user and kernel, so a worker thread's would count. Blocks
 * alternate, and the one that comes first changes from round to round; each round gives a ratio,
 * and the figure is the median of these. The server's time is not in it.
 */
#include <stdio.h>

#include "measure.h"
#include "pool_run.h"
#include "progress.h"
#include "samples.h"

enum { CONNECTIONS = 8 };

typedef struct {
  pool_client_t client;
  uv_loop_t loop; /* of the bare connections */
  bare_t *bare;
  samples_t ratios;
  samples_t cpu[2];  /* us a query; [true]: the pool's */
  samples_t rate[2]; /* queries a second */
} cpu_t;

static int run_block(cpu_t *cpu, bool by_pool, const bare_statement_t *statement, unsigned queries,
                     double *ret_us, double *ret_rate, bare_error_t *ret_error)
{
  bare_totals_t totals;
  int code = by_pool ? pool_client_run(&cpu->client, statement, queries, CONNECTIONS, NULL, NULL,
                                       &totals, ret_error)
                     : bare_run(cpu->bare, statement, queries, CONNECTIONS, NULL, NULL, &totals,
                                ret_error);

  if (code)
    return code;
  *ret_us = (double)totals.cpu / 1e3 / queries;
  *ret_rate = (double)queries * 1e9 / (double)totals.elapsed;
  return 0;
}

static int run_rounds(cpu_t *cpu, const bare_statement_t *statement, unsigned rounds,
                      unsigned queries, bare_error_t *ret_error)
{
  double us[2], rate[2];

  samples_clear(&cpu->ratios);
  for (int i = 0; i < 2; i++) {
    samples_clear(&cpu->cpu[i]);
    samples_clear(&cpu->rate[i]);
  }
  /* The first is to warm up, and not counted. */
  for (unsigned i = 0; i <= rounds; i++) {
    bool first = i % 2;

    progress_round(i, rounds);
    if (run_block(cpu, first, statement, queries, &us[first], &rate[first], ret_error) ||
        run_block(cpu, !first, statement, queries, &us[!first], &rate[!first], ret_error))
      return -1;
    if (i == 0)
      continue;
    samples_add(&cpu->ratios, us[true] / us[false]);
    for (int k = 0; k < 2; k++) {
      samples_add(&cpu->cpu[k], us[k]);
      samples_add(&cpu->rate[k], rate[k]);
    }
  }
  return 0;
}

static void fill_in(figure_t *figure, cpu_t *cpu)
{
  double low = samples_min(&cpu->ratios), high = samples_max(&cpu->ratios);

  figure_set(figure, samples_median(&cpu->ratios));
  figure_part(figure, "rounds", (double)cpu->ratios.count);
  figure_part(figure, "ratio_median", samples_median(&cpu->ratios));
  figure_part(figure, "ratio_min", low);
  figure_part(figure, "ratio_max", high);
  figure_part(figure, "pool_us", samples_median(&cpu->cpu[true]));
  figure_part(figure, "bare_us", samples_median(&cpu->cpu[false]));
  figure_part(figure, "pool_queries_per_s", samples_median(&cpu->rate[true]));
  figure_part(figure, "bare_queries_per_s", samples_median(&cpu->rate[false]));
  snprintf(figure->detail, sizeof figure->detail,
           "%.2f us of CPU a query through the pool, %.2f us by the bare loop; %.0f and %.0f "
           "queries a second. The ratio was %.2f to %.2f in %zu rounds.",
           samples_median(&cpu->cpu[true]), samples_median(&cpu->cpu[false]),
           samples_median(&cpu->rate[true]), samples_median(&cpu->rate[false]), low, high,
           cpu->ratios.count);
}

static int measure(const target_t *target, cpu_t *cpu, const measure_size_t *size,
                   figures_t *figures, bare_error_t *ret_error)
{
  figure_t *text =
      figures_add(figures, "cpu_text_ratio", "client CPU a query, SELECT 1 as text", "x", 0, 1.15);
  figure_t *row =
      figures_add(figures, "cpu_row_ratio", "client CPU a query, a row by its key", "x", 0, 1.15);

  text->meaning =
      "The client's CPU time for a query with 8 connections busy, as a multiple of what "
      "a hand-written loop of uv_poll and libmariadb takes in the same run: no pool, "
      "nothing but sending and reading.";
  row->meaning = "The same for the prepared statement.";
  progress_step("Keeping 8 connections busy: SELECT 1");
  if (run_rounds(cpu, &target->text, size->cpu_rounds, size->cpu_queries, ret_error))
    return -1;
  fill_in(text, cpu);
  progress_step("Keeping 8 connections busy: a row by its key");
  if (run_rounds(cpu, &target->row, size->cpu_rounds, size->cpu_queries, ret_error))
    return -1;
  fill_in(row, cpu);
  return 0;
}

int measure_cpu(const target_t *target, const measure_size_t *size, figures_t *figures,
                bare_error_t *ret_error)
{
  cpu_t cpu = {0};
  aurora_config_t config;
  bare_target_t bare;
  int code;

  target_config(target, target->queries, &config);
  target_bare(target, &bare);
  if (pool_client_open(&cpu.client, &config, CONNECTIONS, NULL, ret_error))
    return -1;
  uv_loop_init(&cpu.loop);
  code = bare_open(&cpu.loop, &bare, CONNECTIONS, &cpu.bare, ret_error);
  if (!code)
    code = measure(target, &cpu, size, figures, ret_error);
  bare_close(cpu.bare);
  uv_loop_close(&cpu.loop);
  pool_client_close(&cpu.client);
  samples_free(&cpu.ratios);
  for (int i = 0; i < 2; i++) {
    samples_free(&cpu.cpu[i]);
    samples_free(&cpu.rate[i]);
  }
  return code;
}
