/*
 * Whose an error is: the server's, whatever its number, when it came in a packet; else libmariadb's.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "libmariadb/internals.h"
#include "session/call_error.h"
#include "support/runner.h"

static MYSQL mysql;
static unsigned char buffer[256];

/* libmariadb has this error, and has read this packet last. */
static void have(unsigned number, const char *sqlstate, const char *text, const char *packet,
                 size_t size)
{
  memset(&mysql, 0, sizeof mysql);
  memset(buffer, 0, sizeof buffer);
  memcpy(buffer, packet, size);
  mysql.net.pvio = (void *)buffer; /* only whether there is one matters */
  mysql.net.buff = buffer;
  mysql.net.buff_end = buffer + sizeof buffer - 1;
  mysql.net.read_pos = buffer;
  mysql.net.last_errno = number;
  snprintf(mysql.net.sqlstate, sizeof mysql.net.sqlstate, "%s", sqlstate);
  snprintf(mysql.net.last_error, sizeof mysql.net.last_error, "%s", text);
}

#define PACKET(bytes) bytes, sizeof bytes - 1

static void must_be(bool by_server, unsigned number, const char *sqlstate, const char *message)
{
  aurora__call_error_t error = aurora__call_error(&mysql, NULL);

  ck_assert_int_eq(error.by_server, by_server);
  ck_assert_uint_eq(error.number, number);
  ck_assert_str_eq(error.sqlstate, sqlstate);
  ck_assert_str_eq(error.message, message);
  ck_assert_int_eq(aurora__session_survives(&error),
                   by_server && number != ER_NET_PACKET_TOO_LARGE);
}

START_TEST(by_number)
{
  have(1062, "23000", "Duplicate", PACKET("\xff\x26\x04#23000Duplicate"));
  must_be(true, 1062, "23000", "Duplicate");
  have(1153, "08S01", "Too large", PACKET("\xff\x81\x04#08S01Too large"));
  must_be(true, 1153, "08S01", "Too large");
  have(CR_SERVER_LOST, "HY000", "Lost", PACKET("\x05rest of a row"));
  must_be(false, CR_SERVER_LOST, "HY000", "Lost");
  have(CR_MALFORMED_PACKET, "HY000", "Malformed", PACKET("\xfe\xff\xff\xff"));
  must_be(false, CR_MALFORMED_PACKET, "HY000", "Malformed");
}
END_TEST

START_TEST(by_packet)
{
  /* As libmariadb 3.3 says it, and 3.4. */
  have(2006, "45000", "ours", PACKET("\xff\xd6\x07#45000ours"));
  must_be(true, 2006, "45000", "ours");
  have(CR_MALFORMED_PACKET, "HY000", "Malformed", PACKET("\xff\xd6\x07#45000ours"));
  must_be(true, 2006, "45000", "ours");
  have(CR_MALFORMED_PACKET, "HY000", "Malformed", PACKET("\xff\x89\x13#45000"));
  must_be(true, 5001, "45000", "");
  have(2006, "HY000", "no state", PACKET("\xff\xd6\x07no state"));
  must_be(true, 2006, "HY000", "no state");
  have(2006, "HY000", "#450", PACKET("\xff\xd6\x07#450"));
  must_be(true, 2006, "HY000", "#450");
}
END_TEST

START_TEST(by_another_packet)
{
  /* One of an earlier statement. */
  have(CR_SERVER_GONE_ERROR, "HY000", "Gone", PACKET("\xff\xdd\x07#45000ours"));
  must_be(false, CR_SERVER_GONE_ERROR, "HY000", "Gone");
  have(CR_MALFORMED_PACKET, "HY000", "Malformed", PACKET("\xff\x26\x04#23000Duplicate"));
  must_be(false, CR_MALFORMED_PACKET, "HY000", "Malformed");
  /* The connection has ended; the buffer is another one. */
  have(2006, "HY000", "Gone", PACKET("\xff\xd6\x07#45000ours"));
  mysql.net.pvio = NULL;
  must_be(false, 2006, "HY000", "Gone");
  have(2006, "HY000", "Gone", PACKET("\xff\xd6\x07#45000ours"));
  mysql.net.buff = buffer + 128;
  must_be(false, 2006, "HY000", "Gone");
}
END_TEST

START_TEST(a_number_means_something_with_its_sqlstate)
{
  static const struct {
    unsigned number;
    const char *sqlstate;
  } table[] = {{ER_LOCK_DEADLOCK, "40001"},
               {ER_LOCK_WAIT_TIMEOUT, "HY000"},
               {ER_QUERY_INTERRUPTED, "70100"},
               {ER_NET_PACKET_TOO_LARGE, "08S01"},
               {ER_UNKNOWN_STMT_HANDLER, "HY000"},
               {ER_NEED_REPREPARE, "HY000"},
               {ER_UNSUPPORTED_PS, "HY000"},
               {ER_OPTION_PREVENTS_STATEMENT, "HY000"},
               {4031, "HY000"},
               {1836, "HY000"}};

  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    ck_assert(aurora__is_error(table[i].number, table[i].sqlstate, table[i].number));
    ck_assert(!aurora__is_error(table[i].number, "45000", table[i].number));
    ck_assert(!aurora__is_error(table[i].number, "", table[i].number));
    ck_assert(!aurora__is_error(1, table[i].sqlstate, table[i].number));
  }
}
END_TEST

START_TEST(the_server_closes_after_an_error_of_its_network)
{
  aurora__call_error_t error = {.by_server = true, .message = "of the network"};

  for (error.number = 1152; error.number <= 1162; error.number++) {
    strcpy(error.sqlstate, "08S01");
    ck_assert_int_eq(aurora__session_survives(&error),
                     error.number == 1152 || error.number == 1162);
    strcpy(error.sqlstate, "45000");
    ck_assert(aurora__session_survives(&error));
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("call-error");
  TCase *tcase = tcase_create("call-error");

  tcase_add_test(tcase, by_number);
  tcase_add_test(tcase, by_packet);
  tcase_add_test(tcase, by_another_packet);
  tcase_add_test(tcase, the_server_closes_after_an_error_of_its_network);
  tcase_add_test(tcase, a_number_means_something_with_its_sqlstate);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  aurora__internals_look();
  return test_run(make_suite());
}
