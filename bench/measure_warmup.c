/*
 * Warm-up: aurora_pool_warmup to its callback, for 20 connections of a new pool each time. Every
 * connection is opened, logged in, set up and answers a SELECT 1. Plain and over TLS.
 */
#include <stdio.h>

#include "bundle.h"
#include "measure.h"
#include "pool_run.h"
#include "progress.h"
#include "samples.h"

enum { CONNECTIONS = 20 };

static void fill_in(figure_t *figure, samples_t *samples)
{
  double median = samples_median(samples);
  double low = samples_min(samples), high = samples_max(samples);

  figure_set(figure, median);
  figure_part(figure, "rounds", (double)samples->count);
  figure_part(figure, "median_ms", median);
  figure_part(figure, "min_ms", low);
  figure_part(figure, "max_ms", high);
  snprintf(figure->detail, sizeof figure->detail,
           "The median of %zu new pools; the fastest took %.1f ms, the slowest %.1f ms.",
           samples->count, low, high);
}

static int measure_link(const target_t *target, target_link_t link, unsigned rounds,
                        figure_t *figure, bare_error_t *ret_error)
{
  samples_t samples = {0};
  aurora_config_t config;
  pool_client_t client;
  uint64_t took;

  if (target->missing[link].message[0]) {
    snprintf(figure->why_not, sizeof figure->why_not, "%.250s", target->missing[link].message);
    return 0;
  }
  target_config(target, link, &config);
  for (unsigned i = 0; i < rounds; i++) {
    progress_round(i + 1, rounds);
    if (pool_client_open(&client, &config, CONNECTIONS, &took, ret_error)) {
      samples_free(&samples);
      return -1;
    }
    pool_client_close(&client);
    samples_add(&samples, (double)took / 1e6);
  }
  fill_in(figure, &samples);
  samples_free(&samples);
  return 0;
}

int measure_warmup(const target_t *target, const measure_size_t *size, figures_t *figures,
                   bare_error_t *ret_error)
{
  static char meaning[256];
  const char *ca = target->config.ssl_ca;
  unsigned count = ca ? bundle_count(ca) : 0;
  figure_t *plain =
      figures_add(figures, "warmup_plain_ms", "warm-up of 20 connections, plain", "ms", 100, 30);
  figure_t *tls =
      figures_add(figures, "warmup_tls_ms", "warm-up of 20 connections, TLS", "ms", 100, 100);

  plain->meaning = "Opening 20 connections, two at a time, and running SELECT 1 on each.";
  if (ca)
    snprintf(meaning, sizeof meaning,
             "The same with the TLS handshake, verified with a CA file of %u certificate%s. What a "
             "large file costs shows in the next figure.",
             count, count == 1 ? "" : "s");
  else
    snprintf(meaning, sizeof meaning,
             "The same with the TLS handshake. Without an ssl-ca libmariadb reads the system's "
             "authorities for each connection, although nothing is verified.");
  tls->meaning = meaning;
  progress_step("Warming up, plain");
  if (measure_link(target, TARGET_PLAIN, size->warmup_rounds, plain, ret_error))
    return -1;
  progress_step("Warming up, TLS");
  return measure_link(target, TARGET_TLS, size->warmup_rounds, tls, ret_error);
}
