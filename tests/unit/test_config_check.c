/*
 * Checking a configuration as aurora_pool_create does: each field, the fields together, the files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <aurora/config.h>

#include "config/config.h"
#include "config/options.h"
#include "support/runner.h"

static aurora_config_t config;
static aurora_error_t error;

static void setup(void)
{
  aurora_config_init(&config);
  memset(&error, 0, sizeof error);
}

static void approve(void)
{
  ck_assert_msg(aurora__config_check(&config, &error) == 0, "%s", error.message);
}

/* Check refuses the configuration with a message that holds both parts. */
static void refuse(const char *part, const char *other_part)
{
  ck_assert_msg(aurora__config_check(&config, &error) == AURORA_ECONFIG, "not refused: %s", part);
  ck_assert_int_eq(error.code, AURORA_ECONFIG);
  ck_assert_msg(strstr(error.message, part), "%s: %s", part, error.message);
  ck_assert_msg(strstr(error.message, other_part), "%s: %s", other_part, error.message);
  ck_assert_int_eq(aurora__config_check(&config, NULL), AURORA_ECONFIG);
}

START_TEST(check_wants_an_initialised_struct)
{
  memset(&config, 0, sizeof config);
  refuse("aurora_config_init", "not called");
  ck_assert_int_eq(aurora__config_check(NULL, &error), UV_EINVAL);
}
END_TEST

/* Each number just outside its range, and on its ends. */
START_TEST(check_of_numbers)
{
  const aurora__option_t *option = &aurora__options[_i];
  char name[64];
  char range[64];
  char held[32];

  if (aurora__option_is_text(option))
    return;
  config.pool_size = 10000; /* so that min_idle and warmup_size may be anything in range */
  config.backoff_max = 2147483647;
  config.ssl_ca = "/dev/null/none";
  snprintf(name, sizeof name, "config.%s (%s) is ", option->field, option->variable);
  if (option->kind == AURORA__OPTION_UNSIGNED || option->kind == AURORA__OPTION_UINT64)
    snprintf(range, sizeof range, "allowed: a whole number from %llu to %llu",
             (unsigned long long)option->min, (unsigned long long)option->max);
  else
    snprintf(range, sizeof range, "allowed: %s", option->allowed);
  if (option->min > 0) {
    aurora__option_set_number(option, &config, option->min - 1);
    refuse(name, range);
  }
  aurora__option_set_number(option, &config, option->max + 1);
  refuse(name, range);
  snprintf(held, sizeof held, "is %llu; ", (unsigned long long)option->max + 1);
  refuse(name, held);
}
END_TEST

START_TEST(check_of_range_ends)
{
  const aurora__option_t *option = &aurora__options[_i];
  uint64_t ends[] = {option->min, option->max};

  if (aurora__option_is_text(option) || option->kind == AURORA__OPTION_SSL_MODE)
    return;
  for (size_t i = 0; i < 2; i++) {
    aurora_config_init(&config);
    config.backoff_min = 1;
    config.backoff_max = 2147483647;
    if (option->offset != offsetof(aurora_config_t, pool_size))
      config.pool_size = 10000;
    aurora__option_set_number(option, &config, ends[i]);
    approve();
  }
}
END_TEST

START_TEST(check_of_texts)
{
  static const struct {
    size_t offset;
    const char *text;
    const char *part;
  } cases[] = {
      {offsetof(aurora_config_t, host), NULL, "config.host (AURORA_HOST) is NULL"},
      {offsetof(aurora_config_t, host), "", "config.host (AURORA_HOST) is \"\""},
      {offsetof(aurora_config_t, host), "a;b", "config.host (AURORA_HOST) is \"a;b\""},
      {offsetof(aurora_config_t, host), "a=b", "is \"a=b\""},
      {offsetof(aurora_config_t, host), "a,b", "is \"a,b\""},
      {offsetof(aurora_config_t, host), "x://b", "is \"x://b\""},
      {offsetof(aurora_config_t, host), "a b", "is \"a b\""},
      {offsetof(aurora_config_t, host), "u:secret@b", "not shown"},
      {offsetof(aurora_config_t, host), "db.example:3306", "a port is given by port (AURORA_PORT)"},
      {offsetof(aurora_config_t, host), "[::1]:3306", "a port is given by port (AURORA_PORT)"},
      {offsetof(aurora_config_t, user), NULL, "config.user (AURORA_USER) is NULL"},
      {offsetof(aurora_config_t, user), "", "config.user (AURORA_USER) is \"\""},
      {offsetof(aurora_config_t, unix_socket), "",
       "config.unix_socket (AURORA_UNIX_SOCKET) is \"\""},
      {offsetof(aurora_config_t, unix_socket), "a/b", "is \"a/b\""},
      {offsetof(aurora_config_t, ssl_ca), "", "config.ssl_ca (AURORA_SSL_CA) is \"\""},
      {offsetof(aurora_config_t, ssl_cert), "", "config.ssl_cert (AURORA_SSL_CERT) is \"\""},
      {offsetof(aurora_config_t, ssl_key), "", "config.ssl_key (AURORA_SSL_KEY) is \"\""},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    aurora_config_init(&config);
    memcpy((char *)&config + cases[i].offset, &cases[i].text, sizeof cases[i].text);
    refuse(cases[i].part, "; allowed: ");
    ck_assert_ptr_null(strstr(error.message, "secret"));
  }
  aurora_config_init(&config);
  config.password = NULL;
  config.database = NULL;
  config.init_sql = "";
  approve();
}
END_TEST

