/*
 * A data directory made once and copied for each server: initialising one takes a second (MariaDB) or
 * six (MySQL).
 */
#ifndef TESTS_SUPPORT_DATABASE_TEMPLATE_H
#define TESTS_SUPPORT_DATABASE_TEMPLATE_H

#include "support/database_server.h"

/* Copies the template of this server, whose program was found at `program`, to `directory`, which must
 * not exist; makes the template first if need be. 0, or a negative errno value after a line on
 * stderr. */
int database_copy_template(const database_server_t *server, const char *program,
                           const char *directory);

#endif
