/*
 * Parameters as libmariadb wants them: MYSQL_BIND structs that point at the query's values. The room
 * for them belongs to the connection and is used again; it only grows.
 */
#include "connection/binds.h"

#include <string.h>

#include "base/alloc.h"

static int make_room(aurora_connection_t *connection, size_t count)
{
  MYSQL_BIND *binds;
  MYSQL_TIME *times;

  if (count <= connection->binds_size)
    return 0;
  binds = aurora__realloc(connection->binds, count * sizeof *binds);
  if (!binds)
    return UV_ENOMEM;
  connection->binds = binds;
  times = aurora__realloc(connection->times, count * sizeof *times);
  if (!times)
    return UV_ENOMEM;
  connection->times = times;
  connection->binds_size = count;
  return 0;
}

static void set_datetime(MYSQL_TIME *time, const aurora_datetime_t *datetime,
                         enum enum_mysql_timestamp_type type)
{
  memset(time, 0, sizeof *time);
  time->year = datetime->year;
  time->month = datetime->month;
  time->day = datetime->day;
  time->hour = datetime->hour;
  time->minute = datetime->minute;
  time->second = datetime->second;
  time->second_part = datetime->microsecond;
  time->time_type = type;
}

static void set_time(MYSQL_TIME *time, const aurora_time_t *value)
{
  memset(time, 0, sizeof *time);
  time->neg = value->negative;
  /* The protocol has days, and hours below 24. */
  time->day = value->hours / 24;
  time->hour = value->hours % 24;
  time->minute = value->minutes;
  time->second = value->seconds;
  time->second_part = value->microseconds;
  time->time_type = MYSQL_TIMESTAMP_TIME;
}

static void set_text(MYSQL_BIND *bind, enum enum_field_types type, const aurora_text_t *text)
{
  bind->buffer_type = type;
  bind->buffer = (void *)text->data;
  bind->buffer_length = text->size;
  bind->length_value = text->size;
  bind->length = &bind->length_value;
}

static void set_bind(MYSQL_BIND *bind, MYSQL_TIME *time, const aurora_value_t *value)
{
  memset(bind, 0, sizeof *bind);
  switch (value->type) {
  case AURORA_TYPE_NULL:
    bind->buffer_type = MYSQL_TYPE_NULL;
    return;
  case AURORA_TYPE_INT64:
    bind->buffer_type = MYSQL_TYPE_LONGLONG;
    bind->buffer = (void *)&value->as.int64;
    return;
  case AURORA_TYPE_UINT64:
    bind->buffer_type = MYSQL_TYPE_LONGLONG;
    bind->buffer = (void *)&value->as.uint64;
    bind->is_unsigned = 1;
    return;
  case AURORA_TYPE_DOUBLE:
    bind->buffer_type = MYSQL_TYPE_DOUBLE;
    bind->buffer = (void *)&value->as.float64;
    return;
  case AURORA_TYPE_DECIMAL:
    set_text(bind, MYSQL_TYPE_NEWDECIMAL, &value->as.text);
    return;
  case AURORA_TYPE_STRING:
    set_text(bind, MYSQL_TYPE_STRING, &value->as.text);
    return;
  case AURORA_TYPE_BYTES:
    set_text(bind, MYSQL_TYPE_BLOB, &value->as.text);
    return;
  case AURORA_TYPE_DATE:
    set_datetime(time, &value->as.datetime, MYSQL_TIMESTAMP_DATE);
    bind->buffer_type = MYSQL_TYPE_DATE;
    bind->buffer = time;
    return;
  case AURORA_TYPE_DATETIME:
    set_datetime(time, &value->as.datetime, MYSQL_TIMESTAMP_DATETIME);
    bind->buffer_type = MYSQL_TYPE_DATETIME;
    bind->buffer = time;
    return;
  case AURORA_TYPE_TIME:
    set_time(time, &value->as.time);
    bind->buffer_type = MYSQL_TYPE_TIME;
    bind->buffer = time;
    return;
  }
}

int aurora__binds_set(aurora_connection_t *connection, aurora_params_t params)
{
  size_t i;
  int code = make_room(connection, params.count);

  if (code)
    return code;
  for (i = 0; i < params.count; i++)
    set_bind(&connection->binds[i], &connection->times[i], &params.values[i]);
  return 0;
}

void aurora__binds_free(aurora_connection_t *connection)
{
  aurora__free(connection->binds);
  aurora__free(connection->times);
  connection->binds = NULL;
  connection->times = NULL;
  connection->binds_size = 0;
}
