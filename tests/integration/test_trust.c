/*
 * The CA file: a large one is read as a whole once, and what its servers needed of it counts as long as it
 * is the same file. How often it was opened is told by inotify.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "support/files.h"
#include "support/pool_fixture.h"
#include "support/runner.h"

static database_t database;

typedef struct {
  char path[FILES_PATH_SIZE];
  int inotify;
  pool_fixture_t fixture;
} trust_t;

static size_t read_file(const char *path, char *bytes, size_t room)
{
  FILE *file = fopen(path, "re");
  size_t size;

  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  size = fread(bytes, 1, room, file);
  ck_assert_uint_lt(size, room);
  fclose(file);
  return size;
}

/* Writes the contents of two files one after the other; the second may be NULL. */
static void write_both(const char *path, const char *first, const char *second)
{
  static char bytes[1 << 20];
  size_t size = read_file(first, bytes, sizeof bytes);

  if (second)
    size += read_file(second, bytes + size, sizeof bytes - size);
  ck_assert_int_eq(files_write(path, bytes, size), 0);
}

static void begin(trust_t *trust, const char *first, const char *second)
{
  aurora_config_t config = fixture_config(&database);

  snprintf(trust->path, sizeof trust->path, "%s/trusted-%d.pem", database.dir, (int)getpid());
  write_both(trust->path, first, second);
  trust->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ck_assert_int_ge(inotify_add_watch(trust->inotify, trust->path, IN_OPEN), 0);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = trust->path;
  config.pool_size = 8;
  fixture_open(&trust->fixture, &config);
}

static void end(trust_t *trust)
{
  fixture_close(&trust->fixture);
  close(trust->inotify);
  unlink(trust->path);
}

/* How often the file has been opened since the last call. */
static unsigned opened(trust_t *trust)
{
  char events[4096];
  ssize_t size;
  unsigned count = 0;

  while ((size = read(trust->inotify, events, sizeof events)) > 0)
    count += (unsigned)((size_t)size / sizeof(struct inotify_event)); /* without names */
  return count;
}

/* One more connection: there is none that is idle. */
static aurora_connection_t *connect_anew(trust_t *trust)
{
  aurora_connection_t *connection = fixture_lease(&trust->fixture);

  ck_assert_int_eq(fixture_lease_number(&trust->fixture, connection, "SELECT 7"), 7);
  return connection;
}

START_TEST(a_large_file_is_read_once)
{
  aurora_connection_t *leases[5];
  trust_t trust;

  begin(&trust, database.ca_bundle, NULL);
  opened(&trust); /* the configuration was checked */
  for (int i = 0; i < 5; i++) {
    leases[i] = connect_anew(&trust);
    ck_assert_uint_eq(opened(&trust), i == 0 ? 1 : 0);
  }
  for (int i = 0; i < 5; i++)
    aurora_connection_release(leases[i]);
  end(&trust);
}
END_TEST

/* That inotify tells it. */
START_TEST(a_small_file_is_read_each_time)
{
  aurora_connection_t *leases[3];
  trust_t trust;

  begin(&trust, database.ca, NULL);
  opened(&trust);
  for (int i = 0; i < 3; i++) {
    leases[i] = connect_anew(&trust);
    ck_assert_uint_eq(opened(&trust), 1);
  }
  for (int i = 0; i < 3; i++)
    aurora_connection_release(leases[i]);
  end(&trust);
}
END_TEST

/* Many at once, the first among them: none fails, and none is verified with a part of what it needs. */
START_TEST(connections_that_open_side_by_side)
{
  aurora_config_t config = fixture_config(&database);
  pool_fixture_t fixture;
  reply_t reply;

  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = database.ca_bundle;
  config.pool_size = config.warmup_size = 16;
  config.max_connecting = 4;
  fixture_open(&fixture, &config);
  fixture_warm_up(&fixture, &reply);
  fixture_wait(&fixture, &reply);
  reply_must_be_good(&reply);
  ck_assert_uint_eq(fixture_stats(&fixture).idle, 16);
  fixture_close(&fixture);
}
END_TEST

/* The file changes: from then on the new one counts, and only that. */
START_TEST(what_the_file_no_longer_holds_is_not_trusted)
{
  trust_t trust;
  char other[1 << 18];
  size_t size, before;

  begin(&trust, database.ca_bundle, NULL);
  fixture_run(&trust.fixture, "DO 1");
  /* Our authority is the last one of the bundle; the size stays what it was. */
  size = read_file(trust.path, other, sizeof other);
  other[size] = '\0';
  before = (size_t)(strstr(other, "-----BEGIN") - other);
  for (char *at = other + before; (at = strstr(at + 1, "-----BEGIN")) != NULL;)
    before = (size_t)(at - other);
  memset(other + before, '\n', size - before);
  ck_assert_int_eq(files_write(trust.path, other, size), 0);
  ck_assert_int_eq(aurora_pool_recycle(trust.fixture.pool), 0);
  fixture_fail(&trust.fixture, "DO 1", AURORA_NO_PARAMS, AURORA_ETLS);
  /* And back. */
  write_both(trust.path, database.ca_bundle, NULL);
  fixture_run(&trust.fixture, "DO 1");
  end(&trust);
}
END_TEST

/* The server has a new certificate now, by another authority of the same file, as when the one that RDS
 * signs with is replaced; and then the old one again. */
START_TEST(another_authority_of_the_same_file)
{
  char used[CERTIFICATES_PATH_SIZE + 32], other[CERTIFICATES_PATH_SIZE + 32], good[1 << 14];
  int directory = (int)(strrchr(database.ca, '/') - database.ca);
  aurora_connection_t *leases[4];
  trust_t trust;
  size_t size;

  snprintf(used, sizeof used, "%.*s/server-cert.pem", directory, database.ca);
  snprintf(other, sizeof other, "%.*s/server-cert-other-ca.pem", directory, database.ca);
  size = read_file(used, good, sizeof good);
  begin(&trust, database.ca_bundle, database.other_ca);
  opened(&trust);
  leases[0] = connect_anew(&trust);
  ck_assert_uint_eq(opened(&trust), 1);

  write_both(used, other, NULL);
  ck_assert_int_eq(database_sql(&database, "FLUSH SSL"), 0);
  leases[1] = connect_anew(&trust);
  ck_assert_uint_eq(opened(&trust), 1);
  leases[2] = connect_anew(&trust);
  ck_assert_uint_eq(opened(&trust), 0);

  ck_assert_int_eq(files_write(used, good, size), 0);
  ck_assert_int_eq(database_sql(&database, "FLUSH SSL"), 0);
  leases[3] = connect_anew(&trust);
  ck_assert_uint_eq(opened(&trust), 0);
  ck_assert_uint_eq(fixture_logged(&trust.fixture, "connection refused"), 0);
  for (int i = 0; i < 4; i++)
    aurora_connection_release(leases[i]);
  end(&trust);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("trust");
  TCase *tcase = tcase_create("trust");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_large_file_is_read_once);
  tcase_add_test(tcase, a_small_file_is_read_each_time);
  tcase_add_test(tcase, connections_that_open_side_by_side);
  tcase_add_test(tcase, what_the_file_no_longer_holds_is_not_trusted);
  tcase_add_test(tcase, another_authority_of_the_same_file);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  int status;

  if (database_start(&database, NULL))
    return EXIT_FAILURE;
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
