/*
 * Servers that do not follow the protocol, by mistake or by intent: one wrong answer at each stage of
 * a connection's life (scripted_answers.h), and each byte of each right answer replaced. One callback
 * with a clear error; nothing of the client's goes to the server that it need not have; and no
 * connection that may have lost step is used again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "client.h"
#include "scripted_answers.h"
#include "support/loop.h"
#include "support/runner.h"

enum { CONNECT_MS = 400, QUERY_MS = 400, SEEN = 65536 };

/* More where all is slow: under valgrind. */
static unsigned patience(unsigned ms)
{
  return getenv("CK_TIMEOUT_MULTIPLIER") ? ms * 10 : ms;
}

static void open_pool(client_t *client, const scripted_answer_t *script,
                      scripted_server_t **ret_server)
{
  aurora_config_t config;

  client_begin(client);
  ck_assert_int_eq(scripted_server_start(script, ret_server), 0);
  config = client_config_of_port(scripted_server_port(*ret_server), false);
  config.pool_size = 1;
  config.connect_timeout = patience(CONNECT_MS);
  config.query_timeout = patience(QUERY_MS);
  config.backoff_min = 1;
  config.backoff_max = 1;
  /* A reset would take the statement that is to be executed again. */
  if (script->after)
    config.reset = AURORA_RESET_NEVER;
  fixture_create(&client->fixture, &config);
}

static bool seen(scripted_server_t *server, const char *text)
{
  static char bytes[SEEN];

  return memmem(bytes, scripted_server_seen(server, bytes, sizeof bytes), text, strlen(text));
}

static void end(client_t *client, scripted_server_t *server)
{
  ck_assert(!seen(server, DATABASE_PASSWORD));
  ck_assert(!seen(server, "root:")); /* the first line of /etc/passwd */
  fixture_begin_close(&client->fixture, 0);
  ck_assert_int_eq(uv_run(&client->fixture.loop, UV_RUN_DEFAULT), 0);
  scripted_server_stop(server);
  client_end(client);
}

/* The request whose answer is wrong. */
static void ask(client_t *client, reply_t *answer, scripted_stage_t stage)
{
  if (stage == SCRIPTED_RESET)
    client_ask(client, answer, "SET @a = 1");
  else if (stage == SCRIPTED_PREPARE || stage == SCRIPTED_EXECUTE)
    client_ask_with(client, answer, "SELECT ?", AURORA_PARAMS(41), 0, 0);
  else
    client_ask(client, answer, "SELECT 41");
}

static bool has_code(const reply_t *answer, int code, int or_code)
{
  return answer->code && (answer->error.code == code || answer->error.code == or_code);
}

static bool may_ask_again(const reply_t *answer, bool closes)
{
  return has_code(answer, UV_ETIMEDOUT, closes ? AURORA_ELOST : 0);
}

/* Numbers that nobody else asked for: right ones come from a connection that is in step. A time-out
 * may be due to the machine; and a connection that the server has just closed may be lost. */
static void must_be_in_step(client_t *client, const char *name, bool closes)
{
  loop_run_for(&client->fixture.loop, 3); /* longer than any back-off */
  for (int i = 42; i < 48; i++) {
    uint64_t began_at = now_ms();
    reply_t answer;
    char sql[32];

    snprintf(sql, sizeof sql, "SELECT %d", i);
    do {
      if (i & 1)
        client_ask_with(client, &answer, "SELECT 0 + ?", AURORA_PARAMS(i), 0, 0);
      else
        client_ask(client, &answer, sql);
      fixture_wait(&client->fixture, &answer);
      ck_assert_uint_eq(answer.calls, 1);
    } while (may_ask_again(&answer, closes) && now_ms() - began_at < FIXTURE_PATIENCE_MS);
    ck_assert_msg(!answer.code, "%s: then %s: %s", name, aurora_err_name(answer.error.code),
                  answer.error.message);
    ck_assert_msg(answer.value == i, "%s: then %lld instead of %d", name, (long long)answer.value,
                  i);
  }
}

