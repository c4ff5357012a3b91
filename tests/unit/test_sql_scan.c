/*
 * The scan of a statement's text: long lists of what is harmless and what is not, and what may not
 * depend on how a text is written or where it ends in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "integration/dirty_statements.h"
#include "sql/scan.h"
#include "support/runner.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const char *const harmless[] = {
    "SELECT 1",
    "select 1",
    "SeLeCt 1;",
    "SELECT 1 ; \n\t -- the end",
    " \t\r\n\v\fSELECT 1",
    "(SELECT 1)",
    "((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1",
    "SELECT SLEEP(5)",
    "SELECT 1 AS test, 'a' AS `b`, \"c\" AS d, x'41', b'01', N'n', _utf8mb4'a', 0x41, 1e-5, .5",
    "SELECT * FROM t WHERE id = ?",
    "SELECT t.a, `t`.`b`, octane.t.c FROM octane.t AS t LEFT JOIN (SELECT 1) AS u ON (t.a = u.a)",
    "SELECT a FROM t WHERE a IN (1, 2) AND (b OR NOT (c)) AND EXISTS (SELECT 1 FROM u)",
    "SELECT a FROM t WHERE (a, b) IN ((1, 2), (3, 4)) AND a = ANY (SELECT b FROM u)",
    "SELECT a FROM t WHERE a BETWEEN (1) AND (2) OR b LIKE ('x') OR c REGEXP ('y')",
    "SELECT CASE (a) WHEN (1) THEN (2) ELSE (3) END FROM t GROUP BY (a) HAVING (COUNT(*) > 1)",
    "SELECT DISTINCT (a) FROM t USE INDEX (i) FORCE KEY (j) WHERE a DIV (2) = b MOD (3)",
    "SELECT count(*), Sum(a), MAX(a), MIN(b), AVG(c), GROUP_CONCAT(DISTINCT d SEPARATOR ', ')",
    "SELECT COALESCE(a, IFNULL(b, NULLIF(c, IF(d, LEFT(e, 1), REPLACE(f, 'a', 'b'))))) FROM t",
    "SELECT NOW(), NOW(6), CURRENT_TIMESTAMP(6), UTC_TIMESTAMP(), CURDATE(), UNIX_TIMESTAMP()",
    "SELECT DATE_ADD(a, INTERVAL 1 DAY), DATE_SUB(NOW(), INTERVAL (1 + 1) HOUR) FROM t",
    "SELECT CAST(a AS CHAR(10)), CAST(b AS DECIMAL(10, 2)), CONVERT(c, DECIMAL(5)) FROM t",
    "SELECT CONVERT(a USING utf8mb4), TRIM(LEADING 'x' FROM b), EXTRACT(YEAR FROM c) FROM t",
    "SELECT UUID(), MD5('x'), SHA2('x', 256), HEX(UNHEX('41')), TO_BASE64('x'), RAND()",
    "SELECT DATABASE(), USER(), CURRENT_USER(), VERSION(), CONNECTION_ID()",
    "SELECT JSON_EXTRACT(a, '$.b'), JSON_UNQUOTE(a->'$.c'), a->>'$.d' FROM t",
    "SELECT SUM(a) OVER (PARTITION BY b ORDER BY c) FROM t",
    "SELECT COUNT(*) OVER(w) FROM t WINDOW w AS (ORDER BY a)",
    "SELECT a FROM t WHERE MATCH (a, b) AGAINST ('x' IN BOOLEAN MODE)",
    "SELECT a FROM t PARTITION (p0, p1) FOR UPDATE SKIP LOCKED",
    "SELECT a FROM t LOCK IN SHARE MODE",
    "SELECT @@version, @@session.sql_mode, @@global.`time_zone`, @@autocommit",
    "SELECT IS_FREE_LOCK('a'), IS_USED_LOCK('a')",
    "SELECT ROW_COUNT(), FOUND_ROWS()",
    "SELECT 1--1, 2 - -1, 3--(4)",
    "SELECT 1 -- GET_LOCK('a', 1)",
    "SELECT 1 -- it's\n, 2 --\n, 3 --\t'\n",
    "SELECT 1 --",
    "SELECT 1 # it's @a := 1\n, 2",
    "# a comment\n-- another\n/* and ' another; */SELECT/**/1/* end */",
    "SELECT /*/ 1, */ 2",
    "SELECT /* /* 1, */ 2",
    "SELECT /*+ MAX_EXECUTION_TIME(1000) */ a FROM t",
    "SELECT /* it's */ '/*! no comment */', '-- @a', \"# @a := 1\", `/*!`, 'a;b', '@'",
    "SELECT 'it''s @a := 1', \"say \"\"@a\"\"\", `odd``name@`",
    "SELECT 'a\\nb\\\\', 'a\\\"b', \"a\\'b\"",
    "SELECT 'GET_LOCK(1)', \"f(1)\", `g(1)` FROM t",
    "SELECT 'gr\xc3\xbc\xc3\x9f', `\xc3\xbc`, \xc3\xa5 FROM \xc3\xb6",
    "SELECT `a\\`, a$b, $c FROM t",
    "SELECT {d '2020-01-01'}, {fn NOW()}",
    "SELECT ~a, !b, a ^ b, a | b, a & b, a << 1, a >> 1, a <=> b, a % b FROM t WHERE a != b",
    "SELECT dirty, get_lock, sleep FROM name_lock WHERE lock_name = 'x' AND `set` = 1",
    "WITH t AS (SELECT 1 AS a) SELECT a FROM t",
    "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t",
    "WITH `t`(a, b) AS (SELECT 1, 2), u AS (SELECT 3) SELECT * FROM t, u",
    "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    "INSERT INTO t (a, b) VALUES (?, ?)",
    "insert into t(a,b) values(?,?)",
    "INSERT INTO `t` (`a`) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)",
    "INSERT INTO octane.t (a) SELECT b FROM u WHERE (c)",
    "INSERT INTO `octane` . `t` (a) VALUES (NOW()) RETURNING a",
    "INSERT INTO \"t\" (a) VALUES (DEFAULT(a))",
    "INSERT IGNORE INTO t SET a = 1, b = CONCAT('x', ?)",
    "INSERT INTO t PARTITION (p0) (a) VALUES (1)",
    "INSERT INTO t () VALUES ()",
    "REPLACE INTO t (a) VALUES (1)",
    "UPDATE t SET a = a + 1, b = UPPER(b) WHERE id = ? LIMIT 1",
    "UPDATE t JOIN (SELECT 1 AS a) AS u ON t.a = u.a SET t.b = (SELECT 1)",
    "DELETE FROM t WHERE id IN (?, ?, ?)",
    "DELETE t FROM t INNER JOIN u USING (id)",
    "VALUES (1, 2), (3, 4)",
    "SHOW TABLES",
    "SHOW VARIABLES LIKE 'max%'",
    "SHOW WARNINGS",
    "EXPLAIN SELECT a FROM t",
    "EXPLAIN FORMAT=JSON UPDATE t SET a = 1",
    "DESCRIBE t",
    "DESC t",
    "DO SLEEP(1)",
    /* Words that begin or end like others. */
    "SELECT nexts, asx, intox, outfiles, withs FROM t",
    "SELECT t.values, t.into FROM t",
};

