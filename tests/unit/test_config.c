/*
 * The configuration as a struct: defaults, copying, layering, and what happens to the strings that
 * the library stores. Wiping is observed by standing in for explicit_bzero.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <aurora/config.h>

#include "base/alloc.h"
#include "config/config.h"
#include "config/options.h"
#include "support/runner.h"

static aurora_config_t config;
static aurora_error_t error;

/* What was wiped since the last forget_wiped, one text a line. */
static char wiped[4096];
static size_t wiped_length;

static void forget_wiped(void)
{
  wiped_length = 0;
  wiped[0] = '\0';
}

void explicit_bzero(void *memory, size_t size)
{
  volatile char *bytes = memory;

  for (size_t i = 0; i < size; i++) {
    if (wiped_length + 2 < sizeof wiped)
      wiped[wiped_length++] = bytes[i] ? bytes[i] : '\n';
    bytes[i] = 0;
  }
  wiped[wiped_length] = '\0';
}

/* The same, as it is called in a build with _FORTIFY_SOURCE. */
void __explicit_bzero_chk(void *memory, size_t size, size_t room);
void __explicit_bzero_chk(void *memory, size_t size, size_t room)
{
  ck_assert_uint_le(size, room);
  explicit_bzero(memory, size);
}

/* Fails the allocation of that number, counted from 0. */
static unsigned allocations;
static unsigned failing_allocation;

static bool alloc_may(void)
{
  return allocations++ != failing_allocation;
}

static void fail_allocation(unsigned number)
{
  allocations = 0;
  failing_allocation = number;
  aurora__alloc_may = alloc_may;
}

static void setup(void)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++)
    unsetenv(aurora__options[i].variable);
  aurora_config_init(&config);
  memset(&error, 0, sizeof error);
  forget_wiped();
}

static void teardown(void)
{
  aurora__alloc_may = NULL;
  aurora_config_clear(&config);
}

static void take(const char *uri)
{
  ck_assert_msg(aurora_config_from_uri(&config, uri, &error) == 0, "%s", error.message);
}

START_TEST(defaults)
{
  memset(&config, 0xa5, sizeof config);
  aurora_config_init(&config);
  ck_assert_str_eq(config.host, "localhost");
  ck_assert_uint_eq(config.port, 3306);
  ck_assert_ptr_null(config.unix_socket);
  ck_assert_str_eq(config.user, "arla");
  ck_assert_str_eq(config.password, "");
  ck_assert_str_eq(config.database, "octane");
  ck_assert_int_eq(config.ssl_mode, AURORA_SSL_DEFAULT);
  ck_assert_ptr_null(config.ssl_ca);
  ck_assert_ptr_null(config.ssl_cert);
  ck_assert_ptr_null(config.ssl_key);
  ck_assert_uint_eq(config.pool_size, 20);
  ck_assert_uint_eq(config.min_idle, 0);
  ck_assert_uint_eq(config.warmup_size, 1);
  ck_assert_uint_eq(config.max_connecting, 2);
  ck_assert_uint_eq(config.queue_limit, 0);
  ck_assert_uint_eq(config.connect_timeout, 5000);
  ck_assert_uint_eq(config.acquire_timeout, 0);
  ck_assert_uint_eq(config.query_timeout, 0);
  ck_assert_uint_eq(config.idle_timeout, 180000);
  ck_assert_uint_eq(config.max_lifetime, 1800000);
  ck_assert_uint_eq(config.tcp_keepalive, 10000);
  ck_assert_uint_eq(config.keepalive_interval, 30000);
  ck_assert_uint_eq(config.validate_after, 0);
  ck_assert_uint_eq(config.backoff_min, 100);
  ck_assert_uint_eq(config.backoff_max, 10000);
  ck_assert_uint_eq(config.leak_warn, 0);
  ck_assert_uint_eq(config.statement_cache, 64);
  ck_assert_uint_eq(config.max_result_size, 64 * 1024 * 1024);
  ck_assert_uint_eq(config.found_rows, 0);
  ck_assert_int_eq(config.reset, AURORA_RESET_AUTO);
  ck_assert_ptr_null(config.init_sql);
  ck_assert_ptr_null(config.log_cb);
  ck_assert_int_eq(aurora__config_check(&config, NULL), 0);
}
END_TEST