static bool ended_well(const wrong_answer_t *wrong, const reply_t *answer)
{
  const aurora_error_t *error = &answer->error;

  switch (wrong->ending) {
  case ENDS_LOST:
    return has_code(answer, AURORA_ELOST, AURORA_EPROTOCOL) && error->outcome != AURORA_REFUSED;
  case ENDS_LATE:
    return has_code(answer, UV_ETIMEDOUT, 0) &&
           error->outcome == (wrong->stage == SCRIPTED_PREPARE ? AURORA_NOT_SENT : AURORA_UNKNOWN);
  case ENDS_REFUSED:
    return has_code(answer, AURORA_ESERVER, 0) && error->outcome == AURORA_REFUSED &&
           error->server_errno == wrong->server_errno;
  case ENDS_NOT_FIT:
    return has_code(answer, AURORA_EPARAMS, 0) && error->outcome == AURORA_NOT_SENT;
  case ENDS_NO_ACCESS:
    return has_code(answer, AURORA_EACCESS, 0) && error->outcome == AURORA_NOT_SENT &&
           error->server_errno == wrong->server_errno;
  case ENDS_NO_CONNECT:
    return answer->code && error->outcome == AURORA_NOT_SENT &&
           error->server_errno == wrong->server_errno;
  case ENDS_RIGHT:
  case ENDS_RIGHT_ELSEWHERE:
    return !answer->code && answer->value == (wrong->stage == SCRIPTED_RESET ? -1 : 41);
  case ENDS_SOMEHOW:
    return true;
  }
  return false;
}

static void ask_well(client_t *client, scripted_stage_t stage, unsigned times)
{
  for (unsigned i = 0; i < times; i++) {
    reply_t answer;

    ask(client, &answer, stage);
    fixture_wait(&client->fixture, &answer);
    reply_must_be_good(&answer);
    ck_assert_int_eq(answer.value, 41);
  }
}

/* How often a request was answered before it is answered wrongly: what the library knows of a statement by
 * then lets it read the answer in another way (src/connection/answer.h, execution.c). */
enum { TEXT_WAYS = 2, EXECUTE_WAYS = 3 };

static void try_answer(const wrong_answer_t *wrong, unsigned after)
{
  scripted_answer_t script = {.stage = wrong->stage, .after = after, .closes = wrong->closes};
  scripted_server_t *server;
  client_t client;
  reply_t answer;

  wrong->write(&script.answer);
  open_pool(&client, &script, &server);
  ask_well(&client, wrong->stage, after);
  ask(&client, &answer, wrong->stage);
  fixture_wait(&client.fixture, &answer);
  ck_assert_msg(answer.calls == 1, "%s: %u callbacks", wrong->name, answer.calls);
  ck_assert_msg(ended_well(wrong, &answer), "%s: %s, outcome %u, error %u of the server: %s",
                wrong->name, answer.code ? aurora_err_name(answer.error.code) : "success",
                (unsigned)answer.error.outcome, answer.error.server_errno, answer.error.message);
  ck_assert_msg(!answer.code || answer.error.message[0], "%s: no message", wrong->name);
  must_be_in_step(&client, wrong->name, wrong->closes);
  ck_assert_msg(scripted_server_answered(server), "%s: it did not come to that", wrong->name);
  if (wrong->ending == ENDS_LOST || wrong->ending == ENDS_LATE ||
      wrong->ending == ENDS_RIGHT_ELSEWHERE)
    ck_assert_msg(scripted_server_connections(server) > 1, "%s: it goes on", wrong->name);
  ck_assert_uint_eq(answer.calls, 1);
  end(&client, server);
}

START_TEST(a_wrong_answer_to_a_query)
{
  try_answer(&wrong_answers_to_queries[_i / TEXT_WAYS], _i % TEXT_WAYS);
}
END_TEST

START_TEST(a_wrong_answer_to_a_statement)
{
  const wrong_answer_t *wrong = &wrong_answers_to_statements[_i / EXECUTE_WAYS];

  if (wrong->stage == SCRIPTED_EXECUTE || _i % EXECUTE_WAYS == 0)
    try_answer(wrong, _i % EXECUTE_WAYS);
}
END_TEST

