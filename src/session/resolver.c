#include "session/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <uv.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"

enum {
  HOST_SIZE = 256,
  MOST_HANGING = 4, /* look-ups of one name */
  FIRST_PAUSE_MS = 10,
  LONGEST_PAUSE_MS = 1000
};

/* A look-up that is older may hang, where a new one would not. */
#define YOUNG_NS UINT64_C(2000000000)

typedef struct {
  aurora__list_t node; /* in running, until it is done */
  unsigned holders;    /* its thread, and those who wait for it */
  char host[HOST_SIZE];
  uint64_t began_at;
  bool done;
  int gai;
  aurora__addresses_t addresses;
} lookup_t;

/* The lock guards all look-ups, and is held for a moment only; changed: one is done, or somebody gives up. */
static uv_once_t once = UV_ONCE_INIT;
static uv_mutex_t lock;
static uv_cond_t changed;
static aurora__list_t running;

static void prepare(void)
{
  uv_mutex_init(&lock);
  uv_cond_init(&changed);
  aurora__list_init(&running);
}

static void let_go(lookup_t *lookup)
{
  if (--lookup->holders == 0)
    aurora__free(lookup);
}

static int look_up(const char *host, aurora__addresses_t *addresses)
{
  const struct addrinfo hints = {
      .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
  struct addrinfo *list = NULL;
  int gai = getaddrinfo(host, NULL, &hints, &list);
  char text[AURORA__ADDRESS_SIZE];

  if (gai)
    return gai;
  for (struct addrinfo *item = list; item; item = item->ai_next) {
    if (!getnameinfo(item->ai_addr, item->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST))
      aurora__addresses_add(addresses, text, item->ai_family == AF_INET6);
  }
  freeaddrinfo(list);
  aurora__addresses_order(addresses);
  return addresses->count ? 0 : EAI_NONAME;
}

static void *run(void *data)
{
  lookup_t *lookup = data;
  aurora__addresses_t addresses = {.count = 0};
  int gai = look_up(lookup->host, &addresses);

  uv_mutex_lock(&lock);
  lookup->gai = gai;
  lookup->addresses = addresses;
  lookup->done = true;
  aurora__list_remove(&lookup->node);
  let_go(lookup);
  uv_cond_broadcast(&changed);
  uv_mutex_unlock(&lock);
  return NULL;
}

/* Detached, and no signal of the program's is handled on it. */
static bool start_thread(lookup_t *lookup)
{
  sigset_t all, before;
  pthread_attr_t attributes;
  pthread_t thread;
  bool started;

  if (pthread_attr_init(&attributes))
    return false;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  started = !pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) &&
            !pthread_create(&thread, &attributes, run, lookup);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return started;
}

/* With the lock held. A look-up that is under way, or a new one; NULL: neither memory nor thread. */
static lookup_t *join(const char *host)
{
  uint64_t now = aurora__now_ns();
  lookup_t *youngest = NULL;
  unsigned count = 0;

  for (aurora__list_t *node = running.next; node != &running; node = node->next) {
    lookup_t *lookup = aurora__container_of(node, lookup_t, node);

    if (strcmp(lookup->host, host))
      continue;
    count++;
    if (!youngest || lookup->began_at > youngest->began_at)
      youngest = lookup;
  }
  if (youngest && (now - youngest->began_at < YOUNG_NS || count >= MOST_HANGING)) {
    youngest->holders++;
    return youngest;
  }
  youngest = aurora__calloc(1, sizeof *youngest);
  if (!youngest)
    return NULL;
  snprintf(youngest->host, sizeof youngest->host, "%s", host);
  youngest->began_at = now;
  youngest->holders = 2;
  if (!start_thread(youngest)) {
    aurora__free(youngest);
    return NULL;
  }
  aurora__list_push_back(&running, &youngest->node);
  return youngest;
}

/* With the lock held. */
static bool may_wait(uint64_t until, const atomic_bool *give_up)
{
  uint64_t now = aurora__now_ns();

  if (atomic_load(give_up) || now >= until)
    return false;
  uv_cond_timedwait(&changed, &lock, until - now);
  return true;
}

static bool is_numeric(const char *host)
{
  struct in_addr address;

  return strchr(host, ':') || inet_pton(AF_INET, host, &address) == 1;
}

aurora__resolved_t aurora__resolve(const char *host, uint64_t deadline, const atomic_bool *give_up,
                                   aurora__addresses_t *ret_addresses, int *ret_gai)
{
  uint64_t pause_ms = FIRST_PAUSE_MS;
  aurora__resolved_t resolved = AURORA__RESOLVE_LATE;

  if (is_numeric(host)) {
    ret_addresses->count = 0;
    aurora__addresses_add(ret_addresses, host, strchr(host, ':') != NULL);
    return AURORA__RESOLVED;
  }
  uv_once(&once, prepare);
  uv_mutex_lock(&lock);
  for (;;) {
    lookup_t *lookup = join(host);
    uint64_t again_at;

    if (!lookup) {
      resolved = AURORA__RESOLVE_NO_RESOURCE;
      break;
    }
    while (!lookup->done && may_wait(deadline, give_up))
      ;
    if (!lookup->done) {
      let_go(lookup);
      break;
    }
    *ret_gai = lookup->gai;
    resolved = lookup->gai ? AURORA__RESOLVE_FAILED : AURORA__RESOLVED;
    if (resolved == AURORA__RESOLVED)
      *ret_addresses = lookup->addresses;
    let_go(lookup);
    /* The resolver cannot tell now, but may soon. */
    if (*ret_gai != EAI_AGAIN)
      break;
    again_at = aurora__now_ns() + pause_ms * 1000000;
    if (again_at >= deadline)
      break;
    while (may_wait(again_at, give_up))
      ;
    if (atomic_load(give_up))
      break;
    pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
  }
  uv_mutex_unlock(&lock);
  return resolved;
}

void aurora__resolve_wake(void)
{
  uv_once(&once, prepare);
  uv_mutex_lock(&lock);
  uv_cond_broadcast(&changed);
  uv_mutex_unlock(&lock);
}
