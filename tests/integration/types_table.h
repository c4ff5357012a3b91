/*
 * Every column type of the server at its borders, and expressions that are typed in their own way:
 * what is put in, and the value that must come out, by text and by the binary protocol alike.
 *
 * With a definition: CREATE TABLE t (c <definition>), INSERT INTO t VALUES (<sql>), SELECT c FROM t.
 * Without: SELECT <sql>. The session has UTC and the server's default sql_mode, but takes zero dates.
 * What one kind of server does not have says so.
 */
#ifndef TESTS_INTEGRATION_TYPES_TABLE_H
#define TESTS_INTEGRATION_TYPES_TABLE_H

#include <float.h>
#include <stdbool.h>

#include <aurora/value.h>

#include "support/server_differences.h"

typedef struct {
  const char *definition; /* NULL: an expression */
  const char *sql;
  aurora_type_t column_type;
  aurora_value_t value;     /* type AURORA_TYPE_NULL: SQL NULL */
  bool special;             /* only a server with the feature has it */
  server_feature_t feature; /* if special */
  unsigned server_errno;    /* the others refuse the column or the value with it */
} types_entry_t;

/* One line an entry. */
/* clang-format off */
#define ONLY(name, error)   true, SERVER_##name, (error)
#define T_NULL(type)        AURORA_TYPE_##type, {AURORA_TYPE_NULL, {0}}
#define T_INT(n)            AURORA_TYPE_INT64, {AURORA_TYPE_INT64, {.int64 = (n)}}
#define T_UINT(n)           AURORA_TYPE_UINT64, {AURORA_TYPE_UINT64, {.uint64 = (n)}}
#define T_DOUBLE(n)         AURORA_TYPE_DOUBLE, {AURORA_TYPE_DOUBLE, {.float64 = (n)}}
#define T_TEXT(type, s)     AURORA_TYPE_##type, {AURORA_TYPE_##type, {.text = {(s), sizeof(s) - 1}}}
#define T_DATE(y, m, d)     AURORA_TYPE_DATE, {AURORA_TYPE_DATE, {.datetime = {(y), (m), (d), 0, 0, 0, 0}}}
#define T_DATETIME(...)     AURORA_TYPE_DATETIME, {AURORA_TYPE_DATETIME, {.datetime = {__VA_ARGS__}}}
#define T_TIME(...)         AURORA_TYPE_TIME, {AURORA_TYPE_TIME, {.time = {__VA_ARGS__}}}

