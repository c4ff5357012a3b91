/*
 * Opening a connection: from the pool's wish to a session on the loop, or to a reason why not.
 *
 *   connect job on a worker (pool/connect_job.h) --succeeded--> take the session over, poll its socket: IDLE
 *      |        \--failed---> gone, with the error
 *      +-- given up ---> the same
 */
#include "connection/connection.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "connection/bulk.h"
#include "connection/driver.h"
#include "pool/connect_job.h"
#include "pool/pool.h"

static void connect_failed(aurora_connection_t *connection, const aurora_error_t *error,
                           bool quotes, aurora__failure_t failure)
{
  aurora_pool_t *pool = connection->pool;

  aurora__connection_set_state(connection, AURORA__CONNECTION_CLOSING, "not connected");
  aurora__pool_connect_failed(pool, connection, error, quotes, failure);
  aurora__connection_free_if_unused(connection);
}

static void take_session(aurora_connection_t *connection, const aurora__connect_t *job)
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
    connect_failed(connection, &error, false, AURORA__FAILED_FOR_NOW);
    return;
  }
  connection->handle_closed = false;
  aurora__connection_set_state(connection, AURORA__CONNECTION_IDLE, "connected");
  aurora__pool_connected(pool, connection);
}

static void on_connect(aurora__connect_job_t *job, const aurora_error_t *error,
                       aurora__failure_t failure)
{
  aurora_connection_t *connection = job->connect.data;

  if (error)
    connect_failed(connection, error, job->connect.error_quotes, failure);
  else
    take_session(connection, &job->connect);
}

int aurora__connection_open(aurora_pool_t *pool)
{
  aurora_connection_t *connection = aurora__connection_new(pool);
  aurora__connect_job_t *job = aurora__calloc(1, sizeof *job);
  int status = UV_ENOMEM;

  if (connection && job) {
    connection->started_at = aurora__now_ns();
    job->connect.server = pool->server;
    job->connect.data = connection;
    job->done = on_connect;
    status = aurora__connect_job_start(
        pool, job, connection->started_at + pool->config.connect_timeout * 1000000u);
  }
  if (status) {
    aurora__free(job);
    if (connection)
      aurora__connection_free_if_unused(connection);
    return status;
  }
  aurora__scheduler_opening(&pool->scheduler, &connection->slot);
  return 0;
}
