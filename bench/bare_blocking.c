/*
 * The other baseline: plain blocking libmariadb on one connection. bare_blocking_t is one session and
 * nothing else.
 */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_session.h"

struct bare_blocking {
  bare_session_t session;
};

int bare_blocking_open(const bare_target_t *target, bare_blocking_t **ret_blocking,
                       bare_error_t *ret_error)
{
  bare_blocking_t *blocking = malloc(sizeof *blocking);

  if (!blocking) {
    snprintf(ret_error->message, sizeof ret_error->message, "out of memory");
    return -1;
  }
  if (bare_session_open(&blocking->session, target, false, ret_error)) {
    free(blocking);
    return -1;
  }
  *ret_blocking = blocking;
  return 0;
}

static int run_text(bare_session_t *session, const char *sql, size_t size, bare_totals_t *totals,
                    bare_error_t *ret_error)
{
  MYSQL_RES *result;

  if (mysql_real_query(session->mysql, sql, size))
    return bare_session_failed(session, NULL, "the query failed", ret_error);
  if (!mysql_field_count(session->mysql))
    return 0;
  result = mysql_store_result(session->mysql);
  if (!result)
    return bare_session_failed(session, NULL, "cannot read the rows", ret_error);
  while (mysql_fetch_row(result))
    bare_session_count_text(result, totals);
  mysql_free_result(result);
  return 0;
}

static int run_prepared(bare_session_t *session, bare_totals_t *totals, bare_error_t *ret_error)
{
  int code = MYSQL_NO_DATA;

  if (mysql_stmt_execute(session->prepared))
    return bare_session_failed(session, session->prepared, "cannot execute", ret_error);
  if (!session->columns)
    return 0;
  while ((code = mysql_stmt_fetch(session->prepared)) == 0)
    bare_session_count_row(session, totals);
  if (code == MYSQL_DATA_TRUNCATED)
    return bare_session_failed(session, NULL, "a value is too long for the bench", ret_error);
  if (code != MYSQL_NO_DATA)
    return bare_session_failed(session, session->prepared, "cannot fetch", ret_error);
  return 0;
}

int bare_blocking_run(bare_blocking_t *blocking, const bare_statement_t *statement, uint64_t count,
                      bare_sample_cb sample, void *data, bare_totals_t *ret_totals,
                      bare_error_t *ret_error)
{
  bare_session_t *session = &blocking->session;
  size_t size = strlen(statement->sql);
  bare_totals_t totals = {0};
  uint64_t begin, cpu, started_at = 0;
  int failed;

  if (bare_session_prepare(session, statement, ret_error))
    return -1;
  cpu = bare_cpu_time();
  begin = uv_hrtime();
  for (uint64_t left = count; left; left--) {
    if (sample)
      started_at = uv_hrtime();
    if (statement->keys)
      session->key = (long long)((left - 1) % statement->keys) + 1;
    failed = statement->kind == BARE_TEXT
                 ? run_text(session, statement->sql, size, &totals, ret_error)
                 : run_prepared(session, &totals, ret_error);
    if (failed)
      return -1;
    if (sample)
      sample(uv_hrtime() - started_at, data);
    totals.queries++;
  }
  totals.elapsed = uv_hrtime() - begin;
  totals.cpu = bare_cpu_time() - cpu;
  bare_session_unprepare(session);
  *ret_totals = totals;
  return 0;
}

void bare_blocking_close(bare_blocking_t *blocking)
{
  if (!blocking)
    return;
  bare_session_close(&blocking->session);
  free(blocking);
}
