/*
 * Starting is: directory, certificates, data copied from the template, guardian, server. A server
 * that cannot have its port (a program that knows nothing of our locks took it between our probe and
 * its bind) is started again with another, guardian and all.
 *
 * A struct is complete or was never written to; guardian, directory and port are its own until
 * database_stop.
 */
#include "support/database.h"

#include "support/database_server.h"
#include "support/database_template.h"

#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWN_ARGUMENTS = 12, START_ATTEMPTS = 10, ARGUMENT_SIZE = 320, ROOT_TIMEOUT_S = 30 };

typedef struct {
  char own[OWN_ARGUMENTS][ARGUMENT_SIZE];
  char **
      list; /* the server's argv; points into own, the server's settings and the caller's options */
} arguments_t;

static void report(const char *what, int error)
{
  fprintf(stderr, "database: %s: %s\n", what, strerror(-error));
}

/* The end of the server's log, which says why it would not start. */
static void read_log_end(const char *path, char *ret_text, size_t size)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  off_t length = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
  ssize_t got = 0;

  if (fd >= 0) {
    got = pread(fd, ret_text, size - 1, length > (off_t)size - 1 ? length - (off_t)size + 1 : 0);
    close(fd);
  }
  ret_text[got > 0 ? got : 0] = '\0';
}

static void report_start(const database_t *database, int error)
{
  char text[4096];

  report("the server did not start", error);
  read_log_end(database->log, text, sizeof text);
  fputs(text, stderr);
}

static bool port_was_taken(const database_t *database)
{
  char text[8192];

  read_log_end(database->log, text, sizeof text);
  return strstr(text, "Bind on TCP/IP port") || strstr(text, "Address already in use");
}

static const char *server_certificate(database_tls_t tls, const certificates_t *certificates)
{
  switch (tls) {
  case DATABASE_TLS_GOOD:
    return certificates->server_cert[CERTIFICATE_GOOD];
  case DATABASE_TLS_EXPIRED:
    return certificates->server_cert[CERTIFICATE_EXPIRED];
  case DATABASE_TLS_WRONG_NAME:
    return certificates->server_cert[CERTIFICATE_WRONG_NAME];
  case DATABASE_TLS_OTHER_CA:
    return certificates->server_cert[CERTIFICATE_OTHER_CA];
  case DATABASE_TLS_NONE:
    return NULL;
  }
  return NULL;
}

/* Those that hold paths and numbers of this one server; how many. */
static int make_own_arguments(const database_t *database, database_tls_t tls,
                              const certificates_t *certificates,
                              char own[OWN_ARGUMENTS][ARGUMENT_SIZE])
{
  const char *certificate = server_certificate(tls, certificates);
  int count = 0;

  snprintf(own[count++], ARGUMENT_SIZE, "--datadir=%s/data", database->dir);
  snprintf(own[count++], ARGUMENT_SIZE, "--tmpdir=%s/tmp", database->dir);
  snprintf(own[count++], ARGUMENT_SIZE, "--socket=%s", database->socket);
  snprintf(own[count++], ARGUMENT_SIZE, "--pid-file=%s/server.pid", database->dir);
  snprintf(own[count++], ARGUMENT_SIZE, "--log-error=%s", database->log);
  snprintf(own[count++], ARGUMENT_SIZE, "--port=%u", database->port);
  if (certificate) {
    snprintf(own[count++], ARGUMENT_SIZE, "--ssl-cert=%s", certificate);
    snprintf(own[count++], ARGUMENT_SIZE, "--ssl-key=%s", certificates->server_key);
    snprintf(own[count++], ARGUMENT_SIZE, "--ssl-ca=%s", certificates->ca);
  } else {
    snprintf(own[count++], ARGUMENT_SIZE, "%s", database_server(database->kind)->no_tls);
  }
  if (!geteuid())
    snprintf(own[count++], ARGUMENT_SIZE, "--user=root");
  return count;
}

static size_t append(char **list, size_t count, const char *const *more)
{
  for (; more && *more; more++) {
    if (list)
      list[count] = (char *)*more; /* exec does not write to them */
    count++;
  }
  return count;
}

