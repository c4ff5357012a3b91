/*
 * The ten promises that the library makes to its callers, each with a test of its name (or some, where a
 * promise says several things). They go to the heart; each promise is tested in depth elsewhere.
 */
#ifndef TESTS_INTEGRATION_PROMISES_H
#define TESTS_INTEGRATION_PROMISES_H

#include <check.h>

#include "support/database.h"

extern database_t promises_database;

void promises_add_loop(TCase *tcase);     /* 1 and 2: the process and its loop */
void promises_add_calls(TCase *tcase);    /* 3 to 5: how calls and callbacks behave */
void promises_add_sessions(TCase *tcase); /* 6 to 10: what comes of what was asked for */

#endif
