/*
 * One block holds the struct, the items and the names behind them. Whoever holds a reference may
 * read it; nobody writes to it after create, but for what aurora__columns_distinct keeps.
 */
#include "result/columns.h"

#include <string.h>
#include <uv.h>

#include "base/alloc.h"

enum { BINARY_CHARSET = 63, COMPARED_AT_MOST = 512 };

enum { TYPE_VECTOR = 242 /* MySQL 9.0; not every libmariadb names it */ };

static aurora__kind_t integer_kind(aurora__kind_t kind, const MYSQL_FIELD *field)
{
  return field->flags & UNSIGNED_FLAG ? kind + (AURORA__KIND_UINT8 - AURORA__KIND_INT8) : kind;
}

static aurora__kind_t text_kind(const MYSQL_FIELD *field)
{
  return field->charsetnr == BINARY_CHARSET ? AURORA__KIND_BYTES : AURORA__KIND_STRING;
}

static aurora__kind_t kind_of(const MYSQL_FIELD *field)
{
  /* Not the enum: what types it names depends on libmariadb, and a server may send others. */
  switch ((int)field->type) {
  case MYSQL_TYPE_NULL:
    return AURORA__KIND_NULL;
  case MYSQL_TYPE_TINY:
    return integer_kind(AURORA__KIND_INT8, field);
  case MYSQL_TYPE_SHORT:
    return integer_kind(AURORA__KIND_INT16, field);
  case MYSQL_TYPE_INT24: /* four bytes in the binary protocol */
  case MYSQL_TYPE_LONG:
    return integer_kind(AURORA__KIND_INT32, field);
  case MYSQL_TYPE_LONGLONG:
    return integer_kind(AURORA__KIND_INT64, field);
  case MYSQL_TYPE_YEAR:
    return AURORA__KIND_UINT16;
  case MYSQL_TYPE_BIT:
    /* MAX(b), IFNULL(b, b) and the like are marked as binary, columns of tables are not. */
    return field->flags & BINARY_FLAG ? AURORA__KIND_BIT_COMPUTED : AURORA__KIND_BIT;
  case MYSQL_TYPE_FLOAT:
    return AURORA__KIND_FLOAT;
  case MYSQL_TYPE_DOUBLE:
    return AURORA__KIND_DOUBLE;
  case MYSQL_TYPE_DECIMAL:
  case MYSQL_TYPE_NEWDECIMAL:
    return AURORA__KIND_DECIMAL;
  case MYSQL_TYPE_DATE:
  case MYSQL_TYPE_NEWDATE:
    return AURORA__KIND_DATE;
  case MYSQL_TYPE_TIME:
  case MYSQL_TYPE_TIME2:
    return AURORA__KIND_TIME;
  case MYSQL_TYPE_DATETIME:
  case MYSQL_TYPE_DATETIME2:
  case MYSQL_TYPE_TIMESTAMP:
  case MYSQL_TYPE_TIMESTAMP2:
    return AURORA__KIND_DATETIME;
  case MYSQL_TYPE_JSON: /* MySQL calls it binary, and it is UTF-8 */
    return AURORA__KIND_STRING;
  case MYSQL_TYPE_GEOMETRY:
  case TYPE_VECTOR:
    return AURORA__KIND_BYTES;
  case MYSQL_TYPE_VARCHAR:
  case MYSQL_TYPE_VAR_STRING:
  case MYSQL_TYPE_STRING:
  case MYSQL_TYPE_ENUM:
  case MYSQL_TYPE_SET:
  case MYSQL_TYPE_TINY_BLOB:
  case MYSQL_TYPE_MEDIUM_BLOB:
  case MYSQL_TYPE_LONG_BLOB:
  case MYSQL_TYPE_BLOB:
    return text_kind(field);
  }
  /* A type of a newer server: libmariadb passes its number on. Nothing is known of what it holds. */
  return AURORA__KIND_BYTES;
}