static const char *const harmful[] = {
    "",
    " ",
    ";",
    "-- nothing",
    "/* nothing */",
    "(",
    "()",
    "1",
    "'SELECT 1'",
    "`SELECT` 1",
    "'a' SELECT 1",
    "= SELECT 1",
    "SELECTED 1",
    "SELECT_1",
    "\xef\xbb\xbfSELECT 1",
    "SET @a = 1",
    "set names latin1",
    "SET STATEMENT max_statement_time = 1 FOR SELECT 1",
    "USE other",
    "use`other`",
    "BEGIN",
    "START TRANSACTION",
    "COMMIT",
    "COMMIT AND CHAIN",
    "ROLLBACK",
    "SAVEPOINT a",
    "RELEASE SAVEPOINT a",
    "XA START 'a'",
    "LOCK TABLES t READ",
    "UNLOCK TABLES",
    "FLUSH TABLES WITH READ LOCK",
    "HANDLER t OPEN",
    "CALL p",
    "CALL p()",
    "PREPARE s FROM 'SELECT 1'",
    "EXECUTE s",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "DEALLOCATE PREPARE s",
    "CREATE TEMPORARY TABLE t (a INT)",
    "CREATE TABLE t (a INT)",
    "DROP TABLE t",
    "ALTER TABLE t ADD b INT",
    "TRUNCATE TABLE t",
    "RENAME TABLE t TO u",
    "ANALYZE TABLE t",
    "ANALYZE SELECT 1",
    "CHECK TABLE t",
    "OPTIMIZE TABLE t",
    "REPAIR TABLE t",
    "LOAD DATA INFILE 'x' INTO TABLE t",
    "KILL 1",
    "SHUTDOWN",
    "RESET MASTER",
    "PURGE BINARY LOGS TO 'x'",
    "CHANGE MASTER TO master_host = 'x'",
    "INSTALL SONAME 'x'",
    "GRANT SELECT ON t TO a",
    "REVOKE SELECT ON t FROM a",
    "HELP 'x'",
    "CHECKSUM TABLE t",
    "SIGNAL SQLSTATE '45000'",
    "GET DIAGNOSTICS @a = NUMBER",
    "BEGIN NOT ATOMIC SET @a = 1; END",
    "TABLE t",
    /* Variables. */
    "SELECT @a",
    "SELECT @a := 1",
    "SELECT @a:=1",
    "SELECT/**/@a:=1",
    "SELECT @'a' := 1",
    "SELECT @`a` := 1",
    "SELECT @\"a\" := 1",
    "SELECT 1 INTO @a",
    "SELECT @ @a",
    "SELECT @@@a",
    "SELECT @@a := 1",
    "SELECT a := 1",
    "UPDATE t SET a = (@b := a)",
    "UPDATE t SET a = @b",
    "INSERT INTO t VALUES (@a := 1)",
    "SHOW GRANTS FOR 'a'@'b'",
    "SELECT 'a', @b := 1, 'c'",
    "SELECT 'it''s', @b := 1",
    "SELECT 'a\\\\', @b := 1",
    "SELECT \"a\"\"b\", @b := 1",
    "SELECT `a``b`, @b := 1",
    "SELECT '`', @b := 1, '`'",
    "SELECT '\"', @b := 1, '\"'",
    "SELECT `'`, @b := 1, `'`",
    "SELECT `\\`, @b := 1, `\\`",
    "SELECT '/*', @b := 1, '*/'",
    "SELECT '-- ', @b := 1",
    "SELECT 1--1, @b := 1",
    "SELECT 1 -- 1\n, @b := 1",
    "SELECT 1 -- it's\n, @b := 1 -- it's",
    "SELECT 1 # it's\n, @b := 1 # it's",
    "SELECT /* it's */ @b := 1 /* it's */",
    "SELECT /**/ @b := 1 /**/",
    "SELECT /*/ */ @b := 1",
    /* Comments. */
    "/*! SET @a = 1 */",
    "/*!50000 SELECT 1 */",
    "SELECT 1 /*! , 2 */",
    "SELECT 1 /*!99999 , 2 */",
    "SELECT 1 /*M! , 2 */",
    "SELECT 1 /*M!100000 , 2 */",
    "SELECT 1 /*m! , 2 */",
    "SELECT 1 /* never ends",
    "SELECT 1 /*",
    "SELECT 1 /*/",
    "SELECT 1 /* *",
    "SELECT /*+ INDEX(`a*/`) */ 1",
    "SELECT /*+ INDEX(`a*/`) */ @a := 1 /* ` */",
    "SELECT 1 --\x01 a comment or not",
    "SELECT 1 --\x7f a comment or not",
    "SELECT 1 --\xc2\xa0 a comment or not",
    /* More than one statement. */
    "SELECT 1; SELECT 2",
    "SELECT 1;;",
    "SELECT 1; /*! SET @a = 1 */",
    "SELECT 1; x",
    /* Strings. */
    "SELECT 'never ends",
    "SELECT \"never ends",
    "SELECT `never ends",
    "SELECT 'a''",
    "SELECT 'it\\'s'",
    "SELECT \"it\\\"s\"",
    "SELECT 'a\\\\\\''",
    "SELECT 'a\\', @b := 1, 'c'",
    "SELECT 'a\\",
    "SELECT '",
    /* Functions. */
    "SELECT f()",
    "SELECT f ()",
    "SELECT f/**/()",
    "SELECT f -- x\n ()",
    "SELECT f(1) FROM t",
    "SELECT octane.f()",
    "SELECT octane . f ()",
    "SELECT octane.(1)",
    "SELECT `f`()",
    "SELECT \"f\"()",
    "SELECT `octane`.`f`()",
    "SELECT octane.count(1)",
    "SELECT octane./**/count(1)",
    "SELECT `count`(1)",
    "SELECT count (1)",
    "SELECT now/**/()",
    "SELECT sum\n(a) FROM t",
    "SELECT ABS(f())",
    "SELECT COALESCE(1, (f(2)))",
    "SELECT 1 FROM t WHERE f(a)",
    "SELECT 1 FROM t WHERE a IN (f(a))",
    "SELECT 1 UNION SELECT f()",
    "SELECT over(1)",
    "SELECT against(1)",
    "SELECT 1, over (2)",
    "SELECT \xc3\xbc()",
    "SELECT $f()",
    "SELECT 1f()",
    "SELECT countx(1)",
    "SELECT xcount(1)",
    "SELECT a_very_long_name_of_a_function_count(1)",
    "SELECT GET_LOCK('a', 1)",
    "SELECT get_lock('a', 1)",
    "SELECT Get_Lock ('a', 1)",
    "SELECT 1 + GET_LOCK('a', 1)",
    "SELECT a FROM t WHERE GET_LOCK('a', 1)",
    "SELECT RELEASE_LOCK('a')",
    "SELECT RELEASE_ALL_LOCKS()",
    "DO GET_LOCK('a', 1)",
    "DO RELEASE_LOCK('a')",
    "VALUES (GET_LOCK('a', 1))",
    "(SELECT GET_LOCK('a', 1))",
    "WITH t AS (SELECT GET_LOCK('a', 1)) SELECT * FROM t",
    "WITH t(a) AS (SELECT f()) SELECT a FROM t",
    "INSERT INTO t (a) VALUES (f())",
    "INSERT INTO t (a) SELECT f()",
    "INSERT INTO t SELECT * FROM u WHERE GET_LOCK('a', 1)",
    "REPLACE INTO t (a) VALUES (f(1))",
    "UPDATE t SET a = f(a)",
    "DELETE FROM t WHERE f(a)",
    "EXPLAIN SELECT f(a) FROM t",
    "SHOW TABLES WHERE f(1)",
    "SELECT LAST_INSERT_ID(5)",
    "UPDATE t SET a = LAST_INSERT_ID(a + 1)",
    "SELECT uuid_to_bin('x')",
    "SELECT regexp_replace('a', 'b', 'c')",
    "SELECT row_number() OVER (ORDER BY a) FROM t",
    "SELECT point(1, 2)",
    "SELECT CAST(f() AS CHAR)",
    "SELECT 1 AS octane.f()",
    "SELECT t.as f(1)",
    "SELECT t.into f(1)",
    "SELECT t.with f(1)",
    /* Sequences and files. */
    "SELECT NEXT VALUE FOR s",
    "SELECT next value for s",
    "SELECT NEXTVAL(s)",
    "SELECT s.nextval",
    "SELECT SETVAL(s, 5)",
    "SELECT LASTVAL(s)",
    "SELECT 1 INTO OUTFILE 'x'",
    "SELECT 1 INTO DUMPFILE 'x'",
    /* Signs that mean nothing, or not always the same. */
    "SELECT \\N",
    "SELECT 1 :",
    "SELECT :a",
    "SELECT [1]",
    "SELECT 1 \x01",
    "SELECT \x7f",
};

