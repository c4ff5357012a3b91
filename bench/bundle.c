/*
 * Bundles of certificates, line by line.
 */
#include "bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Debian's, and where other systems have theirs. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

/* Copies at most `limit` certificates. to NULL: only counts. */
static unsigned copy(const char *path, FILE *to, unsigned limit)
{
  FILE *from = fopen(path, "re");
  char line[256];
  unsigned count = 0;

  if (!from)
    return 0;
  while (count < limit && fgets(line, sizeof line, from)) {
    if (to)
      fputs(line, to);
    if (strncmp(line, "-----END CERTIFICATE", 20) == 0)
      count++;
  }
  fclose(from);
  return count;
}

unsigned bundle_count(const char *path)
{
  return copy(path, NULL, ~0u);
}

int bundle_make(const char *ca, unsigned wanted, char *ret_path, size_t path_size)
{
  const char *directory = getenv("TMPDIR");
  unsigned own = bundle_count(ca);
  unsigned others = own < wanted ? wanted - own : 0;
  unsigned copied = 0;
  char path[256];
  FILE *file;
  int fd;

  if (!own)
    return -ENOENT;
  snprintf(path, sizeof path, "%.200s/aurora-bench-ca-XXXXXX", directory ? directory : "/tmp");
  if (strlen(path) >= path_size)
    return -ENAMETOOLONG;
  fd = mkstemp(path);
  if (fd < 0)
    return -errno;
  file = fdopen(fd, "w");
  if (!file) {
    close(fd);
    unlink(path);
    return -ENOMEM;
  }
  for (size_t i = 0; i < sizeof system_bundles / sizeof *system_bundles && !copied; i++)
    copied = copy(system_bundles[i], file, others);
  copy(ca, file, own);
  if (fclose(file)) {
    unlink(path);
    return -EIO;
  }
  strcpy(ret_path, path);
  return 0;
}
