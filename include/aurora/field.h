/*
 * Rows into structs: a table says which column goes into which member, one call reads a row.
 *
 *   typedef struct {
 *     uint64_t id;
 *     char name[64];
 *     double balance;
 *     bool has_no_balance;
 *     int64_t created_at;
 *   } account_t;
 *
 *   static const aurora_field_t account_fields[] = {
 *       AURORA_FIELD(account_t, id),
 *       AURORA_FIELD_AS(account_t, name, "full_name"),
 *       AURORA_FIELD_NULLABLE(account_t, balance, has_no_balance),
 *       AURORA_FIELD_MICROSECONDS(account_t, created_at),
 *   };
 *
 *   for (size_t row = 0; row < aurora_result_rows(result); row++) {
 *     account_t account;
 *     aurora_error_t error;
 *
 *     if (aurora_result_read_with(result, row, account_fields, 4, &account, &error))
 *       puts(error.message); // row 7, column "full_name": string of 80 bytes and a NUL does not
 *                            // fit into char[64]
 *   }
 *
 * What a member takes; anything else is an error, never a wrong or shortened value. The rules are
 * those of the checked readers in <aurora/result.h>:
 *
 *   integers, enums           integers that fit, and DECIMALs without a fraction that fit. char is an
 *                             integer, too.
 *   bool                      the integers 0 and 1
 *   double                    FLOAT, DOUBLE, DECIMAL (rounded) and integers of at most 53 bits
 *   float                     the same, rounded, and integers of at most 24 bits; numbers that are
 *                             too large for a float, or so small that they would become 0, do not
 *                             fit
 *   char[n]                   STRING and DECIMAL of at most n - 1 bytes without a NUL inside. The
 *                             text ends with a NUL; what is behind it is as it was before.
 *   unsigned char[n]          BYTES, STRING and DECIMAL of exactly n bytes, such as BINARY(16)
 *   const char *              STRING and DECIMAL without a NUL inside; NUL-terminated
 *   aurora_text_t             STRING, DECIMAL and BYTES; a NUL behind the last byte, any inside
 *   aurora_datetime_t         DATE and DATETIME, zero dates too
 *   aurora_time_t             TIME
 *   aurora_value_t            everything; NULL is AURORA_TYPE_NULL
 *   int64_t, as microseconds  see AURORA_FIELD_MICROSECONDS
 *
 * const char *, aurora_text_t and the text of an aurora_value_t are borrowed: they live as long as
 * the result. Everything else is copied. Bit-fields cannot be members of a table; members of members
 * ("address.city") and of anonymous unions can.
 */
#ifndef AURORA_FIELD_H
#define AURORA_FIELD_H

#include <aurora/error.h>
#include <aurora/result.h>
#include <aurora/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a member is. The macros below choose it by the member's type. */
typedef enum {
  AURORA_MEMBER_SIGNED = 1, /* 1, 2, 4 or 8 bytes */
  AURORA_MEMBER_UNSIGNED,
  AURORA_MEMBER_BOOL,
  AURORA_MEMBER_FLOAT,
  AURORA_MEMBER_DOUBLE,
  AURORA_MEMBER_CHARS, /* char[n] */
  AURORA_MEMBER_BYTES, /* unsigned char[n] */
  AURORA_MEMBER_STRING,
  AURORA_MEMBER_TEXT,
  AURORA_MEMBER_DATETIME,
  AURORA_MEMBER_TIME,
  AURORA_MEMBER_MICROSECONDS,
  AURORA_MEMBER_VALUE
} aurora_member_t;

/* One line of a table. Made by the macros; tables may be const and static. */
typedef struct {
  const char *column; /* its name; ASCII letters in any case */
  size_t offset;      /* of the member in the struct, bytes */
  size_t size;        /* of the member, bytes */
  size_t null_offset; /* of the bool that tells NULL, if nullable */
  aurora_member_t kind;
  bool nullable;
} aurora_field_t;

/*
 * Reads a row (the first is 0) into the struct that the table of count fields describes. Columns
 * that are not in the table are passed over; of columns with the same name the first is read.
 *
 * 0; AURORA_ENOTFOUND: there is no such row, or a field's column is not in the result; AURORA_ETYPE:
 * a value does not fit its member, or is NULL and the field is not nullable. On failure *ret_struct
 * is untouched. On success members that are in no field keep what they had.
 *
 * aurora_result_read_with says why: the message of *ret_error (which may be NULL) names the row, the
 * column, and the types of value and member; never the value itself. Its outcome means nothing.
 *
 * Nothing is allocated. A field whose column comes right behind the column of the field before it is
 * found at once; others are searched by name. A table of more than 32 fields has its cells converted
 * twice.
 */
