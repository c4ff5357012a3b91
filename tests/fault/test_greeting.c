/*
 * What a server's greeting lets a client send: nothing before it is whole and understood, however it is cut into
 * segments; nothing at all where TLS is required and not offered; and never a password in clear over TCP.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "client.h"
#include "support/certificates.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/runner.h"
#include "teller.h"

enum { ROOM = 40000, PATIENCE_MS = 3000 };
enum { TLS = 0x0800, PROTOCOL_41 = 0x0200, SECURE = 0x8000, PLUGINS = 0x80000, USUAL = 0xf7fe };

static const char password[] = "not-for-the-wire";
static char directory[] = "/tmp/aurora-greeting-XXXXXX";
static certificates_t certificates;

typedef struct {
  unsigned char bytes[ROOM];
  size_t size;
} greeting_t;

static void add(greeting_t *greeting, const void *bytes, size_t size)
{
  memcpy(greeting->bytes + greeting->size, bytes, size);
  greeting->size += size;
}

static void finish(greeting_t *greeting, unsigned char sequence)
{
  size_t size = greeting->size - 4;

  greeting->bytes[0] = (unsigned char)size;
  greeting->bytes[1] = (unsigned char)(size >> 8);
  greeting->bytes[2] = (unsigned char)(size >> 16);
  greeting->bytes[3] = sequence;
}

static greeting_t make_greeting(size_t version_size, unsigned capabilities)
{
  static const char plugin[] = "caching_sha2_password";
  static const char zeros[16];
  greeting_t greeting = {.size = 4};
  unsigned char word[2];

  add(&greeting, "\x0a", 1);
  for (size_t i = 0; i < version_size; i++)
    add(&greeting, &"8.0.36-"[i % 7], 1);
  add(&greeting, "\0\7\0\0\0abcdefgh\0", 14);
  word[0] = (unsigned char)capabilities;
  word[1] = (unsigned char)(capabilities >> 8);
  add(&greeting, word, 2);
  add(&greeting, "\x2d\2\0", 3);
  word[0] = (unsigned char)(capabilities >> 16);
  word[1] = (unsigned char)(capabilities >> 24);
  add(&greeting, word, 2);
  add(&greeting, "\x15", 1);
  add(&greeting, zeros, 10);
  add(&greeting, "ijklmnopqrst", 13);
  add(&greeting, plugin, sizeof plugin);
  finish(&greeting, 0);
  return greeting;
}

typedef struct {
  aurora_ssl_mode_t mode;
  bool with_certificate; /* the client has one */
  uint64_t timeout_ms;
} how_t;

/* One connect; what the server was sent. */
static size_t connect_to(const teller_options_t *options, const how_t *how, int code,
                         unsigned char *heard, const char *says)
{
  teller_t *teller = teller_start(options);
  aurora_config_t config = client_config_of_port(options->path ? 1 : teller_port(teller), false);
  client_t client;
  reply_t reply;

  config.unix_socket = options->path;
  config.password = password;
  config.ssl_mode = how->mode;
  config.ssl_ca = how->mode > AURORA_SSL_REQUIRED ? certificates.ca : NULL;
  if (how->with_certificate) {
    config.ssl_cert = certificates.client_cert;
    config.ssl_key = certificates.client_key;
  }
  config.connect_timeout = how->timeout_ms;
  client_open(&client, &config);
  client_ask(&client, &reply, "SELECT 1");
  fixture_wait(&client.fixture, &reply);
  reply_must_be(&reply, code);
  ck_assert_msg(strstr(reply.error.message, says) != NULL, "%s", reply.error.message);
  client_close(&client, 0);
  return teller_stop(teller, heard, ROOM);
}

static void must_hear_nothing(const greeting_t *greeting, const teller_options_t *how_said,
                              aurora_ssl_mode_t mode, int code)
{
  teller_options_t options = *how_said;
  const how_t how = {mode, false, PATIENCE_MS};
  static unsigned char heard[ROOM];

  options.bytes = greeting->bytes;
  options.size = greeting->size;
  ck_assert_uint_eq(connect_to(&options, &how, code, heard, ""), 0);
}

static const aurora_ssl_mode_t strict[] = {AURORA_SSL_REQUIRED, AURORA_SSL_VERIFY_CA,
                                           AURORA_SSL_VERIFY_IDENTITY};

START_TEST(a_greeting_without_tls_cut_at_every_byte)
{
  greeting_t greeting = make_greeting(6, (USUAL | PLUGINS) & ~(unsigned)TLS);

  for (size_t cut = 0; cut < greeting.size; cut++)
    must_hear_nothing(&greeting, &(teller_options_t){.cut = cut}, strict[_i], AURORA_ETLS);
  must_hear_nothing(&greeting, &(teller_options_t){.piece = 1}, strict[_i], AURORA_ETLS);
}
END_TEST