/* The program's name; the settings, of which the first may have to be the first; our own; the
 * caller's. */
static int make_arguments(const database_t *database, const char *program,
                          const database_options_t *options, const certificates_t *certificates,
                          arguments_t *ret_arguments)
{
  const char *const *lists[] = {database_server(database->kind)->settings, NULL, options->arguments,
                                options->own_arguments[database->kind]};
  const char *own[OWN_ARGUMENTS + 1] = {NULL};
  size_t count = 1;
  char **list;
  int made = make_own_arguments(database, options->tls, certificates, ret_arguments->own);

  for (int i = 0; i < made; i++)
    own[i] = ret_arguments->own[i];
  lists[1] = own;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    count = append(NULL, count, lists[i]);
  list = calloc(count + 1, sizeof *list);
  if (!list)
    return -ENOMEM;
  list[0] = (char *)program;
  count = 1;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    count = append(list, count, lists[i]);
  ret_arguments->list = list;
  return 0;
}

/* A new directory, its path short enough for a Unix socket in it. */
static int make_directory(database_t *database)
{
  const char *temporary = getenv("TMPDIR");
  char path[sizeof database->dir + 8];

  if (!temporary || *temporary != '/' || strlen(temporary) > sizeof database->dir - 20)
    temporary = "/tmp";
  snprintf(database->dir, sizeof database->dir, "%.60s/aurora-db-XXXXXX", temporary);
  if (!mkdtemp(database->dir)) {
    database->dir[0] = '\0';
    return -errno;
  }
  snprintf(database->socket, sizeof database->socket, "%s/server.sock", database->dir);
  snprintf(database->log, sizeof database->log, "%s/server.log", database->dir);
  snprintf(path, sizeof path, "%s/tmp", database->dir);
  return mkdir(path, 0700) ? -errno : 0;
}

static int make_files(database_t *database, const char *program, certificates_t *certificates)
{
  char path[sizeof database->dir + 8];
  int error = make_directory(database);

  if (!error)
    error = certificates_make(database->dir, certificates);
  if (error) {
    report("no certificates", error);
    return error;
  }
  memcpy(database->ca, certificates->ca, sizeof database->ca);
  memcpy(database->other_ca, certificates->other_ca, sizeof database->other_ca);
  memcpy(database->ca_bundle, certificates->ca_bundle, sizeof database->ca_bundle);
  memcpy(database->client_cert, certificates->client_cert, sizeof database->client_cert);
  memcpy(database->client_key, certificates->client_key, sizeof database->client_key);
  snprintf(path, sizeof path, "%s/data", database->dir);
  return database_copy_template(database_server(database->kind), program, path);
}

/* One attempt. When it fails nothing of it is left. */
static int start_once(database_t *database, const char *program, const database_options_t *options)
{
  certificates_t certificates;
  arguments_t arguments = {.list = NULL};
  guardian_plan_t plan;
  int error = port_take(&database->taken);

  if (error) {
    report("no port", error);
    return error;
  }
  database->port = database->taken.number;
  error = make_files(database, program, &certificates);
  if (!error)
    error = make_arguments(database, program, options, &certificates, &arguments);
  plan.arguments = arguments.list;
  plan.directory = database->dir;
  plan.socket = database->socket;
  plan.log = database->log;
  if (!error)
    error = guardian_start(&plan, &database->guardian); /* from here the directory is its own */
  if (error) {
    if (*database->dir)
      files_remove_tree(database->dir);
    port_release(&database->taken);
  } else {
    error = guardian_order(&database->guardian, GUARDIAN_START, &database->pid);
    if (error == -ECHILD && port_was_taken(database))
      error = -EADDRINUSE;
    if (error) {
      report_start(database, error);
      database_stop(database);
    }
  }
  free(arguments.list);
  return error;
}

