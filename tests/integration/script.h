/*
 * A script of some 200 mixed statements, for whoever wants to see that two ways of running them give the
 * same: definitions, changes, reads of all kinds, procedures, errors; as text, and prepared with
 * parameters. They build on each other, in an empty database, and leave it as it was. Nothing in them
 * depends on time, place or chance. What one kind of server does not know is an error there.
 */
#ifndef TESTS_INTEGRATION_SCRIPT_H
#define TESTS_INTEGRATION_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include <aurora/value.h>

typedef struct {
  const char *sql;
  bool session;   /* belongs to a session: stands on what steps before it have left there, or leaves
                     something; no step without it depends on one with it */
  unsigned count; /* of parameters; 0: goes as text */
  aurora_value_t values[8];
} script_step_t;

/* One line a step. */
/* clang-format off */
#define COUNT_OF(...)  (sizeof((const aurora_value_t[]){__VA_ARGS__}) / sizeof(aurora_value_t))
#define NO_VALUES      {{AURORA_TYPE_NULL, {0}}}
#define Q(sql)         {sql, false, 0, NO_VALUES}
#define S(sql)         {sql, true, 0, NO_VALUES}
#define QP(sql, ...)   {sql, false, COUNT_OF(__VA_ARGS__), {__VA_ARGS__}}
#define SP(sql, ...)   {sql, true, COUNT_OF(__VA_ARGS__), {__VA_ARGS__}}
#define N              {AURORA_TYPE_NULL, {0}}
#define I(n)           {AURORA_TYPE_INT64, {.int64 = (n)}}
#define U(n)           {AURORA_TYPE_UINT64, {.uint64 = (n)}}
#define D(x)           {AURORA_TYPE_DOUBLE, {.float64 = (x)}}
#define DEC(s)         {AURORA_TYPE_DECIMAL, {.text = {(s), sizeof(s) - 1}}}
#define T(s)           {AURORA_TYPE_STRING, {.text = {(s), sizeof(s) - 1}}}
#define B(s)           {AURORA_TYPE_BYTES, {.text = {(s), sizeof(s) - 1}}}
#define DAY(y, m, d)   {AURORA_TYPE_DATE, {.datetime = {(y), (m), (d), 0, 0, 0, 0}}}
#define MOMENT(...)    {AURORA_TYPE_DATETIME, {.datetime = {__VA_ARGS__}}}
#define SPAN(...)      {AURORA_TYPE_TIME, {.time = {__VA_ARGS__}}}

