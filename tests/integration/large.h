/*
 * What the tests of large data share: the server, a pool of one connection and the table large (id,
 * text, bytes, note).
 */
#ifndef TESTS_INTEGRATION_LARGE_H
#define TESTS_INTEGRATION_LARGE_H

#include <check.h>

#include "support/database.h"
#include "support/pool_fixture.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

extern database_t large_database;
extern pool_fixture_t large_fixture;

void large_set_up(void); /* what fixture_close ends */

/* A text in which a part that is missing, doubled or misplaced would be seen; to be freed. */
char *large_pattern(size_t size);
void large_must_be(const reply_t *reply, unsigned column, const char *text, size_t size);
/* As the server sees it. */
int64_t large_length(const char *text, size_t size);

void large_add_limits(Suite *suite);

#endif
