/*
 * aurora_config_from_uri: what is read, what is refused, and what an error never tells.
 */
#include <stdio.h>
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
  aurora_config_init(&config);
  memset(&error, 0, sizeof error);
}

static void teardown(void)
{
  aurora_config_clear(&config);
}

static void take(const char *uri)
{
  int status = aurora_config_from_uri(&config, uri, &error);

  ck_assert_msg(status == 0, "%s: %s", uri, error.message);
}

/* Refused, config untouched, the message printable. */
static void refuse(const char *uri)
{
  aurora_config_t before = config;

  ck_assert_msg(aurora_config_from_uri(&config, uri, &error) == AURORA_ECONFIG, "taken: %s", uri);
  ck_assert_int_eq(error.code, AURORA_ECONFIG);
  ck_assert_mem_eq(&config, &before, sizeof config);
  ck_assert_msg(strstr(error.message, "; allowed: "), "%s: %s", uri, error.message);
  for (const char *c = error.message; *c; c++)
    ck_assert_msg(*c >= ' ' && *c < 0x7f, "not printable in: %s", error.message);
}

static void refuse_with(const char *uri, const char *message_part)
{
  refuse(uri);
  ck_assert_msg(strstr(error.message, message_part), "%s: %s", uri, error.message);
}

/* The text, wholly escaped, as the value of an option; the host in its own place. */
static void option_uri(char *buffer, size_t size, const char *name, const char *text)
{
  int length = strcmp(name, "host") == 0 ? snprintf(buffer, size, "mysql://")
                                         : snprintf(buffer, size, "mysql://h/?%s=", name);

  for (; *text; text++)
    length += snprintf(buffer + length, size - (size_t)length, "%%%02X", (unsigned char)*text);
}

START_TEST(whole_uri)
{
  take("mysql://me:pw@db.example.com:3307/shop?ssl-mode=VERIFY_IDENTITY&pool-size=7&"
       "connect-timeout=1000&ssl-ca=/etc/ca.pem&reset=always&init-sql=SET%20@a=1");
  ck_assert_str_eq(config.user, "me");
  ck_assert_str_eq(config.password, "pw");
  ck_assert_str_eq(config.host, "db.example.com");
  ck_assert_uint_eq(config.port, 3307);
  ck_assert_str_eq(config.database, "shop");
  ck_assert_int_eq(config.ssl_mode, AURORA_SSL_VERIFY_IDENTITY);
  ck_assert_uint_eq(config.pool_size, 7);
  ck_assert_uint_eq(config.connect_timeout, 1000);
  ck_assert_str_eq(config.ssl_ca, "/etc/ca.pem");
  ck_assert_int_eq(config.reset, AURORA_RESET_ALWAYS);
  ck_assert_str_eq(config.init_sql, "SET @a=1");
}
END_TEST

START_TEST(what_is_not_said_is_left_alone)
{
  config.user = "u";
  config.password = "p";
  config.database = "d";
  config.port = 42;
  take("mysql://h");
  ck_assert_str_eq(config.host, "h");
  ck_assert_str_eq(config.user, "u");
  ck_assert_str_eq(config.password, "p");
  ck_assert_str_eq(config.database, "d");
  ck_assert_uint_eq(config.port, 42);
  take("mysql://v@h/");
  ck_assert_str_eq(config.user, "v");
  ck_assert_str_eq(config.password, "p");
  ck_assert_str_eq(config.database, "d");
  take("mysql://v:@h/?");
  ck_assert_str_eq(config.password, "");
  take("mysql://h?database=");
  ck_assert_str_eq(config.database, "");
}
END_TEST

START_TEST(schemes)
{
  take("mysql://h");
  take("MySQL://h");
  take("mariadb://h");
  take("aurora://h");
  refuse_with("http://h", "scheme");
  refuse_with("mysql:/h", "mysql://");
  refuse("mysql:h");
  refuse("h");
  refuse("");
  refuse(" mysql://h");
}
END_TEST

