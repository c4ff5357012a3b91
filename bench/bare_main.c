/*
 * aurora-bare: the baselines on their own, for strace, perf and callgrind: one kind of query, so many
 * times, and a line of figures. --help tells what it takes.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <mysql.h>

#include "bare.h"

enum { HELP = 256 };

typedef struct {
  bare_target_t target;
  bare_statement_t statement;
  bool blocking;
  bool latency;
  uint64_t count;
  unsigned connections;
} options_t;

typedef struct {
  uint64_t *values;
  uint64_t count;
} samples_t;

static const char help[] =
    "Usage: aurora-bare [options] [SQL]\n"
    "Runs one statement (default: SELECT 1) over and over, with libuv and libmariadb alone.\n"
    "\n"
    "  --blocking          plain blocking libmariadb on one connection, no libuv\n"
    "  --connections N     that many, all busy (default 1)\n"
    "  --count N           queries in all (default 10000)\n"
    "  --prepared          as a prepared statement\n"
    "  --keys N            with --prepared: the statement has one ?, which gets 1 to N in turn\n"
    "  --no-latency        take no time for each query\n"
    "  --host H  --port P  --socket PATH  --user U  --database D\n"
    "                      where to (defaults: 127.0.0.1, 3306, TCP, arla, octane);\n"
    "                      the password is read from the variable AURORA_PASSWORD\n"
    "  --tls               demand TLS;  --ssl-ca FILE: and verify the certificate\n"
    "  --help              this text\n";

static const struct option long_options[] = {
    {"blocking", no_argument, NULL, 'b'},
    {"connections", required_argument, NULL, 'c'},
    {"count", required_argument, NULL, 'n'},
    {"prepared", no_argument, NULL, 'p'},
    {"keys", required_argument, NULL, 'k'},
    {"no-latency", no_argument, NULL, 'q'},
    {"host", required_argument, NULL, 'h'},
    {"port", required_argument, NULL, 'P'},
    {"socket", required_argument, NULL, 'S'},
    {"user", required_argument, NULL, 'u'},
    {"database", required_argument, NULL, 'd'},
    {"tls", no_argument, NULL, 't'},
    {"ssl-ca", required_argument, NULL, 'a'},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* A number from low to high, or the program ends with a message. */
static uint64_t number(const char *name, const char *text, uint64_t low, uint64_t high)
{
  char *end;
  uint64_t value = strtoull(text, &end, 10);

  if (text[0] < '0' || text[0] > '9' || *end || value < low || value > high) {
    fprintf(stderr, "aurora-bare: --%s takes a number from %llu to %llu, not \"%s\"\n", name,
            (unsigned long long)low, (unsigned long long)high, text);
    exit(2);
  }
  return value;
}

static void read_option(options_t *options, int option)
{
  switch (option) {
  case 'b':
    options->blocking = true;
    break;
  case 'c':
    options->connections = (unsigned)number("connections", optarg, 1, 10000);
    break;
  case 'n':
    options->count = number("count", optarg, 1, 1000000000);
    break;
  case 'p':
    options->statement.kind = BARE_PREPARED;
    break;
  case 'k':
    options->statement.keys = number("keys", optarg, 1, 1000000000);
    break;
  case 'q':
    options->latency = false;
    break;
  case 'h':
    options->target.host = optarg;
    break;
  case 'P':
    options->target.port = (unsigned)number("port", optarg, 1, 65535);
    break;
  case 'S':
    options->target.unix_socket = optarg;
    break;
  case 'u':
    options->target.user = optarg;
    break;
  case 'd':
    options->target.database = optarg;
    break;
  case 't':
    options->target.tls = true;
    break;
  case 'a':
    options->target.ssl_ca = optarg;
    break;
  case HELP:
    fputs(help, stdout);
    exit(0);
  default: /* getopt has said what is wrong */
    exit(2);
  }
}