static const types_entry_t types_table[] = {
    /* Integers. */
    {"TINYINT", "-128", T_INT(-128)},
    {"TINYINT", "127", T_INT(127)},
    {"TINYINT", "NULL", T_NULL(INT64)},
    {"TINYINT", "0", T_INT(0)},
    {"TINYINT UNSIGNED", "0", T_UINT(0)},
    {"TINYINT UNSIGNED", "255", T_UINT(255)},
    {"BOOLEAN", "TRUE", T_INT(1)},
    {"SMALLINT", "-32768", T_INT(-32768)},
    {"SMALLINT", "32767", T_INT(32767)},
    {"SMALLINT", "NULL", T_NULL(INT64)},
    {"SMALLINT UNSIGNED", "0", T_UINT(0)},
    {"SMALLINT UNSIGNED", "65535", T_UINT(65535)},
    {"MEDIUMINT", "-8388608", T_INT(-8388608)},
    {"MEDIUMINT", "8388607", T_INT(8388607)},
    {"MEDIUMINT", "NULL", T_NULL(INT64)},
    {"MEDIUMINT UNSIGNED", "0", T_UINT(0)},
    {"MEDIUMINT UNSIGNED", "16777215", T_UINT(16777215)},
    {"INT", "-2147483648", T_INT(INT32_MIN)},
    {"INT", "2147483647", T_INT(INT32_MAX)},
    {"INT", "NULL", T_NULL(INT64)},
    {"INT UNSIGNED", "0", T_UINT(0)},
    {"INT UNSIGNED", "4294967295", T_UINT(UINT32_MAX)},
    {"INT UNSIGNED", "NULL", T_NULL(UINT64)},
    {"INT(10) ZEROFILL", "42", T_UINT(42)},
    {"TINYINT(5) ZEROFILL", "7", T_UINT(7)},
    {"BIGINT", "-9223372036854775808", T_INT(INT64_MIN)},
    {"BIGINT", "9223372036854775807", T_INT(INT64_MAX)},
    {"BIGINT", "NULL", T_NULL(INT64)},
    {"BIGINT UNSIGNED", "0", T_UINT(0)},
    {"BIGINT UNSIGNED", "18446744073709551615", T_UINT(UINT64_MAX)},
    {"BIGINT UNSIGNED", "NULL", T_NULL(UINT64)},
    {"YEAR", "1901", T_UINT(1901)},
    {"YEAR", "2155", T_UINT(2155)},
    {"YEAR", "0", T_UINT(0)},
    {"YEAR", "NULL", T_NULL(UINT64)},
    {"YEAR(2)", "'99'", T_UINT(99), ONLY(YEAR_2, 1818)},

    /* Bits. */
    {"BIT(1)", "b'0'", T_UINT(0)},
    {"BIT(1)", "b'1'", T_UINT(1)},
    {"BIT(10)", "b'1111111111'", T_UINT(1023)},
    {"BIT(16)", "0x3031", T_UINT(0x3031)},
    {"BIT(64)", "0xffffffffffffffff", T_UINT(UINT64_MAX)},
    {"BIT(64)", "0x0102030405060708", T_UINT(0x0102030405060708)},
    {"BIT(64)", "0", T_UINT(0)},
    {"BIT(8)", "NULL", T_NULL(UINT64)},

    /* Exact decimals. */
    {"DECIMAL(10,2)", "-99999999.99", T_TEXT(DECIMAL, "-99999999.99")},
    {"DECIMAL(10,2)", "12.5", T_TEXT(DECIMAL, "12.50")},
    {"DECIMAL(10,2)", "0", T_TEXT(DECIMAL, "0.00")},
    {"DECIMAL(10,0)", "-5", T_TEXT(DECIMAL, "-5")},
    {"DECIMAL(10,2)", "NULL", T_NULL(DECIMAL)},
    {"DECIMAL(65,30)", "'-99999999999999999999999999999999999.999999999999999999999999999999'",
     T_TEXT(DECIMAL, "-99999999999999999999999999999999999.999999999999999999999999999999")},
    {"DECIMAL(65,30)", "'99999999999999999999999999999999999.999999999999999999999999999999'",
     T_TEXT(DECIMAL, "99999999999999999999999999999999999.999999999999999999999999999999")},
    {"DECIMAL(65,0)", "'99999999999999999999999999999999999999999999999999999999999999999'",
     T_TEXT(DECIMAL, "99999999999999999999999999999999999999999999999999999999999999999")},
    {"DECIMAL(38,38)", "'-0.99999999999999999999999999999999999999'",
     T_TEXT(DECIMAL, "-0.99999999999999999999999999999999999999"), ONLY(SCALE_38, 1425)},
    {"DECIMAL(65,30)", "'0.000000000000000000000000000001'",
     T_TEXT(DECIMAL, "0.000000000000000000000000000001")},
    {"DECIMAL(8,2) ZEROFILL", "1.5", T_TEXT(DECIMAL, "000001.50")},

    /* Floating point. */
    {"FLOAT", "0", T_DOUBLE(0)},
    {"FLOAT", "0.1", T_DOUBLE(0.1)},
    {"FLOAT", "-1.5", T_DOUBLE(-1.5)},
    {"FLOAT", "16777216", T_DOUBLE(16777200)},
    {"FLOAT", "999999.5", T_DOUBLE(1000000)},
    {"FLOAT", "123456.5", T_DOUBLE(123456)},
    {"FLOAT", "1.23456789", T_DOUBLE(1.23457)},
    {"FLOAT", "3.4028234e38", T_DOUBLE(3.40282e38)},
    {"FLOAT", "-3.4028234e38", T_DOUBLE(-3.40282e38)},
    {"FLOAT", "1.17549435e-38", T_DOUBLE(1.17549e-38)},
    {"FLOAT", "1.4e-45", T_DOUBLE(1.4013e-45)},
    {"FLOAT", "NULL", T_NULL(DOUBLE)},
    {"FLOAT(7,4)", "999.9999", T_DOUBLE(999.9999)},
    {"FLOAT(12,2)", "1234567.89", T_DOUBLE(1234567.88)},
    {"DOUBLE", "0.1", T_DOUBLE(0.1)},
    {"DOUBLE", "1e0/3", T_DOUBLE(1.0 / 3)},
    {"DOUBLE", "1.7976931348623157e308", T_DOUBLE(DBL_MAX)},
    {"DOUBLE", "-1.7976931348623157e308", T_DOUBLE(-DBL_MAX)},
    {"DOUBLE", "2.2250738585072014e-308", T_DOUBLE(DBL_MIN)},
    {"DOUBLE", "4.9406564584124654e-324", T_DOUBLE(0x1p-1074)},
    {"DOUBLE", "0", T_DOUBLE(0)},
    {"DOUBLE", "9007199254740993", T_DOUBLE(9007199254740992)},
    {"DOUBLE", "1e22", T_DOUBLE(1e22)},
    {"DOUBLE", "NULL", T_NULL(DOUBLE)},
    {"DOUBLE(10,3)", "-1234567.8915", T_DOUBLE(-1234567.891)},

    /* Characters. */
    {"CHAR(10)", "'abc'", T_TEXT(STRING, "abc")},
    {"CHAR(10)", "''", T_TEXT(STRING, "")},
    {"VARCHAR(20)", "' a '", T_TEXT(STRING, " a ")},
    {"VARCHAR(20)", "'a\\0b'", T_TEXT(STRING, "a\0b")},
    {"VARCHAR(20) CHARACTER SET utf8mb4", "_utf8mb4 0xc3a9f09f9880", T_TEXT(STRING, "\xc3\xa9\xf0\x9f\x98\x80")},
    {"CHAR(3) CHARACTER SET utf8mb4", "_utf8mb4 0xf0908080f09f9880f48fbfbf", T_TEXT(STRING, "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf")},
    {"TEXT CHARACTER SET utf8mb4", "_utf8mb4 0xf48fbfbf", T_TEXT(STRING, "\xf4\x8f\xbf\xbf")},
    {"ENUM('\xf0\x9f\x98\x80','b') CHARACTER SET utf8mb4", "1", T_TEXT(STRING, "\xf0\x9f\x98\x80")},
    {"VARCHAR(20) CHARACTER SET latin1", "_latin1 0xe9", T_TEXT(STRING, "\xc3\xa9")},
    {"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "'bin'", T_TEXT(STRING, "bin")},
    {"CHAR(10)", "NULL", T_NULL(STRING)},
    {"VARCHAR(0)", "''", T_TEXT(STRING, "")},
    {"VARCHAR(20)", "''", T_TEXT(STRING, "")},
    {"VARCHAR(20)", "NULL", T_NULL(STRING)},
    {"LONGTEXT", "NULL", T_NULL(STRING)},
    {"JSON", "NULL", T_NULL(STRING)},
    {"ENUM('a','b')", "NULL", T_NULL(STRING)},
    {"SET('x','y')", "NULL", T_NULL(STRING)},
    {"TINYTEXT", "'tiny'", T_TEXT(STRING, "tiny")},
    {"TEXT", "'text'", T_TEXT(STRING, "text")},
    {"MEDIUMTEXT", "'medium'", T_TEXT(STRING, "medium")},
    {"LONGTEXT", "'long'", T_TEXT(STRING, "long")},
    {"JSON", "'{\"a\": [1, null]}'", T_TEXT(STRING, "{\"a\": [1, null]}")},
    {"JSON", "'\"text\"'", T_TEXT(STRING, "\"text\"")},
    {"JSON", "'18446744073709551615'", T_TEXT(STRING, "18446744073709551615")},
    {"ENUM('a','b c','')", "'b c'", T_TEXT(STRING, "b c")},
    {"ENUM('a','b c','')", "''", T_TEXT(STRING, "")},
    {"SET('x','y','z')", "'z,x'", T_TEXT(STRING, "x,z")},
    {"SET('x','y','z')", "''", T_TEXT(STRING, "")},
    {"UUID", "'123e4567-e89b-12d3-a456-426655440000'", T_TEXT(STRING, "123e4567-e89b-12d3-a456-426655440000"), ONLY(UUID_INET6, 1064)},
    {"INET6", "'2001:db8::1'", T_TEXT(STRING, "2001:db8::1"), ONLY(UUID_INET6, 1064)},

    /* Bytes. */
    {"BINARY(5)", "0x00ff", T_TEXT(BYTES, "\0\xff\0\0\0")},
    {"VARBINARY(20)", "0x00010203", T_TEXT(BYTES, "\0\1\2\3")},
    {"VARBINARY(20)", "''", T_TEXT(BYTES, "")},
    {"VARBINARY(20)", "NULL", T_NULL(BYTES)},
    {"BINARY(5)", "NULL", T_NULL(BYTES)},
    {"LONGBLOB", "''", T_TEXT(BYTES, "")},
    {"LONGBLOB", "NULL", T_NULL(BYTES)},
    {"GEOMETRY", "NULL", T_NULL(BYTES)},
    {"TINYBLOB", "0x0a", T_TEXT(BYTES, "\n")},
    {"BLOB", "0xff", T_TEXT(BYTES, "\xff")},
    {"MEDIUMBLOB", "'m'", T_TEXT(BYTES, "m")},
    {"LONGBLOB", "'l'", T_TEXT(BYTES, "l")},
    {"GEOMETRY", "ST_GeomFromText('POINT(1 2)')",
     T_TEXT(BYTES, "\0\0\0\0\1\1\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40")},
    {"POINT", "ST_GeomFromText('POINT(1 2)')",
     T_TEXT(BYTES, "\0\0\0\0\1\1\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40")},
    {"GEOMETRYCOLLECTION", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')",
     T_TEXT(BYTES, "\0\0\0\0\1\7\0\0\0\1\0\0\0\1\1\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40")},

    /* Dates and times. */
    {"DATE", "'2024-02-29'", T_DATE(2024, 2, 29)},
    {"DATE", "'0001-01-01'", T_DATE(1, 1, 1)},
    {"DATE", "'1000-01-01'", T_DATE(1000, 1, 1)},
    {"DATE", "'9999-12-31'", T_DATE(9999, 12, 31)},
    {"DATE", "'0000-00-00'", T_DATE(0, 0, 0)},
    {"DATE", "'2024-00-00'", T_DATE(2024, 0, 0)},
    {"DATE", "NULL", T_NULL(DATE)},
    {"TIME", "'00:00:00'", T_TIME(false, 0, 0, 0, 0)},
    {"TIME", "'838:59:59'", T_TIME(false, 838, 59, 59, 0)},
    {"TIME", "'-838:59:59'", T_TIME(true, 838, 59, 59, 0)},
    {"TIME", "'25:01:02'", T_TIME(false, 25, 1, 2, 0)},
    {"TIME", "'-24:00:00'", T_TIME(true, 24, 0, 0, 0)},
    {"TIME(3)", "'-00:00:00.001'", T_TIME(true, 0, 0, 0, 1000)},
    {"TIME(6)", "'12:34:56.000001'", T_TIME(false, 12, 34, 56, 1)},
    {"TIME(6)", "'-838:59:59.999999'", T_TIME(true, 838, 59, 59, 999999), ONLY(LAST_SECOND, 1292)},
    {"TIME(6)", "'838:59:58.999999'", T_TIME(false, 838, 59, 58, 999999)},
    {"TIME", "NULL", T_NULL(TIME)},
    {"DATETIME", "'2024-02-29 00:00:00'", T_DATETIME(2024, 2, 29, 0, 0, 0, 0)},
    {"DATETIME", "'0001-01-01 00:00:00'", T_DATETIME(1, 1, 1, 0, 0, 0, 0)},
    {"DATETIME", "'2024-00-00 00:00:01'", T_DATETIME(2024, 0, 0, 0, 0, 1, 0)},
    {"DATETIME(6)", "'9999-12-31 23:59:59.999999'", T_DATETIME(9999, 12, 31, 23, 59, 59, 999999)},
    {"DATETIME(6)", "'0000-00-00 00:00:00.000000'", T_DATETIME(0, 0, 0, 0, 0, 0, 0)},
    {"DATETIME", "'9999-12-31 23:59:59'", T_DATETIME(9999, 12, 31, 23, 59, 59, 0)},
    {"DATETIME", "'0000-00-00 00:00:00'", T_DATETIME(0, 0, 0, 0, 0, 0, 0)},
    {"DATETIME(3)", "'2024-02-29 12:00:00.5'", T_DATETIME(2024, 2, 29, 12, 0, 0, 500000)},
    {"DATETIME(6)", "'1000-01-01 00:00:00.000001'", T_DATETIME(1000, 1, 1, 0, 0, 0, 1)},
    {"DATETIME", "NULL", T_NULL(DATETIME)},
    {"TIMESTAMP NULL", "'1970-01-01 00:00:01'", T_DATETIME(1970, 1, 1, 0, 0, 1, 0)},
    {"TIMESTAMP NULL", "'2038-01-19 03:14:07'", T_DATETIME(2038, 1, 19, 3, 14, 7, 0)},
    {"TIMESTAMP(6) NULL", "'2038-01-19 03:14:07.999999'", T_DATETIME(2038, 1, 19, 3, 14, 7, 999999)},
    {"TIMESTAMP NULL", "'0000-00-00 00:00:00'", T_DATETIME(0, 0, 0, 0, 0, 0, 0)},
    {"TIMESTAMP NULL", "'2001-02-03 04:05:06'", T_DATETIME(2001, 2, 3, 4, 5, 6, 0)},
    {"TIMESTAMP(6) NULL", "'2037-12-30 23:59:59.999999'", T_DATETIME(2037, 12, 30, 23, 59, 59, 999999)},
    {"TIMESTAMP NULL", "NULL", T_NULL(DATETIME)},

    /* Expressions. */
    {NULL, "NULL", T_NULL(NULL)},
    {NULL, "1", T_INT(1)},
    {NULL, "-1", T_INT(-1)},
    {NULL, "18446744073709551615", T_UINT(UINT64_MAX)},
    {NULL, "1.50", T_TEXT(DECIMAL, "1.50")},
    {NULL, "1.5e0", T_DOUBLE(1.5)},
    {NULL, "'text'", T_TEXT(STRING, "text")},
    {NULL, "_binary 'bytes'", T_TEXT(BYTES, "bytes")},
    {NULL, "TRUE", T_INT(1)},
    {NULL, "PI()", T_DOUBLE(3.141593)},
    {NULL, "SQRT(2)", T_DOUBLE(1.4142135623730951)},
    {NULL, "ROUND(2e0/3, 2)", T_DOUBLE(0.67)},
    {NULL, "1/3", T_TEXT(DECIMAL, "0.3333")},
    {NULL, "COUNT(*)", T_INT(1)},
    {NULL, "DATE'2024-02-29'", T_DATE(2024, 2, 29)},
    {NULL, "TIME'-25:00:01.5'", T_TIME(true, 25, 0, 1, 500000)},
    {NULL, "TIMESTAMP'2024-01-02 03:04:05.123456'", T_DATETIME(2024, 1, 2, 3, 4, 5, 123456)},
    {NULL, "SEC_TO_TIME(-3600)", T_TIME(true, 1, 0, 0, 0)},
    {NULL, "CAST(1.5 AS DECIMAL(5,2))", T_TEXT(DECIMAL, "1.50")},
    {NULL, "CAST(-1 AS UNSIGNED)", T_UINT(UINT64_MAX)},
    {NULL, "REPEAT('x', 3)", T_TEXT(STRING, "xxx")},
    {NULL, "JSON_OBJECT('a', 1)", T_TEXT(STRING, "{\"a\": 1}")},
    {NULL, "(SELECT MAX(b) FROM (SELECT CAST(5 AS UNSIGNED) AS b) AS bits)", T_UINT(5)},
};
/* clang-format on */

#undef ONLY
#undef T_NULL
#undef T_INT
#undef T_UINT
#undef T_DOUBLE
#undef T_TEXT
#undef T_DATE
#undef T_DATETIME
#undef T_TIME

#endif
