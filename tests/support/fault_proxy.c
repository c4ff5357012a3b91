/*
 * The thread runs a loop with the listener, the connections and an async handle. A call from another
 * thread fills in an order, wakes the loop and waits until the order was carried out there; so the
 * loop's data needs no lock. Calls take turns by a mutex of their own.
 */
#include "support/fault_proxy.h"

#include "support/fault_connection.h"
#include "support/ports.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKLOG = 512 };

const fault_script_t fault_black_hole = {.to_server = {.cut = FAULT_STALL},
                                         .to_client = {.cut = FAULT_STALL}};
const fault_script_t fault_reset = {.to_server = {.cut = FAULT_RESET},
                                    .to_client = {.cut = FAULT_RESET}};

typedef enum { ORDER_NONE, ORDER_SET, ORDER_APPLY, ORDER_LISTEN, ORDER_COUNT, ORDER_STOP } order_t;

struct fault_proxy {
  port_t port;
  struct sockaddr_in server;
  pthread_t thread;

  /* The thread's. */
  uv_loop_t loop;
  uv_async_t wake;
  uv_tcp_t *listener; /* NULL: refusing */
  fault_script_t script;
  fault_connections_t connections;

  pthread_mutex_t turn; /* held by the caller of an order */
  pthread_mutex_t mutex;
  pthread_cond_t done;
  order_t order; /* under the mutex, as what follows */
  const fault_script_t *order_script;
  bool order_listening;
  fault_counters_t counters;
  int status;
};

static void on_connection(uv_stream_t *listener, int status)
{
  static const fault_script_t pass;
  fault_proxy_t *proxy = listener->data;

  if (status)
    return;
  fault_connection_accept(&proxy->connections, listener, &proxy->server, &proxy->script);
  if (proxy->script.once)
    proxy->script = pass;
}

static void free_handle(uv_handle_t *handle)
{
  free(handle);
}

/* Takes the descriptor over. */
static int start_listening(fault_proxy_t *proxy, int fd)
{
  uv_tcp_t *listener = malloc(sizeof *listener);
  int status;

  if (!listener) {
    close(fd);
    return -ENOMEM;
  }
  uv_tcp_init(&proxy->loop, listener);
  listener->data = proxy;
  status = uv_tcp_open(listener, fd);
  if (status)
    close(fd);
  else
    status = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
  if (status)
    uv_close((uv_handle_t *)listener, free_handle);
  else
    proxy->listener = listener;
  return status;
}

static int set_listening(fault_proxy_t *proxy, bool listening)
{
  int fd;

  if (listening == (proxy->listener != NULL))
    return 0;
  if (!listening) {
    uv_close((uv_handle_t *)proxy->listener, free_handle); /* closes the socket at once */
    proxy->listener = NULL;
    return 0;
  }
  fd = port_bind_again(&proxy->port);
  return fd < 0 ? fd : start_listening(proxy, fd);
}

static void stop(fault_proxy_t *proxy)
{
  fault_connections_reset(&proxy->connections);
  set_listening(proxy, false);
  uv_close((uv_handle_t *)&proxy->wake, NULL);
}

static void carry_out(fault_proxy_t *proxy)
{
  switch (proxy->order) {
  case ORDER_NONE:
    return;
  case ORDER_SET:
    proxy->script = *proxy->order_script;
    break;
  case ORDER_APPLY:
    fault_connections_apply(&proxy->connections, proxy->order_script);
    break;
  case ORDER_LISTEN:
    proxy->status = set_listening(proxy, proxy->order_listening);
    break;
  case ORDER_COUNT:
    proxy->counters = proxy->connections.counters;
    break;
  case ORDER_STOP:
    stop(proxy);
    break;
  }
  proxy->order = ORDER_NONE;
  pthread_cond_signal(&proxy->done);
}

static void on_wake(uv_async_t *wake)
{
  fault_proxy_t *proxy = wake->data;

  pthread_mutex_lock(&proxy->mutex);
  carry_out(proxy);
  pthread_mutex_unlock(&proxy->mutex);
}

