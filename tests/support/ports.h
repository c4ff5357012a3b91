/*
 * Ports of 127.0.0.1 for servers that tests start, side by side with those of other test programs.
 *
 * They lie below the range that the kernel takes for outgoing connections: a client's own end can
 * neither take the port of a server that is down for a moment, nor connect to itself there.
 */
#ifndef TESTS_SUPPORT_PORTS_H
#define TESTS_SUPPORT_PORTS_H

typedef struct {
  unsigned number; /* 0: none */
  int lock;        /* a descriptor: while it is open no other test program gets the number */
} port_t;

/* Takes a port that nobody listens on. 0, or a negative errno value. */
int port_take(port_t *ret_port);

/* Gives it back. Safe on one that was never taken if it was zeroed. */
void port_release(port_t *port);

/* Takes a port and binds a TCP socket (close-on-exec) to it, not listening yet: until listen() the
 * kernel refuses whoever connects. The descriptor, or a negative errno value. */
int port_bind(port_t *ret_port);

/* A new socket bound to a port that is taken already. The descriptor, or a negative errno value. */
int port_bind_again(const port_t *port);

#endif
