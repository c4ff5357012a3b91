/*
 * The fault proxy tested with plain blocking sockets at both of its ends, and with a real server.
 */
#include "support/database_test.h"
#include "support/fault_proxy.h"
#include "support/loop.h"
#include "support/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 512 * 1024, SILENCE_MS = 100 };

static port_t port;
static int listener;
static unsigned descriptors;
static fault_proxy_t *proxy;

static void set_up(void)
{
  descriptors = open_descriptors();
  listener = port_bind(&port);
  ck_assert_int_ge(listener, 0);
  ck_assert_int_eq(listen(listener, 16), 0);
  ck_assert_int_eq(fault_proxy_start("127.0.0.1", port.number, NULL, &proxy), 0);
}

static void tear_down(void)
{
  fault_proxy_stop(proxy);
  close(listener);
  port_release(&port);
  ck_assert_uint_eq(open_descriptors(), descriptors);
}

/* A call with such a time-out is interrupted (EINTR) where the process was stopped and goes on. */
static void set_patience(int fd, unsigned ms)
{
  struct timeval time = {.tv_sec = ms / 1000, .tv_usec = (int)(ms % 1000) * 1000};

  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time), 0);
}

static int connect_proxy(int *ret_client)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)fault_proxy_port(proxy))};
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_ge(fd, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
    close(fd);
    return -errno;
  }
  set_patience(fd, 5000);
  *ret_client = fd;
  return 0;
}

/* Both ends of a connection through the proxy. */
static void connect_through(int *ret_client, int *ret_server)
{
  ck_assert_int_eq(connect_proxy(ret_client), 0);
  *ret_server = TEMP_FAILURE_RETRY(accept(listener, NULL, NULL));
  ck_assert_int_ge(*ret_server, 0);
  set_patience(*ret_server, 5000);
}

static void send_all(int fd, const void *bytes, size_t size)
{
  ck_assert_int_eq(TEMP_FAILURE_RETRY(send(fd, bytes, size, MSG_NOSIGNAL)), (ssize_t)size);
}

/* Reads until `size` bytes have come or an error, which *ret_error tells (0: end of file). */
static size_t receive(int fd, void *ret_bytes, size_t size, int *ret_error)
{
  size_t have = 0;
  ssize_t got = 1;

  while (have < size &&
         (got = TEMP_FAILURE_RETRY(recv(fd, (char *)ret_bytes + have, size - have, 0))) > 0)
    have += (size_t)got;
  *ret_error = got < 0 ? errno : 0;
  return have;
}

START_TEST(bytes_pass_both_ways)
{
  char *sent = malloc(MUCH);
  char *got = malloc(MUCH);
  fault_counters_t counters;
  int client, server, error;

  for (size_t i = 0; i < MUCH; i++)
    sent[i] = (char)(i * 31 + i / 256);
  connect_through(&client, &server);
  send_all(client, sent, MUCH);
  ck_assert_uint_eq(receive(server, got, MUCH, &error), MUCH);
  ck_assert_int_eq(memcmp(sent, got, MUCH), 0);
  send_all(server, sent, MUCH / 2);
  ck_assert_uint_eq(receive(client, got, MUCH / 2, &error), MUCH / 2);
  ck_assert_int_eq(memcmp(sent, got, MUCH / 2), 0);
  fault_proxy_count(proxy, &counters);
  ck_assert_uint_eq(counters.connections, 1);
  ck_assert_uint_eq(counters.open, 1);
  ck_assert_uint_eq(counters.to_server, MUCH);
  ck_assert_uint_eq(counters.to_client, MUCH / 2);
  /* What a client sent before it went still comes. */
  send_all(client, "quit", 4);
  close(client);
  ck_assert_uint_eq(receive(server, got, 5, &error), 4);
  ck_assert_int_eq(error, 0);
  close(server);
  connect_through(&client, &server);
  send_all(server, "bye", 3);
  close(server);
  ck_assert_uint_eq(receive(client, got, 4, &error), 3);
  ck_assert_int_eq(error, 0);
  close(client);
  free(sent);
  free(got);
}
END_TEST

static const struct {
  fault_cut_t cut;
  int error; /* what a reader meets after the bytes */
} cuts[] = {{FAULT_RESET, ECONNRESET}, {FAULT_FIN, 0}, {FAULT_STALL, EAGAIN}};