START_TEST(layers)
{
  const char *host;

  config.user = "struct";
  config.database = "struct";
  config.pool_size = 3;
  setenv("AURORA_DATABASE", "env", 1);
  setenv("AURORA_PASSWORD", "env", 1);
  setenv("AURORA_HOST", "env", 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), 0);
  host = config.host;
  take("mysql://uri-user:uri@h/");
  ck_assert_ptr_ne(config.host, host);
  ck_assert_str_eq(config.host, "h");
  ck_assert_str_eq(config.user, "uri-user");
  ck_assert_str_eq(config.password, "uri");
  ck_assert_str_eq(config.database, "env");
  ck_assert_uint_eq(config.pool_size, 3);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), 0);
  ck_assert_str_eq(config.password, "env");
  ck_assert_str_eq(config.user, "uri-user");
}
END_TEST

START_TEST(loading_again_frees_what_it_replaces)
{
  take("mysql://u:first@h");
  forget_wiped();
  take("mysql://u:second@h");
  ck_assert_ptr_nonnull(strstr(wiped, "first\n"));
  ck_assert_str_eq(config.password, "second");
  for (int i = 0; i < 100; i++)
    take("mysql://u:third@h/d");
  /* A stored string that another field borrows stays. */
  config.user = config.password;
  take("mysql://h?password=fourth");
  ck_assert_str_eq(config.user, "third");
  ck_assert_str_eq(config.password, "fourth");
}
END_TEST

START_TEST(failure_frees_and_wipes_only_its_own)
{
  take("mysql://u:kept@h/d");
  forget_wiped();
  ck_assert_int_eq(aurora_config_from_uri(&config, "mysql://u:dropped@h:0", NULL), AURORA_ECONFIG);
  ck_assert_ptr_nonnull(strstr(wiped, "dropped\n"));
  ck_assert_ptr_null(strstr(wiped, "kept"));
  ck_assert_str_eq(config.password, "kept");
}
END_TEST

START_TEST(clear_wipes_and_can_be_repeated)
{
  take("mysql://jo:hunter2@h/d");
  forget_wiped();
  aurora_config_clear(&config);
  ck_assert_ptr_nonnull(strstr(wiped, "hunter2\n"));
  ck_assert_ptr_nonnull(strstr(wiped, "jo\n"));
  ck_assert_str_eq(config.password, "");
  ck_assert_str_eq(config.host, "localhost");
  ck_assert_ptr_null(config.owned);
  forget_wiped();
  aurora_config_clear(&config);
  ck_assert_str_eq(wiped, "");
  memset(&config, 0xa5, sizeof config);
  aurora_config_clear(&config);
  ck_assert_int_eq(aurora__config_check(&config, NULL), 0);
  aurora_config_init(NULL);
  aurora_config_clear(NULL);
}
END_TEST

/* The buffer that the URI was decoded in held the password as well. */
START_TEST(uri_leaves_no_copy)
{
  forget_wiped();
  take("mysql://u:hunter2@hh?pool-size=3");
  ck_assert_uint_eq(wiped_length, strlen("mysql://u:hunter2@hh?pool-size=3") + 1);
}
END_TEST