static const script_step_t script[] = {
    /* Tables. */
    Q("CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, born DATE, "
      "height DOUBLE, UNIQUE (name))"),
    Q("CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, person INT NOT NULL, "
      "amount DECIMAL(12,2), placed DATETIME(6), note TEXT, "
      "CONSTRAINT of_a_person FOREIGN KEY (person) REFERENCES people (id))"),
    Q("CREATE TABLE kinds (a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d INT UNSIGNED, e BIGINT, "
      "f BIT(12), g FLOAT, h DOUBLE(10,3), i DECIMAL(20,6), j CHAR(5), k VARBINARY(20), l ENUM('x','y'), "
      "m SET('p','q','r'), n YEAR, o TIME(3), p TIMESTAMP NULL, q LONGBLOB, r JSON)"),
    Q("CREATE TABLE people (id INT)"),
    Q("CREATE TABLE IF NOT EXISTS people (id INT)"),
    Q("CREATE TABLE broken (id INT, id INT)"),
    Q("CREATE TABLE broken (id NOTHING)"),
    Q("CREATE TABLE checked (n INT CHECK (n > 0), twice INT AS (n * 2) STORED)"),
    Q("CREATE INDEX by_height ON people (height)"),
    Q("CREATE INDEX by_height ON people (height)"),
    Q("CREATE VIEW tall AS SELECT id, name FROM people WHERE height > 1.8 WITH CHECK OPTION"),
    Q("SHOW TABLES"),
    Q("DESCRIBE people"),
    Q("SHOW COLUMNS FROM orders LIKE 'a%'"),

    /* Rows in. */
    Q("INSERT INTO people (name, born, height) VALUES ('Ada', '1815-12-10', 1.65)"),
    Q("INSERT INTO people (name) VALUES ('Bob'), ('Cleo'), ('Dora')"),
    Q("INSERT INTO people (name) VALUES ('Ada')"),
    Q("INSERT IGNORE INTO people (name) VALUES ('Ada'), ('Emil')"),
    Q("INSERT INTO people (id, name) VALUES (100, 'Fritz')"),
    Q("INSERT INTO people (name) VALUES ('\xc3\x84ngla \xf0\x9f\x98\x80')"),
    Q("INSERT INTO people (name, height) VALUES ('Gus', 1.9) ON DUPLICATE KEY UPDATE height = 2"),
    Q("INSERT INTO people (name, height) VALUES ('Gus', 1.9) ON DUPLICATE KEY UPDATE height = 2"),
    Q("INSERT INTO people (name) VALUES (NULL)"),
    Q("INSERT INTO people (name, nobody) VALUES ('x', 1)"),
    Q("INSERT INTO people (name) VALUES ('x', 'y')"),
    Q("INSERT INTO nowhere VALUES (1)"),
    QP("INSERT INTO people (name, born, height) VALUES (?, ?, ?)", T("Hans"), DAY(1970, 1, 1), D(1.75)),
    QP("INSERT INTO people (name, born, height) VALUES (?, ?, ?)", T("Ida"), N, N),
    QP("INSERT INTO people (name, born, height) VALUES (?, ?, ?)", T("Ida"), N, N),
    QP("INSERT INTO people (name, born, height) VALUES (?, ?, ?)", T("Jo\0e"), DAY(2000, 2, 29), DEC("1.85")),
    QP("INSERT INTO people (name, born, height) VALUES (?, ?, ?)", N, N, N),
    QP("INSERT INTO people (name, born, height) VALUES (?, ?, ?)", T("Kim"), T("not a date"), I(2)),
    QP("INSERT INTO orders (person, amount, placed, note) VALUES (?, ?, ?, ?)", I(1), DEC("12.50"), MOMENT(2024, 2, 29, 12, 0, 0, 123456), T("first")),
    QP("INSERT INTO orders (person, amount, placed, note) VALUES (?, ?, ?, ?)", I(1), DEC("-0.01"), MOMENT(2024, 3, 1, 0, 0, 0, 0), N),
    QP("INSERT INTO orders (person, amount, placed, note) VALUES (?, ?, ?, ?)", I(2), D(99.999), DAY(2024, 3, 2), T("")),
    QP("INSERT INTO orders (person, amount, placed, note) VALUES (?, ?, ?, ?)", I(3), I(7), T("2024-03-03 04:05:06"), T("it's")),
    QP("INSERT INTO orders (person, amount) VALUES (?, ?)", I(999), I(1)),
    QP("INSERT INTO orders (person, amount) VALUES (?, ?)", I(1), DEC("99999999999.99")),
    Q("INSERT INTO orders (person, amount) SELECT id, id * 10 FROM people WHERE id < 4"),
    QP("INSERT INTO orders (person, amount) SELECT id, ? FROM people WHERE id < ?", DEC("0.25"), I(3)),
    Q("INSERT INTO checked (n) VALUES (1), (2)"),
    Q("INSERT INTO checked (n) VALUES (0)"),
    QP("INSERT INTO checked (n) VALUES (?)", I(-1)),
    Q("INSERT INTO checked (n, twice) VALUES (5, 11)"),
    Q("INSERT INTO checked (n) VALUES (3) RETURNING n, twice"),
    QP("INSERT INTO checked (n) VALUES (?), (?) RETURNING n + twice AS three", I(4), I(5)),
    Q("INSERT INTO tall (name) VALUES ('short')"),
    Q("INSERT INTO kinds VALUES (-128, 65535, -8388608, 4294967295, 9223372036854775807, b'101010101010', "
      "1.5, -1234567.8915, 12345678901234.567891, 'abc', 0x00ff, 'y', 'r,p', 2155, '-12:34:56.789', "
      "'2001-02-03 04:05:06', 0xdeadbeef, '{\"a\": [1, null]}')"),
    Q("INSERT INTO kinds () VALUES ()"),
    QP("INSERT INTO kinds (a, b, c, d, e, f, g, h) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", I(127), U(0), I(8388607), U(0), I(INT64_MIN), U(4095), D(-0.5), D(0.1)),
    QP("INSERT INTO kinds (i, j, k, l, m, n, o) VALUES (?, ?, ?, ?, ?, ?, ?)", DEC("-0.000001"), T("\xf0\x9f\x98\x80"), B("\0\xff'\\"), T("x"), T("p,q,r"), I(1901), SPAN(true, 838, 59, 59, 0)),
    QP("INSERT INTO kinds (o, p, q) VALUES (?, ?, ?)", SPAN(false, 0, 0, 0, 1000), MOMENT(2037, 12, 31, 23, 59, 59, 0), B("")),
    QP("INSERT INTO kinds (a) VALUES (?)", I(128)),
    QP("INSERT INTO kinds (b) VALUES (?)", I(-1)),
    QP("INSERT INTO kinds (j) VALUES (?)", T("too long")),
    QP("INSERT INTO kinds (l) VALUES (?)", T("z")),
    QP("INSERT IGNORE INTO kinds (a, b, l) VALUES (?, ?, ?)", I(128), I(-1), T("z")),

    /* Reads. */
    Q("SELECT * FROM people ORDER BY id"),
    Q("SELECT * FROM orders ORDER BY id"),
    Q("SELECT a, b, c, d, e, f, g, h FROM kinds"),
    Q("SELECT i, j, k, l, m, n, o, p, q, r FROM kinds"),
    QP("SELECT a, b, c, d, e, f, h FROM kinds WHERE ? = 1", I(1)),
    QP("SELECT i, j, k, l, m, n, o, p, q, r FROM kinds WHERE ? = 1", I(1)),
    QP("SELECT i, j, k, l, m, n, o, p, q, r FROM kinds WHERE ? = 1", I(0)),
    Q("SELECT * FROM people WHERE id < 0"),
    Q("SELECT * FROM checked ORDER BY n"),
    Q("SELECT * FROM tall ORDER BY id"),
    Q("SELECT 1"),
    Q("SELECT NULL"),
    Q("SELECT NULL AS a, 'text' AS b, 1.50 AS c, 1.5e0 AS d, 18446744073709551615 AS e, -1 AS f, TRUE AS g"),
    Q("SELECT PI(), SQRT(2), ROUND(2e0/3, 2), 1/3, 10 DIV 3, 10 % 3, 1e308/1e300"),
    Q("SELECT 9223372036854775807 + 1"),
    Q("SELECT 1 AS same, 2 AS same, 3 AS ``"),
    Q("SELECT '' AS `empty`, ' ' AS space, 'a\\0b' AS with_nul, 'it''s' AS quoted, \"double\" AS other"),
    Q("SELECT _binary 'bytes', x'00ff10', b'1010', 0xcafe, CAST('a' AS BINARY)"),
    Q("SELECT DATE'2024-02-29', TIME'-25:00:01.5', TIMESTAMP'2024-01-02 03:04:05.123456'"),
    Q("SELECT DATE'0000-00-00'"),
    Q("SELECT CAST(1.5 AS DECIMAL(5,2)), CAST('12abc' AS SIGNED), CAST(-1 AS UNSIGNED), CAST('9e2' AS DOUBLE)"),
    Q("SELECT 1/0, 5 % 0"),
    Q("SELECT name, LENGTH(name), CHAR_LENGTH(name), HEX(name), UPPER(name) FROM people ORDER BY id"),
    Q("SELECT COUNT(*), COUNT(height), SUM(height), AVG(height), MIN(born), MAX(born) FROM people"),
    Q("SELECT SUM(amount), AVG(amount), MIN(amount), MAX(placed), GROUP_CONCAT(id ORDER BY id) FROM orders"),
    Q("SELECT person, COUNT(*) AS n, SUM(amount) FROM orders GROUP BY person ORDER BY person"),
    Q("SELECT person, COUNT(*) AS n FROM orders GROUP BY person HAVING n > 2 ORDER BY n DESC, person"),
    Q("SELECT person, SUM(amount) FROM orders GROUP BY person WITH ROLLUP"),
    Q("SELECT p.name, o.amount FROM people AS p JOIN orders AS o ON o.person = p.id ORDER BY o.id"),
    Q("SELECT p.name, COUNT(o.id) FROM people AS p LEFT JOIN orders AS o ON o.person = p.id GROUP BY p.id ORDER BY p.id"),
    Q("SELECT name FROM people WHERE id IN (SELECT person FROM orders) ORDER BY name"),
    Q("SELECT name FROM people AS p WHERE EXISTS (SELECT 1 FROM orders AS o WHERE o.person = p.id AND o.amount > 50) ORDER BY id"),
    Q("SELECT id, (SELECT SUM(amount) FROM orders AS o WHERE o.person = p.id) AS total FROM people AS p ORDER BY id"),
    Q("SELECT id FROM people WHERE id < 3 UNION ALL SELECT person FROM orders WHERE person < 3 ORDER BY 1"),
    Q("SELECT id FROM people WHERE id < 3 UNION SELECT 'text' ORDER BY 1"),
    Q("SELECT id FROM people WHERE id < 5 EXCEPT SELECT person FROM orders ORDER BY 1"),
    Q("WITH RECURSIVE count_to AS (SELECT 1 AS n UNION SELECT n + 1 FROM count_to WHERE n < 20) SELECT n, n * n FROM count_to"),
    Q("SELECT id, amount, SUM(amount) OVER (PARTITION BY person ORDER BY id) AS so_far, ROW_NUMBER() OVER (ORDER BY id) AS place FROM orders ORDER BY id"),
    Q("WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 300) SELECT n, IF(n % 3, n, NULL) FROM s"),
    Q("SELECT REPEAT('x', 70000), REPEAT('y', 300)"),
    Q("SELECT id FROM people ORDER BY id LIMIT 3 OFFSET 2"),
    Q("SELECT DISTINCT person FROM orders ORDER BY person DESC"),
    Q("SELECT CASE WHEN id < 3 THEN 'low' WHEN id < 10 THEN 'middle' ELSE id END FROM people ORDER BY id"),
    Q("SELECT JSON_EXTRACT(r, '$.a[0]'), JSON_LENGTH(r, '$.a') FROM kinds WHERE r IS NOT NULL"),
    Q("SELECT id FROM people WHERE name LIKE '%a' ORDER BY id"),
    Q("SELECT id FROM people WHERE name REGEXP '^[A-C]' ORDER BY id"),
    Q("SELECT id FROM people WHERE born BETWEEN '1800-01-01' AND '1999-12-31' ORDER BY id FOR UPDATE"),
    Q("SELECT COUNT(*) FROM information_schema.columns WHERE table_name = 'kinds' AND table_schema = DATABASE()"),
    Q("EXPLAIN SELECT 1"),
    Q("SHOW CREATE VIEW tall"),
    Q("CHECKSUM TABLE checked"),
    Q("VALUES (1, 'a'), (2, 'b')"),
    Q("VALUES ROW(1, 'a'), ROW(2, 'b')"),
    Q("TABLE people"),
    Q("SELECT"),
    Q("SELECT 1; SELECT 2"),
    Q("SELECT nobody FROM people"),
    Q("SELECT * FROM nowhere"),
    Q("SELECT (SELECT id FROM people)"),
    Q("SELECT no_such_function(1)"),
    Q("SELECT COUNT(*), name FROM people GROUP BY no_such"),
    Q("SELECT * FROM mysql.user"),
    Q("SELECT 'never closed"),
    Q("NONSENSE"),
    Q("/* nothing but a comment */"),

    /* The same, prepared. */
    QP("SELECT * FROM people WHERE id = ?", I(1)),
    QP("SELECT * FROM people WHERE id = ?", I(-1)),
    QP("SELECT * FROM people WHERE id = ?", T("2")),
    QP("SELECT * FROM people WHERE id = ?", T("2nd")),
    QP("SELECT * FROM people WHERE id = ?", N),
    QP("SELECT * FROM people WHERE name = ?", T("\xc3\x84ngla \xf0\x9f\x98\x80")),
    QP("SELECT id FROM people WHERE name IN (?, ?, ?) ORDER BY id", T("Ada"), T("Bob"), T("nobody")),
    QP("SELECT id FROM people WHERE name LIKE ? ORDER BY id", T("%a")),
    QP("SELECT id, name FROM people WHERE born > ? AND height < ? ORDER BY id", DAY(1900, 1, 1), D(1.8)),
    QP("SELECT id FROM people ORDER BY id LIMIT ? OFFSET ?", I(2), I(3)),
    QP("SELECT ?, ?, ?, ?, ?, ?, ?, ?", I(-5), U(UINT64_MAX), D(0.1), DEC("-12.50"), T("it's"), B("\0\xff"), DAY(2024, 2, 29), N),
    QP("SELECT ?, ?, ?", SPAN(true, 26, 1, 2, 345678), MOMENT(2024, 2, 29, 23, 59, 58, 123456), MOMENT(2024, 2, 29, 0, 0, 0, 0)),
    QP("SELECT ? + 1, ? + 1, ? + 1", I(1), D(1.5), DEC("1.5")),
    QP("SELECT ? + 1, ? + 1, ? + 1", D(1.5), DEC("1.5"), I(1)),
    QP("SELECT CONCAT(?, '-', ?), LENGTH(?)", T("a"), I(1), T("\xf0\x9f\x98\x80")),
    QP("SELECT ROUND(?, 2), CAST(? AS DECIMAL(10,3)), CAST(? AS CHAR)", D(2.0 / 3), T("1.23456"), D(2.5)),
    QP("SELECT 1/?, 5 % ?", I(0), I(0)),
    QP("SELECT SUM(amount), COUNT(*) FROM orders WHERE person = ?", I(1)),
    QP("SELECT p.name, o.amount FROM people AS p JOIN orders AS o ON o.person = p.id WHERE o.amount > ? ORDER BY o.id", DEC("5.00")),
    QP("SELECT id FROM people WHERE id < ? UNION ALL SELECT person FROM orders WHERE person < ? ORDER BY 1", I(3), I(3)),
    QP("WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 300) SELECT n, IF(n % ?, n, NULL) FROM s", I(7)),
    QP("SELECT REPEAT(?, 70000), REPEAT('y', ?)", T("x"), I(300)),
    QP("WITH RECURSIVE count_to AS (SELECT 1 AS n UNION SELECT n + 1 FROM count_to WHERE n < ?) SELECT n FROM count_to", I(10)),
    QP("SELECT id, SUM(amount) OVER (ORDER BY id) FROM orders WHERE id > ? ORDER BY id", I(2)),
    QP("SELECT (SELECT q.id FROM people AS q WHERE p.id > ?) FROM people AS p ORDER BY p.id", I(3)),
    QP("SELECT nobody FROM people WHERE id = ?", I(1)),
    QP("SELECT * FROM nowhere WHERE id = ?", I(1)),
    QP("SELECT ? FROM", I(1)),
    QP("SELECT id FROM people WHERE id = ? AND", I(1)),
    QP("SHOW COLUMNS FROM people LIKE ?", T("n%")),

    /* Changes. */
    Q("UPDATE people SET height = 1.7 WHERE id = 2"),
    Q("UPDATE people SET height = 1.7 WHERE id = 2"),
    Q("UPDATE people SET height = height + 0.01"),
    Q("UPDATE people SET height = 'tall' WHERE id = 1"),
    Q("UPDATE people SET name = 'Ada' WHERE id = 2"),
    Q("UPDATE people SET born = NULL ORDER BY id LIMIT 1"),
    QP("UPDATE people SET height = ? WHERE id = ?", D(1.99), I(1)),
    QP("UPDATE people SET height = ? WHERE id = ?", D(1.99), I(1)),
    QP("UPDATE people SET height = ? WHERE id = ?", N, I(100)),
    QP("UPDATE people SET name = ? WHERE id = ?", T("Bob"), I(1)),
    QP("UPDATE orders SET note = ? WHERE id > ?", T("many"), U(4)),
    Q("UPDATE people AS p JOIN orders AS o ON o.person = p.id SET o.note = p.name WHERE o.note IS NULL"),
    Q("REPLACE INTO checked (n) VALUES (1)"),
    Q("DELETE FROM people WHERE id = 1"),
    Q("DELETE FROM orders WHERE amount < 0"),
    QP("DELETE FROM orders WHERE person = ?", I(3)),
    QP("DELETE FROM orders WHERE person = ?", I(3)),
    Q("DELETE FROM checked WHERE n > 3 RETURNING n"),
    QP("DELETE FROM checked WHERE n > ? RETURNING n, twice", I(2)),
    Q("SELECT id, note FROM orders ORDER BY id"),
    Q("ALTER TABLE people ADD COLUMN email VARCHAR(100) DEFAULT 'none' AFTER name"),
    QP("SELECT * FROM people WHERE id = ?", I(1)),
    Q("ALTER TABLE people CHANGE email mail VARCHAR(50)"),
    QP("SELECT * FROM people WHERE id = ?", I(1)),
    QP("SELECT * FROM people WHERE id = ?", I(2)),
    Q("ALTER TABLE people DROP COLUMN mail, MODIFY height DECIMAL(5,2)"),
    QP("SELECT * FROM people WHERE id = ?", I(1)),
    Q("ALTER TABLE people DROP COLUMN mail"),
    Q("ANALYZE TABLE checked"),
    Q("CHECK TABLE checked"),
    Q("OPTIMIZE TABLE nowhere"),

    /* Procedures, functions, triggers. */
    Q("CREATE PROCEDURE several(n INT) BEGIN SELECT n AS a; SELECT 'two' AS b, n / 2 AS c UNION SELECT 'three', NULL; SELECT 1 FROM DUAL WHERE FALSE; END"),
    Q("CREATE PROCEDURE nothing() BEGIN END"),
    Q("CREATE PROCEDURE failing(n INT) BEGIN SELECT n; SIGNAL SQLSTATE '45001' SET MYSQL_ERRNO = 30001, MESSAGE_TEXT = 'as told'; END"),
    Q("CREATE PROCEDURE adding(IN a INT, IN b INT, OUT total INT, INOUT label VARCHAR(20)) BEGIN SET total = a + b, label = CONCAT(label, '!'); SELECT a, b; END"),
    Q("CREATE PROCEDURE selling(p INT) MODIFIES SQL DATA BEGIN INSERT INTO orders (person, amount) VALUES (p, 1), (p, 2); UPDATE orders SET amount = amount + 1 WHERE person = p; END"),
    Q("CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC RETURN n * 2"),
    Q("CREATE TRIGGER no_negative BEFORE INSERT ON checked FOR EACH ROW BEGIN IF NEW.n = 13 THEN SIGNAL SQLSTATE '45000'; END IF; END"),
    Q("CALL several(7)"),
    QP("CALL several(?)", I(7)),
    QP("CALL several(?)", I(8)),
    Q("CALL nothing()"),
    Q("CALL failing(1)"),
    QP("CALL failing(?)", I(1)),
    Q("CALL several()"),
    Q("CALL nowhere()"),
    QP("CALL nowhere(?)", I(1)),
    QP("CALL adding(?, ?, ?, ?)", I(2), I(3), N, T("sum")),
    QP("CALL adding(?, ?, ?, ?)", I(-2), I(3), I(9), N),
    Q("CALL selling(2)"),
    QP("CALL selling(?)", I(2)),
    QP("CALL selling(?)", I(555)),
    Q("SELECT doubled(21), doubled(NULL)"),
    QP("SELECT doubled(?)", I(4)),
    Q("INSERT INTO checked (n) VALUES (13)"),
    QP("INSERT INTO checked (n) VALUES (?)", I(13)),
    QP("INSERT INTO checked (n) VALUES (?)", I(14)),
    Q("BEGIN NOT ATOMIC SELECT 1; SELECT 2, 3; END"),
    Q("EXECUTE IMMEDIATE 'SELECT 1 + 1'"),
    Q("DO 1 + 1"),
    Q("DO 1/0"),

    /* The session. */
    S("SET @a = 5, @b = 'five', @c = NULL, @d = 1.5, @e = 2e0"),
    S("SELECT @a, @b, @c, @d, @e, @nobody"),
    SP("SELECT @a + ?, @b", I(1)),
    S("CALL adding(2, 3, @total, @b)"),
    S("SELECT @total, @b"),
    S("INSERT INTO people (name) VALUES ('Lea'), ('Mia')"),
    S("SELECT LAST_INSERT_ID() > 0, ROW_COUNT()"),
    S("START TRANSACTION"),
    S("INSERT INTO orders (person, amount) VALUES (1, 1000)"),
    SP("UPDATE orders SET amount = amount + ? WHERE amount = 1000", I(5)),
    S("SAVEPOINT half"),
    S("DELETE FROM orders"),
    S("ROLLBACK TO half"),
    S("ROLLBACK TO nowhere"),
    S("SELECT COUNT(*), SUM(amount) FROM orders"),
    S("ROLLBACK"),
    S("SELECT COUNT(*), SUM(amount) FROM orders"),
    S("DELETE FROM people WHERE name IN ('Lea', 'Mia')"),
    S("CREATE TEMPORARY TABLE mine (n INT AUTO_INCREMENT PRIMARY KEY, v INT)"),
    SP("INSERT INTO mine (v) VALUES (?), (?)", I(10), I(20)),
    S("SELECT * FROM mine"),
    S("SELECT SQL_CALC_FOUND_ROWS v FROM mine LIMIT 1"),
    S("SELECT FOUND_ROWS()"),
    S("DROP TEMPORARY TABLE mine"),
    S("SELECT * FROM mine"),
    S("SELECT 1/0"),
    S("SHOW WARNINGS"),
    S("SET SESSION sql_mode = 'ANSI_QUOTES'"),
    S("SELECT \"people\".id FROM people WHERE id = 1"),
    S("SET SESSION sql_mode = DEFAULT"),
    S("SET no_such_variable = 1"),
    S("PREPARE by_text FROM 'SELECT ? + 1 AS sum'"),
    S("EXECUTE by_text USING @a"),
    S("DEALLOCATE PREPARE by_text"),
    S("LOCK TABLES checked READ"),
    S("INSERT INTO checked (n) VALUES (1)"),
    S("SELECT COUNT(*) FROM people"),
    S("UNLOCK TABLES"),
    S("SET autocommit = 0"),
    S("INSERT INTO checked (n) VALUES (77)"),
    S("ROLLBACK"),
    S("SET autocommit = 1"),
    S("KILL QUERY 0"),

    /* The end. */
    Q("TRUNCATE TABLE checked"),
    Q("SELECT COUNT(*) FROM checked"),
    Q("DROP TABLE people"),
    Q("DROP TABLE IF EXISTS nowhere, kinds"),
    Q("DROP TABLE orders, people, checked"),
    Q("DROP VIEW tall"),
    Q("DROP PROCEDURE nobody"),
    Q("DROP PROCEDURE IF EXISTS nobody"),
    Q("DROP PROCEDURE several"),
    Q("DROP PROCEDURE nothing"),
    Q("DROP PROCEDURE failing"),
    Q("DROP PROCEDURE adding"),
    Q("DROP PROCEDURE selling"),
    Q("DROP FUNCTION doubled"),
    Q("SHOW TABLES"),
};
/* clang-format on */

#undef COUNT_OF
#undef NO_VALUES
#undef Q
#undef S
#undef QP
#undef SP
#undef N
#undef I
#undef U
#undef D
#undef DEC
#undef T
#undef B
#undef DAY
#undef MOMENT
#undef SPAN

enum { SCRIPT_STEPS = sizeof script / sizeof *script };

#endif