START_TEST(a_wrong_answer_while_connecting_or_resetting)
{
  try_answer(&wrong_answers_to_sessions[_i], 0);
}
END_TEST

/* --- Each byte ---------------------------------------------------------------------------------- */

static const struct {
  scripted_stage_t stage;
  unsigned after;
} stages[] = {{SCRIPTED_GREETING, 0}, {SCRIPTED_LOGIN, 0},   {SCRIPTED_ASK, 0},
              {SCRIPTED_SET_UP, 0},   {SCRIPTED_QUERY, 0},   {SCRIPTED_QUERY, 1},
              {SCRIPTED_PREPARE, 0},  {SCRIPTED_EXECUTE, 0}, {SCRIPTED_EXECUTE, 1},
              {SCRIPTED_EXECUTE, 2},  {SCRIPTED_RESET, 0}};

enum { STAGES = sizeof stages / sizeof *stages };

/* What means something in one place or another. */
static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};

/*
 * Faults of libmariadb 3.3.20 that cannot be helped here:
 * - A column's definition ends with 12 bytes, their number before them. It does not look at the number
 *   and reads all 12 of what may be fewer, from memory of its own that was never written: the column's
 *   type is then whatever was there.
 * - A count of columns whose eight bytes are missing is read from what came before. When there is no
 *   memory for so many, the definitions that were read (8 KiB) are never freed.
 */
static bool is_left_out(scripted_stage_t stage, const mysql_packets_t *usual, size_t at,
                        unsigned char value)
{
  bool has_count = stage == SCRIPTED_QUERY || stage == SCRIPTED_EXECUTE || stage == SCRIPTED_ASK;

  return (usual->bytes[at] == 12 && value < 12) ||
         (has_count && at == MYSQL_PACKET_HEADER && value == 0xfe);
}

/* The connection is closed after the answer, so a length that is too large takes no time. */
START_TEST(each_byte_of_an_answer)
{
  const scripted_stage_t stage = stages[_i].stage;
  scripted_answer_t script = {.stage = stage, .after = stages[_i].after, .closes = true};
  mysql_packets_t usual = scripted_server_usual(stage, 41);
  unsigned tried = 0;

  for (size_t at = 0; at < usual.size; at++) {
    for (size_t i = 0; i < sizeof values; i++) {
      scripted_server_t *server;
      client_t client;
      reply_t answer;
      char name[80];

      if (is_left_out(stage, &usual, at, values[i]) ||
          (getenv("AURORA_TEST_SHORT") && (at + i) % 8))
        continue;
      snprintf(name, sizeof name, "stage %d after %u, byte %zu is 0x%02x", stage, script.after, at,
               values[i]);
      script.answer = usual;
      script.answer.bytes[at] = values[i];
      open_pool(&client, &script, &server);
      ask_well(&client, stage, script.after);
      ask(&client, &answer, stage);
      fixture_wait(&client.fixture, &answer);
      ck_assert_msg(answer.calls == 1, "%s: %u callbacks", name, answer.calls);
      ck_assert_msg(!answer.code || answer.error.message[0], "%s: no message", name);
      must_be_in_step(&client, name, true);
      tried++;
      end(&client, server);
    }
  }
  printf("# stage %d after %u: %u answers with one wrong byte\n", stage, script.after, tried);
  fflush(stdout);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("scripted");
  TCase *tcase = tcase_create("scripted");

  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, a_wrong_answer_to_a_query, 0,
                      wrong_answers_to_queries_count * TEXT_WAYS);
  tcase_add_loop_test(tcase, a_wrong_answer_to_a_statement, 0,
                      wrong_answers_to_statements_count * EXECUTE_WAYS);
  tcase_add_loop_test(tcase, a_wrong_answer_while_connecting_or_resetting, 0,
                      wrong_answers_to_sessions_count);
  tcase_add_loop_test(tcase, each_byte_of_an_answer, 0, STAGES);
  suite_add_tcase(suite, tcase);
  return suite;
}

/* A count of columns may have libmariadb ask for more memory than there is, which must not end the
 * program: it gets none, and says so. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
  return "allocator_may_return_null=1";
}

int main(void)
{
  return test_run(make_suite());
}