START_TEST(a_long_greeting_without_tls)
{
  static const size_t versions[] = {62, 255, 500, 511, 512, 1000, 4096, 16000};

  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    greeting_t greeting = make_greeting(versions[i], (USUAL | PLUGINS) & ~(unsigned)TLS);

    must_hear_nothing(&greeting, &(teller_options_t){0}, strict[_i], AURORA_ETLS);
    must_hear_nothing(&greeting, &(teller_options_t){.piece = 300}, strict[_i], AURORA_ETLS);
  }
}
END_TEST

/* A Unix socket connects at once, and the greeting may have come before libmariadb waits for it. */
START_TEST(a_unix_socket_without_tls)
{
  greeting_t greeting = make_greeting(6, (USUAL | PLUGINS) & ~(unsigned)TLS);
  char path[64];

  snprintf(path, sizeof path, "%s/socket", directory);
  for (size_t cut = 0; cut < greeting.size; cut += 5)
    must_hear_nothing(&greeting, &(teller_options_t){.path = path, .cut = cut}, strict[_i],
                      AURORA_ETLS);
  for (int i = 0; i < 20; i++)
    must_hear_nothing(&greeting, &(teller_options_t){.path = path}, strict[_i], AURORA_ETLS);
}
END_TEST

static greeting_t make_foreign(int kind)
{
  greeting_t greeting = make_greeting(6, USUAL | PLUGINS), whole;

  switch (kind) {
  case 0: /* longer than is waited for */
    return make_greeting(20000, USUAL | PLUGINS);
  case 1: /* the version has no end */
    greeting.size = 4;
    add(&greeting,
        "\x0a"
        "8.0.36-8.0.36-8.0.36-8.0.36-8.0.36-8.0.36",
        42);
    finish(&greeting, 0);
    break;
  case 2: /* of a server before 4.1 */
    greeting = make_greeting(6, (USUAL | PLUGINS) & ~(unsigned)PROTOCOL_41);
    break;
  case 3: /* with a password hash of then */
    greeting = make_greeting(6, (USUAL | PLUGINS) & ~(unsigned)SECURE);
    break;
  case 4: /* without the second part of the scramble */
    greeting.size = 4 + 1 + 7 + 4 + 9 + 2 + 3;
    finish(&greeting, 0);
    break;
  case 5:
    greeting.bytes[4] = 9;
    break;
  case 6:
    greeting.bytes[3] = 1;
    break;
  case 7: /* what an attacker in between would have taken for the answer within TLS */
    add(&greeting, "\7\0\0\2\0\0\0\2\0\0\0", 11);
    break;
  case 8:
    greeting.size = 0;
    add(&greeting, "SSH-2.0-OpenSSH_9.2p1\r\n", 23);
    break;
  case 9:
    greeting.size = 0;
    add(&greeting, "\0\0\0\0", 4);
    break;
  case 10: /* a report of progress, and then a greeting */
    greeting = (greeting_t){.size = 0};
    add(&greeting, "\x08\0\0\0\xff\xff\xff\1\1\1\0\0", 12);
    whole = make_greeting(6, (USUAL | PLUGINS) & ~(unsigned)TLS);
    whole.bytes[3] = 1;
    add(&greeting, whole.bytes, whole.size);
    break;
  }
  return greeting;
}

enum { FOREIGN_KINDS = 11 };

START_TEST(what_is_no_greeting_is_answered_in_no_mode)
{
  greeting_t greeting = make_foreign(_i);

  for (int mode = AURORA_SSL_DISABLED; mode <= AURORA_SSL_VERIFY_IDENTITY; mode++) {
    must_hear_nothing(&greeting, &(teller_options_t){0}, (aurora_ssl_mode_t)mode, AURORA_EPROTOCOL);
    if (_i != 7) /* which is a greeting until more comes */
      must_hear_nothing(&greeting, &(teller_options_t){.cut = 9}, (aurora_ssl_mode_t)mode,
                        AURORA_EPROTOCOL);
  }
}
END_TEST

/* As MySQL does when it has waited too long for the login. */
START_TEST(an_error_behind_the_greeting_is_the_servers)
{
  static const char error[] = "\x14\0\0\1\xff\x87\4#08S01Got timeout";
  greeting_t greeting = make_greeting(6, USUAL | PLUGINS);
  teller_options_t options = {.bytes = greeting.bytes};
  const how_t how = {(aurora_ssl_mode_t)_i, false, PATIENCE_MS};
  static unsigned char heard[ROOM];

  add(&greeting, error, sizeof error - 1);
  options.size = greeting.size;
  ck_assert_uint_eq(connect_to(&options, &how, AURORA_ESERVER, heard, "Got timeout"), 0);
  for (size_t cut = 1; cut < sizeof error - 1; cut++) {
    options.cut = options.size - cut;
    ck_assert_uint_eq(connect_to(&options, &how, AURORA_ESERVER, heard, "Got timeout"), 0);
  }
}
END_TEST

