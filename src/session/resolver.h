/*
 * Looking up a name without being held by the resolver.
 *
 * getaddrinfo cannot be given a deadline nor be cut off. So it runs on a detached thread that holds only a
 * copy of the name, and its result, and shares nothing with a pool: whoever waits for it may go at any time.
 * Those who ask for the same name at the same time share one look-up, and at most a few of a name hang.
 *
 * Any thread may ask; nothing is remembered once a look-up has ended.
 */
#ifndef AURORA_SESSION_RESOLVER_H
#define AURORA_SESSION_RESOLVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "session/addresses.h"

typedef enum {
  AURORA__RESOLVED,
  AURORA__RESOLVE_FAILED,     /* the resolver says why: ret_gai */
  AURORA__RESOLVE_LATE,       /* the deadline has come, or *give_up */
  AURORA__RESOLVE_NO_RESOURCE /* no memory or no thread */
} aurora__resolved_t;

/* Waits until deadline (ns of aurora__now_ns) at most, or until *give_up is set and aurora__resolve_wake called.
 * A numeric address is its own answer. Of the outputs only the one that the result speaks of is set. */
aurora__resolved_t aurora__resolve(const char *host, uint64_t deadline, const atomic_bool *give_up,
                                   aurora__addresses_t *ret_addresses, int *ret_gai);

/* Lets all who wait look at their give_up. */
void aurora__resolve_wake(void);

#endif
