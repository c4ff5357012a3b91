/*
 * aurora-repeat: one client on its own, for strace, perf and callgrind: one kind of query, so many
 * times, and a line of figures. --help tells what it takes.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mysql.h>

#include "bare.h"
#include "pool_run.h"
#include "samples.h"

enum { HELP = 256 };

typedef enum { CLIENT_BARE, CLIENT_BLOCKING, CLIENT_POOL } client_t;

typedef struct {
  bare_target_t target;
  bare_statement_t statement;
  client_t client;
  bool latency;
  uint64_t count;
  unsigned connections;
} options_t;

static const char help[] =
    "Usage: aurora-repeat [options] [SQL]\n"
    "Runs one statement (default: SELECT 1) over and over, back to back on each connection, with\n"
    "libuv and libmariadb alone. To be looked at with strace, perf or callgrind.\n"
    "\n"
    "  --blocking          plain blocking libmariadb on one connection, no libuv\n"
    "  --pool              through a pool of that many connections, all opened before\n"
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
    {"pool", no_argument, NULL, 'o'},
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
    fprintf(stderr, "aurora-repeat: --%s takes a number from %llu to %llu, not \"%s\"\n", name,
            (unsigned long long)low, (unsigned long long)high, text);
    exit(2);
  }
  return value;
}

static void read_option(options_t *options, int option)
{
  switch (option) {
  case 'b':
    options->client = CLIENT_BLOCKING;
    break;
  case 'o':
    options->client = CLIENT_POOL;
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
    fprintf(stderr, "aurora-repeat: more than one statement; see --help\n");
    exit(2);
  }
  if (options->statement.keys && options->statement.kind != BARE_PREPARED) {
    fprintf(stderr, "aurora-repeat: --keys needs --prepared\n");
    exit(2);
  }
  if (options->client == CLIENT_POOL && options->statement.kind == BARE_PREPARED &&
      !options->statement.keys) {
    fprintf(stderr, "aurora-repeat: the pool prepares statements with a parameter: --keys\n");
    exit(2);
  }
}

static void add_sample(uint64_t nanoseconds, void *data)
{
  samples_add(data, (double)nanoseconds / 1e3);
}

static void print_totals(const options_t *options, const bare_totals_t *totals, samples_t *samples)
{
  double queries = (double)totals->queries;

  printf("%llu queries, %llu rows, %llu bytes in %.3f s: %.0f queries/s, %.2f us CPU a query\n",
         (unsigned long long)totals->queries, (unsigned long long)totals->rows,
         (unsigned long long)totals->bytes, (double)totals->elapsed / 1e9,
         queries * 1e9 / (double)totals->elapsed, (double)totals->cpu / 1e3 / queries);
  if (!options->latency)
    return;
  printf("latency: median %.1f us, 99th percentile %.1f us, longest %.1f us\n",
         samples_median(samples), samples_quantile(samples, 0.99), samples_max(samples));
}

static int run_blocking(const options_t *options, samples_t *samples, bare_totals_t *ret_totals,
                        bare_error_t *ret_error)
{
  bare_blocking_t *blocking;
  int code = bare_blocking_open(&options->target, &blocking, ret_error);

  if (code)
    return code;
  code = bare_blocking_run(blocking, &options->statement, options->count,
                           options->latency ? add_sample : NULL, samples, ret_totals, ret_error);
  bare_blocking_close(blocking);
  return code;
}

static int run_bare(const options_t *options, samples_t *samples, bare_totals_t *ret_totals,
                    bare_error_t *ret_error)
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
    code = bare_run(bare, &options->statement, options->count, options->connections,
                    options->latency ? add_sample : NULL, samples, ret_totals, ret_error);
    bare_close(bare);
  }
  uv_loop_close(&loop);
  return code;
}

static int run_pool(const options_t *options, samples_t *samples, bare_totals_t *ret_totals,
                    bare_error_t *ret_error)
{
  const bare_target_t *target = &options->target;
  pool_client_t client;
  aurora_config_t config;
  int code;

  aurora_config_init(&config);
  config.host = target->host;
  config.port = target->port;
  config.unix_socket = target->unix_socket;
  config.user = target->user;
  config.password = target->password ? target->password : "";
  config.database = target->database;
  config.ssl_ca = target->ssl_ca;
  if (!target->ssl_ca)
    config.ssl_mode = target->tls ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  if (pool_client_open(&client, &config, options->connections, NULL, ret_error))
    return -1;
  code = pool_client_run(&client, &options->statement, options->count, options->connections,
                         options->latency ? add_sample : NULL, samples, ret_totals, ret_error);
  pool_client_close(&client);
  return code;
}

static int run(const options_t *options, samples_t *samples, bare_totals_t *ret_totals,
               bare_error_t *ret_error)
{
  switch (options->client) {
  case CLIENT_BARE:
    break;
  case CLIENT_BLOCKING:
    return run_blocking(options, samples, ret_totals, ret_error);
  case CLIENT_POOL:
    return run_pool(options, samples, ret_totals, ret_error);
  }
  return run_bare(options, samples, ret_totals, ret_error);
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
  int code;

  read_options(&options, argc, argv);
  options.target.password = getenv("AURORA_PASSWORD");
  code = run(&options, &samples, &totals, &error);
  if (code)
    fprintf(stderr, "aurora-repeat: %s\n", error.message);
  else
    print_totals(&options, &totals, &samples);
  samples_free(&samples);
  /* Ends the worker threads while OpenSSL can still free what it keeps for each. */
  uv_library_shutdown();
  mysql_library_end();
  return code ? 1 : 0;
}