/* While a part is there poll would not wait. */
START_TEST(half_a_greeting_costs_no_time)
{
  greeting_t greeting = make_greeting(6, USUAL | PLUGINS);
  const teller_options_t options = {.bytes = greeting.bytes, .size = greeting.size - 1};
  const how_t how = {AURORA_SSL_PREFERRED, false, 500};
  static unsigned char heard[ROOM];
  clock_t began = clock();
  double spent;

  ck_assert_uint_eq(connect_to(&options, &how, UV_ETIMEDOUT, heard, ""), 0);
  spent = (double)(clock() - began) * 1000 / CLOCKS_PER_SEC;
  ck_assert_msg(spent < (double)slowly(200), "%.0f ms of CPU", spent);
}
END_TEST

/* The descriptors that are connected to this port; how many of them a program that is executed now would inherit. */
static unsigned connected_to(unsigned port, unsigned *ret_inherited)
{
  unsigned count = 0;

  *ret_inherited = 0;
  for (int fd = 0; fd < 1024; fd++) {
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;

    if (getpeername(fd, (struct sockaddr *)&peer, &size) || peer.sin_family != AF_INET ||
        ntohs(peer.sin_port) != port)
      continue;
    count++;
    *ret_inherited += !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  return count;
}

static bool nobody_inherits_it(void *data)
{
  unsigned inherited;

  return connected_to(*(unsigned *)data, &inherited) > 0 && !inherited;
}

/* The server is silent: the connect stands before the greeting. */
START_TEST(a_socket_is_closed_on_exec_before_the_login)
{
  const teller_options_t options = {.bytes = ""};
  teller_t *teller = teller_start(&options);
  unsigned port = teller_port(teller);
  aurora_config_t config = client_config_of_port(port, false);
  static unsigned char heard[ROOM];
  client_t client;
  reply_t reply;

  config.connect_timeout = 2 * PATIENCE_MS;
  client_open(&client, &config);
  client_ask(&client, &reply, "SELECT 1");
  loop_run_until_true(&client.fixture.loop, nobody_inherits_it, &port, PATIENCE_MS);
  ck_assert(!reply.done);
  client_close(&client, 0);
  ck_assert_uint_eq(teller_stop(teller, heard, ROOM), 0);
}
END_TEST

/* The server knows no hash of the password: it wants all of it. */
START_TEST(no_password_in_clear_over_tcp)
{
  static const unsigned char full_login[] = {2, 0, 0, 2, 1, 4};
  enum { REQUEST_PUBLIC_KEY = 2 };
  greeting_t greeting = make_greeting(6, (USUAL | PLUGINS) & ~(unsigned)TLS);
  teller_options_t options = {.bytes = greeting.bytes,
                              .size = greeting.size,
                              .answer = full_login,
                              .answer_size = sizeof full_login};
  const how_t how = {_i ? AURORA_SSL_PREFERRED : AURORA_SSL_DISABLED, _i == 2, 500};
  static unsigned char heard[ROOM];

  for (options.cut = 0; options.cut < 60; options.cut += 20) {
    size_t size = connect_to(&options, &how, UV_ETIMEDOUT, heard, "");

    ck_assert_uint_gt(size, 0);
    ck_assert_ptr_null(memmem(heard, size, password, strlen(password)));
    ck_assert_uint_eq(heard[size - 1], REQUEST_PUBLIC_KEY);
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("greeting");
  TCase *tcase = tcase_create("greeting");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_greeting_without_tls_cut_at_every_byte, 0, 3);
  tcase_add_loop_test(tcase, a_long_greeting_without_tls, 0, 3);
  tcase_add_loop_test(tcase, a_unix_socket_without_tls, 0, 3);
  tcase_add_loop_test(tcase, what_is_no_greeting_is_answered_in_no_mode, 0, FOREIGN_KINDS);
  tcase_add_loop_test(tcase, an_error_behind_the_greeting_is_the_servers, 0,
                      AURORA_SSL_VERIFY_IDENTITY + 1);
  tcase_add_test(tcase, half_a_greeting_costs_no_time);
  tcase_add_test(tcase, a_socket_is_closed_on_exec_before_the_login);
  tcase_add_loop_test(tcase, no_password_in_clear_over_tcp, 0, 3);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (!mkdtemp(directory) || certificates_make(directory, &certificates))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  files_remove_tree(directory);
  return status;
}
