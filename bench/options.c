/*
 * The command line, and the help that explains what is measured.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: aurora-bench --private [options]\n"
    "       aurora-bench --uri mysql://user:password@host:3306/database [options]\n"
    "       AURORA_HOST=... AURORA_USER=... AURORA_PASSWORD=... aurora-bench [options]\n"
    "\n"
    "Measures what queries through the pool cost, next to the same queries made by libmariadb "
    "alone\n"
    "in the same run, and prints a table: what was asked of the pool, what it is to reach, and "
    "what\n"
    "it did here.\n"
    "\n"
    "Where:\n"
    "  --private     start a database of its own (mariadbd) on 127.0.0.1, in a temporary "
    "directory,\n"
    "                with TLS and a table of 10,000 rows; stopped and removed at the end\n"
    "  --uri URI     a database of yours; options of the pool may follow, such as\n"
    "                ?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/to/ca.pem\n"
    "                (a password in a command line can be seen by other users of the machine)\n"
    "  otherwise     the variables AURORA_HOST, AURORA_PORT, AURORA_USER, AURORA_PASSWORD,\n"
    "                AURORA_DATABASE, AURORA_SSL_MODE, AURORA_SSL_CA ... as the pool reads them\n"
    "\n"
    "How:\n"
    "  --short       15 seconds instead of a minute; the figures spread more\n"
    "  --only NAME   this only: acquire, overhead, warmup, stall or cpu; may be repeated\n"
    "  --table       in a database of yours: make the table aurora_bench_rows (10,000 rows), "
    "fetch\n"
    "                rows of it by their primary key, and drop it at the end. Without this nothing "
    "is\n"
    "                written, and the prepared statement only selects its parameter. A table of "
    "that\n"
    "                name that is there already is an error.\n"
    "  --json        print one JSON object instead of the text\n"
    "  --help        this text\n"
    "\n"
    "At most 21 connections are open at once. What it is doing is said on stderr. The exit status "
    "is\n"
    "0 when everything essential was measured, whether or not the figures are reached; 1 when the\n"
    "database could not be used; 2 when the command line is wrong.\n"
    "\n"
    "Client and server share the machine with --private, and so its cores: latencies are then "
    "higher\n"
    "than over a network to a server of its own. Differences and ratios are taken between runs "
    "that\n"
    "alternate within the same second, and hold.\n";

enum { HELP = 256 };

static const struct option long_options[] = {
    {"private", no_argument, NULL, 'p'}, {"uri", required_argument, NULL, 'u'},
    {"short", no_argument, NULL, 's'},   {"table", no_argument, NULL, 't'},
    {"json", no_argument, NULL, 'j'},    {"only", required_argument, NULL, 'o'},

    {"help", no_argument, NULL, HELP},   {NULL, 0, NULL, 0},
};

static void refuse(const char *why)
{
  fprintf(stderr, "aurora-bench: %s; see --help\n", why);
  exit(2);
}

static unsigned bit_of(const char *name)
{
  static const char *const names[] = {[MEASURE_ACQUIRE] = "acquire",
                                      [MEASURE_OVERHEAD] = "overhead",
                                      [MEASURE_WARMUP] = "warmup",
                                      [MEASURE_STALL] = "stall",
                                      [MEASURE_CPU] = "cpu"};

  for (unsigned i = 0; i < MEASURES; i++) {
    if (strcmp(name, names[i]) == 0)
      return 1u << i;
  }
  refuse("--only takes acquire, overhead, warmup, stall or cpu");
  return 0;
}

static void read_option(options_t *options, int option)
{
  switch (option) {
  case 'p':
    options->is_private = true;
    break;
  case 'u':
    options->uri = optarg;
    break;
  case 's':
    options->is_short = true;
    break;
  case 't':
    options->table = true;
    break;
  case 'o':
    options->only |= bit_of(optarg);
    break;
  case 'j':
    options->json = true;
    break;
  case HELP:
    fputs(help, stdout);
    exit(0);
  default: /* getopt has said what is wrong */
    exit(2);
  }
}

void options_read(options_t *options, int argc, char **argv)
{
  int option;

  *options = (options_t){0};
  while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
    read_option(options, option);
  if (optind < argc)
    refuse("there are no arguments without --");
  if (options->is_private && options->uri)
    refuse("--private and --uri exclude each other");
  if (!options->is_private && !options->uri && !getenv("AURORA_HOST") &&
      !getenv("AURORA_UNIX_SOCKET"))
    refuse("where is the database? --private, --uri or the variable AURORA_HOST");
}
