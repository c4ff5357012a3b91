/*
 * See scripted_answers.h. Each function writes the packets of one answer; text results have sequence
 * numbers 1 (count), 2 (column), 3 (end of columns), 4 (row), 5 (end of rows).
 */
#include "scripted_answers.h"

#include <string.h>

enum {
  AUTOCOMMIT = 0x0002,
  MORE_RESULTS = 0x0008,
  STATE_CHANGED = 0x4000,
  BIGINT = MYSQL_COLUMN_BIGINT,
  TEXT = MYSQL_COLUMN_TEXT,
  DATETIME = MYSQL_COLUMN_DATETIME
};

/* A packet whose payload is written as a string literal, NULs included. */
#define RAW(sequence, literal) mysql_raw_packet(sequence, literal, sizeof(literal) - 1)

static void add(mysql_packets_t *answer, mysql_packet_t packet)
{
  mysql_append(answer, packet);
}

/* --- Instead of any answer ---------------------------------------------------------------------- */

static void nothing(mysql_packets_t *a)
{
  (void)a;
}

static void empty_packet(mysql_packets_t *a)
{
  add(a, RAW(1, ""));
}

static void huge_packet(mysql_packets_t *a)
{
  mysql_append_bytes(a, "\xff\xff\xff\x01\x00\x00", 6);
}

static void half_header(mysql_packets_t *a)
{
  mysql_append_bytes(a, "\x07\x00", 2);
}

static void wrong_sequence(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_QUERY, 41);
  a->bytes[3] = 9;
}

static void wrong_sequence_of_ok(mysql_packets_t *a)
{
  add(a, mysql_ok(9));
}

static void error_syntax(mysql_packets_t *a)
{
  add(a, mysql_error_packet(1, 1064, "42000", "You have an error in your SQL syntax"));
}

static void error_read_only(mysql_packets_t *a)
{
  add(a, mysql_error_packet(1, 1290, "HY000", "The server is running with --read-only"));
}

static void error_idle(mysql_packets_t *a)
{
  add(a, mysql_error_packet(1, 4031, "HY000", "The client was disconnected by the server"));
}

static void error_without_text(mysql_packets_t *a)
{
  add(a, RAW(1, "\xff\x28\x04"));
}

static void error_without_number(mysql_packets_t *a)
{
  add(a, RAW(1, "\xff"));
}

static void error_with_half_a_state(mysql_packets_t *a)
{
  add(a, RAW(1, "\xff\x28\x04#42"));
}

static void wants_a_file(mysql_packets_t *a)
{
  add(a, RAW(1, "\xfb/etc/passwd"));
}

/* --- OK packets --------------------------------------------------------------------------------- */

static void ok_cut(mysql_packets_t *a)
{
  add(a, RAW(1, "\x00"));
}

static void ok_cut_in_number(mysql_packets_t *a)
{
  add(a, RAW(1, "\x00\xfe\x01"));
}

static void ok_info_beyond(mysql_packets_t *a)
{
  add(a, RAW(1, "\x00\x00\x00\x02\x00\x00\x00\xfd\xff\xff\xff info"));
}

static void ok_info_absurd(mysql_packets_t *a)
{
  add(a, RAW(1, "\x00\x00\x00\x02\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\x7f info"));
}

/* The state of the session, as a literal: its whole length included. */
#define STATE(literal) add(a, RAW(1, "\x00\x00\x00\x02\x40\x00\x00\x00" literal))

static void state_beyond(mysql_packets_t *a)
{
  STATE("\xfc\xff\xff\x01\x03\x02xy");
}

static void state_absurd(mysql_packets_t *a)
{
  STATE("\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x03\x02xy");
}

static void state_item_beyond(mysql_packets_t *a)
{
  STATE("\x05\x01\xfd\xff\xff\xff");
}

static void state_text_beyond(mysql_packets_t *a)
{
  STATE("\x05\x01\x03\xf0xy");
}

static void state_variable_beyond(mysql_packets_t *a)
{
  STATE("\x08\x00\x06\x04"
        "abcd\xf0");
}

