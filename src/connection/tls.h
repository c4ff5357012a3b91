/*
 * The one look inside libmariadb's TLS session.
 */
#ifndef AURORA_CONNECTION_TLS_H
#define AURORA_CONNECTION_TLS_H

#include <mysql.h>

/*
 * Forgets the certificate authorities of a session whose handshake is done; nothing on a plain one.
 *
 * libmariadb gives every TLS connection an SSL_CTX of its own with all certificates of the CA file.
 * Nothing needs them after the handshake, and with a bundle of 144 they take about 1 MiB a connection
 * and milliseconds to free: on the loop, when the connection is closed there.
 */
void aurora__tls_drop_certificates(MYSQL *mysql);

#endif
