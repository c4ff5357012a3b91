/*
 * The configuration of a pool: a plain struct with every default set by aurora_config_init.
 *
 * Strings that the caller sets are borrowed until aurora_pool_create, which copies everything. Strings
 * that from_env and from_uri set belong to the struct: each lives until a later call replaces it or
 * aurora_config_clear. So a struct that was assigned to another must not be cleared or loaded twice.
 *
 * from_env and from_uri check each value that they read, by itself. How the fields go together, and
 * whether the TLS files can be read, is checked by create.
 */
#ifndef AURORA_CONFIG_H
#define AURORA_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <aurora/error.h>
#include <aurora/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As MySQL's --ssl-mode. Written in URIs and variables as DISABLED, PREFERRED ... (any case). */
typedef enum {
  AURORA_SSL_DEFAULT,        /* PREFERRED; VERIFY_IDENTITY once an ssl_ca is given */
  AURORA_SSL_DISABLED,       /* never TLS */
  AURORA_SSL_PREFERRED,      /* TLS if the server has it, whatever its certificate */
  AURORA_SSL_REQUIRED,       /* TLS or no connection, whatever the certificate */
  AURORA_SSL_VERIFY_CA,      /* and the certificate comes from ssl_ca */
  AURORA_SSL_VERIFY_IDENTITY /* and it names the host */
} aurora_ssl_mode_t;

/* When a session is cleaned before the next borrower gets it. */
typedef enum {
  AURORA_RESET_AUTO,   /* when it may be dirty: after a lease on which a statement ran, and after a
                          single statement that is not plainly harmless. What a trigger, or a function
                          behind a view, does unseen (a lock; on MySQL, in a SELECT, a variable too) is
                          not noticed: where a schema has such, ALWAYS */
  AURORA_RESET_ALWAYS, /* after every query and lease */
  AURORA_RESET_NEVER   /* only an open transaction is rolled back. For callers that keep their
                          sessions clean themselves */
} aurora_reset_policy_t;

/* What a credentials callback fills in. NUL-terminated. */
enum { AURORA_USER_SIZE = 513, AURORA_PASSWORD_SIZE = 8193 };
typedef struct {
  char user[AURORA_USER_SIZE];         /* the configuration's user; may be overwritten */
  char password[AURORA_PASSWORD_SIZE]; /* "" */
} aurora_credentials_t;

/*
 * Called before each attempt to connect, a kill's included, so that passwords can rotate: fills in who
 * is to log in. It runs on a thread of libuv's worker pool, on several at once perhaps
 * (max_connecting, and one for kills), until the close callback; it may block, within
 * connect_timeout, and must call nothing of the pool's. The struct is the library's and wiped after
 * the attempt. 0; or a negative code (UV_E*, AURORA_E*), with which the attempt fails for now. So does one whose
 * user or password the server refuses: the next attempt asks for others.
 */
typedef int (*aurora_credentials_cb)(aurora_credentials_t *ret_credentials, void *data);

