/*
 * Secrets: the password stands in no log event, no error and no command line, and in the process's
 * memory only where the pool keeps it: its own copy of the configuration.
 *
 * The test has no copy of its own: the password is stored XORed, made when it is handed over, and
 * wiped. The search compares without making one either.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "support/loop.h"
#include "support/database_test.h"

enum { MASK = 0x5a, CHUNK = 1 << 20, LARGEST_MAPPING = 1 << 28 };

#define HIDDEN(c) ((c) ^ MASK)

static const unsigned char hidden[] = {
    HIDDEN('Q'), HIDDEN('z'), HIDDEN('7'), HIDDEN('-'), HIDDEN('k'), HIDDEN('e'), HIDDEN('e'),
    HIDDEN('p'), HIDDEN('-'), HIDDEN('i'), HIDDEN('t'), HIDDEN('-'), HIDDEN('Q'), HIDDEN('x'),
    HIDDEN('9'), HIDDEN('-'), HIDDEN('h'), HIDDEN('u'), HIDDEN('s'), HIDDEN('h')};

enum { SIZE = sizeof hidden };

static database_t database;

static __attribute__((noinline)) void reveal(char password[SIZE + 1])
{
  for (size_t i = 0; i < SIZE; i++)
    password[i] = (char)(hidden[i] ^ MASK);
  password[SIZE] = '\0';
}

/* What a function that has returned left on the stack: the dynamic linker saves registers there. */
static __attribute__((noinline)) void wipe_stack(void)
{
  char used[64 * 1024];

  explicit_bzero(used, sizeof used);
}

/* How often the password stands in these bytes. */
static unsigned occurrences(const void *bytes, size_t size)
{
  const unsigned char *at = bytes;
  unsigned count = 0;

  for (size_t i = 0; i + SIZE <= size; i++) {
    size_t k = 0;

    while (k < SIZE && (at[i + k] ^ MASK) == hidden[k])
      k++;
    count += k == SIZE;
  }
  return count;
}

/* --- The process's memory ----------------------------------------------------------------------- */

static unsigned char chunk[CHUNK];

static unsigned search_mapping(int memory, uint64_t begin, uint64_t end, const char *line)
{
  unsigned count = 0;

  /* Chunks overlap by one byte less than what is looked for. */
  for (uint64_t at = begin; at < end; at += CHUNK - SIZE + 1) {
    size_t wanted = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
    ssize_t size = pread(memory, chunk, wanted, (off_t)at);
    unsigned here = size > 0 ? occurrences(chunk, (size_t)size) : 0;

    explicit_bzero(chunk, sizeof chunk);
    if (here)
      printf("# %u in the %" PRIu64 " KB at %.*s\n", here, (end - begin) / 1024,
             (int)strcspn(line, "\n"), line);
    count += here;
  }
  return count;
}

/* In everything that the process can write. A sanitizer's shadow memory is too large to be looked at. */
static unsigned search_memory(void)
{
  FILE *maps = fopen("/proc/self/maps", "re");
  int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  char line[512];
  unsigned count = 0;

  ck_assert_ptr_nonnull(maps);
  ck_assert_int_ge(memory, 0);
  while (fgets(line, sizeof line, maps)) {
    uint64_t begin, end;
    char access[8];

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &begin, &end, access) == 3 &&
        access[0] == 'r' && access[1] == 'w' && end - begin < LARGEST_MAPPING)
      count += search_mapping(memory, begin, end, line);
  }
  fclose(maps);
  close(memory);
  return count;
}

/* The program is linked with -z now, or the dynamic linker would look a function up at its first call,
 * save registers on the stack while it does, and one may still hold the password. */
static void nothing_must_be_there(void)
{
  ck_assert_uint_eq(search_memory(), 0);
}

/* --- What is logged and told -------------------------------------------------------------------- */

static unsigned logged, told, events;

static void on_log(aurora_log_level_t level, const char *event, const aurora_log_field_t *fields,
                   size_t count, void *data)
{
  (void)level;
  (void)data;
  events++;
  logged += occurrences(event, strlen(event));
  for (size_t i = 0; i < count; i++) {
    if (fields[i].value.type == AURORA_TYPE_STRING)
      logged += occurrences(fields[i].value.as.text.data, fields[i].value.as.text.size);
  }
}

