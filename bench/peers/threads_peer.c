/*
 * The client "threads": blocking libmariadb. With as many callers as connections each thread has one of
 * its own; with more, threads take connections out of a list under a lock and wait for one there.
 *
 * Each thread has its own meter; they are put together at the end. The warm-up ends at a barrier.
 */
#include <mysql.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_session.h"
#include "peer.h"
#include "prepared.h"

const char peer_name[] = "threads";

typedef struct connection {
  struct connection *next; /* in the list of idle ones */
  bare_session_t session;
  prepared_t prepared[2];
} connection_t;

typedef struct {
  const peer_options_t *options;
  meter_t *meter;
  bool shared; /* connections are fewer than threads */
  pthread_mutex_t lock;
  pthread_cond_t freed;
  connection_t *idle;
  pthread_barrier_t warm, begun;
} crew_t;

typedef struct {
  crew_t *crew;
  pthread_t thread;
  meter_t meter;
  connection_t *connection; /* NULL: taken for each request */
  request_t request;
  uint64_t random;
  fortunes_t fortunes;
  bool failed;
  bare_error_t error;
} worker_t;

void peer_versions(char *ret_text, size_t size)
{
  snprintf(ret_text, size, "libmariadb %s", mysql_get_client_info());
}

static connection_t *take(crew_t *crew)
{
  connection_t *connection;

  pthread_mutex_lock(&crew->lock);
  while (!crew->idle)
    pthread_cond_wait(&crew->freed, &crew->lock);
  connection = crew->idle;
  crew->idle = connection->next;
  pthread_mutex_unlock(&crew->lock);
  return connection;
}

static void give_back(crew_t *crew, connection_t *connection)
{
  pthread_mutex_lock(&crew->lock);
  connection->next = crew->idle;
  crew->idle = connection;
  pthread_cond_signal(&crew->freed);
  pthread_mutex_unlock(&crew->lock);
}

static int run_text(worker_t *worker, connection_t *connection, const work_statement_t *work)
{
  const workload_t *workload = worker->crew->options->workload;
  MYSQL *mysql = connection->session.mysql;
  MYSQL_RES *result;
  MYSQL_ROW row;

  if (mysql_real_query(mysql, work->sql, strlen(work->sql)))
    return bare_session_failed(&connection->session, NULL, "the query failed", &worker->error);
  result = workload->stream ? mysql_use_result(mysql) : mysql_store_result(mysql);
  if (!result)
    return bare_session_failed(&connection->session, NULL, "no result", &worker->error);
  if (workload->fortunes)
    fortunes_begin(&worker->fortunes);
  while ((row = mysql_fetch_row(result)))
    text_see(result, row, &worker->meter.seen, workload->fortunes ? &worker->fortunes : NULL);
  if (workload->fortunes)
    fortunes_end(&worker->fortunes);
  mysql_free_result(result);
  return 0;
}

static int run_prepared(worker_t *worker, connection_t *connection, prepared_t *prepared)
{
  int code = MYSQL_NO_DATA;

  memcpy(prepared->params, worker->request.params, sizeof prepared->params);
  if (mysql_stmt_execute(prepared->statement))
    return bare_session_failed(&connection->session, prepared->statement, "cannot execute",
                               &worker->error);
  if (prepared->columns) {
    while ((code = mysql_stmt_fetch(prepared->statement)) == 0)
      prepared_see(prepared, &worker->meter.seen);
  }
  return code == MYSQL_NO_DATA ? 0
                               : bare_session_failed(&connection->session, prepared->statement,
                                                     "cannot fetch", &worker->error);
}

static int run_statements(worker_t *worker, connection_t *connection)
{
  const workload_t *workload = worker->crew->options->workload;
  int index, code = 0;

  while (!code && (index = request_next(&worker->request, workload, &worker->random)) >= 0)
    code = workload->statements[index].params
               ? run_prepared(worker, connection, &connection->prepared[index])
               : run_text(worker, connection, &workload->statements[index]);
  return code;
}

static int run_connect(worker_t *worker)
{
  bare_session_t session;
  const char *sql = worker->crew->options->workload->statements[0].sql;
  MYSQL_RES *result;
  int code = bare_session_open(&session, &worker->crew->options->target, false, &worker->error);

  if (code)
    return code;
  code = mysql_query(session.mysql, sql);
  if (code)
    bare_session_failed(&session, NULL, "the query failed", &worker->error);
  result = code ? NULL : mysql_store_result(session.mysql);
  mysql_free_result(result);
  bare_session_close(&session);
  return code;
}

