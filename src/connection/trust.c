#include "connection/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "connection/tls.h"

/* About ten certificates; with fewer nothing is to be gained. */
enum { LARGE = 16384 };

int aurora__trust_init(aurora__trust_t *trust)
{
  trust->needed = NULL;
  trust->size = 0;
  return uv_mutex_init(&trust->lock);
}

void aurora__trust_clear(aurora__trust_t *trust)
{
  aurora__free(trust->needed);
  uv_mutex_destroy(&trust->lock);
}

static bool identify(const char *path, aurora__file_id_t *ret_id)
{
  struct stat status;

  if (stat(path, &status))
    return false;
  *ret_id = (aurora__file_id_t){status.st_dev, status.st_ino, status.st_size, status.st_ctim};
  return true;
}

static bool is_same(const aurora__file_id_t *a, const aurora__file_id_t *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* A file in memory with these bytes, which libmariadb opens by its path. Where /proc is not to be had it
 * cannot, and the whole file is read as before. */
static bool open_in_memory(aurora__ca_t *ca, const char *bytes, size_t size)
{
  int descriptor = memfd_create("aurora-ca", MFD_CLOEXEC);

  if (descriptor < 0)
    return false;
  snprintf(ca->memory, sizeof ca->memory, "/proc/self/fd/%d", descriptor);
  if (write(descriptor, bytes, size) != (ssize_t)size || access(ca->memory, R_OK)) {
    close(descriptor);
    return false;
  }
  ca->descriptor = descriptor;
  ca->path = ca->memory;
  return true;
}

void aurora__ca_open(aurora__ca_t *ca, aurora__trust_t *trust, const char *ssl_ca)
{
  *ca = (aurora__ca_t){.path = ssl_ca, .descriptor = -1};
  if (!ssl_ca || !identify(ssl_ca, &ca->file) || ca->file.size < LARGE)
    return;
  uv_mutex_lock(&trust->lock);
  ca->large = !(trust->needed && is_same(&trust->file, &ca->file) &&
                open_in_memory(ca, trust->needed, trust->size));
  uv_mutex_unlock(&trust->lock);
}

void aurora__ca_close(aurora__ca_t *ca)
{
  if (ca->descriptor >= 0)
    close(ca->descriptor);
  ca->descriptor = -1;
}

void aurora__ca_take_whole(aurora__ca_t *ca, const char *ssl_ca)
{
  aurora__ca_close(ca);
  ca->path = ssl_ca;
  ca->large = true;
}

/* Adds a certificate unless it is there. Without memory for it the whole file is read again. */
static void remember(void *data, const char *pem, size_t size)
{
  aurora__trust_t *trust = data;
  char *needed;

  if (trust->needed && memmem(trust->needed, trust->size, pem, size))
    return;
  needed = aurora__realloc(trust->needed, trust->size + size);
  if (!needed)
    return;
  memcpy(needed + trust->size, pem, size);
  trust->needed = needed;
  trust->size += size;
}

void aurora__trust_learn(aurora__trust_t *trust, const aurora__ca_t *ca, MYSQL *mysql)
{
  if (!ca->large)
    return;
  uv_mutex_lock(&trust->lock);
  if (!is_same(&trust->file, &ca->file)) {
    aurora__free(trust->needed);
    trust->needed = NULL;
    trust->size = 0;
    trust->file = ca->file;
  }
  aurora__tls_trusted(mysql, remember, trust);
  uv_mutex_unlock(&trust->lock);
}
