/*
 * The wrong answers that fit more than one stage. Each function writes the packets of one answer; a
 * result of text has the sequence numbers 1 (count), 2 (column), 3 (end of columns), 4 (row) and 5 (end
 * of rows).
 */
#include "scripted_answers.h"

/* --- Instead of any answer -------------------------------------------------------------------- */

void give_nothing(mysql_packets_t *a)
{
  (void)a;
}

void give_empty_packet(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, ""));
}

void give_huge_packet(mysql_packets_t *a)
{
  mysql_append_bytes(a, "\xff\xff\xff\x01\x00\x00", 6);
}

void give_half_header(mysql_packets_t *a)
{
  mysql_append_bytes(a, "\x07\x00", 2);
}

void give_wrong_sequence(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_QUERY, 41);
  a->bytes[3] = 9;
}

void give_wrong_sequence_of_ok(mysql_packets_t *a)
{
  mysql_append(a, mysql_ok(9));
}

void give_error_syntax(mysql_packets_t *a)
{
  mysql_append(a, mysql_error_packet(1, 1064, "42000", "You have an error in your SQL syntax"));
}

void give_error_read_only(mysql_packets_t *a)
{
  mysql_append(a, mysql_error_packet(1, 1290, "HY000", "The server is running with --read-only"));
}

void give_error_idle(mysql_packets_t *a)
{
  mysql_append(a,
               mysql_error_packet(1, 4031, "HY000", "The client was disconnected by the server"));
}

void give_error_without_text(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\xff\x28\x04"));
}

void give_error_without_number(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\xff"));
}

void give_error_with_half_a_state(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\xff\x28\x04#42"));
}

void give_wants_a_file(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\xfb/etc/passwd"));
}

void give_one_ok_too_many(mysql_packets_t *a)
{
  mysql_append(a, mysql_ok(1));
  mysql_append(a, mysql_ok(1));
}

/* --- OK packets ------------------------------------------------------------------------------- */

void give_ok_cut(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\x00"));
}

void give_ok_cut_in_number(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\x00\xfe\x01"));
}

void give_ok_info_beyond(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\x00\x00\x00\x02\x00\x00\x00\xfd\xff\xff\xff info"));
}

void give_ok_info_absurd(mysql_packets_t *a)
{
  mysql_append(a, RAW(1, "\x00\x00\x00\x02\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\x7f info"));
}

/* The state of the session, as a literal: its whole length included. */
#define STATE(literal) mysql_append(a, RAW(1, "\x00\x00\x00\x02\x40\x00\x00\x00" literal))

void give_state_beyond(mysql_packets_t *a)
{
  STATE("\xfc\xff\xff\x01\x03\x02xy");
}

void give_state_absurd(mysql_packets_t *a)
{
  STATE("\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x03\x02xy");
}

void give_state_item_beyond(mysql_packets_t *a)
{
  STATE("\x05\x01\xfd\xff\xff\xff");
}

void give_state_text_beyond(mysql_packets_t *a)
{
  STATE("\x05\x01\x03\xf0xy");
}

void give_state_variable_beyond(mysql_packets_t *a)
{
  STATE("\x08\x00\x06\x04"
        "abcd\xf0");
}

void give_state_variable_absurd(mysql_packets_t *a)
{
  STATE("\x0d\x00\x0b\x14"
        "character_");
}

void give_state_unknown(mysql_packets_t *a)
{
  STATE("\x04\x77\x02xy");
}

void give_state_cut(mysql_packets_t *a)
{
  STATE("\x01\x01");
}

/* --- Column counts and definitions ------------------------------------------------------------ */

void give_head(mysql_packets_t *a, unsigned char said, unsigned sent, unsigned char type)
{
  unsigned sequence = 1;

  mysql_append(a, mysql_column_count(sequence++, said));
  while (sent--)
    mysql_append(a, mysql_column(sequence++, type));
  mysql_append(a, mysql_eof(sequence, STATUS_AUTOCOMMIT));
}

void give_row_and_end(mysql_packets_t *a, unsigned sequence)
{
  mysql_append(a, mysql_text_row(sequence, "41"));
  mysql_append(a, mysql_eof(sequence + 1, STATUS_AUTOCOMMIT));
}

void give_fewer_columns(mysql_packets_t *a)
{
  give_head(a, 3, 1, MYSQL_COLUMN_BIGINT);
  give_row_and_end(a, 4);
}

void give_more_columns(mysql_packets_t *a)
{
  give_head(a, 1, 3, MYSQL_COLUMN_BIGINT);
  give_row_and_end(a, 6);
}

void give_no_columns(mysql_packets_t *a)
{
  give_head(a, 1, 0, MYSQL_COLUMN_BIGINT);
  give_row_and_end(a, 3);
}

static void count_and_one_column(mysql_packets_t *a, mysql_packet_t count)
{
  mysql_append(a, count);
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
  give_row_and_end(a, 4);
}

void give_columns_65535(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfc\xff\xff"));
}

void give_columns_16_million(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfd\xff\xff\xff"));
}

void give_columns_2_to_63(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfe\x00\x00\x00\x00\x00\x00\x00\x80"));
}

void give_columns_2_to_32(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfe\x01\x00\x00\x00\x01\x00\x00\x00"));
}

void give_count_cut(mysql_packets_t *a)
{
  count_and_one_column(a, RAW(1, "\xfc"));
}

static void one_definition(mysql_packets_t *a, mysql_packet_t definition)
{
  mysql_append(a, mysql_column_count(1, 1));
  mysql_append(a, definition);
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
  give_row_and_end(a, 4);
}

void give_definition_empty(mysql_packets_t *a)
{
  one_definition(a, RAW(2, ""));
}

void give_definition_name_beyond(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\xf0name"));
}

void give_definition_name_absurd(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\x7fname"));
}

void give_definition_name_null(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\xfb\x00\x0c\x2d\x00\x14\x00\x00\x00\x08\x00\x00"
                           "\x00\x00\x00"));
}

void give_definition_cut(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\x01"
                           "a"));
}

void give_definition_short(mysql_packets_t *a)
{
  one_definition(a, RAW(2, "\x03"
                           "def\x00\x00\x00\x01"
                           "a\x00\x02\x2d\x00"));
}

void give_error_in_columns(mysql_packets_t *a)
{
  mysql_append(a, mysql_column_count(1, 2));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_error_packet(3, 1317, "70100", "Query execution was interrupted"));
}

void give_error_before_rows(mysql_packets_t *a)
{
  mysql_append(a, mysql_column_count(1, 1));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_BIGINT));
  mysql_append(a, mysql_error_packet(3, 1317, "70100", "Query execution was interrupted"));
}