static void state_variable_absurd(mysql_packets_t *a)
{
  STATE("\x0d\x00\x0b\x14"
        "character_");
}

static void state_unknown(mysql_packets_t *a)
{
  STATE("\x04\x77\x02xy");
}

static void state_cut(mysql_packets_t *a)
{
  STATE("\x01\x01");
}

/* --- Column counts and definitions -------------------------------------------------------------- */

static void head(mysql_packets_t *a, unsigned char said, unsigned sent, unsigned char type)
{
  unsigned sequence = 1;

  add(a, mysql_column_count(sequence++, said));
  while (sent--)
    add(a, mysql_column(sequence++, type));
  add(a, mysql_eof(sequence, AUTOCOMMIT));
}

static void row_and_end(mysql_packets_t *a, unsigned sequence)
{
  add(a, mysql_text_row(sequence, "41"));
  add(a, mysql_eof(sequence + 1, AUTOCOMMIT));
}

static void fewer_columns(mysql_packets_t *a)
{
  head(a, 3, 1, BIGINT);
  row_and_end(a, 4);
}

static void more_columns(mysql_packets_t *a)
{
  head(a, 1, 3, BIGINT);
  row_and_end(a, 6);
}

static void no_columns(mysql_packets_t *a)
{
  head(a, 1, 0, BIGINT);
  row_and_end(a, 3);
}

static void count_and_one_column(mysql_packets_t *a, mysql_packet_t count)
{
  add(a, count);
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_eof(3, AUTOCOMMIT));
  row_and_end(a, 4);
}

static void columns_65535(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfc\xff\xff"));
}

static void columns_16_million(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfd\xff\xff\xff"));
}

static void columns_2_to_63(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfe\x00\x00\x00\x00\x00\x00\x00\x80"));
}

static void columns_2_to_32(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfe\x01\x00\x00\x00\x01\x00\x00\x00"));
}

static void count_cut(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfc"));
}

static void one_definition(mysql_packets_t *a, mysql_packet_t definition)
{
  add(a, mysql_column_count(1, 1));
  add(a, definition);
  add(a, mysql_eof(3, AUTOCOMMIT));
  row_and_end(a, 4);
}

static void definition_empty(mysql_packets_t *a)
{
  one_definition(a, RAW(2, ""));
}

static void definition_name_beyond(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\xf0name"));
}

static void definition_name_absurd(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\x7fname"));
}

static void definition_name_null(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\xfb\x00\x0c\x2d\x00\x14\x00\x00\x00\x08\x00\x00"
                           "\x00\x00\x00"));
}

static void definition_cut(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\x01"
                           "a"));
}

static void definition_short(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\x01"
                           "a\x00\x02\x2d\x00"));
}

static void error_in_columns(mysql_packets_t *a)
{
  add(a, mysql_column_count(1, 2));
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_error_packet(3, 1317, "70100", "Query execution was interrupted"));
}

static void error_before_rows(mysql_packets_t *a)
{
  add(a, mysql_column_count(1, 1));
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_error_packet(3, 1317, "70100", "Query execution was interrupted"));
}

/* --- Rows of text ------------------------------------------------------------------------------- */

static void text_row(mysql_packets_t *a, mysql_packet_t row)
{
  head(a, 1, 1, TEXT);
  add(a, row);
  add(a, mysql_eof(5, AUTOCOMMIT));
}

static void text_beyond(mysql_packets_t *a)
{
  text_row(a, RAW(4, "\x05"
                     "ab"));
}

static void text_absurd(mysql_packets_t *a)
{
  text_row(a, RAW(4, "\xfe\x00\x00\x00\x00\x00\x00\x00\x80"
                     "ab"));
}

static void text_wraps(mysql_packets_t *a)
{
  text_row(a, RAW(4, "\xfe\xf8\xff\xff\xff\xff\xff\xff\xff"
                     "ab"));
}