static void note(const reply_t *answer)
{
  told += occurrences(&answer->error, sizeof answer->error);
}

/* A pool whose user has the password; nobody but the pool has it when this returns. */
static __attribute__((noinline)) void open_with_secret(client_t *client, aurora_config_t *config)
{
  char password[SIZE + 1];

  reveal(password);
  config->user = "secretive";
  config->password = password;
  config->log_cb = on_log;
  client_open(client, config);
  explicit_bzero(password, sizeof password);
  wipe_stack();
  config->password = "";
}

/* --- Tests -------------------------------------------------------------------------------------- */

START_TEST(the_search_finds_what_is_there)
{
  char *password = malloc(SIZE + 1);

  ck_assert_ptr_nonnull(password);
  reveal(password);
  wipe_stack();
  ck_assert_uint_eq(search_memory(), 1);
  explicit_bzero(password, SIZE);
  wipe_stack();
  ck_assert_uint_eq(search_memory(), 0);
  free(password);
}
END_TEST

static void use(client_t *client)
{
  reply_t answers[4], lease;

  fixture_warm_up(&client->fixture, &answers[0]);
  client_ask(client, &answers[1], "SELECT 1 + SLEEP(0.05)");
  client_ask_with(client, &answers[2], "SELECT SLEEP(?)", AURORA_PARAMS(5), 100, 0);
  client_ask(client, &answers[3], "SELECT nonsense");
  fixture_acquire(&client->fixture, &lease);
  for (int i = 0; i < 4; i++) {
    fixture_wait(&client->fixture, &answers[i]);
    note(&answers[i]);
  }
  fixture_wait(&client->fixture, &lease);
  reply_must_be_good(&lease);
  aurora_connection_release(lease.connection);
  reply_must_be_good(&answers[0]);
  reply_must_be_good(&answers[1]);
  reply_must_be(&answers[2], UV_ETIMEDOUT);
  reply_must_be(&answers[3], AURORA_ESERVER);
}

/* Connections are opened, statements killed over one of their own, sessions reset. */
START_TEST(only_the_pool_keeps_the_password)
{
  aurora_config_t config = client_config(&database, _i);
  client_t client;

  config.warmup_size = 4;
  open_with_secret(&client, &config);
  ck_assert_uint_eq(search_memory(), 1);
  use(&client);
  fixture_wait_quiet(&client.fixture);
  ck_assert_uint_eq(search_memory(), 1);
  client_close(&client, 1000);
  ck_assert_uint_eq(search_memory(), 0);
  ck_assert_uint_gt(events, 0);
  ck_assert_uint_eq(logged, 0);
  ck_assert_uint_eq(told, 0);
}
END_TEST

typedef struct {
  const char *database;
  int code;
  bool tls, wrong_ca, refused;
} failure_t;

static const failure_t failures[] = {
    {.database = "nowhere", .code = AURORA_EACCESS},
    {.database = "nowhere", .code = AURORA_EACCESS, .tls = true},
    {.database = DATABASE_NAME, .code = AURORA_ETLS, .tls = true, .wrong_ca = true},
    {.database = DATABASE_NAME, .code = UV_ECONNREFUSED, .refused = true},
};

START_TEST(a_connect_that_fails_leaves_no_copy)
{
  const failure_t *failure = &failures[_i];
  aurora_config_t config = client_config(&database, failure->tls);
  client_t client;
  reply_t answer;

  config.database = failure->database;
  if (failure->wrong_ca) {
    config.ssl_mode = AURORA_SSL_VERIFY_CA;
    config.ssl_ca = database.other_ca;
  }
  if (failure->refused)
    config.port = 1;
  open_with_secret(&client, &config);
  client_ask(&client, &answer, "SELECT 1");
  fixture_wait(&client.fixture, &answer);
  reply_must_be(&answer, failure->code);
  note(&answer);
  ck_assert_uint_eq(search_memory(), 1);
  client_close(&client, 0);
  ck_assert_uint_eq(search_memory(), 0);
  ck_assert_uint_gt(events, 0);
  ck_assert_uint_eq(logged, 0);
  ck_assert_uint_eq(told, 0);
}
END_TEST

