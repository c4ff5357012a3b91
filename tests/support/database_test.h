/*
 * What tests with a database share: their main function, and waiting for what the server does in its
 * own time, such as ending a session whose socket was closed.
 */
#ifndef TESTS_SUPPORT_DATABASE_TEST_H
#define TESTS_SUPPORT_DATABASE_TEST_H

#include "support/database.h"
#include "support/runner.h"

/* The exit status of a program whose database_start gave this error. Where there is no MySQL that is a
 * success, and the program counts as skipped. */
int database_not_started(int error);

/* test_run, with the database started before and stopped after it. options may be NULL. */
int test_run_with_database(Suite *suite, database_t *database, const database_options_t *options);

/* Asks until the query gives that number, for so long on an ordinary machine; returns what it gave
 * last. */
int64_t database_count_until(database_t *database, const char *sql, int64_t wanted,
                             uint64_t timeout_ms);

/* Ends the sessions that DATABASE_USER has. 0, or a negative errno value. */
int database_kill_sessions(database_t *database);

/* The sessions of DATABASE_USER that are left when the server had so long to end them. */
int64_t database_sessions_left(database_t *database, uint64_t timeout_ms);

#endif
