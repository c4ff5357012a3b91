/*
 * The kinds of servers and how a program of one is found.
 */
#include "support/database_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const database_server_t *const servers[DATABASE_KINDS] = {
    [DATABASE_MARIADB] = &database_mariadb,
    [DATABASE_MYSQL] = &database_mysql,
};

const database_server_t *database_server(database_kind_t kind)
{
  return servers[kind];
}

const char *database_kind_name(database_kind_t kind)
{
  return servers[kind]->name;
}

int database_find(void)
{
  char program[FILES_PATH_SIZE];

  return database_server(database_kind())->find(program);
}

/* A name that is none must not pass for the default: the wrong server would be tested. */
database_kind_t database_kind(void)
{
  const char *asked = getenv("AURORA_TEST_SERVER");

  for (int kind = 0; asked && *asked && kind < DATABASE_KINDS; kind++)
    if (!strcmp(asked, servers[kind]->name))
      return (database_kind_t)kind;
  if (asked && *asked) {
    fprintf(stderr, "database: AURORA_TEST_SERVER is neither mariadb nor mysql: %s\n", asked);
    exit(EXIT_FAILURE);
  }
  return DATABASE_MARIADB;
}

static int find_in(const char *directories, const char *name, char ret_path[FILES_PATH_SIZE])
{
  char path[FILES_PATH_SIZE];

  while (*directories) {
    int length = (int)strcspn(directories, ":");
    int written = snprintf(path, sizeof path, "%.*s/%s", length, directories, name);

    if (length && written < FILES_PATH_SIZE && !access(path, X_OK)) {
      memcpy(ret_path, path, (size_t)written + 1);
      return 0;
    }
    directories += length;
    directories += *directories == ':';
  }
  return -ENOENT;
}

int database_find_program(const char *name, char ret_path[FILES_PATH_SIZE])
{
  const char *path = getenv("PATH");

  if (path && !find_in(path, name, ret_path))
    return 0;
  return find_in("/usr/sbin:/usr/bin:/usr/libexec:/usr/local/sbin:/usr/local/bin", name, ret_path);
}
