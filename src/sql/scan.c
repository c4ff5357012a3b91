/*
 * The scan of a statement's text (scan.h).
 *
 * Session tracking tells of SET, USE, temporary tables and the like. It does not tell what a
 * statement with a result set does on the way: SELECT @a := 1, SELECT GET_LOCK('x', 1), or all
 * that a stored function does. So the scan looks for the few things by which a statement could do
 * that, and it is a white list: what it does not know is harmful, which costs a reset, a round
 * trip.
 *
 * A text is harmless when
 *   - its first word is one of `statements`: they read and write rows and do nothing else;
 *   - there is no '@' but in the '@@' of a system variable, which is only read here, and no ':';
 *   - each '(' stands where no function is called, or after the name of a built-in one that leaves
 *     nothing behind (may_open);
 *   - it holds none of the words in `special_words` that say FORBIDDEN;
 *   - there is no executable comment, and nothing after a ';';
 *   - its strings end in the same place whatever sql_mode says.
 *
 * Functions. `functions` holds only names that are built in on MySQL 5.7, 8.0 and MariaDB 10.11
 * alike: on a server that has no function of that name, a stored one would be called. Even a
 * built-in name calls a stored function when it is qualified (db.count(...)), quoted, or, for
 * some of them, when a blank or comment stands before the '('. `keywords` never call one: there
 * may be blanks.
 *
 * Strings. NO_BACKSLASH_ESCAPES and ANSI_QUOTES change what a backslash does and what "..." is. A
 * backslash before the quote that surrounds it makes the text harmful; "..." may always be a
 * name. The client's character set is taken to be one in which no byte of a longer character
 * looks like ASCII: that is so in UTF-8 and latin1, not in big5, gbk, gb18030, sjis and cp932.
 *
 * Not counted, because every statement leaves them and no pool cleans them: LAST_INSERT_ID(),
 * FOUND_ROWS(), ROW_COUNT(), warnings, status counters, the state of RAND().
 *
 * What a text cannot show: what triggers, and stored functions in views, do. Measured with MariaDB
 * 10.11: the status flag SERVER_SESSION_STATE_CHANGED reports their SET, of user variables too, and
 * their temporary tables, even after a result set, but not after an error: so the caller counts a
 * statement that failed as dirty. Neither flag nor text shows
 *   - GET_LOCK in a trigger, or in a function behind a view;
 *   - @a := 1 inside an expression there (a SET statement is reported);
 *   - the PREVIOUS VALUE of a sequence that is a column's default or stands in a view;
 *   - on MySQL (9.7) the SET of a function behind a view, until a later statement's OK packet tells of it.
 * For such schemas there is AURORA_RESET_ALWAYS.
 */
#include "sql/scan.h"

#include <string.h>

/* Longer than every word in the tables. */
enum { WORD_SIZE = 24 };

typedef enum {
  TOKEN_NONE, /* before the first */
  TOKEN_WORD, /* a keyword, an unquoted name, a number */
  TOKEN_QUOTED,
  TOKEN_DOT,
  TOKEN_CLOSE, /* ) */
  TOKEN_OTHER
} token_t;

/* What a word or quoted name is, as far as what stands before it tells. */
typedef enum {
  ROLE_PLAIN,
  ROLE_QUALIFIED,  /* after a dot */
  ROLE_TARGET,     /* INTO name, INTO db.name: what follows in parentheses are columns */
  ROLE_LABEL,      /* WITH name, AS name: likewise, or the size of a type */
  ROLE_AFTER_CLOSE /* no expression begins here */
} role_t;

typedef enum { SPECIAL_NONE, SPECIAL_FORBIDDEN, SPECIAL_INTO, SPECIAL_LABELS } special_t;

typedef struct {
  const char *at;
  const char *end;
  /* The last token. */
  token_t token;
  role_t role;          /* of a word or quoted name, and of the one before a dot */
  special_t special;    /* of a word */
  const char *word_end; /* of a word */
  char word[WORD_SIZE]; /* a word in capitals; "" when it is longer than any that is known */
} scan_t;

