/*
 * One cell as a value: decoded when it is asked for, by its column's kind and the protocol it came by.
 *
 * Both protocols end in the same value. Text that cannot be read as its column's type (no server
 * sends it) is given as the string it is, so that it can be seen, and is never taken for a number.
 */
#include <aurora/result.h>

#include <string.h>

#include "result/number.h"
#include "result/storage.h"
#include "result/temporal.h"

const char *aurora_type_name(aurora_type_t type)
{
  switch (type) {
  case AURORA_TYPE_NULL:
    return "null";
  case AURORA_TYPE_INT64:
    return "int64";
  case AURORA_TYPE_UINT64:
    return "uint64";
  case AURORA_TYPE_DOUBLE:
    return "double";
  case AURORA_TYPE_DECIMAL:
    return "decimal";
  case AURORA_TYPE_STRING:
    return "string";
  case AURORA_TYPE_BYTES:
    return "bytes";
  case AURORA_TYPE_DATE:
    return "date";
  case AURORA_TYPE_TIME:
    return "time";
  case AURORA_TYPE_DATETIME:
    return "datetime";
  }
  return "unknown";
}

static aurora_value_t text_value(aurora_type_t type, const char *data, size_t size)
{
  aurora_value_t value = aurora_null();

  value.type = type;
  value.as.text.data = data;
  value.as.text.size = size;
  return value;
}

/* A cell that both protocols hold as text. */
static aurora_value_t slice_value(aurora__kind_t kind, const char *data, size_t size)
{
  if (kind == AURORA__KIND_BYTES)
    return text_value(AURORA_TYPE_BYTES, data, size);
  if (kind == AURORA__KIND_DECIMAL && aurora__is_decimal(data, size))
    return text_value(AURORA_TYPE_DECIMAL, data, size);
  return text_value(AURORA_TYPE_STRING, data, size);
}

static aurora_value_t value_of_text(const aurora__column_t *column, const char *data, size_t size)
{
  aurora_value_t value = aurora_null();
  bool valid = false;

  value.type = column->type;
  switch (column->kind) {
  case AURORA__KIND_INT8:
  case AURORA__KIND_INT16:
  case AURORA__KIND_INT32:
  case AURORA__KIND_INT64:
    valid = aurora__parse_int64(data, size, &value.as.int64);
    break;
  case AURORA__KIND_UINT8:
  case AURORA__KIND_UINT16:
  case AURORA__KIND_UINT32:
  case AURORA__KIND_UINT64:
    valid = aurora__parse_uint64(data, size, &value.as.uint64);
    break;
  case AURORA__KIND_BIT:
    valid = aurora__parse_bit((const unsigned char *)data, size, &value.as.uint64);
    break;
  case AURORA__KIND_BIT_COMPUTED:
    valid = aurora__parse_computed_bit((const unsigned char *)data, size, &value.as.uint64);
    break;
  case AURORA__KIND_FLOAT:
  case AURORA__KIND_DOUBLE:
    valid = aurora__parse_double(data, size, &value.as.float64);
    break;
  case AURORA__KIND_DATE:
    valid = aurora__parse_date(data, size, &value.as.datetime);
    break;
  case AURORA__KIND_TIME:
    valid = aurora__parse_time(data, size, &value.as.time);
    break;
  case AURORA__KIND_DATETIME:
    valid = aurora__parse_datetime(data, size, &value.as.datetime);
    break;
  case AURORA__KIND_NULL:
  case AURORA__KIND_DECIMAL:
  case AURORA__KIND_STRING:
  case AURORA__KIND_BYTES:
    return slice_value(column->kind, data, size);
  }
  return valid ? value : text_value(AURORA_TYPE_STRING, data, size);
}

static aurora_value_t value_of_binary(const aurora__column_t *column, const char *row,
                                      const aurora__cell_t *cell)
{
  aurora_value_t value = aurora_null();

  value.type = column->type;
  switch (column->kind) {
  case AURORA__KIND_NULL:
    break;
  case AURORA__KIND_INT8:
  case AURORA__KIND_INT16:
  case AURORA__KIND_INT32:
  case AURORA__KIND_INT64:
    value.as.int64 = cell->int64;
    break;
  case AURORA__KIND_UINT8:
  case AURORA__KIND_UINT16:
  case AURORA__KIND_UINT32:
  case AURORA__KIND_UINT64:
  case AURORA__KIND_BIT:
  case AURORA__KIND_BIT_COMPUTED:
    value.as.uint64 = cell->uint64;
    break;
  case AURORA__KIND_FLOAT:
    value.as.float64 = aurora__float_as_shown(cell->float32, column->decimals);
    break;
  case AURORA__KIND_DOUBLE:
    value.as.float64 = aurora__double_as_shown(cell->float64, column->decimals);
    break;
  case AURORA__KIND_DECIMAL:
  case AURORA__KIND_STRING:
  case AURORA__KIND_BYTES:
    return slice_value(column->kind, row + cell->slice.offset, cell->slice.size);
  case AURORA__KIND_DATE:
  case AURORA__KIND_DATETIME:
    value.as.datetime = aurora__unpack_datetime(cell->packed);
    break;
  case AURORA__KIND_TIME:
    value.as.time = aurora__unpack_time(cell->packed);
    break;
  }
  return value;
}

bool aurora_result_is_null(const aurora_result_t *result, size_t row, unsigned column)
{
  return row >= result->rows_count || column >= result->count ||
         aurora__is_null(aurora__row_nulls(result, result->rows[row]), column);
}

aurora_value_t aurora_result_value(const aurora_result_t *result, size_t row, unsigned column)
{
  char *bytes;
  const aurora__cell_t *cell;

  if (row >= result->rows_count || column >= result->count)
    return aurora_null();
  bytes = result->rows[row];
  if (aurora__is_null(aurora__row_nulls(result, bytes), column))
    return aurora_null();
  cell = &aurora__row_cells(bytes)[column];
  switch (result->protocol) {
  case AURORA__PROTOCOL_TEXT:
    return value_of_text(&result->columns->items[column], bytes + cell->slice.offset,
                         cell->slice.size);
  case AURORA__PROTOCOL_BINARY:
    return value_of_binary(&result->columns->items[column], bytes, cell);
  }
  return aurora_null();
}
