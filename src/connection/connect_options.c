#include "connection/connect_options.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* The plugins that a server may ask for. mysql_clear_password is not among them: it would hand the
 * password to whoever answers. */
#define ALLOWED_PLUGINS "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519"

/* AWS advises probes a second apart, five of them. */
enum { KEEPALIVE_INTERVAL_S = 1, KEEPALIVE_PROBES = 5 };

bool aurora__requires_tls(aurora_ssl_mode_t mode)
{
  return mode == AURORA_SSL_REQUIRED || mode == AURORA_SSL_VERIFY_CA ||
         mode == AURORA_SSL_VERIFY_IDENTITY;
}

bool aurora__checks_certificate(aurora_ssl_mode_t mode)
{
  return mode == AURORA_SSL_VERIFY_CA || mode == AURORA_SSL_VERIFY_IDENTITY;
}

static void set_tls_options(MYSQL *mysql, const aurora_config_t *config, const char *ca)
{
  my_bool use = config->ssl_mode != AURORA_SSL_DISABLED;
  my_bool verify = config->ssl_mode == AURORA_SSL_VERIFY_IDENTITY;

  /* ENFORCE is misnamed: it asks for TLS and falls back. See connect.c. */
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &use);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (!use)
    return;
  /* A CA makes libmariadb check the chain, which only the VERIFY modes ask for. */
  if (aurora__checks_certificate(config->ssl_mode))
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, ca);
  if (config->ssl_cert) {
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, config->ssl_cert);
    mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, config->ssl_key);
  }
}

void aurora__connect_set_options(MYSQL *mysql, const aurora_config_t *config, const char *ca)
{
  my_bool off = 0;
  unsigned no_files = 0;
  unsigned protocol = config->unix_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  /* The coarse net under the watchdog: SO_RCVTIMEO, in whole seconds. */
  unsigned seconds = (unsigned)(config->connect_timeout / 1000) + 1;

  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no_files);
  mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &off);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, ALLOWED_PLUGINS);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_library", "aurora");
  set_tls_options(mysql, config, ca);
}

void aurora__connect_set_socket_options(int fd, const aurora_config_t *config)
{
  int on = 1;
  int idle = (int)((config->tcp_keepalive + 999) / 1000);
  int interval = KEEPALIVE_INTERVAL_S;
  int probes = KEEPALIVE_PROBES;
  unsigned user_timeout = (unsigned)(idle + interval * probes) * 1000;

  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (config->unix_socket)
    return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!config->tcp_keepalive)
    return;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);
}
