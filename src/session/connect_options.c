#include "session/connect_options.h"

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

static bool set(MYSQL *mysql, enum mysql_option option, const void *value)
{
  return !mysql_optionsv(mysql, option, value);
}

/*
 * Where TLS is required, libmariadb itself must refuse a server that does not offer it, before it sends anything.
 * SSL_ENFORCE, in spite of its name, asks for TLS and falls back. It does refuse for the sake of a fingerprint that
 * the certificate is to have, and an empty one is compared with none.
 */
bool aurora__connect_set_tls(MYSQL *mysql, const aurora_config_t *config, const char *ca)
{
  my_bool use = config->ssl_mode != AURORA_SSL_DISABLED;
  my_bool verify = config->ssl_mode == AURORA_SSL_VERIFY_IDENTITY;

  if (!set(mysql, MYSQL_OPT_SSL_ENFORCE, &use) ||
      !set(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify))
    return false;
  /* A CA makes libmariadb check the chain, which only the VERIFY modes ask for. */
  if (aurora__checks_certificate(config->ssl_mode) && !set(mysql, MYSQL_OPT_SSL_CA, ca))
    return false;
  if (use && config->ssl_cert &&
      (!set(mysql, MYSQL_OPT_SSL_CERT, config->ssl_cert) ||
       !set(mysql, MYSQL_OPT_SSL_KEY, config->ssl_key)))
    return false;
  return !aurora__requires_tls(config->ssl_mode) || set(mysql, MARIADB_OPT_SSL_FP, "");
}

static bool set_no_tls(MYSQL *mysql)
{
  my_bool off = 0;

  return set(mysql, MYSQL_OPT_SSL_ENFORCE, &off) &&
         set(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &off);
}

bool aurora__connect_set_options(MYSQL *mysql, const aurora_config_t *config, const char *ca)
{
  my_bool off = 0;
  unsigned no_files = 0;
  unsigned protocol = config->unix_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  /* The coarse net under the watchdog: SO_RCVTIMEO, in whole seconds. */
  unsigned seconds = (unsigned)(config->connect_timeout / 1000) + 1;

  if (!set(mysql, MYSQL_OPT_PROTOCOL, &protocol) ||
      !set(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds) ||
      !set(mysql, MYSQL_OPT_LOCAL_INFILE, &no_files) || !set(mysql, MYSQL_OPT_RECONNECT, &off) ||
      !set(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4") ||
      !set(mysql, MARIADB_OPT_RESTRICTED_AUTH, ALLOWED_PLUGINS) ||
      mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_library", "aurora"))
    return false;
  if (config->ssl_mode == AURORA_SSL_PREFERRED && !config->unix_socket)
    return set_no_tls(mysql);
  return aurora__connect_set_tls(mysql, config, ca);
}

void aurora__connect_set_socket_options(int fd, const aurora_config_t *config)
{
  int on = 1;
  int idle = (int)((config->tcp_keepalive + 999) / 1000);
  int interval = KEEPALIVE_INTERVAL_S;
  int probes = KEEPALIVE_PROBES;
  unsigned user_timeout = (unsigned)(idle + interval * probes) * 1000;

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