static const char *const statements[] = {"SELECT",  "INSERT",   "UPDATE", "DELETE",
                                         "REPLACE", "WITH",     "VALUES", "SHOW",
                                         "EXPLAIN", "DESCRIBE", "DESC",   "DO"};

static const struct {
  const char *word;
  special_t special;
} special_words[] = {
    {"INTO", SPECIAL_INTO},
    {"AS", SPECIAL_LABELS},
    {"WITH", SPECIAL_LABELS},
    {"RECURSIVE", SPECIAL_LABELS},
    /* NEXT VALUE FOR a sequence changes its PREVIOUS VALUE; Oracle mode knows sequence.NEXTVAL. */
    {"NEXT", SPECIAL_FORBIDDEN},
    {"NEXTVAL", SPECIAL_FORBIDDEN},
    /* They write files: not what this is for. */
    {"OUTFILE", SPECIAL_FORBIDDEN},
    {"DUMPFILE", SPECIAL_FORBIDDEN},
};

/* clang-format off */

/* Sorted. Words that may stand before a '(' and call nothing. */
static const char *const keywords[] = {
    "ALL", "AND", "ANY", "AS", "BETWEEN", "BINARY", "BY", "CASE", "DISTINCT", "DIV", "ELSE",
    "EXISTS", "FROM", "HAVING", "IN", "INDEX", "INTERVAL", "JOIN", "KEY", "LIKE", "MATCH",
    "MOD", "NOT", "ON", "OR", "PARTITION", "REGEXP", "RLIKE", "SELECT", "SOME", "STRAIGHT_JOIN",
    "THEN", "UNION", "USING", "VALUES", "WHEN", "WHERE", "XOR",
};

