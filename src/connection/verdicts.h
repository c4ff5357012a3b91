/*
 * What the scan has said of statement texts lately, so that a text that is sent again and again is
 * judged once. Fixed memory; a new text takes the place of another.
 */
#ifndef AURORA_CONNECTION_VERDICTS_H
#define AURORA_CONNECTION_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AURORA__VERDICTS = 64, AURORA__VERDICT_TEXT = 240 };

typedef struct {
  bool harmless;
  bool mentions_role;
} aurora__verdict_t;

typedef struct {
  struct {
    uint8_t size; /* bytes; 0: empty */
    aurora__verdict_t verdict;
    char text[AURORA__VERDICT_TEXT];
  } entries[AURORA__VERDICTS];
} aurora__verdicts_t;

/* sql: size bytes and a NUL. A longer text than has room is judged each time. A zeroed struct is empty. */
aurora__verdict_t aurora__verdict_of(aurora__verdicts_t *verdicts, const char *sql, size_t size);

#endif
