/*
 * What a server's first bytes are, for each length of what has come.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "session/greeting.h"
#include "support/mysql_packets.h"
#include "support/runner.h"

static void must_be(mysql_packet_t packet, aurora__greeting_t whole)
{
  unsigned char bytes[MYSQL_PACKET_MAX + 5];

  for (size_t size = 0; size < packet.size; size++)
    ck_assert_int_eq(aurora__greeting_read(packet.bytes, size), AURORA__GREETING_PARTIAL);
  ck_assert_int_eq(aurora__greeting_read(packet.bytes, packet.size), whole);
  memcpy(bytes, packet.bytes, packet.size);
  memset(bytes + packet.size, 0, sizeof bytes - packet.size);
  ck_assert_int_eq(aurora__greeting_read(bytes, packet.size + 5),
                   whole == AURORA__GREETING_ERROR ? whole : AURORA__GREETING_EXCESS);
}

START_TEST(greetings)
{
  must_be(mysql_greeting(true), AURORA__GREETING_TLS);
  must_be(mysql_greeting(false), AURORA__GREETING_PLAIN);
  must_be(mysql_error_packet(0, 1040, NULL, "Too many connections"), AURORA__GREETING_ERROR);
  must_be(mysql_error_packet(0, 1040, NULL, ""), AURORA__GREETING_ERROR);
}
END_TEST

static mysql_packets_t greeting_and(mysql_packet_t next)
{
  mysql_packets_t both = {.size = 0};

  mysql_append(&both, mysql_greeting(true));
  mysql_append(&both, next);
  return both;
}

/* The server has given up waiting for a login. */
START_TEST(an_error_behind_a_greeting)
{
  mysql_packet_t error = mysql_error_packet(1, 1159, "08S01", "Got timeout");
  mysql_packets_t both = greeting_and(error);
  size_t greeting = both.size - error.size, size;
  const unsigned char *payload;

  ck_assert_int_eq(aurora__greeting_read(both.bytes, greeting), AURORA__GREETING_TLS);
  for (size = greeting + 1; size < both.size; size++)
    ck_assert_int_eq(aurora__greeting_read(both.bytes, size), AURORA__GREETING_PARTIAL);
  ck_assert_int_eq(aurora__greeting_read(both.bytes, both.size), AURORA__GREETING_REFUSAL);
  payload = aurora__greeting_refusal(both.bytes, &size);
  ck_assert_uint_eq(size, error.size - MYSQL_PACKET_HEADER);
  ck_assert_ptr_eq(payload, both.bytes + both.size - size);
}
END_TEST

START_TEST(what_else_is_behind_a_greeting)
{
  mysql_packet_t packets[] = {mysql_error_packet(0, 1159, "08S01", "Got timeout"),
                              mysql_error_packet(1, 0xffff, NULL, "xyz"),
                              mysql_raw_packet(1, "\xff", 1),
                              mysql_ok(1),
                              mysql_ok(2),
                              mysql_error_packet(1, 1159, NULL, "too long")};

  packets[sizeof packets / sizeof *packets - 1].bytes[1] = 0x10;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
    mysql_packets_t both = greeting_and(packets[i]);

    ck_assert_int_eq(aurora__greeting_read(both.bytes, both.size), AURORA__GREETING_EXCESS);
  }
}
END_TEST

/* libmariadb passes over it, and takes what comes next for the greeting. */
START_TEST(a_report_of_progress_in_its_place)
{
  mysql_packet_t report = mysql_error_packet(0, 0xffff, NULL, "xyzxyz");

  ck_assert_int_eq(aurora__greeting_read(report.bytes, report.size), AURORA__GREETING_FOREIGN);
}
END_TEST

/* The packet's length says less than is needed to understand it. */
START_TEST(short_greetings)
{
  mysql_packet_t packet = mysql_greeting(true);
  size_t most = packet.size - MYSQL_PACKET_HEADER;
  size_t plugin = sizeof "mysql_native_password";

  for (size_t length = 1; length < most - plugin; length++) {
    packet.bytes[0] = (unsigned char)length;
    ck_assert_int_eq(aurora__greeting_read(packet.bytes, length + MYSQL_PACKET_HEADER),
                     AURORA__GREETING_FOREIGN);
  }
  packet.bytes[0] = (unsigned char)(most - plugin);
  ck_assert_int_eq(aurora__greeting_read(packet.bytes, most - plugin + MYSQL_PACKET_HEADER),
                   AURORA__GREETING_TLS);
}
END_TEST

START_TEST(foreign_bytes)
{
  static const struct {
    const char *bytes;
    size_t size;
    const char *says;
  } cases[] = {
      {"HTTP/1.1 400 Bad Request", 24, "HTTP"},
      {"SSH-2.0-OpenSSH", 15, "SSH"},
      {"\x20\0\0\0\x09", 5, "before MySQL 4.1"},
      {"\x20\0\0\1\x0a", 5, "first bytes"},
      {"\0\0\0\0", 4, "first bytes"},
      {"\xff\xff\xff\0", 4, "first bytes"},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const unsigned char *bytes = (const unsigned char *)cases[i].bytes;

    ck_assert_int_eq(aurora__greeting_read(bytes, cases[i].size), AURORA__GREETING_FOREIGN);
    ck_assert_ptr_nonnull(strstr(aurora__greeting_describe(bytes, cases[i].size), cases[i].says));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("greeting");
  TCase *tcase = tcase_create("greeting");

  tcase_add_test(tcase, greetings);
  tcase_add_test(tcase, an_error_behind_a_greeting);
  tcase_add_test(tcase, what_else_is_behind_a_greeting);
  tcase_add_test(tcase, a_report_of_progress_in_its_place);
  tcase_add_test(tcase, short_greetings);
  tcase_add_test(tcase, foreign_bytes);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
