/*
 * See pool_fixture.h. Every call into the library is made with `submitting` set, and every callback
 * looks at it: one from inside the call that it belongs to fails the test.
 */
#include "support/pool_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/clock.h"
#include "libmariadb/internals.h"
#include "pool/pool.h"
#include "support/loop.h"
#include "support/server_differences.h"

/* The short ways through libmariadb's inside are off with a version that the library does not know. */
static void pretend_version(void)
{
  const char *version = getenv("AURORA_TEST_LIBMARIADB_VERSION");

  if (version)
    aurora__internals_pretend(strtoul(version, NULL, 10));
}

aurora_config_t fixture_config(const database_t *database)
{
  aurora_config_t config;

  pretend_version();
  aurora_config_init(&config);
  config.host = database->host;
  config.port = database->port;
  config.user = DATABASE_USER;
  config.password = DATABASE_PASSWORD;
  config.database = DATABASE_NAME;
  config.connect_timeout = slowly(config.connect_timeout);
  config.ssl_mode = AURORA_SSL_DISABLED;
  return config;
}

/* --- The log ------------------------------------------------------------------------------------ */

static void write_log(log_book_t *log, const char *text)
{
  size_t size = strlen(text);

  if (log->size + size + 1 > log->room) {
    log->room = 2 * (log->room + size + 1);
    log->text = realloc(log->text, log->room);
    ck_assert_ptr_nonnull(log->text);
  }
  memcpy(log->text + log->size, text, size + 1);
  log->size += size;
}

static void write_field(log_book_t *log, const aurora_log_field_t *field)
{
  char text[700];

  switch (field->value.type) {
  case AURORA_TYPE_INT64:
    snprintf(text, sizeof text, " %s=%" PRId64, field->key, field->value.as.int64);
    break;
  case AURORA_TYPE_DOUBLE:
    snprintf(text, sizeof text, " %s=%.6f", field->key, field->value.as.float64);
    break;
  case AURORA_TYPE_STRING:
    snprintf(text, sizeof text, " %s=%s", field->key, field->value.as.text.data);
    break;
  case AURORA_TYPE_NULL:
    snprintf(text, sizeof text, " %s=NULL", field->key);
    break;
  case AURORA_TYPE_UINT64:
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_BYTES:
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_TIME:
  case AURORA_TYPE_DATETIME:
    ck_abort_msg("a log field of a type that log.h does not name: %s", field->key);
  }
  write_log(log, text);
}

static void on_log(aurora_log_level_t level, const char *event, const aurora_log_field_t *fields,
                   size_t count, void *data)
{
  log_book_t *log = data;

  ck_assert_int_ge(level, AURORA_LOG_DEBUG);
  ck_assert_int_le(level, AURORA_LOG_ERROR);
  write_log(log, event);
  for (size_t i = 0; i < count; i++)
    write_field(log, &fields[i]);
  write_log(log, "\n");
}

const char *fixture_log_line(const pool_fixture_t *fixture, const char *words)
{
  const char *line = fixture->log.text;
  size_t size = strlen(words);

  while (line && *line) {
    if (strncmp(line, words, size) == 0 && (line[size] == ' ' || line[size] == '\n'))
      return line;
    line = strchr(line, '\n') + 1;
  }
  return NULL;
}

unsigned fixture_logged(const pool_fixture_t *fixture, const char *words)
{
  const char *line = fixture->log.text;
  size_t size = strlen(words);
  unsigned count = 0;

  while (line && *line) {
    count += strncmp(line, words, size) == 0 && (line[size] == ' ' || line[size] == '\n');
    line = strchr(line, '\n') + 1;
  }
  return count;
}

/* --- Beginning and end -------------------------------------------------------------------------- */

/* The first loop of a process opens descriptors that stay; they are no leak. */
static void open_what_stays(void)
{
  static bool opened;
  uv_loop_t loop;

  if (opened)
    return;
  opened = true;
  ck_assert_int_eq(uv_loop_init(&loop), 0);
  ck_assert_int_eq(uv_loop_close(&loop), 0);
}

