/*
 * MySQL, as mysql_server.sh fetches it into the cache directory. What it asks for that MariaDB does
 * not: it keeps everyone's rights in InnoDB, has no installer but itself, and names itself by a UUID
 * in the file auto.cnf of the data directory, which each server must have of its own. Collations and
 * SQL mode are its own defaults.
 *
 * The first login of a user after a start or FLUSH PRIVILEGES takes more round trips than all later
 * ones (caching_sha2_password). So that programs begin alike, each user has had one; a restarted
 * server has forgotten that.
 */
#include "support/database_numbers.h"
#include "support/database_server.h"

#include <errno.h>
#include <mysql.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* Data files begin at the least size that it takes. */
#define DATA_FILE "--innodb-data-file-path=ibdata1:5M:autoextend"
#define LOG_SIZE  "--innodb-redo-log-capacity=8M"

static const char *const settings[] = {
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--mysqlx=OFF",
    "--performance-schema=0",
    "--event-scheduler=OFF",
    "--secure-file-priv=",
    "--max-connections=200",
    "--max-allowed-packet=128M",
    "--table-open-cache=400",
    "--key-buffer-size=1M",
    DATA_FILE,
    LOG_SIZE,
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-buffer-size=1M",
    "--innodb-autoextend-increment=1",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=0", /* containers may forbid it */
    "--innodb-numa-interleave=OFF",
    "--innodb-buffer-pool-load-at-startup=0",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-validate-tablespace-paths=0",
    "--innodb-fast-shutdown=1",
    "--optimizer-switch=block_nested_loop=off", /* see database_numbers.h */
    NULL,
};

static const char *const install_settings[] = {
    "--initialize-insecure", /* root@localhost without a password, nobody else */
    "--skip-log-bin",
    "--performance-schema=0",
    DATA_FILE,
    LOG_SIZE,
    "--innodb-autoextend-increment=1",
    "--innodb-doublewrite=OFF",
    "--innodb-flush-method=nosync",
    "--innodb-use-native-aio=0",
    "--innodb-numa-interleave=OFF",
    "--secure-file-priv=NULL",
    NULL,
};

static int find(char ret_path[FILES_PATH_SIZE])
{
  char cache[FILES_PATH_SIZE];
  int error = files_cache_directory(cache);

  if (error)
    return error;
  if (snprintf(ret_path, FILES_PATH_SIZE, "%.220s/mysql-server/mysqld", cache) >= FILES_PATH_SIZE)
    return -ENAMETOOLONG;
  return access(ret_path, X_OK) ? -ENOENT : 0;
}

/* Over the Unix socket, where the password needs no TLS; tls_only is refused, but only after it. */
static int log_in_once(const database_t *database)
{
  static const char *const users[][2] = {
      {DATABASE_USER, DATABASE_PASSWORD},
      {DATABASE_TLS_ONLY_USER, DATABASE_TLS_ONLY_PASSWORD},
      {DATABASE_LIMITED_USER, DATABASE_LIMITED_PASSWORD},
  };
  const unsigned protocol = MYSQL_PROTOCOL_SOCKET;

  for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
    MYSQL *mysql = mysql_init(NULL);

    if (!mysql)
      return -ENOMEM;
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_real_connect(mysql, NULL, users[i][0], users[i][1], NULL, 0, database->socket, 0);
    mysql_close(mysql);
  }
  return 0;
}

const database_server_t database_mysql = {
    .name = "mysql",
    .description = "there is no MySQL (tests/support/mysql_server.sh fetches it)",
    .find = find,
    .settings = settings,
    .no_tls = "--tls-version=",
    .statements = DATABASE_STATEMENTS DATABASE_NUMBERS DATABASE_STATUS("performance_schema"),
    .install_settings = install_settings,
    .find_installer = find,
    .install_data = "--datadir",
    .install_statements = "--init-file",
    .started = log_in_once,
    .unwanted = "auto.cnf",
};
