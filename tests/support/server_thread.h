/*
 * What servers of the tests have in common: a port of 127.0.0.1, a thread that polls, and a record of who
 * came and what was said, which may be read while it runs. Embedded in a server's struct.
 */
#ifndef TESTS_SUPPORT_SERVER_THREAD_H
#define TESTS_SUPPORT_SERVER_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "support/ports.h"

enum { SERVER_SEEN = 65536 }; /* bytes of what clients sent that are kept */

typedef struct {
  port_t port;
  int listener; /* bound; -1: none */
  int wake[2];  /* the thread ends when it hangs up */
  bool threaded;
  pthread_t thread;

  pthread_mutex_t mutex; /* over what follows, and what the server adds */
  unsigned accepted;
  unsigned char seen[SERVER_SEEN];
  size_t seen_size;
} server_thread_t;

/* Takes a port; the kernel refuses who connects. 0, or a negative errno value; free it either way. */
int server_thread_open(server_thread_t *thread);
/* Starts the thread: data is passed to serve, which polls wake[0] for anything. 0, or negative. */
int server_thread_start(server_thread_t *thread, void *(*serve)(void *), void *data);

/* On the thread. How many had come before. */
unsigned server_thread_count(server_thread_t *thread);
void server_thread_note(server_thread_t *thread, const void *bytes, size_t size);

/* On any: how many came; copies up to size bytes of what they sent. */
unsigned server_thread_accepted(server_thread_t *thread);
size_t server_thread_seen(server_thread_t *thread, void *ret_bytes, size_t size);

/* Ends the thread, if it runs. */
void server_thread_stop(server_thread_t *thread);
/* Closes and frees all but the struct, after the stop. */
void server_thread_free(server_thread_t *thread);

#endif
