/*
 * The test support tested itself, with plain blocking libmariadb: what the other tests stand on.
 */
#include "support/bad_server.h"
#include "support/database_test.h"
#include "support/files.h"
#include "support/loop.h"

#include <errmsg.h>
#include <errno.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  const char *host, *user, *password, *ca;
  unsigned port;
  unsigned timeout_s; /* 0: 10 */
} target_t;

/* Connects by TCP and says SELECT 1. 0 or the error number. ret_mysql may be NULL. */
static unsigned try_connect(const target_t *target, MYSQL **ret_mysql)
{
  MYSQL *mysql = mysql_init(NULL);
  unsigned protocol = MYSQL_PROTOCOL_TCP;
  unsigned timeout = target->timeout_s ? target->timeout_s : 10;
  my_bool yes = 1;
  unsigned error = 0;

  ck_assert_ptr_nonnull(mysql);
  mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout);
  if (target->ca) {
    mysql_options(mysql, MYSQL_OPT_SSL_CA, target->ca);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  }
  if (!mysql_real_connect(mysql, target->host, target->user, target->password, DATABASE_NAME,
                          target->port, NULL, 0) ||
      mysql_query(mysql, "DO 1"))
    error = mysql_errno(mysql);
  if (!error && target->ca)
    ck_assert_ptr_nonnull(mysql_get_ssl_cipher(mysql));
  if (!error && ret_mysql)
    *ret_mysql = mysql;
  else
    mysql_close(mysql);
  return error;
}

static target_t arla(const database_t *database)
{
  return (target_t){.host = database->host,
                    .user = DATABASE_USER,
                    .password = DATABASE_PASSWORD,
                    .port = database->port};
}

