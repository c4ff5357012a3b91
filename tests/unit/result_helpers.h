/*
 * Columns and rows built by hand, for the tests of src/result.
 */
#ifndef TESTS_UNIT_RESULT_HELPERS_H
#define TESTS_UNIT_RESULT_HELPERS_H

#include <check.h>
#include <string.h>

#include "result/result.h"

enum { UTF8 = 45, BINARY = 63 };

static inline MYSQL_FIELD field(const char *name, enum enum_field_types type, unsigned flags,
                                unsigned charset, unsigned decimals)
{
  MYSQL_FIELD made;

  memset(&made, 0, sizeof made);
  made.name = (char *)name;
  made.name_length = (unsigned)strlen(name);
  made.type = type;
  made.flags = flags;
  made.charsetnr = charset;
  made.decimals = decimals;
  return made;
}

static inline aurora_result_t *result_of(const MYSQL_FIELD *fields, unsigned count,
                                         aurora__protocol_t protocol, uint64_t limit)
{
  aurora__columns_t *columns;
  aurora_result_t *result;

  ck_assert_int_eq(aurora__columns_create(fields, count, &columns), 0);
  ck_assert_int_eq(aurora__result_create(columns, protocol, limit, &result), 0);
  aurora__columns_unref(columns);
  return result;
}

/* A result of one cell by text. */
static inline aurora_result_t *text_cell(MYSQL_FIELD of, const char *data, size_t size)
{
  aurora_result_t *result = result_of(&of, 1, AURORA__PROTOCOL_TEXT, UINT64_MAX);
  char *row[] = {(char *)data};
  unsigned long lengths[] = {size};

  ck_assert_int_eq(aurora__result_append_text(result, row, lengths), 0);
  return result;
}

/* Sends one row of wire bytes (what stands behind the null bits) through the callback, as libmariadb
 * does; nulls: bit i for column i. Returns what end_row says. The bytes are on the heap, so that a
 * sanitizer sees reads beyond them. */
static inline int send_row(aurora_result_t *result, unsigned columns, const void *bytes,
                           size_t size, unsigned nulls)
{
  unsigned char *buffer = malloc(size + !size);
  unsigned char *at = buffer;
  NET net;
  int err;

  ck_assert_ptr_nonnull(buffer);
  if (size)
    memcpy(buffer, bytes, size);
  memset(&net, 0, sizeof net);
  net.buff = buffer;
  net.buff_end = buffer + size;
  aurora__result_begin_row(result, &net);
  for (unsigned i = 0; i < columns; i++)
    aurora__result_cell(result, i, nulls >> i & 1 ? NULL : &at);
  err = aurora__result_end_row(result);
  if (!err)
    ck_assert_uint_eq((size_t)(at - buffer), size);
  free(buffer);
  return err;
}

/* A result of one cell by the binary protocol; NULL: it was refused as AURORA_EPROTOCOL. */
static inline aurora_result_t *binary_cell(MYSQL_FIELD of, const void *bytes, size_t size)
{
  aurora_result_t *result = result_of(&of, 1, AURORA__PROTOCOL_BINARY, UINT64_MAX);
  int err = send_row(result, 1, bytes, size, 0);

  if (!err)
    return result;
  ck_assert_int_eq(err, AURORA_EPROTOCOL);
  aurora_result_unref(result);
  return NULL;
}

#endif