static int run_request(worker_t *worker)
{
  crew_t *crew = worker->crew;
  connection_t *connection;
  int code = 0;

  switch (crew->options->workload->kind) {
  case WORK_CONNECT:
    return run_connect(worker);
  case WORK_ACQUIRE:
  case WORK_REQUESTS:
  case WORK_STALL:
    break;
  }
  connection = crew->shared ? take(crew) : worker->connection;
  if (crew->options->workload->kind == WORK_REQUESTS)
    code = run_statements(worker, connection);
  if (crew->shared)
    give_back(crew, connection);
  return code;
}

static void *work(void *data)
{
  worker_t *worker = data;
  crew_t *crew = worker->crew;
  meter_t *meter = &worker->meter;
  uint64_t warmup = crew->meter->warmup / crew->options->callers;
  uint64_t started_at;

  mysql_thread_init();
  for (uint64_t i = 0; i < warmup && !worker->failed; i++)
    worker->failed = run_request(worker) != 0;
  meter->seen = (rows_seen_t){0};
  pthread_barrier_wait(&crew->warm);
  pthread_barrier_wait(&crew->begun);
  meter->unsent = UINT64_MAX;
  meter->until = crew->meter->until;
  if (crew->meter->queries)
    meter->unsent = (crew->meter->queries + crew->options->callers - 1) / crew->options->callers;
  meter->latency = crew->meter->latency;
  started_at = meter->last_at = crew->meter->last_at;
  while (!worker->failed && meter_more(meter)) {
    worker->failed = run_request(worker) != 0;
    started_at = meter_done(meter, started_at);
  }
  mysql_thread_end();
  return NULL;
}

static int run_crew(crew_t *crew, worker_t *workers, bare_error_t *ret_error)
{
  unsigned count = crew->options->callers;
  meter_t *meter = crew->meter;
  uint64_t done = 0;

  pthread_barrier_init(&crew->warm, NULL, count + 1);
  pthread_barrier_init(&crew->begun, NULL, count + 1);
  for (unsigned i = 0; i < count; i++) {
    workers[i].random = i * 2654435761u + 1;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
      return peer_failed(ret_error, "cannot make a thread");
  }
  pthread_barrier_wait(&crew->warm);
  meter->warmup = 0;
  meter_start(meter);
  meter->last_at = meter->began;
  pthread_barrier_wait(&crew->begun);
  for (unsigned i = 0; i < count; i++)
    pthread_join(workers[i].thread, NULL);
  meter_stop(meter);
  for (unsigned i = 0; i < count; i++) {
    latency_merge(&meter->latencies, &workers[i].meter.latencies);
    meter->seen.rows += workers[i].meter.seen.rows;
    done += workers[i].meter.done;
    if (workers[i].failed) {
      *ret_error = workers[i].error;
      return -1;
    }
  }
  meter->done = done;
  return 0;
}

static int open_all(crew_t *crew, worker_t *workers, connection_t *connections,
                    bare_error_t *ret_error)
{
  const peer_options_t *options = crew->options;

  for (unsigned i = 0; i < options->callers; i++)
    workers[i].crew = crew;
  if (options->workload->kind == WORK_CONNECT)
    return 0;
  meter_memory_empty(crew->meter);
  for (unsigned i = 0; i < options->connections; i++) {
    if (bare_session_open(&connections[i].session, &options->target, false, ret_error))
      return -1;
    for (int k = 0; k < 2; k++)
      if (prepared_open(&connections[i].prepared[k], &connections[i].session,
                        &options->workload->statements[k], ret_error))
        return -1;
    if (crew->shared)
      give_back(crew, &connections[i]);
    else
      workers[i].connection = &connections[i];
  }
  meter_memory_open(crew->meter);
  return 0;
}

int peer_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  crew_t crew = {.options = options,
                 .meter = meter,
                 .shared = options->workload->kind == WORK_ACQUIRE ||
                           options->callers != options->connections,
                 .lock = PTHREAD_MUTEX_INITIALIZER,
                 .freed = PTHREAD_COND_INITIALIZER};
  worker_t *workers = calloc(options->callers, sizeof *workers);
  connection_t *connections = calloc(options->connections, sizeof *connections);
  int code = -1;

  if (options->workload->kind == WORK_STALL)
    code = 1;
  else if (!workers || !connections)
    peer_failed(ret_error, "out of memory");
  else if (!open_all(&crew, workers, connections, ret_error))
    code = run_crew(&crew, workers, ret_error);
  for (unsigned i = 0; connections && i < options->connections; i++) {
    for (int k = 0; k < 2; k++)
      prepared_close(&connections[i].prepared[k]);
    bare_session_close(&connections[i].session);
  }
  free(connections);
  free(workers);
  return code;
}