START_TEST(escapes_are_decoded)
{
  take("mysql://a%40b%3ac:p%3A%40%2f%3F%23%25@h%2Eexample/d%2Fe?pool%2Dsize=%35");
  ck_assert_str_eq(config.user, "a@b:c");
  ck_assert_str_eq(config.password, "p:@/?#%");
  ck_assert_str_eq(config.host, "h.example");
  ck_assert_str_eq(config.database, "d/e");
  ck_assert_uint_eq(config.pool_size, 5);
  /* Only the first ':' parts the user-info; '+' is no space. */
  take("mysql://u:a:b+c@h");
  ck_assert_str_eq(config.password, "a:b+c");
}
END_TEST

START_TEST(bad_escapes)
{
  static const char *const escapes[] = {"%", "%4", "%4g", "%g4", "%00", "%%41", "a%0"};
  static const char *const places[] = {
      "mysql://u%s@h/d",          "mysql://u:p%s@h/d", "mysql://h%s/d",
      "mysql://h:1%s/d",          "mysql://h/d%s",     "mysql://h/d?reset=a%s",
      "mysql://h/d?reset%s=AUTO", "mysql://[::1%s]/d"};

  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    for (size_t j = 0; j < sizeof escapes / sizeof *escapes; j++) {
      char uri[64];
      const char *at = strstr(places[i], "%s");

      snprintf(uri, sizeof uri, "%.*s%s%s", (int)(at - places[i]), places[i], escapes[j], at + 2);
      refuse_with(uri, "escape");
    }
  }
}
END_TEST

START_TEST(hosts_are_read)
{
  take("mysql://[::1]:3307/d");
  ck_assert_str_eq(config.host, "::1");
  ck_assert_uint_eq(config.port, 3307);
  take("mysql://u:p@[fe80::1%25eth0]");
  ck_assert_str_eq(config.host, "fe80::1%eth0");
  take("mysql://[::ffff:127.0.0.1]/d");
  refuse_with("mysql://", "host is \"\"");
  refuse_with("mysql:///d", "host is \"\"");
  refuse_with("mysql://u:p@/d", "host is \"\"");
  refuse_with("mysql://:3306/d", "host is \"\"");
  refuse_with("mysql://a,b/d", "host is \"a,b\"");
  refuse_with("mysql://a;b/d", "host is \"a;b\"");
  refuse_with("mysql://u:p@a%3Db/d", "host is \"a=b\"");
  refuse_with("mysql://u:p@a%20b/d", "host is \"a b\"");
  refuse_with("mysql://u:p@a%0Ab/d", "host is \"a\\x0ab\"");
  refuse_with("mysql://u:p@tcp%3A%2F%2Fx/d", "host is \"tcp://x\"");
  refuse_with("mysql://[::1/d", "brackets");
  refuse_with("mysql://[h]/d", "brackets");
  refuse_with("mysql://[]/d", "brackets");
  refuse_with("mysql://[::1]x/d", "brackets");
  refuse("mysql://[::1::2]/d");
  refuse("mysql://::1/d");
}
END_TEST

START_TEST(ports)
{
  refuse_with("mysql://h:/d", "port is \"\"; allowed: a whole number from 1 to 65535");
  refuse_with("mysql://h:0/d", "port is \"0\"");
  refuse_with("mysql://h:70000/d", "port is \"70000\"");
  refuse_with("mysql://u@h:abc/d", "port is \"abc\"");
  refuse_with("mysql://u@h:1:2/d", "port is \"1:2\"");
  refuse_with("mysql://u@h:-1/d", "port is \"-1\"");
}
END_TEST

START_TEST(parts_in_wrong_places)
{
  refuse_with("mysql://h/d/e", "several parts");
  refuse_with("mysql://h/d/", "several parts");
  refuse_with("mysql://h/d#e", "'#'");
  refuse_with("mysql://h/d?reset=AUTO#e", "'#'");
  refuse_with("mysql://@h/d", "user");
  refuse_with("mysql://:p@h/d", "user");
  refuse_with("mysql://a@b@h/d", "%40");
  refuse_with("mysql://h/d@e", "%40");
}
END_TEST

