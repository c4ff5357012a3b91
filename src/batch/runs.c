/*
 * Which rows go in one packet of the bulk protocol. It has one type a column for all its rows: where
 * the type of a value changes, so that another statement would be executed for another type, another
 * packet begins. Values are not converted. NULL goes with every type.
 */
#include "batch/batch.h"

/* Bytes that a value takes at most in the packet, its indicator byte included. */
static size_t packet_size(const aurora_value_t *value)
{
  switch (value->type) {
  case AURORA_TYPE_NULL:
    return 1;
  case AURORA_TYPE_INT64:
  case AURORA_TYPE_UINT64:
  case AURORA_TYPE_DOUBLE:
    return 1 + 8;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    return 1 + 9 + value->as.text.size;
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_TIME:
  case AURORA_TYPE_DATETIME:
    return 1 + 13;
  }
  return 0;
}

/* Adds a row's types to those of the run. False: they do not go together. */
static bool fits_types(const aurora_value_t *row, size_t columns, aurora_value_t *types)
{
  size_t i;

  for (i = 0; i < columns; i++) {
    if (row[i].type != types[i].type && row[i].type != AURORA_TYPE_NULL &&
        types[i].type != AURORA_TYPE_NULL)
      return false;
  }
  for (i = 0; i < columns; i++) {
    if (types[i].type == AURORA_TYPE_NULL)
      types[i] = row[i];
  }
  return true;
}

static size_t row_size(const aurora_value_t *row, size_t columns)
{
  size_t size = 0;
  size_t i;

  for (i = 0; i < columns; i++)
    size += packet_size(&row[i]);
  return size;
}

size_t aurora__batch_run_end(const aurora_batch_t *batch, size_t from, size_t bytes,
                             aurora_value_t *types)
{
  const aurora_value_t *row = batch->values + from * batch->columns;
  size_t taken = 0;
  size_t end;
  size_t i;

  for (i = 0; i < batch->columns; i++)
    types[i] = aurora_null();
  for (end = from; end < batch->rows; end++, row += batch->columns) {
    taken += row_size(row, batch->columns);
    if (end > from && taken > bytes)
      break;
    if (!fits_types(row, batch->columns, types))
      break;
  }
  return end;
}
