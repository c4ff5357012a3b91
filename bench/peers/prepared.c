/*
 * Preparing and binding. Every column is bound as what it is, which is the cheapest libmariadb does.
 */
#include "prepared.h"

#include <stdio.h>
#include <string.h>

static int bind_params(prepared_t *prepared, unsigned count)
{
  MYSQL_BIND binds[WORKLOAD_MAX_PARAMS];

  memset(binds, 0, sizeof binds);
  for (unsigned i = 0; i < count; i++) {
    binds[i].buffer_type = MYSQL_TYPE_LONG;
    binds[i].buffer = &prepared->params[i];
  }
  return mysql_stmt_bind_param(prepared->statement, binds);
}

static int bind_columns(prepared_t *prepared)
{
  MYSQL_BIND binds[PREPARED_COLUMNS];
  MYSQL_RES *metadata = mysql_stmt_result_metadata(prepared->statement);

  memset(binds, 0, sizeof binds);
  prepared->columns = metadata ? mysql_num_fields(metadata) : 0;
  if (prepared->columns > PREPARED_COLUMNS)
    prepared->columns = PREPARED_COLUMNS;
  for (unsigned i = 0; i < prepared->columns; i++) {
    binds[i].length = &prepared->lengths[i];
    if (mysql_fetch_field_direct(metadata, i)->type == MYSQL_TYPE_LONG) {
      binds[i].buffer_type = MYSQL_TYPE_LONG;
      binds[i].buffer = &prepared->numbers[i];
    } else {
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = prepared->texts[i];
      binds[i].buffer_length = PREPARED_TEXT;
    }
  }
  if (metadata)
    mysql_free_result(metadata);
  return prepared->columns && mysql_stmt_bind_result(prepared->statement, binds);
}

int prepared_open(prepared_t *prepared, bare_session_t *session, const work_statement_t *work,
                  bare_error_t *ret_error)
{
  memset(prepared, 0, sizeof *prepared);
  if (!work->sql || !work->params)
    return 0;
  prepared->statement = mysql_stmt_init(session->mysql);
  if (!prepared->statement)
    return bare_session_failed(session, NULL, "cannot make a statement", ret_error);
  if (mysql_stmt_prepare(prepared->statement, work->sql, strlen(work->sql)))
    return bare_session_failed(session, prepared->statement, "cannot prepare", ret_error);
  if (bind_params(prepared, work->params) || bind_columns(prepared))
    return bare_session_failed(session, prepared->statement, "cannot bind", ret_error);
  return 0;
}

void prepared_close(prepared_t *prepared)
{
  if (prepared->statement)
    mysql_stmt_close(prepared->statement);
  prepared->statement = NULL;
}