static void text_length_cut(mysql_packets_t *a)
{
  text_row(a, RAW(4, "\xfd"));
}

static void text_row_empty(mysql_packets_t *a)
{
  text_row(a, RAW(4, ""));
}

static void text_row_long(mysql_packets_t *a)
{
  text_row(a, RAW(4, "\x02"
                     "41\x02"
                     "42"));
}

static void text_cell_missing(mysql_packets_t *a)
{
  head(a, 2, 2, TEXT);
  add(a, mysql_text_row(5, "41"));
  add(a, mysql_eof(6, AUTOCOMMIT));
}

static void row_out_of_sequence(mysql_packets_t *a)
{
  head(a, 1, 1, TEXT);
  add(a, mysql_text_row(7, "41"));
  add(a, mysql_eof(8, AUTOCOMMIT));
}

static void error_between_rows(mysql_packets_t *a)
{
  head(a, 1, 1, TEXT);
  add(a, mysql_text_row(4, "41"));
  add(a, mysql_error_packet(5, 1317, "70100", "Query execution was interrupted"));
}

static void result_without_end(mysql_packets_t *a)
{
  head(a, 1, 1, TEXT);
  add(a, mysql_text_row(4, "41"));
}

static void row_cut(mysql_packets_t *a)
{
  result_without_end(a);
  a->size -= 2;
}

static void next_result_missing(mysql_packets_t *a)
{
  head(a, 1, 1, TEXT);
  add(a, mysql_text_row(4, "41"));
  add(a, mysql_eof(5, AUTOCOMMIT | MORE_RESULTS));
}

static void next_result_wrong(mysql_packets_t *a)
{
  next_result_missing(a);
  add(a, RAW(6, "\xfc"));
}

static void end_cut(mysql_packets_t *a)
{
  result_without_end(a);
  add(a, RAW(5, "\xfe"));
}

/* What nobody asked for stands behind it: taken for the next answer it would be a wrong one. */
static void one_answer_too_many(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_QUERY, 41);
  for (int i = 0; i < 2; i++) {
    mysql_packets_t more = scripted_server_usual(SCRIPTED_QUERY, 666);

    mysql_append_bytes(a, more.bytes, more.size);
  }
}

static void one_ok_too_many(mysql_packets_t *a)
{
  add(a, mysql_ok(1));
  add(a, mysql_ok(1));
}

static void one_byte_too_many(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_QUERY, 41);
  mysql_append_bytes(a, "\x01", 1);
}

/* --- Prepared statements ------------------------------------------------------------------------ */

static void two_params(mysql_packets_t *a)
{
  add(a, mysql_prepared(1, 1, 2));
  for (unsigned sequence = 2; sequence < 4; sequence++)
    add(a, mysql_column(sequence, BIGINT));
  add(a, mysql_eof(4, AUTOCOMMIT));
  add(a, mysql_column(5, BIGINT));
  add(a, mysql_eof(6, AUTOCOMMIT));
}

static void no_params(mysql_packets_t *a)
{
  add(a, mysql_prepared(1, 1, 0));
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_eof(3, AUTOCOMMIT));
}

static void prepared_one(mysql_packets_t *a, unsigned columns, unsigned params)
{
  add(a, mysql_prepared(1, columns, params));
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_eof(3, AUTOCOMMIT));
  add(a, mysql_column(4, BIGINT));
  add(a, mysql_eof(5, AUTOCOMMIT));
}

static void params_65535(mysql_packets_t *a)
{
  prepared_one(a, 1, 65535);
}

static void prepared_columns_3(mysql_packets_t *a)
{
  prepared_one(a, 3, 1);
}

static void prepared_columns_65535(mysql_packets_t *a)
{
  prepared_one(a, 65535, 1);
}

static void prepared_columns_0(mysql_packets_t *a)
{
  add(a, mysql_prepared(1, 0, 1));
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_eof(3, AUTOCOMMIT));
}

static void prepared_cut(mysql_packets_t *a)
{
  add(a, RAW(1, "\x00\x01\x00"));
}

