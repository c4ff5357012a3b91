/*
 * Progress. The step's text is kept, for on a terminal each round writes the line anew.
 */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static char step[160];

static int on_terminal(void)
{
  return isatty(STDERR_FILENO);
}

void progress_step(const char *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(step, sizeof step, format, arguments);
  va_end(arguments);
  if (on_terminal())
    fprintf(stderr, "\r\033[K%s ...", step);
  else
    fprintf(stderr, "%s ...\n", step);
}

void progress_round(unsigned done, unsigned all)
{
  if (on_terminal())
    fprintf(stderr, "\r\033[K%s ... %u of %u", step, done, all);
}

void progress_end(void)
{
  if (on_terminal())
    fprintf(stderr, "\r\033[K");
}
