/*
 * The guardian: a process between a test program and its server, that outlives the program just long
 * enough to end the server and remove its directory, however the program ends.
 */
#ifndef TESTS_SUPPORT_DATABASE_GUARDIAN_H
#define TESTS_SUPPORT_DATABASE_GUARDIAN_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct {
  int control; /* a socket; the guardian ends when the last copy of it is closed */
  pid_t pid;
} guardian_t;

/* What it is told to do with the server. */
typedef enum {
  GUARDIAN_START,     /* start it and wait until it listens */
  GUARDIAN_KILL,      /* SIGKILL */
  GUARDIAN_TERMINATE, /* SIGTERM; SIGKILL when it has not ended after 20 s */
  GUARDIAN_FREEZE,    /* SIGSTOP; done when it stands still */
  GUARDIAN_THAW,      /* SIGCONT */
  GUARDIAN_PID        /* tell its process id, 0: not running */
} guardian_order_t;

/* All of it must stay as it is until start has returned. */
typedef struct {
  char *const *arguments; /* the server's, its full path first, NULL last */
  const char *directory;  /* removed at the end */
  const char *socket;     /* where the server listens once it is ready */
  const char *log;        /* the server's output */
} guardian_plan_t;

int guardian_start(const guardian_plan_t *plan, guardian_t *ret_guardian);

/* Carries one order out. 0 and the server's process id (0 when it does not run), or a negative errno
 * value: -ESRCH no server runs, -ECHILD it ended before it listened, -ETIMEDOUT it was not ready
 * after 30 s, -EPIPE there is no guardian any more. */
int guardian_order(guardian_t *guardian, guardian_order_t order, pid_t *ret_server);

/* Ends the server and removes its directory; returns when that is done. */
void guardian_stop(guardian_t *guardian);

#endif