static bool scan(const char *sql)
{
  size_t size = strlen(sql);
  /* Memory of exactly that size: reading further is seen by valgrind and the sanitizer. */
  char *copy = malloc(size ? size : 1);
  bool verdict;

  ck_assert_ptr_nonnull(copy);
  memcpy(copy, sql, size);
  verdict = aurora__sql_is_harmless(copy, size);
  free(copy);
  return verdict;
}

START_TEST(plain_statements_are_harmless)
{
  for (size_t i = 0; i < COUNT_OF(harmless); i++)
    ck_assert_msg(scan(harmless[i]), "harmful: %s", harmless[i]);
}
END_TEST

START_TEST(all_others_are_harmful)
{
  for (size_t i = 0; i < COUNT_OF(harmful); i++)
    ck_assert_msg(!scan(harmful[i]), "harmless: %s", harmful[i]);
}
END_TEST

START_TEST(what_the_server_does_not_report_is_harmful)
{
  for (size_t i = 0; i < COUNT_OF(dirty_statements); i++) {
    const dirty_statements_t *entry = &dirty_statements[i];
    /* These hide in the schema; the server reports them. */
    bool hidden = strncmp(entry->name, "trigger", 7) == 0 || strncmp(entry->name, "view", 4) == 0;
    bool all_harmless = true;

    for (size_t j = 0; entry->dirty[j]; j++)
      all_harmless = all_harmless && scan(entry->dirty[j]);
    ck_assert_msg(all_harmless == hidden, "%s", entry->name);
  }
}
END_TEST

