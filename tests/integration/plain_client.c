/*
 * The plain client library: blocking libmariadb as its manual has it, with nothing of ours but the form
 * of the outcome. Text results are stored and their cells read by their columns' types; prepared ones
 * are bound.
 */
#include "integration/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

enum { UTF8MB4_CHARSET = 45, BINARY_CHARSET = 63, NO_FIXED_DECIMALS = 31 };

static aurora_type_t type_of(const MYSQL_FIELD *field)
{
  switch ((int)field->type) { /* those that the script has */
  case MYSQL_TYPE_NULL:
    return AURORA_TYPE_NULL;
  case MYSQL_TYPE_TINY:
  case MYSQL_TYPE_SHORT:
  case MYSQL_TYPE_INT24:
  case MYSQL_TYPE_LONG:
  case MYSQL_TYPE_LONGLONG:
    return field->flags & UNSIGNED_FLAG ? AURORA_TYPE_UINT64 : AURORA_TYPE_INT64;
  case MYSQL_TYPE_YEAR:
  case MYSQL_TYPE_BIT:
    return AURORA_TYPE_UINT64;
  case MYSQL_TYPE_FLOAT:
  case MYSQL_TYPE_DOUBLE:
    return AURORA_TYPE_DOUBLE;
  case MYSQL_TYPE_DECIMAL:
  case MYSQL_TYPE_NEWDECIMAL:
    return AURORA_TYPE_DECIMAL;
  case MYSQL_TYPE_DATE:
    return AURORA_TYPE_DATE;
  case MYSQL_TYPE_TIME:
    return AURORA_TYPE_TIME;
  case MYSQL_TYPE_DATETIME:
  case MYSQL_TYPE_TIMESTAMP:
    return AURORA_TYPE_DATETIME;
  case MYSQL_TYPE_VAR_STRING:
  case MYSQL_TYPE_STRING:
  case MYSQL_TYPE_BLOB:
  case MYSQL_TYPE_TINY_BLOB:
  case MYSQL_TYPE_MEDIUM_BLOB:
  case MYSQL_TYPE_LONG_BLOB:
    return field->charsetnr == BINARY_CHARSET ? AURORA_TYPE_BYTES : AURORA_TYPE_STRING;
  case MYSQL_TYPE_JSON: /* its character set is called binary */
    return AURORA_TYPE_STRING;
  default:
    ck_abort_msg("a column of type %d", (int)field->type);
  }
}

static uint64_t bits(const char *cell, size_t size)
{
  uint64_t number = 0;

  for (size_t i = 0; i < size; i++)
    number = number << 8 | (unsigned char)cell[i];
  return number;
}

/* "123456" for ".123456", "500000" for ".5"; 0 for none. */
static uint32_t microseconds(const char *point)
{
  uint32_t number = 0;
  uint32_t unit = 100000;

  if (*point != '.')
    return 0;
  for (point++; *point; point++, unit /= 10)
    number += (uint32_t)(*point - '0') * unit;
  return number;
}

static aurora_datetime_t datetime_in(const char *cell)
{
  unsigned year, month, day, hour = 0, minute = 0, second = 0;

  ck_assert_int_ge(sscanf(cell, "%u-%u-%u %u:%u:%u", &year, &month, &day, &hour, &minute, &second),
                   3);
  return (aurora_datetime_t){(uint16_t)year,
                             (uint8_t)month,
                             (uint8_t)day,
                             (uint8_t)hour,
                             (uint8_t)minute,
                             (uint8_t)second,
                             microseconds(cell + strcspn(cell, "."))};
}

static aurora_time_t time_in(const char *cell)
{
  bool negative = *cell == '-';
  unsigned hours, minutes, seconds;

  ck_assert_int_eq(sscanf(cell + negative, "%u:%u:%u", &hours, &minutes, &seconds), 3);
  return (aurora_time_t){negative, (uint16_t)hours, (uint8_t)minutes, (uint8_t)seconds,
                         microseconds(cell + strcspn(cell, "."))};
}

