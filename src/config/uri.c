/*
 * URIs: scheme://user:password@host:port/database?option=value&option=value
 *
 * The URI is cut into parts by RFC 3986's rules first, each part is percent-decoded after that, and
 * every decoded part is an option of the table, the ones before the '?' too. An option is given once.
 *
 * What errors may show. People forget to escape the characters of a password, and then the parts
 * fall in the wrong places: in mysql://user:pa/ss@host the host seems to be "user" and the port
 * "pa". Hence
 *  - a '#', an '@' in the path and a second '@' before it, the plain signs of it, are refused before
 *    any part is looked at, and nothing of the URI is shown;
 *  - a part is shown only if it stands behind the last '@' of the whole URI;
 *  - in a URI without '@', where a forgotten host makes the password a port, only what looks like a
 *    port is shown, and the database is not;
 *  - nothing is shown of the user-info, of an option named "password", and of what follows that one.
 * Decoded parts are held in one buffer, which is wiped.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include <aurora/config.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/secret.h"
#include "config/edit.h"
#include "config/value.h"

/* A part of the URI that is not yet decoded: [begin, end). */
typedef struct {
  const char *begin;
  const char *end;
} span_t;

typedef struct {
  aurora__edit_t edit;
  aurora_error_t *ret_error;
  char *decoded;            /* room for any part and its NUL */
  const char *last_at;      /* the last '@', or NULL */
  uint64_t seen;            /* a bit for each option that was given */
  bool password_was_option; /* what follows might be the rest of it */
} reader_t;

_Static_assert(AURORA__OPTION_COUNT <= 64, "reader_t.seen has a bit for each option");

static const char uri_form[] = "mysql://user:password@host:port/database?option=value&...";

static int refuse(const reader_t *reader, const char *what, const char *allowed)
{
  return aurora__error_set(reader->ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                           "the URI's %s; allowed: %s", what, allowed);
}

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* Into reader->decoded. False: an escape is malformed or gives NUL. */
static bool decode(const reader_t *reader, span_t part)
{
  char *end = reader->decoded;

  for (const char *c = part.begin; c < part.end; c++) {
    int high;
    int low;

    if (*c != '%') {
      *end++ = *c;
      continue;
    }
    if (part.end - c < 3)
      return false;
    high = hex_digit(c[1]);
    low = hex_digit(c[2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0))
      return false;
    *end++ = (char)(high * 16 + low);
    c += 2;
  }
  *end = '\0';
  return true;
}

/* Whether an error may show what stands from here on. */
static bool may_show(const reader_t *reader, const char *from)
{
  return !reader->password_was_option && (!reader->last_at || from > reader->last_at);
}

static int refuse_escape(const reader_t *reader, const char *where)
{
  return aurora__error_set(reader->ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                           "the URI's %s holds a bad escape; allowed: %%01 to %%FF, and '%%25' for "
                           "a '%%' of its own",
                           where);
}

/* Decodes one part into its option. `where` is what the part is called. */
static int take(reader_t *reader, const aurora__option_t *option, const char *where, span_t part,
                bool shown)
{
  uint64_t bit = UINT64_C(1) << (option - aurora__options);
  char name[64];

  if (reader->seen & bit)
    return aurora__error_set(reader->ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                             "the URI gives %s more than once; allowed: once", option->name);
  reader->seen |= bit;
  if (!decode(reader, part))
    return refuse_escape(reader, where);
  /* An escaped separator hides user-info in what looks like a host: user%3Apassword. */
  if (option->kind == AURORA__OPTION_HOST && !reader->last_at && strchr(reader->decoded, ':'))
    shown = false;
  snprintf(name, sizeof name, "the URI's %s", where);
  return aurora__edit_set(&reader->edit, option, reader->decoded, name, shown, reader->ret_error);
}

static int take_part(reader_t *reader, const char *name, span_t part, bool shown)
{
  return take(reader, aurora__option_find(name), name, part, shown);
}

static int read_user_info(reader_t *reader, span_t info)
{
  const char *colon = memchr(info.begin, ':', (size_t)(info.end - info.begin));
  int status = take_part(reader, "user", (span_t){info.begin, colon ? colon : info.end}, false);

  if (!status && colon)
    status = take_part(reader, "password", (span_t){colon + 1, info.end}, false);
  return status;
}

/* At most as many digits as a port has: what else stands there might be a password. */
static bool looks_like_port(span_t part)
{
  const char *c = part.begin;

  while (c < part.end && *c >= '0' && *c <= '9')
    c++;
  return c == part.end && c - part.begin <= 5;
}

