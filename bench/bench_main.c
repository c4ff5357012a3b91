/*
 * aurora-bench: measures the pool on a database and prints a table. options.c has the help.
 */
#include <mysql.h>
#include <stdio.h>

#include "measure.h"
#include "one_core.h"
#include "options.h"
#include "progress.h"
#include "report.h"

const measure_size_t measure_short = {.acquires = 1500,
                                      .overhead_rounds = 16,
                                      .warmup_rounds = 7,
                                      .stall_rounds = 3,
                                      .cpu_rounds = 8,
                                      .cpu_queries = 3000};
const measure_size_t measure_long = {.acquires = 10000,
                                     .overhead_rounds = 80,
                                     .warmup_rounds = 25,
                                     .stall_rounds = 20,
                                     .cpu_rounds = 30,
                                     .cpu_queries = 10000};

static int measure_all(const options_t *options, const target_t *target, figures_t *figures,
                       bare_error_t *ret_error)
{
  static int (*const all[])(const target_t *, const measure_size_t *, figures_t *,
                            bare_error_t *) = {[MEASURE_ACQUIRE] = measure_acquire,
                                               [MEASURE_OVERHEAD] = measure_overhead,
                                               [MEASURE_WARMUP] = measure_warmup,
                                               [MEASURE_STALL] = measure_stall,
                                               [MEASURE_CPU] = measure_cpu};
  const measure_size_t *size = options->is_short ? &measure_short : &measure_long;
  int code = 0;

  for (unsigned i = 0; i < MEASURES && !code; i++) {
    bool single = i == MEASURE_ACQUIRE || i == MEASURE_OVERHEAD || i == MEASURE_CPU;
    one_core_t core;

    if (options->only && !(options->only & (1u << i)))
      continue;
    one_core_begin(&core, single && target->is_private ? target->database.pid : 0);
    code = all[i](target, size, figures, ret_error);
    one_core_end(&core);
  }
  return code;
}

int main(int argc, char **argv)
{
  static target_t target;
  static figures_t figures;
  options_t options;
  machine_t machine;
  bare_error_t error;
  report_t report = {&options, &target, &machine, &figures, 0};
  uint64_t begin = uv_hrtime();
  int code;

  options_read(&options, argc, argv);
  /* Before any thread of the pool's may be there. */
  mysql_library_init(0, NULL, NULL);
  machine_look(&machine);
  code = target_open(&options, &target, &error);
  if (!code) {
    code = measure_all(&options, &target, &figures, &error);
    report.seconds = (double)(uv_hrtime() - begin) / 1e9;
    progress_end();
    if (!code && options.json)
      report_json(&report);
    else if (!code)
      report_text(&report);
    target_close(&target);
  }
  progress_end();
  if (code)
    fprintf(stderr, "aurora-bench: %s\n", error.message);
  /* Ends the worker threads while OpenSSL can still free what it keeps for each. */
  uv_library_shutdown();
  mysql_library_end();
  return code ? 1 : 0;
}