/* A cell of the text protocol; it is NUL-terminated. */
static aurora_value_t text_value(const MYSQL_FIELD *field, const char *cell, size_t size)
{
  aurora_value_t value = aurora_null();

  if (!cell)
    return value;
  value.type = type_of(field);
  switch (value.type) {
  case AURORA_TYPE_NULL:
    break;
  case AURORA_TYPE_INT64:
    value.as.int64 = strtoll(cell, NULL, 10);
    break;
  case AURORA_TYPE_UINT64:
    value.as.uint64 = field->type == MYSQL_TYPE_BIT ? bits(cell, size) : strtoull(cell, NULL, 10);
    break;
  case AURORA_TYPE_DOUBLE:
    value.as.float64 = strtod(cell, NULL);
    break;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    value.as.text = (aurora_text_t){cell, size};
    break;
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_DATETIME:
    value.as.datetime = datetime_in(cell);
    break;
  case AURORA_TYPE_TIME:
    value.as.time = time_in(cell);
    break;
  }
  return value;
}

static void add_columns(transcript_t *transcript, const MYSQL_FIELD *fields, unsigned count)
{
  for (unsigned i = 0; i < count; i++)
    transcript_add(transcript, "[%s:%s] ", fields[i].name, aurora_type_name(type_of(&fields[i])));
}

static void add_text_result(transcript_t *transcript, MYSQL *mysql, MYSQL_RES *result)
{
  unsigned columns = mysql_num_fields(result);
  const MYSQL_FIELD *fields = mysql_fetch_fields(result);
  MYSQL_ROW row;

  add_columns(transcript, fields, columns);
  transcript_add(transcript, "\n");
  while ((row = mysql_fetch_row(result)) != NULL) {
    const unsigned long *lengths = mysql_fetch_lengths(result);

    for (unsigned i = 0; i < columns; i++) {
      aurora_value_t value = text_value(&fields[i], row[i], lengths[i]);

      transcript_add_value(transcript, &value);
    }
    transcript_add(transcript, "\n");
  }
  transcript_add_counts(transcript, mysql_affected_rows(mysql), 0, mysql_warning_count(mysql), "");
}

static void run_text(transcript_t *transcript, MYSQL *mysql, const script_step_t *step)
{
  int failed = mysql_query(mysql, step->sql);

  while (!failed) {
    MYSQL_RES *result = mysql_store_result(mysql);

    if (!result && mysql_field_count(mysql))
      break;
    if (result) {
      add_text_result(transcript, mysql, result);
      mysql_free_result(result);
    } else {
      transcript_add(transcript, "\n");
      transcript_add_counts(transcript, mysql_affected_rows(mysql), mysql_insert_id(mysql),
                            mysql_warning_count(mysql), mysql_info(mysql) ? mysql_info(mysql) : "");
    }
    failed = mysql_next_result(mysql);
  }
  if (mysql_errno(mysql))
    transcript_set_error(transcript, mysql_errno(mysql), mysql_sqlstate(mysql));
}

/* --- Prepared ----------------------------------------------------------------------------------- */

/* What a column of a prepared result is bound to. */
typedef struct {
  union {
    int64_t int64;
    uint64_t uint64;
    double float64;
    MYSQL_TIME time;
  } as;
  unsigned long length;
  my_bool is_null;
} cell_t;

static void bind_column(MYSQL_BIND *bind, cell_t *cell, const MYSQL_FIELD *field)
{
  memset(bind, 0, sizeof *bind);
  bind->buffer = &cell->as;
  bind->buffer_length = sizeof cell->as;
  bind->length = &cell->length;
  bind->is_null = &cell->is_null;
  switch (type_of(field)) {
  case AURORA_TYPE_INT64:
  case AURORA_TYPE_UINT64:
    bind->buffer_type = field->type == MYSQL_TYPE_BIT ? MYSQL_TYPE_BLOB : MYSQL_TYPE_LONGLONG;
    bind->is_unsigned = type_of(field) == AURORA_TYPE_UINT64;
    break;
  case AURORA_TYPE_DOUBLE:
    bind->buffer_type = MYSQL_TYPE_DOUBLE;
    break;
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_DATETIME:
  case AURORA_TYPE_TIME:
    bind->buffer_type = field->type;
    break;
  case AURORA_TYPE_NULL:
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES: /* fetched when its length is known */
    bind->buffer_type = MYSQL_TYPE_BLOB;
    bind->buffer_length = 0;
    break;
  }
}

