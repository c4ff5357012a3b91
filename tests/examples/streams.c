/*
 * Streams: rows as they arrive, for results that are too large for the memory, or for a reader that
 * has to be waited for.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct {
  const char *name;
  aurora_query_t *query;
  uv_timer_t timer;
  int64_t rows;
  int64_t sum;
  unsigned pauses;
  int64_t stop_at; /* 0: never */
} stream_t;

static int failed;

/* Somebody is ready for more. No row comes from inside this call. */
static void on_ready(uv_timer_t *timer)
{
  stream_t *stream = (stream_t *)timer->data;

  aurora_query_resume(stream->query);
}

/* A result of one row, borrowed until this returns. Anything but 0 ends the query. */
static int on_row(const aurora_result_t *row, void *data)
{
  stream_t *stream = (stream_t *)data;
  int64_t number;

  if (aurora_result_int64(row, 0, 0, &number) != 0)
    return -1;
  stream->rows++;
  stream->sum += number;
  if (stream->rows == stream->stop_at)
    return 1;
  /* Suppose that every 1000 rows fill a buffer that takes a while to be emptied. Until resume no row
   * comes, and the server is held back by the network. */
  if (stream->rows % 1000 == 0 && aurora_query_pause(stream->query) == 0) {
    stream->pauses++;
    uv_timer_start(&stream->timer, on_ready, 5, 0);
  }
  return 0;
}

/* Comes last, once: the result has columns and no rows. */
static void on_end(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  stream_t *stream = (stream_t *)data;

  printf("%s: %" PRId64 " rows, sum %" PRId64 ", %u pauses: ", stream->name, stream->rows,
         stream->sum, stream->pauses);
  if (!error)
    printf("the end of column %s\n", aurora_result_column_name(result, 0));
  else if (error->code == UV_ECANCELED)
    puts("stopped");
  else {
    puts(error->message);
    failed = 1;
  }
  uv_close((uv_handle_t *)&stream->timer, NULL); /* the query is gone: nothing to resume */
}

static void start(aurora_pool_t *pool, uv_loop_t *loop, stream_t *stream)
{
  /* 1 to 5000, in order. */
  static const char sql[] =
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
      "SELECT (a.i - 1) * 100 + b.i AS number FROM n AS a, n AS b WHERE a.i <= ? ORDER BY number";
  aurora_query_options_t options = {.on_row = on_row};
  int code;

  uv_timer_init(loop, &stream->timer);
  stream->timer.data = stream;
  code = aurora_pool_query_with(pool, sql, AURORA_PARAMS(50), &options, on_end, stream,
                                &stream->query);
  if (code != 0) {
    fprintf(stderr, "refused: %s\n", aurora_strerror(code));
    uv_close((uv_handle_t *)&stream->timer, NULL);
    failed = 1;
  }
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  stream_t all = {.name = "all"};
  stream_t some = {.name = "some", .stop_at = 42};
  aurora_pool_t *pool;
  aurora_error_t error;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  start(pool, loop, &all);
  uv_run(loop, UV_RUN_DEFAULT);
  start(pool, loop, &some);
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
