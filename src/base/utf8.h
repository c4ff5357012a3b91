/*
 * Whether bytes are well-formed UTF-8.
 */
#ifndef AURORA_BASE_UTF8_H
#define AURORA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* As Unicode's table 3-7 has it: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is
 * allowed. */
bool aurora__is_utf8(const char *text, size_t size);

#endif
