/*
 * Plain system calls, without allocations of our own but what opendir makes. Trees hold directories
 * and regular files only, no links: sockets are removed but not copied.
 */
#include "support/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024 };

/* The directory, its own user's and closed to others: who could write to it could run things as us. */
static int own_directory(const char *path)
{
  struct stat status;

  if (mkdir(path, 0700) && errno != EEXIST)
    return -errno;
  if (lstat(path, &status))
    return -errno;
  if (!S_ISDIR(status.st_mode))
    return -ENOTDIR;
  return status.st_uid == geteuid() && !(status.st_mode & 022) ? 0 : -EPERM;
}

int files_cache_directory(char ret_path[FILES_PATH_SIZE])
{
  const char *given = getenv("AURORA_TEST_CACHE");
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  char path[FILES_PATH_SIZE];
  struct stat status;
  int length;
  int error;

  if (given && *given) /* a test may run anywhere, so a relative path would be another each time */
    length = *given == '/' ? snprintf(path, sizeof path, "%s", given) : FILES_PATH_SIZE;
  else if (runtime && *runtime == '/' && !stat(runtime, &status) && status.st_uid == geteuid())
    length = snprintf(path, sizeof path, "%s/aurora-test", runtime);
  else
    length = snprintf(path, sizeof path, "/tmp/aurora-test-%u", (unsigned)geteuid());
  if (length < 0 || length >= FILES_PATH_SIZE)
    return -EINVAL;
  error = own_directory(path);
  if (!error)
    memcpy(ret_path, path, (size_t)length + 1);
  return error;
}

int files_write(const char *path, const void *data, size_t size)
{
  FILE *file = fopen(path, "we");
  int failed;

  if (!file)
    return -errno;
  failed = fwrite(data, 1, size, file) != size;
  failed |= fclose(file);
  return failed ? -EIO : 0;
}

static int is_zero(const char *block, size_t size)
{
  return block[0] == 0 && !memcmp(block, block + 1, size - 1);
}

static int copy_content(int from, int to)
{
  char block[BLOCK];
  off_t end = 0;
  ssize_t got;

  while ((got = read(from, block, sizeof block)) > 0) {
    if (!is_zero(block, (size_t)got) && pwrite(to, block, (size_t)got, end) != got)
      return -EIO;
    end += got;
  }
  return got < 0 || ftruncate(to, end) ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, mode_t mode)
{
  int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC);
  int to;
  int error;

  if (from < 0)
    return -errno;
  to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  error = to < 0 ? -errno : copy_content(from, to);
  if (to >= 0)
    close(to);
  close(from);
  return error;
}

static int copy_directory(int from_parent, const char *from, int to_parent, const char *to);

static int copy_entry(int from, int to, const char *name)
{
  struct stat status;

  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW))
    return -errno;
  if (S_ISDIR(status.st_mode))
    return copy_directory(from, name, to, name);
  return S_ISREG(status.st_mode) ? copy_file(from, to, name, status.st_mode & 0777) : 0;
}

static int copy_directory(int from_parent, const char *from, int to_parent, const char *to)
{
  int source = openat(from_parent, from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = source < 0 ? NULL : fdopendir(source);
  struct dirent *entry;
  int target = -1;
  int error = 0;

  if (!directory || mkdirat(to_parent, to, 0700) ||
      (target = openat(to_parent, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    error = -errno;
  while (!error && (entry = readdir(directory)))
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
      error = copy_entry(source, target, entry->d_name);
  if (target >= 0)
    close(target);
  if (directory)
    closedir(directory);
  else if (source >= 0)
    close(source);
  return error;
}

int files_copy_tree(const char *from, const char *to)
{
  return copy_directory(AT_FDCWD, from, AT_FDCWD, to);
}

static int remove_at(int parent, const char *name)
{
  int fd;
  DIR *directory;
  struct dirent *entry;
  int error = 0;

  if (!unlinkat(parent, name, 0) || errno == ENOENT)
    return 0;
  fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  directory = fdopendir(fd);
  if (!directory) {
    close(fd);
    return -ENOMEM;
  }
  while (!error && (entry = readdir(directory)))
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
      error = remove_at(fd, entry->d_name);
  closedir(directory);
  return error ? error : unlinkat(parent, name, AT_REMOVEDIR) ? -errno : 0;
}

int files_remove_tree(const char *path)
{
  return remove_at(AT_FDCWD, path);
}
