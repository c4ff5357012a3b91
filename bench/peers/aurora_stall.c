/*
 * W7: the longest stall of the loop in four cases that are known to hold loops up.
 *
 *  - opening: 20 TLS connections opened at once; closing: and closed again.
 *  - silent: a server that accepts and says nothing, until connecting times out.
 *  - result: 100 MB (100,000 rows of 1 kB) buffered.
 *  - timeouts: 1,000 callers whose deadlines pass at the same moment.
 *
 * Each has a pool of its own, made and closed while the loop is watched. The idle loop is watched first:
 * what the machine itself holds it up.
 */
#include "aurora_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stall_watch.h"
#include "tables.h"

enum { OPENED = 20, SILENT_MS = 500, WAITERS = 1000, DEADLINE_MS = 300, IDLE_MS = 500 };

typedef struct {
  uv_loop_t *loop;
  aurora_pool_t *pool;
  unsigned due;       /* callbacks */
  unsigned failed;    /* callbacks with an error */
  bare_error_t error; /* of the last of them */
  stall_watch_t watch;
  double before_close_ms;
} case_t;

static void ended(case_t *this, const aurora_error_t *error)
{
  this->due--;
  if (error) {
    this->failed++;
    peer_failed(&this->error, "%s", error->message);
  }
  if (this->due)
    return;
  this->before_close_ms = stall_watch_take(&this->watch);
  aurora_pool_close(this->pool, 0, NULL, NULL);
}

static void on_done(const aurora_error_t *error, void *data)
{
  ended(data, error);
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  ended(data, error);
}

static int begin_opening(case_t *this)
{
  this->due = 1;
  return aurora_pool_warmup(this->pool, on_done, this);
}

static int begin_query(case_t *this, const char *sql)
{
  this->due++;
  return aurora_pool_query(this->pool, sql, AURORA_NO_PARAMS, on_result, this);
}

static int begin_silent(case_t *this)
{
  return begin_query(this, "SELECT 1");
}

static int begin_result(case_t *this)
{
  return begin_query(this, "SELECT id, REPEAT('x', 1000) FROM " TABLES_WIDE);
}

static int begin_timeouts(case_t *this)
{
  static const aurora_query_options_t options = {.acquire_timeout_ms = DEADLINE_MS};
  int code = begin_query(this, "SELECT SLEEP(1)");

  for (unsigned i = 0; i < WAITERS && !code; i++) {
    this->due++;
    code = aurora_pool_query_with(this->pool, "SELECT 1", AURORA_NO_PARAMS, &options, on_result,
                                  this, NULL);
  }
  return code;
}

/* A socket that listens and never accepts: the kernel connects, and nobody speaks. */
static int listen_silently(unsigned *ret_port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 128) ||
      getsockname(fd, (struct sockaddr *)&address, &size)) {
    perror("aurora-compare-aurora: a silent server");
    exit(1);
  }
  *ret_port = ntohs(address.sin_port);
  return fd;
}

/* Runs a case; expected: how many callbacks are to come with an error. */
static int run_case(const aurora_config_t *config, int (*begin)(case_t *), unsigned expected,
                    double *ret_ms, double *ret_closing_ms, bare_error_t *ret_error)
{
  aurora_error_t error = {.message = ""};
  uv_loop_t loop;
  case_t this = {.loop = &loop};
  double closing;
  int code;

  if (uv_loop_init(&loop) || stall_watch_start(&this.watch, &loop))
    return peer_failed(ret_error, "the kernel gives no loop");
  code = aurora_pool_create(&loop, config, &this.pool, &error);
  if (code)
    return peer_failed(ret_error, "no pool: %s", error.message);
  code = begin(&this);
  if (code)
    return peer_failed(ret_error, "refused: %s", aurora_strerror(code));
  uv_run(&loop, UV_RUN_DEFAULT);
  *ret_ms = this.before_close_ms;
  closing = stall_watch_stop(&this.watch);
  if (ret_closing_ms)
    *ret_closing_ms = closing;
  else if (closing > *ret_ms)
    *ret_ms = closing; /* what is left to do with a result is done after its callback */
  uv_loop_close(&loop);
  if (this.due || this.failed != expected)
    return peer_failed(ret_error, "%u callbacks failed, not %u; %u are missing (%s)", this.failed,
                       expected, this.due, this.error.message);
  return 0;
}

static void on_idle_over(uv_timer_t *timer)
{
  uv_close((uv_handle_t *)timer, NULL);
}

static int watch_idle(double *ret_ms, bare_error_t *ret_error)
{
  stall_watch_t watch;
  uv_timer_t end;
  uv_loop_t loop;

  if (uv_loop_init(&loop) || stall_watch_start(&watch, &loop))
    return peer_failed(ret_error, "the kernel gives no loop");
  uv_timer_init(&loop, &end);
  uv_timer_start(&end, on_idle_over, IDLE_MS, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  *ret_ms = stall_watch_stop(&watch);
  uv_loop_close(&loop);
  return 0;
}

static int run_all(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  peer_options_t encrypted = *options, plain = *options;
  aurora_config_t config;
  unsigned port;
  int code, fd;

  encrypted.connections = OPENED;
  encrypted.target.tls = true;
  plain.connections = 1;
  if (watch_idle(&meter->stall_ms[4], ret_error) ||
      aurora_client_config(&encrypted, &config, ret_error))
    return -1;
  code = run_case(&config, begin_opening, 0, &meter->stall_ms[0], &meter->stall_ms[5], ret_error);
  aurora_config_clear(&config);
  if (code || aurora_client_config(&plain, &config, ret_error))
    return -1;
  config.max_result_size = 1u << 28;
  code = run_case(&config, begin_result, 0, &meter->stall_ms[2], NULL, ret_error);
  if (!code)
    code = run_case(&config, begin_timeouts, WAITERS, &meter->stall_ms[3], NULL, ret_error);
  if (!code) {
    fd = listen_silently(&port);
    config.host = "127.0.0.1";
    config.port = port;
    config.connect_timeout = SILENT_MS;
    code = run_case(&config, begin_silent, 1, &meter->stall_ms[1], NULL, ret_error);
    close(fd);
  }
  aurora_config_clear(&config);
  return code;
}

int aurora_stall_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error)
{
  static const char *const names[METER_STALLS] = {"stall_opening_ms", "stall_silent_ms",
                                                  "stall_result_ms",  "stall_timeouts_ms",
                                                  "stall_idle_ms",    "stall_closing_ms"};

  memcpy(meter->stall_name, names, sizeof names);
  meter->latency = false;
  return run_all(options, meter, ret_error);
}
