#include "support/database_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/loop.h"

int database_not_started(int error)
{
  if (error != -ENOENT || database_kind() != DATABASE_MYSQL)
    return EXIT_FAILURE;
  puts("1..0 # SKIP there is no MySQL: tests/support/mysql_server.sh fetches it");
  return EXIT_SUCCESS;
}

int test_run_with_database(Suite *suite, database_t *database, const database_options_t *options)
{
  int error = database_start(database, options);
  int status;

  if (error) {
    srunner_free(srunner_create(suite));
    return database_not_started(error);
  }
  status = test_run(suite);
  database_stop(database);
  return status;
}

int64_t database_count_until(database_t *database, const char *sql, int64_t wanted,
                             uint64_t timeout_ms)
{
  uint64_t end = now_ms() + slowly(timeout_ms);
  int64_t count;

  do
    count = database_count(database, sql);
  while (count != wanted && now_ms() < end);
  return count;
}

int64_t database_sessions_left(database_t *database, uint64_t timeout_ms)
{
  return database_count_until(database,
                              "SELECT COUNT(*) FROM information_schema.processlist "
                              "WHERE user = '" DATABASE_USER "'",
                              0, timeout_ms);
}

/* KILL USER is MariaDB's only. A session that was killed is in the list until it has ended, and may be gone when
 * it is to be killed again: that is refused, and is an error only where the session stays. */
int database_kill_sessions(database_t *database)
{
  int64_t refused = 0;
  int64_t id;

  while ((id = database_count(database, "SELECT id FROM information_schema.processlist "
                                        "WHERE user = '" DATABASE_USER "' ORDER BY id")) > 0) {
    char sql[64];

    snprintf(sql, sizeof sql, "KILL %lld", (long long)id);
    if (database_sql(database, sql)) {
      if (id == refused)
        return -EIO;
      refused = id;
    }
  }
  return 0;
}
