/*
 * What OpenSSL needs beside libmariadb: the look inside its TLS session, and a clean error queue.
 */
#ifndef AURORA_SESSION_TLS_H
#define AURORA_SESSION_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <mysql.h>

/* pem is gone after the call. */
typedef void (*aurora__certificate_cb)(void *data, const char *pem, size_t size);

/*
 * Calls cb for each certificate of the CA file that the server's chain was verified with: the authority at
 * its end, and what else of the chain the file holds. Not at all on a plain session, or one that was not
 * verified. Before aurora__tls_drop_certificates.
 */
void aurora__tls_trusted(MYSQL *mysql, aurora__certificate_cb cb, void *data);

/*
 * Whether libmariadb leaves it to a function of the caller's whether the server's certificate will do, and asks for
 * a verdict on every TLS connection (from 3.4 on). Before that it judges as it is told by its options. The
 * header of 3.3 does not name the option, and a program that is built with it may run with 3.4.
 */
enum { AURORA__OPT_TLS_VERIFICATION_CALLBACK = MARIADB_OPT_SERVER_PLUGINS + 2 };
bool aurora__tls_leaves_verdict(void);

/* In that function, with the handle that it is given: whether the chain ends in an authority that was given and nothing else is wrong with it, and, unless
 * name is NULL, whether the certificate is for that name or address. */
bool aurora__tls_verify(MYSQL *mysql, const void *handle, const char *name, char *ret_why,
                        size_t size);

/*
 * Forgets the certificate authorities of a session whose handshake is done; nothing on a plain one.
 *
 * libmariadb gives every TLS connection an SSL_CTX of its own with all certificates of the CA file.
 * Nothing needs them after the handshake, and with a bundle of 144 they take about 1 MiB a connection
 * and milliseconds to free: on the loop, when the connection is closed there.
 */
void aurora__tls_drop_certificates(MYSQL *mysql);

/*
 * Empties the thread's queue of OpenSSL errors.
 *
 * libmariadb does not, though SSL_get_error must be asked with an empty queue: an error of another
 * session, or of the program's own, that is still in it makes a read which only has to wait look like
 * a lost connection. Before every call on an encrypted session, then, and after those that may have
 * failed, so that none is left to the program.
 */
void aurora__tls_forget_errors(void);

#endif