/* Functions that are not in the lists above; each name must be found in its table. */
START_TEST(every_built_in_function_is_known)
{
  char names[] =
      "abs acos adddate addtime aes_decrypt aes_encrypt ascii asin atan atan2 avg benchmark bin "
      "bit_and bit_count bit_length bit_or bit_xor ceil ceiling char character_length charset "
      "char_length coercibility collation compress concat concat_ws conv convert_tz cos cot crc32 "
      "current_date current_time curtime date datediff date_format day dayname dayofmonth "
      "dayofweek dayofyear degrees elt exp export_set extractvalue field find_in_set floor format "
      "from_base64 from_days from_unixtime get_format greatest hour inet6_aton inet6_ntoa "
      "inet_aton inet_ntoa insert instr interval isnull is_ipv4 is_ipv6 json_array "
      "json_array_append json_array_insert json_contains json_contains_path json_depth "
      "json_insert json_keys json_length json_object json_quote json_remove json_replace "
      "json_search json_set json_type json_valid last_day lcase least length ln load_file "
      "localtime localtimestamp locate log log10 log2 lower lpad ltrim makedate maketime make_set "
      "microsecond mid minute mod month monthname oct octet_length ord period_add period_diff pi "
      "position pow power quarter quote radians repeat reverse right round rpad rtrim schema "
      "second sec_to_time session_user sha sha1 sign sin soundex space sqrt std stddev stddev_pop "
      "stddev_samp strcmp str_to_date st_astext st_contains st_distance st_distance_sphere "
      "st_geomfromtext st_intersects st_srid st_within st_x st_y subdate substr substring "
      "substring_index subtime sysdate system_user tan time timediff timestamp timestampadd "
      "timestampdiff time_format time_to_sec to_days to_seconds truncate ucase uncompress "
      "uncompressed_length updatexml utc_date utc_time uuid_short variance var_pop var_samp week "
      "weekday weekofyear weight_string year yearweek";
  char sql[64];
  char *rest = NULL;

  for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
    snprintf(sql, sizeof sql, "SELECT %s(1)", name);
    ck_assert_msg(scan(sql), "%s", sql);
    snprintf(sql, sizeof sql, "SELECT octane.%s(1)", name);
    ck_assert_msg(!scan(sql), "%s", sql);
    snprintf(sql, sizeof sql, "SELECT %s_(1)", name);
    ck_assert_msg(!scan(sql), "%s", sql);
  }
}
END_TEST