static void read_options(options_t *options, int argc, char **argv)
{
  int option;

  while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
    read_option(options, option);
  if (optind < argc)
    options->statement.sql = argv[optind++];
  if (optind < argc) {
    fprintf(stderr, "aurora-bare: more than one statement; see --help\n");
    exit(2);
  }
  if (options->statement.keys && options->statement.kind != BARE_PREPARED) {
    fprintf(stderr, "aurora-bare: --keys needs --prepared\n");
    exit(2);
  }
}

static void add_sample(uint64_t nanoseconds, void *data)
{
  samples_t *samples = data;

  samples->values[samples->count++] = nanoseconds;
}

static int compare(const void *left, const void *right)
{
  const uint64_t *a = left, *b = right;

  return (*a > *b) - (*a < *b);
}

static double cpu_seconds(void)
{
  struct rusage usage;

  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print_totals(const options_t *options, const bare_totals_t *totals, samples_t *samples,
                         double cpu)
{
  double queries = (double)totals->queries;

  printf("%llu queries, %llu rows, %llu bytes in %.3f s: %.0f queries/s, %.2f us CPU a query\n",
         (unsigned long long)totals->queries, (unsigned long long)totals->rows,
         (unsigned long long)totals->bytes, (double)totals->elapsed / 1e9,
         queries * 1e9 / (double)totals->elapsed, cpu * 1e6 / queries);
  if (!options->latency)
    return;
  qsort(samples->values, samples->count, sizeof samples->values[0], compare);
  printf("latency: median %.1f us, 99th percentile %.1f us, longest %.1f us\n",
         (double)samples->values[samples->count / 2] / 1e3,
         (double)samples->values[samples->count * 99 / 100] / 1e3,
         (double)samples->values[samples->count - 1] / 1e3);
}

static int run_blocking(const options_t *options, samples_t *samples, double *ret_cpu,
                        bare_totals_t *ret_totals, bare_error_t *ret_error)
{
  bare_blocking_t *blocking;
  int code = bare_blocking_open(&options->target, &blocking, ret_error);

  if (code)
    return code;
  *ret_cpu = cpu_seconds();
  code = bare_blocking_run(blocking, &options->statement, options->count,
                           options->latency ? add_sample : NULL, samples, ret_totals, ret_error);
  *ret_cpu = cpu_seconds() - *ret_cpu;
  bare_blocking_close(blocking);
  return code;
}

static int run_bare(const options_t *options, samples_t *samples, double *ret_cpu,
                    bare_totals_t *ret_totals, bare_error_t *ret_error)
{
  uv_loop_t loop;
  bare_t *bare;
  int code = uv_loop_init(&loop);

  if (code) {
    snprintf(ret_error->message, sizeof ret_error->message, "%s", uv_strerror(code));
    return -1;
  }
  code = bare_open(&loop, &options->target, options->connections, &bare, ret_error);
  if (!code) {
    *ret_cpu = cpu_seconds();
    code = bare_run(bare, &options->statement, options->count, options->connections,
                    options->latency ? add_sample : NULL, samples, ret_totals, ret_error);
    *ret_cpu = cpu_seconds() - *ret_cpu;
    bare_close(bare);
  }
  uv_loop_close(&loop);
  return code;
}

int main(int argc, char **argv)
{
  options_t options = {
      .target = {.host = "127.0.0.1", .port = 3306, .user = "arla", .database = "octane"},
      .statement = {.kind = BARE_TEXT, .sql = "SELECT 1"},
      .latency = true,
      .count = 10000,
      .connections = 1};
  bare_totals_t totals;
  bare_error_t error;
  samples_t samples = {0};
  double cpu = 0;
  int code;

  read_options(&options, argc, argv);
  options.target.password = getenv("AURORA_PASSWORD");
  samples.values = calloc(options.count, sizeof samples.values[0]);
  if (!samples.values) {
    fprintf(stderr, "aurora-bare: out of memory\n");
    return 1;
  }
  code = options.blocking ? run_blocking(&options, &samples, &cpu, &totals, &error)
                          : run_bare(&options, &samples, &cpu, &totals, &error);
  if (code)
    fprintf(stderr, "aurora-bare: %s\n", error.message);
  else
    print_totals(&options, &totals, &samples, cpu);
  free(samples.values);
  mysql_library_end();
  return code ? 1 : 0;
}
