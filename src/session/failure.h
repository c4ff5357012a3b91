/*
 * How a connect has failed.
 */
#ifndef AURORA_SESSION_FAILURE_H
#define AURORA_SESSION_FAILURE_H

typedef enum {
  AURORA__FAILED_FOR_NOW, /* refused, unreachable, timed out, too many connections */
  AURORA__FAILED_FOR_GOOD /* wrong password, unknown database, certificate */
} aurora__failure_t;

#endif