START_TEST(nuls_are_harmful_but_in_strings)
{
  static const char in_string[] = "SELECT 'a\0b', \"\0\"";
  static const char in_comment[] = "SELECT 1 /* \0 */";
  static const char in_line[] = "SELECT 1 -- \0 GET_LOCK('a', 1)";
  static const char in_hash_line[] = "SELECT 1 # \0, @a := 1";
  static const char outside[] = "SELECT 1\0";
  static const char after_end[] = "SELECT 1;\0";
  static const char dashes[] = "SELECT 1 --\0 , @a := 1";

  ck_assert(aurora__sql_is_harmless(in_string, sizeof in_string - 1));
  ck_assert(aurora__sql_is_harmless(in_comment, sizeof in_comment - 1));
  ck_assert(!aurora__sql_is_harmless(in_line, sizeof in_line - 1));
  ck_assert(!aurora__sql_is_harmless(in_hash_line, sizeof in_hash_line - 1));
  ck_assert(!aurora__sql_is_harmless(outside, sizeof outside - 1));
  ck_assert(!aurora__sql_is_harmless(after_end, sizeof after_end - 1));
  ck_assert(!aurora__sql_is_harmless(dashes, sizeof dashes - 1));
}
END_TEST

/* Whatever a harmless text holds and wherever it is cut: an assignment after it is seen. */
START_TEST(what_follows_a_harmless_text_is_seen)
{
  char sql[512];

  for (size_t i = 0; i < COUNT_OF(harmless); i++) {
    for (size_t size = 0; size <= strlen(harmless[i]); size++) {
      snprintf(sql, sizeof sql, "%.*s", (int)size, harmless[i]);
      if (!scan(sql))
        continue;
      snprintf(sql, sizeof sql, "%.*s\n, @a := 1", (int)size, harmless[i]);
      ck_assert_msg(!scan(sql), "%s", sql);
      snprintf(sql, sizeof sql, "%.*s\n, f()", (int)size, harmless[i]);
      ck_assert_msg(!scan(sql), "%s", sql);
    }
  }
}
END_TEST

