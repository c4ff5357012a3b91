/*
 * Filling in aurora_error_t.
 */
#ifndef AURORA_BASE_ERROR_H
#define AURORA_BASE_ERROR_H

#include <aurora/error.h>

/* Sets every field of *ret (which may be NULL) and returns code. The message is cut to its room. */
int aurora__error_set(aurora_error_t *ret, int code, aurora_outcome_t outcome, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* A state or argument that the library's own code must never produce. Says where and aborts: going
 * on would risk somebody's data. */
_Noreturn void aurora__bug(const char *where, const char *what);

#endif
