/*
 * The template lies in the cache directory under a name made of what it depends on: the server
 * program (its size and time of change stand for its version) and the statements below. It is made
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

/* root comes in by the Unix socket only, which lies in a directory closed to other users. */
static const char statements[] =
    "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n"
    "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';\n"
    "FLUSH PRIVILEGES;\n"
    "CREATE DATABASE octane CHARACTER SET utf8mb4;\n"
    "CREATE USER arla@'%' IDENTIFIED BY 'secret-of-arla';\n"
    "GRANT ALL PRIVILEGES ON octane.* TO arla@'%';\n"
    "CREATE USER tls_only@'%' IDENTIFIED BY 'secret-of-tls-only' REQUIRE SSL;\n"
    "GRANT ALL PRIVILEGES ON octane.* TO tls_only@'%';\n"
    "CREATE USER nopass@'%';\n"
    "GRANT ALL PRIVILEGES ON octane.* TO nopass@'%';\n"
    "CREATE USER limited@'%' IDENTIFIED BY 'secret-of-limited' WITH MAX_USER_CONNECTIONS 2;\n"
    "GRANT ALL PRIVILEGES ON octane.* TO limited@'%';\n";

/* Files of a size that is copied quickly. The log's is that of the running server. */
static const char *const install_arguments[] = {
    "--no-defaults",
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--innodb-log-file-size=16M",
    "--innodb-autoextend-increment=1",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=0",
    "--performance-schema=0",
};

enum { INSTALL_ARGUMENTS = sizeof install_arguments / sizeof *install_arguments };

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

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash(uint64_t seed, const void *data, size_t size)
{
  const unsigned char *bytes = data;

  for (size_t i = 0; i < size; i++)
    seed = (seed ^ bytes[i]) * UINT64_C(0x100000001b3);
  return seed;
}

static int template_key(const char *mariadbd, uint64_t *ret_key)
{
  uint64_t key = UINT64_C(0xcbf29ce484222325);
  struct stat status;

  if (stat(mariadbd, &status))
    return -errno;
  key = hash(key, &status.st_size, sizeof status.st_size);
  key = hash(key, &status.st_mtim, sizeof status.st_mtim);
  key = hash(key, statements, sizeof statements);
  for (int i = 0; i < INSTALL_ARGUMENTS; i++)
    key = hash(key, install_arguments[i], strlen(install_arguments[i]));
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
static int install(const char *directory)
{
  char installer[FILES_PATH_SIZE];
  char data[FILES_PATH_SIZE + 32];
  char extra[FILES_PATH_SIZE + 32];
  char sql[FILES_PATH_SIZE + 16];
  char log[FILES_PATH_SIZE + 16];
  char *arguments[INSTALL_ARGUMENTS + 5];
  int count = 0;
  int error;

  if (database_find_program("mariadb-install-db", installer))
    return -ENOENT;
  snprintf(data, sizeof data, "--datadir=%s", directory);
  snprintf(sql, sizeof sql, "%s.sql", directory);
  snprintf(extra, sizeof extra, "--extra-file=%s", sql);
  snprintf(log, sizeof log, "%s.log", directory);
  arguments[count++] = installer;
  for (int i = 0; i < INSTALL_ARGUMENTS; i++)
    arguments[count++] = (char *)install_arguments[i]; /* posix_spawn does not write to them */
  arguments[count++] = data;
  arguments[count++] = extra;
  if (!geteuid())
    arguments[count++] = (char *)"--user=root";
  arguments[count] = NULL;
  error = files_write(sql, statements, sizeof statements - 1);
  if (!error)
    error = run(arguments, log);
  if (error)
    fprintf(stderr, "database: mariadb-install-db failed, see %s\n", log);
  return error;
}

static int make_template(const char *cache, const char *template)
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
      error = install(making);
    if (!error && rename(making, template))
      error = -errno;
  }
  close(lock);
  return error;
}

int database_copy_template(const char *mariadbd, const char *directory)
{
  char cache[FILES_PATH_SIZE];
  char template[FILES_PATH_SIZE + 32];
  uint64_t key = 0;
  int error = files_cache_directory(cache);

  if (!error)
    error = template_key(mariadbd, &key);
  if (!error) {
    snprintf(template, sizeof template, "%s/data-%016" PRIx64, cache, key);
    if (access(template, F_OK))
      error = make_template(cache, template);
  }
  if (!error)
    error = files_copy_tree(template, directory);
  if (error)
    fprintf(stderr, "database: no data directory: %s\n", strerror(-error));
  return error;
}
