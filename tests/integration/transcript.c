#include "integration/transcript.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

void transcript_clear(transcript_t *transcript)
{
  free(transcript->text);
  memset(transcript, 0, sizeof *transcript);
}

static void add_bytes(transcript_t *transcript, const char *data, size_t size)
{
  if (transcript->size + size + 1 > transcript->room) {
    transcript->room = 2 * (transcript->size + size + 1);
    transcript->text = realloc(transcript->text, transcript->room);
    ck_assert_ptr_nonnull(transcript->text);
  }
  memcpy(transcript->text + transcript->size, data, size);
  transcript->size += size;
  transcript->text[transcript->size] = '\0';
}

void transcript_add(transcript_t *transcript, const char *format, ...)
{
  char text[2048];
  va_list arguments;
  int size;

  va_start(arguments, format);
  size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ck_assert_int_lt(size, (int)sizeof text);
  add_bytes(transcript, text, (size_t)size);
}

static void add_text(transcript_t *transcript, const aurora_text_t *text)
{
  transcript_add(transcript, "(%zu)", text->size);
  for (size_t i = 0; i < text->size; i++) {
    unsigned char byte = (unsigned char)text->data[i];

    if (byte < ' ' || byte == '\\')
      transcript_add(transcript, "\\%02x", byte);
    else
      add_bytes(transcript, &text->data[i], 1);
  }
}

void transcript_add_value(transcript_t *transcript, const aurora_value_t *value)
{
  const aurora_datetime_t *moment = &value->as.datetime;
  const aurora_time_t *span = &value->as.time;

  transcript_add(transcript, " %s:", aurora_type_name(value->type));
  switch (value->type) {
  case AURORA_TYPE_NULL:
    return;
  case AURORA_TYPE_INT64:
    transcript_add(transcript, "%" PRId64, value->as.int64);
    return;
  case AURORA_TYPE_UINT64:
    transcript_add(transcript, "%" PRIu64, value->as.uint64);
    return;
  case AURORA_TYPE_DOUBLE:
    transcript_add(transcript, "%.15g", value->as.float64);
    return;
  case AURORA_TYPE_DECIMAL:
  case AURORA_TYPE_STRING:
  case AURORA_TYPE_BYTES:
    add_text(transcript, &value->as.text);
    return;
  case AURORA_TYPE_DATE:
  case AURORA_TYPE_DATETIME:
    transcript_add(transcript, "%04u-%02u-%02u %02u:%02u:%02u.%06" PRIu32, moment->year,
                   moment->month, moment->day, moment->hour, moment->minute, moment->second,
                   moment->microsecond);
    return;
  case AURORA_TYPE_TIME:
    transcript_add(transcript, "%s%u:%02u:%02u.%06" PRIu32, span->negative ? "-" : "", span->hours,
                   span->minutes, span->seconds, span->microseconds);
    return;
  }
}

void transcript_add_counts(transcript_t *transcript, uint64_t affected, uint64_t insert_id,
                           unsigned warnings, const char *info)
{
  transcript_add(transcript, "affected %" PRIu64 ", id %" PRIu64 ", warnings %u, info \"%s\"\n",
                 affected, insert_id, warnings, info);
}

void transcript_set_error(transcript_t *transcript, unsigned number, const char *sqlstate)
{
  transcript_clear(transcript);
  transcript_add(transcript, "error %u %s\n", number, sqlstate);
}

static void add_result(transcript_t *transcript, const aurora_result_t *result)
{
  unsigned columns = aurora_result_columns(result);

  for (unsigned i = 0; i < columns; i++)
    transcript_add(transcript, "[%s:%s] ", aurora_result_column_name(result, i),
                   aurora_type_name(aurora_result_column_type(result, i)));
  transcript_add(transcript, "%s\n", aurora_result_is_out_params(result) ? "OUT" : "");
  for (size_t row = 0; row < aurora_result_rows(result); row++) {
    for (unsigned i = 0; i < columns; i++) {
      aurora_value_t value = aurora_result_value(result, row, i);

      transcript_add_value(transcript, &value);
    }
    transcript_add(transcript, "\n");
  }
  transcript_add_counts(transcript, aurora_result_affected_rows(result),
                        aurora_result_insert_id(result), aurora_result_warnings(result),
                        aurora_result_info(result));
}

void transcript_of_reply(transcript_t *transcript, const aurora_error_t *error,
                         const aurora_result_t *result)
{
  if (error) {
    ck_assert_int_eq(error->outcome, AURORA_REFUSED);
    transcript_set_error(transcript, error->server_errno, error->sqlstate);
    return;
  }
  for (; result; result = aurora_result_next(result))
    add_result(transcript, result);
}