START_TEST(a_database_starts_and_stops)
{
  database_t database;
  char dir[sizeof database.dir];
  unsigned before = open_descriptors();
  target_t target;
  pid_t pid;

  ck_assert_int_eq(database_start(&database, NULL), 0);
  target = arla(&database);
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  ck_assert_int_eq(database_count(&database, "SELECT @@max_connections"), 200);
  ck_assert_int_eq(database_count(&database, "SELECT @@character_set_server = 'utf8mb4'"), 1);
  ck_assert_int_lt(database_count(&database, "SELECT 1 WHERE FALSE"), 0);
  ck_assert_int_lt(database_sql(&database, "NONSENSE"), 0);
  strcpy(dir, database.dir);
  pid = database.pid;
  database_stop(&database);
  ck_assert_int_eq(kill(pid, 0), -1);
  ck_assert_int_eq(access(dir, F_OK), -1);
  ck_assert_uint_ne(try_connect(&target, NULL), 0);
  ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(users_are_as_described)
{
  database_t database;
  MYSQL *first, *second;
  target_t target;

  ck_assert_int_eq(database_start(&database, NULL), 0);
  target = arla(&database);
  target.password = "wrong";
  ck_assert_uint_eq(try_connect(&target, NULL), ER_ACCESS_DENIED_ERROR);
  target.password = "";
  target.user = DATABASE_NOPASS_USER;
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  target.user = "root";
  ck_assert_uint_eq(try_connect(&target, NULL), ER_ACCESS_DENIED_ERROR);
  target.user = DATABASE_TLS_ONLY_USER;
  target.password = DATABASE_TLS_ONLY_PASSWORD;
  ck_assert_uint_eq(try_connect(&target, NULL), ER_ACCESS_DENIED_ERROR);
  target.ca = database.ca;
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  target.ca = NULL;
  target.user = DATABASE_LIMITED_USER;
  target.password = DATABASE_LIMITED_PASSWORD;
  ck_assert_uint_eq(try_connect(&target, &first), 0);
  ck_assert_uint_eq(try_connect(&target, &second), 0);
  ck_assert_uint_eq(try_connect(&target, NULL), ER_USER_LIMIT_REACHED);
  mysql_close(first);
  mysql_close(second);
  database_stop(&database);
}
END_TEST

/*
 * Which certificate is trusted by which authority, for the name and for the address. From 3.4 on libmariadb
 * does not look at the name where the host is given as 127.0.0.1 or ::1; "localhost" is a name for it.
 */
static const struct {
  database_tls_t tls;
  bool ca, other_ca, bundle;
} trust[] = {
    {DATABASE_TLS_GOOD, true, false, true},         {DATABASE_TLS_EXPIRED, false, false, false},
    {DATABASE_TLS_WRONG_NAME, false, false, false}, {DATABASE_TLS_OTHER_CA, false, true, false},
    {DATABASE_TLS_NONE, false, false, false},
};

enum { NO_LOCAL_NAMES = 30400 };

START_TEST(certificates_are_trusted_as_meant)
{
  const database_options_t options = {.tls = trust[_i].tls};
  database_t database;
  target_t target;

  ck_assert_int_eq(database_start(&database, &options), 0);
  target = arla(&database);
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  for (int name = 0; name < 2; name++) {
    const bool any_name = trust[_i].tls == DATABASE_TLS_WRONG_NAME && !name &&
                          mysql_get_client_version() >= NO_LOCAL_NAMES;

    target.host = name ? "localhost" : database.host;
    target.ca = database.ca;
    ck_assert_int_eq(try_connect(&target, NULL) == 0, trust[_i].ca || any_name);
    target.ca = database.other_ca;
    ck_assert_int_eq(try_connect(&target, NULL) == 0, trust[_i].other_ca);
    target.ca = database.ca_bundle;
    ck_assert_int_eq(try_connect(&target, NULL) == 0, trust[_i].bundle || any_name);
  }
  database_stop(&database);
}
END_TEST

START_TEST(a_client_certificate_is_asked_for_and_accepted)
{
  database_t database;
  MYSQL *mysql = mysql_init(NULL);

  ck_assert_int_eq(database_start(&database, NULL), 0);
  ck_assert_int_eq(database_sql(&database, "CREATE USER certified@'%' REQUIRE X509"), 0);
  mysql_ssl_set(mysql, database.client_key, database.client_cert, database.ca, NULL, NULL);
  ck_assert_msg(mysql_real_connect(mysql, database.host, "certified", "", NULL, database.port, NULL,
                                   0) != NULL,
                "%s", mysql_error(mysql));
  mysql_close(mysql);
  mysql = mysql_init(NULL);
  mysql_ssl_set(mysql, NULL, NULL, database.ca, NULL, NULL);
  ck_assert_ptr_null(
      mysql_real_connect(mysql, database.host, "certified", "", NULL, database.port, NULL, 0));
  mysql_close(mysql);
  database_stop(&database);
}
END_TEST

START_TEST(the_bundle_has_144_authorities)
{
  char directory[] = "/tmp/aurora-selftest-XXXXXX";
  certificates_t certificates;
  char line[512];
  FILE *file;
  int count = 0;

  ck_assert_ptr_nonnull(mkdtemp(directory));
  ck_assert_int_eq(certificates_make(directory, &certificates), 0);
  file = fopen(certificates.ca_bundle, "re");
  ck_assert_ptr_nonnull(file);
  while (fgets(line, sizeof line, file))
    count += !strcmp(line, "-----BEGIN CERTIFICATE-----\n");
  fclose(file);
  ck_assert_int_eq(count, CERTIFICATES_IN_BUNDLE);
  ck_assert_int_eq(files_remove_tree(directory), 0);
}
END_TEST

START_TEST(two_run_side_by_side)
{
  const char *const arguments[] = {"--max-connections=50", NULL};
  const database_options_t options = {.tls = DATABASE_TLS_GOOD, .arguments = arguments};
  database_t one, two;
  target_t target;

  ck_assert_int_eq(database_start(&one, NULL), 0);
  ck_assert_int_eq(database_start(&two, &options), 0);
  ck_assert_uint_ne(one.port, two.port);
  ck_assert_str_ne(one.dir, two.dir);
  ck_assert_int_eq(database_sql(&one, "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2)"), 0);
  ck_assert_int_eq(database_count(&one, "SELECT COUNT(*) FROM t"), 2);
  ck_assert_int_lt(database_count(&two, "SELECT COUNT(*) FROM t"), 0);
  ck_assert_int_eq(database_count(&two, "SELECT @@max_connections"), 50);
  database_stop(&one);
  target = arla(&two);
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  database_stop(&two);
}
END_TEST

START_TEST(it_restarts_with_port_and_data)
{
  database_t database;
  unsigned port;
  target_t target;
  pid_t pid;

  ck_assert_int_eq(database_start(&database, NULL), 0);
  port = database.port;
  target = arla(&database);
  pid = database.pid;
  ck_assert_int_eq(database_sql(&database, "CREATE TABLE t (a INT); INSERT INTO t VALUES (7)"), 0);
  ck_assert_int_eq(database_restart(&database), 0);
  ck_assert_int_ne(database.pid, pid);
  ck_assert_uint_eq(database.port, port);
  ck_assert_int_eq(database_count(&database, "SELECT a FROM t"), 7);
  ck_assert_int_eq(database_kill(&database), 0);
  ck_assert_int_eq(database.pid, 0);
  ck_assert_uint_eq(try_connect(&target, NULL), CR_CONNECTION_ERROR);
  ck_assert_int_lt(database_kill(&database), 0);
  ck_assert_int_eq(database_restart(&database), 0);
  ck_assert_int_eq(database_count(&database, "SELECT a FROM t"), 7);
  ck_assert_int_eq(database_terminate(&database), 0);
  ck_assert_uint_eq(try_connect(&target, NULL), CR_CONNECTION_ERROR);
  for (int i = 0; i < 5; i++) /* a server is ended as soon as it is said to be ready */
    ck_assert_int_eq(database_restart(&database), 0);
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  database_stop(&database);
}
END_TEST

START_TEST(it_freezes_and_thaws)
{
  database_t database;
  target_t target;

  ck_assert_int_eq(database_start(&database, NULL), 0);
  target = arla(&database);
  target.timeout_s = 1;
  ck_assert_int_eq(database_freeze(&database), 0);
  ck_assert_uint_ne(try_connect(&target, NULL), 0);
  ck_assert_int_eq(database_thaw(&database), 0);
  ck_assert_uint_eq(try_connect(&target, NULL), 0);
  ck_assert_int_eq(database_freeze(&database), 0);
  database_stop(&database);
}
END_TEST

START_TEST(values_of_64_mb_go_in_and_out)
{
  database_t database;

  ck_assert_int_eq(database_start(&database, NULL), 0);
  ck_assert_int_eq(database_sql(&database, "CREATE TABLE t (a LONGBLOB);"
                                           "INSERT INTO t VALUES (REPEAT('x', 64 * 1024 * 1024))"),
                   0);
  ck_assert_int_eq(database_count(&database, "SELECT LENGTH(a) FROM t"), 64 * 1024 * 1024);
  database_stop(&database);
}
END_TEST

START_TEST(it_goes_when_the_program_is_killed)
{
  database_t database;
  uint64_t end;
  int pipes[2];
  pid_t child;

  ck_assert_int_eq(pipe(pipes), 0);
  child = fork();
  ck_assert_int_ge(child, 0);
  if (!child) {
    if (!database_start(&database, NULL) &&
        write(pipes[1], &database, sizeof database) == (ssize_t)sizeof database)
      pause();
    _exit(1);
  }
  close(pipes[1]);
  ck_assert_int_eq(read(pipes[0], &database, sizeof database), sizeof database);
  close(pipes[0]);
  ck_assert_int_eq(kill(database.pid, 0), 0);
  ck_assert_int_eq(kill(child, SIGKILL), 0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  /* The guardian is nobody's that could be waited for. */
  end = now_ms() + 10000;
  while ((!kill(database.pid, 0) || !access(database.dir, F_OK)) && now_ms() < end)
    usleep(1000);
  ck_assert_int_eq(kill(database.pid, 0), -1);
  ck_assert_int_eq(access(database.dir, F_OK), -1);
}
END_TEST

static const struct {
  bad_server_mode_t mode;
  unsigned error, other_error; /* of a blocking connect within a second */
  unsigned connections;
  bool stays_open; /* until the client gives up */
} bad[] = {
    {BAD_SERVER_REFUSES, CR_CONNECTION_ERROR, 0, 0, false},
    {BAD_SERVER_BLACK_HOLE, CR_CONNECTION_ERROR, 0, 0, false},
    {BAD_SERVER_CLOSES, CR_SERVER_LOST, 0, 1, false},
    {BAD_SERVER_SILENT, CR_SERVER_LOST, 0, 1, true},
    {BAD_SERVER_GARBAGE, CR_SERVER_LOST, CR_MALFORMED_PACKET, 1, true},
    {BAD_SERVER_TOO_MANY, ER_CON_COUNT_ERROR, 0, 1, false},
    {BAD_SERVER_GREETS, CR_SERVER_LOST, 0, 1, true},
    {BAD_SERVER_SILENT_LOGIN, CR_SERVER_LOST, 0, 1, true},
    {BAD_SERVER_CLEAR_PASSWORD, CR_SERVER_LOST, CR_AUTH_PLUGIN_CANNOT_LOAD, 1, true},
    {BAD_SERVER_UNKNOWN_PLUGIN, CR_SERVER_LOST, CR_AUTH_PLUGIN_CANNOT_LOAD, 1, true},
    {BAD_SERVER_ACCEPTS_ANYBODY, CR_SERVER_LOST, 0, 1, true},
    {BAD_SERVER_HALF_GREETING, CR_SERVER_LOST, 0, 1, true},
};

static void wait_until_all_closed(bad_server_t *server)
{
  uint64_t end = now_ms() + 5000;

  while (bad_server_open(server) && now_ms() < end)
    usleep(1000);
  ck_assert_uint_eq(bad_server_open(server), 0);
}

START_TEST(a_bad_server_misbehaves)
{
  const bad_server_options_t options = {.mode = bad[_i].mode, .stop_after = 20};
  unsigned before = open_descriptors();
  bad_server_t *server;
  target_t target = {.host = "127.0.0.1", .user = "u", .password = "p", .timeout_s = 1};
  uint64_t start;
  unsigned error;

  ck_assert_int_eq(bad_server_start(&options, &server), 0);
  target.port = bad_server_port(server);
  start = now_ms();
  error = try_connect(&target, NULL);
  ck_assert_msg(error == bad[_i].error || error == bad[_i].other_error, "mode %d: error %u",
                (int)bad[_i].mode, error);
  ck_assert_uint_lt(now_ms() - start, 3000);
  /* The client may be done before the server's thread has counted it. */
  while (bad_server_connections(server) < bad[_i].connections && now_ms() - start < 10000)
    usleep(1000);
  ck_assert_uint_eq(bad_server_connections(server), bad[_i].connections);
  wait_until_all_closed(server);
  bad_server_stop(server);
  ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* A client in a process of its own, that connects as soon as it is told a port. It is forked while
 * this process has no other thread, for a lock that a thread held would be locked in it for good. */
static pid_t fork_client(const char *ca, int *ret_tell)
{
  target_t target = {.host = "127.0.0.1", .user = "u", .password = "p", .ca = ca};
  int pipes[2];
  pid_t child;

  ck_assert_int_eq(pipe(pipes), 0);
  child = fork();
  ck_assert_int_ge(child, 0);
  if (!child) {
    close(pipes[1]);
    if (read(pipes[0], &target.port, sizeof target.port) == (ssize_t)sizeof target.port)
      try_connect(&target, NULL);
    _exit(1);
  }
  close(pipes[0]);
  *ret_tell = pipes[1];
  return child;
}

/* A blocking connect over TLS may hang for good here, which is what the modes are for: its process is
 * killed. */
static void hang_in_tls(const bad_server_options_t *options, const char *ca)
{
  bad_server_t *server;
  char seen[1024];
  unsigned port;
  int tell;
  pid_t child = fork_client(ca, &tell);
  int status;

  ck_assert_int_eq(bad_server_start(options, &server), 0);
  port = bad_server_port(server);
  ck_assert_int_eq(write(tell, &port, sizeof port), sizeof port);
  close(tell);
  for (uint64_t end = now_ms() + 5000; now_ms() < end; usleep(1000))
    if (bad_server_seen(server, seen, sizeof seen) > 36 + 100) /* SSL request and ClientHello */
      break;
  ck_assert_uint_gt(bad_server_seen(server, seen, sizeof seen), 36 + 100);
  ck_assert_int_eq(seen[36], 22); /* a handshake record */
  ck_assert_uint_eq(bad_server_open(server), 1);
  ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  wait_until_all_closed(server);
  bad_server_stop(server);
}

START_TEST(a_bad_server_stops_in_tls)
{
  static const size_t stops[] = {0, 1, 5, 100, 700, 100000};
  char directory[] = "/tmp/aurora-selftest-XXXXXX";
  certificates_t certificates;
  bad_server_options_t options = {.mode = BAD_SERVER_SILENT_TLS};

  ck_assert_ptr_nonnull(mkdtemp(directory));
  ck_assert_int_eq(certificates_make(directory, &certificates), 0);
  hang_in_tls(&options, certificates.ca);
  options.mode = BAD_SERVER_STOPS_IN_TLS;
  options.certificate = certificates.server_cert[CERTIFICATE_GOOD];
  options.key = certificates.server_key;
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
    options.stop_after = stops[i];
    hang_in_tls(&options, certificates.ca);
  }
  ck_assert_int_eq(files_remove_tree(directory), 0);
}
END_TEST

static void set_flag(uv_timer_t *timer)
{
  *(bool *)timer->data = true;
}

START_TEST(a_loop_runs_until_the_flag)
{
  uv_loop_t loop;
  uv_timer_t timer;
  bool flag = false;
  uint64_t start = now_ms();

  ck_assert_int_eq(uv_loop_init(&loop), 0);
  ck_assert_int_eq(uv_timer_init(&loop, &timer), 0);
  timer.data = &flag;
  ck_assert_int_eq(uv_timer_start(&timer, set_flag, 20, 0), 0);
  uv_unref((uv_handle_t *)&timer);
  loop_run_until(&loop, &flag, 5000);
  ck_assert(flag);
  loop_run_for(&loop, 20);
  ck_assert_uint_ge(now_ms() - start, 38);
  uv_close((uv_handle_t *)&timer, NULL);
  loop_close_clean(&loop);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("support");
  TCase *database = tcase_create("database");
  TCase *servers = tcase_create("bad_server");
  TCase *loop = tcase_create("loop");
  int error = database_find();

  if (error)
    return database_not_started(error);
  tcase_set_timeout(database, 60);
  tcase_add_test(database, a_database_starts_and_stops);
  tcase_add_test(database, users_are_as_described);
  tcase_add_loop_test(database, certificates_are_trusted_as_meant, 0, sizeof trust / sizeof *trust);
  tcase_add_test(database, a_client_certificate_is_asked_for_and_accepted);
  tcase_add_test(database, the_bundle_has_144_authorities);
  tcase_add_test(database, two_run_side_by_side);
  tcase_add_test(database, it_restarts_with_port_and_data);
  tcase_add_test(database, it_freezes_and_thaws);
  tcase_add_test(database, values_of_64_mb_go_in_and_out);
  tcase_add_test(database, it_goes_when_the_program_is_killed);
  suite_add_tcase(suite, database);
  tcase_set_timeout(servers, 30);
  tcase_add_loop_test(servers, a_bad_server_misbehaves, 0, sizeof bad / sizeof *bad);
  tcase_add_test(servers, a_bad_server_stops_in_tls);
  suite_add_tcase(suite, servers);
  tcase_add_test(loop, a_loop_runs_until_the_flag);
  suite_add_tcase(suite, loop);
  return test_run(suite);
}