static double as_shown(double number, unsigned decimals)
{
  char text[400];

  if (decimals >= NO_FIXED_DECIMALS)
    return number;
  snprintf(text, sizeof text, "%.*f", (int)decimals, number);
  return strtod(text, NULL);
}

static void fetch_text(MYSQL_STMT *stmt, unsigned column, const cell_t *cell, char **ret_text)
{
  MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_BLOB, .buffer_length = cell->length + 1};

  bind.buffer = *ret_text = malloc(cell->length + 1);
  ck_assert_ptr_nonnull(bind.buffer);
  ck_assert_int_eq(mysql_stmt_fetch_column(stmt, &bind, column, 0), 0);
}

static void add_cell(transcript_t *transcript, MYSQL_STMT *stmt, unsigned column,
                     const MYSQL_FIELD *field, const cell_t *cell)
{
  const MYSQL_TIME *time = &cell->as.time;
  aurora_value_t value = aurora_null();
  char *text = NULL;

  if (!cell->is_null)
    value.type = type_of(field);
  switch (value.type) {
  case AURORA_TYPE_NULL:
    break;
  case AURORA_TYPE_INT64:
    value.as.int64 = cell->as.int64;
    break;
  case AURORA_TYPE_UINT64:
    value.as.uint64 = field->type == MYSQL_TYPE_BIT ? bits((const char *)&cell->as, cell->length)
                                                    : cell->as.uint64;
    break;
  case AURORA_TYPE_DOUBLE:
    value.as.float64 = as_shown(cell->as.float64, field->decimals);
    break;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    fetch_text(stmt, column, cell, &text);
    value.as.text = (aurora_text_t){text, cell->length};
    break;
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_DATETIME:
    value.as.datetime = (aurora_datetime_t){(uint16_t)time->year,       (uint8_t)time->month,
                                            (uint8_t)time->day,         (uint8_t)time->hour,
                                            (uint8_t)time->minute,      (uint8_t)time->second,
                                            (uint32_t)time->second_part};
    break;
  case AURORA_TYPE_TIME:
    value.as.time =
        (aurora_time_t){time->neg, (uint16_t)(time->day * 24 + time->hour), (uint8_t)time->minute,
                        (uint8_t)time->second, (uint32_t)time->second_part};
    break;
  }
  transcript_add_value(transcript, &value);
  free(text);
}

/* MySQL gives no OUT parameter a character set: the flag alone tells a text from bytes. */
static void find_out_texts(MYSQL_FIELD *fields, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    if (!(fields[i].flags & BINARY_FLAG) && fields[i].charsetnr == BINARY_CHARSET)
      fields[i].charsetnr = UTF8MB4_CHARSET;
  }
}

static void add_prepared_result(transcript_t *transcript, MYSQL *mysql, MYSQL_STMT *stmt)
{
  unsigned columns = mysql_stmt_field_count(stmt);
  bool out = (mysql->server_status & SERVER_PS_OUT_PARAMS) != 0;
  MYSQL_RES *description = mysql_stmt_result_metadata(stmt);
  MYSQL_FIELD *fields = mysql_fetch_fields(description);
  MYSQL_BIND *binds = calloc(columns, sizeof *binds);
  cell_t *cells = calloc(columns, sizeof *cells);

  if (out)
    find_out_texts(fields, columns);
  add_columns(transcript, fields, columns);
  transcript_add(transcript, "%s\n", out ? "OUT" : "");
  for (unsigned i = 0; i < columns; i++)
    bind_column(&binds[i], &cells[i], &fields[i]);
  ck_assert_int_eq(mysql_stmt_bind_result(stmt, binds), 0);
  if (mysql_stmt_store_result(stmt) == 0) {
    for (int status; (status = mysql_stmt_fetch(stmt)) != MYSQL_NO_DATA;) {
      ck_assert_int_ne(status, 1);
      for (unsigned i = 0; i < columns; i++)
        add_cell(transcript, stmt, i, &fields[i], &cells[i]);
      transcript_add(transcript, "\n");
    }
    transcript_add_counts(transcript, mysql_stmt_affected_rows(stmt), 0, mysql_warning_count(mysql),
                          "");
  }
  mysql_free_result(description);
  free(binds);
  free(cells);
}