START_TEST(long_texts_are_read_to_their_end)
{
  enum { VALUES = 100000 };
  static const char row[] = "(1, 'it''s', NOW()), ";
  size_t size = VALUES * (sizeof row - 1);
  char *sql = malloc(size + 64);
  char *at = sql;

  ck_assert_ptr_nonnull(sql);
  at += sprintf(at, "INSERT INTO t VALUES ");
  for (int i = 0; i < VALUES; i++)
    at += sprintf(at, "%s", row);
  strcpy(at, "(1, 2, 3)");
  ck_assert(aurora__sql_is_harmless(sql, strlen(sql)));
  strcpy(at, "(1, 2, f())");
  ck_assert(!aurora__sql_is_harmless(sql, strlen(sql)));
  memset(sql + 7, 'x', size);
  memcpy(sql, "SELECT ", 7);
  strcpy(sql + 7 + size, "");
  ck_assert(aurora__sql_is_harmless(sql, strlen(sql)));
  strcpy(sql + 7 + size, "(1)");
  ck_assert(!aurora__sql_is_harmless(sql, strlen(sql)));
  free(sql);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sql-scan");
  TCase *tcase = tcase_create("sql-scan");

  tcase_add_test(tcase, plain_statements_are_harmless);
  tcase_add_test(tcase, all_others_are_harmful);
  tcase_add_test(tcase, what_the_server_does_not_report_is_harmful);
  tcase_add_test(tcase, every_built_in_function_is_known);
  tcase_add_test(tcase, nuls_are_harmful_but_in_strings);
  tcase_add_test(tcase, what_follows_a_harmless_text_is_seen);
  tcase_add_test(tcase, long_texts_are_read_to_their_end);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
