/*
 * What is asked of a result besides plain values: its size, its columns, and cells as C types. The
 * checked readers convert only where nothing is lost.
 */
#include <aurora/result.h>

#include <string.h>

#include "result/number.h"
#include "result/storage.h"

size_t aurora_result_rows(const aurora_result_t *result)
{
  return result->rows_count;
}

unsigned aurora_result_columns(const aurora_result_t *result)
{
  return result->count;
}

uint64_t aurora_result_affected_rows(const aurora_result_t *result)
{
  return result->affected;
}

uint64_t aurora_result_insert_id(const aurora_result_t *result)
{
  return result->insert_id;
}

unsigned aurora_result_warnings(const aurora_result_t *result)
{
  return result->warnings;
}

const char *aurora_result_info(const aurora_result_t *result)
{
  return result->info ? result->info : "";
}

bool aurora_result_is_out_params(const aurora_result_t *result)
{
  return result->out_params;
}

const aurora_result_t *aurora_result_next(const aurora_result_t *result)
{
  return result->next;
}

int aurora_result_column(const aurora_result_t *result, const char *name)
{
  size_t size = name ? strlen(name) : 0;

  for (unsigned i = 0; name && i < result->count; i++)
    if (aurora__column_is_named(&result->columns->items[i], name, size))
      return (int)i;
  return AURORA_ENOTFOUND;
}

const char *aurora_result_column_name(const aurora_result_t *result, unsigned column)
{
  return column < result->count ? result->columns->items[column].name : NULL;
}

aurora_type_t aurora_result_column_type(const aurora_result_t *result, unsigned column)
{
  return column < result->count ? result->columns->items[column].type : AURORA_TYPE_NULL;
}

static int find(const aurora_result_t *result, size_t row, unsigned column, aurora_value_t *ret)
{
  if (row >= result->rows_count || column >= result->count)
    return AURORA_ENOTFOUND;
  *ret = aurora_result_value(result, row, column);
  return 0;
}

int aurora_result_int64(const aurora_result_t *result, size_t row, unsigned column, int64_t *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type == AURORA_TYPE_DECIMAL)
    return aurora__decimal_int64(value.as.text.data, value.as.text.size, ret) ? 0 : AURORA_ETYPE;
  if (value.type == AURORA_TYPE_INT64)
    *ret = value.as.int64;
  else if (value.type == AURORA_TYPE_UINT64 && value.as.uint64 <= INT64_MAX)
    *ret = (int64_t)value.as.uint64;
  else
    return AURORA_ETYPE;
  return 0;
}

int aurora_result_uint64(const aurora_result_t *result, size_t row, unsigned column, uint64_t *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type == AURORA_TYPE_DECIMAL)
    return aurora__decimal_uint64(value.as.text.data, value.as.text.size, ret) ? 0 : AURORA_ETYPE;
  if (value.type == AURORA_TYPE_UINT64)
    *ret = value.as.uint64;
  else if (value.type == AURORA_TYPE_INT64 && value.as.int64 >= 0)
    *ret = (uint64_t)value.as.int64;
  else
    return AURORA_ETYPE;
  return 0;
}

int aurora_result_bool(const aurora_result_t *result, size_t row, unsigned column, bool *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type == AURORA_TYPE_INT64 && (value.as.int64 == 0 || value.as.int64 == 1))
    *ret = value.as.int64 == 1;
  else if (value.type == AURORA_TYPE_UINT64 && value.as.uint64 <= 1)
    *ret = value.as.uint64 == 1;
  else
    return AURORA_ETYPE;
  return 0;
}

int aurora_result_double(const aurora_result_t *result, size_t row, unsigned column, double *ret)
{
  const int64_t exact = (int64_t)1 << 53;
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type == AURORA_TYPE_DECIMAL)
    return aurora__parse_double(value.as.text.data, value.as.text.size, ret) ? 0 : AURORA_ETYPE;
  if (value.type == AURORA_TYPE_DOUBLE)
    *ret = value.as.float64;
  else if (value.type == AURORA_TYPE_INT64 && value.as.int64 >= -exact && value.as.int64 <= exact)
    *ret = (double)value.as.int64;
  else if (value.type == AURORA_TYPE_UINT64 && value.as.uint64 <= (uint64_t)exact)
    *ret = (double)value.as.uint64;
  else
    return AURORA_ETYPE;
  return 0;
}

int aurora_result_text(const aurora_result_t *result, size_t row, unsigned column,
                       aurora_text_t *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type != AURORA_TYPE_STRING && value.type != AURORA_TYPE_DECIMAL)
    return AURORA_ETYPE;
  *ret = value.as.text;
  return 0;
}

int aurora_result_string(const aurora_result_t *result, size_t row, unsigned column,
                         const char **ret)
{
  aurora_text_t text;
  int err = aurora_result_text(result, row, column, &text);

  if (err)
    return err;
  if (memchr(text.data, '\0', text.size))
    return AURORA_ETYPE;
  *ret = text.data;
  return 0;
}

int aurora_result_bytes(const aurora_result_t *result, size_t row, unsigned column,
                        aurora_text_t *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type != AURORA_TYPE_STRING && value.type != AURORA_TYPE_DECIMAL &&
      value.type != AURORA_TYPE_BYTES)
    return AURORA_ETYPE;
  *ret = value.as.text;
  return 0;
}

int aurora_result_datetime(const aurora_result_t *result, size_t row, unsigned column,
                           aurora_datetime_t *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type != AURORA_TYPE_DATE && value.type != AURORA_TYPE_DATETIME)
    return AURORA_ETYPE;
  *ret = value.as.datetime;
  return 0;
}

int aurora_result_time(const aurora_result_t *result, size_t row, unsigned column,
                       aurora_time_t *ret)
{
  aurora_value_t value;
  int err = find(result, row, column, &value);

  if (err)
    return err;
  if (value.type != AURORA_TYPE_TIME)
    return AURORA_ETYPE;
  *ret = value.as.time;
  return 0;
}