static __attribute__((noinline)) void configure_from_uri(aurora_config_t *config)
{
  char password[SIZE + 1], uri[128];
  aurora_error_t error;

  aurora_config_init(config);
  reveal(password);
  snprintf(uri, sizeof uri, "mysql://secretive:%s@127.0.0.1/octane", password);
  explicit_bzero(password, sizeof password);
  ck_assert_int_eq(aurora_config_from_uri(config, uri, &error), 0);
  explicit_bzero(uri, sizeof uri);
}

/* A configuration made from a URI has its own copy, until it is cleared. */
START_TEST(a_cleared_configuration_keeps_nothing)
{
  aurora_config_t config;

  configure_from_uri(&config);
  wipe_stack();
  ck_assert_uint_eq(search_memory(), 1);
  aurora_config_clear(&config);
  ck_assert_uint_eq(search_memory(), 0);
}
END_TEST

START_TEST(the_command_line_does_not_show_it)
{
  aurora_config_t config = client_config(&database, false);
  char line[4096];
  client_t client;
  ssize_t size;
  int file;

  open_with_secret(&client, &config);
  fixture_number(&client.fixture, "SELECT 1");
  file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  size = read(file, line, sizeof line);
  close(file);
  ck_assert_int_gt(size, 0);
  ck_assert_uint_eq(occurrences(line, (size_t)size), 0);
  client_close(&client, 0);
}
END_TEST

/* A statement's parameters: the server quotes them in its errors, for the caller; the log must not. */
START_TEST(no_parameter_is_logged)
{
  aurora_config_t config = client_config(&database, false);
  char value[SIZE + 1];
  client_t client;
  reply_t answer;

  ck_assert_int_eq(database_sql(&database, "DROP TABLE IF EXISTS unique_texts; CREATE TABLE "
                                           "unique_texts (a VARCHAR(99) PRIMARY KEY)"),
                   0);
  config.log_cb = on_log;
  client_open(&client, &config);
  for (int i = 0; i < 2; i++) {
    reveal(value);
    client_ask_with(&client, &answer, "INSERT INTO unique_texts VALUES (?)", AURORA_PARAMS(value),
                    0, 0);
    explicit_bzero(value, sizeof value);
    fixture_wait(&client.fixture, &answer);
  }
  reply_must_be(&answer, AURORA_ESERVER);
  ck_assert_uint_eq(answer.error.server_errno, 1062);
  ck_assert_uint_eq(logged, 0);
  client_close(&client, 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("secrets");
  TCase *tcase = tcase_create("secrets");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, nothing_must_be_there, NULL);
  tcase_add_test(tcase, the_search_finds_what_is_there);
  tcase_add_loop_test(tcase, only_the_pool_keeps_the_password, 0, 2);
  tcase_add_loop_test(tcase, a_connect_that_fails_leaves_no_copy, 0,
                      sizeof failures / sizeof *failures);
  tcase_add_test(tcase, a_cleared_configuration_keeps_nothing);
  tcase_add_test(tcase, the_command_line_does_not_show_it);
  tcase_add_test(tcase, no_parameter_is_logged);
  suite_add_tcase(suite, tcase);
  return suite;
}

/* In a child, for the statement has the password in it. */
static bool create_user(void)
{
  pid_t child = fork();
  int status;

  if (!child) {
    char password[SIZE + 1], sql[256];

    reveal(password);
    snprintf(sql, sizeof sql,
             "CREATE USER secretive@'%%' IDENTIFIED BY '%s'; "
             "GRANT ALL PRIVILEGES ON octane.* TO secretive@'%%'",
             password);
    _exit(database_sql(&database, sql) ? 1 : 0);
  }
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
  int error = database_start(&database, NULL);
  int status;

  if (error)
    return database_not_started(error);
  if (!create_user()) {
    database_stop(&database);
    return EXIT_FAILURE;
  }
  status = test_run(make_suite());
  database_stop(&database);
  return status;
}