void fixture_begin(pool_fixture_t *fixture)
{
  memset(fixture, 0, sizeof *fixture);
  open_what_stays();
  fixture->descriptors = open_descriptors();
  ck_assert_int_eq(uv_loop_init(&fixture->loop), 0);
}

void fixture_create(pool_fixture_t *fixture, const aurora_config_t *config)
{
  aurora_config_t logged = *config;
  aurora_error_t error;

  if (!logged.log_cb) {
    logged.log_cb = on_log;
    logged.log_data = &fixture->log;
  }
  ck_assert_msg(aurora_pool_create(&fixture->loop, &logged, &fixture->pool, &error) == 0, "%s",
                error.message);
}

void fixture_open(pool_fixture_t *fixture, const aurora_config_t *config)
{
  fixture_begin(fixture);
  fixture_create(fixture, config);
}

static void on_closed(const aurora_error_t *error, void *data)
{
  pool_fixture_t *fixture = data;

  ck_assert_ptr_null(error);
  ck_assert_uint_eq(fixture->submitting, 0);
  ck_assert(!fixture->closed);
  fixture->closed = true;
}

void fixture_begin_close(pool_fixture_t *fixture, uint64_t drain_ms)
{
  fixture->submitting++;
  ck_assert_int_eq(aurora_pool_close(fixture->pool, drain_ms, on_closed, fixture), 0);
  fixture->submitting--;
}

void fixture_end(pool_fixture_t *fixture)
{
  unsigned left;

  ck_assert(fixture->closed);
  loop_close_clean(&fixture->loop);
  /* A bad server's thread lives in this process too, and lets go of its connections by itself. */
  for (int i = 0; open_descriptors() != fixture->descriptors && i < 300; i++)
    uv_sleep(10);
  left = open_descriptors();
  ck_assert_msg(left == fixture->descriptors, "%u descriptors before, %u after",
                fixture->descriptors, left);
  /* Whatever was told to the log: no password of the tests' users. */
  if (fixture->log.text)
    ck_assert_ptr_null(strstr(fixture->log.text, "secret"));
  free(fixture->log.text);
  fixture->log.text = NULL;
}

void fixture_close(pool_fixture_t *fixture)
{
  fixture_begin_close(fixture, 5000);
  loop_run_until(&fixture->loop, &fixture->closed, FIXTURE_PATIENCE_MS);
  fixture_end(fixture);
}

/* --- Replies ------------------------------------------------------------------------------------ */

void reply_init(reply_t *reply, pool_fixture_t *fixture)
{
  memset(reply, 0, sizeof *reply);
  reply->fixture = fixture;
  reply->value = -1;
  reply->asked_at = now_ms();
}

static void end(reply_t *reply, const aurora_error_t *error)
{
  pool_fixture_t *fixture = reply->fixture;

  ck_assert_msg(!fixture->submitting, "a callback from inside the call");
  ck_assert_msg(!fixture->closed, "a callback after that of the close");
  ck_assert_msg(!reply->calls, "a second callback");
  if (error) {
    ck_assert_int_lt(error->code, 0);
    reply->error = *error;
    reply->code = error->code;
  }
  reply->ended_at = now_ms();
  reply->calls++;
  reply->done = true;
  reply->order = ++fixture->callbacks;
}

void reply_on_value(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  reply_t *reply = data;

  ck_assert((error == NULL) != (result == NULL));
  if (result) {
    reply->rows = aurora_result_rows(result);
    if (reply->rows && aurora_result_int64(result, 0, 0, &reply->value))
      reply->value = -1;
  }
  end(reply, error);
}

void reply_on_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  reply_t *reply = data;

  if (result)
    reply->result = aurora_result_ref(result);
  reply_on_value(error, result, reply);
}

void reply_on_done(const aurora_error_t *error, void *data)
{
  end(data, error);
}

void reply_on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  reply_t *reply = data;

  ck_assert((error == NULL) != (connection == NULL));
  reply->connection = connection;
  end(reply, error);
}

static void on_health(bool healthy, const aurora_error_t *why_not, void *data)
{
  reply_t *reply = data;

  ck_assert(healthy == (why_not == NULL));
  reply->healthy = healthy;
  end(reply, why_not);
}

