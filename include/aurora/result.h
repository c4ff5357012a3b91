/*
 * Results: immutable, reference-counted, complete in memory (or, in a row callback, one row).
 *
 * A result passed to a callback is borrowed: it lives until the callback returns. aurora_result_ref
 * keeps it; it then outlives connection and pool. References are not atomic: they stay on the loop's
 * thread. Everything read from a result lives as long as the result.
 */
#ifndef AURORA_RESULT_H
#define AURORA_RESULT_H

#include <aurora/error.h>
#include <aurora/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aurora_result aurora_result_t;

/* 0 for a statement that returns no rows. */
AURORA_API size_t aurora_result_rows(const aurora_result_t *result);
/* 0 for a statement that returns no rows. */
AURORA_API unsigned aurora_result_columns(const aurora_result_t *result);
/* Rows changed by INSERT, UPDATE, DELETE (with config.found_rows: found by UPDATE); the number of rows
 * for a SELECT. */
AURORA_API uint64_t aurora_result_affected_rows(const aurora_result_t *result);
/* The first AUTO_INCREMENT value that the statement made, 0 if none. */
AURORA_API uint64_t aurora_result_insert_id(const aurora_result_t *result);
/* How many warnings the server counted. Their texts: SHOW WARNINGS next on the same lease. */
AURORA_API unsigned aurora_result_warnings(const aurora_result_t *result);
/* What the server says about the statement ("Rows matched: 1  Changed: 1 ..."), "" if nothing. */
AURORA_API const char *aurora_result_info(const aurora_result_t *result);
/*
 * The next result of a procedure call, borrowed from this one; NULL after the last. A CALL gives one
 * result for each statement in the procedure that returns rows; then, if it was prepared (has parameters)
 * and the procedure has OUT or INOUT parameters, one with their values (aurora_result_is_out_params);
 * last one without columns, with the affected rows of the whole and the warnings of the last statement.
 */
AURORA_API const aurora_result_t *aurora_result_next(const aurora_result_t *result);
/* Whether the result's one row is a procedure's OUT and INOUT parameters, a column each, named as the
 * procedure names them. Placeholders stand for them in the CALL: CALL p(?, ?). In a CALL without
 * parameters user variables do (CALL p(1, @out), then SELECT @out on the same lease). */
AURORA_API bool aurora_result_is_out_params(const aurora_result_t *result);

/* Index of the first column of this name (ASCII letters in any case), or AURORA_ENOTFOUND; for which,
 * taken as an index, the readers below give AURORA_ENOTFOUND, too. */
AURORA_API int aurora_result_column(const aurora_result_t *result, const char *name);
/* The column's name or alias; NULL when there is no such column. */
AURORA_API const char *aurora_result_column_name(const aurora_result_t *result, unsigned column);
/* The type of the column's values that are not NULL; AURORA_TYPE_NULL when there is no such
 * column or it can only hold NULL. */
AURORA_API aurora_type_t aurora_result_column_type(const aurora_result_t *result, unsigned column);

/*
 * One cell. The same query gives the same values and types with and without parameters: numbers are
 * what the server shows. FLOAT has 6 significant digits; FLOAT(M,D), DOUBLE(M,D) and expressions with
 * fixed decimals, such as ROUND(x, 2) or PI(), have as many decimals as the server gives them;
 * CAST(x AS DOUBLE) reads all bits of a FLOAT. A row or column that does not exist reads as NULL. A
 * cell that cannot be read as its column's type (no server is known to send one) reads as a STRING.
 */
AURORA_API aurora_value_t aurora_result_value(const aurora_result_t *result, size_t row,
                                              unsigned column);

/* Whether a cell is NULL; true for a row or column that does not exist. */
AURORA_API bool aurora_result_is_null(const aurora_result_t *result, size_t row, unsigned column);

/*
 * Checked reading into a C type. 0; AURORA_ENOTFOUND: no such row or column; AURORA_ETYPE: NULL, or
 * the value does not fit: never a wrong number. *ret is untouched on failure.
 *
 * int64, uint64: integers that fit, and DECIMALs without a fraction that fit. double: FLOAT, DOUBLE,
 * DECIMAL (rounded to the nearest) and integers of at most 53 bits. bool: integers 0 and 1. string:
 * STRING and DECIMAL, NUL-terminated, AURORA_ETYPE if it holds a NUL inside; text and bytes may
 * hold NULs. text: STRING, DECIMAL; bytes: STRING, DECIMAL and BYTES. datetime: DATE and DATETIME.
 * time: TIME.
 */
AURORA_API int aurora_result_int64(const aurora_result_t *result, size_t row, unsigned column,
                                   int64_t *ret);
AURORA_API int aurora_result_uint64(const aurora_result_t *result, size_t row, unsigned column,
                                    uint64_t *ret);
AURORA_API int aurora_result_bool(const aurora_result_t *result, size_t row, unsigned column,
                                  bool *ret);
AURORA_API int aurora_result_double(const aurora_result_t *result, size_t row, unsigned column,
                                    double *ret);
AURORA_API int aurora_result_string(const aurora_result_t *result, size_t row, unsigned column,
                                    const char **ret);
AURORA_API int aurora_result_text(const aurora_result_t *result, size_t row, unsigned column,
                                  aurora_text_t *ret);
AURORA_API int aurora_result_bytes(const aurora_result_t *result, size_t row, unsigned column,
                                   aurora_text_t *ret);
AURORA_API int aurora_result_datetime(const aurora_result_t *result, size_t row, unsigned column,
                                      aurora_datetime_t *ret);
AURORA_API int aurora_result_time(const aurora_result_t *result, size_t row, unsigned column,
                                  aurora_time_t *ret);

/* One more reference to a borrowed result; never fails. Give it back with aurora_result_unref. */
AURORA_API aurora_result_t *aurora_result_ref(const aurora_result_t *result);
/* NULL is allowed. The last reference frees the result and those that aurora_result_next gives. */
AURORA_API void aurora_result_unref(aurora_result_t *result);

#ifdef __cplusplus
}
#endif
#endif
