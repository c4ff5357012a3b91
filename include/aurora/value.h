/*
 * Values: what goes in as a parameter and comes out of a result.
 */
#ifndef AURORA_VALUE_H
#define AURORA_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <aurora/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  AURORA_TYPE_NULL,    /* SQL NULL */
  AURORA_TYPE_INT64,   /* signed integers of every width */
  AURORA_TYPE_UINT64,  /* unsigned integers of every width, BIT, YEAR */
  AURORA_TYPE_DOUBLE,  /* FLOAT and DOUBLE */
  AURORA_TYPE_DECIMAL, /* exact decimal, as text such as "-12.50" */
  AURORA_TYPE_STRING,  /* characters in UTF-8: CHAR, VARCHAR, TEXT, ENUM, SET, JSON */
  AURORA_TYPE_BYTES, /* BINARY, VARBINARY, BLOB, GEOMETRY, VECTOR, and types that this library does not know */
  AURORA_TYPE_DATE,    /* year, month, day; the rest is 0 */
  AURORA_TYPE_TIME,    /* a span of time: -838:59:59 to 838:59:59 */
  AURORA_TYPE_DATETIME /* DATETIME and TIMESTAMP, in the session's time zone */
} aurora_type_t;

/* A static string such as "int64". "unknown" for a number that is no type. */
AURORA_API const char *aurora_type_name(aurora_type_t type);

/* A slice of memory. A string or decimal that comes out of a result has a NUL after its last byte,
 * which size does not count; it may hold NULs inside. */
typedef struct {
  const char *data;
  size_t size; /* bytes */
} aurora_text_t;

/* DATE, DATETIME and TIMESTAMP. A zero date ("0000-00-00") has every field 0; month and day may
 * be 0 on their own ("2024-00-00"), as the server allows. As a parameter a field outside of its range is refused
 * (UV_EINVAL); whether there is such a day (a zero date, the 30th of February) is for the server and its sql_mode to say. */
typedef struct {
  uint16_t year;        /* 0 to 9999 */
  uint8_t month;        /* 0 to 12 */
  uint8_t day;          /* 0 to 31 */
  uint8_t hour;         /* 0 to 23; in a DATE 0, and so the rest */
  uint8_t minute;       /* 0 to 59 */
  uint8_t second;       /* 0 to 59 */
  uint32_t microsecond; /* 0 to 999999 */
} aurora_datetime_t;

/* TIME: hours may pass 24. As a parameter a field outside of its range is refused (UV_EINVAL). */
typedef struct {
  bool negative;
  uint16_t hours;        /* 0 to 838 */
  uint8_t minutes;       /* 0 to 59 */
  uint8_t seconds;       /* 0 to 59 */
  uint32_t microseconds; /* 0 to 999999 */
} aurora_time_t;

/* One value. Its text is borrowed: a parameter's must live until the call that takes it returns, a
 * result's lives as long as the result. */
typedef struct {
  aurora_type_t type;
  union {
    int64_t int64;
    uint64_t uint64;
    double float64;     /* AURORA_TYPE_DOUBLE; as a parameter finite: the servers have no NaN */
    aurora_text_t text; /* AURORA_TYPE_DECIMAL, _STRING and _BYTES */
    aurora_datetime_t datetime; /* AURORA_TYPE_DATE and _DATETIME */
    aurora_time_t time;         /* AURORA_TYPE_TIME */
  } as;
} aurora_value_t;

/* The values of a statement's placeholders, in order. */
typedef struct {
  const aurora_value_t *values; /* may be NULL when count is 0 */
  size_t count;                 /* at most 65535, the protocol's limit */
} aurora_params_t;

static inline aurora_value_t aurora_null(void)
{
  aurora_value_t value;
  memset(&value, 0, sizeof value);
  return value;
}

static inline aurora_value_t aurora_int64(int64_t number)
{
  aurora_value_t value = aurora_null();
  value.type = AURORA_TYPE_INT64;
  value.as.int64 = number;
  return value;
}

static inline aurora_value_t aurora_uint64(uint64_t number)
{
  aurora_value_t value = aurora_null();
  value.type = AURORA_TYPE_UINT64;
  value.as.uint64 = number;
  return value;
}

static inline aurora_value_t aurora_double(double number)
{
  aurora_value_t value = aurora_null();
  value.type = AURORA_TYPE_DOUBLE;
  value.as.float64 = number;
  return value;
}

