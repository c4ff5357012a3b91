/*
 * The CA file: a large one is read as a whole once, and what its servers needed of it counts as long as it
 * is the same file. Whether it was read is told by inotify.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "session/trust.h"
#include "support/database_test.h"
#include "support/files.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

static database_t database;

typedef struct {
  const char *path;
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

/* Since the last call. */
static bool was_read(trust_t *trust)
{
  char events[4096];
  bool any = false;

  while (read(trust->inotify, events, sizeof events) > 0)
    any = true;
  return any;
}

/* Files that are made before the first test: what was changed a moment ago is not remembered. */
typedef enum { BUNDLE, BUNDLE_AND_OTHER, SMALL, FILES } file_t;
static char paths[FILES][FILES_PATH_SIZE];

static void make_files(void)
{
  static const char *const names[FILES] = {"bundle.pem", "bundle-and-other.pem", "small.pem"};

  for (int i = 0; i < FILES; i++) {
    snprintf(paths[i], sizeof paths[i], "%s/%s", database.dir, names[i]);
    write_both(paths[i], i == SMALL ? database.ca : database.ca_bundle,
               i == BUNDLE_AND_OTHER ? database.other_ca : NULL);
  }
}

static void wait_until_settled(const char *path)
{
  struct stat status;

  ck_assert_int_eq(stat(path, &status), 0);
  while (time(NULL) - status.st_ctim.tv_sec < 3)
    usleep(20000);
}

static void begin(trust_t *trust, file_t file)
{
  aurora_config_t config = fixture_config(&database);

  trust->path = paths[file];
  wait_until_settled(trust->path);
  trust->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ck_assert_int_ge(inotify_add_watch(trust->inotify, trust->path, IN_ACCESS), 0);
  config.ssl_mode = AURORA_SSL_VERIFY_IDENTITY;
  config.ssl_ca = trust->path;
  config.pool_size = 8;
  fixture_open(&trust->fixture, &config);
  was_read(trust); /* when the configuration was checked */
}

