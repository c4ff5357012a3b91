/*
 * Wrong answers to a query in the text protocol.
 */
#include "scripted_answers.h"

/* --- Rows ------------------------------------------------------------------------------------- */

static void text_row(mysql_packets_t *a, mysql_packet_t row)
{
  give_head(a, 1, 1, MYSQL_COLUMN_TEXT);
  mysql_append(a, row);
  mysql_append(a, mysql_eof(5, STATUS_AUTOCOMMIT));
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
  give_head(a, 2, 2, MYSQL_COLUMN_TEXT);
  mysql_append(a, mysql_text_row(5, "41"));
  mysql_append(a, mysql_eof(6, STATUS_AUTOCOMMIT));
}

static void row_out_of_sequence(mysql_packets_t *a)
{
  give_head(a, 1, 1, MYSQL_COLUMN_TEXT);
  mysql_append(a, mysql_text_row(7, "41"));
  mysql_append(a, mysql_eof(8, STATUS_AUTOCOMMIT));
}

static void error_between_rows(mysql_packets_t *a)
{
  give_head(a, 1, 1, MYSQL_COLUMN_TEXT);
  mysql_append(a, mysql_text_row(4, "41"));
  mysql_append(a, mysql_error_packet(5, 1317, "70100", "Query execution was interrupted"));
}

static void result_without_end(mysql_packets_t *a)
{
  give_head(a, 1, 1, MYSQL_COLUMN_TEXT);
  mysql_append(a, mysql_text_row(4, "41"));
}

static void row_cut(mysql_packets_t *a)
{
  result_without_end(a);
  a->size -= 2;
}

static void next_result_missing(mysql_packets_t *a)
{
  give_head(a, 1, 1, MYSQL_COLUMN_TEXT);
  mysql_append(a, mysql_text_row(4, "41"));
  mysql_append(a, mysql_eof(5, STATUS_AUTOCOMMIT | STATUS_MORE_RESULTS));
}

static void next_result_wrong(mysql_packets_t *a)
{
  next_result_missing(a);
  mysql_append(a, RAW(6, "\xfc"));
}

static void end_cut(mysql_packets_t *a)
{
  result_without_end(a);
  mysql_append(a, RAW(5, "\xfe"));
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

static void one_byte_too_many(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_QUERY, 41);
  mysql_append_bytes(a, "\x01", 1);
}

/* How MySQL says goodbye to a session that was idle too long: an error that answers nothing. */
static void idle_error_behind(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_QUERY, 41);
  mysql_append(a,
               mysql_error_packet(0, 4031, "HY000", "The client was disconnected by the server"));
}

/* --- The table -------------------------------------------------------------------------------- */

const wrong_answer_t wrong_answers_to_queries[] = {
    WRONG(QUERY, give_nothing, LATE),
    WRONG_CLOSED(QUERY, give_nothing, LOST),
    WRONG(QUERY, give_empty_packet, LOST),
    WRONG(QUERY, give_huge_packet, LATE),
    WRONG_CLOSED(QUERY, give_huge_packet, LOST),
    WRONG_CLOSED(QUERY, give_half_header, LOST),
    WRONG(QUERY, give_wrong_sequence, SOMEHOW),
    WRONG_NUMBER(QUERY, give_error_syntax, REFUSED, 1064),
    WRONG_NUMBER(QUERY, give_error_read_only, REFUSED, 1290),
    WRONG(QUERY, give_error_idle, RIGHT),
    WRONG_CLOSED(QUERY, give_error_idle, RIGHT),
    WRONG(QUERY, give_error_without_text, LOST),
    WRONG(QUERY, give_error_without_number, LOST),
    WRONG_NUMBER(QUERY, give_error_with_half_a_state, REFUSED, 1064),
    WRONG(QUERY, give_wants_a_file, LOST),
    WRONG(QUERY, give_ok_cut, SOMEHOW),
    WRONG(QUERY, give_ok_cut_in_number, SOMEHOW),
    WRONG(QUERY, give_ok_info_beyond, SOMEHOW),
    WRONG(QUERY, give_ok_info_absurd, SOMEHOW),
    WRONG(QUERY, give_state_beyond, SOMEHOW),
    WRONG(QUERY, give_state_absurd, SOMEHOW),
    WRONG(QUERY, give_state_item_beyond, SOMEHOW),
    WRONG(QUERY, give_state_text_beyond, SOMEHOW),
    WRONG(QUERY, give_state_variable_beyond, SOMEHOW),
    WRONG(QUERY, give_state_variable_absurd, SOMEHOW),
    WRONG(QUERY, give_state_unknown, SOMEHOW),
    WRONG(QUERY, give_state_cut, SOMEHOW),
    WRONG(QUERY, give_fewer_columns, LOST),
    WRONG(QUERY, give_more_columns, LOST),
    WRONG(QUERY, give_no_columns, LOST),
    WRONG(QUERY, give_columns_65535, LOST),
    WRONG(QUERY, give_columns_16_million, LOST),
    WRONG(QUERY, give_columns_2_to_63, LOST),
    WRONG(QUERY, give_columns_2_to_32, SOMEHOW),
    WRONG(QUERY, give_count_cut, LOST),
    WRONG(QUERY, give_definition_empty, LOST),
    WRONG(QUERY, give_definition_name_beyond, LOST),
    WRONG(QUERY, give_definition_name_absurd, LOST),
    WRONG(QUERY, give_definition_name_null, LOST),
    WRONG(QUERY, give_definition_cut, LOST),
    WRONG(QUERY, give_definition_short, LOST),
    WRONG_NUMBER(QUERY, give_error_in_columns, REFUSED, 1317),
    WRONG_NUMBER(QUERY, give_error_before_rows, REFUSED, 1317),
    WRONG(QUERY, text_beyond, LOST),
    WRONG(QUERY, text_absurd, SOMEHOW),
    WRONG(QUERY, text_wraps, LOST),
    WRONG(QUERY, text_length_cut, LOST),
    WRONG(QUERY, text_row_empty, LOST),
    WRONG(QUERY, text_row_long, SOMEHOW),
    WRONG(QUERY, text_cell_missing, LOST),
    WRONG(QUERY, row_out_of_sequence, SOMEHOW),
    WRONG_NUMBER(QUERY, error_between_rows, REFUSED, 1317),
    WRONG(QUERY, result_without_end, LATE),
    WRONG_CLOSED(QUERY, result_without_end, LOST),
    WRONG(QUERY, row_cut, LATE),
    WRONG_CLOSED(QUERY, row_cut, LOST),
    WRONG(QUERY, next_result_missing, LATE),
    WRONG_CLOSED(QUERY, next_result_missing, LOST),
    WRONG(QUERY, next_result_wrong, LOST),
    WRONG(QUERY, end_cut, SOMEHOW),
    WRONG(QUERY, one_answer_too_many, RIGHT_ELSEWHERE),
    WRONG(QUERY, one_byte_too_many, RIGHT_ELSEWHERE),
    WRONG_CLOSED(QUERY, idle_error_behind, RIGHT_ELSEWHERE),
};

const int wrong_answers_to_queries_count =
    (int)(sizeof wrong_answers_to_queries / sizeof *wrong_answers_to_queries);