int database_start(database_t *ret_database, const database_options_t *options)
{
  static const database_options_t defaults = {.tls = DATABASE_TLS_GOOD};
  database_kind_t kind = database_kind();
  const database_server_t *server = database_server(kind);
  char program[FILES_PATH_SIZE];
  database_t database;
  int error = server->find(program);

  if (error) {
    report(server->description, error);
    return error;
  }
  for (int i = 0; i < START_ATTEMPTS; i++) {
    memset(&database, 0, sizeof database);
    database.kind = kind;
    snprintf(database.host, sizeof database.host, "127.0.0.1");
    error = start_once(&database, program, options ? options : &defaults);
    if (error != -EADDRINUSE)
      break;
  }
  if (!error && server->started)
    error = server->started(&database);
  if (!error)
    *ret_database = database;
  return error;
}

void database_stop(database_t *database)
{
  guardian_stop(&database->guardian);
  port_release(&database->taken);
  memset(database, 0, sizeof *database);
}

static int order(database_t *database, guardian_order_t what, const char *name)
{
  int error = guardian_order(&database->guardian, what, &database->pid);

  if (error)
    report(name, error);
  return error;
}

int database_kill(database_t *database)
{
  return order(database, GUARDIAN_KILL, "kill");
}

int database_terminate(database_t *database)
{
  return order(database, GUARDIAN_TERMINATE, "terminate");
}

int database_freeze(database_t *database)
{
  return order(database, GUARDIAN_FREEZE, "freeze");
}

int database_thaw(database_t *database)
{
  return order(database, GUARDIAN_THAW, "thaw");
}

int database_restart(database_t *database)
{
  int error = guardian_order(&database->guardian, GUARDIAN_TERMINATE, &database->pid);

  if (error && error != -ESRCH) {
    report("terminate", error);
    return error;
  }
  error = guardian_order(&database->guardian, GUARDIAN_START, &database->pid);
  if (error)
    report_start(database, error);
  return error;
}

/* A connection of root's, or NULL after a line on stderr. */
static MYSQL *connect_root(const database_t *database)
{
  const unsigned timeout = ROOT_TIMEOUT_S;
  const unsigned protocol = MYSQL_PROTOCOL_SOCKET;
  MYSQL *mysql = mysql_init(NULL);

  if (!mysql)
    return NULL;
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(mysql, NULL, "root", "", DATABASE_NAME, 0, database->socket,
                         CLIENT_MULTI_STATEMENTS))
    return mysql;
  fprintf(stderr, "database: root: %s\n", mysql_error(mysql));
  mysql_close(mysql);
  return NULL;
}

/* Reads the results of what was sent; the first value of the first goes to *ret_value. The number of
 * values found, 0 or 1, or negative. */
static int read_results(MYSQL *mysql, int64_t *ret_value)
{
  int found = 0;
  int status;

  do {
    MYSQL_RES *result = mysql_store_result(mysql);
    MYSQL_ROW row;

    if (!result && mysql_errno(mysql))
      return -EIO;
    row = result ? mysql_fetch_row(result) : NULL;
    if (!found && row && row[0]) {
      *ret_value = strtoll(row[0], NULL, 10);
      found = 1;
    }
    mysql_free_result(result);
    status = mysql_next_result(mysql);
  } while (!status);
  return status > 0 ? -EIO : found;
}

static int run_as_root(const database_t *database, const char *sql, int64_t *ret_value)
{
  MYSQL *mysql = connect_root(database);
  int found;

  if (!mysql)
    return -ECONNREFUSED;
  found = mysql_query(mysql, sql) ? -EIO : read_results(mysql, ret_value);
  if (found < 0)
    fprintf(stderr, "database: %s (in: %.200s)\n", mysql_error(mysql), sql);
  mysql_close(mysql);
  return found;
}

int database_sql(database_t *database, const char *sql)
{
  int64_t unused;
  int found = run_as_root(database, sql, &unused);

  return found < 0 ? found : 0;
}

int64_t database_count(database_t *database, const char *sql)
{
  int64_t value = 0;
  int found = run_as_root(database, sql, &value);

  return found < 0 ? found : found ? value : -ENODATA;
}
