/*
 * A relay between a client and a server that keeps all that the client says: on a port of 127.0.0.1, one connection
 * after the other, with a thread of its own. If told so it takes TLS out of the server's greeting, as a man in the
 * middle does.
 */
#ifndef TESTS_SUPPORT_RECORDER_H
#define TESTS_SUPPORT_RECORDER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct recorder recorder_t;

/* To the server on that port of 127.0.0.1. 0, or a negative errno value. */
int recorder_start(unsigned server_port, bool strips_tls, recorder_t **ret_recorder);
unsigned recorder_port(const recorder_t *recorder);
/* What clients have said till now; how many bytes. */
size_t recorder_heard(recorder_t *recorder, void *ret_bytes, size_t size);
void recorder_stop(recorder_t *recorder);

#endif
