/*
 * Names: a resolver that is slow, fails or hangs holds up nobody beyond connect_timeout, nor a close at all; and of
 * several addresses those that do not answer leave time for the others.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "support/loop.h"
#include "support/runner.h"

enum { CONNECT_TIMEOUT_MS = 300, LATE_MS = 2000, STALL_MS = 250, MOST = 4 };

static database_t database;

/* --- A resolver of our own ---------------------------------------------------------------------- */

static atomic_uint slow_lookup_ms;
static atomic_uint look_ups;
static atomic_uint again; /* so many times the resolver says: later */
static const char *addresses_of_several[MOST];

static struct addrinfo *make_list(const char *const *texts, const char *service)
{
  struct addrinfo *list = NULL;
  struct addrinfo **end = &list;

  for (; *texts; texts++) {
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    *(void **)&original = dlsym(RTLD_NEXT, "getaddrinfo");
    if (original(*texts, service, &hints, end))
      abort();
    end = &(*end)->ai_next;
  }
  return list;
}

/* Stands in for the C library's, also where libmariadb calls it: no test asks a name server. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_list)
{
  int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

  if (node && strstr(node, ".example"))
    atomic_fetch_add(&look_ups, 1);
  if (node && !strcmp(node, "nowhere.example"))
    return EAI_NONAME;
  if (node && !strcmp(node, "slow.example")) {
    usleep(atomic_load(&slow_lookup_ms) * 1000);
    return EAI_NONAME;
  }
  if (node && !strcmp(node, "several.example")) {
    if (atomic_load(&again)) {
      atomic_fetch_sub(&again, 1);
      return EAI_AGAIN;
    }
    *ret_list = make_list(addresses_of_several, service);
    return 0;
  }
  *(void **)&original = dlsym(RTLD_NEXT, "getaddrinfo");
  return original(node, service, hints, ret_list);
}

/* --- Slow, and in vain -------------------------------------------------------------------------- */

START_TEST(a_name_that_does_not_resolve)
{
  aurora_config_t config = client_config_of_port(3306, false);
  client_t client;
  reply_t answer;

  config.host = "nowhere.example";
  config.connect_timeout = CONNECT_TIMEOUT_MS;
  client_open(&client, &config);
  client_ask(&client, &answer, "SELECT 1");
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, AURORA_ECONNECT);
  ck_assert_ptr_nonnull(strstr(answer.error.message, "nowhere.example:3306"));
  ck_assert_uint_le(reply_took(&answer), CONNECT_TIMEOUT_MS + slowly(LATE_MS));
  client_close(&client, 0);
}
END_TEST

/* Nothing can reach a thread that waits for a name server; the callback comes all the same. */
START_TEST(a_name_server_that_is_slow)
{
  aurora_config_t config = client_config_of_port(3306, false);
  client_t client;
  reply_t answer;
  double gap;

  slow_lookup_ms = 1000;
  config.host = "slow.example";
  config.connect_timeout = CONNECT_TIMEOUT_MS;
  client_open(&client, &config);
  client_watch(&client);
  client_ask(&client, &answer, "SELECT 1");
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  ck_assert_ptr_nonnull(strstr(answer.error.message, "slow.example:3306"));
  ck_assert_ptr_nonnull(strstr(answer.error.message, "name"));
  ck_assert_uint_ge(reply_took(&answer), CONNECT_TIMEOUT_MS);
  ck_assert_uint_le(reply_took(&answer), CONNECT_TIMEOUT_MS + slowly(LATE_MS));
  gap = client_watched(&client);
  ck_assert_msg(gap < (double)slowly(STALL_MS), "the loop stood still for %.1f ms", gap);
  client_close(&client, 0);
}
END_TEST

/* One look-up of a name for all who ask; and its thread is none of libuv's. */
START_TEST(slow_look_ups_hold_no_thread)
{
  enum { QUERIES = 6 };
  aurora_config_t config = client_config_of_port(3306, false);
  aurora_stats_t stats;
  client_t client;
  reply_t answer;

  slow_lookup_ms = 1500;
  config.host = "slow.example";
  config.connect_timeout = 50;
  config.max_connecting = 2;
  client_open(&client, &config);
  for (int i = 0; i < QUERIES; i++) {
    client_ask(&client, &answer, "SELECT 1");
    fixture_wait(&client.fixture, &answer);
    reply_must_be(&answer, UV_ETIMEDOUT);
  }
  aurora_pool_stats(client.fixture.pool, &stats);
  ck_assert_uint_ge(stats.connect_failed, 1);
  ck_assert_uint_eq(atomic_load(&look_ups), 1);
  client_close(&client, 0);
}
END_TEST