START_TEST(check_of_lengths)
{
  char long_text[70000];

  memset(long_text, 's', sizeof long_text);
  long_text[sizeof long_text - 1] = '\0';
  config.password = long_text + sizeof long_text - 1 - 8193;
  refuse("config.password (AURORA_PASSWORD) is a value that is not shown", "at most 8192 bytes");
  ck_assert_ptr_null(strstr(error.message, "ssss"));
  config.password = long_text + sizeof long_text - 1 - 8192;
  approve();
  config.init_sql = long_text;
  refuse("config.init_sql", "at most 65535 bytes");
  ck_assert_ptr_null(strstr(error.message, "ssss"));
  config.init_sql = NULL;
  config.database = long_text + sizeof long_text - 1 - 65;
  refuse("config.database", "at most 64 characters");
  config.database = long_text + sizeof long_text - 1 - 64;
  approve();
  /* Bytes that are no UTF-8 are not free of charge. */
  memset(long_text, 0x80, sizeof long_text - 1);
  config.database = long_text + sizeof long_text - 1 - 257;
  refuse("config.database", "at most 64 characters");
}
END_TEST

START_TEST(check_of_fields_together)
{
  config.min_idle = 21;
  refuse("config.min_idle (AURORA_MIN_IDLE) is 21", "0 to pool_size, which is 20");
  config.min_idle = 20;
  config.warmup_size = 21;
  refuse("config.warmup_size (AURORA_WARMUP_SIZE) is 21", "1 to pool_size, which is 20");
  config.warmup_size = 20;
  config.backoff_max = 99;
  refuse("config.backoff_max (AURORA_BACKOFF_MAX) is 99 ms", "backoff_min, which is 100 ms");
  config.backoff_max = 100;
  approve();
  config.ssl_mode = AURORA_SSL_VERIFY_CA;
  refuse("config.ssl_ca (AURORA_SSL_CA) is NULL", "VERIFY_CA");
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  refuse("config.ssl_ca (AURORA_SSL_CA) is NULL", "VERIFY_IDENTITY");
  config.ssl_mode = AURORA_SSL_REQUIRED;
  config.ssl_cert = "/etc/hostname";
  refuse("config.ssl_key (AURORA_SSL_KEY) is NULL", "with ssl_cert");
  config.ssl_cert = NULL;
  config.ssl_key = "/etc/hostname";
  refuse("config.ssl_cert (AURORA_SSL_CERT) is NULL", "with ssl_key");
}
END_TEST

START_TEST(check_of_files)
{
  char directory[] = "/tmp/aurora-config-XXXXXX";
  char file[64];
  FILE *stream;

  ck_assert_ptr_nonnull(mkdtemp(directory));
  snprintf(file, sizeof file, "%s/ca.pem", directory);
  config.ssl_ca = file;
  refuse("config.ssl_ca (AURORA_SSL_CA) is \"", "no such file or directory");
  ck_assert_ptr_nonnull(strstr(error.message, file));
  config.ssl_ca = directory;
  refuse("config.ssl_ca", "illegal operation on a directory");
  ck_assert_int_eq(mkfifo(file, 0600), 0);
  config.ssl_ca = file;
  refuse("config.ssl_ca", "not a regular file");
  unlink(file);
  stream = fopen(file, "w");
  ck_assert_ptr_nonnull(stream);
  fclose(stream);
  approve();
  if (geteuid() != 0) {
    chmod(file, 0);
    refuse("config.ssl_ca", "permission denied");
    chmod(file, 0600);
  }
  config.ssl_cert = file;
  config.ssl_key = "/nonexistent/key.pem";
  refuse("config.ssl_key (AURORA_SSL_KEY) is \"/nonexistent/key.pem\"", "a file in PEM");
  config.ssl_key = file;
  approve();
  unlink(file);
  rmdir(directory);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("config_check");
  TCase *tcase = tcase_create("config_check");

  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_add_test(tcase, check_wants_an_initialised_struct);
  tcase_add_loop_test(tcase, check_of_numbers, 0, AURORA__OPTION_COUNT);
  tcase_add_loop_test(tcase, check_of_range_ends, 0, AURORA__OPTION_COUNT);
  tcase_add_test(tcase, check_of_texts);
  tcase_add_test(tcase, check_of_lengths);
  tcase_add_test(tcase, check_of_fields_together);
  tcase_add_test(tcase, check_of_files);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