static inline aurora_value_t aurora__text(aurora_type_t type, const void *data, size_t size)
{
  aurora_value_t value = aurora_null();
  value.type = type;
  value.as.text.data = (const char *)data;
  value.as.text.size = size;
  return value;
}

/* size bytes of UTF-8, NULs allowed. data may be NULL only when size is 0. */
static inline aurora_value_t aurora_text(const char *data, size_t size)
{
  return aurora__text(AURORA_TYPE_STRING, data, size);
}

/* A NUL-terminated string; NULL stands for SQL NULL. */
static inline aurora_value_t aurora_string(const char *string)
{
  return string ? aurora_text(string, strlen(string)) : aurora_null();
}

/* An exact decimal number as text, such as "-12.50" or "1e-3"; NULL stands for SQL NULL. A text that is no number is
 * refused (UV_EINVAL): a server would take it for 0, or for the digits that it begins with. */
static inline aurora_value_t aurora_decimal(const char *digits)
{
  return digits ? aurora__text(AURORA_TYPE_DECIMAL, digits, strlen(digits)) : aurora_null();
}

/* As a parameter of MySQL they are a string of the session's character set, until a binary column takes them. */
static inline aurora_value_t aurora_bytes(const void *data, size_t size)
{
  return aurora__text(AURORA_TYPE_BYTES, data, size);
}

static inline aurora_value_t aurora_datetime(aurora_datetime_t datetime)
{
  aurora_value_t value = aurora_null();
  value.type = AURORA_TYPE_DATETIME;
  value.as.datetime = datetime;
  return value;
}

/* What is too large for its field becomes the field's largest value, which is out of range too. */
static inline aurora_value_t aurora_date(unsigned year, unsigned month, unsigned day)
{
  aurora_value_t value = aurora_null();
  value.type = AURORA_TYPE_DATE;
  value.as.datetime.year = (uint16_t)(year < UINT16_MAX ? year : UINT16_MAX);
  value.as.datetime.month = (uint8_t)(month < UINT8_MAX ? month : UINT8_MAX);
  value.as.datetime.day = (uint8_t)(day < UINT8_MAX ? day : UINT8_MAX);
  return value;
}

static inline aurora_value_t aurora_time(aurora_time_t time)
{
  aurora_value_t value = aurora_null();
  value.type = AURORA_TYPE_TIME;
  value.as.time = time;
  return value;
}

static inline aurora_value_t aurora__same(aurora_value_t value)
{
  return value;
}

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* A value of the type that the C expression has: integers, bool, float, double, char pointers,
 * dates and times, and aurora_value_t itself. Anything else does not compile; NULL is written
 * aurora_null(). */
#define AURORA_VALUE(x)                                                                            \
  _Generic((x),                                                                                    \
      bool: aurora_int64,                                                                          \
      char: aurora_int64,                                                                          \
      signed char: aurora_int64,                                                                   \
      short: aurora_int64,                                                                         \
      int: aurora_int64,                                                                           \
      long: aurora_int64,                                                                          \
      long long: aurora_int64,                                                                     \
      unsigned char: aurora_uint64,                                                                \
      unsigned short: aurora_uint64,                                                               \
      unsigned int: aurora_uint64,                                                                 \
      unsigned long: aurora_uint64,                                                                \
      unsigned long long: aurora_uint64,                                                           \
      float: aurora_double,                                                                        \
      double: aurora_double,                                                                       \
      char *: aurora_string,                                                                       \
      const char *: aurora_string,                                                                 \
      aurora_datetime_t: aurora_datetime,                                                          \
      aurora_time_t: aurora_time,                                                                  \
      aurora_value_t: aurora__same)(x)

/* The parameters of one call, 1 to 32 of them: AURORA_PARAMS(42, "bob", 3.5, aurora_null()). A
 * compound literal: it lives until the end of the enclosing block. For more than 32, or for a number
 * that is known at run time only, fill an array of aurora_value_t. */
#define AURORA_PARAMS(...)                                                                         \
  ((aurora_params_t){(const aurora_value_t[]){AURORA__EACH(__VA_ARGS__)},                          \
                     AURORA__COUNT(__VA_ARGS__)})

