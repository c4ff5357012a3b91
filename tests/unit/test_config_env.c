/*
 * aurora_config_from_env: every variable, good and bad.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <aurora/config.h>

#include "config/options.h"
#include "support/runner.h"
#include "unit/config_cases.h"

static aurora_config_t config;
static aurora_error_t error;

static void setup(void)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++)
    unsetenv(aurora__options[i].variable);
  aurora_config_init(&config);
  memset(&error, 0, sizeof error);
}

static void teardown(void)
{
  aurora_config_clear(&config);
}

static const aurora__option_t *option_of(const char *name)
{
  const aurora__option_t *option = aurora__option_find(name);

  ck_assert_ptr_nonnull(option);
  return option;
}

START_TEST(nothing_set_changes_nothing)
{
  aurora_config_t before = config;

  ck_assert_int_eq(aurora_config_from_env(&config, &error), 0);
  ck_assert_mem_eq(&config, &before, sizeof config);
}
END_TEST

START_TEST(bad_value_is_refused)
{
  const config_case_t *bad = &bad_cases[_i];
  const aurora__option_t *option = option_of(bad->name);
  aurora_config_t before;

  setenv("AURORA_DATABASE", "kept", 1);
  ck_assert_int_eq(aurora_config_from_env(&config, NULL), 0);
  setenv("AURORA_DATABASE", "lost", 1);
  memcpy(&before, &config, sizeof config);
  for (const char *const *text = bad->texts; *text; text++) {
    setenv(option->variable, *text, 1);
    ck_assert_int_eq(aurora_config_from_env(&config, &error), AURORA_ECONFIG);
    ck_assert_int_eq(error.code, AURORA_ECONFIG);
    ck_assert_int_eq(error.outcome, AURORA_NOT_SENT);
    ck_assert_msg(strncmp(error.message, option->variable, strlen(option->variable)) == 0, "%s",
                  error.message);
    ck_assert_ptr_nonnull(strstr(error.message, "; allowed: "));
    ck_assert_ptr_nonnull(strstr(error.message, option->allowed));
    for (const char *c = error.message; *c; c++)
      ck_assert_msg(*c >= ' ' && *c < 0x7f, "not printable in: %s", error.message);
    ck_assert_mem_eq(&config, &before, sizeof config);
    ck_assert_str_eq(config.database, "kept");
    ck_assert_int_eq(aurora_config_from_env(&config, NULL), AURORA_ECONFIG);
  }
}
END_TEST

START_TEST(good_value_is_taken)
{
  const config_case_t *good = &good_cases[_i];
  const aurora__option_t *option = option_of(good->name);

  for (const char *const *text = good->texts; *text; text++) {
    setenv(option->variable, *text, 1);
    ck_assert_msg(aurora_config_from_env(&config, &error) == 0, "%s", error.message);
    if (aurora__option_is_text(option))
      ck_assert_str_eq(aurora__option_text(option, &config), *text);
    else if (option->kind == AURORA__OPTION_UNSIGNED || option->kind == AURORA__OPTION_UINT64)
      ck_assert_uint_eq(aurora__option_number(option, &config), strtoull(*text, NULL, 10));
  }
}
END_TEST

START_TEST(every_option_has_cases)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++) {
    size_t good = 0;

    for (size_t j = 0; j < GOOD_CASES; j++)
      good += strcmp(good_cases[j].name, aurora__options[i].name) == 0;
    ck_assert_msg(good == 1, "%s", aurora__options[i].name);
  }
}
END_TEST

START_TEST(choices_are_read)
{
  setenv("AURORA_SSL_MODE", "VERIFY_CA", 1);
  setenv("AURORA_RESET", "never", 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), 0);
  ck_assert_int_eq(config.ssl_mode, AURORA_SSL_VERIFY_CA);
  ck_assert_int_eq(config.reset, AURORA_RESET_NEVER);
}
END_TEST

/* The message says what is wrong in so many words. */
START_TEST(message_of_a_port)
{
  setenv("AURORA_PORT", "70000", 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), AURORA_ECONFIG);
  ck_assert_str_eq(error.message,
                   "AURORA_PORT is \"70000\"; allowed: a whole number from 1 to 65535");
}
END_TEST

START_TEST(message_is_cut_and_harmless)
{
  setenv("AURORA_SSL_MODE", "a\x1b[2J\n\"\xff" LETTERS_256, 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), AURORA_ECONFIG);
  ck_assert_ptr_nonnull(strstr(error.message, "is \"a\\x1b[2J\\x0a\\x22\\xffabc"));
  ck_assert_ptr_nonnull(strstr(error.message, "...\"; allowed: DISABLED, PREFERRED"));
}
END_TEST

/* A whole URI in AURORA_HOST is an easy mistake; so is the password in another variable. */
START_TEST(message_holds_no_password)
{
  char *password = malloc(9001);

  memset(password, 's', 9000);
  password[9000] = '\0';
  setenv("AURORA_PASSWORD", password, 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), AURORA_ECONFIG);
  ck_assert_ptr_nonnull(strstr(error.message, "AURORA_PASSWORD"));
  ck_assert_ptr_null(strstr(error.message, "sssss"));
  free(password);
  unsetenv("AURORA_PASSWORD");

  setenv("AURORA_HOST", "mysql://user:hunter2@host/db", 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), AURORA_ECONFIG);
  ck_assert_ptr_null(strstr(error.message, "hunter2"));
  ck_assert_ptr_null(strstr(error.message, "user"));
}
END_TEST

START_TEST(empty_init_sql_is_none)
{
  config.init_sql = "SELECT 1";
  setenv("AURORA_INIT_SQL", "", 1);
  ck_assert_int_eq(aurora_config_from_env(&config, &error), 0);
  ck_assert_ptr_null(config.init_sql);
}
END_TEST

START_TEST(uninitialised_struct_is_initialised)
{
  aurora_config_t dirty;
  aurora_config_t before;

  memset(&dirty, 0xa5, sizeof dirty);
  before = dirty;
  setenv("AURORA_USER", "me", 1);
  setenv("AURORA_PORT", "0", 1);
  ck_assert_int_eq(aurora_config_from_env(&dirty, &error), AURORA_ECONFIG);
  ck_assert_mem_eq(&dirty, &before, sizeof dirty);
  unsetenv("AURORA_PORT");
  ck_assert_int_eq(aurora_config_from_env(&dirty, &error), 0);
  ck_assert_str_eq(dirty.user, "me");
  ck_assert_str_eq(dirty.host, "localhost");
  ck_assert_uint_eq(dirty.pool_size, 20);
  aurora_config_clear(&dirty);
}
END_TEST

START_TEST(null_is_refused)
{
  ck_assert_int_eq(aurora_config_from_env(NULL, &error), UV_EINVAL);
  ck_assert_int_eq(error.code, UV_EINVAL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("config_env");
  TCase *tcase = tcase_create("config_env");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, nothing_set_changes_nothing);
  tcase_add_loop_test(tcase, bad_value_is_refused, 0, BAD_CASES);
  tcase_add_loop_test(tcase, good_value_is_taken, 0, GOOD_CASES);
  tcase_add_test(tcase, every_option_has_cases);
  tcase_add_test(tcase, choices_are_read);
  tcase_add_test(tcase, message_of_a_port);
  tcase_add_test(tcase, message_is_cut_and_harmless);
  tcase_add_test(tcase, message_holds_no_password);
  tcase_add_test(tcase, empty_init_sql_is_none);
  tcase_add_test(tcase, uninitialised_struct_is_initialised);
  tcase_add_test(tcase, null_is_refused);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
