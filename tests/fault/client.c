/*
 * See client.h.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "support/loop.h"

static aurora_config_t config_of(const char *host, unsigned port, bool tls)
{
  aurora_config_t config;

  aurora_config_init(&config);
  config.host = host;
  config.port = port;
  config.user = DATABASE_USER;
  config.password = DATABASE_PASSWORD;
  config.database = DATABASE_NAME;
  config.connect_timeout = slowly(config.connect_timeout);
  config.ssl_mode = tls ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  return config;
}

aurora_config_t client_config(const database_t *database, bool tls)
{
  return config_of(database->host, database->port, tls);
}

aurora_config_t client_config_of_port(unsigned port, bool tls)
{
  return config_of("127.0.0.1", port, tls);
}

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

void client_begin(client_t *client)
{
  memset(client, 0, sizeof *client);
  open_what_stays();
  client->descriptors = open_descriptors();
}

void client_begin_with_proxy(client_t *client, const database_t *database,
                             const fault_script_t *script)
{
  client_begin(client);
  ck_assert_int_eq(fault_proxy_start(database->host, database->port, script, &client->proxy), 0);
}

void client_open(client_t *client, const aurora_config_t *config)
{
  client_begin(client);
  client_create(client, config);
}

void client_create(client_t *client, const aurora_config_t *config)
{
  aurora_error_t error;

  ck_assert_int_eq(uv_loop_init(&client->loop), 0);
  ck_assert_msg(aurora_pool_create(&client->loop, config, &client->pool, &error) == 0, "%s",
                error.message);
}

static void on_closed(const aurora_error_t *error, void *data)
{
  client_t *client = data;

  ck_assert_ptr_null(error);
  ck_assert(!client->closed);
  client->closed = true;
}

void client_end(client_t *client)
{
  unsigned left, turns;

  loop_close_clean(&client->loop);
  if (client->proxy)
    fault_proxy_stop(client->proxy);
  /* A bad server's thread lives in this process too, and lets go of its connections by itself. */
  for (turns = 0; open_descriptors() != client->descriptors && turns < 300; turns++)
    uv_sleep(10);
  left = open_descriptors();
  ck_assert_msg(left == client->descriptors, "%u descriptors before, %u after", client->descriptors,
                left);
}

void client_close(client_t *client, unsigned drain_ms)
{
  ck_assert_int_eq(aurora_pool_close(client->pool, drain_ms, on_closed, client), 0);
  loop_run_until(&client->loop, &client->closed, CLIENT_PATIENCE_MS);
  client_end(client);
}

/* --- Answers ------------------------------------------------------------------------------------ */

static void start(client_t *client, answer_t *answer)
{
  memset(answer, 0, sizeof *answer);
  answer->client = client;
  answer->value = -1;
  answer->asked_at = now_ms();
}

static void end(answer_t *answer, const aurora_error_t *error)
{
  ck_assert_msg(!answer->client->closed, "a callback after that of the close");
  answer->ended_at = now_ms();
  answer->failed = error != NULL;
  if (error)
    answer->error = *error;
  answer->calls++;
  answer->done = true;
  answer->client->callbacks++;
}

static void on_answer(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  answer_t *answer = data;

  ck_assert((error == NULL) != (result == NULL));
  if (result) {
    answer->rows = aurora_result_rows(result);
    if (answer->rows && aurora_result_int64(result, 0, 0, &answer->value))
      answer->value = -1;
  }
  end(answer, error);
}

static void on_done(const aurora_error_t *error, void *data)
{
  end(data, error);
}

static void on_connection(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  answer_t *answer = data;

  answer->connection = connection;
  end(answer, error);
}

void client_ask_with(client_t *client, answer_t *answer, const char *sql, aurora_params_t params,
                     uint64_t timeout_ms, unsigned flags)
{
  const aurora_query_options_t options = {.timeout_ms = timeout_ms, .flags = flags};

  start(client, answer);
  ck_assert_int_eq(aurora_pool_query_with(client->pool, sql, params, &options, on_answer, answer,
                                          &answer->query),
                   0);
  ck_assert_msg(!answer->done, "a callback from inside the call");
}

