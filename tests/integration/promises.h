/*
 * The ten promises that the library makes to its callers, one test each (two where one needs a server of
 * its own). Each goes to the heart of its promise; what is listed there is tested in depth elsewhere.
 */
#ifndef TESTS_INTEGRATION_PROMISES_H
#define TESTS_INTEGRATION_PROMISES_H

#include <check.h>

#include "support/database.h"

extern database_t promises_database;

void promises_add_calls(TCase *tcase);    /* 1 to 5: how calls and callbacks behave */
void promises_add_sessions(TCase *tcase); /* 6 to 10: what comes of what was asked for */

#endif
