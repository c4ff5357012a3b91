/*
 * libFuzzer target: any text, by itself and after "SELECT ". Beside the sanitizers it finds a
 * harmless text whose code, read by a second, plainer reader, holds a user variable, an assignment
 * or a second statement, under any way to read strings; a verdict that depends on upper and lower
 * case; and a text that hides what comes after it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sql/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
  if (!condition)
    abort();
}

/* The length of the string, name or comment that begins at text, 0 for none. */
static size_t skipped(const char *text, bool backslash_escapes, bool ansi_quotes)
{
  const char *at = text;
  char quote = *text;

  if (quote == '\'' || quote == '"' || quote == '`') {
    bool escapes = backslash_escapes && (quote == '\'' || (quote == '"' && !ansi_quotes));

    for (at++; *at; at++) {
      if (escapes && *at == '\\')
        at++;
      else if (*at == quote && at[1] == quote)
        at++;
      else if (*at == quote)
        return (size_t)(at - text) + 1;
      must(*at != '\0');
    }
    must(0);
  }
  if (*at == '#' ||
      (at[0] == '-' && at[1] == '-' && (at[2] == '\0' || isspace((unsigned char)at[2]))))
    return strcspn(at, "\n");
  if (at[0] == '/' && at[1] == '*') {
    const char *end = strstr(at + 2, "*/");

    must(end != NULL && at[2] != '!');
    return (size_t)(end - at) + 2;
  }
  return 0;
}

/* text is harmless and holds no NUL: what the server would take for code must be so. */
static void check_code(const char *text, bool backslash_escapes, bool ansi_quotes)
{
  char *code = malloc(strlen(text) + 1);
  size_t size = 0;
  size_t skip;

  must(code != NULL);
  for (const char *at = text; *at; at += skip) {
    skip = skipped(at, backslash_escapes, ansi_quotes);
    if (skip == 0) {
      code[size++] = *at;
      skip = 1;
    } else {
      code[size++] = ' ';
    }
  }
  code[size] = '\0';
  must(strstr(code, ":=") == NULL);
  for (const char *at = strchr(code, '@'); at; at = strchr(at + 2, '@'))
    must(at[1] == '@');
  if (strchr(code, ';'))
    must(strspn(strchr(code, ';') + 1, " \t\n\v\f\r") == strlen(strchr(code, ';') + 1));
  free(code);
}

static void check(const char *text, size_t size)
{
  char *copy = malloc(size ? size : 1);
  bool harmless;

  must(copy != NULL);
  memcpy(copy, text, size);
  harmless = aurora__sql_is_harmless(copy, size);
  for (size_t i = 0; i < size; i++)
    copy[i] = copy[i] >= 'a' && copy[i] <= 'z' ? (char)(copy[i] - 32) : copy[i];
  must(aurora__sql_is_harmless(copy, size) == harmless);
  free(copy);
  if (!harmless)
    return;
  if (memchr(text, '\0', size) == NULL) {
    check_code(text, true, false);
    check_code(text, true, true);
    check_code(text, false, false);
    check_code(text, false, true);
  }
  copy = malloc(size + 5);
  must(copy != NULL);
  memcpy(copy, text, size);
  memcpy(copy + size, "\n", 1);
  must(aurora__sql_is_harmless(copy, size + 1));
  memcpy(copy + size, "\n@a", 3);
  must(!aurora__sql_is_harmless(copy, size + 3));
  memcpy(copy + size, "\n,f()", 5);
  must(!aurora__sql_is_harmless(copy, size + 5));
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char select[] = "SELECT ";
  char *text = malloc(sizeof select + size);

  must(text != NULL);
  memcpy(text, select, sizeof select - 1);
  if (size > 0)
    memcpy(text + sizeof select - 1, data, size);
  text[sizeof select - 1 + size] = '\0';
  check(text, sizeof select - 1 + size);
  check(text + sizeof select - 1, size);
  free(text);
  return 0;
}
