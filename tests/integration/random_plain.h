/*
 * The plain client beside the pool of test_random.c, and the databases of both. It tells, too, when a statement
 * that failed has ended the transaction of a lease: then the pool has to refuse what follows.
 */
#ifndef TESTS_INTEGRATION_RANDOM_PLAIN_H
#define TESTS_INTEGRATION_RANDOM_PLAIN_H

#include <stdbool.h>

#include <mysql.h>

#include "integration/transcript.h"
#include "support/database.h"

/* Once: databases plain and octane with what no statement changes. */
void random_make_databases(database_t *database);
/* For each round: their tables. */
void random_make_tables(database_t *database);

MYSQL *random_plain_open(const database_t *database);
/* As a lease that is handed on. */
void random_plain_reset(MYSQL *mysql);

void random_plain_run(transcript_t *transcript, MYSQL *mysql, const script_step_t *step);
/* A statement that failed has ended the transaction: this one cannot follow, and must not be run. */
bool random_plain_refuses(const char *sql);

#endif
