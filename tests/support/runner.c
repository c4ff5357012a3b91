#include "support/runner.h"

#include <stdlib.h>

int test_run(Suite *suite)
{
  SRunner *runner = srunner_create(suite);
  int failed;

  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
