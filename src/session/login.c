#include "session/login.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/secret.h"

static void drop(aurora_credentials_t *given)
{
  aurora__wipe(given, sizeof *given);
  aurora__free(given);
}

static const char *fault_of(const aurora_credentials_t *given)
{
  if (!memchr(given->user, '\0', sizeof given->user))
    return "a user without an end (NUL)";
  if (!given->user[0])
    return "an empty user";
  if (!memchr(given->password, '\0', sizeof given->password))
    return "a password without an end (NUL)";
  return NULL;
}

int aurora__login_get(const aurora_config_t *config, const char *where, aurora__login_t *ret_login,
                      aurora_error_t *ret_error)
{
  aurora_credentials_t *given;
  const char *fault;
  int code;

  *ret_login = (aurora__login_t){config->user, config->password, NULL};
  if (!config->credentials_cb)
    return 0;
  given = aurora__calloc(1, sizeof *given);
  if (!given)
    return aurora__error_set(ret_error, UV_ENOMEM, AURORA_NOT_SENT,
                             "cannot connect to %s: out of memory", where);
  snprintf(given->user, sizeof given->user, "%s", config->user);
  code = config->credentials_cb(given, config->credentials_data);
  if (code) {
    drop(given);
    /* A caller's own number may be positive; ours are negative. */
    return aurora__error_set(ret_error, code < 0 ? code : AURORA_EACCESS, AURORA_NOT_SENT,
                             "cannot connect to %s: the credentials callback returned %d (%s)",
                             where, code, code < 0 ? aurora_strerror(code) : "not negative");
  }
  fault = fault_of(given);
  if (fault) {
    drop(given);
    return aurora__error_set(ret_error, AURORA_EACCESS, AURORA_NOT_SENT,
                             "cannot connect to %s: the credentials callback gave %s", where,
                             fault);
  }
  *ret_login = (aurora__login_t){given->user, given->password, given};
  return 0;
}

void aurora__login_drop(aurora__login_t *login)
{
  if (login->given)
    drop(login->given);
  *login = (aurora__login_t){NULL, NULL, NULL};
}