START_TEST(it_cuts_after_each_offset)
{
  static const char text[] = "0123456789";

  for (int to_client = 0; to_client < 2; to_client++) {
    for (size_t after = 0; after < sizeof text; after++) {
      fault_script_t script = {.to_server = {.cut = FAULT_NONE}};
      fault_flow_t *flow = to_client ? &script.to_client : &script.to_server;
      int client, server, error;
      int *from = to_client ? &server : &client;
      int *to = to_client ? &client : &server;
      char got[sizeof text];

      flow->cut = cuts[_i].cut;
      flow->after = after;
      fault_proxy_set(proxy, &script);
      connect_through(&client, &server);
      if (flow->cut == FAULT_STALL)
        set_patience(*to, SILENCE_MS / 5);
      if (after) /* else it may be gone already */
        send_all(*from, text, sizeof text);
      ck_assert_uint_eq(receive(*to, got, sizeof got, &error), after);
      ck_assert_int_eq(error, cuts[_i].error);
      ck_assert_int_eq(memcmp(got, text, after), 0);
      close(client);
      close(server);
    }
  }
}
END_TEST

START_TEST(a_script_can_be_for_one_connection)
{
  const fault_script_t script = {.to_client = {.cut = FAULT_FIN, .after = 1}, .once = true};
  int client, server, error;
  char got[2];

  fault_proxy_set(proxy, &script);
  for (size_t i = 0; i < 3; i++) {
    connect_through(&client, &server);
    send_all(server, "ab", 2);
    ck_assert_uint_eq(receive(client, got, 2, &error), i ? 2 : 1);
    ck_assert_int_eq(error, 0);
    close(client);
    close(server);
  }
}
END_TEST

START_TEST(it_corrupts_one_byte)
{
  static const char text[] = "abcdef";

  for (size_t at = 0; at < 6; at++) {
    const fault_script_t script = {.to_client = {.corrupt = true, .corrupt_at = at}};
    char got[6];
    int client, server, error;

    fault_proxy_set(proxy, &script);
    connect_through(&client, &server);
    send_all(server, text, 2);
    ck_assert_uint_eq(receive(client, got, 2, &error), 2);
    send_all(server, text + 2, 4);
    ck_assert_uint_eq(receive(client, got + 2, 4, &error), 4);
    for (size_t i = 0; i < 6; i++)
      ck_assert_int_eq((unsigned char)got[i], i == at ? text[i] ^ 0xff : text[i]);
    close(client);
    close(server);
  }
}
END_TEST

START_TEST(it_delays_and_throttles)
{
  const fault_script_t script = {
      .to_server = {.delay_ms = 50},
      .to_client = {.byte_by_byte = true, .byte_gap_ms = 2},
  };
  uint64_t start;
  char got[40];
  int client, server, error;

  fault_proxy_set(proxy, &script);
  connect_through(&client, &server);
  start = now_ms();
  send_all(client, "hello", 5);
  ck_assert_uint_eq(receive(server, got, 5, &error), 5);
  ck_assert_uint_ge(now_ms() - start, 48);
  start = now_ms();
  send_all(server, "0123456789012345678901234567890123456789", 40);
  ck_assert_int_le(TEMP_FAILURE_RETRY(recv(client, got, sizeof got, 0)), 5);
  ck_assert_uint_ge(receive(client, got, 35, &error), 35);
  ck_assert_uint_ge(now_ms() - start, 60);
  close(client);
  close(server);
}
END_TEST

