/*
 * What a query through the pool takes longer than the same query made by plain blocking libmariadb,
 * one connection each, one query at a time.
 *
 * Blocks of queries alternate between the two, so that whatever else the machine does meets both. The
 * block that comes first changes from round to round. Each round gives the difference of the two
 * blocks' medians; the figure is the median of these.
 */
#include <stdio.h>

#include "measure.h"
#include "pool_run.h"
#include "progress.h"
#include "samples.h"

enum { BLOCK = 200, WARM_UP_BLOCKS = 2 };

typedef struct {
  pool_client_t client;
  bare_blocking_t *blocking;
  samples_t block;                        /* us; of the block under way */
  samples_t differences, pooled, blocked; /* us; the medians of the rounds */
} overhead_t;

static void add_latency(uint64_t nanoseconds, void *data)
{
  samples_add(data, (double)nanoseconds / 1e3);
}

/* One block by the pool or without. Its median goes to *ret_median. */
static int run_block(overhead_t *overhead, bool by_pool, const bare_statement_t *statement,
                     double *ret_median, bare_error_t *ret_error)
{
  bare_totals_t totals;
  int code;

  samples_clear(&overhead->block);
  code = by_pool ? pool_client_run(&overhead->client, statement, BLOCK, 1, add_latency,
                                   &overhead->block, &totals, ret_error)
                 : bare_blocking_run(overhead->blocking, statement, BLOCK, add_latency,
                                     &overhead->block, &totals, ret_error);
  *ret_median = samples_median(&overhead->block);
  return code;
}

static int run_rounds(overhead_t *overhead, const bare_statement_t *statement, unsigned rounds,
                      bare_error_t *ret_error)
{
  double medians[2];

  samples_clear(&overhead->differences);
  samples_clear(&overhead->pooled);
  samples_clear(&overhead->blocked);
  for (unsigned i = 0; i < rounds + WARM_UP_BLOCKS; i++) {
    bool first = i % 2;

    progress_round(i + 1, rounds + WARM_UP_BLOCKS);
    if (run_block(overhead, first, statement, &medians[first], ret_error) ||
        run_block(overhead, !first, statement, &medians[!first], ret_error))
      return -1;
    if (i < WARM_UP_BLOCKS)
      continue;
    samples_add(&overhead->blocked, medians[false]);
    samples_add(&overhead->pooled, medians[true]);
    samples_add(&overhead->differences, medians[true] - medians[false]);
  }
  return 0;
}

static void fill_in(figure_t *figure, overhead_t *overhead)
{
  samples_t *differences = &overhead->differences;
  double difference = samples_median(differences);
  double low = samples_quantile(differences, 0.25), high = samples_quantile(differences, 0.75);
  double pooled = samples_median(&overhead->pooled);
  double blocked = samples_median(&overhead->blocked);

  figure_set(figure, difference / 1e3);
  figure_part(figure, "rounds", (double)differences->count);
  figure_part(figure, "difference_us", difference);
  figure_part(figure, "difference_p25_us", low);
  figure_part(figure, "difference_p75_us", high);
  figure_part(figure, "pool_us", pooled);
  figure_part(figure, "blocking_us", blocked);
  snprintf(figure->detail, sizeof figure->detail,
           "The middle query takes %.1f us through the pool and %.1f us by blocking libmariadb; "
           "half of %zu rounds of %d queries each differ by %.1f to %.1f us.",
           pooled, blocked, differences->count, BLOCK, low, high);
}

static int measure(const target_t *target, overhead_t *overhead, unsigned rounds,
                   figures_t *figures, bare_error_t *ret_error)
{
  figure_t *text = figures_add(figures, "overhead_text_ms", "overhead of a query, SELECT 1 as text",
                               "ms", 1, 0.02);
  figure_t *row = figures_add(figures, "overhead_row_ms", "overhead of a query, a row by its key",
                              "ms", 1, 0.02);

  text->meaning =
      "What a query takes longer through the pool than by plain blocking libmariadb in "
      "the same run, at the median; one connection, one query at a time. With a private "
      "database client and server share a core.";
  row->meaning = target->has_table
                     ? "The same for a prepared statement that finds one of 10,000 rows by its "
                       "primary key."
                     : "The same for a prepared statement that selects its parameter (without "
                       "--table there are no rows to be found).";
  progress_step("Comparing single queries: SELECT 1");
  if (run_rounds(overhead, &target->text, rounds, ret_error))
    return -1;
  fill_in(text, overhead);
  progress_step("Comparing single queries: a row by its key");
  if (run_rounds(overhead, &target->row, rounds, ret_error))
    return -1;
  fill_in(row, overhead);
  return 0;
}

int measure_overhead(const target_t *target, const measure_size_t *size, figures_t *figures,
                     bare_error_t *ret_error)
{
  overhead_t overhead = {0};
  aurora_config_t config;
  bare_target_t bare;
  int code;

  target_config(target, target->queries, &config);
  target_bare(target, &bare);
  if (pool_client_open(&overhead.client, &config, 1, NULL, ret_error))
    return -1;
  code = bare_blocking_open(&bare, &overhead.blocking, ret_error);
  if (!code)
    code = measure(target, &overhead, size->overhead_rounds, figures, ret_error);
  bare_blocking_close(overhead.blocking);
  pool_client_close(&overhead.client);
  samples_free(&overhead.block);
  samples_free(&overhead.differences);
  samples_free(&overhead.pooled);
  samples_free(&overhead.blocked);
  return code;
}
