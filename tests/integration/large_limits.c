/*
 * What fits in the server's max_allowed_packet of 16 MiB, each parameter for itself, and what does not.
 */
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>
#include <openssl/evp.h>

#include "large.h"
#include "libmariadb/internals.h"

enum { DEFAULT_PACKET = 16 * MIB };

static void set_packet_limit(unsigned bytes)
{
  char sql[80];

  snprintf(sql, sizeof sql, "SET GLOBAL max_allowed_packet = %u", bytes);
  ck_assert_int_eq(database_sql(&large_database, sql), 0);
}

/* Sessions take the server's limit when they begin. */
static void set_up(void)
{
  set_packet_limit(DEFAULT_PACKET);
  large_set_up();
}

static void tear_down(void)
{
  fixture_close(&large_fixture);
  set_packet_limit(256 * MIB);
}

/* As SHA2(data, 256) writes it. */
static void hash(const char *data, size_t size, char ret_hex[65])
{
  unsigned char digest[32];

  ck_assert_int_eq(EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL), 1);
  for (size_t i = 0; i < sizeof digest; i++)
    snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

/* Each may be as large as the limit, whatever they are together: here 40 MiB of 16. */
START_TEST(many_large_parameters)
{
  enum { PARAMETERS = 10 };
  char *text = large_pattern(4 * MIB + PARAMETERS);
  aurora_value_t values[PARAMETERS];

  for (unsigned i = 0; i < PARAMETERS; i++)
    values[i] = i % 2 ? aurora_bytes(text + i, 4 * MIB) : aurora_text(text + i, 4 * MIB);
  for (int round = 0; round < 2; round++) {
    reply_t reply =
        fixture_query(&large_fixture,
                      "SELECT SHA2(?, 256), SHA2(?, 256), SHA2(?, 256), SHA2(?, 256), SHA2(?, 256),"
                      " SHA2(?, 256), SHA2(?, 256), SHA2(?, 256), SHA2(?, 256), SHA2(?, 256)",
                      (aurora_params_t){values, PARAMETERS});

    for (unsigned i = 0; i < PARAMETERS; i++) {
      char hex[65];

      hash(text + i, 4 * MIB, hex);
      large_must_be(&reply, i, hex, 64);
    }
    reply_clear(&reply);
  }
  free(text);
}
END_TEST

START_TEST(a_parameter_over_the_default_limit)
{
  char *text = large_pattern(DEFAULT_PACKET + 1);
  int64_t id = fixture_number(&large_fixture, "SELECT CONNECTION_ID()");

  for (int round = 0; round < 2; round++) {
    aurora_error_t error =
        fixture_fail(&large_fixture, "SELECT LENGTH(?)",
                     AURORA_PARAMS(aurora_text(text, DEFAULT_PACKET + 1)), AURORA_ESERVER);

    ck_assert_uint_eq(error.server_errno, ER_UNKNOWN_ERROR);
    ck_assert_int_eq(error.outcome, AURORA_REFUSED);
    ck_assert_ptr_nonnull(strstr(error.message, "max_allowed_packet"));
    ck_assert_int_eq(large_length(text, 5), 5);
    ck_assert_int_eq(large_length(text, DEFAULT_PACKET), DEFAULT_PACKET);
  }
  ck_assert_int_eq(fixture_number(&large_fixture, "SELECT CONNECTION_ID()"), id);
  free(text);
}
END_TEST

static void fail_by_size(const char *sql, aurora_params_t params)
{
  reply_t reply;

  fixture_ask(&large_fixture, &reply, sql, params);
  fixture_wait(&large_fixture, &reply);
  ck_assert_msg(reply.code == AURORA_ELOST || reply.code == AURORA_ESERVER, "%s: %s",
                aurora_err_name(reply.code), reply.error.message);
  if (reply.code == AURORA_ESERVER)
    ck_assert_uint_eq(reply.error.server_errno, ER_NET_PACKET_TOO_LARGE);
  ck_assert_ptr_nonnull(strstr(reply.error.message, "max_allowed_packet"));
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(fixture_number(&large_fixture, "SELECT 42"), 42);
}

