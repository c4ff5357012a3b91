/*
 * What a value of each kind may look like. Pure: no file is opened and no name looked up.
 *
 * Messages are for people and for logs: they never hold a secret, they are cut, and no byte in them
 * can move a terminal's cursor or fake a line.
 */
#include "config/value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

/* In the order of aurora_ssl_mode_t; AURORA_SSL_DEFAULT is what nothing was said about. */
static const char *const ssl_modes[] = {NULL,       "DISABLED",  "PREFERRED",
                                        "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"};
/* In the order of aurora_reset_policy_t. */
static const char *const reset_policies[] = {"AUTO", "ALWAYS", "NEVER"};

/* Decimal digits and nothing else; strtoull would take spaces, signs and "0x". */
static bool read_number(const char *text, uint64_t max, uint64_t *ret_number)
{
  uint64_t number = 0;

  if (!*text)
    return false;
  for (; *text; text++) {
    unsigned digit = (unsigned)(unsigned char)*text - '0';

    if (digit > 9 || digit > max || number > (max - digit) / 10)
      return false;
    number = number * 10 + digit;
  }
  *ret_number = number;
  return true;
}

static bool read_choice(const char *text, const char *const *choices, size_t count,
                        uint64_t *ret_number)
{
  for (size_t i = 0; i < count; i++) {
    if (choices[i] && strcasecmp(choices[i], text) == 0) {
      *ret_number = i;
      return true;
    }
  }
  return false;
}

bool aurora__value_read(const aurora__option_t *option, const char *text, aurora_config_t *config)
{
  uint64_t number = 0;
  bool is_read = false;

  switch (option->kind) {
  case AURORA__OPTION_UNSIGNED:
  case AURORA__OPTION_UINT64:
    is_read = read_number(text, option->max, &number);
    break;
  case AURORA__OPTION_SSL_MODE:
    is_read = read_choice(text, ssl_modes, sizeof ssl_modes / sizeof *ssl_modes, &number);
    break;
  case AURORA__OPTION_RESET:
    is_read =
        read_choice(text, reset_policies, sizeof reset_policies / sizeof *reset_policies, &number);
    break;
  case AURORA__OPTION_HOST:
  case AURORA__OPTION_NAME:
  case AURORA__OPTION_SECRET:
  case AURORA__OPTION_SOCKET:
  case AURORA__OPTION_FILE:
  case AURORA__OPTION_SQL:
    aurora__bug("aurora__value_read", option->name);
  }
  if (!is_read || number < option->min || number > option->max)
    return false;
  aurora__option_set_number(option, config, number);
  return true;
}

/* An address, perhaps with a zone as in fe80::1%eth0. */
static bool is_ipv6(const char *text)
{
  char address[INET6_ADDRSTRLEN];
  struct in6_addr parsed;
  size_t length = strcspn(text, "%");

  if (length >= sizeof address || (text[length] && !text[length + 1]))
    return false;
  memcpy(address, text, length);
  address[length] = '\0';
  return inet_pton(AF_INET6, address, &parsed) == 1;
}

/* libmariadb reads a host with ';', '=', ',' or "://" as a connection string or a list of hosts. The
 * other characters never stand in a host, but often in what was put there by mistake. */
static bool host_ok(const char *text)
{
  for (const char *c = text; *c; c++)
    if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(";=,/\\@#?[]", *c))
      return false;
  return !strchr(text, ':') || is_ipv6(text);
}

/* In UTF-8: bytes that do not continue a character. */
static size_t count_characters(const char *text)
{
  size_t count = 0;

  for (; *text; text++)
    count += ((unsigned char)*text & 0xc0) != 0x80;
  return count;
}

bool aurora__value_text_ok(const aurora__option_t *option, const char *text)
{
  size_t length = strlen(text);

  switch (option->kind) {
  case AURORA__OPTION_HOST:
    return length >= option->min && length <= option->max && host_ok(text);
  case AURORA__OPTION_NAME:
    /* The bytes too: what is not UTF-8 may have any number of them a character. */
    return length >= option->min && length <= option->max * 4 &&
           count_characters(text) <= option->max;
  case AURORA__OPTION_SOCKET:
    return *text == '/' && length >= option->min && length <= option->max;
  case AURORA__OPTION_SECRET:
  case AURORA__OPTION_FILE:
  case AURORA__OPTION_SQL:
    return length >= option->min && length <= option->max;
  case AURORA__OPTION_UNSIGNED:
  case AURORA__OPTION_UINT64:
  case AURORA__OPTION_SSL_MODE:
  case AURORA__OPTION_RESET:
    break;
  }
  aurora__bug("aurora__value_text_ok", option->name);
}

bool aurora__value_field_ok(const aurora__option_t *option, const aurora_config_t *config)
{
  if (aurora__option_is_text(option)) {
    const char *text = aurora__option_text(option, config);

    return text ? aurora__value_text_ok(option, text) : option->nullable;
  }
  return aurora__option_number(option, config) >= option->min &&
         aurora__option_number(option, config) <= option->max;
}

void aurora__value_quote(char buffer[AURORA__QUOTE_SIZE], const char *text)
{
  enum { SHOWN = 64 };
  char *end = buffer;
  size_t i;

  if (strchr(text, '@')) {
    strcpy(buffer, "a text with an '@' (not shown)");
    return;
  }
  *end++ = '"';
  for (i = 0; i < SHOWN && text[i]; i++) {
    unsigned char c = (unsigned char)text[i];

    if (c < ' ' || c >= 0x7f || c == '"' || c == '\\')
      end += sprintf(end, "\\x%02x", c);
    else
      *end++ = (char)c;
  }
  strcpy(end, text[i] ? "...\"" : "\"");
}

void aurora__value_allowed(char buffer[AURORA__ALLOWED_SIZE], const aurora__option_t *option)
{
  if (option->kind == AURORA__OPTION_UNSIGNED || option->kind == AURORA__OPTION_UINT64)
    snprintf(buffer, AURORA__ALLOWED_SIZE, "a whole number from %" PRIu64 " to %" PRIu64 "%s",
             option->min, option->max, option->allowed);
  else
    snprintf(buffer, AURORA__ALLOWED_SIZE, "%s", option->allowed);
}

/* "db.example:3306", "[::1]:3306". */
static bool ends_with_port(const char *text)
{
  const char *colon = strrchr(text, ':');

  return colon && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == '\0';
}

int aurora__value_refuse(const aurora__option_t *option, const char *name, const char *text,
                         aurora_error_t *ret_error)
{
  char quoted[AURORA__QUOTE_SIZE];
  char allowed[AURORA__ALLOWED_SIZE];
  /* A statement may hold a secret as well: SET @key = ... */
  bool shown = text && option->kind != AURORA__OPTION_SECRET && option->kind != AURORA__OPTION_SQL;

  if (shown)
    aurora__value_quote(quoted, text);
  aurora__value_allowed(allowed, option);
  return aurora__error_set(ret_error, AURORA_ECONFIG, AURORA_NOT_SENT, "%s is %s; allowed: %s%s",
                           name, shown ? quoted : "a value that is not shown", allowed,
                           text && option->kind == AURORA__OPTION_HOST && ends_with_port(text)
                               ? "; a port is given by port (AURORA_PORT) instead"
                               : "");
}