typedef struct {
  /* Where. A host has 1 to 255 characters: no space, no ';', '=', ',' or "://" (libmariadb would read
   * a host list there), none of / \ @ # ? [ ], and ':' only in an IPv6 address. "localhost" means
   * TCP. With unix_socket, an absolute path of at most 107 bytes, host and port are not used. */
  const char *host;        /* "localhost"  AURORA_HOST */
  unsigned port;           /* 3306; 1 to 65535  AURORA_PORT */
  const char *unix_socket; /* NULL  AURORA_UNIX_SOCKET */

  /* Who. */
  const char *user;     /* "arla"; 1 to 128 characters (32 on MySQL)  AURORA_USER */
  const char *password; /* ""; at most 8192 bytes  AURORA_PASSWORD */
  /* Without a database, a connection on which a borrower chose one (USE) is in information_schema for those
   * that come after: there is no way back to none, every account may be there, and nothing can be created there. */
  const char *database; /* "octane"; "" for none, at most 64 characters  AURORA_DATABASE */

  /* TLS. Regular files in PEM; all must be readable at create. ssl_cert and ssl_key go together. A file
     that is replaced counts for the connections that are opened from then on. A large ssl_ca costs once:
     what the servers need of it is remembered, as long as it does not change. */
  aurora_ssl_mode_t ssl_mode; /* AURORA_SSL_DEFAULT  AURORA_SSL_MODE */
  const char *ssl_ca;         /* NULL; needed by VERIFY_CA and VERIFY_IDENTITY  AURORA_SSL_CA */
  const char *ssl_cert;       /* NULL; with ssl_key: the client's own  AURORA_SSL_CERT */
  const char *ssl_key;        /* NULL  AURORA_SSL_KEY */

  /* How many. */
  unsigned pool_size;      /* 20; 1 to 10000 connections  AURORA_POOL_SIZE */
  unsigned min_idle;       /* 0; to pool_size: kept open and idle  AURORA_MIN_IDLE */
  unsigned warmup_size;    /* 1; 1 to pool_size: opened by a warm-up  AURORA_WARMUP_SIZE */
  unsigned max_connecting; /* 2; 1 to 64: opened at once, each on a thread of libuv's worker pool,
                              which has 4 unless UV_THREADPOOL_SIZE says more
                              AURORA_MAX_CONNECTING */
  unsigned queue_limit;    /* 0: no limit; waiting requests, at most 2^31 - 1  AURORA_QUEUE_LIMIT */

  /* How long, in ms. 0 means "never" or "no limit" where it is allowed. At most 2^31 - 1. */
  uint64_t connect_timeout;    /* 5000; at least 1: DNS, TCP, TLS, login and set-up together
                               AURORA_CONNECT_TIMEOUT */
  uint64_t acquire_timeout;    /* 0: none; waiting for a connection  AURORA_ACQUIRE_TIMEOUT */
  uint64_t query_timeout;      /* 0: none; from the call to the callback  AURORA_QUERY_TIMEOUT */
  uint64_t idle_timeout;       /* 180000; 0: never; an idle connection above min_idle is closed
                               AURORA_IDLE_TIMEOUT */
  uint64_t max_lifetime;       /* 1800000; 0: never; minus up to 10 % so that not all end together
                               AURORA_MAX_LIFETIME */
  uint64_t tcp_keepalive;      /* 10000; 0: off, at most 32767000; silence before the kernel probes,
                               rounded up to whole seconds  AURORA_TCP_KEEPALIVE */
  uint64_t keepalive_interval; /* 30000; 0: off; ping of a connection idle that long
                                  AURORA_KEEPALIVE_INTERVAL */
  uint64_t validate_after;     /* 0: off; a connection idle that long is pinged before it is handed
                               out  AURORA_VALIDATE_AFTER */
  uint64_t backoff_min;        /* 100; at least 1; most of the pause after a failed connect, doubled
                               with each one more. The pause is a random part of it, and nobody makes
                               an attempt meanwhile: while no connection lives, a request without an
                               acquire_timeout is told the last error at once
                               AURORA_BACKOFF_MIN */
  uint64_t backoff_max;        /* 10000; at least backoff_min: the pause grows no longer
                               AURORA_BACKOFF_MAX */
  uint64_t leak_warn;          /* 0: off; a lease held that long is logged once  AURORA_LEAK_WARN */

  /* Sessions and results. */
  unsigned statement_cache; /* 64; 0: off, at most 10000; prepared statements kept a connection
                                  AURORA_STATEMENT_CACHE */
  uint64_t max_result_size; /* 67108864 (64 MiB); 1024 to 2^40; bytes of a buffered result
                                  AURORA_MAX_RESULT_SIZE */
  unsigned found_rows;      /* 0; 1: an UPDATE's affected rows are those it has found, also where it
                                  had nothing to change  AURORA_FOUND_ROWS */
  aurora_reset_policy_t reset; /* AURORA_RESET_AUTO; AUTO, ALWAYS, NEVER  AURORA_RESET */
  const char *init_sql;        /* NULL, as ""; one statement run on every new or reset session, at
                                  most 65535 bytes. Sessions have autocommit=1 whatever the server's
                                  default is; should this set it to 0, then what a single statement
                                  changes is rolled back when it ends, and only a lease can commit
                                  AURORA_INIT_SQL */

  /* Not in URIs and variables. */
  aurora_log_cb log_cb; /* NULL: nothing is logged */
  void *log_data;
  aurora_credentials_cb credentials_cb; /* NULL: user and password above */
  void *credentials_data;

  /* Private: set by init, from_env and from_uri. */
  void *owned;
  uint64_t initialised;
} aurora_config_t;

/* Sets every default. Call it first; it frees nothing. */
AURORA_API void aurora_config_init(aurora_config_t *config);

/*
 * Takes over what the AURORA_* variables named above hold. A variable that is not set leaves its
 * field alone; one that is set to "" is a bad value, except AURORA_PASSWORD, AURORA_DATABASE
 * and AURORA_INIT_SQL. Numbers are decimal digits and nothing else. A struct that was not initialised
 * is initialised first.
 *
 * AURORA_ECONFIG: a bad value; the message names the variable, what it held (never a password, a
 * statement, or a text with an '@', which may hold a password) and what is allowed. UV_ENOMEM.
 * UV_EINVAL: a NULL argument. After an error config is as it was before the call.
 */
AURORA_API int aurora_config_from_env(aurora_config_t *config, aurora_error_t *ret_error);

/*
 * Takes over a URI: mysql://user:password@host:3306/database?ssl-mode=VERIFY_IDENTITY&pool-size=20
 *
 * Options are the fields above in kebab-case, times in ms; each is given once, so an option is not the
 * place for what stands before the '?' already. "aurora://" and "mariadb://" are read as "mysql://".
 * What the URI does not say is left alone: only the host must be there, and a path of "/" names no
 * database ("?database=" sets "").
 *
 * %XX escapes are decoded everywhere. In a user or password '@', '/', '?', '#' and '%' must be written
 * so, in a user ':' as well. An IPv6 address stands in brackets. '#' is refused: there are no
 * fragments.
 *
 * Errors as aurora_config_from_env, naming the part or option; an unknown or repeated option is one.
 * No message holds anything of the user-info, nor what might be a part of it, when an '@' or a '/' is
 * in a wrong place.
 */
AURORA_API int aurora_config_from_uri(aurora_config_t *config, const char *uri,
                                      aurora_error_t *ret_error);

/* Frees what from_env and from_uri stored, wiping it first, and sets the defaults again. Calling it
 * twice, or on a struct that was never used, does no harm. */
AURORA_API void aurora_config_clear(aurora_config_t *config);

#ifdef __cplusplus
}
#endif
#endif