AURORA_API int aurora_result_read(const aurora_result_t *result, size_t row,
                                  const aurora_field_t *fields, size_t count, void *ret_struct);
AURORA_API int aurora_result_read_with(const aurora_result_t *result, size_t row,
                                       const aurora_field_t *fields, size_t count, void *ret_struct,
                                       aurora_error_t *ret_error);

#ifdef __cplusplus
}
#endif

/* The column of the member's name, or of another. NULL is an error unless the member is an
 * aurora_value_t. */
#define AURORA_FIELD(struct_type, member) AURORA_FIELD_AS(struct_type, member, #member)
#define AURORA_FIELD_AS(struct_type, member, column_name)                                          \
  AURORA__FIELD(struct_type, member, column_name, 0, AURORA__KIND_OF(struct_type, member), false)

/* NULL is allowed. null_member, a bool of the same struct, tells whether it was NULL; if so, all bytes
 * of member are 0: the number 0, "", a NULL pointer, a zero date. */
#define AURORA_FIELD_NULLABLE(struct_type, member, null_member)                                    \
  AURORA_FIELD_NULLABLE_AS(struct_type, member, null_member, #member)
#define AURORA_FIELD_NULLABLE_AS(struct_type, member, null_member, column_name)                    \
  AURORA__FIELD(struct_type, member, column_name, AURORA__NULL_OFFSET(struct_type, null_member),   \
                AURORA__KIND_OF(struct_type, member), true)

/*
 * A date or time as microseconds in an int64_t (no other type compiles).
 *
 * DATE and DATETIME: since 1970-01-01 00:00:00, counted in the Gregorian calendar without a time zone;
 * earlier ones are negative. For a value that was written in UTC it is Unix time. What is no day of
 * the calendar does not fit: zero dates, dates with a 0 for year, month or day, the 31st of February.
 * TIME: the length of the span, negative for a negative one.
 */
#define AURORA_FIELD_MICROSECONDS(struct_type, member)                                             \
  AURORA_FIELD_MICROSECONDS_AS(struct_type, member, #member)
#define AURORA_FIELD_MICROSECONDS_AS(struct_type, member, column_name)                             \
  AURORA__FIELD(struct_type, member, column_name, 0, AURORA__MICROSECONDS_OF(struct_type, member), \
                false)
#define AURORA_FIELD_MICROSECONDS_NULLABLE(struct_type, member, null_member)                       \
  AURORA_FIELD_MICROSECONDS_NULLABLE_AS(struct_type, member, null_member, #member)
#define AURORA_FIELD_MICROSECONDS_NULLABLE_AS(struct_type, member, null_member, column_name)       \
  AURORA__FIELD(struct_type, member, column_name, AURORA__NULL_OFFSET(struct_type, null_member),   \
                AURORA__MICROSECONDS_OF(struct_type, member), true)

#define AURORA__FIELD(struct_type, member, column_name, null_offset, kind, nullable)               \
  {                                                                                                \
    column_name, offsetof(struct_type, member), sizeof(AURORA__MEMBER(struct_type, member)),       \
        null_offset, kind, nullable                                                                \
  }

#ifndef __cplusplus
/* Never evaluated. Its address has a type that tells an array from a pointer. */
#define AURORA__MEMBER(struct_type, member) (((struct_type *)0)->member)
#define AURORA__KIND_OF(struct_type, member)                                                       \
  _Generic(&AURORA__MEMBER(struct_type, member),                                                   \
      bool *: AURORA_MEMBER_BOOL,                                                                  \
      char *: (char)-1 < (char)1 ? AURORA_MEMBER_SIGNED : AURORA_MEMBER_UNSIGNED,                  \
      signed char *: AURORA_MEMBER_SIGNED,                                                         \
      short *: AURORA_MEMBER_SIGNED,                                                               \
      int *: AURORA_MEMBER_SIGNED,                                                                 \
      long *: AURORA_MEMBER_SIGNED,                                                                \
      long long *: AURORA_MEMBER_SIGNED,                                                           \
      unsigned char *: AURORA_MEMBER_UNSIGNED,                                                     \
      unsigned short *: AURORA_MEMBER_UNSIGNED,                                                    \
      unsigned int *: AURORA_MEMBER_UNSIGNED,                                                      \
      unsigned long *: AURORA_MEMBER_UNSIGNED,                                                     \
      unsigned long long *: AURORA_MEMBER_UNSIGNED,                                                \
      float *: AURORA_MEMBER_FLOAT,                                                                \
      double *: AURORA_MEMBER_DOUBLE,                                                              \
      char(*)[sizeof(AURORA__MEMBER(struct_type, member))]: AURORA_MEMBER_CHARS,                   \
      unsigned char(*)[sizeof(AURORA__MEMBER(struct_type, member))]: AURORA_MEMBER_BYTES,          \
      const char **: AURORA_MEMBER_STRING,                                                         \
      aurora_text_t *: AURORA_MEMBER_TEXT,                                                         \
      aurora_datetime_t *: AURORA_MEMBER_DATETIME,                                                 \
      aurora_time_t *: AURORA_MEMBER_TIME,                                                         \
      aurora_value_t *: AURORA_MEMBER_VALUE)
#define AURORA__MICROSECONDS_OF(struct_type, member)                                               \
  _Generic(&AURORA__MEMBER(struct_type, member), int64_t * : AURORA_MEMBER_MICROSECONDS)
#define AURORA__NULL_OFFSET(struct_type, member)                                                   \
  _Generic(&AURORA__MEMBER(struct_type, member), bool * : offsetof(struct_type, member))
#elif __cplusplus >= 201703L
#include <type_traits>

#define AURORA__MEMBER(struct_type, member)  (static_cast<struct_type *>(nullptr)->member)
#define AURORA__TYPE(struct_type, member)    decltype(static_cast<struct_type *>(nullptr)->member)
#define AURORA__KIND_OF(struct_type, member) aurora__kind_of<AURORA__TYPE(struct_type, member)>()
#define AURORA__MICROSECONDS_OF(struct_type, member)                                               \
  aurora__microseconds_of<AURORA__TYPE(struct_type, member)>()
#define AURORA__NULL_OFFSET(struct_type, member)                                                   \
  aurora__null_offset<AURORA__TYPE(struct_type, member)>(offsetof(struct_type, member))

template <typename T> constexpr aurora_member_t aurora__kind_of()
{
  if constexpr (std::is_enum_v<T>)
    return aurora__kind_of<std::underlying_type_t<T>>();
  else if constexpr (std::is_same_v<T, bool>)
    return AURORA_MEMBER_BOOL;
  else if constexpr (std::is_integral_v<T>)
    return std::is_signed_v<T> ? AURORA_MEMBER_SIGNED : AURORA_MEMBER_UNSIGNED;
  else if constexpr (std::is_same_v<T, float>)
    return AURORA_MEMBER_FLOAT;
  else if constexpr (std::is_same_v<T, double>)
    return AURORA_MEMBER_DOUBLE;
  else if constexpr (std::is_same_v<T, char[sizeof(T)]>)
    return AURORA_MEMBER_CHARS;
  else if constexpr (std::is_same_v<T, unsigned char[sizeof(T)]>)
    return AURORA_MEMBER_BYTES;
  else if constexpr (std::is_same_v<T, const char *>)
    return AURORA_MEMBER_STRING;
  else if constexpr (std::is_same_v<T, aurora_text_t>)
    return AURORA_MEMBER_TEXT;
  else if constexpr (std::is_same_v<T, aurora_datetime_t>)
    return AURORA_MEMBER_DATETIME;
  else if constexpr (std::is_same_v<T, aurora_time_t>)
    return AURORA_MEMBER_TIME;
  else
    static_assert(std::is_same_v<T, aurora_value_t>, "columns are not read into this type");
  return AURORA_MEMBER_VALUE;
}

template <typename T> constexpr aurora_member_t aurora__microseconds_of()
{
  static_assert(std::is_same_v<T, int64_t>, "microseconds are an int64_t");
  return AURORA_MEMBER_MICROSECONDS;
}

template <typename T> constexpr size_t aurora__null_offset(size_t offset)
{
  static_assert(std::is_same_v<T, bool>, "what tells NULL is a bool");
  return offset;
}
#endif

#endif
