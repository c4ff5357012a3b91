/*
 * The one table that the environment, URIs and checking are driven by, and access to the fields it
 * names. An option added to aurora_config_t needs its row here, its default in config.c and its
 * comment in aurora/config.h, nothing else.
 *
 * Where limits come from: 64 characters for a database are MySQL's ("Identifier Length Limits"); 128
 * for a user are MariaDB's and libmariadb's (USERNAME_CHAR_LENGTH; MySQL has 32). libmariadb silently
 * cuts what is longer, and takes the login name of the process for an empty user. 255 for a host is
 * DNS's (RFC 1035). 32767 s is Linux's limit of TCP_KEEPIDLE. Times end at 2^31 - 1 ms so that they
 * always fit an int.
 */
#include "config/options.h"

#include <string.h>

#include "base/error.h"

#define AT(member) offsetof(aurora_config_t, member)

#define UNSIGNED AURORA__OPTION_UNSIGNED
#define UINT64   AURORA__OPTION_UINT64
#define SSL_MODE AURORA__OPTION_SSL_MODE
#define RESET    AURORA__OPTION_RESET
#define HOST     AURORA__OPTION_HOST
#define NAME     AURORA__OPTION_NAME
#define SECRET   AURORA__OPTION_SECRET
#define SOCKET   AURORA__OPTION_SOCKET
#define PEM      AURORA__OPTION_FILE
#define SQL      AURORA__OPTION_SQL

#define MS_MAX         2147483647
#define PATH_LONGEST   4095
#define RESULT_LARGEST (UINT64_C(1) << 40) /* 1 TiB */

static const char host_allowed[] = "a host name or address of 1 to 255 characters without spaces "
                                   "or any of ; = , / \\ @ # ? [ ], and "
                                   "with ':' only in an IPv6 address";
static const char pem_allowed[] = "the path of a file in PEM that can be read";

const aurora__option_t aurora__options[AURORA__OPTION_COUNT] = {
    {"host", "host", "AURORA_HOST", HOST, AT(host), 1, 255, false, host_allowed},
    {"port", "port", "AURORA_PORT", UNSIGNED, AT(port), 1, 65535, false, ""},
    {"unix-socket", "unix_socket", "AURORA_UNIX_SOCKET", SOCKET, AT(unix_socket), 2, 107, true,
     "an absolute path of at most 107 bytes"},
    {"user", "user", "AURORA_USER", NAME, AT(user), 1, 128, false, "1 to 128 characters"},
    {"password", "password", "AURORA_PASSWORD", SECRET, AT(password), 0, 8192, true,
     "at most 8192 bytes"},
    {"database", "database", "AURORA_DATABASE", NAME, AT(database), 0, 64, true,
     "at most 64 characters"},

    {"ssl-mode", "ssl_mode", "AURORA_SSL_MODE", SSL_MODE, AT(ssl_mode), AURORA_SSL_DEFAULT,
     AURORA_SSL_VERIFY_IDENTITY, false,
     "DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY"},
    {"ssl-ca", "ssl_ca", "AURORA_SSL_CA", PEM, AT(ssl_ca), 1, PATH_LONGEST, true, pem_allowed},
    {"ssl-cert", "ssl_cert", "AURORA_SSL_CERT", PEM, AT(ssl_cert), 1, PATH_LONGEST, true,
     pem_allowed},
    {"ssl-key", "ssl_key", "AURORA_SSL_KEY", PEM, AT(ssl_key), 1, PATH_LONGEST, true, pem_allowed},

    {"pool-size", "pool_size", "AURORA_POOL_SIZE", UNSIGNED, AT(pool_size), 1, 10000, false, ""},
    {"min-idle", "min_idle", "AURORA_MIN_IDLE", UNSIGNED, AT(min_idle), 0, 10000, false,
     ", and not more than pool_size"},
    {"warmup-size", "warmup_size", "AURORA_WARMUP_SIZE", UNSIGNED, AT(warmup_size), 1, 10000, false,
     ", and not more than pool_size"},
    {"max-connecting", "max_connecting", "AURORA_MAX_CONNECTING", UNSIGNED, AT(max_connecting), 1,
     64, false, ""},
    {"queue-limit", "queue_limit", "AURORA_QUEUE_LIMIT", UNSIGNED, AT(queue_limit), 0, 2147483647,
     false, " (0: no limit)"},

    {"connect-timeout", "connect_timeout", "AURORA_CONNECT_TIMEOUT", UINT64, AT(connect_timeout), 1,
     MS_MAX, false, " ms"},
    {"acquire-timeout", "acquire_timeout", "AURORA_ACQUIRE_TIMEOUT", UINT64, AT(acquire_timeout), 0,
     MS_MAX, false, " ms (0: none)"},
    {"query-timeout", "query_timeout", "AURORA_QUERY_TIMEOUT", UINT64, AT(query_timeout), 0, MS_MAX,
     false, " ms (0: none)"},
    {"idle-timeout", "idle_timeout", "AURORA_IDLE_TIMEOUT", UINT64, AT(idle_timeout), 0, MS_MAX,
     false, " ms (0: never)"},
    {"max-lifetime", "max_lifetime", "AURORA_MAX_LIFETIME", UINT64, AT(max_lifetime), 0, MS_MAX,
     false, " ms (0: never)"},
    {"tcp-keepalive", "tcp_keepalive", "AURORA_TCP_KEEPALIVE", UINT64, AT(tcp_keepalive), 0,
     32767000, false, " ms (0: off)"},
    {"keepalive-interval", "keepalive_interval", "AURORA_KEEPALIVE_INTERVAL", UINT64,
     AT(keepalive_interval), 0, MS_MAX, false, " ms (0: off)"},
    {"validate-after", "validate_after", "AURORA_VALIDATE_AFTER", UINT64, AT(validate_after), 0,
     MS_MAX, false, " ms (0: off)"},
    {"backoff-min", "backoff_min", "AURORA_BACKOFF_MIN", UINT64, AT(backoff_min), 1, MS_MAX, false,
     " ms"},
    {"backoff-max", "backoff_max", "AURORA_BACKOFF_MAX", UINT64, AT(backoff_max), 1, MS_MAX, false,
     " ms, and not less than backoff_min"},
    {"leak-warn", "leak_warn", "AURORA_LEAK_WARN", UINT64, AT(leak_warn), 0, MS_MAX, false,
     " ms (0: off)"},

    {"statement-cache", "statement_cache", "AURORA_STATEMENT_CACHE", UNSIGNED, AT(statement_cache),
     0, 10000, false, " (0: off)"},
    {"max-result-size", "max_result_size", "AURORA_MAX_RESULT_SIZE", UINT64, AT(max_result_size),
     1024, RESULT_LARGEST, false, " bytes"},
    {"found-rows", "found_rows", "AURORA_FOUND_ROWS", UNSIGNED, AT(found_rows), 0, 1, false, ""},
    {"reset", "reset", "AURORA_RESET", RESET, AT(reset), AURORA_RESET_AUTO, AURORA_RESET_NEVER,
     false, "AUTO, ALWAYS, NEVER"},
    {"init-sql", "init_sql", "AURORA_INIT_SQL", SQL, AT(init_sql), 0, 65535, true,
     "at most 65535 bytes"},
};

