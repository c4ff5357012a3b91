/*
 * The health check of a pool whose connections are all busy: healthy while the server answers, and not when it
 * does not.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "support/database_test.h"
#include "support/loop.h"

enum { CONNECT_MS = 4000, LATE_MS = 1000, SIZE = 2 };

static database_t database;

static const fault_script_t pass = {.to_server = {.cut = FAULT_NONE}};

/* A pool behind a proxy; all of its connections run a statement that takes longer than the check. */
typedef struct {
  client_t client;
  aurora_config_t config;
  reply_t busy[SIZE];
} scene_t;

static void scene_begin(scene_t *scene, bool tls)
{
  client_begin_with_proxy(&scene->client, &database, &pass);
  scene->config = client_config_of_port(fault_proxy_port(scene->client.proxy), tls);
  scene->config.connect_timeout = CONNECT_MS;
  scene->config.pool_size = scene->config.warmup_size = SIZE;
}

static bool is_busy(void *data)
{
  return fixture_stats(data).busy == SIZE;
}

static void scene_keep_busy(scene_t *scene)
{
  reply_t warm;

  fixture_create(&scene->client.fixture, &scene->config);
  fixture_warm_up(&scene->client.fixture, &warm);
  fixture_wait(&scene->client.fixture, &warm);
  reply_must_be_good(&warm);
  for (unsigned i = 0; i < SIZE; i++)
    client_ask(&scene->client, &scene->busy[i], "SELECT SLEEP(30)");
  loop_run_until_true(&scene->client.fixture.loop, is_busy, &scene->client.fixture,
                      FIXTURE_PATIENCE_MS);
}

static void scene_check(scene_t *scene, bool healthy)
{
  reply_t reply;

  fixture_check(&scene->client.fixture, &reply);
  fixture_wait(&scene->client.fixture, &reply);
  ck_assert_uint_eq(reply.calls, 1);
  ck_assert_msg(reply.healthy == healthy, "healthy: %d: %s", reply.healthy, reply.error.message);
  ck_assert_uint_le(reply_took(&reply), CONNECT_MS + slowly(LATE_MS));
}

static uint64_t connections(scene_t *scene)
{
  fault_counters_t counters;

  fault_proxy_count(scene->client.proxy, &counters);
  return counters.connections;
}

START_TEST(busy_is_healthy)
{
  scene_t scene;

  scene_begin(&scene, _i);
  scene_keep_busy(&scene);
  scene_check(&scene, true);
  ck_assert_uint_eq(connections(&scene), SIZE + 1);
  scene_check(&scene, true);
  ck_assert_uint_eq(fixture_logged(&scene.client.fixture, "health check failed"), 0);
  client_close(&scene.client, 0);
}
END_TEST

/* One that does not answer is not, whatever was before. */
START_TEST(busy_with_a_server_that_is_gone_is_unhealthy)
{
  scene_t scene;

  scene_begin(&scene, _i);
  scene_keep_busy(&scene);
  scene_check(&scene, true);
  fault_proxy_set(scene.client.proxy, &fault_black_hole);
  fault_proxy_apply(scene.client.proxy, &fault_black_hole);
  scene_check(&scene, false);
  client_close(&scene.client, 0);
}
END_TEST

START_TEST(busy_with_a_server_that_refuses_is_unhealthy)
{
  scene_t scene;

  scene_begin(&scene, false);
  scene_keep_busy(&scene);
  ck_assert_int_eq(fault_proxy_listen(scene.client.proxy, false), 0);
  scene_check(&scene, false);
  client_close(&scene.client, 0);
}
END_TEST

/* The server has no connection left for the user; the second time the back-off after that runs. */
START_TEST(a_server_that_has_too_many_connections_is_healthy)
{
  scene_t scene;

  scene_begin(&scene, false);
  scene.config.user = DATABASE_LIMITED_USER;
  scene.config.password = DATABASE_LIMITED_PASSWORD;
  scene.config.backoff_min = scene.config.backoff_max = 60000;
  scene_keep_busy(&scene);
  scene_check(&scene, true);
  scene_check(&scene, true);
  ck_assert_uint_le(connections(&scene), SIZE + 2);
  client_close(&scene.client, 0);
}
END_TEST

/* There is no connection for a probe, but one of the pool's works. */
START_TEST(a_pool_that_gets_answers_is_healthy)
{
  scene_t scene;
  aurora_connection_t *lease;
  reply_t steps[20];

  scene_begin(&scene, false);
  scene.config.pool_size = scene.config.warmup_size = 1;
  fixture_create(&scene.client.fixture, &scene.config);
  lease = fixture_lease(&scene.client.fixture);
  ck_assert_int_eq(fault_proxy_listen(scene.client.proxy, false), 0);
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
    client_ask_lease(&scene.client, lease, &steps[i], "SELECT SLEEP(0.1)", AURORA_NO_PARAMS, 0);
  scene_check(&scene, true);
  aurora_connection_release(lease);
  client_close(&scene.client, 0);
}
END_TEST

/* A request waits already, and the queue takes no second one; nor would a request wait as long as a quarter. */
START_TEST(a_full_queue_is_healthy)
{
  scene_t scene;
  reply_t waiting;

  scene_begin(&scene, false);
  scene.config.queue_limit = 1;
  scene.config.acquire_timeout = 100;
  scene_keep_busy(&scene);
  client_ask_patiently(&scene.client, &waiting, "SELECT 1", FIXTURE_PATIENCE_MS);
  ck_assert_int_eq(aurora_pool_query(scene.client.fixture.pool, "SELECT 1", AURORA_NO_PARAMS,
                                     reply_on_query, NULL),
                   AURORA_EQUEUEFULL);
  scene_check(&scene, true);
  client_close(&scene.client, 0);
}
END_TEST

static bool a_probe_has_begun(void *data)
{
  return connections(data) > SIZE;
}

START_TEST(a_pool_that_is_closed_meanwhile_is_unhealthy)
{
  scene_t scene;
  reply_t reply;

  scene_begin(&scene, _i);
  scene_keep_busy(&scene);
  fault_proxy_set(scene.client.proxy, &fault_black_hole);
  fixture_check(&scene.client.fixture, &reply);
  loop_run_until_true(&scene.client.fixture.loop, a_probe_has_begun, &scene, FIXTURE_PATIENCE_MS);
  client_close(&scene.client, 0);
  ck_assert_uint_eq(reply.calls, 1);
  ck_assert(!reply.healthy);
  ck_assert_int_eq(reply.code, AURORA_ECLOSED);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("health");
  TCase *tcase = tcase_create("health");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, busy_is_healthy, 0, 2);
  tcase_add_loop_test(tcase, busy_with_a_server_that_is_gone_is_unhealthy, 0, 2);
  tcase_add_test(tcase, busy_with_a_server_that_refuses_is_unhealthy);
  tcase_add_test(tcase, a_server_that_has_too_many_connections_is_healthy);
  tcase_add_test(tcase, a_pool_that_gets_answers_is_healthy);
  tcase_add_test(tcase, a_full_queue_is_healthy);
  tcase_add_loop_test(tcase, a_pool_that_is_closed_meanwhile_is_unhealthy, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