/* Sorted. Built-in functions that leave nothing behind. */
static const char *const functions[] = {
    "ABS", "ACOS", "ADDDATE", "ADDTIME", "AES_DECRYPT", "AES_ENCRYPT", "ASCII", "ASIN", "ATAN",
    "ATAN2", "AVG", "BENCHMARK", "BIN", "BIT_AND", "BIT_COUNT", "BIT_LENGTH", "BIT_OR",
    "BIT_XOR", "CAST", "CEIL", "CEILING", "CHAR", "CHARACTER_LENGTH", "CHARSET", "CHAR_LENGTH",
    "COALESCE", "COERCIBILITY", "COLLATION", "COMPRESS", "CONCAT", "CONCAT_WS", "CONNECTION_ID",
    "CONV", "CONVERT", "CONVERT_TZ", "COS", "COT", "COUNT", "CRC32", "CURDATE", "CURRENT_DATE",
    "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURTIME", "DATABASE", "DATE",
    "DATEDIFF", "DATE_ADD", "DATE_FORMAT", "DATE_SUB", "DAY", "DAYNAME", "DAYOFMONTH",
    "DAYOFWEEK", "DAYOFYEAR", "DECIMAL", "DEFAULT", "DEGREES", "ELT", "EXP", "EXPORT_SET",
    "EXTRACT", "EXTRACTVALUE", "FIELD", "FIND_IN_SET", "FLOOR", "FORMAT", "FOUND_ROWS",
    "FROM_BASE64", "FROM_DAYS", "FROM_UNIXTIME", "GET_FORMAT", "GREATEST", "GROUP_CONCAT",
    "HEX", "HOUR", "IF", "IFNULL", "INET6_ATON", "INET6_NTOA", "INET_ATON", "INET_NTOA",
    "INSERT", "INSTR", "ISNULL", "IS_FREE_LOCK", "IS_IPV4", "IS_IPV6", "IS_USED_LOCK",
    "JSON_ARRAY", "JSON_ARRAY_APPEND", "JSON_ARRAY_INSERT", "JSON_CONTAINS",
    "JSON_CONTAINS_PATH", "JSON_DEPTH", "JSON_EXTRACT", "JSON_INSERT", "JSON_KEYS",
    "JSON_LENGTH", "JSON_OBJECT", "JSON_QUOTE", "JSON_REMOVE", "JSON_REPLACE", "JSON_SEARCH",
    "JSON_SET", "JSON_TYPE", "JSON_UNQUOTE", "JSON_VALID", "LAST_DAY", "LCASE", "LEAST", "LEFT",
    "LENGTH", "LN", "LOAD_FILE", "LOCALTIME", "LOCALTIMESTAMP", "LOCATE", "LOG", "LOG10",
    "LOG2", "LOWER", "LPAD", "LTRIM", "MAKEDATE", "MAKETIME", "MAKE_SET", "MAX", "MD5",
    "MICROSECOND", "MID", "MIN", "MINUTE", "MOD", "MONTH", "MONTHNAME", "NOW", "NULLIF", "OCT",
    "OCTET_LENGTH", "ORD", "PERIOD_ADD", "PERIOD_DIFF", "PI", "POSITION", "POW", "POWER",
    "QUARTER", "QUOTE", "RADIANS", "RAND", "REPEAT", "REPLACE", "REVERSE", "RIGHT", "ROUND",
    "ROW_COUNT", "RPAD", "RTRIM", "SCHEMA", "SECOND", "SEC_TO_TIME", "SESSION_USER", "SHA",
    "SHA1", "SHA2", "SIGN", "SIN", "SLEEP", "SOUNDEX", "SPACE", "SQRT", "STD", "STDDEV",
    "STDDEV_POP", "STDDEV_SAMP", "STRCMP", "STR_TO_DATE", "ST_ASTEXT", "ST_CONTAINS",
    "ST_DISTANCE", "ST_DISTANCE_SPHERE", "ST_GEOMFROMTEXT", "ST_INTERSECTS", "ST_SRID",
    "ST_WITHIN", "ST_X", "ST_Y", "SUBDATE", "SUBSTR", "SUBSTRING", "SUBSTRING_INDEX", "SUBTIME",
    "SUM", "SYSDATE", "SYSTEM_USER", "TAN", "TIME", "TIMEDIFF", "TIMESTAMP", "TIMESTAMPADD",
    "TIMESTAMPDIFF", "TIME_FORMAT", "TIME_TO_SEC", "TO_BASE64", "TO_DAYS", "TO_SECONDS", "TRIM",
    "TRUNCATE", "UCASE", "UNCOMPRESS", "UNCOMPRESSED_LENGTH", "UNHEX", "UNIX_TIMESTAMP",
    "UPDATEXML", "UPPER", "USER", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "UUID", "UUID_SHORT",
    "VARIANCE", "VAR_POP", "VAR_SAMP", "VERSION", "WEEK", "WEEKDAY", "WEEKOFYEAR",
    "WEIGHT_STRING", "YEAR", "YEARWEEK",
};

/* clang-format on */

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool is_in(const char *word, const char *const *sorted, size_t count)
{
  size_t low = 0;

  while (low < count) {
    size_t middle = low + (count - low) / 2;
    int order = strcmp(word, sorted[middle]);

    if (order == 0)
      return true;
    if (order < 0)
      count = middle;
    else
      low = middle + 1;
  }
  return false;
}

/* Most words differ in their first byte: a call is spared. */
static bool is_same(const char *word, const char *other)
{
  return word[0] == other[0] && strcmp(word, other) == 0;
}

static bool begins_harmless_statement(const char *word)
{
  for (size_t i = 0; i < COUNT_OF(statements); i++)
    if (is_same(word, statements[i]))
      return true;
  return false;
}

static special_t special_of(const char *word)
{
  for (size_t i = 0; i < COUNT_OF(special_words); i++)
    if (is_same(word, special_words[i].word))
      return special_words[i].special;
  return SPECIAL_NONE;
}

static bool is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (unsigned char)c >= 0x80;
}

static bool is_printable(char c)
{
  return c > ' ' && c < 0x7f;
}

/* The byte that many bytes ahead; NUL past the end. */
static char peek(const scan_t *scan, size_t ahead)
{
  return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : '\0';
}

