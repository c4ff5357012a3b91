/*
 * Whether the program is built with AddressSanitizer, which keeps what was freed: what it takes of memory says nothing
 * then. gcc tells it by a macro, clang by a feature.
 */
#ifndef TESTS_SUPPORT_SANITIZED_H
#define TESTS_SUPPORT_SANITIZED_H

#include <stdbool.h>

static inline bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer);
#else
  return false;
#endif
}

#endif
