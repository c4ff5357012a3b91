/*
 * A session of the baselines: a blocking connect, a prepared statement with its bindings.
 *
 * Columns of a prepared statement are bound as their own kind (integers as 64 bits, floating point as
 * double, everything else as text), which is the cheapest that libmariadb does. Owned by the
 * baseline that embeds it.
 */
#include "bare_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t bare_cpu_time(void)
{
  struct timespec time;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int bare_session_failed(bare_session_t *session, MYSQL_STMT *statement, const char *what,
                        bare_error_t *ret_error)
{
  const char *why = statement ? mysql_stmt_error(statement) : "";

  /* An error in the middle of a binary result is put down in the connection only. */
  if (!why[0])
    why = mysql_error(session->mysql);
  snprintf(ret_error->message, sizeof ret_error->message, "%s%s%s", what, why[0] ? ": " : "", why);
  return -1;
}

int bare_session_open(bare_session_t *session, const bare_target_t *target, bool nonblocking,
                      bare_error_t *ret_error)
{
  unsigned protocol = target->unix_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  my_bool yes = 1;
  my_bool verify = target->ssl_ca != NULL;

  memset(session, 0, sizeof *session);
  session->mysql = mysql_init(NULL);
  if (!session->mysql) {
    snprintf(ret_error->message, sizeof ret_error->message, "out of memory");
    return -1;
  }
  mysql_options(session->mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(session->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (target->tls) {
    mysql_options(session->mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    if (target->ssl_ca)
      mysql_options(session->mysql, MYSQL_OPT_SSL_CA, target->ssl_ca);
    if (target->ssl_cert) {
      mysql_options(session->mysql, MYSQL_OPT_SSL_CERT, target->ssl_cert);
      mysql_options(session->mysql, MYSQL_OPT_SSL_KEY, target->ssl_key);
    }
    mysql_options(session->mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  }
  if (nonblocking)
    mysql_options(session->mysql, MYSQL_OPT_NONBLOCK, 0);
  /* A NULL password would make the library look at MYSQL_PWD; a host other than NULL and "localhost"
   * would make it use TCP. */
  if (!mysql_real_connect(session->mysql, target->unix_socket ? NULL : target->host, target->user,
                          target->password ? target->password : "", target->database, target->port,
                          target->unix_socket, 0)) {
    bare_session_failed(session, NULL, "cannot connect", ret_error);
    bare_session_close(session);
    return -1;
  }
  return 0;
}

static void bind_column(bare_session_t *session, unsigned column, enum enum_field_types type)
{
  MYSQL_BIND *bind = &session->results->binds[column];

  bind->length = &session->results->lengths[column];
  bind->buffer = session->results->texts[column];
  bind->buffer_length = BARE_MAX_TEXT;
  if (type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 ||
      type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_LONGLONG)
    bind->buffer_type = MYSQL_TYPE_LONGLONG;
  else if (type == MYSQL_TYPE_FLOAT || type == MYSQL_TYPE_DOUBLE)
    bind->buffer_type = MYSQL_TYPE_DOUBLE;
  else
    bind->buffer_type = MYSQL_TYPE_STRING;
}

static int bind_columns(bare_session_t *session, bare_error_t *ret_error)
{
  MYSQL_RES *metadata = mysql_stmt_result_metadata(session->prepared);

  session->columns = metadata ? mysql_num_fields(metadata) : 0;
  if (session->columns > BARE_MAX_COLUMNS) {
    snprintf(ret_error->message, sizeof ret_error->message, "more than %d columns",
             BARE_MAX_COLUMNS);
    mysql_free_result(metadata);
    return -1;
  }
  if (session->columns)
    session->results = calloc(1, sizeof *session->results);
  if (session->columns && !session->results) {
    snprintf(ret_error->message, sizeof ret_error->message, "out of memory");
    mysql_free_result(metadata);
    return -1;
  }
  for (unsigned i = 0; i < session->columns; i++)
    bind_column(session, i, mysql_fetch_field_direct(metadata, i)->type);
  mysql_free_result(metadata);
  if (session->columns && mysql_stmt_bind_result(session->prepared, session->results->binds))
    return bare_session_failed(session, session->prepared, "cannot bind the columns", ret_error);
  return 0;
}

static int bind_parameter(bare_session_t *session, const bare_statement_t *statement,
                          bare_error_t *ret_error)
{
  unsigned long wanted = statement->keys ? 1 : 0;

  if (mysql_stmt_param_count(session->prepared) != wanted) {
    snprintf(ret_error->message, sizeof ret_error->message,
             "the statement has %lu placeholders, not %lu",
             mysql_stmt_param_count(session->prepared), wanted);
    return -1;
  }
  if (!wanted)
    return 0;
  memset(&session->parameter, 0, sizeof session->parameter);
  session->parameter.buffer_type = MYSQL_TYPE_LONGLONG;
  session->parameter.buffer = &session->key;
  if (mysql_stmt_bind_param(session->prepared, &session->parameter))
    return bare_session_failed(session, session->prepared, "cannot bind the parameter", ret_error);
  return 0;
}

int bare_session_prepare(bare_session_t *session, const bare_statement_t *statement,
                         bare_error_t *ret_error)
{
  if (statement->kind == BARE_TEXT)
    return 0;
  session->prepared = mysql_stmt_init(session->mysql);
  if (!session->prepared)
    return bare_session_failed(session, NULL, "cannot make a statement", ret_error);
  if (mysql_stmt_prepare(session->prepared, statement->sql, strlen(statement->sql)))
    return bare_session_failed(session, session->prepared, "cannot prepare", ret_error);
  if (bind_parameter(session, statement, ret_error))
    return -1;
  return bind_columns(session, ret_error);
}

void bare_session_unprepare(bare_session_t *session)
{
  if (session->prepared)
    mysql_stmt_close(session->prepared);
  session->prepared = NULL;
  free(session->results);
  session->results = NULL;
}

void bare_session_close(bare_session_t *session)
{
  bare_session_unprepare(session);
  if (session->mysql)
    mysql_close(session->mysql);
  session->mysql = NULL;
}

void bare_session_count_text(MYSQL_RES *result, bare_totals_t *totals)
{
  unsigned columns = mysql_num_fields(result);
  const unsigned long *lengths = mysql_fetch_lengths(result);

  totals->rows++;
  for (unsigned i = 0; i < columns; i++)
    totals->bytes += lengths[i];
}

void bare_session_count_row(const bare_session_t *session, bare_totals_t *totals)
{
  totals->rows++;
  for (unsigned i = 0; i < session->columns; i++)
    totals->bytes += session->results->lengths[i];
}