static void prepared_without_definitions(mysql_packets_t *a)
{
  add(a, mysql_prepared(1, 1, 1));
}

static void error_in_params(mysql_packets_t *a)
{
  add(a, mysql_prepared(1, 1, 1));
  add(a, mysql_error_packet(2, 1317, "70100", "Query execution was interrupted"));
}

static void error_in_prepared_columns(mysql_packets_t *a)
{
  add(a, mysql_prepared(1, 1, 1));
  add(a, mysql_column(2, BIGINT));
  add(a, mysql_eof(3, AUTOCOMMIT));
  add(a, mysql_error_packet(4, 1317, "70100", "Query execution was interrupted"));
}

/* --- Binary rows -------------------------------------------------------------------------------- */

static void binary_row(mysql_packets_t *a, unsigned char type, mysql_packet_t row)
{
  head(a, 1, 1, type);
  add(a, row);
  add(a, mysql_eof(5, AUTOCOMMIT));
}

static void number_cut(mysql_packets_t *a)
{
  binary_row(a, BIGINT, RAW(4, "\x00\x00\x29\x00\x00"));
}

static void nulls_missing(mysql_packets_t *a)
{
  binary_row(a, BIGINT, RAW(4, "\x00"));
}

static void binary_row_empty(mysql_packets_t *a)
{
  binary_row(a, BIGINT, RAW(4, ""));
}

static void binary_row_long(mysql_packets_t *a)
{
  binary_row(a, BIGINT, RAW(4, "\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x2a\x00"));
}

static void binary_head_wrong(mysql_packets_t *a)
{
  binary_row(a, BIGINT, RAW(4, "\x07\x00\x29\x00\x00\x00\x00\x00\x00\x00"));
}

static void string_beyond(mysql_packets_t *a)
{
  binary_row(a, TEXT, RAW(4, "\x00\x00\xf0xy"));
}

static void string_absurd(mysql_packets_t *a)
{
  binary_row(a, TEXT, RAW(4, "\x00\x00\xfe\x00\x00\x00\x00\x00\x00\x00\x80xy"));
}

static void string_wraps(mysql_packets_t *a)
{
  binary_row(a, TEXT, RAW(4, "\x00\x00\xfe\xf0\xff\xff\xff\xff\xff\xff\xffxy"));
}

static void string_length_cut(mysql_packets_t *a)
{
  binary_row(a, TEXT, RAW(4, "\x00\x00\xfc"));
}

static void string_length_null(mysql_packets_t *a)
{
  binary_row(a, TEXT, RAW(4, "\x00\x00\xfbxy"));
}

static void datetime_beyond(mysql_packets_t *a)
{
  binary_row(a, DATETIME, RAW(4, "\x00\x00\x0b\xe8\x07"));
}

static void datetime_odd(mysql_packets_t *a)
{
  binary_row(a, DATETIME, RAW(4, "\x00\x00\x05\xe8\x07\x01\x01\x01"));
}

static void executed_columns_2(mysql_packets_t *a)
{
  head(a, 2, 2, BIGINT);
  add(a, RAW(5, "\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x00\x00\x00\x00"));
  add(a, mysql_eof(6, AUTOCOMMIT));
}

static void executed_ok(mysql_packets_t *a)
{
  add(a, mysql_ok(1));
}

static void error_between_binary_rows(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_EXECUTE, 41);
  a->size -= mysql_eof(5, 0).size;
  add(a, mysql_error_packet(5, 1317, "70100", "Query execution was interrupted"));
}

static void executed_without_end(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_EXECUTE, 41);
  a->size -= mysql_eof(5, 0).size;
}

/* --- While connecting --------------------------------------------------------------------------- */

static void error_at_greeting(mysql_packets_t *a)
{
  add(a, mysql_error_packet(0, 1040, NULL, "Too many connections"));
}

static void error_at_login(mysql_packets_t *a)
{
  add(a, mysql_error_packet(2, 1045, "28000", "Access denied for user 'arla'"));
}

