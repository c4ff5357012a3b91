/*
 * The main function of a test program: runs a Check suite and prints TAP, so that each case counts.
 */
#ifndef TESTS_SUPPORT_RUNNER_H
#define TESTS_SUPPORT_RUNNER_H

#include <check.h>

/* Runs and frees the suite. The program's exit status: 0 when every case passed. */
int test_run(Suite *suite);

#endif
