/*
 * What a statement gave, as a text to be compared: every result with its columns, values, counts and
 * info, or the error's number and SQLSTATE.
 */
#ifndef TESTS_INTEGRATION_TRANSCRIPT_H
#define TESTS_INTEGRATION_TRANSCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#include <aurora.h>

#include "integration/script.h"

typedef struct {
  char *text; /* NULL: empty */
  size_t size, room;
} transcript_t;

void transcript_clear(transcript_t *transcript);
/* Adds a text, or one cell. */
void transcript_add(transcript_t *transcript, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void transcript_add_value(transcript_t *transcript, const aurora_value_t *value);
/* The end of one result. */
void transcript_add_counts(transcript_t *transcript, uint64_t affected, uint64_t insert_id,
                           unsigned warnings, const char *info);
void transcript_set_error(transcript_t *transcript, unsigned number, const char *sqlstate);

/* What a callback of the library's was told. One of the two is NULL. */
void transcript_of_reply(transcript_t *transcript, const aurora_error_t *error,
                         const aurora_result_t *result);

/* Runs a step on the plain client library and waits (plain_client.c). */
void transcript_of_plain(transcript_t *transcript, MYSQL *mysql, const script_step_t *step);

#endif
