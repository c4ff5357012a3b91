/*
 * Texts for every option, good and bad, that the tests of the environment and of URIs share.
 */
#ifndef TESTS_UNIT_CONFIG_CASES_H
#define TESTS_UNIT_CONFIG_CASES_H

#include <stddef.h>

typedef struct {
  const char *name;      /* of the option, in kebab-case */
  const char *texts[12]; /* ends with NULL */
} config_case_t;

#define BAD_NUMBERS "", " 5", "5 ", "+5", "-1", "0x10", "20x", "5.0"
#define HUGE_NUMBER "99999999999999999999999"
#define BAD_MS      BAD_NUMBERS, "2147483648", HUGE_NUMBER
#define LETTERS_16  "abcdefghijklmnop"
#define LETTERS_64  LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16
#define LETTERS_128 LETTERS_64 LETTERS_64
#define LETTERS_256 LETTERS_128 LETTERS_128

/* Refused whether they come from a variable or a URI. */
static const config_case_t bad_cases[] = {
    {"host",
     {"", "a;b", "a=b", "a,b", "tcp://a", "a b", "a\tb", "a\nb", "\x7f", "db:3306", "[::1]", NULL}},
    {"host", {LETTERS_256, "a/b", "::1%", "1:2", "a?b", "a#b", "a\\b", NULL}},
    {"port", {BAD_NUMBERS, "0", "65536", "70000", NULL}},
    {"port", {"abc", "99999999999", "18446744073709551617", NULL}},
    {"unix-socket", {"", "relative/path", "/", "/" LETTERS_128, NULL}},
    {"user", {"", LETTERS_128 "x", NULL}},
    {"database", {LETTERS_64 "x", NULL}},
    {"ssl-mode", {"", "DEFAULT", "VERIFY", "0", "REQUIRED ", "verify-ca", NULL}},
    {"ssl-ca", {"", NULL}},
    {"ssl-cert", {"", NULL}},
    {"ssl-key", {"", NULL}},
    {"pool-size", {BAD_NUMBERS, "0", "10001", "99999999999", NULL}},
    {"min-idle", {BAD_NUMBERS, "10001", HUGE_NUMBER, NULL}},
    {"warmup-size", {BAD_NUMBERS, "0", "10001", HUGE_NUMBER, NULL}},
    {"max-connecting", {BAD_NUMBERS, "0", "65", HUGE_NUMBER, NULL}},
    {"queue-limit", {BAD_MS, NULL}},
    {"connect-timeout", {BAD_MS, "0", NULL}},
    {"acquire-timeout", {BAD_MS, NULL}},
    {"query-timeout", {BAD_MS, NULL}},
    {"idle-timeout", {BAD_MS, NULL}},
    {"max-lifetime", {BAD_MS, NULL}},
    {"tcp-keepalive", {BAD_NUMBERS, "32767001", HUGE_NUMBER, NULL}},
    {"keepalive-interval", {BAD_MS, NULL}},
    {"validate-after", {BAD_MS, NULL}},
    {"backoff-min", {BAD_MS, "0", NULL}},
    {"backoff-max", {BAD_MS, "0", NULL}},
    {"leak-warn", {BAD_MS, NULL}},
    {"statement-cache", {BAD_NUMBERS, "10001", HUGE_NUMBER, NULL}},
    {"max-result-size", {BAD_NUMBERS, "1023", "1099511627777", HUGE_NUMBER, NULL}},
    {"found-rows", {BAD_NUMBERS, "2", "true", HUGE_NUMBER, NULL}},
    {"reset", {"", "SOMETIMES", "1", " AUTO", NULL}},
};

/* Taken over from either. */
static const config_case_t good_cases[] = {
    {"host", {"db", "db.example.com", "127.0.0.1", "::1", "fe80::1%eth0", "a_b-c", NULL}},
    {"port", {"1", "65535", "03306", NULL}},
    {"unix-socket", {"/run/mysqld/mysqld.sock", NULL}},
    {"user", {"a", LETTERS_128, "two words", "a@b", NULL}},
    {"password", {"", "pass:w@rd/?#&=% ", LETTERS_256, NULL}},
    {"database", {"", "octane", LETTERS_64, "\xc3\xa9t\xc3\xa9", NULL}},
    {"ssl-mode", {"DISABLED", "preferred", "Required", "VERIFY_CA", "verify_identity", NULL}},
    {"ssl-ca", {"/etc/ssl/ca.pem", "ca.pem", NULL}},
    {"ssl-cert", {"cert.pem", NULL}},
    {"ssl-key", {"key.pem", NULL}},
    {"pool-size", {"1", "20", "10000", NULL}},
    {"min-idle", {"0", "10000", NULL}},
    {"warmup-size", {"1", "10000", NULL}},
    {"max-connecting", {"1", "64", NULL}},
    {"queue-limit", {"0", "2147483647", NULL}},
    {"connect-timeout", {"1", "2147483647", NULL}},
    {"acquire-timeout", {"0", "2147483647", NULL}},
    {"query-timeout", {"0", "2147483647", NULL}},
    {"idle-timeout", {"0", "2147483647", NULL}},
    {"max-lifetime", {"0", "2147483647", NULL}},
    {"tcp-keepalive", {"0", "32767000", NULL}},
    {"keepalive-interval", {"0", "2147483647", NULL}},
    {"validate-after", {"0", "2147483647", NULL}},
    {"backoff-min", {"1", "2147483647", NULL}},
    {"backoff-max", {"1", "2147483647", NULL}},
    {"leak-warn", {"0", "2147483647", NULL}},
    {"statement-cache", {"0", "10000", NULL}},
    {"max-result-size", {"1024", "1099511627776", NULL}},
    {"found-rows", {"0", "1", NULL}},
    {"reset", {"AUTO", "always", "Never", NULL}},
    {"init-sql", {"SET time_zone = '+00:00'", NULL}},
};

enum {
  BAD_CASES = sizeof bad_cases / sizeof *bad_cases,
  GOOD_CASES = sizeof good_cases / sizeof *good_cases
};

#endif
