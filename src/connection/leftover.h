/*
 * Bytes that a server sent and nobody asked for.
 */
#ifndef AURORA_CONNECTION_LEFTOVER_H
#define AURORA_CONNECTION_LEFTOVER_H

#include <stdbool.h>

#include <mysql.h>

/*
 * True when libmariadb or OpenSSL holds bytes that came behind the last answer. libmariadb would take
 * them for the answer to the next statement, for it does not look at the sequence numbers of
 * packets: such a session has lost step. No system call; what still waits in the socket is not seen.
 */
bool aurora__has_leftover(const MYSQL *mysql);

#endif
