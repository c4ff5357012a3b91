/*
 * A private server, MariaDB or MySQL, for one test program: in a temporary directory, on a free port of 127.0.0.1 and
 * a Unix socket, with TLS. It ends and its directory goes with database_stop, and also when the
 * program crashes or is killed.
 *
 * Users: arla (all privileges on database octane, no global ones), tls_only (the same, only over
 * TLS), nopass (empty password), limited (two connections at once), root (Unix socket, no password).
 *
 * In octane one can read, on every kind of server: seq_1_to_N, a column seq with the numbers from 1 to
 * N, for the N in database_numbers.h; session_status and global_status.
 *
 * Start it before the program has threads, for it forks. All the rest may be called at any time.
 *
 * After a fork (Check runs each test in a child) the child may use its copy of the struct; child and
 * parent must not use theirs at the same time. Functions without another word return 0, or a negative
 * errno value after a line on stderr.
 */
#ifndef TESTS_SUPPORT_DATABASE_H
#define TESTS_SUPPORT_DATABASE_H

#include <stdint.h>
#include <sys/types.h>
#include "support/certificates.h"
#include "support/database_guardian.h"
#include "support/ports.h"

#define DATABASE_NAME              "octane"
#define DATABASE_USER              "arla"
#define DATABASE_PASSWORD          "secret-of-arla"
#define DATABASE_TLS_ONLY_USER     "tls_only"
#define DATABASE_TLS_ONLY_PASSWORD "secret-of-tls-only"
#define DATABASE_NOPASS_USER       "nopass"
#define DATABASE_LIMITED_USER      "limited"
#define DATABASE_LIMITED_PASSWORD  "secret-of-limited"

/* AURORA_TEST_SERVER=mariadb|mysql says which one a program is to be run on; default: mariadb. */
typedef enum { DATABASE_MARIADB, DATABASE_MYSQL } database_kind_t;

enum { DATABASE_KINDS = DATABASE_MYSQL + 1 };

typedef enum {
  DATABASE_TLS_GOOD, /* a certificate for localhost and 127.0.0.1 */
  DATABASE_TLS_EXPIRED,
  DATABASE_TLS_WRONG_NAME,
  DATABASE_TLS_OTHER_CA,
  DATABASE_TLS_NONE /* the server has no TLS */
} database_tls_t;

/* Lists of more arguments for the server, which override ours; NULL-terminated, or NULL. */
typedef struct {
  database_tls_t tls;
  const char *const *arguments;                     /* for every kind of server */
  const char *const *own_arguments[DATABASE_KINDS]; /* for one */
} database_options_t;

typedef struct {
  database_kind_t kind;
  char host[16]; /* 127.0.0.1; "localhost" leads there too */
  unsigned port;
  char socket[108];
  char dir[88]; /* all below is in here */
  char log[104];
  char ca[CERTIFICATES_PATH_SIZE];        /* signed the server's certificate, unless OTHER_CA */
  char other_ca[CERTIFICATES_PATH_SIZE];  /* did not */
  char ca_bundle[CERTIFICATES_PATH_SIZE]; /* ca and 143 others */
  char client_cert[CERTIFICATES_PATH_SIZE];
  char client_key[CERTIFICATES_PATH_SIZE];
  pid_t pid; /* 0: not running */

  /* Private. */
  port_t taken;
  guardian_t guardian;
} database_t;

/* The kind of server that the environment asks for. */
database_kind_t database_kind(void);
/* "mariadb", "mysql". */
const char *database_kind_name(database_kind_t kind);

/* 0, or -ENOENT: there is no server of that kind on this machine. */
int database_find(void);

/* Returns when the server accepts connections, in some 0.3 s (MySQL: 1 s); the very first start on a
 * machine makes the template and takes a second (6 s) more. options may be NULL. -ENOENT: there is no
 * such server on this machine. */
int database_start(database_t *ret_database, const database_options_t *options);

/* Ends the server at once and removes all its files. */
void database_stop(database_t *database);

/* SIGKILL; returns when it is dead. */
int database_kill(database_t *database);
/* SIGTERM: it closes its connections in order; returns when it has ended. */
int database_terminate(database_t *database);
/* Starts it again on the same port with the same data, ending it in order first if it runs. */
int database_restart(database_t *database);
/* SIGSTOP and SIGCONT: a server that is there but says nothing. */
int database_freeze(database_t *database);
int database_thaw(database_t *database);

/* Runs statements (separated by ';') as root in database octane, and waits for them. */
int database_sql(database_t *database, const char *sql);
/* The first value that a query gives, as a number: database_count(&db, "SELECT COUNT(*) ..."). A
 * negative errno value when there is none. */
int64_t database_count(database_t *database, const char *sql);

#endif
