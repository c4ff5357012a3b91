/*
 * Wrong answers to the preparing and the executing of a statement.
 */
#include "scripted_answers.h"

/* --- Prepared statements ---------------------------------------------------------------------- */

static void two_params(mysql_packets_t *a)
{
  mysql_append(a, mysql_prepared(1, 1, 2));
  for (unsigned sequence = 2; sequence < 4; sequence++)
    mysql_append(a, mysql_column(sequence, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(4, STATUS_AUTOCOMMIT));
  mysql_append(a, mysql_column(5, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(6, STATUS_AUTOCOMMIT));
}

static void no_params(mysql_packets_t *a)
{
  mysql_append(a, mysql_prepared(1, 1, 0));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
}

static void prepared_one(mysql_packets_t *a, unsigned columns, unsigned params)
{
  mysql_append(a, mysql_prepared(1, columns, params));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
  mysql_append(a, mysql_column(4, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(5, STATUS_AUTOCOMMIT));
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
  mysql_append(a, mysql_prepared(1, 0, 1));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
}

static void prepared_cut(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\x00\x01\x00"));
}

static void prepared_without_definitions(mysql_packets_t *a)
{
  mysql_append(a, mysql_prepared(1, 1, 1));
}

static void error_in_params(mysql_packets_t *a)
{
  mysql_append(a, mysql_prepared(1, 1, 1));
  mysql_append(a, mysql_error_packet(2, 1317, "70100", "Query execution was interrupted"));
}

static void error_in_prepared_columns(mysql_packets_t *a)
{
  mysql_append(a, mysql_prepared(1, 1, 1));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
  mysql_append(a, mysql_error_packet(4, 1317, "70100", "Query execution was interrupted"));
}

/* --- Binary rows ------------------------------------------------------------------------------ */

static void binary_row(mysql_packets_t *a, unsigned char type, mysql_packet_t row)
{
  give_head(a, 1, 1, type);
  mysql_append(a, row);
  mysql_append(a, mysql_eof(5, STATUS_AUTOCOMMIT));
}

static void number_cut(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_BIGINT, RAW(4, "\x00\x00\x29\x00\x00"));
}

static void nulls_missing(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_BIGINT, RAW(4, "\x00"));
}

static void binary_row_empty(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_BIGINT, RAW(4, ""));
}

static void binary_row_long(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_BIGINT, RAW(4, "\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x2a\x00"));
}

static void binary_head_wrong(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_BIGINT, RAW(4, "\x07\x00\x29\x00\x00\x00\x00\x00\x00\x00"));
}

static void string_beyond(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_TEXT, RAW(4, "\x00\x00\xf0xy"));
}

static void string_absurd(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_TEXT, RAW(4, "\x00\x00\xfe\x00\x00\x00\x00\x00\x00\x00\x80xy"));
}

static void string_wraps(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_TEXT, RAW(4, "\x00\x00\xfe\xf0\xff\xff\xff\xff\xff\xff\xffxy"));
}

static void string_length_cut(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_TEXT, RAW(4, "\x00\x00\xfc"));
}

static void string_length_null(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_TEXT, RAW(4, "\x00\x00\xfbxy"));
}

static void datetime_beyond(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_DATETIME, RAW(4, "\x00\x00\x0b\xe8\x07"));
}

static void datetime_odd(mysql_packets_t *a)
{
  binary_row(a, MYSQL_COLUMN_DATETIME, RAW(4, "\x00\x00\x05\xe8\x07\x01\x01\x01"));
}

static void executed_columns_2(mysql_packets_t *a)
{
  give_head(a, 2, 2, MYSQL_COLUMN_BIGINT);
  mysql_append(a,
               RAW(5, "\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x00\x00\x00\x00"));
  mysql_append(a, mysql_eof(6, STATUS_AUTOCOMMIT));
}

static void executed_ok(mysql_packets_t *a)
{
  mysql_append(a, mysql_ok(1));
}

static void error_between_binary_rows(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_EXECUTE, 41);
  a->size -= mysql_eof(5, 0).size;
  mysql_append(a, mysql_error_packet(5, 1317, "70100", "Query execution was interrupted"));
}

static void executed_without_end(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_EXECUTE, 41);
  a->size -= mysql_eof(5, 0).size;
}

/* --- The table -------------------------------------------------------------------------------- */

