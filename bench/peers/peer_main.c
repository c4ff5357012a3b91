/*
 * main of the clients in C: reads the command line, runs, prints one line of JSON.
 */
#include "peer.h"

#include <getopt.h>
#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { HELP = 256, NOT_HERE = 3 };

static const char help[] =
    "Usage: %s --workload NAME [options]\n"
    "Runs one workload of bench/compare.sh with one client and prints one line of JSON. The "
    "database "
    "is\nthat of AURORA_HOST, AURORA_PORT, AURORA_USER, AURORA_PASSWORD and AURORA_DATABASE, and "
    "has "
    "the\ntables that aurora-compare-tables makes.\n"
    "\n"
    "  --workload NAME     %s\n"
    "  --connections N     open connections (default 8)\n"
    "  --callers N         requests at once (default: as many)\n"
    "  --queries N         stop after so many requests;\n"
    "  --seconds S         or after so long (default 1)\n"
    "  --warmup N          requests before that, which do not count (default: some)\n"
    "  --no-latency        take no time for each request; needs --queries\n"
    "  --versions          print the libraries' versions and end\n"
    "  --help              this text\n"
    "Exit status: 0; 1 after an error; 2 for a wrong command line; 3 when this client does not "
    "have "
    "the\nworkload.\n";

static const struct option long_options[] = {
    {"workload", required_argument, NULL, 'w'}, {"connections", required_argument, NULL, 'c'},
    {"callers", required_argument, NULL, 'a'},  {"queries", required_argument, NULL, 'q'},
    {"seconds", required_argument, NULL, 's'},  {"warmup", required_argument, NULL, 'u'},
    {"no-latency", no_argument, NULL, 'l'},     {"versions", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, HELP},          {NULL, 0, NULL, 0},
};

int peer_failed(bare_error_t *ret_error, const char *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(ret_error->message, sizeof ret_error->message, format, arguments);
  va_end(arguments);
  return -1;
}

static void refuse(const char *why)
{
  fprintf(stderr, "aurora-compare-%s: %s; see --help\n", peer_name, why);
  exit(2);
}

static double number(double low, double high)
{
  char *end;
  double value = strtod(optarg, &end);

  if (end == optarg || *end || !(value >= low && value <= high))
    refuse("a number is out of its range");
  return value;
}

static void print_versions(void)
{
  char versions[256];

  peer_versions(versions, sizeof versions);
  puts(versions);
  exit(0);
}

static void read_option(peer_options_t *options, meter_t *meter, int option)
{
  switch (option) {
  case 'w':
    options->workload = workload_find(optarg);
    if (!options->workload)
      refuse("there is no such workload");
    break;
  case 'c':
    options->connections = (unsigned)number(1, 10000);
    break;
  case 'a':
    options->callers = (unsigned)number(1, 100000);
    break;
  case 'q':
    meter->queries = (uint64_t)number(1, 1e12);
    break;
  case 's':
    meter->seconds = number(0.001, 86400);
    break;
  case 'u':
    meter->warmup = (uint64_t)number(0, 1e9);
    break;
  case 'l':
    meter->latency = false;
    break;
  case 'v':
    print_versions();
    break;
  case HELP:
    printf(help, program_invocation_short_name, workload_names());
    exit(0);
  default: /* getopt has said what is wrong */
    exit(2);
  }
}

static void print_result(const peer_options_t *options, const meter_t *meter)
{
  char versions[256];

  peer_versions(versions, sizeof versions);
  printf("{\"client\": \"%s\", \"workload\": \"%s\", \"connections\": %u, \"callers\": %u, ",
         peer_name, options->workload->name, options->connections, options->callers);
  if (options->workload->kind == WORK_STALL) {
    for (unsigned i = 0; i < METER_STALLS && meter->stall_name[i]; i++)
      printf("\"%s\": %.3f, ", meter->stall_name[i], meter->stall_ms[i]);
  } else {
    printf("\"queries\": %llu, \"rows\": %llu, \"seconds\": %.6f, \"cpu_user\": %.6f, "
           "\"cpu_system\": %.6f, ",
           (unsigned long long)meter->done, (unsigned long long)meter->seen.rows, meter->elapsed,
           meter->user, meter->system);
  }
  if (meter->latency && meter->latencies.count)
    printf("\"p50_us\": %.3f, \"p99_us\": %.3f, \"max_us\": %.3f, ",
           latency_quantile(&meter->latencies, 0.5), latency_quantile(&meter->latencies, 0.99),
           (double)meter->latencies.max / 1e3);
  if (meter->rss_open)
    printf("\"open_rss_kb\": %ld, ", meter->rss_open - meter->rss_empty);
  printf("\"peak_rss_kb\": %ld, \"versions\": \"%s\"}\n", meter_peak(), versions);
}

static uint64_t usual_warmup(const peer_options_t *options)
{
  const workload_t *workload = options->workload;

  if (workload->stream)
    return 1;
  return workload->reads == 1 ? 200 : options->callers;
}

int main(int argc, char **argv)
{
  static meter_t meter = {.latency = true, .warmup = UINT64_MAX};
  peer_options_t options = {.connections = 8};
  bare_error_t error = {""};
  int code, option;

  while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
    read_option(&options, &meter, option);
  if (optind < argc || !options.workload)
    refuse("--workload is needed, and nothing without --");
  if (!meter.latency && !meter.queries)
    refuse("--no-latency needs --queries");
  if (!meter.queries && meter.seconds <= 0)
    meter.seconds = 1;
  if (!options.callers)
    options.callers = options.connections;
  if (meter.warmup == UINT64_MAX)
    meter.warmup = usual_warmup(&options);
  peer_read_target(&options);
  mysql_library_init(0, NULL, NULL);
  code = peer_run(&options, &meter, &error);
  if (code < 0)
    fprintf(stderr, "aurora-compare-%s: %s\n", peer_name, error.message);
  else if (code == 0)
    print_result(&options, &meter);
  /* Ends libuv's worker threads while OpenSSL can still free what it keeps for each. */
  uv_library_shutdown();
  mysql_library_end();
  return code < 0 ? 1 : code ? NOT_HERE : 0;
}
