/*
 * A connection has two flows. A flow reads from one socket into a queue of chunks, each with the time
 * it is due at, and pump() writes what may go on: one write at a time, up to the offset of the cut.
 * All decisions about a byte fall in pump(), by the script as it is then; so a script may change at
 * any time.
 *
 * flow:       flowing -> ended (FIN sent)
 * connection: connecting -> open -> closing -> freed
 *
 * It closes when the client has gone (what it sent is forwarded first, unless that is held back), by
 * a reset of either end, or with the proxy. A server that goes ends only its flow: the client behind
 * a stall must not notice. Memory: four handles; the last close callback frees the connection.
 */
#include "support/fault_connection.h"

#include <stdlib.h>
#include <string.h>

/* A flow stops reading above this many bytes. */
enum { QUEUE_LIMIT = 1024 * 1024, HANDLES = 4 };

typedef struct chunk {
  struct chunk *next;
  uint64_t due;
  size_t size, written;
  char bytes[];
} chunk_t;

typedef struct {
  fault_connection_t *connection;
  uv_tcp_t *from, *to;
  fault_flow_t script;
  uint64_t forwarded;
  uint64_t *total; /* the proxy's counter */
  chunk_t *first, *last;
  size_t queued;
  bool reading, writing;
  bool ended;      /* FIN was sent: nothing more is forwarded */
  bool sender_fin; /* nothing more comes */
  bool sender_reset;
  size_t write_size;
  uv_write_t write;
  uv_shutdown_t shutdown;
  uv_timer_t timer;
} flow_t;

struct fault_connection {
  fault_connections_t *connections;
  fault_connection_t *next, **link; /* link: the pointer that points here */
  uv_tcp_t client, server;
  flow_t to_server, to_client;
  uv_connect_t connect;
  bool open, closing;
  int handles; /* not closed yet */
};

static void pump(flow_t *flow);

static void free_chunks(flow_t *flow)
{
  while (flow->first) {
    chunk_t *chunk = flow->first;

    flow->first = chunk->next;
    free(chunk);
  }
}

static void on_closed(uv_handle_t *handle)
{
  fault_connection_t *connection = handle->data;

  if (--connection->handles)
    return;
  free_chunks(&connection->to_server);
  free_chunks(&connection->to_client);
  free(connection);
}

static void close_socket(uv_tcp_t *socket, bool reset)
{
  /* Not possible where a FIN is on its way or before the socket is connected. */
  if (!reset || uv_tcp_close_reset(socket, on_closed))
    uv_close((uv_handle_t *)socket, on_closed);
}

static void close_connection(fault_connection_t *connection, bool reset)
{
  if (connection->closing)
    return;
  connection->closing = true;
  connection->connections->counters.open--;
  *connection->link = connection->next;
  if (connection->next)
    connection->next->link = connection->link;
  uv_close((uv_handle_t *)&connection->to_server.timer, on_closed);
  uv_close((uv_handle_t *)&connection->to_client.timer, on_closed);
  close_socket(&connection->client, reset);
  close_socket(&connection->server, reset);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
  chunk_t *chunk = malloc(sizeof *chunk + suggested);

  (void)handle;
  *ret_buffer = chunk ? uv_buf_init(chunk->bytes, (unsigned)suggested) : uv_buf_init(NULL, 0);
}

static void add_chunk(flow_t *flow, chunk_t *chunk, size_t size)
{
  uv_loop_t *loop = flow->from->loop;

  chunk->next = NULL;
  chunk->due = uv_now(loop) + flow->script.delay_ms;
  chunk->size = size;
  chunk->written = 0;
  if (flow->first)
    flow->last->next = chunk;
  else
    flow->first = chunk;
  flow->last = chunk;
  flow->queued += size;
}

static flow_t *flow_from(uv_stream_t *stream)
{
  fault_connection_t *connection = stream->data;

  return stream == (uv_stream_t *)&connection->client ? &connection->to_server
                                                      : &connection->to_client;
}

static bool is_cut(const flow_t *flow)
{
  return flow->script.cut != FAULT_NONE && flow->forwarded >= flow->script.after;
}

static void on_sender_gone(flow_t *flow, bool reset)
{
  fault_connection_t *connection = flow->connection;

  flow->sender_fin = true;
  flow->sender_reset = reset;
  flow->reading = false;
  uv_read_stop((uv_stream_t *)flow->from);
  if (flow == &connection->to_server && (reset || flow->ended || is_cut(flow)))
    close_connection(connection, reset);
  else
    pump(flow);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
  flow_t *flow = flow_from(stream);
  chunk_t *chunk =
      buffer->base ? (chunk_t *)(void *)(buffer->base - offsetof(chunk_t, bytes)) : NULL;

  if (got > 0 && !flow->ended) {
    add_chunk(flow, chunk, (size_t)got);
    if (flow->queued > QUEUE_LIMIT) {
      flow->reading = false;
      uv_read_stop(stream);
    }
    pump(flow);
    return;
  }
  free(chunk);
  if (got < 0)
    on_sender_gone(flow, got != UV_EOF);
}

static void start_reading(flow_t *flow)
{
  if (!flow->reading && !flow->sender_fin)
    flow->reading = !uv_read_start((uv_stream_t *)flow->from, on_allocate, on_read);
}

