/*
 * Who logs in: the user and password of the configuration, or what the caller's credentials callback
 * gives for this one attempt. On a worker thread.
 */
#ifndef AURORA_SESSION_LOGIN_H
#define AURORA_SESSION_LOGIN_H

#include <aurora/config.h>

typedef struct {
  const char *user;
  const char *password;
  aurora_credentials_t *given; /* by the callback; NULL: the configuration's */
} aurora__login_t;

/* Asks the callback if there is one. 0; or a code, with error set: there is nothing to drop then. */
int aurora__login_get(const aurora_config_t *config, const char *where, aurora__login_t *ret_login,
                      aurora_error_t *ret_error);

/* Wipes and frees what was given. */
void aurora__login_drop(aurora__login_t *login);

#endif