/* Skips a comment to the end of its line. To the server a NUL ends it, too: false. */
static bool skip_line(scan_t *scan)
{
  while (scan->at < scan->end && *scan->at != '\n')
    if (*scan->at++ == '\0')
      return false;
  return true;
}

/* Skips a comment between slashes and stars. False: it does not end, its content is executed, or it
 * is an optimizer's hint with quotes, inside which a star and slash would not end it. */
static bool skip_comment(scan_t *scan)
{
  bool hint;

  scan->at += 2;
  if (peek(scan, 0) == '!' || ((peek(scan, 0) | 0x20) == 'm' && peek(scan, 1) == '!'))
    return false;
  hint = peek(scan, 0) == '+';
  for (; scan->end - scan->at >= 2; scan->at++) {
    if (scan->at[0] == '*' && scan->at[1] == '/') {
      scan->at += 2;
      return true;
    }
    if (hint && (*scan->at == '\'' || *scan->at == '"' || *scan->at == '`'))
      return false;
  }
  return false;
}

/* Moves to the next token or the end. False: a comment that cannot be skipped. "--" is two minus
 * signs before a printable character; beyond ASCII that depends on the character set. */
static bool skip_blanks(scan_t *scan)
{
  for (;;) {
    char c = peek(scan, 0);

    if (is_blank(c)) {
      scan->at++;
    } else if (c == '#') {
      if (!skip_line(scan))
        return false;
    } else if (c == '-' && peek(scan, 1) == '-') {
      if (scan->end - scan->at > 2 && !is_blank(scan->at[2]))
        return is_printable(scan->at[2]);
      if (!skip_line(scan))
        return false;
    } else if (c == '/' && peek(scan, 1) == '*') {
      if (!skip_comment(scan))
        return false;
    } else {
      return true;
    }
  }
}

/* Reads '...', "..." or `...`; a doubled quote ends it and begins another, which comes to the same.
 * False: it does not end, or not in one place in every sql_mode. */
static bool read_quoted(scan_t *scan)
{
  char quote = *scan->at++;

  while (scan->at < scan->end) {
    char c = *scan->at++;

    if (c == quote)
      return true;
    if (c == '\\' && quote != '`') {
      if (scan->at == scan->end || *scan->at == quote)
        return false;
      scan->at++;
    }
  }
  return false;
}

static void read_word(scan_t *scan)
{
  size_t size = 0;

  for (; scan->at < scan->end && is_word_byte(*scan->at); scan->at++) {
    char c = *scan->at;

    if (size < WORD_SIZE)
      scan->word[size++] = c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
  }
  scan->word[size < WORD_SIZE ? size : 0] = '\0';
  scan->word_end = scan->at;
}

/* The role of a name that follows the last token. */
static role_t role_of_next(const scan_t *scan)
{
  switch (scan->token) {
  case TOKEN_DOT:
    return scan->role == ROLE_TARGET ? ROLE_TARGET : ROLE_QUALIFIED;
  case TOKEN_CLOSE:
    return ROLE_AFTER_CLOSE;
  case TOKEN_WORD:
    if (scan->role == ROLE_QUALIFIED)
      return ROLE_PLAIN;
    if (scan->special == SPECIAL_INTO)
      return ROLE_TARGET;
    return scan->special == SPECIAL_LABELS ? ROLE_LABEL : ROLE_PLAIN;
  case TOKEN_NONE:
  case TOKEN_QUOTED:
  case TOKEN_OTHER:
    return ROLE_PLAIN;
  }
  return ROLE_PLAIN;
}

/* Whether a '(' at scan->at, after the last token, calls nothing that could leave something. */
static bool may_open(const scan_t *scan)
{
  if (scan->token != TOKEN_WORD && scan->token != TOKEN_QUOTED)
    return scan->token != TOKEN_DOT;
  if (scan->role == ROLE_TARGET || scan->role == ROLE_LABEL)
    return true;
  if (scan->token == TOKEN_QUOTED || scan->role == ROLE_QUALIFIED)
    return false;
  if (is_in(scan->word, keywords, COUNT_OF(keywords)))
    return true;
  if (scan->role == ROLE_AFTER_CLOSE &&
      (is_same(scan->word, "OVER") || is_same(scan->word, "AGAINST")))
    return true;
  return scan->word_end == scan->at && is_in(scan->word, functions, COUNT_OF(functions));
}

