#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

const char *aurora_err_name(int code)
{
  switch (code) {
#define AURORA__NAME_GEN(name, number, text)                                                       \
  case AURORA_##name:                                                                              \
    return "AURORA_" #name;
    AURORA_ERRNO_MAP(AURORA__NAME_GEN)
#undef AURORA__NAME_GEN
#define AURORA__UV_NAME_GEN(name, text)                                                            \
  case UV_##name:                                                                                  \
    return #name;
    UV_ERRNO_MAP(AURORA__UV_NAME_GEN)
#undef AURORA__UV_NAME_GEN
  }
  return code == 0 ? "OK" : "UNKNOWN";
}

const char *aurora_strerror(int code)
{
  switch (code) {
#define AURORA__TEXT_GEN(name, number, text)                                                       \
  case AURORA_##name:                                                                              \
    return text;
    AURORA_ERRNO_MAP(AURORA__TEXT_GEN)
#undef AURORA__TEXT_GEN
#define AURORA__UV_TEXT_GEN(name, text)                                                            \
  case UV_##name:                                                                                  \
    return text;
    UV_ERRNO_MAP(AURORA__UV_TEXT_GEN)
#undef AURORA__UV_TEXT_GEN
  }
  return code == 0 ? "success" : "unknown error";
}

int aurora__error_set(aurora_error_t *ret, int code, aurora_outcome_t outcome, const char *format,
                      ...)
{
  va_list arguments;

  if (!ret)
    return code;
  memset(ret, 0, sizeof *ret);
  ret->code = code;
  ret->outcome = outcome;
  va_start(arguments, format);
  vsnprintf(ret->message, sizeof ret->message, format, arguments);
  va_end(arguments);
  return code;
}

_Noreturn void aurora__bug(const char *where, const char *what)
{
  (void)where;
  (void)what;
  abort();
}