static aurora_type_t type_of(aurora__kind_t kind)
{
  switch (kind) {
  case AURORA__KIND_NULL:
    return AURORA_TYPE_NULL;
  case AURORA__KIND_INT8:
  case AURORA__KIND_INT16:
  case AURORA__KIND_INT32:
  case AURORA__KIND_INT64:
    return AURORA_TYPE_INT64;
  case AURORA__KIND_UINT8:
  case AURORA__KIND_UINT16:
  case AURORA__KIND_UINT32:
  case AURORA__KIND_UINT64:
  case AURORA__KIND_BIT:
  case AURORA__KIND_BIT_COMPUTED:
    return AURORA_TYPE_UINT64;
  case AURORA__KIND_FLOAT:
  case AURORA__KIND_DOUBLE:
    return AURORA_TYPE_DOUBLE;
  case AURORA__KIND_DECIMAL:
    return AURORA_TYPE_DECIMAL;
  case AURORA__KIND_STRING:
    return AURORA_TYPE_STRING;
  case AURORA__KIND_BYTES:
    return AURORA_TYPE_BYTES;
  case AURORA__KIND_DATE:
    return AURORA_TYPE_DATE;
  case AURORA__KIND_TIME:
    return AURORA_TYPE_TIME;
  case AURORA__KIND_DATETIME:
    return AURORA_TYPE_DATETIME;
  }
  return AURORA_TYPE_NULL;
}

/* MySQL says of every OUT parameter that its character set is the binary one; the flag tells which are. */
static aurora__kind_t out_kind(const MYSQL_FIELD *field)
{
  aurora__kind_t kind = kind_of(field);
  bool may_be_text = kind == AURORA__KIND_BYTES && field->type != MYSQL_TYPE_GEOMETRY &&
                     field->type != (enum enum_field_types)TYPE_VECTOR;

  return may_be_text && !(field->flags & BINARY_FLAG) ? AURORA__KIND_STRING : kind;
}

int aurora__columns_create(const MYSQL_FIELD *fields, unsigned count, aurora__columns_t **ret)
{
  return aurora__columns_create_of(fields, count, false, ret);
}

int aurora__columns_create_of(const MYSQL_FIELD *fields, unsigned count, bool out_params,
                              aurora__columns_t **ret)
{
  aurora__columns_t *columns;
  size_t head = sizeof *columns + count * sizeof columns->items[0];
  size_t names = 0;
  char *name;

  for (unsigned i = 0; i < count; i++)
    names += (size_t)fields[i].name_length + 1;
  columns = aurora__malloc(head + names);
  if (!columns)
    return UV_ENOMEM;

  columns->refs = 1;
  columns->count = count;
  columns->out_params = out_params;
  columns->names = AURORA__NAMES_UNSEEN;
  name = (char *)columns + head;
  for (unsigned i = 0; i < count; i++) {
    const MYSQL_FIELD *field = &fields[i];
    aurora__column_t *column = &columns->items[i];

    column->name = name;
    column->name_size = field->name_length;
    column->kind = out_params ? out_kind(field) : kind_of(field);
    column->type = type_of(column->kind);
    column->wire_type = field->type;
    column->flags = field->flags;
    column->decimals = field->decimals;
    column->charset = field->charsetnr;
    if (field->name_length)
      memcpy(name, field->name, field->name_length);
    name[field->name_length] = '\0';
    name += (size_t)field->name_length + 1;
  }
  *ret = columns;
  return 0;
}

aurora__columns_t *aurora__columns_ref(aurora__columns_t *columns)
{
  columns->refs++;
  return columns;
}

void aurora__columns_unref(aurora__columns_t *columns)
{
  if (columns && --columns->refs == 0)
    aurora__free(columns);
}

bool aurora__columns_match(const aurora__columns_t *columns, const MYSQL_FIELD *fields,
                           unsigned count)
{
  if (columns->count != count)
    return false;
  for (unsigned i = 0; i < count; i++) {
    const MYSQL_FIELD *field = &fields[i];
    const aurora__column_t *column = &columns->items[i];

    if (column->wire_type != field->type || column->flags != field->flags ||
        column->decimals != field->decimals || column->charset != field->charsetnr ||
        column->name_size != field->name_length ||
        (field->name_length && memcmp(column->name, field->name, field->name_length) != 0))
      return false;
  }
  return true;
}

static unsigned char lower(char c)
{
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool aurora__same_letters(const char *left, const char *right, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if (lower(left[i]) != lower(right[i]))
      return false;
  return true;
}

static bool all_distinct(const aurora__columns_t *columns)
{
  const aurora__column_t *items = columns->items;

  if (columns->count > COMPARED_AT_MOST)
    return false;
  for (unsigned i = 1; i < columns->count; i++)
    for (unsigned j = 0; j < i; j++)
      if (aurora__column_is_named(&items[i], items[j].name, items[j].name_size))
        return false;
  return true;
}

bool aurora__columns_distinct(aurora__columns_t *columns)
{
  if (columns->names == AURORA__NAMES_UNSEEN)
    columns->names = all_distinct(columns) ? AURORA__NAMES_DISTINCT : AURORA__NAMES_REPEATED;
  return columns->names == AURORA__NAMES_DISTINCT;
}
