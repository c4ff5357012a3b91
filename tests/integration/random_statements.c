/*
 * What test_random.c draws: see random_statements.h.
 */
#include "integration/random_statements.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

/* --- Chance -------------------------------------------------------------------------------------- */

static uint64_t state;

void random_seed(uint64_t seed)
{
  state = seed * UINT64_C(0x9e3779b97f4a7c15) + 12345;
  random_below(2);
}

unsigned random_below(unsigned below)
{
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(state >> 33) % below;
}

bool random_once_in(unsigned times)
{
  return random_below(times) == 0;
}

/* --- The statements ------------------------------------------------------------------------------ */

#define TEN(x) x "," x "," x "," x "," x "," x "," x "," x "," x "," x

static const random_statement_t statements[] = {
    {"SELECT ? AS a", "*", RANDOM_READS},
    {"SELECT ? AS a, ? AS b", "**", RANDOM_READS},
    {"SELECT ? AS a, ? AS b, ? AS c, 4 AS d", "***", RANDOM_READS},
    {"SELECT ?", "*", RANDOM_READS},
    {"SELECT COALESCE(?, ?) AS c", "**", RANDOM_READS},
    {"SELECT IF(?, ?, ?) AS c", "n**", RANDOM_READS},
    {"SELECT ? + 1 AS s, ? * 2 AS t", "nd", RANDOM_READS},
    {"SELECT CONCAT(?, 'x') AS s, LENGTH(?) AS l", "ss", RANDOM_READS},
    {"SELECT LENGTH(?) AS l, ? AS n", "*n", RANDOM_READS},
    {"SELECT ? UNION SELECT ?", "**", RANDOM_READS},
    {"SELECT REPEAT('x', LEAST(?, 20000)) AS x", "r", RANDOM_READS},
    {"SELECT seq, REPEAT('y', LEAST(?, 20000)) AS y FROM seq_1_to_20", "r", RANDOM_READS},
    {"SELECT seq, REPEAT(CHAR(65 + seq % 26), LEAST(?, 9)) AS y, IF(seq % 3, NULL, seq) FROM "
     "seq_1_to_300",
     "n", RANDOM_READS},
    {"SELECT seq, ? AS y FROM seq_1_to_3000", "n", RANDOM_READS | RANDOM_LARGE},
    {"SELECT seq, 'some text' FROM seq_1_to_3000", "", RANDOM_READS | RANDOM_LARGE},
    {"SELECT seq, REPEAT('z', seq * 10) FROM seq_1_to_200", "", RANDOM_READS | RANDOM_LARGE},
    {"SELECT REPEAT('k', 16360)", "", RANDOM_READS},
    {"SELECT REPEAT('k', 16320) AS x", "", RANDOM_READS},
    {"SELECT REPEAT('k', 100000) AS x", "", RANDOM_READS | RANDOM_LARGE},
    {"SELECT 1 AS a, 'b' AS b, NULL AS c, 2.5 AS d", "", RANDOM_READS},
    {"SELECT 1 AS a FROM seq_1_to_10 WHERE seq > 20", "", RANDOM_READS},
    {"SELECT 1/0 AS n, CAST('x' AS SIGNED) AS i", "", RANDOM_READS},
    {"SELECT 1/? AS n, CAST(? AS SIGNED) AS i", "ns", RANDOM_READS},
    {"SELECT * FROM kinds", "", RANDOM_READS},
    {"SELECT * FROM kinds WHERE id >= ? ORDER BY id", "i", RANDOM_READS},
    {"SELECT a, f, n, o, p FROM kinds WHERE id = ?", "i", RANDOM_READS},
    {"SELECT * FROM shape WHERE id >= ? ORDER BY id", "i", RANDOM_READS},
    {"SELECT * FROM shape ORDER BY id", "", RANDOM_READS},
    {"SELECT a FROM shape WHERE id <> ? ORDER BY id", "i", RANDOM_READS},
    {"SELECT id, a, b FROM t WHERE id >= ? ORDER BY id LIMIT 30", "i", RANDOM_READS},
    {"SELECT id, a, b FROM t ORDER BY id LIMIT 30", "", RANDOM_READS},
    {"SELECT COUNT(*), SUM(LENGTH(b)), MAX(id) FROM t", "", RANDOM_READS},
    {"SELECT COUNT(*) FROM t WHERE a = ?", "*", RANDOM_READS},
    {"SELECT fails_at_50(seq) AS f FROM seq_1_to_100", "", RANDOM_READS},
    {"SELECT fails_at_50(seq + ?) AS f, REPEAT('f', 200) FROM seq_1_to_100", "n", RANDOM_READS},
    {"SELECT fails_at_50(?) AS f", "n", RANDOM_READS},
    {"SELECT (SELECT seq FROM seq_1_to_3 WHERE seq < ?) AS one", "n", RANDOM_READS},
    {"SELECT (SELECT seq FROM seq_1_to_3 WHERE seq < 3) AS one", "", RANDOM_READS},
    {"SHOW COLUMNS FROM shape", "", RANDOM_READS},
    {"SHOW COLUMNS FROM shape LIKE ?", "s", RANDOM_READS},
    {"SHOW COLUMNS FROM shape WHERE Field <> ?", "s", RANDOM_READS},
    {"EXPLAIN SELECT * FROM t WHERE id = ?", "i", RANDOM_READS},
    {"SELECT " TEN("'a'") "," TEN(TEN("1")) "," TEN(TEN("seq")) "," TEN("seq") "," TEN(
         "seq") ", ?, ?, ?, ?, ?, ?, ?, ?, 1, 2," TEN("NULL") " FROM seq_1_to_2",
     "nnnnnn**", RANDOM_READS},
    {"SELECT " TEN(TEN("seq")) "," TEN(TEN("'t'")) "," TEN("1") "," TEN("2") "," TEN("3") "," TEN(
         "4") "," TEN("5") ", ? FROM seq_1_to_2",
     "n", RANDOM_READS},
    {"SELECT " TEN(TEN("seq")) "," TEN(TEN("'t'")) "," TEN("1") "," TEN("2") "," TEN("3") "," TEN(
         "4") "," TEN("5") " FROM seq_1_to_2",
     "", RANDOM_READS},
    {"CALL one(?)", "n", 0},
    {"CALL one(1)", "", 0},
    {"CALL some_of(?)", "n", 0},
    {"CALL some_of(2)", "", 0},
    {"CALL quiet(?)", "n", 0},
    {"CALL gives(?, ?)", "nn", 0},
    {"CALL fails(?)", "n", 0},
    {"DO ?", "*", 0},
    {"DO 1", "", 0},
    {"INSERT INTO t (a, b) VALUES (?, ?)", "ns", 0},
    {"INSERT INTO t (a, b) VALUES (?, ?)", "**", 0},
    {"INSERT INTO t (a, b) VALUES (1, 'one'), (2, 'two')", "", 0},
    {"INSERT INTO t (id, a, b) VALUES (?, ?, ?)", "ins", 0},
    {"INSERT IGNORE INTO t (id, a, b) VALUES (?, ?, ?)", "i*s", 0},
    {"REPLACE INTO t (id, a, b) VALUES (?, ?, ?)", "ins", 0},
    {"INSERT INTO t (id, a, b) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE a = VALUES(a) + 1", "ins",
     0},
    {"INSERT INTO t (a, b) VALUES (?, ?) RETURNING id, a, b", "ns", 0},
    {"INSERT INTO t (a, b) VALUES (5, 'five') RETURNING id, a", "", 0},
    {"DELETE FROM t WHERE id = ? RETURNING a, b", "i", 0},
    {"UPDATE t SET a = a + 1 WHERE id = ?", "i", 0},
    {"UPDATE t SET a = ?, b = ? WHERE id > ?", "nsi", 0},
    {"UPDATE t SET a = 3 WHERE id < 5", "", 0},
    {"UPDATE t SET id = LAST_INSERT_ID(id) WHERE id = ?", "i", 0},
    {"DELETE FROM t WHERE id = ?", "i", 0},
    {"DELETE FROM t WHERE id > 40", "", 0},
    {"INSERT INTO kinds (o, p, dt) VALUES (?, ?, ?)", "ttt", 0},
    {"INSERT INTO kinds (b, c, i) VALUES (?, ?, ?)", "nn*", 0},
    {"DELETE FROM kinds WHERE id > 10", "", 0},
    {"REPLACE INTO batched (id, a, b) VALUES (?, ?, ?)", "ins", 0},
    {"SELECT * FROM batched ORDER BY id", "", RANDOM_READS},
    {"SELECT * FROM batched WHERE id <> ? ORDER BY id", "i", RANDOM_READS},
    {"ALTER TABLE shape ADD COLUMN extra INT DEFAULT 5", "", 0},
    {"ALTER TABLE shape DROP COLUMN extra", "", 0},
    {"ALTER TABLE shape MODIFY a INT", "", 0},
    {"ALTER TABLE shape MODIFY a BIGINT UNSIGNED", "", 0},
    {"ALTER TABLE shape MODIFY a VARCHAR(30)", "", 0},
    {"ALTER TABLE shape CHANGE b c DOUBLE", "", 0},
    {"ALTER TABLE shape CHANGE c b DOUBLE", "", 0},
    {"UPDATE shape SET a = ? WHERE id = 1", "n", 0},
    {"CREATE TABLE IF NOT EXISTS made AS SELECT ? AS a", "*", 0},
    {"DROP TABLE IF EXISTS made", "", 0},
    {"SELECT * FROM made", "", RANDOM_READS},
    {"SELECT * FROM made WHERE 1 = ?", "n", RANDOM_READS},
    {"SELECT nothing FROM nowhere", "", RANDOM_READS},
    {"SELECT nothing FROM nowhere WHERE a = ?", "*", RANDOM_READS},
    {"SELEC ?", "*", RANDOM_READS},
    {"SELECT 7 INTO @v", "", RANDOM_ON_LEASE},
    {"SELECT ? INTO @v", "*", RANDOM_ON_LEASE},
    {"SET @v = ?", "*", RANDOM_ON_LEASE},
    {"SET @v = 'v'", "", RANDOM_ON_LEASE},
    {"SELECT @v AS v", "", RANDOM_ON_LEASE | RANDOM_READS},
    {"BEGIN", "", RANDOM_ON_LEASE},
    {"COMMIT", "", RANDOM_ON_LEASE},
    {"ROLLBACK", "", RANDOM_ON_LEASE},
    {"SAVEPOINT here", "", RANDOM_ON_LEASE},
    {"ROLLBACK TO here", "", RANDOM_ON_LEASE},
    {"SET autocommit = 0", "", RANDOM_ON_LEASE},
    {"SET autocommit = 1", "", RANDOM_ON_LEASE},
    {"SET SESSION sql_mode = ''", "", RANDOM_ON_LEASE},
    {"SET SESSION sql_mode = DEFAULT", "", RANDOM_ON_LEASE},
    {"SET NAMES latin1", "", 0 /* never: see random_draw_set */},
    {"CREATE TEMPORARY TABLE IF NOT EXISTS shape (id INT, z TEXT)", "", RANDOM_ON_LEASE},
    {"CREATE TEMPORARY TABLE IF NOT EXISTS temp (a INT) SELECT ? AS b", "*", RANDOM_ON_LEASE},
    {"SELECT * FROM temp WHERE a IS NULL OR a <> ?", "n", RANDOM_ON_LEASE | RANDOM_READS},
    {"DROP TEMPORARY TABLE IF EXISTS temp, shape", "", RANDOM_ON_LEASE},
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

const char random_tables[] =
    "DROP TABLE IF EXISTS t, batched, shape, kinds, made;"
    "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b LONGTEXT);"
    "CREATE TABLE batched (id INT PRIMARY KEY, a INT, b LONGTEXT);"
    "CREATE TABLE shape (id INT PRIMARY KEY, a INT, b DOUBLE);"
    "INSERT INTO shape VALUES (1, 10, 1.5), (2, NULL, 2.5), (3, 30, NULL);"
    "CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED, c "
    "MEDIUMINT,"
    " d INT UNSIGNED, e BIGINT, f BIT(12), h DOUBLE(10,3), i DECIMAL(20,6), j CHAR(5), k "
    "VARBINARY(20),"
    " l ENUM('x','y'), m SET('p','q','r'), n YEAR, o TIME(3), p TIMESTAMP(6) NULL, dt DATE, q "
    "LONGBLOB,"
    " r JSON);"
    "INSERT INTO kinds VALUES (1, -128, 65535, -8388608, 4294967295, 9223372036854775807,"
    " b'101010101010', -1234567.8915, 12345678901234.567891, 'abc', 0x00ff, 'y', 'r,p', 2155,"
    " '-12:34:56.789', '2001-02-03 04:05:06', '1999-12-31', 0xdeadbeef, '{\"a\": [1, null]}');"
    "INSERT INTO kinds (id) VALUES (2);";

const char random_routines[] =
    "CREATE FUNCTION fails_at_50(n INT) RETURNS INT NO SQL BEGIN IF n = 50 THEN SIGNAL SQLSTATE "
    "'45000'"
    " SET MESSAGE_TEXT = 'fifty'; END IF; RETURN n; END;"
    "CREATE PROCEDURE one(n INT) BEGIN SELECT n AS n; END;"
    "CREATE PROCEDURE some_of(n INT) BEGIN IF n > 0 THEN SELECT n AS n, 'one' AS s; END IF; IF n > "
    "1 THEN"
    " SELECT seq FROM seq_1_to_5; END IF; IF n = 3 THEN UPDATE t SET a = a + 1 WHERE id < 3; END "
    "IF;"
    " END;"
    "CREATE PROCEDURE quiet(n INT) BEGIN UPDATE t SET a = n WHERE id = n; END;"
    "CREATE PROCEDURE gives(n INT, OUT m BIGINT) BEGIN SET m = n * 2; IF n = 2 THEN SELECT 'two'; "
    "END IF;"
    " END;"
    "CREATE PROCEDURE fails(n INT) BEGIN IF n > 0 THEN SELECT n; END IF; IF n > 1 THEN SIGNAL "
    "SQLSTATE"
    " '45000'; END IF; END;";

enum { SET = 10, TEXT = 3 * 1024 * 1024 };

bool random_is_small;
static unsigned set[SET];
static char *texts;

void random_draw_set(bool lease)
{
  for (int i = 0; i < SET; i++) {
    const random_statement_t *statement;

    do {
      set[i] = random_below(STATEMENTS);
      statement = &statements[set[i]];
    } while (strcmp(statement->sql, "SET NAMES latin1") == 0 ||
             ((statement->flags & RANDOM_ON_LEASE) && !lease) ||
             ((statement->flags & RANDOM_LARGE) && random_is_small));
  }
}

static size_t draw_size(void)
{
  static const size_t sizes[] = {0,   1,   2,   6,   20,   249,  250, 251,
                                 252, 900, 960, 980, 1000, 1024, 1100};

  if (random_is_small)
    return sizes[random_below(sizeof sizes / sizeof *sizes)];
  if (random_once_in(100))
    return 20000 + random_below(60000);
  if (random_once_in(1500))
    return 1000000 + random_below(1200000);
  if (random_once_in(10))
    return random_below(1100);
  return sizes[random_below(sizeof sizes / sizeof *sizes)];
}

static aurora_value_t draw_moment(void)
{
  aurora_datetime_t moment = {(uint16_t)(1971 + random_below(60)),
                              (uint8_t)(1 + random_below(12)),
                              (uint8_t)(1 + random_below(28)),
                              (uint8_t)random_below(24),
                              (uint8_t)random_below(60),
                              (uint8_t)random_below(60),
                              random_once_in(2) ? 0 : random_below(1000000)};
  aurora_time_t span = {random_once_in(2), (uint16_t)random_below(800), (uint8_t)random_below(60),
                        (uint8_t)random_below(60), random_once_in(2) ? 0 : random_below(1000000)};

  switch (random_below(3)) {
  case 0:
    moment.hour = moment.minute = moment.second = 0;
    moment.microsecond = 0;
    return (aurora_value_t){AURORA_TYPE_DATE, {.datetime = moment}};
  case 1:
    return (aurora_value_t){AURORA_TYPE_DATETIME, {.datetime = moment}};
  default:
    return (aurora_value_t){AURORA_TYPE_TIME, {.time = span}};
  }
}

static aurora_value_t draw_text(void)
{
  size_t size = draw_size();

  return (aurora_value_t){AURORA_TYPE_STRING, {.text = {texts + random_below(1000), size}}};
}

static aurora_value_t draw_anything(void)
{
  static const char *const decimals[] = {"0", "1.5", "-12345678901234567890.123456", "99.90"};
  static const int64_t numbers[] = {0, 1, -1, 50, INT64_MAX, INT64_MIN};
  aurora_value_t value;

  switch (random_below(10)) {
  case 0:
    return aurora_null();
  case 1:
  case 2:
    return aurora_int64(numbers[random_below(6)]);
  case 3:
    return (aurora_value_t){AURORA_TYPE_UINT64,
                            {.uint64 = random_once_in(2) ? UINT64_MAX : random_below(100)}};
  case 4:
    return aurora_double(random_once_in(2) ? 2.5 : -1e300);
  case 5:
    return aurora_decimal(decimals[random_below(4)]);
  case 6:
    value = draw_text();
    value.type = AURORA_TYPE_BYTES;
    return value;
  case 7:
    return draw_moment();
  default:
    return draw_text();
  }
}

aurora_value_t random_draw_value(char kind)
{
  static const int64_t sizes[] = {0, 1, 10, 100, 600, 700, 800, 820, 1000, 5000};

  if (random_once_in(60))
    return draw_anything();
  switch (kind) {
  case 'i':
    return aurora_int64(1 + random_below(45));
  case 'n':
    return aurora_int64(random_below(4));
  case 'd':
    return aurora_double(random_below(4));
  case 'r':
    return aurora_int64(random_once_in(2)
                            ? sizes[random_below(10)]
                            : (random_is_small ? 900 : 16200) + (int64_t)random_below(200));
  case 's':
    return draw_text();
  case 't':
    return draw_moment();
  default:
    return draw_anything();
  }
}

const random_statement_t *random_draw_statement(void)
{
  return &statements[set[random_below(SET)]];
}

void random_begin(void)
{
  texts = malloc(TEXT);
  ck_assert_ptr_nonnull(texts);
  for (size_t i = 0; i < TEXT; i++)
    texts[i] = (char)('a' + i % 23);
}

void random_end(void)
{
  free(texts);
  texts = NULL;
}