static void error_idle_at_login(mysql_packets_t *a)
{
  add(a, mysql_error_packet(2, 4031, "HY000", "The client was disconnected by the server"));
}

static void greeting_of_protocol_9(mysql_packets_t *a)
{
  add(a, mysql_simple_greeting());
  a->bytes[MYSQL_PACKET_HEADER] = 9;
}

static void greeting_without_end(mysql_packets_t *a)
{
  add(a, RAW(0, "\x0a"
                "5.7.44"));
}

static void greeting_empty(mysql_packets_t *a)
{
  add(a, RAW(0, ""));
}

static void greeting_only_protocol(mysql_packets_t *a)
{
  add(a, RAW(0, "\x0a"));
}

static void greeting_longer_than_said(mysql_packets_t *a)
{
  add(a, mysql_simple_greeting());
  a->bytes[0] = (unsigned char)(a->bytes[0] - 30);
}

static void clear_password(mysql_packets_t *a)
{
  add(a, mysql_auth_switch(2, "mysql_clear_password"));
}

static void dialog(mysql_packets_t *a)
{
  add(a, mysql_auth_switch(2, "dialog"));
}

static void switch_without_end(mysql_packets_t *a)
{
  add(a, RAW(2, "\xfemysql_clear_password"));
}

static void switch_without_scramble(mysql_packets_t *a)
{
  add(a, RAW(2, "\xfemysql_native_password\x00"));
}

static void switch_to_old_password(mysql_packets_t *a)
{
  add(a, RAW(2, "\xfe"));
}

static void more_data(mysql_packets_t *a)
{
  add(a, RAW(2, "\x01\x04"));
}

static void file_at_login(mysql_packets_t *a)
{
  add(a, RAW(2, "\xfb/etc/passwd"));
}

static void login_out_of_sequence(mysql_packets_t *a)
{
  add(a, mysql_ok(5));
}

static void error_unknown_variable(mysql_packets_t *a)
{
  add(a, mysql_error_packet(1, 1193, "HY000", "Unknown system variable"));
}

#define AT_QUERY(function, ending)                                                                 \
  {                                                                                                \
    "query: " #function, SCRIPTED_QUERY, function, ending, 0, false                                \
  }
#define AT_PREPARE(function, ending)                                                               \
  {                                                                                                \
    "prepare: " #function, SCRIPTED_PREPARE, function, ending, 0, false                            \
  }
#define AT_EXECUTE(function, ending)                                                               \
  {                                                                                                \
    "execute: " #function, SCRIPTED_EXECUTE, function, ending, 0, false                            \
  }
#define AT_RESET(function)                                                                         \
  {                                                                                                \
    "reset: " #function, SCRIPTED_RESET, function, ENDS_RIGHT, 0, false                            \
  }
#define AT_SET_UP(function, ending)                                                                \
  {                                                                                                \
    "set-up: " #function, SCRIPTED_SET_UP, function, ending, 0, false                              \
  }
#define AT_LOGIN(function, ending)                                                                 \
  {                                                                                                \
    "login: " #function, SCRIPTED_LOGIN, function, ending, 0, false                                \
  }
#define AT_GREETING(function, ending)                                                              \
  {                                                                                                \
    "greeting: " #function, SCRIPTED_GREETING, function, ending, 0, false                          \
  }
#define REFUSED(stage, function, number)                                                           \
  {                                                                                                \
#stage ": " #function, stage, function, ENDS_REFUSED, number, false                            \
  }
#define CLOSED(stage, function, ending)                                                            \
  {                                                                                                \
#stage ": " #function ", closed", stage, function, ending, 0, true                             \
  }

