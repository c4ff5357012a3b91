/*
 * A row into a struct, all of it or nothing: the cells are converted before the first is stored.
 *
 * They wait on the stack, a batch at a time. A table with more fields than that is converted twice:
 * once to see that everything fits, then to store it.
 *
 * Finding a column by its name costs more than reading most cells, so the column behind the last one
 * is tried first: a table in the order of the columns never searches. Only where the names are all
 * different is that column sure to be the first of its name, which is the one that is meant.
 */
#include <aurora/field.h>

#include "base/error.h"
#include "result/member.h"
#include "result/storage.h"

enum { BATCH = 32 };

typedef struct {
  const aurora_result_t *result;
  size_t row;
  bool distinct; /* the names of the columns */
  unsigned next; /* the column behind the last that was found */
} reading_t;

static int find(reading_t *reading, const aurora_field_t *field, unsigned *ret)
{
  const aurora_result_t *result = reading->result;
  int column = (int)reading->next;

  if (!reading->distinct || !field->column || reading->next >= result->count ||
      strcmp(field->column, result->columns->items[column].name) != 0)
    column = aurora_result_column(result, field->column);
  if (column < 0)
    return AURORA_ENOTFOUND;
  reading->next = (unsigned)column + 1;
  *ret = (unsigned)column;
  return 0;
}

/* Of more members than a batch only the last stay. */
static int convert(reading_t *reading, const aurora_field_t *fields, size_t count,
                   aurora__member_t *members, aurora_error_t *ret_error)
{
  unsigned column;

  for (size_t i = 0; i < count; i++) {
    const aurora_field_t *field = &fields[i];

    if (find(reading, field, &column) != 0)
      return aurora__error_set(ret_error, AURORA_ENOTFOUND, AURORA_NOT_SENT,
                               "row %zu: there is no column \"%.256s\"", reading->row,
                               field->column ? field->column : "");
    if (aurora__member_convert(reading->result, reading->row, column, field, &members[i % BATCH]))
      return aurora__member_explain(reading->result, reading->row, column, field, ret_error);
  }
  return 0;
}

static void store(const aurora_field_t *fields, size_t count, const aurora__member_t *members,
                  char *bytes)
{
  for (size_t i = 0; i < count; i++) {
    bool is_null = !members[i].from;

    if (is_null)
      memset(bytes + fields[i].offset, 0, fields[i].size);
    else
      memcpy(bytes + fields[i].offset, members[i].from, members[i].size);
    if (fields[i].nullable)
      *(bool *)(void *)(bytes + fields[i].null_offset) = is_null;
  }
}

int aurora_result_read_with(const aurora_result_t *result, size_t row, const aurora_field_t *fields,
                            size_t count, void *ret_struct, aurora_error_t *ret_error)
{
  reading_t reading = {.result = result, .row = row};
  aurora__member_t members[BATCH];
  int err;

  if (row >= result->rows_count)
    return aurora__error_set(ret_error, AURORA_ENOTFOUND, AURORA_NOT_SENT,
                             "there is no row %zu: the result has %zu", row, result->rows_count);
  reading.distinct = aurora__columns_distinct(result->columns);
  err = convert(&reading, fields, count, members, ret_error);
  if (err)
    return err;
  if (count <= BATCH) {
    store(fields, count, members, ret_struct);
    return 0;
  }

  reading.next = 0;
  for (size_t at = 0; at < count; at += BATCH) {
    size_t some = count - at < BATCH ? count - at : BATCH;

    /* It was seen to fit. */
    (void)convert(&reading, fields + at, some, members, NULL);
    store(fields + at, some, members, ret_struct);
  }
  return 0;
}

int aurora_result_read(const aurora_result_t *result, size_t row, const aurora_field_t *fields,
                       size_t count, void *ret_struct)
{
  return aurora_result_read_with(result, row, fields, count, ret_struct, NULL);
}
