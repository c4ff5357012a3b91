/*
 * MariaDB's tables seq_1_to_N, with the numbers from 1 to N in a column seq, as views for a server that
 * has no such engine.
 *
 * They read a table of a thousand numbers, of an engine without transactions, as a sequence has none.
 * They join it with itself in the order that they name, row by row: so the numbers come in their order,
 * and the first at once however many follow. The server must not make hash joins of them.
 */
#ifndef TESTS_SUPPORT_DATABASE_NUMBERS_H
#define TESTS_SUPPORT_DATABASE_NUMBERS_H

#define NUMBERS_TABLE                                                                              \
  "CREATE TABLE thousand (n BIGINT UNSIGNED NOT NULL PRIMARY KEY) ENGINE=MyISAM;\n"                \
  "INSERT INTO thousand WITH RECURSIVE r (n) AS"                                                   \
  " (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 999) SELECT n FROM r;\n"

#define NUMBERS_VIEW(count) "CREATE SQL SECURITY INVOKER VIEW seq_1_to_" count " AS SELECT "

#define NUMBERS(count) NUMBERS_VIEW(count) "n + 1 AS seq FROM thousand WHERE n < " count ";\n"

#define NUMBERS_THOUSANDS(thousands)                                                               \
  NUMBERS_VIEW(thousands "000")                                                                    \
  "a.n * 1000 + b.n + 1 AS seq FROM thousand a STRAIGHT_JOIN thousand b"                           \
  " WHERE a.n < " thousands ";\n"

#define NUMBERS_MILLIONS(millions)                                                                 \
  NUMBERS_VIEW(millions "000000")                                                                  \
  "a.n * 1000000 + b.n * 1000 + c.n + 1 AS seq"                                                    \
  " FROM thousand a STRAIGHT_JOIN thousand b STRAIGHT_JOIN thousand c"                             \
  " WHERE a.n < " millions ";\n"

/* Those that tests ask for. */
/* clang-format off */
#define DATABASE_NUMBERS                                                                           \
  NUMBERS_TABLE                                                                                    \
  NUMBERS("2") NUMBERS("3") NUMBERS("5") NUMBERS("9") NUMBERS("10") NUMBERS("20") NUMBERS("50")    \
  NUMBERS("100") NUMBERS("200") NUMBERS("300") NUMBERS("1000")                                     \
  NUMBERS_THOUSANDS("2") NUMBERS_THOUSANDS("3") NUMBERS_THOUSANDS("8") NUMBERS_THOUSANDS("10")     \
  NUMBERS_THOUSANDS("100") NUMBERS_THOUSANDS("300")                                                                         \
  NUMBERS_MILLIONS("1") NUMBERS_MILLIONS("10") NUMBERS_MILLIONS("100")
/* clang-format on */

#endif
