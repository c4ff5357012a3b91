/*
 * The ten promises: see promises.h.
 */
#include "promises.h"

#include <stdlib.h>

#include "support/runner.h"

database_t promises_database;

static Suite *make_suite(void)
{
  Suite *suite = suite_create("promises");
  TCase *tcase = tcase_create("promises");

  tcase_set_timeout(tcase, 60);
  promises_add_loop(tcase);
  promises_add_calls(tcase);
  promises_add_sessions(tcase);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (database_start(&promises_database, NULL))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&promises_database);
  return status;
}