const wrong_answer_t wrong_answers_to_statements[] = {
    WRONG(PREPARE, give_nothing, LATE),
    WRONG_CLOSED(PREPARE, give_nothing, RIGHT_ELSEWHERE),
    WRONG(PREPARE, give_empty_packet, RIGHT_ELSEWHERE),
    WRONG(PREPARE, give_wrong_sequence, RIGHT_ELSEWHERE),
    WRONG_NUMBER(PREPARE, give_error_syntax, REFUSED, 1064),
    WRONG(PREPARE, give_error_without_text, RIGHT_ELSEWHERE),
    WRONG(PREPARE, give_error_without_number, RIGHT_ELSEWHERE),
    WRONG(PREPARE, give_wants_a_file, LATE),
    WRONG(PREPARE, two_params, NOT_FIT),
    WRONG(PREPARE, no_params, NOT_FIT),
    WRONG(PREPARE, params_65535, NOT_FIT),
    WRONG(PREPARE, prepared_columns_3, RIGHT_ELSEWHERE),
    WRONG(PREPARE, prepared_columns_65535, RIGHT_ELSEWHERE),
    WRONG(PREPARE, prepared_columns_0, SOMEHOW),
    WRONG(PREPARE, prepared_cut, LATE),
    WRONG(PREPARE, prepared_without_definitions, LATE),
    WRONG_CLOSED(PREPARE, prepared_without_definitions, RIGHT_ELSEWHERE),
    WRONG_NUMBER(PREPARE, error_in_params, REFUSED, 1317),
    WRONG_NUMBER(PREPARE, error_in_prepared_columns, REFUSED, 1317),
    WRONG(EXECUTE, give_nothing, LATE),
    WRONG_CLOSED(EXECUTE, give_nothing, LOST),
    WRONG(EXECUTE, give_empty_packet, LOST),
    WRONG(EXECUTE, give_wrong_sequence, SOMEHOW),
    WRONG_NUMBER(EXECUTE, give_error_syntax, REFUSED, 1064),
    WRONG_NUMBER(EXECUTE, give_error_read_only, REFUSED, 1290),
    WRONG_CLOSED(EXECUTE, give_error_idle, RIGHT),
    WRONG(EXECUTE, give_wants_a_file, LOST),
    WRONG(EXECUTE, executed_ok, SOMEHOW),
    WRONG(EXECUTE, executed_columns_2, SOMEHOW),
    WRONG(EXECUTE, give_fewer_columns, LOST),
    WRONG(EXECUTE, give_more_columns, LOST),
    WRONG(EXECUTE, give_columns_65535, LOST),
    WRONG(EXECUTE, give_columns_16_million, LOST),
    WRONG(EXECUTE, give_columns_2_to_63, LOST),
    WRONG(EXECUTE, give_definition_empty, LOST),
    WRONG(EXECUTE, give_definition_name_beyond, LOST),
    WRONG(EXECUTE, give_definition_name_null, LOST),
    WRONG(EXECUTE, give_definition_cut, LOST),
    WRONG_NUMBER(EXECUTE, give_error_in_columns, REFUSED, 1317),
    WRONG_NUMBER(EXECUTE, give_error_before_rows, REFUSED, 1317),
    WRONG(EXECUTE, number_cut, LOST),
    WRONG(EXECUTE, nulls_missing, LOST),
    WRONG(EXECUTE, binary_row_empty, LOST),
    WRONG(EXECUTE, binary_row_long, SOMEHOW),
    WRONG(EXECUTE, binary_head_wrong, SOMEHOW),
    WRONG(EXECUTE, string_beyond, LOST),
    WRONG(EXECUTE, string_absurd, LOST),
    WRONG(EXECUTE, string_wraps, LOST),
    WRONG(EXECUTE, string_length_cut, SOMEHOW),
    WRONG(EXECUTE, string_length_null, LOST),
    WRONG(EXECUTE, datetime_beyond, LOST),
    WRONG(EXECUTE, datetime_odd, LOST),
    WRONG_NUMBER(EXECUTE, error_between_binary_rows, REFUSED, 1317),
    WRONG(EXECUTE, executed_without_end, LATE),
    WRONG_CLOSED(EXECUTE, executed_without_end, LOST),
};

const int wrong_answers_to_statements_count =
    (int)(sizeof wrong_answers_to_statements / sizeof *wrong_answers_to_statements);
