/*
 * Wrong answers while a session is opened, set up and reset.
 */
#include "scripted_answers.h"

static void error_at_greeting(mysql_packets_t *a)
{
  mysql_append(a, mysql_error_packet(0, 1040, NULL, "Too many connections"));
}

static void error_at_login(mysql_packets_t *a)
{
  mysql_append(a, mysql_error_packet(2, 1045, "28000", "Access denied for user 'arla'"));
}

static void error_idle_at_login(mysql_packets_t *a)
{
  mysql_append(a,
               mysql_error_packet(2, 4031, "HY000", "The client was disconnected by the server"));
}

static void greeting_of_protocol_9(mysql_packets_t *a)
{
  mysql_append(a, mysql_simple_greeting());
  a->bytes[MYSQL_PACKET_HEADER] = 9;
}

static void greeting_without_end(mysql_packets_t *a)
{
  mysql_append(a, RAW(0, "\x0a"
                         "5.7.44"));
}

static void greeting_empty(mysql_packets_t *a)
{
  mysql_append(a, RAW(0, ""));
}

static void greeting_only_protocol(mysql_packets_t *a)
{
  mysql_append(a, RAW(0, "\x0a"));
}

static void greeting_longer_than_said(mysql_packets_t *a)
{
  mysql_append(a, mysql_simple_greeting());
  a->bytes[0] = (unsigned char)(a->bytes[0] - 30);
}

static void clear_password(mysql_packets_t *a)
{
  mysql_append(a, mysql_auth_switch(2, "mysql_clear_password"));
}

static void dialog(mysql_packets_t *a)
{
  mysql_append(a, mysql_auth_switch(2, "dialog"));
}

static void switch_without_end(mysql_packets_t *a)
{
  mysql_append(a, RAW(2, "\xfemysql_clear_password"));
}

static void switch_without_scramble(mysql_packets_t *a)
{
  mysql_append(a, RAW(2, "\xfemysql_native_password\x00"));
}

static void switch_to_old_password(mysql_packets_t *a)
{
  mysql_append(a, RAW(2, "\xfe"));
}

static void more_data(mysql_packets_t *a)
{
  mysql_append(a, RAW(2, "\x01\x04"));
}

static void one_ok_too_many_at_login(mysql_packets_t *a)
{
  mysql_append(a, mysql_ok(2));
  mysql_append(a, mysql_ok(1));
}

static void file_at_login(mysql_packets_t *a)
{
  mysql_append(a, RAW(2, "\xfb/etc/passwd"));
}

static void login_out_of_sequence(mysql_packets_t *a)
{
  mysql_append(a, mysql_ok(5));
}

static void error_unknown_variable(mysql_packets_t *a)
{
  mysql_append(a, mysql_error_packet(1, 1193, "HY000", "Unknown system variable"));
}

static void give_one_ok(mysql_packets_t *a)
{
  mysql_append(a, mysql_ok(1));
}

static void give_no_row(mysql_packets_t *a)
{
  mysql_append(a, mysql_column_count(1, 1));
  mysql_append(a, mysql_column(2, MYSQL_COLUMN_TEXT));
  mysql_append(a, mysql_eof(3, STATUS_AUTOCOMMIT));
  mysql_append(a, mysql_eof(4, STATUS_AUTOCOMMIT));
}

static void give_one_row_and_ok(mysql_packets_t *a)
{
  *a = scripted_server_usual(SCRIPTED_ASK, 0);
  mysql_append(a, mysql_ok(1));
}

/* --- The table -------------------------------------------------------------------------------- */

const wrong_answer_t wrong_answers_to_sessions[] = {
    WRONG(RESET, give_nothing, RIGHT),
    WRONG_CLOSED(RESET, give_nothing, RIGHT),
    WRONG(RESET, give_empty_packet, RIGHT),
    WRONG(RESET, give_wrong_sequence_of_ok, RIGHT),
    WRONG(RESET, give_error_syntax, RIGHT),
    WRONG(RESET, give_error_idle, RIGHT),
    WRONG(RESET, give_error_without_number, RIGHT),
    WRONG(RESET, give_wants_a_file, RIGHT),
    WRONG(RESET, give_ok_cut, RIGHT),
    WRONG(RESET, give_ok_info_beyond, RIGHT),
    WRONG(RESET, give_state_beyond, RIGHT),
    WRONG(RESET, give_more_columns, RIGHT),
    WRONG(RESET, give_one_ok_too_many, RIGHT),
    WRONG(ASK, give_nothing, NO_CONNECT),
    WRONG_CLOSED(ASK, give_nothing, NO_CONNECT),
    WRONG(ASK, give_one_ok, NO_CONNECT),
    WRONG(ASK, give_no_row, NO_CONNECT),
    WRONG(ASK, give_one_row_and_ok, NO_CONNECT),
    WRONG(ASK, give_wants_a_file, NO_CONNECT),
    WRONG_NUMBER(ASK, give_error_read_only, NO_CONNECT, 1290),
    WRONG(SET_UP, give_nothing, NO_CONNECT),
    WRONG_CLOSED(SET_UP, give_nothing, NO_CONNECT),
    WRONG(SET_UP, error_unknown_variable, RIGHT),
    WRONG_NUMBER(SET_UP, give_error_read_only, NO_CONNECT, 1290),
    WRONG(SET_UP, give_wants_a_file, NO_CONNECT),
    WRONG(SET_UP, give_fewer_columns, NO_CONNECT),
    WRONG(SET_UP, give_wrong_sequence_of_ok, RIGHT),
    WRONG(SET_UP, give_one_ok_too_many, NO_CONNECT),
    WRONG(LOGIN, give_nothing, NO_CONNECT),
    WRONG_CLOSED(LOGIN, give_nothing, NO_CONNECT),
    WRONG(LOGIN, give_empty_packet, NO_CONNECT),
    WRONG_NUMBER(LOGIN, error_at_login, NO_ACCESS, 1045),
    WRONG_NUMBER_CLOSED(LOGIN, error_idle_at_login, NO_CONNECT, 4031),
    WRONG(LOGIN, clear_password, NO_ACCESS),
    WRONG(LOGIN, dialog, NO_ACCESS),
    WRONG(LOGIN, switch_without_end, NO_CONNECT),
    WRONG(LOGIN, switch_without_scramble, SOMEHOW),
    WRONG(LOGIN, switch_to_old_password, NO_CONNECT),
    WRONG(LOGIN, more_data, NO_CONNECT),
    WRONG(LOGIN, one_ok_too_many_at_login, NO_CONNECT),
    WRONG(LOGIN, file_at_login, NO_CONNECT),
    WRONG(LOGIN, login_out_of_sequence, RIGHT),
    WRONG(GREETING, give_nothing, NO_CONNECT),
    WRONG_CLOSED(GREETING, give_nothing, NO_CONNECT),
    WRONG_NUMBER_CLOSED(GREETING, error_at_greeting, NO_CONNECT, 1040),
    WRONG(GREETING, greeting_of_protocol_9, NO_CONNECT),
    WRONG(GREETING, greeting_without_end, NO_CONNECT),
    WRONG(GREETING, greeting_empty, NO_CONNECT),
    WRONG(GREETING, greeting_only_protocol, NO_CONNECT),
    WRONG(GREETING, greeting_longer_than_said, SOMEHOW),
};

const int wrong_answers_to_sessions_count =
    (int)(sizeof wrong_answers_to_sessions / sizeof *wrong_answers_to_sessions);
