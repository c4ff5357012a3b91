/*
 * What is particular to one kind of database server: where its program lies, its settings, how a data
 * directory is made. database.c and database_template.c do the rest alike for all.
 */
#ifndef TESTS_SUPPORT_DATABASE_SERVER_H
#define TESTS_SUPPORT_DATABASE_SERVER_H

#include "support/database.h"
#include "support/files.h"

typedef struct {
  const char *name;        /* as AURORA_TEST_SERVER has it */
  const char *description; /* what to install where it is missing */
  /* The full path of the program. 0 or -ENOENT. */
  int (*find)(char ret_path[FILES_PATH_SIZE]);
  /* For every start; NULL-terminated. They favour speed: the data need not survive the machine. */
  const char *const *settings;
  const char *no_tls;     /* the argument that switches TLS off */
  const char *statements; /* run once in a new data directory */
  /* For making a data directory; NULL-terminated. Files of a size that is copied quickly. */
  const char *const *install_settings;
  /* The program that makes it, and the argument names for the directory and the statements' file. */
  int (*find_installer)(char ret_path[FILES_PATH_SIZE]);
  const char *install_data, *install_statements;
  /* Done after the first start, or NULL. 0, or negative after a line on stderr. */
  int (*started)(const database_t *database);
  const char *unwanted; /* a file of the new directory that no two servers may share, or NULL */
} database_server_t;

/* The users and the database of database.h. */
#define DATABASE_STATEMENTS                                                                        \
  "CREATE DATABASE octane CHARACTER SET utf8mb4;\n"                                                \
  "CREATE USER arla@'%' IDENTIFIED BY 'secret-of-arla';\n"                                         \
  "GRANT ALL PRIVILEGES ON octane.* TO arla@'%';\n"                                                \
  "CREATE USER tls_only@'%' IDENTIFIED BY 'secret-of-tls-only' REQUIRE SSL;\n"                     \
  "GRANT ALL PRIVILEGES ON octane.* TO tls_only@'%';\n"                                            \
  "CREATE USER nopass@'%';\n"                                                                      \
  "GRANT ALL PRIVILEGES ON octane.* TO nopass@'%';\n"                                              \
  "CREATE USER limited@'%' IDENTIFIED BY 'secret-of-limited' WITH MAX_USER_CONNECTIONS 2;\n"       \
  "GRANT ALL PRIVILEGES ON octane.* TO limited@'%';\n"                                             \
  "USE octane;\n"

/* Status variables: the servers have them in schemas of different names. */
#define DATABASE_STATUS(schema)                                                                    \
  "CREATE SQL SECURITY INVOKER VIEW session_status AS SELECT * FROM " schema ".session_status;\n"  \
  "CREATE SQL SECURITY INVOKER VIEW global_status AS SELECT * FROM " schema ".global_status;\n"

extern const database_server_t database_mariadb;
extern const database_server_t database_mysql;

const database_server_t *database_server(database_kind_t kind);

/* The full path of a program on PATH, in /usr/sbin or /usr/libexec. 0 or -ENOENT. */
int database_find_program(const char *name, char ret_path[FILES_PATH_SIZE]);

#endif