START_TEST(unknown_options)
{
  refuse_with("mysql://h/d?poolsize=3", "option \"poolsize\" is unknown");
  refuse_with("mysql://h/d?Pool-Size=3", "option \"Pool-Size\" is unknown");
  refuse_with("mysql://h/d?pool_size=3", "option \"pool_size\" is unknown");
  refuse_with("mysql://h/d?pool-size=3&x=1", "option \"x\" is unknown");
  refuse_with("mysql://h/d?log-cb=1", "unknown");
  refuse_with("mysql://h/d?pool-size", "without a value");
  refuse_with("mysql://h/d?=3", "unknown");
  refuse_with("mysql://h/d?&pool-size=3", "unknown");
  refuse_with("mysql://h/d?pool-size=3&&reset=AUTO", "unknown");
}
END_TEST

START_TEST(repeated_options)
{
  refuse_with("mysql://h/d?pool-size=3&pool-size=3", "pool-size more than once");
  refuse_with("mysql://h/d?pool-size=3&pool%2Dsize=4", "pool-size more than once");
  refuse_with("mysql://h/d?host=h", "host more than once");
  refuse_with("mysql://h:1/d?port=2", "port more than once");
  refuse_with("mysql://u@h/d?user=v", "user more than once");
  refuse_with("mysql://u:p@h/d?password=q", "password more than once");
  refuse_with("mysql://h/d?database=e", "database more than once");
  take("mysql://h?user=u&password=p&database=d&port=2");
  ck_assert_str_eq(config.password, "p");
}
END_TEST

START_TEST(bad_value_is_refused)
{
  const config_case_t *bad = &bad_cases[_i];
  char uri[1024];

  for (const char *const *text = bad->texts; *text; text++) {
    option_uri(uri, sizeof uri, bad->name, *text);
    refuse_with(uri, bad->name);
    ck_assert_ptr_nonnull(strstr(error.message, aurora__option_find(bad->name)->allowed));
  }
}
END_TEST

START_TEST(good_value_is_taken)
{
  const config_case_t *good = &good_cases[_i];
  const aurora__option_t *option = aurora__option_find(good->name);
  char uri[1024];

  for (const char *const *text = good->texts; *text; text++) {
    if (option->kind == AURORA__OPTION_HOST && strchr(*text, ':'))
      continue; /* stands in brackets: see hosts */
    option_uri(uri, sizeof uri, good->name, *text);
    take(uri);
    if (aurora__option_is_text(option))
      ck_assert_str_eq(aurora__option_text(option, &config), *text);
    else if (option->kind == AURORA__OPTION_UNSIGNED || option->kind == AURORA__OPTION_UINT64)
      ck_assert_uint_eq(aurora__option_number(option, &config), strtoull(*text, NULL, 10));
  }
}
END_TEST

