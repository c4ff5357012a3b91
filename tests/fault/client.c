#include "client.h"

#include <string.h>

#include <check.h>

#include "support/loop.h"

aurora_config_t client_config(const database_t *database, bool tls)
{
  aurora_config_t config = fixture_config(database);

  config.ssl_mode = tls ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  return config;
}

aurora_config_t client_config_of_port(unsigned port, bool tls)
{
  const database_t local = {.host = "127.0.0.1"};
  aurora_config_t config = client_config(&local, tls);

  config.host = "127.0.0.1";
  config.port = port;
  return config;
}

void client_begin(client_t *client)
{
  memset(client, 0, sizeof *client);
  fixture_begin(&client->fixture);
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
  fixture_create(&client->fixture, config);
}

void client_end(client_t *client)
{
  if (client->proxy)
    fault_proxy_stop(client->proxy);
  fixture_end(&client->fixture);
}

void client_close(client_t *client, unsigned drain_ms)
{
  fixture_begin_close(&client->fixture, drain_ms);
  loop_run_until(&client->fixture.loop, &client->fixture.closed, FIXTURE_PATIENCE_MS);
  client_end(client);
}

void client_ask_with(client_t *client, reply_t *reply, const char *sql, aurora_params_t params,
                     uint64_t timeout_ms, unsigned flags)
{
  const aurora_query_options_t options = {.timeout_ms = timeout_ms, .flags = flags};

  fixture_ask_value(&client->fixture, reply, sql, params, &options);
}

void client_ask(client_t *client, reply_t *reply, const char *sql)
{
  fixture_ask_value(&client->fixture, reply, sql, AURORA_NO_PARAMS, NULL);
}

void client_ask_patiently(client_t *client, reply_t *reply, const char *sql,
                          uint64_t acquire_timeout_ms)
{
  const aurora_query_options_t options = {.acquire_timeout_ms = acquire_timeout_ms};

  fixture_ask_value(&client->fixture, reply, sql, AURORA_NO_PARAMS, &options);
}

void client_ask_lease(client_t *client, aurora_connection_t *connection, reply_t *reply,
                      const char *sql, aurora_params_t params, uint64_t timeout_ms)
{
  const aurora_query_options_t options = {.timeout_ms = timeout_ms};

  fixture_ask_lease_value(&client->fixture, connection, reply, sql, params, &options);
}

aurora_error_t client_fail(client_t *client, const char *sql)
{
  reply_t reply;

  client_ask(client, &reply, sql);
  fixture_wait(&client->fixture, &reply);
  ck_assert_uint_eq(reply.calls, 1);
  ck_assert_int_ne(reply.code, 0);
  return reply.error;
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
  ck_assert_int_eq(uv_timer_init(&client->fixture.loop, &client->ticker), 0);
  ck_assert_int_eq(uv_timer_start(&client->ticker, on_tick, 1, 1), 0);
}

double client_watched(client_t *client)
{
  look(client);
  uv_close((uv_handle_t *)&client->ticker, NULL);
  return (double)client->longest_gap / 1e6;
}
