/*
 * A data directory made once and copied for each server: initialising one takes a second.
 */
#ifndef TESTS_SUPPORT_DATABASE_TEMPLATE_H
#define TESTS_SUPPORT_DATABASE_TEMPLATE_H

#include "support/files.h"

/* The full path of a server program on PATH, in /usr/sbin or /usr/libexec. 0 or -ENOENT. */
int database_find_program(const char *name, char ret_path[FILES_PATH_SIZE]);

/* Copies the template to `directory`, which must not exist, making the template first if need be.
 * 0, or a negative errno value after a line on stderr. */
int database_copy_template(const char *mariadbd, const char *directory);

#endif