/* S3CR is the password wherever it fell to, Jo the user. */
START_TEST(errors_hold_no_user_info)
{
  static const char *const uris[] = {
      "Jo:S3CR@h/d",
      "http://Jo:S3CR@h/d",
      "mysql:Jo:S3CR@h/d",
      "mysql:/Jo:S3CR@h/d",
      "mysql://Jo:S3CR",
      "mysql://Jo:S3CR/d",
      "mysql://Jo:S3CR@",
      "mysql://Jo:S3CR@:x/d",
      "mysql://Jo:S3CR@h:x/d",
      "mysql://Jo:S3CR@h;i/d",
      "mysql://Jo:S3CR@h/d?x=1",
      "mysql://Jo:S3CR@h/d?pool-size=x",
      "mysql://Jo:S3CR@h/d?pool-size=1&pool-size=1",
      "mysql://Jo:S3CR%@h/d",
      "mysql://Jo:S3CR%00@h/d",
      "mysql://Jo%:S3CR@h/d",
      "mysql://Jo%3AS3CR@h:x/d",
      "mysql://Jo%3AS3CR/d",
      "mysql://Jo%3AS3CR%40h/d",
      "mysql://Jo:S3CR%40h/d",
      "mysql://Jo:S3CR@x@h/d",
      "mysql://Jo:x@S3CR@h/d",
      "mysql://Jo:x@S3CR;@h/d",
      "mysql://Jo:x/S3CR@h/d",
      "mysql://Jo:S3CR/x@h/d",
      "mysql://Jo:1/S3CR@h/d",
      "mysql://Jo:1/S3CR/x@h/d",
      "mysql://Jo:1/S3CR/x",
      "mysql://Jo:1/S3CR" LETTERS_64,
      "mysql://Jo:x?S3CR@h/d",
      "mysql://Jo:1?S3CR@h/d",
      "mysql://Jo:1?S3CR=@h/d",
      "mysql://Jo:1?S3CR=1&x@h/d",
      "mysql://Jo:1?pool-size=S3CR@h/d",
      "mysql://Jo:1?S3CR",
      "mysql://Jo;:1?S3CR@h/d",
      "mysql://Jo:S3CR?1@h/d",
      "mysql://Jo:S3CR#1@h/d",
      "mysql://Jo:1#S3CR@h/d",
      "mysql://Jo;S3CR:1#@h/d",
      "mysql://[Jo:S3CR@h:x/d",
      "mysql://[Jo:S3CR]/d",
      "mysql://[Jo:S3CR]@h:x/d",
      "mysql://h?password=S3CR&port=x",
      "mysql://h?password=x&S3CR",
      "mysql://h?password=x&S3CR=1",
      "mysql://h?password=x&pool-size=S3CR",
      "mysql://h?password=S3CR&password=S3CR",
      "mysql://h?password=S3CR%",
      "mysql://h?passwort=S3CR",
      "mysql://h?password%3DS3CR=1",
      "mysql://h?host=Jo:S3CR@h",
      "mysql://x?ssl-mode=mysql%3A%2F%2FJo%3AS3CR%40h",
      "mysql://Jo:S3CR@h/d?init-sql=%",
  };

  for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
    refuse(uris[i]);
    ck_assert_msg(!strstr(error.message, "S3CR"), "%s: %s", uris[i], error.message);
    ck_assert_msg(!strstr(error.message, "Jo"), "%s: %s", uris[i], error.message);
  }
  /* The host forgotten, and a password of digits in the port's place. */
  refuse("mysql://root:12345678");
  ck_assert_ptr_null(strstr(error.message, "12345678"));
}
END_TEST

START_TEST(uninitialised_struct_is_initialised)
{
  aurora_config_t dirty;
  aurora_config_t before;

  memset(&dirty, 0xa5, sizeof dirty);
  before = dirty;
  ck_assert_int_eq(aurora_config_from_uri(&dirty, "mysql://u:p@h:0", &error), AURORA_ECONFIG);
  ck_assert_mem_eq(&dirty, &before, sizeof dirty);
  ck_assert_int_eq(aurora_config_from_uri(&dirty, "mysql://u:p@h", &error), 0);
  ck_assert_str_eq(dirty.host, "h");
  ck_assert_str_eq(dirty.database, "octane");
  aurora_config_clear(&dirty);
}
END_TEST

START_TEST(null_is_refused)
{
  ck_assert_int_eq(aurora_config_from_uri(NULL, "mysql://h", &error), UV_EINVAL);
  ck_assert_int_eq(aurora_config_from_uri(&config, NULL, NULL), UV_EINVAL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("uri");
  TCase *tcase = tcase_create("uri");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, whole_uri);
  tcase_add_test(tcase, what_is_not_said_is_left_alone);
  tcase_add_test(tcase, schemes);
  tcase_add_test(tcase, escapes_are_decoded);
  tcase_add_test(tcase, bad_escapes);
  tcase_add_test(tcase, hosts_are_read);
  tcase_add_test(tcase, ports);
  tcase_add_test(tcase, parts_in_wrong_places);
  tcase_add_test(tcase, unknown_options);
  tcase_add_test(tcase, repeated_options);
  tcase_add_loop_test(tcase, bad_value_is_refused, 0, BAD_CASES);
  tcase_add_loop_test(tcase, good_value_is_taken, 0, GOOD_CASES);
  tcase_add_test(tcase, errors_hold_no_user_info);
  tcase_add_test(tcase, uninitialised_struct_is_initialised);
  tcase_add_test(tcase, null_is_refused);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