/* Reads a token that is neither a word nor quoted. False: not one that is known to be harmless. */
static bool read_sign(scan_t *scan)
{
  char c = *scan->at;

  if (c == '(') {
    if (!may_open(scan))
      return false;
    scan->token = TOKEN_OTHER;
  } else if (c == ')') {
    scan->token = TOKEN_CLOSE;
  } else if (c == '.') {
    scan->token = TOKEN_DOT;
  } else if (c == '@' && peek(scan, 1) == '@') {
    scan->at++;
    scan->token = TOKEN_OTHER;
  } else if (c != '\0' && strchr(",=<>!+-*/%&|^~?{}", c)) {
    scan->token = TOKEN_OTHER;
  } else {
    return false;
  }
  scan->at++;
  return true;
}

bool aurora__sql_is_harmless(const char *sql, size_t size)
{
  scan_t scan = {.at = sql, .end = sql + size, .token = TOKEN_NONE, .role = ROLE_PLAIN};
  bool begun = false;

  for (;;) {
    char c;

    if (!skip_blanks(&scan))
      return false;
    if (scan.at == scan.end)
      return begun;
    c = *scan.at;
    if (c == ';') {
      scan.at++;
      return begun && skip_blanks(&scan) && scan.at == scan.end;
    }
    if (is_word_byte(c)) {
      role_t role = role_of_next(&scan);

      read_word(&scan);
      scan.token = TOKEN_WORD;
      scan.role = role;
      scan.special = special_of(scan.word);
      if (scan.special == SPECIAL_FORBIDDEN)
        return false;
      if (!begun && !begins_harmless_statement(scan.word))
        return false;
      begun = true;
    } else if (!begun && c != '(') {
      return false;
    } else if (c == '\'' || c == '"' || c == '`') {
      scan.role = role_of_next(&scan);
      scan.token = TOKEN_QUOTED;
      if (!read_quoted(&scan))
        return false;
    } else if (!read_sign(&scan)) {
      return false;
    }
  }
}

/* Sorted. First words of statements that are no XA and run none: what they call, stored functions and
 * triggers, cannot either. */
static const char *const never_xa[] = {
    "ALTER",    "ANALYZE",  "CHECK",     "COMMIT",  "CREATE",  "DELETE",  "DESC",
    "DESCRIBE", "DO",       "DROP",      "EXPLAIN", "FLUSH",   "GRANT",   "HANDLER",
    "INSERT",   "KILL",     "LOAD",      "LOCK",    "PREPARE", "RELEASE", "REPLACE",
    "REVOKE",   "ROLLBACK", "SAVEPOINT", "SELECT",  "SHOW",    "START",   "TABLE",
    "TRUNCATE", "UNLOCK",   "UPDATE",    "USE",     "VALUES",  "WITH",
};

bool aurora__sql_may_be_xa(const char *sql, size_t size)
{
  scan_t scan = {.at = sql, .end = sql + size, .token = TOKEN_NONE, .role = ROLE_PLAIN};
  bool is_set, is_begin;

  if (!skip_blanks(&scan) || !is_word_byte(peek(&scan, 0)))
    return true;
  read_word(&scan);
  if (is_in(scan.word, never_xa, COUNT_OF(never_xa)))
    return false;
  is_set = is_same(scan.word, "SET");
  is_begin = is_same(scan.word, "BEGIN");
  if (!(is_set || is_begin) || !skip_blanks(&scan))
    return true;
  read_word(&scan);
  /* SET STATEMENT ... FOR CALL ..., BEGIN NOT ATOMIC ... */
  return is_same(scan.word, is_set ? "STATEMENT" : "NOT");
}
