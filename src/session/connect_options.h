/*
 * What a configuration means for libmariadb and for a socket.
 */
#ifndef AURORA_SESSION_CONNECT_OPTIONS_H
#define AURORA_SESSION_CONNECT_OPTIONS_H

#include <stdbool.h>

#include <mysql.h>

#include <aurora/config.h>

/* Whether a server without TLS is to be refused; and whether its certificate is looked at. */
bool aurora__requires_tls(aurora_ssl_mode_t mode);
bool aurora__checks_certificate(aurora_ssl_mode_t mode);

/* Before the connect; false: libmariadb does not take one of them. ca: the file of authorities, if the certificate is
 * looked at. Over TCP, where TLS is only preferred, nothing of TLS is set: that is for aurora__connect_set_tls, once
 * the server has offered it. */
bool aurora__connect_set_options(MYSQL *mysql, const aurora_config_t *config, const char *ca);
bool aurora__connect_set_tls(MYSQL *mysql, const aurora_config_t *config, const char *ca);

/* After it: how a dead peer is noticed. */
void aurora__connect_set_socket_options(int fd, const aurora_config_t *config);

#endif
