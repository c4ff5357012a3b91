/*
 * A server that says what it is told to, in pieces, and remembers what it hears: on a port of 127.0.0.1 or on a Unix
 * socket, one connection after the other, with a thread of its own.
 */
#ifndef TESTS_FAULT_TELLER_H
#define TESTS_FAULT_TELLER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  const char *path;  /* of the Unix socket; NULL: TCP */
  const void *bytes; /* said to who comes */
  size_t size;
  size_t cut;         /* there is a pause after so many; 0: none */
  size_t piece;       /* instead: pieces of so many bytes; 0: none */
  const void *answer; /* to the first that is heard; NULL: none */
  size_t answer_size;
} teller_options_t;

typedef struct teller teller_t;

/* Aborts when it cannot. options are copied, what they point to is not. */
teller_t *teller_start(const teller_options_t *options);
unsigned teller_port(const teller_t *teller);
/* Ends it; copies what it has heard. How many bytes. */
size_t teller_stop(teller_t *teller, void *ret_heard, size_t size);

#endif
