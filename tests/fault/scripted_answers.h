/*
 * What a real server does not send, or seldom: tables of wrong answers, and how each is to end.
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
  ENDS_SOMEHOW /* a mistake that libmariadb does not look for, and that no caller would mind
                           beside what the server could have sent as well */
} ending_t;

typedef struct {
  const char *name;
  scripted_stage_t stage;
  void (*write)(mysql_packets_t *answer);
  ending_t ending;
  unsigned server_errno; /* for REFUSED, NO_ACCESS and NO_CONNECT; 0: not the server's */
  bool closes;           /* the server closes the connection after it */
} wrong_answer_t;

extern const wrong_answer_t wrong_answers_to_queries[], wrong_answers_to_statements[],
    wrong_answers_to_sessions[];
extern const int wrong_answers_to_queries_count, wrong_answers_to_statements_count,
    wrong_answers_to_sessions_count;

/* --- For the files with the tables --- */

#define WRONG_ANSWER(stage, function, ending, number, closes)                                      \
  {                                                                                                \
#stage ": " #function, SCRIPTED_##stage, function, ENDS_##ending, number, closes               \
  }
#define WRONG(stage, function, ending)        WRONG_ANSWER(stage, function, ending, 0, false)
#define WRONG_CLOSED(stage, function, ending) WRONG_ANSWER(stage, function, ending, 0, true)
#define WRONG_NUMBER(stage, function, ending, number)                                              \
  WRONG_ANSWER(stage, function, ending, number, false)
#define WRONG_NUMBER_CLOSED(stage, function, ending, number)                                       \
  WRONG_ANSWER(stage, function, ending, number, true)

enum { STATUS_AUTOCOMMIT = 0x0002, STATUS_MORE_RESULTS = 0x0008 };

/* A packet whose payload is written as a string literal, NULs included. */
#define RAW(sequence, literal) mysql_raw_packet(sequence, literal, sizeof(literal) - 1)

/* A count, columns and their end; a row "41" and the end of rows. */
void give_head(mysql_packets_t *a, unsigned char said, unsigned sent, unsigned char type);
void give_row_and_end(mysql_packets_t *a, unsigned sequence);

/* Wrong answers that are in more than one table, or of a kind with these. */
void give_nothing(mysql_packets_t *a);
void give_empty_packet(mysql_packets_t *a);
void give_huge_packet(mysql_packets_t *a);
void give_half_header(mysql_packets_t *a);
void give_wrong_sequence(mysql_packets_t *a);
void give_wrong_sequence_of_ok(mysql_packets_t *a);
void give_error_syntax(mysql_packets_t *a);
void give_error_read_only(mysql_packets_t *a);
void give_error_idle(mysql_packets_t *a);
void give_error_without_text(mysql_packets_t *a);
void give_error_without_number(mysql_packets_t *a);
void give_error_with_half_a_state(mysql_packets_t *a);
void give_wants_a_file(mysql_packets_t *a);
void give_one_ok_too_many(mysql_packets_t *a);
void give_ok_cut(mysql_packets_t *a);
void give_ok_cut_in_number(mysql_packets_t *a);
void give_ok_info_beyond(mysql_packets_t *a);
void give_ok_info_absurd(mysql_packets_t *a);
void give_state_beyond(mysql_packets_t *a);
void give_state_absurd(mysql_packets_t *a);
void give_state_item_beyond(mysql_packets_t *a);
void give_state_text_beyond(mysql_packets_t *a);
void give_state_variable_beyond(mysql_packets_t *a);
void give_state_variable_absurd(mysql_packets_t *a);
void give_state_unknown(mysql_packets_t *a);
void give_state_cut(mysql_packets_t *a);
void give_fewer_columns(mysql_packets_t *a);
void give_more_columns(mysql_packets_t *a);
void give_no_columns(mysql_packets_t *a);
void give_columns_65535(mysql_packets_t *a);
void give_columns_16_million(mysql_packets_t *a);
void give_columns_2_to_63(mysql_packets_t *a);
void give_columns_2_to_32(mysql_packets_t *a);
void give_count_cut(mysql_packets_t *a);
void give_definition_empty(mysql_packets_t *a);
void give_definition_name_beyond(mysql_packets_t *a);
void give_definition_name_absurd(mysql_packets_t *a);
void give_definition_name_null(mysql_packets_t *a);
void give_definition_cut(mysql_packets_t *a);
void give_definition_short(mysql_packets_t *a);
void give_error_in_columns(mysql_packets_t *a);
void give_error_before_rows(mysql_packets_t *a);

#endif
