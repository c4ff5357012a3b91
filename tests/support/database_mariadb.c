/*
 * MariaDB, as Debian installs it.
 */
#include "support/database_server.h"

#include <stddef.h>

/* "loose": unknown to some of the versions we may meet. */
static const char *const settings[] = {
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=0",
    "--event-scheduler=OFF",
    "--max-connections=200",
    "--max-allowed-packet=128M",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--table-open-cache=400",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
    "--innodb-buffer-pool-size=32M",
    "--loose-innodb-buffer-pool-size-max=32M",
    "--innodb-log-file-size=16M",
    "--innodb-autoextend-increment=1",
    "--innodb-temp-data-file-path=ibtmp1:4M:autoextend",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=0", /* containers may forbid it */
    "--innodb-buffer-pool-load-at-startup=0",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-fast-shutdown=1",
    "--sync-frm=0",
    NULL,
};

/* The log's size is that of the running server. */
static const char *const install_settings[] = {
    "--no-defaults",
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--innodb-log-file-size=16M",
    "--innodb-autoextend-increment=1",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=0",
    "--performance-schema=0",
    NULL,
};

/* root comes in by the Unix socket only, which lies in a directory closed to other users. */
static const char statements[] =
    "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n"
    "DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';\n"
    "FLUSH PRIVILEGES;\n" DATABASE_STATEMENTS DATABASE_STATUS("information_schema");

static int find(char ret_path[FILES_PATH_SIZE])
{
  return database_find_program("mariadbd", ret_path);
}

static int find_installer(char ret_path[FILES_PATH_SIZE])
{
  return database_find_program("mariadb-install-db", ret_path);
}

const database_server_t database_mariadb = {
    .name = "mariadb",
    .description = "mariadbd is not installed (Debian: mariadb-server-core)",
    .find = find,
    .settings = settings,
    .no_tls = "--skip-ssl",
    .statements = statements,
    .install_settings = install_settings,
    .find_installer = find_installer,
    .install_data = "--datadir",
    .install_statements = "--extra-file",
};
