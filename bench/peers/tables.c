/*
 * aurora-compare-tables: makes and drops the tables of the workloads. Rows are counted out of ten
 * digits, which every server can join; numbers are scattered by multiplying with a prime.
 */
#include "tables.h"

#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_session.h"
#include "peer.h"

#define DIGITS                                                                                     \
  "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 "    \
  "UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT "  \
  "9)"
/* 1 to 10,000 as id. */
#define NUMBERS                                                                                    \
  "(SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 1 AS id FROM " DIGITS " a, " DIGITS           \
  " b, " DIGITS " c, " DIGITS " d) ids"

static const char *const tables[] = {TABLES_WORLD, TABLES_FORTUNE, TABLES_ROWS, TABLES_WIDE};
enum { TABLES = sizeof tables / sizeof *tables };

static const char *const create[TABLES] = {
    "CREATE TABLE " TABLES_WORLD " (id INT NOT NULL PRIMARY KEY, randomnumber INT NOT NULL)",
    "CREATE TABLE " TABLES_FORTUNE " (id INT NOT NULL PRIMARY KEY, message VARCHAR(2048) NOT NULL)",
    "CREATE TABLE " TABLES_ROWS
    " (id INT NOT NULL PRIMARY KEY, number INT NOT NULL, name VARCHAR(32) NOT NULL)",
    "CREATE TABLE " TABLES_WIDE
    " (id INT NOT NULL PRIMARY KEY, number BIGINT NOT NULL, ratio DOUBLE NOT NULL, name "
    "VARCHAR(32) NOT NULL, made DATETIME NOT NULL)",
};

/* Twelve rows of our own, with what a page has to escape and a character that is not ASCII. */
static const char *const fill[TABLES] = {
    "INSERT INTO " TABLES_WORLD " SELECT id, id * 7919 % 10000 + 1 FROM " NUMBERS,
    "INSERT INTO " TABLES_FORTUNE " VALUES (1, 'A pool is only as calm as its last caller.'), "
    "(2, 'He who polls once may rest.'), (3, 'A retry is a question asked twice.'), "
    "(4, 'Two locks and one order make a friend; two orders make a deadlock.'), "
    "(5, 'Every time-out is somebody''s deadline.'), (6, 'The fastest query is the one not "
    "sent.'), "
    "(7, 'An index forgives much.'), (8, 'Read your own writes, or ask the writer.'), "
    "(9, 'What was never measured was never slow.'), (10, 'Today''s replica is tomorrow''s "
    "writer.'), "
    "(11, '<script>alert(\"This must be escaped.\");</script>'), "
    "(12, 'フレームワークのベンチマーク')",
    "INSERT INTO " TABLES_ROWS " SELECT id, id * 7919 % 10000, CONCAT('row number ', id) "
    "FROM " NUMBERS,
    "INSERT INTO " TABLES_WIDE
    " SELECT id + 10000 * e.n, id * 1000003 + e.n, id / 8, CONCAT('row ', id, ' of part ', e.n), "
    "DATE_ADD('2020-01-01', INTERVAL id MINUTE) FROM " NUMBERS ", " DIGITS " e",
};

static int run(bare_session_t *session, const char *sql, bare_error_t *ret_error)
{
  if (mysql_query(session->mysql, sql))
    return bare_session_failed(session, NULL, "the server refused", ret_error);
  return 0;
}

static int drop(bare_session_t *session, int count, bare_error_t *ret_error)
{
  char sql[80];
  int code = 0;

  for (int i = 0; i < count && !code; i++) {
    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s", tables[i]);
    code = run(session, sql, ret_error);
  }
  return code;
}

/* A table that is there already is an error, and stays. */
static int make(bare_session_t *session, bare_error_t *ret_error)
{
  bare_error_t unused;

  for (int i = 0; i < TABLES; i++) {
    if (run(session, create[i], ret_error)) {
      drop(session, i, &unused);
      return -1;
    }
    if (run(session, fill[i], ret_error)) {
      drop(session, i + 1, &unused);
      return -1;
    }
  }
  return 0;
}

static void print_server(bare_session_t *session)
{
  printf("%s\n", mysql_get_server_info(session->mysql));
}

/* The workloads as JSON, for clients that are not written in C. */
static void print_workloads(void)
{
  static const char *const kinds[] = {[WORK_REQUESTS] = "requests",
                                      [WORK_CONNECT] = "connect",
                                      [WORK_ACQUIRE] = "acquire",
                                      [WORK_STALL] = "stall"};
  char names[256], *name, *rest = names;

  snprintf(names, sizeof names, "%s", workload_names());
  while ((name = strsep(&rest, " "))) {
    const workload_t *workload = workload_find(name);

    printf("%s\"%s\": {\"kind\": \"%s\", \"tls\": %s, \"stream\": %s, \"fortunes\": %s, "
           "\"reads\": %u, \"writes\": %u, \"statements\": [",
           name == names ? "{\n" : ",\n", name, kinds[workload->kind],
           workload->tls ? "true" : "false", workload->stream ? "true" : "false",
           workload->fortunes ? "true" : "false", workload->reads, workload->writes);
    for (int i = 0; i < 2 && workload->statements[i].sql; i++)
      printf("%s{\"sql\": \"%s\", \"params\": %u}", i ? ", " : "", workload->statements[i].sql,
             workload->statements[i].params);
    printf("]}");
  }
  printf("\n}\n");
}

int main(int argc, char **argv)
{
  const workload_t none = {.name = ""};
  peer_options_t options = {.workload = &none};
  bare_session_t *session = calloc(1, sizeof *session);
  bare_error_t error = {""};
  const char *what = argc == 2 ? argv[1] : "";
  int code;

  if (strcmp(what, "workloads") == 0) {
    free(session);
    print_workloads();
    return 0;
  }
  if (!session ||
      (strcmp(what, "make") != 0 && strcmp(what, "drop") != 0 && strcmp(what, "server") != 0)) {
    printf(
        "Usage: aurora-compare-tables make | drop | server | workloads\n"
        "Makes or drops the tables of the workloads (aurora_compare_*), prints the server's "
        "version,\nor what the workloads are as JSON. The database is that of AURORA_HOST and its "
        "like.\n");
    free(session);
    return strcmp(what, "--help") == 0 ? 0 : 2;
  }
  peer_read_target(&options);
  code = bare_session_open(session, &options.target, false, &error);
  if (!code) {
    if (what[0] == 'm')
      code = make(session, &error);
    else if (what[0] == 'd')
      code = drop(session, TABLES, &error);
    else
      print_server(session);
    bare_session_close(session);
  }
  if (code)
    fprintf(stderr, "aurora-compare-tables: %s\n", error.message);
  free(session);
  mysql_library_end();
  return code ? 1 : 0;
}
