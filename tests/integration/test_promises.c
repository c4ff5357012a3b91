/*
 * The ten promises: see promises.h.
 */
#include "promises.h"

#include "support/database_test.h"

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
  return test_run_with_database(make_suite(), &promises_database, NULL);
}
