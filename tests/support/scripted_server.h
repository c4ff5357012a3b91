/*
 * A MySQL server, as far as a pool needs one, that logs in whoever comes and gives one wrong answer: on
 * its first connection, the first time that it comes to a stage, or a later one. All else is answered as it should
 * be, on that connection and on those that come later: "SELECT n" with a row n, a statement that is
 * prepared and executed with the value of its first parameter, the rest with OK. A client that has
 * lost step shows by wrong numbers.
 *
 * On a port of 127.0.0.1, with a thread of its own: start it in the process that uses it, for Check
 * forks before each test.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_SERVER_H
#define TESTS_SUPPORT_SCRIPTED_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "support/mysql_packets.h"

typedef enum {
  SCRIPTED_NEVER,
  SCRIPTED_GREETING, /* instead of it */
  SCRIPTED_LOGIN,    /* the answer to the client's login */
  SCRIPTED_ASK,      /* to the question for the session's database and role */
  SCRIPTED_SET_UP,   /* to the first statement that is no SELECT */
  SCRIPTED_QUERY,    /* to a SELECT */
  SCRIPTED_PREPARE,
  SCRIPTED_EXECUTE,
  SCRIPTED_RESET
} scripted_stage_t;

typedef struct {
  scripted_stage_t stage;
  unsigned after;         /* times that it comes to the stage and answers as it should be before */
  mysql_packets_t answer; /* sent as it is */
  bool closes;            /* the connection, after it */
} scripted_answer_t;

typedef struct scripted_server scripted_server_t;

/* 0, or a negative errno value. */
int scripted_server_start(const scripted_answer_t *answer, scripted_server_t **ret_server);
unsigned scripted_server_port(const scripted_server_t *server);

/* How many connections were accepted. */
unsigned scripted_server_connections(scripted_server_t *server);
/* Whether the wrong answer was given. */
bool scripted_server_answered(scripted_server_t *server);
/* Copies what clients sent so far, up to size bytes. How many. */
size_t scripted_server_seen(scripted_server_t *server, void *ret_bytes, size_t size);

/* What it answers at a stage otherwise; the number is the one asked for. */
mysql_packets_t scripted_server_usual(scripted_stage_t stage, long long number);

/* Closes everything and frees the server. */
void scripted_server_stop(scripted_server_t *server);

#endif
