/*
 * The database. For one of the user's own nothing is assumed: whether it speaks TLS, and whether it
 * lets anybody in without, is tried.
 */
#include "target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bare_session.h"
#include "bundle.h"
#include "progress.h"
#include "table.h"

static int read_config(const options_t *options, target_t *target, bare_error_t *ret_error)
{
  aurora_error_t error;
  int code = options->uri ? aurora_config_from_uri(&target->config, options->uri, &error)
                          : aurora_config_from_env(&target->config, &error);

  if (code) {
    snprintf(ret_error->message, sizeof ret_error->message, "%s", error.message);
    return -1;
  }
  target->is_owned = true;
  return 0;
}

static int start_private(target_t *target, bare_error_t *ret_error)
{
  progress_step("Starting a private database server");
  if (database_start(&target->database, NULL)) {
    snprintf(ret_error->message, sizeof ret_error->message, "no private database could be started");
    return -1;
  }
  target->is_private = true;
  target->config.host = target->database.host;
  target->config.port = target->database.port;
  target->config.user = DATABASE_USER;
  target->config.password = DATABASE_PASSWORD;
  target->config.database = DATABASE_NAME;
  target->config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  target->config.ssl_ca = target->database.ca;
  return 0;
}

static aurora_ssl_mode_t tls_mode(const aurora_config_t *config)
{
  switch (config->ssl_mode) {
  case AURORA_SSL_DEFAULT:
    return config->ssl_ca ? AURORA_SSL_VERIFY_IDENTITY : AURORA_SSL_REQUIRED;
  case AURORA_SSL_DISABLED:
  case AURORA_SSL_PREFERRED:
  case AURORA_SSL_REQUIRED:
    break;
  case AURORA_SSL_VERIFY_CA:
  case AURORA_SSL_VERIFY_IDENTITY:
    return config->ssl_mode;
  }
  return AURORA_SSL_REQUIRED;
}

void target_config(const target_t *target, target_link_t link, aurora_config_t *ret_config)
{
  *ret_config = target->config;
  ret_config->ssl_mode = link == TARGET_PLAIN ? AURORA_SSL_DISABLED : tls_mode(&target->config);
  if (link == TARGET_TLS_BUNDLE)
    ret_config->ssl_ca = target->bundle;
}

static void bare_for(const target_t *target, target_link_t link, bare_target_t *ret_bare)
{
  const aurora_config_t *config = &target->config;

  *ret_bare = (bare_target_t){.host = config->host,
                              .port = config->port,
                              .unix_socket = config->unix_socket,
                              .user = config->user,
                              .password = config->password,
                              .database = config->database,
                              .tls = link != TARGET_PLAIN,
                              .ssl_cert = config->ssl_cert,
                              .ssl_key = config->ssl_key};
  if (tls_mode(config) == AURORA_SSL_VERIFY_IDENTITY)
    ret_bare->ssl_ca = config->ssl_ca;
}

void target_bare(const target_t *target, bare_target_t *ret_bare)
{
  bare_for(target, target->queries, ret_bare);
}

/* Tries a link by one connection without the pool. 0: it is there. */
static int try_link(target_t *target, target_link_t link)
{
  bare_target_t bare;
  bare_session_t session;
  bare_error_t *why = &target->missing[link];

  bare_for(target, link, &bare);
  if (bare_session_open(&session, &bare, false, why))
    return -1;
  if (link != TARGET_PLAIN && !mysql_get_ssl_cipher(session.mysql))
    snprintf(why->message, sizeof why->message, "the server has no TLS");
  snprintf(target->server, sizeof target->server, "%s", mysql_get_server_info(session.mysql));
  bare_session_close(&session);
  return why->message[0] ? -1 : 0;
}

static int find_links(target_t *target, bare_error_t *ret_error)
{
  aurora_ssl_mode_t mode = target->config.ssl_mode;
  bool demands_tls = mode == AURORA_SSL_REQUIRED || mode == AURORA_SSL_VERIFY_CA ||
                     mode == AURORA_SSL_VERIFY_IDENTITY || target->config.ssl_ca;

  /* A password goes nowhere in clear text that the user did not send it to. */
  if (demands_tls && !target->is_private)
    snprintf(target->missing[TARGET_PLAIN].message, sizeof target->missing[TARGET_PLAIN].message,
             "the configuration demands TLS");
  else
    try_link(target, TARGET_PLAIN);
  if (mode == AURORA_SSL_DISABLED)
    snprintf(target->missing[TARGET_TLS].message, sizeof target->missing[TARGET_TLS].message,
             "ssl-mode is DISABLED");
  else
    try_link(target, TARGET_TLS);
  target->queries = TARGET_PLAIN;
  if (!target->is_private && !target->missing[TARGET_TLS].message[0])
    target->queries = TARGET_TLS;
  if (target->missing[target->queries].message[0]) {
    *ret_error = target->missing[demands_tls ? TARGET_TLS : TARGET_PLAIN];
    return -1;
  }
  return 0;
}

static void find_bundle(target_t *target)
{
  const char *ca = target->config.ssl_ca;
  bare_error_t *why = &target->missing[TARGET_TLS_BUNDLE];
  int code;

  *why = target->missing[TARGET_TLS];
  if (why->message[0])
    return;
  if (!ca || tls_mode(&target->config) == AURORA_SSL_REQUIRED) {
    snprintf(why->message, sizeof why->message,
             "the server's certificate is not verified; give an "
             "ssl-ca");
    return;
  }
  if (bundle_count(ca) >= TARGET_BUNDLE * 3 / 4) {
    snprintf(target->bundle, sizeof target->bundle, "%s", ca);
  } else {
    code = bundle_make(ca, TARGET_BUNDLE, target->bundle, sizeof target->bundle);
    if (code) {
      snprintf(why->message, sizeof why->message, "no file of certificates: %s", strerror(-code));
      return;
    }
    target->bundle_is_ours = true;
  }
  target->bundle_count = bundle_count(target->bundle);
}

static int make_statements(const options_t *options, target_t *target, bare_error_t *ret_error)
{
  bare_target_t bare;

  target->text = (bare_statement_t){.kind = BARE_TEXT, .sql = "SELECT 1"};
  target->row = (bare_statement_t){.kind = BARE_PREPARED, .sql = "SELECT ?", .keys = TARGET_KEYS};
  if (!target->is_private && !options->table)
    return 0;
  progress_step("Filling the table %s with %d rows", TABLE_NAME, TARGET_KEYS);
  target_bare(target, &bare);
  if (table_make(&bare, TARGET_KEYS, ret_error))
    return -1;
  target->has_table = true;
  target->row.sql = TABLE_SELECT;
  return 0;
}

int target_open(const options_t *options, target_t *target, bare_error_t *ret_error)
{
  int code;

  memset(target, 0, sizeof *target);
  aurora_config_init(&target->config);
  code = options->is_private ? start_private(target, ret_error)
                             : read_config(options, target, ret_error);
  if (!code)
    code = find_links(target, ret_error);
  if (!code)
    code = make_statements(options, target, ret_error);
  if (code) {
    target_close(target);
    return -1;
  }
  find_bundle(target);
  return 0;
}

void target_close(target_t *target)
{
  bare_target_t bare;

  if (target->has_table && !target->is_private) {
    target_bare(target, &bare);
    table_drop(&bare);
  }
  if (target->bundle_is_ours)
    unlink(target->bundle);
  if (target->is_private)
    database_stop(&target->database);
  if (target->is_owned)
    aurora_config_clear(&target->config);
  memset(target, 0, sizeof *target);
}
