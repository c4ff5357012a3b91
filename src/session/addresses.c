#include "session/addresses.h"

#include <stdio.h>
#include <string.h>

#define LEAST_NS UINT64_C(250000000)

void aurora__addresses_add(aurora__addresses_t *addresses, const char *text, bool v6)
{
  aurora__address_t *address;

  for (size_t i = 0; i < addresses->count; i++) {
    if (!strcmp(addresses->list[i].text, text))
      return;
  }
  if (addresses->count == AURORA__ADDRESSES_MAX)
    return;
  address = &addresses->list[addresses->count++];
  snprintf(address->text, sizeof address->text, "%s", text);
  address->v6 = v6;
}

/* The first address from `at` on of a family; or count. */
static size_t find(const aurora__addresses_t *addresses, size_t at, bool v6)
{
  while (at < addresses->count && addresses->list[at].v6 != v6)
    at++;
  return at;
}

void aurora__addresses_order(aurora__addresses_t *addresses)
{
  for (size_t i = 1; i < addresses->count; i++) {
    size_t next = find(addresses, i, !addresses->list[i - 1].v6);
    aurora__address_t address;

    if (next == addresses->count)
      return;
    address = addresses->list[next];
    memmove(&addresses->list[i + 1], &addresses->list[i], (next - i) * sizeof address);
    addresses->list[i] = address;
  }
}

uint64_t aurora__address_deadline(uint64_t now, uint64_t deadline, size_t others)
{
  uint64_t left = now < deadline ? deadline - now : 0;
  uint64_t share = left / 2 < LEAST_NS ? LEAST_NS : left / 2;

  return others && share < left ? now + share : deadline;
}
