/*
 * What a real server does not send, or seldom: a table of wrong answers, and how each is to end.
 */
#ifndef TESTS_FAULT_SCRIPTED_ANSWERS_H
#define TESTS_FAULT_SCRIPTED_ANSWERS_H

#include <stdbool.h>

#include "support/scripted_server.h"

typedef enum {
  ENDS_LOST,            /* AURORA_ELOST or AURORA_EPROTOCOL; on another connection after it */
  ENDS_LATE,            /* UV_ETIMEDOUT: the rest never comes; on another connection after it */
  ENDS_REFUSED,         /* AURORA_ESERVER, with the server's number; the connection may go on */
  ENDS_NOT_FIT,         /* AURORA_EPARAMS */
  ENDS_NO_ACCESS,       /* AURORA_EACCESS: at connect */
  ENDS_NO_CONNECT,      /* any error, outcome AURORA_NOT_SENT: at connect */
  ENDS_RIGHT,           /* success; on this connection or another */
  ENDS_RIGHT_ELSEWHERE, /* success; on another connection, this request or what comes after it */
  ENDS_SOMEHOW          /* once: a mistake in what nobody can check, or that no caller minds */
} ending_t;

typedef struct {
  const char *name;
  scripted_stage_t stage;
  void (*write)(mysql_packets_t *answer);
  ending_t ending;
  unsigned server_errno; /* for REFUSED, NO_ACCESS and NO_CONNECT; 0: not the server's */
  bool closes;           /* the server closes the connection after it */
} wrong_answer_t;

extern const wrong_answer_t wrong_answers[];
extern const unsigned wrong_answer_count;

#endif
