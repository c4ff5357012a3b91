/*
 * Opening a connection: from the pool's wish to a session on the loop, or to a reason why not.
 *
 *   connect job on a worker --succeeded--> take the session over, poll its socket: IDLE
 *      |        \--failed---> gone, with the error
 *      +-- deadline: its socket is shut down under it --> fails
 *            +-- still not back: given up. The job goes on by itself, and still counts as holding a
 *                thread (pool.abandoned_jobs).
 */
#include "connection/connection.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "connection/bulk.h"
#include "connection/driver.h"
#include "pool/pool.h"

/* After its deadline a connect job has this long to come back, cut off from its socket as it is,
 * before it is given up: a credentials callback must hold it then, where nothing can reach it. */
enum { ABANDON_AFTER_MS = 100 };

static void connect_failed(aurora_connection_t *connection, const aurora_error_t *error,
                           aurora__failure_t failure)
{
  aurora_pool_t *pool = connection->pool;

  aurora__connection_set_state(connection, AURORA__CONNECTION_CLOSING, "not connected");
  aurora__pool_clear_alarm(pool, &connection->alarm);
  connection->connect = NULL;
  aurora__pool_connect_failed(pool, connection, error, failure);
  aurora__connection_free_if_unused(connection);
}

static void take_session(aurora_connection_t *connection, aurora__connect_t *job)
{
  aurora_pool_t *pool = connection->pool;
  aurora_error_t error;
  int status;

  connection->mysql = job->mysql;
  connection->setup = job->setup;
  connection->encrypted = mysql_get_ssl_cipher(job->mysql) != NULL;
  connection->server_id = mysql_thread_id(job->mysql);
  connection->statements.by_type = !aurora__is_mariadb(job->mysql);
  connection->server = job->server;
  if (aurora__server_is_known(&job->server))
    pool->server = job->server;
  /* From here on its calls are made by start and cont. */
  status = mysql_options(connection->mysql, MYSQL_OPT_NONBLOCK, NULL)
               ? UV_ENOMEM
               : aurora__driver_open(connection);
  if (status) {
    aurora__error_set(&error, status, AURORA_NOT_SENT, "the session cannot be driven: %s",
                      uv_strerror(status));
    mysql_close(connection->mysql);
    connect_failed(connection, &error, AURORA__FAILED_FOR_NOW);
    return;
  }
  connection->handle_closed = false;
  connection->connect = NULL;
  aurora__pool_clear_alarm(pool, &connection->alarm);
  aurora__connection_set_state(connection, AURORA__CONNECTION_IDLE, "connected");
  aurora__pool_connected(pool, connection);
}

static void on_connect(aurora__connect_t *job)
{
  aurora_pool_t *pool = aurora__pool_of_config(job->config);
  aurora_connection_t *connection = job->data;

  aurora__pool_enter(pool);
  pool->jobs--;
  if (!connection) { /* given up */
    pool->abandoned_jobs--;
    aurora__setup_clear(&job->setup);
    if (job->mysql)
      mysql_close(job->mysql);
  } else if (job->succeeded) {
    take_session(connection, job);
  } else {
    connect_failed(connection, &job->error, job->failure);
  }
  aurora__free(job);
  aurora__pool_pump(pool);
  aurora__pool_close_check(pool);
  aurora__pool_leave(pool);
}

static void abandon_connect(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);
  aurora_pool_t *pool = connection->pool;
  char where[AURORA__WHERE_SIZE];
  aurora_error_t error;

  aurora__connect_describe(&pool->config, where, sizeof where);
  aurora__error_set(&error, UV_ETIMEDOUT, AURORA_NOT_SENT,
                    "cannot connect to %s: not connected within connect_timeout (%llu ms)", where,
                    (unsigned long long)pool->config.connect_timeout);
  connection->connect->data = NULL;
  pool->abandoned_jobs++;
  connect_failed(connection, &error, AURORA__FAILED_FOR_NOW);
}

static void connect_is_late(aurora__alarm_t *alarm)
{
  aurora_connection_t *connection = aurora__container_of(alarm, aurora_connection_t, alarm);

  connection->alarm.ring = abandon_connect;
  aurora__pool_set_alarm(connection->pool, alarm, aurora__now_ms() + ABANDON_AFTER_MS);
  aurora__connect_expire(connection->connect);
}

int aurora__connection_open(aurora_pool_t *pool)
{
  aurora_connection_t *connection = aurora__connection_new(pool);
  uint64_t now = aurora__now_ns();
  int status;

  if (!connection)
    return UV_ENOMEM;
  connection->started_at = now;
  connection->connect = aurora__calloc(1, sizeof *connection->connect);
  status = UV_ENOMEM;
  if (connection->connect) {
    connection->connect->config = &pool->config;
    connection->connect->trust = &pool->trust;
    connection->connect->deadline = now + pool->config.connect_timeout * 1000000u;
    connection->connect->server = pool->server;
    connection->connect->cb = on_connect;
    connection->connect->data = connection;
    status = aurora__connect_start(pool->loop, connection->connect);
  }
  if (status) {
    aurora__free(connection->connect);
    aurora__connection_free_if_unused(connection);
    return status;
  }
  pool->jobs++;
  aurora__scheduler_opening(&pool->scheduler, &connection->slot);
  connection->alarm.ring = connect_is_late;
  aurora__pool_set_alarm(pool, &connection->alarm,
                         aurora__ns_to_ms(connection->connect->deadline) + 1);
  return 0;
}
