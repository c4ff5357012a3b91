/*
 * What the fuzz targets of src/result share: columns from the input, and what must hold of every cell.
 */
#ifndef TESTS_FUZZ_FUZZ_RESULT_H
#define TESTS_FUZZ_FUZZ_RESULT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/result.h>

#include "result/result.h"

enum { MOST_COLUMNS = 100, LIMIT = 8192 };

static inline void must(int condition)
{
  if (!condition)
    abort();
}

static inline int is_text(aurora_type_t type)
{
  return type == AURORA_TYPE_STRING || type == AURORA_TYPE_BYTES || type == AURORA_TYPE_DECIMAL;
}

/* An empty result with columns from the input; NULL: the input is too short. */
static inline aurora_result_t *take_columns(const uint8_t **data, const uint8_t *end,
                                            aurora__protocol_t protocol)
{
  static const uint8_t types[] = {0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,
                                  11,  12,  13,  14,  15,  16,  17,  18,  19,  245, 246,
                                  247, 248, 249, 250, 251, 252, 253, 254, 255, 20,  244};
  MYSQL_FIELD fields[MOST_COLUMNS];
  aurora__columns_t *columns;
  aurora_result_t *result;
  unsigned count;

  if (end - *data < 1)
    return NULL;
  count = *(*data)++ % MOST_COLUMNS;
  if ((size_t)(end - *data) < (size_t)count * 4)
    return NULL;
  memset(fields, 0, sizeof fields);
  for (unsigned i = 0; i < count; i++) {
    const uint8_t *of = *data;

    fields[i].name = (char *)"c";
    fields[i].name_length = 1;
    fields[i].type = (enum enum_field_types)types[of[0] % sizeof types];
    fields[i].flags = of[1]; /* UNSIGNED_FLAG is 32, BINARY_FLAG 128 */
    fields[i].charsetnr = of[2] & 1 ? 63 : 45;
    fields[i].decimals = of[3] % 40;
    *data += 4;
  }
  must(aurora__columns_create(fields, count, &columns) == 0);
  must(aurora__result_create(columns, protocol, LIMIT, &result) == 0);
  aurora__columns_unref(columns);
  return result;
}

/* The checked readers agree with the value, and touch nothing when they fail. */
static inline void check_cell(const aurora_result_t *result, size_t row, unsigned column)
{
  aurora_value_t value = aurora_result_value(result, row, column);
  int64_t whole = 77;
  uint64_t positive = 77;
  double real = 77;
  bool truth;
  const char *string = NULL;
  aurora_text_t text = {NULL, 0};
  aurora_datetime_t when;
  aurora_time_t time;

  if (aurora_result_int64(result, row, column, &whole) == 0)
    must(value.type == AURORA_TYPE_DECIMAL ||
         (value.type == AURORA_TYPE_INT64 && value.as.int64 == whole) ||
         (value.type == AURORA_TYPE_UINT64 && value.as.uint64 == (uint64_t)whole && whole >= 0));
  else
    must(whole == 77);
  if (aurora_result_uint64(result, row, column, &positive) != 0)
    must(positive == 77);
  else if (whole != 77)
    must(whole >= 0 && (uint64_t)whole == positive);
  if (aurora_result_double(result, row, column, &real) != 0)
    must(real == 77);
  (void)aurora_result_bool(result, row, column, &truth);
  must((aurora_result_bytes(result, row, column, &text) == 0) == is_text(value.type));
  if (text.data)
    must(text.data[text.size] == '\0');
  if (aurora_result_string(result, row, column, &string) == 0)
    must(strlen(string) == text.size);
  if (aurora_result_datetime(result, row, column, &when) == 0)
    must(when.year <= 9999 && when.month <= 12 && when.day <= 31 && when.hour < 24 &&
         when.minute < 60 && when.second < 60 && when.microsecond < 1000000);
  if (aurora_result_time(result, row, column, &time) == 0)
    must(time.minutes < 60 && time.seconds < 60 && time.microseconds < 1000000);
}

#endif