/* clang-format off: one line a number of arguments. */
#define AURORA__COUNT(...)                                                                         \
  AURORA__33RD(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,    \
               15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define AURORA__33RD(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, \
                     aa, bb, cc, dd, ee, ff, number, ...)                                          \
  number
#define AURORA__EACH(...)       AURORA__JOIN(AURORA__EACH_, AURORA__COUNT(__VA_ARGS__))(__VA_ARGS__)
#define AURORA__JOIN(a, b)      AURORA__JOIN_NOW(a, b)
#define AURORA__JOIN_NOW(a, b)  a##b
#define AURORA__EACH_1(x)       AURORA_VALUE(x)
#define AURORA__EACH_2(x, ...)  AURORA_VALUE(x), AURORA__EACH_1(__VA_ARGS__)
#define AURORA__EACH_3(x, ...)  AURORA_VALUE(x), AURORA__EACH_2(__VA_ARGS__)
#define AURORA__EACH_4(x, ...)  AURORA_VALUE(x), AURORA__EACH_3(__VA_ARGS__)
#define AURORA__EACH_5(x, ...)  AURORA_VALUE(x), AURORA__EACH_4(__VA_ARGS__)
#define AURORA__EACH_6(x, ...)  AURORA_VALUE(x), AURORA__EACH_5(__VA_ARGS__)
#define AURORA__EACH_7(x, ...)  AURORA_VALUE(x), AURORA__EACH_6(__VA_ARGS__)
#define AURORA__EACH_8(x, ...)  AURORA_VALUE(x), AURORA__EACH_7(__VA_ARGS__)
#define AURORA__EACH_9(x, ...)  AURORA_VALUE(x), AURORA__EACH_8(__VA_ARGS__)
#define AURORA__EACH_10(x, ...) AURORA_VALUE(x), AURORA__EACH_9(__VA_ARGS__)
#define AURORA__EACH_11(x, ...) AURORA_VALUE(x), AURORA__EACH_10(__VA_ARGS__)
#define AURORA__EACH_12(x, ...) AURORA_VALUE(x), AURORA__EACH_11(__VA_ARGS__)
#define AURORA__EACH_13(x, ...) AURORA_VALUE(x), AURORA__EACH_12(__VA_ARGS__)
#define AURORA__EACH_14(x, ...) AURORA_VALUE(x), AURORA__EACH_13(__VA_ARGS__)
#define AURORA__EACH_15(x, ...) AURORA_VALUE(x), AURORA__EACH_14(__VA_ARGS__)
#define AURORA__EACH_16(x, ...) AURORA_VALUE(x), AURORA__EACH_15(__VA_ARGS__)
#define AURORA__EACH_17(x, ...) AURORA_VALUE(x), AURORA__EACH_16(__VA_ARGS__)
#define AURORA__EACH_18(x, ...) AURORA_VALUE(x), AURORA__EACH_17(__VA_ARGS__)
#define AURORA__EACH_19(x, ...) AURORA_VALUE(x), AURORA__EACH_18(__VA_ARGS__)
#define AURORA__EACH_20(x, ...) AURORA_VALUE(x), AURORA__EACH_19(__VA_ARGS__)
#define AURORA__EACH_21(x, ...) AURORA_VALUE(x), AURORA__EACH_20(__VA_ARGS__)
#define AURORA__EACH_22(x, ...) AURORA_VALUE(x), AURORA__EACH_21(__VA_ARGS__)
#define AURORA__EACH_23(x, ...) AURORA_VALUE(x), AURORA__EACH_22(__VA_ARGS__)
#define AURORA__EACH_24(x, ...) AURORA_VALUE(x), AURORA__EACH_23(__VA_ARGS__)
#define AURORA__EACH_25(x, ...) AURORA_VALUE(x), AURORA__EACH_24(__VA_ARGS__)
#define AURORA__EACH_26(x, ...) AURORA_VALUE(x), AURORA__EACH_25(__VA_ARGS__)
#define AURORA__EACH_27(x, ...) AURORA_VALUE(x), AURORA__EACH_26(__VA_ARGS__)
#define AURORA__EACH_28(x, ...) AURORA_VALUE(x), AURORA__EACH_27(__VA_ARGS__)
#define AURORA__EACH_29(x, ...) AURORA_VALUE(x), AURORA__EACH_28(__VA_ARGS__)
#define AURORA__EACH_30(x, ...) AURORA_VALUE(x), AURORA__EACH_29(__VA_ARGS__)
#define AURORA__EACH_31(x, ...) AURORA_VALUE(x), AURORA__EACH_30(__VA_ARGS__)
#define AURORA__EACH_32(x, ...) AURORA_VALUE(x), AURORA__EACH_31(__VA_ARGS__)
/* clang-format on */
#endif

/* No parameters: the statement goes as text. */
#ifdef __cplusplus
#define AURORA_NO_PARAMS (aurora_params_t())
#else
#define AURORA_NO_PARAMS ((aurora_params_t){NULL, 0})
#endif

#endif