static void *run(void *data)
{
  fault_proxy_t *proxy = data;

  uv_run(&proxy->loop, UV_RUN_DEFAULT);
  return NULL;
}

/* Has the order carried out. The caller holds its turn and the mutex; both are kept. */
static void await_order(fault_proxy_t *proxy, order_t order)
{
  proxy->order = order;
  uv_async_send(&proxy->wake);
  while (proxy->order != ORDER_NONE)
    pthread_cond_wait(&proxy->done, &proxy->mutex);
}

static void begin_call(fault_proxy_t *proxy)
{
  pthread_mutex_lock(&proxy->turn);
  pthread_mutex_lock(&proxy->mutex);
}

static void end_call(fault_proxy_t *proxy)
{
  pthread_mutex_unlock(&proxy->mutex);
  pthread_mutex_unlock(&proxy->turn);
}

/* Before the thread runs: frees what start had made. */
static void give_up(fault_proxy_t *proxy)
{
  stop(proxy);
  uv_run(&proxy->loop, UV_RUN_DEFAULT);
  uv_loop_close(&proxy->loop);
  port_release(&proxy->port);
  free(proxy);
}

int fault_proxy_start(const char *host, unsigned port, const fault_script_t *script,
                      fault_proxy_t **ret_proxy)
{
  fault_proxy_t *proxy = calloc(1, sizeof *proxy);
  int status;

  if (!proxy)
    return -ENOMEM;
  status = uv_ip4_addr(host, (int)port, &proxy->server);
  if (!status)
    status = uv_loop_init(&proxy->loop);
  if (status) {
    free(proxy);
    return status;
  }
  proxy->connections.loop = &proxy->loop;
  proxy->wake.data = proxy;
  if (script)
    proxy->script = *script;
  status = uv_async_init(&proxy->loop, &proxy->wake, on_wake);
  if (status) {
    uv_loop_close(&proxy->loop);
    free(proxy);
    return status;
  }
  status = port_bind(&proxy->port);
  if (status >= 0)
    status = start_listening(proxy, status);
  pthread_mutex_init(&proxy->turn, NULL);
  pthread_mutex_init(&proxy->mutex, NULL);
  pthread_cond_init(&proxy->done, NULL);
  if (!status)
    status = -pthread_create(&proxy->thread, NULL, run, proxy);
  if (status)
    give_up(proxy);
  else
    *ret_proxy = proxy;
  return status;
}

unsigned fault_proxy_port(const fault_proxy_t *proxy)
{
  return proxy->port.number;
}

void fault_proxy_set(fault_proxy_t *proxy, const fault_script_t *script)
{
  begin_call(proxy);
  proxy->order_script = script;
  await_order(proxy, ORDER_SET);
  end_call(proxy);
}

void fault_proxy_apply(fault_proxy_t *proxy, const fault_script_t *script)
{
  begin_call(proxy);
  proxy->order_script = script;
  await_order(proxy, ORDER_APPLY);
  end_call(proxy);
}

int fault_proxy_listen(fault_proxy_t *proxy, bool listening)
{
  int status;

  begin_call(proxy);
  proxy->order_listening = listening;
  await_order(proxy, ORDER_LISTEN);
  status = proxy->status;
  end_call(proxy);
  return status;
}

void fault_proxy_count(fault_proxy_t *proxy, fault_counters_t *ret_counters)
{
  begin_call(proxy);
  await_order(proxy, ORDER_COUNT);
  *ret_counters = proxy->counters;
  end_call(proxy);
}

void fault_proxy_stop(fault_proxy_t *proxy)
{
  begin_call(proxy);
  await_order(proxy, ORDER_STOP);
  end_call(proxy);
  pthread_join(proxy->thread, NULL);
  uv_loop_close(&proxy->loop);
  port_release(&proxy->port);
  pthread_cond_destroy(&proxy->done);
  pthread_mutex_destroy(&proxy->mutex);
  pthread_mutex_destroy(&proxy->turn);
  free(proxy);
}