void client_ask(client_t *client, answer_t *answer, const char *sql)
{
  client_ask_with(client, answer, sql, AURORA_NO_PARAMS, 0, 0);
}

void client_ask_patiently(client_t *client, answer_t *answer, const char *sql,
                          uint64_t acquire_timeout_ms)
{
  const aurora_query_options_t options = {.acquire_timeout_ms = acquire_timeout_ms};

  start(client, answer);
  ck_assert_int_eq(aurora_pool_query_with(client->pool, sql, AURORA_NO_PARAMS, &options, on_answer,
                                          answer, &answer->query),
                   0);
}

void client_warm_up(client_t *client, answer_t *answer)
{
  start(client, answer);
  ck_assert_int_eq(aurora_pool_warmup(client->pool, on_done, answer), 0);
}

void client_acquire(client_t *client, answer_t *answer)
{
  start(client, answer);
  ck_assert_int_eq(aurora_pool_acquire(client->pool, on_connection, answer), 0);
}

void client_ask_lease(client_t *client, aurora_connection_t *connection, answer_t *answer,
                      const char *sql, aurora_params_t params, uint64_t timeout_ms)
{
  const aurora_query_options_t options = {.timeout_ms = timeout_ms};

  start(client, answer);
  ck_assert_int_eq(aurora_connection_query_with(connection, sql, params, &options, on_answer,
                                                answer, &answer->query),
                   0);
}

void client_wait(client_t *client, const answer_t *answer)
{
  loop_run_until(&client->loop, &answer->done, CLIENT_PATIENCE_MS);
}

int64_t client_get(client_t *client, const char *sql)
{
  answer_t answer;

  client_ask(client, &answer, sql);
  client_wait(client, &answer);
  answer_must_be_good(&answer);
  return answer.value;
}

aurora_error_t client_fail(client_t *client, const char *sql)
{
  answer_t answer;

  client_ask(client, &answer, sql);
  client_wait(client, &answer);
  ck_assert_uint_eq(answer.calls, 1);
  ck_assert(answer.failed);
  return answer.error;
}

void answer_must_be_good(const answer_t *answer)
{
  ck_assert_uint_eq(answer->calls, 1);
  ck_assert_msg(!answer->failed, "%s: %s", aurora_err_name(answer->error.code),
                answer->error.message);
}

void answer_must_be(const answer_t *answer, int code)
{
  ck_assert_uint_eq(answer->calls, 1);
  ck_assert_msg(answer->failed, "it succeeded");
  ck_assert_msg(answer->error.code == code, "%s: %s", aurora_err_name(answer->error.code),
                answer->error.message);
  ck_assert_str_ne(answer->error.message, "");
}

uint64_t answer_took(const answer_t *answer)
{
  return answer->ended_at - answer->asked_at;
}

/* --- The loop's turns --------------------------------------------------------------------------- */

static void look(client_t *client)
{
  uint64_t now = uv_hrtime();

  if (now - client->last_tick > client->longest_gap)
    client->longest_gap = now - client->last_tick;
  client->last_tick = now;
}

static void on_tick(uv_timer_t *timer)
{
  look(timer->data);
}

void client_watch(client_t *client)
{
  client->last_tick = uv_hrtime();
  client->longest_gap = 0;
  client->ticker.data = client;
  ck_assert_int_eq(uv_timer_init(&client->loop, &client->ticker), 0);
  ck_assert_int_eq(uv_timer_start(&client->ticker, on_tick, 1, 1), 0);
}

double client_watched(client_t *client)
{
  look(client);
  uv_close((uv_handle_t *)&client->ticker, NULL);
  return (double)client->longest_gap / 1e6;
}