const wrong_answer_t wrong_answers[] = {
    AT_QUERY(nothing, ENDS_LATE),
    CLOSED(SCRIPTED_QUERY, nothing, ENDS_LOST),
    AT_QUERY(empty_packet, ENDS_LOST),
    AT_QUERY(huge_packet, ENDS_LATE),
    CLOSED(SCRIPTED_QUERY, huge_packet, ENDS_LOST),
    CLOSED(SCRIPTED_QUERY, half_header, ENDS_LOST),
    AT_QUERY(wrong_sequence, ENDS_SOMEHOW),
    REFUSED(SCRIPTED_QUERY, error_syntax, 1064),
    REFUSED(SCRIPTED_QUERY, error_read_only, 1290),
    REFUSED(SCRIPTED_QUERY, error_idle, 4031),
    {"query: error_idle, closed", SCRIPTED_QUERY, error_idle, ENDS_REFUSED, 4031, true},
    AT_QUERY(error_without_text, ENDS_LOST),
    AT_QUERY(error_without_number, ENDS_LOST),
    REFUSED(SCRIPTED_QUERY, error_with_half_a_state, 1064),
    AT_QUERY(wants_a_file, ENDS_LOST),
    AT_QUERY(ok_cut, ENDS_SOMEHOW),
    AT_QUERY(ok_cut_in_number, ENDS_SOMEHOW),
    AT_QUERY(ok_info_beyond, ENDS_SOMEHOW),
    AT_QUERY(ok_info_absurd, ENDS_SOMEHOW),
    AT_QUERY(state_beyond, ENDS_SOMEHOW),
    AT_QUERY(state_absurd, ENDS_SOMEHOW),
    AT_QUERY(state_item_beyond, ENDS_SOMEHOW),
    AT_QUERY(state_text_beyond, ENDS_SOMEHOW),
    AT_QUERY(state_variable_beyond, ENDS_SOMEHOW),
    AT_QUERY(state_variable_absurd, ENDS_SOMEHOW),
    AT_QUERY(state_unknown, ENDS_SOMEHOW),
    AT_QUERY(state_cut, ENDS_SOMEHOW),
    AT_QUERY(fewer_columns, ENDS_LOST),
    AT_QUERY(more_columns, ENDS_LOST),
    AT_QUERY(no_columns, ENDS_LOST),
    AT_QUERY(columns_65535, ENDS_LOST),
    AT_QUERY(columns_16_million, ENDS_LOST),
    AT_QUERY(columns_2_to_63, ENDS_LOST),
    AT_QUERY(columns_2_to_32, ENDS_SOMEHOW),
    AT_QUERY(count_cut, ENDS_LOST),
    AT_QUERY(definition_empty, ENDS_LOST),
    AT_QUERY(definition_name_beyond, ENDS_LOST),
    AT_QUERY(definition_name_absurd, ENDS_LOST),
    AT_QUERY(definition_name_null, ENDS_LOST),
    AT_QUERY(definition_cut, ENDS_LOST),
    AT_QUERY(definition_short, ENDS_LOST),
    REFUSED(SCRIPTED_QUERY, error_in_columns, 1317),
    REFUSED(SCRIPTED_QUERY, error_before_rows, 1317),
    AT_QUERY(text_beyond, ENDS_LOST),
    AT_QUERY(text_absurd, ENDS_SOMEHOW),
    AT_QUERY(text_wraps, ENDS_LOST),
    AT_QUERY(text_length_cut, ENDS_LOST),
    AT_QUERY(text_row_empty, ENDS_LOST),
    AT_QUERY(text_row_long, ENDS_SOMEHOW),
    AT_QUERY(text_cell_missing, ENDS_LOST),
    AT_QUERY(row_out_of_sequence, ENDS_SOMEHOW),
    REFUSED(SCRIPTED_QUERY, error_between_rows, 1317),
    AT_QUERY(result_without_end, ENDS_LATE),
    CLOSED(SCRIPTED_QUERY, result_without_end, ENDS_LOST),
    AT_QUERY(row_cut, ENDS_LATE),
    CLOSED(SCRIPTED_QUERY, row_cut, ENDS_LOST),
    AT_QUERY(next_result_missing, ENDS_LATE),
    CLOSED(SCRIPTED_QUERY, next_result_missing, ENDS_LOST),
    AT_QUERY(next_result_wrong, ENDS_LOST),
    AT_QUERY(end_cut, ENDS_SOMEHOW),
    AT_QUERY(one_answer_too_many, ENDS_RIGHT_ELSEWHERE),
    AT_QUERY(one_byte_too_many, ENDS_RIGHT_ELSEWHERE),

    AT_PREPARE(nothing, ENDS_LATE),
    CLOSED(SCRIPTED_PREPARE, nothing, ENDS_RIGHT_ELSEWHERE),
    AT_PREPARE(empty_packet, ENDS_RIGHT_ELSEWHERE),
    AT_PREPARE(wrong_sequence, ENDS_RIGHT_ELSEWHERE),
    REFUSED(SCRIPTED_PREPARE, error_syntax, 1064),
    AT_PREPARE(error_without_text, ENDS_RIGHT_ELSEWHERE),
    AT_PREPARE(error_without_number, ENDS_RIGHT_ELSEWHERE),
    AT_PREPARE(wants_a_file, ENDS_LATE),
    AT_PREPARE(two_params, ENDS_NOT_FIT),
    AT_PREPARE(no_params, ENDS_NOT_FIT),
    AT_PREPARE(params_65535, ENDS_NOT_FIT),
    AT_PREPARE(prepared_columns_3, ENDS_RIGHT_ELSEWHERE),
    AT_PREPARE(prepared_columns_65535, ENDS_RIGHT_ELSEWHERE),
    AT_PREPARE(prepared_columns_0, ENDS_SOMEHOW),
    AT_PREPARE(prepared_cut, ENDS_LATE),
    AT_PREPARE(prepared_without_definitions, ENDS_LATE),
    CLOSED(SCRIPTED_PREPARE, prepared_without_definitions, ENDS_RIGHT_ELSEWHERE),
    REFUSED(SCRIPTED_PREPARE, error_in_params, 1317),
    REFUSED(SCRIPTED_PREPARE, error_in_prepared_columns, 1317),

    AT_EXECUTE(nothing, ENDS_LATE),
    CLOSED(SCRIPTED_EXECUTE, nothing, ENDS_LOST),
    AT_EXECUTE(empty_packet, ENDS_LOST),
    AT_EXECUTE(wrong_sequence, ENDS_SOMEHOW),
    REFUSED(SCRIPTED_EXECUTE, error_syntax, 1064),
    REFUSED(SCRIPTED_EXECUTE, error_read_only, 1290),
    {"execute: error_idle, closed", SCRIPTED_EXECUTE, error_idle, ENDS_REFUSED, 4031, true},
    AT_EXECUTE(wants_a_file, ENDS_LOST),
    AT_EXECUTE(executed_ok, ENDS_SOMEHOW),
    AT_EXECUTE(executed_columns_2, ENDS_SOMEHOW),
    AT_EXECUTE(fewer_columns, ENDS_LOST),
    AT_EXECUTE(more_columns, ENDS_LOST),
    AT_EXECUTE(columns_65535, ENDS_LOST),
    AT_EXECUTE(columns_16_million, ENDS_LOST),
    AT_EXECUTE(columns_2_to_63, ENDS_LOST),
    AT_EXECUTE(definition_empty, ENDS_LOST),
    AT_EXECUTE(definition_name_beyond, ENDS_LOST),
    AT_EXECUTE(definition_name_null, ENDS_LOST),
    AT_EXECUTE(definition_cut, ENDS_LOST),
    REFUSED(SCRIPTED_EXECUTE, error_in_columns, 1317),
    REFUSED(SCRIPTED_EXECUTE, error_before_rows, 1317),
    AT_EXECUTE(number_cut, ENDS_LOST),
    AT_EXECUTE(nulls_missing, ENDS_LOST),
    AT_EXECUTE(binary_row_empty, ENDS_LOST),
    AT_EXECUTE(binary_row_long, ENDS_SOMEHOW),
    AT_EXECUTE(binary_head_wrong, ENDS_SOMEHOW),
    AT_EXECUTE(string_beyond, ENDS_LOST),
    AT_EXECUTE(string_absurd, ENDS_LOST),
    AT_EXECUTE(string_wraps, ENDS_LOST),
    AT_EXECUTE(string_length_cut, ENDS_SOMEHOW),
    AT_EXECUTE(string_length_null, ENDS_LOST),
    AT_EXECUTE(datetime_beyond, ENDS_LOST),
    AT_EXECUTE(datetime_odd, ENDS_LOST),
    REFUSED(SCRIPTED_EXECUTE, error_between_binary_rows, 1317),
    AT_EXECUTE(executed_without_end, ENDS_LATE),
    CLOSED(SCRIPTED_EXECUTE, executed_without_end, ENDS_LOST),

    AT_RESET(nothing),
    CLOSED(SCRIPTED_RESET, nothing, ENDS_RIGHT),
    AT_RESET(empty_packet),
    AT_RESET(wrong_sequence_of_ok),
    AT_RESET(error_syntax),
    AT_RESET(error_idle),
    AT_RESET(error_without_number),
    AT_RESET(wants_a_file),
    AT_RESET(ok_cut),
    AT_RESET(ok_info_beyond),
    AT_RESET(state_beyond),
    AT_RESET(more_columns),
    AT_RESET(one_ok_too_many),

    AT_SET_UP(nothing, ENDS_NO_CONNECT),
    CLOSED(SCRIPTED_SET_UP, nothing, ENDS_NO_CONNECT),
    AT_SET_UP(error_unknown_variable, ENDS_RIGHT),
    {"set-up: error_read_only", SCRIPTED_SET_UP, error_read_only, ENDS_NO_CONNECT, 1290, false},
    AT_SET_UP(wants_a_file, ENDS_NO_CONNECT),
    AT_SET_UP(fewer_columns, ENDS_NO_CONNECT),
    AT_SET_UP(wrong_sequence_of_ok, ENDS_RIGHT),
    AT_SET_UP(one_ok_too_many, ENDS_NO_CONNECT),

    AT_LOGIN(nothing, ENDS_NO_CONNECT),
    CLOSED(SCRIPTED_LOGIN, nothing, ENDS_NO_CONNECT),
    AT_LOGIN(empty_packet, ENDS_NO_CONNECT),
    {"login: error_at_login", SCRIPTED_LOGIN, error_at_login, ENDS_NO_ACCESS, 1045, false},
    {"login: error_idle_at_login", SCRIPTED_LOGIN, error_idle_at_login, ENDS_NO_CONNECT, 4031,
     true},
    AT_LOGIN(clear_password, ENDS_NO_ACCESS),
    AT_LOGIN(dialog, ENDS_NO_ACCESS),
    AT_LOGIN(switch_without_end, ENDS_NO_CONNECT),
    AT_LOGIN(switch_without_scramble, ENDS_SOMEHOW),
    AT_LOGIN(switch_to_old_password, ENDS_NO_CONNECT),
    AT_LOGIN(more_data, ENDS_NO_CONNECT),
    AT_LOGIN(file_at_login, ENDS_NO_CONNECT),
    AT_LOGIN(login_out_of_sequence, ENDS_RIGHT),

    AT_GREETING(nothing, ENDS_NO_CONNECT),
    CLOSED(SCRIPTED_GREETING, nothing, ENDS_NO_CONNECT),
    {"greeting: error_at_greeting", SCRIPTED_GREETING, error_at_greeting, ENDS_NO_CONNECT, 1040,
     true},
    AT_GREETING(greeting_of_protocol_9, ENDS_NO_CONNECT),
    AT_GREETING(greeting_without_end, ENDS_NO_CONNECT),
    AT_GREETING(greeting_empty, ENDS_NO_CONNECT),
    AT_GREETING(greeting_only_protocol, ENDS_NO_CONNECT),
    AT_GREETING(greeting_longer_than_said, ENDS_SOMEHOW),
};

const unsigned wrong_answer_count = sizeof wrong_answers / sizeof *wrong_answers;
