/*
 * A proxy between a client and a server that does to their bytes what networks do: delays, cuts,
 * holds back, corrupts. It listens on a port of 127.0.0.1 and runs on a thread of its own, so start
 * it in the process that uses it (Check forks before each test).
 *
 * Every function may be called from any thread and has taken effect when it returns.
 */
#ifndef TESTS_SUPPORT_FAULT_PROXY_H
#define TESTS_SUPPORT_FAULT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

/* What happens to a direction when `after` bytes of it were forwarded. */
typedef enum {
  FAULT_NONE,
  FAULT_RESET, /* RST to both ends */
  FAULT_FIN,   /* the receiver reads an end of file; the other direction goes on */
  FAULT_STALL  /* what comes is held back, the connection stays open */
} fault_cut_t;

/* One direction of a connection. Zeros: bytes pass. Offsets count from the connection's start. */
typedef struct {
  fault_cut_t cut;
  uint64_t after;
  bool corrupt; /* all bits of the byte at corrupt_at are turned */
  uint64_t corrupt_at;
  unsigned delay_ms;    /* each byte is held that long */
  bool byte_by_byte;    /* written one at a time ... */
  unsigned byte_gap_ms; /* ... with a gap of so long, 0: none */
} fault_flow_t;

typedef struct {
  fault_flow_t to_server, to_client;
  bool once; /* for the first new connection only: what comes after it passes */
} fault_script_t;

typedef struct {
  uint64_t connections; /* accepted since the start */
  uint64_t open;
  uint64_t to_server, to_client; /* bytes forwarded since the start */
} fault_counters_t;

typedef struct fault_proxy fault_proxy_t;

/* Nothing passes, either way: accepts and says nothing; for living connections, a black hole. */
extern const fault_script_t fault_black_hole;
/* RST as soon as it is accepted; for living connections, at once. */
extern const fault_script_t fault_reset;

/* host: an IPv4 address. script: what new connections get, NULL: all passes. 0, or a negative errno
 * value. A connection whose server cannot be reached is reset. */
int fault_proxy_start(const char *host, unsigned port, const fault_script_t *script,
                      fault_proxy_t **ret_proxy);
unsigned fault_proxy_port(const fault_proxy_t *proxy);

/* What connections made from now on get. */
void fault_proxy_set(fault_proxy_t *proxy, const fault_script_t *script);
/* What all living connections get; a cut whose offset is past happens at once, and what a stall
 * held back goes on if the new script lets it. */
void fault_proxy_apply(fault_proxy_t *proxy, const fault_script_t *script);

/* Listening or refusing new connections, on the same port always. 0, or a negative errno value. */
int fault_proxy_listen(fault_proxy_t *proxy, bool listening);

void fault_proxy_count(fault_proxy_t *proxy, fault_counters_t *ret_counters);

/* Resets all connections and frees the proxy. */
void fault_proxy_stop(fault_proxy_t *proxy);

#endif