void reply_clear(reply_t *reply)
{
  aurora_result_unref(reply->result);
  reply->result = NULL;
}

void reply_must_be_good(const reply_t *reply)
{
  ck_assert_uint_eq(reply->calls, 1);
  ck_assert_msg(!reply->code, "%s: %s", aurora_err_name(reply->code), reply->error.message);
}

void reply_must_be(const reply_t *reply, int code)
{
  ck_assert_uint_eq(reply->calls, 1);
  ck_assert_msg(reply->code == code, "%s instead of %s: %s", aurora_err_name(reply->code),
                aurora_err_name(code), reply->code ? reply->error.message : "success");
  ck_assert_str_ne(reply->error.message, "");
}

uint64_t reply_took(const reply_t *reply)
{
  return reply->ended_at - reply->asked_at;
}

/* --- Asking ------------------------------------------------------------------------------------- */

static void ask(pool_fixture_t *fixture, reply_t *reply, const char *sql, aurora_params_t params,
                const aurora_query_options_t *options, aurora_query_cb cb)
{
  reply_init(reply, fixture);
  fixture->submitting++;
  ck_assert_int_eq(
      aurora_pool_query_with(fixture->pool, sql, params, options, cb, reply, &reply->query), 0);
  fixture->submitting--;
}

void fixture_ask_with(pool_fixture_t *fixture, reply_t *reply, const char *sql,
                      aurora_params_t params, const aurora_query_options_t *options)
{
  ask(fixture, reply, sql, params, options, reply_on_query);
}

void fixture_ask(pool_fixture_t *fixture, reply_t *reply, const char *sql, aurora_params_t params)
{
  ask(fixture, reply, sql, params, NULL, reply_on_query);
}

void fixture_ask_value(pool_fixture_t *fixture, reply_t *reply, const char *sql,
                       aurora_params_t params, const aurora_query_options_t *options)
{
  ask(fixture, reply, sql, params, options, reply_on_value);
}

void fixture_acquire(pool_fixture_t *fixture, reply_t *reply)
{
  reply_init(reply, fixture);
  fixture->submitting++;
  ck_assert_int_eq(aurora_pool_acquire(fixture->pool, reply_on_connection, reply), 0);
  fixture->submitting--;
}

void fixture_warm_up(pool_fixture_t *fixture, reply_t *reply)
{
  reply_init(reply, fixture);
  fixture->submitting++;
  ck_assert_int_eq(aurora_pool_warmup(fixture->pool, reply_on_done, reply), 0);
  fixture->submitting--;
}

void fixture_check(pool_fixture_t *fixture, reply_t *reply)
{
  reply_init(reply, fixture);
  fixture->submitting++;
  ck_assert_int_eq(aurora_pool_check(fixture->pool, on_health, reply), 0);
  fixture->submitting--;
}

static void ask_lease(pool_fixture_t *fixture, aurora_connection_t *connection, reply_t *reply,
                      const char *sql, aurora_params_t params,
                      const aurora_query_options_t *options, aurora_query_cb cb)
{
  reply_init(reply, fixture);
  fixture->submitting++;
  ck_assert_int_eq(
      aurora_connection_query_with(connection, sql, params, options, cb, reply, &reply->query), 0);
  fixture->submitting--;
}

void fixture_ask_lease(pool_fixture_t *fixture, aurora_connection_t *connection, reply_t *reply,
                       const char *sql, aurora_params_t params)
{
  ask_lease(fixture, connection, reply, sql, params, NULL, reply_on_query);
}

void fixture_ask_lease_value(pool_fixture_t *fixture, aurora_connection_t *connection,
                             reply_t *reply, const char *sql, aurora_params_t params,
                             const aurora_query_options_t *options)
{
  ask_lease(fixture, connection, reply, sql, params, options, reply_on_value);
}

void fixture_wait(pool_fixture_t *fixture, const reply_t *reply)
{
  loop_run_until(&fixture->loop, &reply->done, FIXTURE_PATIENCE_MS);
}

reply_t fixture_query(pool_fixture_t *fixture, const char *sql, aurora_params_t params)
{
  reply_t reply;

  fixture_ask(fixture, &reply, sql, params);
  fixture_wait(fixture, &reply);
  reply_must_be_good(&reply);
  return reply;
}

