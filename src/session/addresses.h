/*
 * The addresses of a name: in which order they are tried, and for how long each. Pure.
 */
#ifndef AURORA_SESSION_ADDRESSES_H
#define AURORA_SESSION_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AURORA__ADDRESSES_MAX = 16, AURORA__ADDRESS_SIZE = 64 };

typedef struct {
  char text[AURORA__ADDRESS_SIZE]; /* numeric, with the scope of a link-local one */
  bool v6;
} aurora__address_t;

typedef struct {
  aurora__address_t list[AURORA__ADDRESSES_MAX];
  size_t count;
} aurora__addresses_t;

/* Adds one unless it is there already, or there is no room. */
void aurora__addresses_add(aurora__addresses_t *addresses, const char *text, bool v6);

/* The families take turns, as RFC 8305 advises, so that one which leads nowhere costs one address' time;
 * else the resolver's order stays. */
void aurora__addresses_order(aurora__addresses_t *addresses);

/* Until when an address is tried, given how many come after it: half of what is left and at least 250 ms
 * while others remain, and never beyond the deadline. ns. */
uint64_t aurora__address_deadline(uint64_t now, uint64_t deadline, size_t others);

#endif
