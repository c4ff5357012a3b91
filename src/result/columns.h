/*
 * Column descriptions: what a result needs to know of each column, in one block of memory.
 *
 * Immutable and reference-counted, so that a prepared statement keeps one and shares it with the
 * results of all its executions. References are not atomic.
 */
#ifndef AURORA_RESULT_COLUMNS_H
#define AURORA_RESULT_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include <mysql.h>

#include <aurora/value.h>

/* How the cells of a column are read. Finer than aurora_type_t, because widths and rounding differ
 * by protocol. */
typedef enum {
  AURORA__KIND_NULL,
  AURORA__KIND_INT8,
  AURORA__KIND_INT16,
  AURORA__KIND_INT32,
  AURORA__KIND_INT64,
  AURORA__KIND_UINT8,
  AURORA__KIND_UINT16,
  AURORA__KIND_UINT32,
  AURORA__KIND_UINT64,
  AURORA__KIND_BIT,          /* big-endian bytes in both protocols */
  AURORA__KIND_BIT_COMPUTED, /* decimal digits in both protocols */
  AURORA__KIND_FLOAT,
  AURORA__KIND_DOUBLE,
  AURORA__KIND_DECIMAL,
  AURORA__KIND_STRING,
  AURORA__KIND_BYTES,
  AURORA__KIND_DATE,
  AURORA__KIND_TIME,
  AURORA__KIND_DATETIME
} aurora__kind_t;

typedef struct {
  const char *name; /* in the same block, NUL-terminated */
  uint32_t name_size;
  aurora__kind_t kind;
  aurora_type_t type;
  enum enum_field_types wire_type;
  unsigned flags;    /* NOT_NULL_FLAG and its like */
  unsigned decimals; /* 31 and above: not fixed */
  unsigned charset;  /* 63: binary */
} aurora__column_t;

typedef struct aurora__columns {
  unsigned refs;
  bool out_params; /* they are the OUT parameters of a CALL */
  unsigned count;
  enum { AURORA__NAMES_UNSEEN, AURORA__NAMES_DISTINCT, AURORA__NAMES_REPEATED } names;
  aurora__column_t items[]; /* count of them, then the names */
} aurora__columns_t;

/* Copies what it needs of fields: one allocation. 0 or UV_ENOMEM. */
int aurora__columns_create(const MYSQL_FIELD *fields, unsigned count, aurora__columns_t **ret);

/* The same; out_params: they are the OUT and INOUT parameters of a CALL. */
int aurora__columns_create_of(const MYSQL_FIELD *fields, unsigned count, bool out_params,
                              aurora__columns_t **ret);

aurora__columns_t *aurora__columns_ref(aurora__columns_t *columns);

/* NULL is allowed. */
void aurora__columns_unref(aurora__columns_t *columns);

/* Whether these fields would make the same columns: a prepared statement may be described anew when
 * its table was altered. */
bool aurora__columns_match(const aurora__columns_t *columns, const MYSQL_FIELD *fields,
                           unsigned count);

/* Whether these bytes are the same, ASCII letters in any case. */
bool aurora__same_letters(const char *left, const char *right, size_t size);

static inline bool aurora__column_is_named(const aurora__column_t *column, const char *name,
                                           size_t size)
{
  return column->name_size == size && aurora__same_letters(column->name, name, size);
}

/* Whether no two columns have the same name. Found out once, then kept. Of more than 512 columns it
 * is not found out: false. */
bool aurora__columns_distinct(aurora__columns_t *columns);

#endif
