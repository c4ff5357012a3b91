/*
 * One cell as a member of a struct. See <aurora/field.h> for what fits.
 */
#ifndef AURORA_RESULT_MEMBER_H
#define AURORA_RESULT_MEMBER_H

#include <aurora/field.h>

/* The bytes that are to be copied into the member. */
typedef struct {
  const void *from; /* in as, or in the result; NULL: SQL NULL */
  size_t size;
  union {
    int8_t int8;
    int16_t int16;
    int32_t int32;
    int64_t int64;
    uint8_t uint8;
    uint16_t uint16;
    uint32_t uint32;
    uint64_t uint64;
    bool boolean;
    float float32;
    double float64;
    const char *string;
    aurora_text_t text;
    aurora_datetime_t datetime;
    aurora_time_t time;
    aurora_value_t value;
  } as;
} aurora__member_t;

/* The cell, which must exist, as the field's member. ret must stay where it is until it is copied, and
 * is written on failure as well. 0 or AURORA_ETYPE. */
int aurora__member_convert(const aurora_result_t *result, size_t row, unsigned column,
                           const aurora_field_t *field, aurora__member_t *ret);

/* Sets *ret_error (may be NULL) to why that failed, and returns AURORA_ETYPE. */
int aurora__member_explain(const aurora_result_t *result, size_t row, unsigned column,
                           const aurora_field_t *field, aurora_error_t *ret_error);

#endif
