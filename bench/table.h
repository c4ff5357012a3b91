/*
 * The table whose rows are fetched by their primary key.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "bare.h"

#define TABLE_NAME   "aurora_bench_rows"
#define TABLE_SELECT "SELECT id, number, name FROM " TABLE_NAME " WHERE id = ?"

/* Makes it with rows of the keys 1 to `rows`, at most 10,000. 0, or -1 with *ret_error filled in and no
 * table left; a table that was there already stays. */
int table_make(const bare_target_t *target, unsigned rows, bare_error_t *ret_error);
/* A failure is told on stderr. */
void table_drop(const bare_target_t *target);

#endif