START_TEST(a_statement_over_the_default_limit)
{
  static const size_t sizes[] = {DEFAULT_PACKET + 10, DEFAULT_PACKET + MIB, 3 * DEFAULT_PACKET};

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *sql = large_pattern(sizes[i] + 9);

    memcpy(sql, "SELECT '", 8);
    sql[sizes[i] + 8] = '\'';
    fail_by_size(sql, AURORA_NO_PARAMS);
    memcpy(sql, "SELECT ?,'", 10);
    fail_by_size(sql, AURORA_PARAMS(1));
    free(sql);
  }
}
END_TEST

/* Small parameters go together, and are too much together. */
START_TEST(small_parameters_over_the_default_limit)
{
  enum { PARAMETERS = 600 };
  aurora_value_t values[PARAMETERS];
  char *text = large_pattern(30 * KIB);
  char sql[2 * PARAMETERS + 40] = "SELECT LENGTH(CONCAT(?";

  for (unsigned i = 0; i < PARAMETERS; i++)
    values[i] = aurora_text(text, 30 * KIB);
  for (unsigned i = 1; i < PARAMETERS; i++)
    strcat(sql, ",?");
  strcat(sql, "))");
  fail_by_size(sql, (aurora_params_t){values, PARAMETERS});
  free(text);
}
END_TEST

/* The server gives NULL and a warning, or an error where data would be lost. */
START_TEST(a_value_that_the_server_cannot_make)
{
  for (int prepared = 0; prepared < 2; prepared++) {
    reply_t reply =
        prepared ? fixture_query(&large_fixture, "SELECT REPEAT('x', ?)", AURORA_PARAMS(17 * MIB))
                 : fixture_query(&large_fixture, "SELECT REPEAT('x', 17825792)", AURORA_NO_PARAMS);

    ck_assert_int_eq(aurora_result_value(reply.result, 0, 0).type, AURORA_TYPE_NULL);
    /* Of prepared rows they are counted only where libmariadb is known. */
    ck_assert_uint_eq(aurora_result_warnings(reply.result),
                      prepared && !aurora__internals_known() ? 0 : 1);
    reply_clear(&reply);
  }
  ck_assert_uint_eq(fixture_fail(&large_fixture,
                                 "INSERT INTO large (id, text) VALUES (1, REPEAT('x', ?))",
                                 AURORA_PARAMS(17 * MIB), AURORA_ESERVER)
                        .server_errno,
                    ER_WARN_ALLOWED_PACKET_OVERFLOWED);
  ck_assert_uint_eq(fixture_stats(&large_fixture).opened, 1);
}
END_TEST

START_TEST(more_than_any_server_takes)
{
  const size_t size = ((size_t)1 << 30) + 1;
  char byte = 'x'; /* not read: the size is enough */
  const aurora_value_t values[] = {aurora_bytes(&byte, size), aurora_text(&byte, size)};
  reply_t reply;

  for (size_t i = 0; i < 2; i++)
    ck_assert_int_eq(aurora_pool_query(large_fixture.pool, "SELECT ?",
                                       (aurora_params_t){&values[i], 1}, reply_on_query, &reply),
                     UV_EINVAL);
}
END_TEST

void large_add_limits(Suite *suite)
{
  TCase *tcase = tcase_create("limit");

  tcase_set_timeout(tcase, 100);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, many_large_parameters);
  tcase_add_test(tcase, a_parameter_over_the_default_limit);
  tcase_add_test(tcase, a_statement_over_the_default_limit);
  tcase_add_test(tcase, small_parameters_over_the_default_limit);
  tcase_add_test(tcase, a_value_that_the_server_cannot_make);
  tcase_add_test(tcase, more_than_any_server_takes);
  suite_add_tcase(suite, tcase);
}
