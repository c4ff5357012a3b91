/*
 * What each mode of TLS accepts, whatever libmariadb thinks of local addresses: modes, certificates, and names on
 * 127.0.0.1 and ::1. Where the verdict is bad no byte of the login leaves, neither in clear nor within TLS.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "support/certificates.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/runner.h"
#include "tls_teller.h"

static char directory[] = "/tmp/aurora-tls-table-XXXXXX";
static certificates_t certificates;

/* Names end in ".example"; they lead to where the server of the test is. */
static const char *address;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret_list)
{
  int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

  *(void **)&original = dlsym(RTLD_NEXT, "getaddrinfo");
  if (node && strcasestr(node, ".example")) {
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};

    return original(address, service, &numeric, ret_list);
  }
  return original(node, service, hints, ret_list);
}

/* What is wrong: with the chain, with the name. NO_TLS: there is none. */
typedef enum { RIGHT, WRONG_NAME, BAD_CHAIN, NO_TLS } fault_t;

typedef struct {
  certificate_kind_t certificate; /* CERTIFICATE_KINDS: no TLS */
  const char *host;               /* NULL: the address */
  fault_t fault;
} row_t;

static const row_t rows[] = {
    {CERTIFICATE_NAMES, "db.example", RIGHT},
    {CERTIFICATE_NAMES, "DB.EXAMPLE", RIGHT},
    {CERTIFICATE_NAMES, "x.db.example", WRONG_NAME},
    {CERTIFICATE_NAMES, "example.example", WRONG_NAME},
    {CERTIFICATE_NAMES, NULL, WRONG_NAME}, /* an address is no name */
    {CERTIFICATE_NAMES, "one.wild.example", RIGHT},
    {CERTIFICATE_NAMES, "one.two.wild.example", WRONG_NAME},
    {CERTIFICATE_NAMES, "wild.example", WRONG_NAME},
    {CERTIFICATE_ADDRESSES, NULL, RIGHT},
    {CERTIFICATE_ADDRESSES, "db.example", WRONG_NAME},
    {CERTIFICATE_WRONG_NAME, "db.example", WRONG_NAME},
    {CERTIFICATE_WRONG_NAME, NULL, WRONG_NAME},
    {CERTIFICATE_OTHER_CA, NULL, BAD_CHAIN},
    {CERTIFICATE_OTHER_CA, "db.example", BAD_CHAIN},
    {CERTIFICATE_EXPIRED, NULL, BAD_CHAIN},
    {CERTIFICATE_EXPIRED, "db.example", BAD_CHAIN},
    {CERTIFICATE_SELF_SIGNED, NULL, BAD_CHAIN},
    {CERTIFICATE_SELF_SIGNED, "db.example", BAD_CHAIN},
    {CERTIFICATE_KINDS, NULL, NO_TLS},
    {CERTIFICATE_KINDS, "db.example", NO_TLS},
};
enum { ROWS = sizeof rows / sizeof *rows };

typedef enum { REFUSED, PLAIN, ENCRYPTED } outcome_t;

/* By what is wrong. There is a CA, so that the default is VERIFY_IDENTITY. */
static const outcome_t outcomes[][NO_TLS + 1] = {
    [AURORA_SSL_DEFAULT] = {ENCRYPTED, REFUSED, REFUSED, REFUSED},
    [AURORA_SSL_DISABLED] = {PLAIN, PLAIN, PLAIN, PLAIN},
    [AURORA_SSL_PREFERRED] = {ENCRYPTED, ENCRYPTED, ENCRYPTED, PLAIN},
    [AURORA_SSL_REQUIRED] = {ENCRYPTED, ENCRYPTED, ENCRYPTED, REFUSED},
    [AURORA_SSL_VERIFY_CA] = {ENCRYPTED, ENCRYPTED, REFUSED, REFUSED},
    [AURORA_SSL_VERIFY_IDENTITY] = {ENCRYPTED, REFUSED, REFUSED, REFUSED},
};

/* The server closes after the login, so that every connect fails: by its own verdict, or then. */
static tls_told_t connect_once(const row_t *row, aurora_ssl_mode_t mode, bool ipv6, int *ret_code)
{
  bool has_tls = row->certificate < CERTIFICATE_KINDS;
  const tls_teller_options_t options = {
      .ipv6 = ipv6,
      .certificate = has_tls ? certificates.server_cert[row->certificate] : NULL,
      .key = certificates.server_key};
  tls_teller_t *teller = tls_teller_start(&options);
  aurora_config_t config;
  client_t client;
  reply_t reply;

  ck_assert_ptr_nonnull(teller);
  config = client_config_of_port(tls_teller_port(teller), false);
  config.host = row->host ? row->host : address;
  config.ssl_mode = mode;
  config.ssl_ca = certificates.ca;
  client_open(&client, &config);
  client_ask_patiently(&client, &reply, "SELECT 1", 0);
  fixture_wait(&client.fixture, &reply);
  *ret_code = reply.code;
  client_close(&client, 0);
  return tls_teller_stop(teller);
}

static void must_be(const row_t *row, aurora_ssl_mode_t mode, bool ipv6)
{
  outcome_t wanted = outcomes[mode][row->fault];
  int code;
  tls_told_t told = connect_once(row, mode, ipv6, &code);
  outcome_t outcome = told.plain ? PLAIN : told.encrypted ? ENCRYPTED : REFUSED;

  ck_assert_msg(outcome == wanted && told.connections &&
                    (outcome != REFUSED || code == AURORA_ETLS),
                "mode %d, host %s: outcome %d, code %d, %zu bytes plain, %zu encrypted", mode,
                row->host ? row->host : address, outcome, code, told.plain, told.encrypted);
}

START_TEST(modes_and_certificates)
{
  bool ipv6 = _i >= ROWS;
  tls_teller_t *probe = tls_teller_start(&(tls_teller_options_t){.ipv6 = ipv6});

  if (!probe) { /* a machine without ::1 */
    ck_assert(ipv6);
    return;
  }
  tls_teller_stop(probe);
  address = ipv6 ? "::1" : "127.0.0.1";
  for (int mode = AURORA_SSL_DEFAULT; mode <= AURORA_SSL_VERIFY_IDENTITY; mode++)
    must_be(&rows[_i % ROWS], (aurora_ssl_mode_t)mode, ipv6);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("tls-table");
  TCase *tcase = tcase_create("tls-table");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, modes_and_certificates, 0, 2 * ROWS);
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
