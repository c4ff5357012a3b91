/*
 * Which server a session is on. The id of a session means something on its own server only: behind a
 * balancer, a reader endpoint, or after a fail-over, the same address leads to another one.
 *
 * A server is known by what it says of itself and no other says. A session's server is found out in its
 * set-up: the statement that sets the session up is given the condition that it runs on the server which
 * the pool met last, and fails otherwise. So only the first session on a server costs a round trip more; on a
 * MySQL that is no Aurora, two.
 *
 * The condition holds the session's id, too. Where the id of the greeting is not the server's own, for a
 * proxy made it up, the server counts as unknown.
 */
#ifndef AURORA_SESSION_SERVER_H
#define AURORA_SESSION_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#define AURORA__SERVER_VARIABLE_MAP(XX)                                                            \
  XX(aurora_server_id) /* Aurora */                                                                \
  XX(server_uuid)      /* MySQL */                                                                 \
  XX(server_uid)       /* MariaDB, the newer ones */                                               \
  XX(hostname)                                                                                     \
  XX(port)

enum { AURORA__SERVER_VALUE_SIZE = 80 };

/* "" for a variable that the server has not. All zeros: unknown. */
typedef struct {
#define AURORA__SERVER_GEN(name) char name[AURORA__SERVER_VALUE_SIZE];
  AURORA__SERVER_VARIABLE_MAP(AURORA__SERVER_GEN)
#undef AURORA__SERVER_GEN
} aurora__server_t;

/* Whether a server is a MariaDB, by its version and by its capabilities. What it is behind a proxy that gives itself out for
 * another one is not known: then it is none. */
bool aurora__is_mariadb(MYSQL *mysql);

bool aurora__server_is_known(const aurora__server_t *server);
/* Both are known, and the same. */
bool aurora__server_is_same(const aurora__server_t *a, const aurora__server_t *b);

/* Blocking calls, for workers. ask: false when the session is lost; a server that does not say who it is
 * stays unknown. is_here: whether the session is on this server, which must be known; false, too, when that
 * cannot be found out. uptime: seconds; false when it cannot be had. */
bool aurora__server_ask(MYSQL *mysql, aurora__server_t *ret_server);
bool aurora__server_is_here(MYSQL *mysql, const aurora__server_t *server);
bool aurora__server_uptime(MYSQL *mysql, uint64_t *ret_seconds);
/* For the loop, by rows of a name and a value. */
#define AURORA__SERVER_UPTIME_SQL "SHOW GLOBAL STATUS LIKE 'Uptime'"

/* Whether the server has been up since before a session of this age was opened, and so is the one that
 * opened it. */
bool aurora__server_was_up(uint64_t uptime_s, uint64_t session_age_ns);

/* An SQL expression that is true on this server, which must be known, in the session with this id only. */
enum { AURORA__SERVER_CONDITION_SIZE = 800 };
void aurora__server_condition(const aurora__server_t *server, uint64_t session_id, char *sql,
                              size_t size);

#endif