int64_t fixture_number(pool_fixture_t *fixture, const char *sql)
{
  reply_t reply;

  fixture_ask_value(fixture, &reply, sql, AURORA_NO_PARAMS, NULL);
  fixture_wait(fixture, &reply);
  reply_must_be_good(&reply);
  return reply.value;
}

void fixture_run(pool_fixture_t *fixture, const char *sql)
{
  fixture_number(fixture, sql);
}

aurora_error_t fixture_fail(pool_fixture_t *fixture, const char *sql, aurora_params_t params,
                            int code)
{
  reply_t reply;

  fixture_ask(fixture, &reply, sql, params);
  fixture_wait(fixture, &reply);
  reply_must_be(&reply, code);
  return reply.error;
}

aurora_connection_t *fixture_lease(pool_fixture_t *fixture)
{
  reply_t reply;

  fixture_acquire(fixture, &reply);
  fixture_wait(fixture, &reply);
  reply_must_be_good(&reply);
  return reply.connection;
}

int64_t fixture_lease_number(pool_fixture_t *fixture, aurora_connection_t *connection,
                             const char *sql)
{
  reply_t reply;

  fixture_ask_lease_value(fixture, connection, &reply, sql, AURORA_NO_PARAMS, NULL);
  fixture_wait(fixture, &reply);
  reply_must_be_good(&reply);
  return reply.value;
}

bool fixture_in_transaction(pool_fixture_t *fixture, aurora_connection_t *lease)
{
  enum { CANT_CHANGE_TX_CHARACTERISTICS = 1568 };
  bool asked = server_has(SERVER_IN_TRANSACTION);
  /* MySQL does not tell, but it refuses this inside of one; outside it changes nothing. */
  const char *sql = asked ? "SELECT @@in_transaction" : "SET TRANSACTION READ WRITE";
  reply_t reply;

  if (lease)
    fixture_ask_lease_value(fixture, lease, &reply, sql, AURORA_NO_PARAMS, NULL);
  else
    fixture_ask_value(fixture, &reply, sql, AURORA_NO_PARAMS, NULL);
  fixture_wait(fixture, &reply);
  if (!asked && reply.code == AURORA_ESERVER)
    return reply.error.server_errno == CANT_CHANGE_TX_CHARACTERISTICS;
  reply_must_be_good(&reply);
  return asked && reply.value == 1;
}

aurora_stats_t fixture_stats(const pool_fixture_t *fixture)
{
  aurora_stats_t stats;

  aurora_pool_stats(fixture->pool, &stats);
  ck_assert_uint_eq(stats.size, stats.connecting + stats.idle + stats.busy + stats.upkeep);
  return stats;
}

typedef struct {
  const pool_fixture_t *fixture;
  size_t idle;
} wanted_t;

static bool is_idle(void *data)
{
  const wanted_t *wanted = data;
  aurora_stats_t stats = fixture_stats(wanted->fixture);

  return stats.idle == wanted->idle && stats.size == stats.idle;
}

void fixture_wait_idle(pool_fixture_t *fixture, size_t idle)
{
  wanted_t wanted = {fixture, idle};

  loop_run_until_true(&fixture->loop, is_idle, &wanted, FIXTURE_PATIENCE_MS);
}

static bool is_quiet(void *data)
{
  aurora_stats_t stats = fixture_stats(data);

  return stats.upkeep == 0 && stats.connecting == 0 && stats.busy == 0;
}

void fixture_wait_quiet(pool_fixture_t *fixture)
{
  loop_run_until_true(&fixture->loop, is_quiet, fixture, FIXTURE_PATIENCE_MS);
}

static bool pause_is_over(void *data)
{
  const pool_fixture_t *fixture = data;

  return !aurora__scheduler_backs_off(&fixture->pool->scheduler, aurora__now_ms());
}

void fixture_wait_out_pause(pool_fixture_t *fixture)
{
  loop_run_until_true(&fixture->loop, pause_is_over, fixture, FIXTURE_PATIENCE_MS);
}