const aurora__option_t *aurora__option_find(const char *name)
{
  for (size_t i = 0; i < AURORA__OPTION_COUNT; i++)
    if (strcmp(aurora__options[i].name, name) == 0)
      return &aurora__options[i];
  return NULL;
}

bool aurora__option_is_text(const aurora__option_t *option)
{
  return option->kind >= AURORA__OPTION_HOST;
}

const char *aurora__option_text(const aurora__option_t *option, const aurora_config_t *config)
{
  const char *text;

  memcpy(&text, (const char *)config + option->offset, sizeof text);
  return text;
}

void aurora__option_set_text(const aurora__option_t *option, aurora_config_t *config,
                             const char *text)
{
  memcpy((char *)config + option->offset, &text, sizeof text);
}

uint64_t aurora__option_number(const aurora__option_t *option, const aurora_config_t *config)
{
  const char *field = (const char *)config + option->offset;

  switch (option->kind) {
  case AURORA__OPTION_UNSIGNED:
    return *(const unsigned *)(const void *)field;
  case AURORA__OPTION_UINT64:
    return *(const uint64_t *)(const void *)field;
  case AURORA__OPTION_SSL_MODE:
    return (unsigned)*(const aurora_ssl_mode_t *)(const void *)field;
  case AURORA__OPTION_RESET:
    return (unsigned)*(const aurora_reset_policy_t *)(const void *)field;
  case AURORA__OPTION_HOST:
  case AURORA__OPTION_NAME:
  case AURORA__OPTION_SECRET:
  case AURORA__OPTION_SOCKET:
  case AURORA__OPTION_FILE:
  case AURORA__OPTION_SQL:
    break;
  }
  aurora__bug("aurora__option_number", option->name);
}

void aurora__option_set_number(const aurora__option_t *option, aurora_config_t *config,
                               uint64_t number)
{
  char *field = (char *)config + option->offset;

  switch (option->kind) {
  case AURORA__OPTION_UNSIGNED:
    *(unsigned *)(void *)field = (unsigned)number;
    return;
  case AURORA__OPTION_UINT64:
    *(uint64_t *)(void *)field = number;
    return;
  case AURORA__OPTION_SSL_MODE:
    *(aurora_ssl_mode_t *)(void *)field = (aurora_ssl_mode_t)number;
    return;
  case AURORA__OPTION_RESET:
    *(aurora_reset_policy_t *)(void *)field = (aurora_reset_policy_t)number;
    return;
  case AURORA__OPTION_HOST:
  case AURORA__OPTION_NAME:
  case AURORA__OPTION_SECRET:
  case AURORA__OPTION_SOCKET:
  case AURORA__OPTION_FILE:
  case AURORA__OPTION_SQL:
    break;
  }
  aurora__bug("aurora__option_set_number", option->name);
}
