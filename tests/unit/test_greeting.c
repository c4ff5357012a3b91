/*
 * What a server's first bytes are, for each length of what has come.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "connection/greeting.h"
#include "support/mysql_packets.h"
#include "support/runner.h"

static void must_be(mysql_packet_t packet, aurora__greeting_t whole)
{
  unsigned char bytes[MYSQL_PACKET_MAX + 1];

  for (size_t size = 0; size < packet.size; size++)
    ck_assert_int_eq(aurora__greeting_read(packet.bytes, size), AURORA__GREETING_PARTIAL);
  ck_assert_int_eq(aurora__greeting_read(packet.bytes, packet.size), whole);
  memcpy(bytes, packet.bytes, packet.size);
  bytes[packet.size] = 0;
  ck_assert_int_eq(aurora__greeting_read(bytes, packet.size + 1),
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
  tcase_add_test(tcase, short_greetings);
  tcase_add_test(tcase, foreign_bytes);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
