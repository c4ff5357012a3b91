#include "session/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "session/tls.h"

enum {
  LARGE = 16384, /* bytes: about ten certificates; with fewer nothing is to be gained */
  SETTLED_S = 1  /* a file that was changed so lately may change again without a new time */
};

int aurora__trust_init(aurora__trust_t *trust)
{
  int status;

  *trust = (aurora__trust_t){0};
  status = uv_mutex_init(&trust->lock);
  if (status)
    return status;
  status = uv_cond_init(&trust->learned);
  if (status)
    uv_mutex_destroy(&trust->lock);
  return status;
}

void aurora__trust_clear(aurora__trust_t *trust)
{
  aurora__free(trust->needed);
  uv_cond_destroy(&trust->learned);
  uv_mutex_destroy(&trust->lock);
}

/* --- Files -------------------------------------------------------------------------------------- */

static bool identify(int descriptor, aurora__file_id_t *ret_id)
{
  struct stat status;

  if (fstat(descriptor, &status))
    return false;
  *ret_id = (aurora__file_id_t){status.st_dev, status.st_ino, status.st_size, status.st_ctim};
  return true;
}

static bool is_same(const aurora__file_id_t *a, const aurora__file_id_t *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* False where /proc is not to be had. */
static bool lead_to(aurora__ca_t *ca, int descriptor)
{
  char path[sizeof ca->path_room];

  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  if (access(path, R_OK))
    return false;
  memcpy(ca->path_room, path, sizeof path);
  ca->path = ca->path_room;
  return true;
}

static void open_part(aurora__ca_t *ca, const aurora__trust_t *trust)
{
  ca->part = memfd_create("aurora-ca", MFD_CLOEXEC);
  if (ca->part < 0)
    return;
  if (write(ca->part, trust->needed, trust->size) != (ssize_t)trust->size ||
      !lead_to(ca, ca->part)) {
    close(ca->part);
    ca->part = -1;
  }
}

static bool is_known(const aurora__trust_t *trust, const aurora__file_id_t *file)
{
  return trust->needed && is_same(&trust->file, file);
}

/* Until learning is over, or so many ms. */
static void wait_for_learner(aurora__trust_t *trust, unsigned wait_ms)
{
  uint64_t now = aurora__now_ns();
  uint64_t end = now + wait_ms * UINT64_C(1000000);

  for (; trust->learning && now < end; now = aurora__now_ns())
    uv_cond_timedwait(&trust->learned, &trust->lock, end - now);
}

void aurora__ca_open(aurora__ca_t *ca, aurora__trust_t *trust, const char *ssl_ca, unsigned wait_ms)
{
  *ca = (aurora__ca_t){.path = ssl_ca, .whole = -1, .part = -1};
  if (!ssl_ca)
    return;
  ca->whole = open(ssl_ca, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (ca->whole < 0 || !identify(ca->whole, &ca->id) || ca->id.size < LARGE ||
      !lead_to(ca, ca->whole))
    return;
  ca->worth = true;
  uv_mutex_lock(&trust->lock);
  if (!is_known(trust, &ca->id))
    wait_for_learner(trust, wait_ms);
  if (is_known(trust, &ca->id))
    open_part(ca, trust);
  else if (!trust->learning)
    ca->learns = trust->learning = true;
  uv_mutex_unlock(&trust->lock);
}

void aurora__ca_take_whole(aurora__ca_t *ca)
{
  close(ca->part);
  ca->part = -1;
  lead_to(ca, ca->whole);
}

void aurora__ca_close(aurora__ca_t *ca, aurora__trust_t *trust)
{
  if (ca->part >= 0)
    close(ca->part);
  if (ca->whole >= 0)
    close(ca->whole);
  if (ca->learns) {
    uv_mutex_lock(&trust->lock);
    trust->learning = false;
    uv_cond_broadcast(&trust->learned);
    uv_mutex_unlock(&trust->lock);
  }
}

/* --- What is remembered ------------------------------------------------------------------------- */

/* Adds a certificate unless it is there. Where there is no memory for it a connect may take two attempts. */
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

/* Whether what libmariadb has read is what the descriptor told. */
static bool is_settled(const aurora__ca_t *ca)
{
  aurora__file_id_t now;

  return identify(ca->whole, &now) && is_same(&now, &ca->id) &&
         time(NULL) - ca->id.changed.tv_sec > SETTLED_S;
}

void aurora__trust_learn(aurora__trust_t *trust, const aurora__ca_t *ca, MYSQL *mysql)
{
  if (aurora__ca_is_part(ca) || !ca->worth || !is_settled(ca))
    return;
  uv_mutex_lock(&trust->lock);
  if (!is_same(&trust->file, &ca->id)) {
    aurora__free(trust->needed);
    trust->needed = NULL;
    trust->size = 0;
    trust->file = ca->id;
  }
  aurora__tls_trusted(mysql, remember, trust);
  uv_mutex_unlock(&trust->lock);
}