START_TEST(copy_is_deep_and_normal)
{
  aurora_config_t copy;
  char host[] = "h";

  config.host = host;
  config.password = NULL;
  config.database = NULL;
  config.init_sql = "";
  config.log_data = host;
  ck_assert_int_eq(aurora__config_copy(&config, &copy, &error), 0);
  host[0] = 'x';
  ck_assert_str_eq(copy.host, "h");
  ck_assert_str_eq(copy.password, "");
  ck_assert_str_eq(copy.database, "");
  ck_assert_ptr_null(copy.init_sql);
  ck_assert_ptr_null(copy.ssl_ca);
  ck_assert_ptr_eq(copy.log_data, host);
  ck_assert_int_eq(copy.ssl_mode, AURORA_SSL_PREFERRED);
  ck_assert_int_eq(config.ssl_mode, AURORA_SSL_DEFAULT);
  ck_assert_int_eq(aurora__config_check(&copy, NULL), 0);
  aurora__config_free(&copy);
  ck_assert_ptr_null(copy.host);
  aurora__config_free(&copy);

  config.ssl_ca = "/some/ca.pem";
  ck_assert_int_eq(aurora__config_copy(&config, &copy, &error), 0);
  ck_assert_int_eq(copy.ssl_mode, AURORA_SSL_VERIFY_IDENTITY);
  aurora__config_free(&copy);
  config.ssl_mode = AURORA_SSL_REQUIRED;
  ck_assert_int_eq(aurora__config_copy(&config, &copy, &error), 0);
  ck_assert_int_eq(copy.ssl_mode, AURORA_SSL_REQUIRED);
  aurora__config_free(&copy);
}
END_TEST

START_TEST(copy_outlives_and_is_wiped)
{
  aurora_config_t copy;

  take("mysql://jo:hunter2@h/d");
  ck_assert_int_eq(aurora__config_copy(&config, &copy, &error), 0);
  aurora_config_clear(&config);
  ck_assert_str_eq(copy.password, "hunter2");
  forget_wiped();
  aurora__config_free(&copy);
  ck_assert_ptr_nonnull(strstr(wiped, "hunter2\n"));
}
END_TEST

START_TEST(out_of_memory)
{
  static const char uri[] = "mysql://u:p@h/d?ssl-ca=/a&init-sql=b";
  aurora_config_t before;
  aurora_config_t copy;
  unsigned failures;
  int status;

  take("mysql://old:old@old/old");
  setenv("AURORA_USER", "u", 1);
  setenv("AURORA_PASSWORD", "p", 1);
  setenv("AURORA_HOST", "h", 1);
  before = config;
  for (failures = 0;; failures++) {
    fail_allocation(failures);
    status = aurora_config_from_uri(&config, uri, &error);
    if (status == 0)
      break;
    ck_assert_int_eq(status, UV_ENOMEM);
    ck_assert_int_eq(error.code, UV_ENOMEM);
    ck_assert_mem_eq(&config, &before, sizeof config);
  }
  ck_assert_uint_eq(failures, 7);

  before = config;
  for (failures = 0;; failures++) {
    fail_allocation(failures);
    status = aurora_config_from_env(&config, &error);
    if (status == 0)
      break;
    ck_assert_int_eq(status, UV_ENOMEM);
    ck_assert_mem_eq(&config, &before, sizeof config);
  }
  ck_assert_uint_eq(failures, 3);

  memset(&copy, 0x5a, sizeof copy);
  memcpy(&before, &copy, sizeof copy);
  for (failures = 0;; failures++) {
    fail_allocation(failures);
    status = aurora__config_copy(&config, &copy, &error);
    if (status == 0)
      break;
    ck_assert_int_eq(status, UV_ENOMEM);
    ck_assert_int_eq(error.code, UV_ENOMEM);
    ck_assert_mem_eq(&copy, &before, sizeof copy);
  }
  ck_assert_uint_eq(failures, 6);
  aurora__config_free(&copy);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("config");
  TCase *tcase = tcase_create("config");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, defaults);
  tcase_add_test(tcase, layers);
  tcase_add_test(tcase, loading_again_frees_what_it_replaces);
  tcase_add_test(tcase, failure_frees_and_wipes_only_its_own);
  tcase_add_test(tcase, clear_wipes_and_can_be_repeated);
  tcase_add_test(tcase, uri_leaves_no_copy);
  tcase_add_test(tcase, copy_is_deep_and_normal);
  tcase_add_test(tcase, copy_outlives_and_is_wiped);
  tcase_add_test(tcase, out_of_memory);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