static void on_written(uv_write_t *write, int status)
{
  flow_t *flow = write->data;
  chunk_t *chunk = flow->first;

  flow->writing = false;
  if (flow->connection->closing)
    return;
  if (status) {
    close_connection(flow->connection, true);
    return;
  }
  flow->forwarded += flow->write_size;
  *flow->total += flow->write_size;
  flow->queued -= flow->write_size;
  chunk->written += flow->write_size;
  if (chunk->written == chunk->size) {
    flow->first = chunk->next;
    free(chunk);
  }
  if (flow->queued <= QUEUE_LIMIT / 2)
    start_reading(flow);
  pump(flow);
}

static void write_some(flow_t *flow)
{
  const fault_flow_t *script = &flow->script;
  chunk_t *chunk = flow->first;
  size_t size = script->byte_by_byte ? 1 : chunk->size - chunk->written;
  uv_buf_t buffer;

  if (script->cut != FAULT_NONE && size > script->after - flow->forwarded)
    size = (size_t)(script->after - flow->forwarded);
  if (script->corrupt && script->corrupt_at >= flow->forwarded &&
      script->corrupt_at - flow->forwarded < size)
    chunk->bytes[chunk->written + (size_t)(script->corrupt_at - flow->forwarded)] ^= (char)0xff;
  buffer = uv_buf_init(chunk->bytes + chunk->written, (unsigned)size);
  chunk->due = uv_now(flow->to->loop) + (script->byte_by_byte ? script->byte_gap_ms : 0);
  flow->write.data = flow;
  flow->write_size = size;
  flow->writing = true;
  if (uv_write(&flow->write, (uv_stream_t *)flow->to, &buffer, 1, on_written)) {
    flow->writing = false;
    close_connection(flow->connection, true);
  }
}

/* Sends the FIN. When the client has gone nobody is left to wait for. */
static void end_flow(flow_t *flow)
{
  fault_connection_t *connection = flow->connection;

  flow->ended = true;
  if (connection->to_server.sender_fin || flow->sender_reset)
    close_connection(connection, flow->sender_reset);
  else
    uv_shutdown(&flow->shutdown, (uv_stream_t *)flow->to, NULL);
}

static void on_due(uv_timer_t *timer)
{
  fault_connection_t *connection = timer->data;

  pump(timer == &connection->to_server.timer ? &connection->to_server : &connection->to_client);
}

/* Does the next thing that is to be done, if any. */
static void pump(flow_t *flow)
{
  uint64_t now = uv_now(flow->to->loop);

  if (!flow->connection->open || flow->connection->closing || flow->writing || flow->ended)
    return;
  if (is_cut(flow)) {
    if (flow->script.cut == FAULT_RESET)
      close_connection(flow->connection, true);
    else if (flow->script.cut == FAULT_FIN)
      end_flow(flow);
  } else if (!flow->first) {
    if (flow->sender_fin)
      end_flow(flow);
  } else if (flow->first->due > now) {
    uv_timer_start(&flow->timer, on_due, flow->first->due - now, 0);
  } else {
    write_some(flow);
  }
}

static void on_connected(uv_connect_t *connect, int status)
{
  fault_connection_t *connection = connect->data;

  if (connection->closing)
    return;
  if (status) {
    close_connection(connection, true);
    return;
  }
  uv_tcp_nodelay(&connection->server, 1);
  connection->open = true;
  start_reading(&connection->to_client);
  pump(&connection->to_server);
  if (!connection->closing)
    pump(&connection->to_client);
}

static void init_flow(flow_t *flow, fault_connection_t *connection, uv_tcp_t *from, uv_tcp_t *to,
                      const fault_flow_t *script, uint64_t *total)
{
  flow->connection = connection;
  flow->from = from;
  flow->to = to;
  flow->script = *script;
  flow->total = total;
  uv_timer_init(from->loop, &flow->timer);
  flow->timer.data = connection;
}

void fault_connection_accept(fault_connections_t *connections, uv_stream_t *listener,
                             const struct sockaddr_in *server, const fault_script_t *script)
{
  fault_connection_t *connection = calloc(1, sizeof *connection);

  if (!connection)
    return;
  connection->connections = connections;
  connection->handles = HANDLES;
  uv_tcp_init(connections->loop, &connection->client);
  uv_tcp_init(connections->loop, &connection->server);
  connection->client.data = connection->server.data = connection->connect.data = connection;
  init_flow(&connection->to_server, connection, &connection->client, &connection->server,
            &script->to_server, &connections->counters.to_server);
  init_flow(&connection->to_client, connection, &connection->server, &connection->client,
            &script->to_client, &connections->counters.to_client);
  connection->next = connections->first;
  connection->link = &connections->first;
  if (connection->next)
    connection->next->link = &connection->next;
  connections->first = connection;
  connections->counters.connections++;
  connections->counters.open++;
  if (uv_accept(listener, (uv_stream_t *)&connection->client) ||
      uv_tcp_connect(&connection->connect, &connection->server, (const struct sockaddr *)server,
                     on_connected)) {
    close_connection(connection, true);
    return;
  }
  uv_tcp_nodelay(&connection->client, 1);
  start_reading(&connection->to_server);
}

void fault_connections_apply(fault_connections_t *connections, const fault_script_t *script)
{
  fault_connection_t *next;

  for (fault_connection_t *connection = connections->first; connection; connection = next) {
    next = connection->next;
    connection->to_server.script = script->to_server;
    connection->to_client.script = script->to_client;
    pump(&connection->to_server);
    if (!connection->closing)
      pump(&connection->to_client);
  }
}

void fault_connections_reset(fault_connections_t *connections)
{
  while (connections->first)
    close_connection(connections->first, true);
}
