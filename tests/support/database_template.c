/*
 * The template lies in the cache directory under a name made of what it depends on: the server
 * program (its size and time of change stand for its version), settings and statements. It is made
 * under another name with a lock held, and renamed when it is complete: so what has the name is
 * complete, never changes, and is copied without a lock.
 */
#include "support/database_template.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST_ARGUMENTS = 32 };

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash(uint64_t seed, const void *data, size_t size)
{
  const unsigned char *bytes = data;

  for (size_t i = 0; i < size; i++)
    seed = (seed ^ bytes[i]) * UINT64_C(0x100000001b3);
  return seed;
}

static int template_key(const database_server_t *server, const char *program, uint64_t *ret_key)
{
  uint64_t key = UINT64_C(0xcbf29ce484222325);
  struct stat status;

  if (stat(program, &status))
    return -errno;
  key = hash(key, &status.st_size, sizeof status.st_size);
  key = hash(key, &status.st_mtim, sizeof status.st_mtim);
  key = hash(key, server->statements, strlen(server->statements));
  for (const char *const *setting = server->install_settings; *setting; setting++)
    key = hash(key, *setting, strlen(*setting));
  *ret_key = key;
  return 0;
}

/* Runs a program to its end with its output in a file. 0, or negative. */
static int run(char *const *arguments, const char *output)
{
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int status;
  int error;

  if (posix_spawn_file_actions_init(&actions))
    return -ENOMEM;
  error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (!error)
    error =
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!error)
    error = posix_spawn_file_actions_adddup2(&actions, 1, 2);
  if (!error)
    error = posix_spawn(&pid, arguments[0], &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error)
    return -error;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return status ? -EIO : 0;
}

/* `directory` is where the template is made; beside it lie its statements and the output. */
static int install(const database_server_t *server, const char *directory)
{
  char installer[FILES_PATH_SIZE];
  char data[FILES_PATH_SIZE + 32];
  char extra[FILES_PATH_SIZE + 32];
  char sql[FILES_PATH_SIZE + 16];
  char log[FILES_PATH_SIZE + 16];
  char *arguments[MOST_ARGUMENTS];
  int count = 0;
  int error;

  if (server->find_installer(installer))
    return -ENOENT;
  snprintf(data, sizeof data, "%s=%s", server->install_data, directory);
  snprintf(sql, sizeof sql, "%s.sql", directory);
  snprintf(extra, sizeof extra, "%s=%s", server->install_statements, sql);
  snprintf(log, sizeof log, "%s.log", directory);
  arguments[count++] = installer;
  for (const char *const *setting = server->install_settings; *setting; setting++)
    arguments[count++] = (char *)*setting; /* posix_spawn does not write to them */
  arguments[count++] = data;
  arguments[count++] = extra;
  if (!geteuid())
    arguments[count++] = (char *)"--user=root";
  arguments[count] = NULL;
  error = files_write(sql, server->statements, strlen(server->statements));
  if (!error)
    error = run(arguments, log);
  if (error)
    fprintf(stderr, "database: %s failed, see %s\n", installer, log);
  if (!error && server->unwanted) {
    snprintf(data, sizeof data, "%s/%s", directory, server->unwanted);
    error = files_remove_tree(data);
  }
  return error;
}

static int make_template(const database_server_t *server, const char *cache, const char *template)
{
  char making[FILES_PATH_SIZE];
  char lock_path[FILES_PATH_SIZE];
  int lock;
  int error;

  if (snprintf(making, sizeof making, "%s.new", template) >= FILES_PATH_SIZE ||
      snprintf(lock_path, sizeof lock_path, "%s/lock", cache) >= FILES_PATH_SIZE)
    return -ENAMETOOLONG;
  /* Not close-on-exec: should this process die, its installer keeps the lock until it is done. */
  lock = open(lock_path, O_RDWR | O_CREAT, 0600);
  if (lock < 0)
    return -errno;
  if (flock(lock, LOCK_EX)) {
    error = -errno;
  } else if (!access(template, F_OK)) {
    error = 0; /* another program made it while this one waited */
  } else {
    error = files_remove_tree(making);
    if (!error)
      error = install(server, making);
    if (!error && rename(making, template))
      error = -errno;
  }
  close(lock);
  return error;
}

int database_copy_template(const database_server_t *server, const char *program,
                           const char *directory)
{
  char cache[FILES_PATH_SIZE];
  char template[FILES_PATH_SIZE + 32];
  uint64_t key = 0;
  int error = files_cache_directory(cache);

  if (!error)
    error = template_key(server, program, &key);
  if (!error) {
    snprintf(template, sizeof template, "%s/%s-%016" PRIx64, cache, server->name, key);
    if (access(template, F_OK))
      error = make_template(server, cache, template);
  }
  if (!error)
    error = files_copy_tree(template, directory);
  if (error)
    fprintf(stderr, "database: no data directory: %s\n", strerror(-error));
  return error;
}
