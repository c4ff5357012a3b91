/*
 * Where the database is.
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *variable(const char *name, const char *otherwise)
{
  const char *value = getenv(name);

  return value && *value ? value : otherwise;
}

/* TLS where the pool's own variables demand it, verified where they do; and in a workload about it. */
void peer_read_target(peer_options_t *options)
{
  bare_target_t *target = &options->target;
  const char *mode = variable("AURORA_SSL_MODE", "");
  bool verify = strncasecmp(mode, "VERIFY", 6) == 0;

  target->host = variable("AURORA_HOST", "127.0.0.1");
  target->port = (unsigned)atoi(variable("AURORA_PORT", "3306"));
  target->user = variable("AURORA_USER", "arla");
  target->password = variable("AURORA_PASSWORD", "");
  target->database = variable("AURORA_DATABASE", "octane");
  target->tls = options->workload->tls || verify || strcasecmp(mode, "REQUIRED") == 0;
  target->ssl_ca = verify ? variable("AURORA_SSL_CA", NULL) : NULL;
}