static void bind_time(MYSQL_TIME *time, const aurora_value_t *value)
{
  const aurora_datetime_t *moment = &value->as.datetime;
  const aurora_time_t *span = &value->as.time;

  memset(time, 0, sizeof *time);
  if (value->type == AURORA_TYPE_TIME) {
    time->neg = span->negative;
    time->day = span->hours / 24;
    time->hour = span->hours % 24;
    time->minute = span->minutes;
    time->second = span->seconds;
    time->second_part = span->microseconds;
    return;
  }
  time->year = moment->year;
  time->month = moment->month;
  time->day = moment->day;
  time->hour = moment->hour;
  time->minute = moment->minute;
  time->second = moment->second;
  time->second_part = moment->microsecond;
}

static void bind_parameter(MYSQL_BIND *bind, MYSQL_TIME *time, const aurora_value_t *value)
{
  static const enum enum_field_types types[] = {
      [AURORA_TYPE_NULL] = MYSQL_TYPE_NULL,          [AURORA_TYPE_INT64] = MYSQL_TYPE_LONGLONG,
      [AURORA_TYPE_UINT64] = MYSQL_TYPE_LONGLONG,    [AURORA_TYPE_DOUBLE] = MYSQL_TYPE_DOUBLE,
      [AURORA_TYPE_DECIMAL] = MYSQL_TYPE_NEWDECIMAL, [AURORA_TYPE_STRING] = MYSQL_TYPE_STRING,
      [AURORA_TYPE_BYTES] = MYSQL_TYPE_BLOB,         [AURORA_TYPE_DATE] = MYSQL_TYPE_DATE,
      [AURORA_TYPE_TIME] = MYSQL_TYPE_TIME,          [AURORA_TYPE_DATETIME] = MYSQL_TYPE_DATETIME};

  memset(bind, 0, sizeof *bind);
  bind->buffer_type = types[value->type];
  bind->is_unsigned = value->type == AURORA_TYPE_UINT64;
  bind->buffer = (void *)&value->as;
  if (value->type == AURORA_TYPE_DECIMAL || value->type == AURORA_TYPE_STRING ||
      value->type == AURORA_TYPE_BYTES) {
    bind->buffer = (void *)value->as.text.data;
    bind->buffer_length = value->as.text.size;
  } else if (value->type >= AURORA_TYPE_DATE) {
    bind_time(time, value);
    bind->buffer = time;
  }
}

static void run_prepared(transcript_t *transcript, MYSQL *mysql, const script_step_t *step)
{
  enum { MOST = sizeof step->values / sizeof *step->values };
  MYSQL_STMT *stmt = mysql_stmt_init(mysql);
  MYSQL_BIND binds[MOST];
  MYSQL_TIME times[MOST];
  int failed = mysql_stmt_prepare(stmt, step->sql, (unsigned long)strlen(step->sql));

  if (!failed) {
    ck_assert_uint_eq(mysql_stmt_param_count(stmt), step->count);
    for (unsigned i = 0; i < step->count; i++)
      bind_parameter(&binds[i], &times[i], &step->values[i]);
    failed = mysql_stmt_bind_param(stmt, binds) || mysql_stmt_execute(stmt);
  }
  while (!failed) {
    if (mysql_stmt_field_count(stmt)) {
      add_prepared_result(transcript, mysql, stmt);
      if (mysql_stmt_errno(stmt))
        break;
    } else {
      transcript_add(transcript, "\n");
      transcript_add_counts(transcript, mysql_stmt_affected_rows(stmt), mysql_stmt_insert_id(stmt),
                            mysql_warning_count(mysql), mysql_info(mysql) ? mysql_info(mysql) : "");
    }
    failed = mysql_stmt_next_result(stmt);
  }
  if (mysql_stmt_errno(stmt))
    transcript_set_error(transcript, mysql_stmt_errno(stmt), mysql_stmt_sqlstate(stmt));
  mysql_stmt_close(stmt);
}

void transcript_of_plain(transcript_t *transcript, MYSQL *mysql, const script_step_t *step)
{
  if (step->count)
    run_prepared(transcript, mysql, step);
  else
    run_text(transcript, mysql, step);
}