static int read_host_and_port(reader_t *reader, span_t authority)
{
  bool shown = may_show(reader, authority.begin);
  span_t host = authority;
  const char *colon;
  int status;

  if (authority.begin < authority.end && *authority.begin == '[') {
    const char *bracket = memchr(authority.begin, ']', (size_t)(authority.end - authority.begin));

    host.begin++;
    if (!bracket || !memchr(host.begin, ':', (size_t)(bracket - host.begin)) ||
        (bracket + 1 < authority.end && bracket[1] != ':'))
      return refuse(reader, "host has brackets that do not hold an IPv6 address",
                    "a name, an IPv4 address or [IPv6 address], and then :port");
    host.end = bracket;
    colon = bracket + 1 < authority.end ? bracket + 1 : NULL;
  } else {
    colon = memchr(authority.begin, ':', (size_t)(authority.end - authority.begin));
    if (colon)
      host.end = colon;
  }
  status = take_part(reader, "host", host, shown);
  if (!status && colon) {
    span_t port = {colon + 1, authority.end};

    status = take_part(reader, "port", port, shown && (reader->last_at || looks_like_port(port)));
  }
  return status;
}

static int refuse_unknown(const reader_t *reader, span_t name, bool has_value)
{
  static const char allowed[] = "the fields of aurora_config_t, such as pool-size=20, "
                                "ssl-mode=REQUIRED, connect-timeout=1000";
  char quoted[AURORA__QUOTE_SIZE];

  if (!has_value || !may_show(reader, name.begin) || strpbrk(reader->decoded, ":=/"))
    return refuse(reader, "query holds an unknown option or one without a value", allowed);
  aurora__value_quote(quoted, reader->decoded);
  return aurora__error_set(reader->ret_error, AURORA_ECONFIG, AURORA_NOT_SENT,
                           "the URI's option %s is unknown; allowed: %s", quoted, allowed);
}

static int read_option(reader_t *reader, span_t text)
{
  const char *equals = memchr(text.begin, '=', (size_t)(text.end - text.begin));
  span_t name = {text.begin, equals ? equals : text.end};
  const aurora__option_t *option;
  char where[48];
  int status;

  if (!decode(reader, name))
    return refuse_escape(reader, "query");
  option = aurora__option_find(reader->decoded);
  if (!option || !equals)
    return refuse_unknown(reader, name, equals != NULL);
  snprintf(where, sizeof where, "option %s", option->name);
  status =
      take(reader, option, where, (span_t){equals + 1, text.end}, may_show(reader, text.begin));
  if (option->kind == AURORA__OPTION_SECRET)
    reader->password_was_option = true;
  return status;
}

static int read_query(reader_t *reader, const char *query)
{
  int status = 0;

  while (!status && *query) {
    const char *end = query + strcspn(query, "&");

    status = read_option(reader, (span_t){query, end});
    query = *end ? end + 1 : end;
  }
  return status;
}

/* Behind the "://", or NULL. */
static const char *skip_scheme(const char *uri)
{
  static const char *const schemes[] = {"mysql://", "mariadb://", "aurora://"};

  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (strncasecmp(uri, schemes[i], strlen(schemes[i])) == 0)
      return uri + strlen(schemes[i]);
  return NULL;
}

static int read_uri(reader_t *reader, const char *uri)
{
  const char *begin = skip_scheme(uri);
  const char *authority_end;
  const char *path_end;
  const char *at;
  span_t database;
  int status = 0;

  if (!begin)
    return refuse(reader, "scheme is not known", uri_form);
  authority_end = begin + strcspn(begin, "/?#");
  path_end = authority_end + strcspn(authority_end, "?#");
  at = memchr(begin, '@', (size_t)(authority_end - begin));
  reader->last_at = strrchr(begin, '@');
  if (strchr(begin, '#'))
    return refuse(reader, "text holds a '#'", "%23 in its place");
  if ((at && memchr(at + 1, '@', (size_t)(path_end - at - 1))) ||
      memchr(authority_end, '@', (size_t)(path_end - authority_end)))
    return refuse(reader, "text holds an '@' too many, or an unescaped character before one",
                  "in a user name or password %40 for '@', %2F for '/', %3F for '?', %23 for '#'");

  if (at)
    status = read_user_info(reader, (span_t){begin, at});
  if (!status)
    status = read_host_and_port(reader, (span_t){at ? at + 1 : begin, authority_end});
  database = (span_t){authority_end + (*authority_end == '/'), path_end};
  if (!status && memchr(database.begin, '/', (size_t)(database.end - database.begin)))
    return refuse(reader, "path has several parts", "/database, with %2F for a '/' in its name");
  if (!status && database.begin < database.end)
    status = take_part(reader, "database", database, at && may_show(reader, database.begin));
  if (!status && *path_end)
    status = read_query(reader, path_end + 1);
  return status;
}

int aurora_config_from_uri(aurora_config_t *config, const char *uri, aurora_error_t *ret_error)
{
  reader_t reader = {.ret_error = ret_error};
  size_t size;
  int status;

  if (!config || !uri)
    return aurora__error_set(ret_error, UV_EINVAL, AURORA_NOT_SENT, "config or uri is NULL");
  size = strlen(uri) + 1;
  reader.decoded = aurora__calloc(size, 1);
  if (!reader.decoded)
    return aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT, "out of memory");
  aurora__edit_begin(&reader.edit, config);
  status = read_uri(&reader, uri);
  if (status)
    aurora__edit_abort(&reader.edit);
  else
    aurora__edit_commit(&reader.edit);
  aurora__wipe(reader.decoded, size);
  aurora__free(reader.decoded);
  return status;
}
