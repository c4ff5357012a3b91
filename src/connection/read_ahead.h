/*
 * What libmariadb has read ahead: its cache of 16 KB holds bytes that nobody has asked for yet.
 */
#ifndef AURORA_CONNECTION_READ_AHEAD_H
#define AURORA_CONNECTION_READ_AHEAD_H

#include <stdbool.h>

#include <mysql.h>

/*
 * True when libmariadb or OpenSSL holds bytes that came behind the last answer. libmariadb would take
 * them for the answer to the next statement, for it does not look at the sequence numbers of
 * packets: such a session has lost step. No system call; what still waits in the socket is not seen.
 */
bool aurora__has_leftover(const MYSQL *mysql);

/* True when the next packet is there as a whole: a call that reads just that packet neither blocks nor
 * makes a system call, so that its blocking form does, which is half as dear as start and cont. */
bool aurora__has_next_packet(const MYSQL *mysql);

#endif
