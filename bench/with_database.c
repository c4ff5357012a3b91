/*
 * aurora-with-database: runs a command beside a private database server that is there just as long.
 *
 * The command finds the server by the AURORA_* variables. The guardian of tests/support ends the
 * server and removes its files however this program ends. Server and command inherit this program's
 * affinity: `taskset -c 1 aurora-with-database COMMAND` puts the server on core 1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <mysql.h>

#include "support/database.h"

enum { NO_SERVER = 77 };

static const char help[] =
    "Usage: aurora-with-database COMMAND [ARGUMENT...]\n"
    "Starts a private database server on 127.0.0.1 with files in a temporary directory: MariaDB,\n"
    "or MySQL with AURORA_TEST_SERVER=mysql in the environment. Runs the command, stops the\n"
    "server, and ends with the command's exit status, or with 77 if there is no such server\n"
    "here. The variables AURORA_HOST, AURORA_PORT, AURORA_USER, AURORA_PASSWORD, AURORA_DATABASE\n"
    "and AURORA_SSL_CA tell the command where the server is.\n";

/* More than the tests need: the bench's tables stay in memory, a result may be 100 MB. */
static const char *const arguments[] = {"--innodb-buffer-pool-size=128M",
                                        "--loose-innodb-buffer-pool-size-max=128M",
                                        "--max-connections=600",
                                        "--back-log=512",
                                        "--max-connect-errors=1000000",
                                        "--thread-cache-size=100",
                                        NULL};

static void set_environment(const database_t *database)
{
  char port[16];

  snprintf(port, sizeof port, "%u", database->port);
  setenv("AURORA_HOST", database->host, 1);
  setenv("AURORA_PORT", port, 1);
  setenv("AURORA_USER", DATABASE_USER, 1);
  setenv("AURORA_PASSWORD", DATABASE_PASSWORD, 1);
  setenv("AURORA_DATABASE", DATABASE_NAME, 1);
  setenv("AURORA_SSL_CA", database->ca, 1);
  /* Without this a given ssl_ca would mean VERIFY_IDENTITY. */
  setenv("AURORA_SSL_MODE", "DISABLED", 1);
}

/* Runs it and waits. Interrupts go to the whole foreground group: the command decides what to do. */
static int run(char **command)
{
  pid_t pid = fork();
  int status;

  if (pid == 0) {
    execvp(command[0], command);
    fprintf(stderr, "aurora-with-database: %s: %s\n", command[0], strerror(errno));
    _exit(127);
  }
  if (pid < 0) {
    perror("aurora-with-database: fork");
    return 1;
  }
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR)
      return 1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
  static database_t database;
  database_options_t options = {.tls = DATABASE_TLS_GOOD, .arguments = arguments};
  int error, status;

  if (argc < 2 || strcmp(argv[1], "--help") == 0) {
    fputs(help, argc < 2 ? stderr : stdout);
    return argc < 2 ? 2 : 0;
  }
  error = database_start(&database, &options);
  if (error)
    return error == -ENOENT ? NO_SERVER : 1;
  set_environment(&database);
  status = run(argv + 1);
  database_stop(&database);
  mysql_library_end();
  return status;
}