static void end(trust_t *trust)
{
  fixture_close(&trust->fixture);
  close(trust->inotify);
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

  begin(&trust, BUNDLE);
  for (int i = 0; i < 5; i++) {
    leases[i] = connect_anew(&trust);
    ck_assert(was_read(&trust) == (i == 0));
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

  begin(&trust, SMALL);
  for (int i = 0; i < 3; i++) {
    leases[i] = connect_anew(&trust);
    ck_assert(was_read(&trust));
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

typedef struct {
  aurora__trust_t trust;
  aurora__ca_t ca;
  uv_sem_t begun;
  atomic_bool first_closed, waited;
} pair_t;

static void open_second(void *data)
{
  pair_t *pair = data;

  uv_sem_post(&pair->begun);
  aurora__ca_open(&pair->ca, &pair->trust, paths[BUNDLE], FIXTURE_PATIENCE_MS);
  pair->waited = pair->first_closed;
}

/* The first attempt ends without a success: the next one is then to find out what is needed. */
START_TEST(the_second_waits_for_the_first)
{
  aurora__ca_t first, third;
  uv_thread_t thread;
  pair_t pair = {0};

  ck_assert_int_eq(aurora__trust_init(&pair.trust), 0);
  ck_assert_int_eq(uv_sem_init(&pair.begun, 0), 0);
  aurora__ca_open(&first, &pair.trust, paths[BUNDLE], 0);
  ck_assert_int_eq(uv_thread_create(&thread, open_second, &pair), 0);
  uv_sem_wait(&pair.begun);
  usleep(20000); /* time to go wrong in */
  pair.first_closed = true;
  aurora__ca_close(&first, &pair.trust);
  uv_thread_join(&thread);
  ck_assert(pair.waited);
  ck_assert(!aurora__ca_is_part(&pair.ca));
  aurora__ca_open(&third, &pair.trust, paths[BUNDLE], 1); /* which is not to wait for long */
  ck_assert(!aurora__ca_is_part(&third));
  aurora__ca_close(&third, &pair.trust);
  ck_assert(pair.trust.learning);
  aurora__ca_close(&pair.ca, &pair.trust);
  ck_assert(!pair.trust.learning);
  uv_sem_destroy(&pair.begun);
  aurora__trust_clear(&pair.trust);
}
END_TEST

/* The file changes: from then on the new one counts, and only that. */
START_TEST(what_the_file_no_longer_holds_is_not_trusted)
{
  trust_t trust;
  char other[1 << 18];
  size_t size, before;

  begin(&trust, BUNDLE);
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
  fixture_wait_out_pause(&trust.fixture);
  fixture_run(&trust.fixture, "DO 1");
  end(&trust);
}
END_TEST

/* --- Another certificate of the server's ---------------------------------------------------------- */

static char certificate_path[CERTIFICATES_PATH_SIZE + 32];
static char good_certificate[1 << 14];
static size_t good_size;

/* MySQL calls one that its own ssl_ca does not verify an error, and keeps the old one unless told so. */
static void reload_certificate(void)
{
  ck_assert_int_eq(database_sql(&database, server_has(SERVER_FLUSH_SSL)
                                               ? "FLUSH SSL"
                                               : "ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR"),
                   0);
}

/* name: of a file beside the one that the server uses. */
static void change_certificate(const char *name)
{
  char other[CERTIFICATES_PATH_SIZE + 32];
  int directory = (int)(strrchr(database.ca, '/') - database.ca);

  snprintf(other, sizeof other, "%.*s/%s", directory, database.ca, name);
  snprintf(certificate_path, sizeof certificate_path, "%.*s/server-cert.pem", directory,
           database.ca);
  good_size = read_file(certificate_path, good_certificate, sizeof good_certificate);
  write_both(certificate_path, other, NULL);
  reload_certificate();
}

static void change_certificate_back(void)
{
  ck_assert_int_eq(files_write(certificate_path, good_certificate, good_size), 0);
  reload_certificate();
}

/* By another authority of the same file, as when the one that RDS signs with is replaced. */
START_TEST(another_authority_of_the_same_file)
{
  aurora_connection_t *leases[4];
  trust_t trust;

  begin(&trust, BUNDLE_AND_OTHER);
  leases[0] = connect_anew(&trust);
  ck_assert(was_read(&trust));

  change_certificate("server-cert-other-ca.pem");
  leases[1] = connect_anew(&trust);
  ck_assert(was_read(&trust));
  leases[2] = connect_anew(&trust);
  ck_assert(!was_read(&trust));

  change_certificate_back();
  leases[3] = connect_anew(&trust);
  ck_assert(!was_read(&trust));
  ck_assert_uint_eq(fixture_logged(&trust.fixture, "connection refused"), 0);
  for (int i = 0; i < 4; i++)
    aurora_connection_release(leases[i]);
  end(&trust);
}
END_TEST

/* There is no second attempt for what no authority mends. */
START_TEST(a_wrong_name_is_refused_at_once)
{
  trust_t trust;

  begin(&trust, BUNDLE);
  fixture_run(&trust.fixture, "DO 1");
  ck_assert(was_read(&trust));
  change_certificate("server-cert-wrong-name.pem");
  ck_assert_int_eq(aurora_pool_recycle(trust.fixture.pool), 0);
  fixture_fail(&trust.fixture, "DO 1", AURORA_NO_PARAMS, AURORA_ETLS);
  ck_assert(!was_read(&trust));
  change_certificate_back();
  fixture_wait_out_pause(&trust.fixture);
  fixture_run(&trust.fixture, "DO 1");
  ck_assert(!was_read(&trust));
  end(&trust);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("trust");
  TCase *tcase = tcase_create("trust");

  tcase_set_timeout(tcase, 60);
  tcase_add_unchecked_fixture(tcase, make_files, NULL);
  tcase_add_test(tcase, a_large_file_is_read_once);
  tcase_add_test(tcase, a_small_file_is_read_each_time);
  tcase_add_test(tcase, connections_that_open_side_by_side);
  tcase_add_test(tcase, the_second_waits_for_the_first);
  tcase_add_test(tcase, what_the_file_no_longer_holds_is_not_trusted);
  tcase_add_test(tcase, another_authority_of_the_same_file);
  tcase_add_test(tcase, a_wrong_name_is_refused_at_once);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  return test_run_with_database(make_suite(), &database, NULL);
}