START_TEST(a_living_connection_falls_into_a_hole_and_comes_back)
{
  const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};
  fault_counters_t counters;
  char got[8];
  int client, server, error;

  connect_through(&client, &server);
  send_all(client, "a", 1);
  ck_assert_uint_eq(receive(server, got, 1, &error), 1);
  fault_proxy_apply(proxy, &fault_black_hole);
  send_all(client, "b", 1);
  set_patience(server, SILENCE_MS);
  ck_assert_uint_eq(receive(server, got, 1, &error), 0);
  ck_assert_int_eq(error, EAGAIN);
  fault_proxy_apply(proxy, &pass);
  set_patience(server, 5000);
  ck_assert_uint_eq(receive(server, got, 1, &error), 1);
  ck_assert_int_eq(got[0], 'b');
  /* The client behind a hole does not see that its server goes. */
  fault_proxy_apply(proxy, &fault_black_hole);
  close(server);
  set_patience(client, SILENCE_MS);
  ck_assert_uint_eq(receive(client, got, 1, &error), 0);
  ck_assert_int_eq(error, EAGAIN);
  fault_proxy_apply(proxy, &fault_reset);
  ck_assert_uint_eq(receive(client, got, 1, &error), 0);
  ck_assert_int_eq(error, ECONNRESET);
  fault_proxy_count(proxy, &counters);
  ck_assert_uint_eq(counters.open, 0);
  close(client);
}
END_TEST

START_TEST(it_refuses_and_listens_again)
{
  char got[1];
  int client, server, error;

  ck_assert_int_eq(fault_proxy_listen(proxy, false), 0);
  ck_assert_int_eq(connect_proxy(&client), -ECONNREFUSED);
  ck_assert_int_eq(fault_proxy_listen(proxy, true), 0);
  connect_through(&client, &server);
  close(server);
  ck_assert_uint_eq(receive(client, got, 1, &error), 0);
  ck_assert_int_eq(error, 0);
  close(client);
  /* With its server gone, it accepts and resets. */
  close(listener);
  if (!connect_proxy(&client)) {
    ck_assert_uint_eq(receive(client, got, 1, &error), 0);
    ck_assert_int_eq(error, ECONNRESET);
    close(client);
  }
  listener = port_bind_again(&port);
}
END_TEST

START_TEST(a_real_server_is_reached_through_it)
{
  static const fault_script_t single_bytes = {.to_server = {.byte_by_byte = true},
                                              .to_client = {.byte_by_byte = true}};
  database_t database;
  fault_proxy_t *through;
  fault_counters_t counters;

  ck_assert_int_eq(database_start(&database, NULL), 0);
  ck_assert_int_eq(fault_proxy_start(database.host, database.port, NULL, &through), 0);
  for (int tls = 0; tls < 2; tls++) {
    for (int slow = 0; slow < 2; slow++) {
      MYSQL *mysql = mysql_init(NULL);
      my_bool yes = 1;

      if (tls) {
        mysql_options(mysql, MYSQL_OPT_SSL_CA, database.ca);
        mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
      }
      if (slow)
        fault_proxy_set(through, &single_bytes);
      ck_assert_msg(mysql_real_connect(mysql, "127.0.0.1", DATABASE_USER, DATABASE_PASSWORD,
                                       DATABASE_NAME, fault_proxy_port(through), NULL, 0) != NULL,
                    "%s", mysql_error(mysql));
      ck_assert_int_eq(mysql_query(mysql, "DO 1"), 0);
      fault_proxy_count(through, &counters);
      ck_assert_uint_eq(counters.open, 1);
      fault_proxy_apply(through, &fault_reset);
      ck_assert_int_ne(mysql_query(mysql, "DO 1"), 0);
      mysql_close(mysql);
    }
  }
  fault_proxy_stop(through);
  database_stop(&database);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("fault_proxy");
  TCase *sockets = tcase_create("sockets");
  TCase *server = tcase_create("server");
  int error = database_find();

  if (error)
    return database_not_started(error);
  tcase_set_timeout(sockets, 30);
  tcase_add_checked_fixture(sockets, set_up, tear_down);
  tcase_add_test(sockets, bytes_pass_both_ways);
  tcase_add_loop_test(sockets, it_cuts_after_each_offset, 0, sizeof cuts / sizeof *cuts);
  tcase_add_test(sockets, a_script_can_be_for_one_connection);
  tcase_add_test(sockets, it_corrupts_one_byte);
  tcase_add_test(sockets, it_delays_and_throttles);
  tcase_add_test(sockets, a_living_connection_falls_into_a_hole_and_comes_back);
  tcase_add_test(sockets, it_refuses_and_listens_again);
  suite_add_tcase(suite, sockets);
  tcase_set_timeout(server, 30);
  tcase_add_test(server, a_real_server_is_reached_through_it);
  suite_add_tcase(suite, server);
  return test_run(suite);
}