/* Whether the look-up has begun or waits for a thread, in a connect or in a kill. */
START_TEST(a_close_waits_for_no_name)
{
  aurora_config_t config = client_config_of_port(3306, false);
  uint64_t began;
  client_t client;
  reply_t answer;

  slow_lookup_ms = 5000;
  config.host = "slow.example";
  config.connect_timeout = 60000;
  client_open(&client, &config);
  client_ask(&client, &answer, "SELECT 1");
  loop_run_for(&client.fixture.loop, _i ? 50 : 0);
  began = now_ms();
  client_close(&client, _i == 2 ? 100 : 0); /* uv_loop_close is 0 there */
  ck_assert_uint_eq(answer.calls, 1);
  ck_assert_uint_lt(now_ms() - began, 100 + slowly(500));
}
END_TEST

/* --- Several addresses -------------------------------------------------------------------------- */

/* Listens on another address of the same port, and says nothing. */
static int listen_silently(const char *text, unsigned port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(listen(fd, 16), 0);
  return fd;
}

/* 127.0.0.2 is silent; of 127.0.0.3 and the IPv6 address nobody is there. */
static const struct {
  const char *addresses[MOST];
  uint64_t at_least, at_most; /* ms */
} walks[] = {
    {{"127.0.0.1"}, 0, 900},
    {{"127.0.0.2", "127.0.0.1"}, 900, 1800},
    {{"127.0.0.3", "127.0.0.1"}, 0, 900},
    {{"::1", "127.0.0.1"}, 0, 900},
    {{"::1", "127.0.0.3", "127.0.0.1"}, 0, 900},
    {{"127.0.0.1", "127.0.0.2"}, 0, 900},
};

START_TEST(an_address_that_is_silent_leaves_time_for_the_next)
{
  aurora_config_t config = client_config(&database, false);
  int silent = listen_silently("127.0.0.2", database.port);
  client_t client;
  uint64_t began;

  memcpy(addresses_of_several, walks[_i].addresses, sizeof addresses_of_several);
  config.host = "several.example";
  config.connect_timeout = 2000;
  client_open(&client, &config);
  began = now_ms();
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 42"), 42);
  ck_assert_uint_ge(now_ms() - began, walks[_i].at_least);
  ck_assert_uint_le(now_ms() - began, slowly(walks[_i].at_most));
  client_close(&client, 1000);
  close(silent);
}
END_TEST

START_TEST(a_resolver_that_cannot_tell_yet_is_asked_again)
{
  aurora_config_t config = client_config(&database, false);
  client_t client;

  addresses_of_several[0] = "127.0.0.1";
  addresses_of_several[1] = NULL;
  again = 3;
  config.host = "several.example";
  client_open(&client, &config);
  ck_assert_int_eq(fixture_number(&client.fixture, "SELECT 42"), 42);
  ck_assert_uint_eq(atomic_load(&look_ups), 4);
  client_close(&client, 1000);
}
END_TEST

START_TEST(all_addresses_are_silent)
{
  aurora_config_t config = client_config(&database, false);
  int first = listen_silently("127.0.0.2", database.port);
  int second = listen_silently("127.0.0.3", database.port);
  client_t client;
  reply_t answer;

  addresses_of_several[0] = "127.0.0.2";
  addresses_of_several[1] = "127.0.0.3";
  addresses_of_several[2] = NULL;
  config.host = "several.example";
  config.connect_timeout = 700;
  client_open(&client, &config);
  client_ask(&client, &answer, "SELECT 1");
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, UV_ETIMEDOUT);
  ck_assert_uint_ge(reply_took(&answer), 700);
  ck_assert_uint_le(reply_took(&answer), 700 + slowly(LATE_MS));
  client_close(&client, 0);
  close(first);
  close(second);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("names");
  TCase *tcase = tcase_create("names");

  tcase_set_timeout(tcase, 30);
  tcase_add_test(tcase, a_name_that_does_not_resolve);
  tcase_add_test(tcase, a_name_server_that_is_slow);
  tcase_add_test(tcase, slow_look_ups_hold_no_thread);
  tcase_add_loop_test(tcase, a_close_waits_for_no_name, 0, 3);
  tcase_add_loop_test(tcase, an_address_that_is_silent_leaves_time_for_the_next, 0,
                      sizeof walks / sizeof *walks);
  tcase_add_test(tcase, a_resolver_that_cannot_tell_yet_is_asked_again);
  tcase_add_test(tcase, all_addresses_are_silent);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (database_start(&database, NULL))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
