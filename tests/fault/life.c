/*
 * See life.h.
 *
 *   TEXT and PREPARED, one behind the other -> the same again
 *     -> DIRTY and INSERT_PREPARED (the reset is between them) -> INSERT_TEXT -> the last query until it succeeds -> close -> ended
 */
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <mysql.h>
#include <mysqld_error.h>

#include "support/loop.h"
#include "support/server_differences.h"

/* How long after its deadline a callback may come on a busy machine. */
enum { SLACK_MS = 10000 };

static void ask(life_t *life, life_request_kind_t kind);
static void ask_last(life_t *life);

#define life_assert(life, condition, ...)                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      char text_[768];                                                                             \
      snprintf(text_, sizeof text_, __VA_ARGS__);                                                  \
      ck_abort_msg("%s: %s", (life)->plan.name, text_);                                            \
    }                                                                                              \
  } while (0)

static void on_closed(const aurora_error_t *error, void *data)
{
  life_t *life = data;

  life_assert(life, !error, "the pool's close failed");
  for (unsigned i = 0; i < LIFE_REQUESTS; i++)
    life_assert(life, life->requests[i].calls == 1, "request %u has %u callbacks", i,
                life->requests[i].calls);
  life_assert(life, life->last_calls == life->last_asked, "the last query has %u callbacks of %u",
              life->last_calls, life->last_asked);
  life->pool = NULL;
  life->ended(life);
}

static void on_last(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  life_t *life = data;
  int64_t value = -1;

  life->last_calls++;
  if (error) {
    /* In the pause after a refused login each answer comes at once: their number says nothing. */
    life_assert(life, now_ms() - life->last_since < LIFE_PATIENCE_MS,
                "the pool does not come back: %s", error->message);
    ask_last(life);
    return;
  }
  life_assert(life,
              aurora_result_int64(result, 0, 0, &value) == 0 || life->plan.kind == LIFE_FALSIFIED,
              "the last query gives no number");
  life_assert(life, value == life->id || life->plan.kind == LIFE_FALSIFIED,
              "the last query gives %lld", (long long)value);
  life_assert(life, aurora_pool_close(life->pool, 0, on_closed, life) == 0, "close refuses");
}

static void ask_last(life_t *life)
{
  const aurora_query_options_t options = {.flags = AURORA_QUERY_IDEMPOTENT,
                                          .acquire_timeout_ms = LIFE_PATIENCE_MS};
  char sql[64];

  if (!life->last_asked++)
    life->last_since = now_ms();
  snprintf(sql, sizeof sql, "SELECT %lld", (long long)life->id);
  life_assert(
      life,
      aurora_pool_query_with(life->pool, sql, AURORA_NO_PARAMS, &options, on_last, life, NULL) == 0,
      "the last query is refused");
}

/* What comes after this request has ended. */
static void go_on(life_t *life, life_request_kind_t kind)
{
  switch (kind) {
  case LIFE_TEXT:
  case LIFE_PREPARED:
    if (life->requests[LIFE_TEXT].calls && life->requests[LIFE_PREPARED].calls) {
      ask(life, LIFE_TEXT_AGAIN);
      ask(life, LIFE_PREPARED_AGAIN);
    }
    break;
  case LIFE_TEXT_AGAIN:
  case LIFE_PREPARED_AGAIN:
    if (life->requests[LIFE_TEXT_AGAIN].calls && life->requests[LIFE_PREPARED_AGAIN].calls) {
      ask(life, LIFE_DIRTY);
      ask(life, LIFE_INSERT_PREPARED);
    }
    break;
  case LIFE_DIRTY:
  case LIFE_INSERT_PREPARED:
    if (life->requests[LIFE_DIRTY].calls && life->requests[LIFE_INSERT_PREPARED].calls)
      ask(life, LIFE_INSERT_TEXT);
    break;
  case LIFE_INSERT_TEXT:
    ask_last(life);
    break;
  case LIFE_REQUESTS:
    break;
  }
}

static void check_result(const life_request_t *request, const aurora_result_t *result)
{
  const life_t *life = request->life;
  bool is_prepared = request->kind == LIFE_PREPARED || request->kind == LIFE_PREPARED_AGAIN;
  int64_t value = -1;

  switch (request->kind) {
  case LIFE_TEXT:
  case LIFE_PREPARED:
  case LIFE_TEXT_AGAIN:
  case LIFE_PREPARED_AGAIN:
    life_assert(life, aurora_result_rows(result) == 1, "%zu rows", aurora_result_rows(result));
    life_assert(life, aurora_result_int64(result, 0, 0, &value) == 0, "no number");
    life_assert(life, value == life->id + is_prepared, "request %u gives %lld",
                (unsigned)request->kind, (long long)value);
    break;
  case LIFE_INSERT_PREPARED:
  case LIFE_INSERT_TEXT:
    life_assert(life, aurora_result_affected_rows(result) == 1, "request %u inserted %llu rows",
                (unsigned)request->kind, (unsigned long long)aurora_result_affected_rows(result));
    break;
  case LIFE_DIRTY:
  case LIFE_REQUESTS:
    break;
  }
}

static bool is_loss(int code)
{
  return code == AURORA_ELOST || code == AURORA_ECONNECT || code == AURORA_ETLS ||
         code == UV_ECONNRESET;
}

/* The server's last word, when its client has hung up before the login or in the middle of a statement. Where it comes
 * together with the answer to a question of the connect it is what nobody asked for. */
static bool server_gives_up(const aurora_error_t *error)
{
  if (!server_has(SERVER_LAST_WORD))
    return false;
  return (error->code == AURORA_ESERVER && error->server_errno == ER_NET_READ_ERROR &&
          error->outcome != AURORA_UNKNOWN) ||
         (error->code == AURORA_EPROTOCOL && error->outcome == AURORA_NOT_SENT);
}

static void check_error(const life_request_t *request, const aurora_error_t *error)
{
  const life_t *life = request->life;
  bool makes_sense = false;

  switch (life->plan.kind) {
  case LIFE_UNDISTURBED:
    break;
  case LIFE_CUT:
    makes_sense = is_loss(error->code) || server_gives_up(error);
    break;
  case LIFE_STALLED:
    makes_sense = is_loss(error->code) || server_gives_up(error) || error->code == UV_ETIMEDOUT;
    break;
  case LIFE_DISTURBED:
  case LIFE_FALSIFIED:
    makes_sense = true;
    break;
  }
  life_assert(life, makes_sense, "request %u ends with %s: %s", (unsigned)request->kind,
              aurora_err_name(error->code), error->message);
  life_assert(life, error->message[0], "request %u: no message", (unsigned)request->kind);
  life_assert(life, (error->outcome == AURORA_REFUSED) <= (error->server_errno != 0),
              "request %u: refused, says %s: %s", (unsigned)request->kind,
              aurora_err_name(error->code), error->message);
  if (error->code == AURORA_ECONNECT || error->code == AURORA_ETLS)
    life_assert(life, error->outcome == AURORA_NOT_SENT, "request %u: %s, and outcome %u",
                (unsigned)request->kind, error->message, (unsigned)error->outcome);
}

static void on_answer(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  life_request_t *request = data;
  life_t *life = request->life;
  uint64_t took = now_ms() - request->asked_at;

  request->calls++;
  life_assert(life, request->calls == 1, "request %u is answered twice", (unsigned)request->kind);
  life_assert(life, (error == NULL) != (result == NULL), "an error and a result, or neither");
  if (took > life->plan.query_timeout + life->latest)
    life->latest = took - life->plan.query_timeout;
  life_assert(life, life->latest <= SLACK_MS, "request %u took %llu ms", (unsigned)request->kind,
              (unsigned long long)took);
  if (error) {
    request->code = error->code;
    request->outcome = error->outcome;
    life->failed++;
    check_error(request, error);
  } else if (life->plan.kind != LIFE_FALSIFIED) {
    check_result(request, result);
  }
  go_on(life, request->kind);
}

static void ask(life_t *life, life_request_kind_t kind)
{
  life_request_t *request = &life->requests[kind];
  const aurora_value_t values[] = {aurora_int64(life->id), aurora_int64(kind)};
  aurora_params_t params = {.values = values};
  char sql[96] = "";
  int status;

  switch (kind) {
  case LIFE_TEXT:
  case LIFE_TEXT_AGAIN:
    snprintf(sql, sizeof sql, "SELECT %lld", (long long)life->id);
    break;
  case LIFE_PREPARED:
  case LIFE_PREPARED_AGAIN:
    snprintf(sql, sizeof sql, "SELECT ? + 1");
    params.count = 1;
    break;
  case LIFE_DIRTY:
    snprintf(sql, sizeof sql, "SET @a = 1");
    break;
  case LIFE_INSERT_PREPARED:
    snprintf(sql, sizeof sql, "INSERT INTO life VALUES (?, ?, @a)");
    params.count = 2;
    break;
  case LIFE_INSERT_TEXT:
    snprintf(sql, sizeof sql, "INSERT INTO life VALUES (%lld, %d, @a)", (long long)life->id,
             (int)kind);
    break;
  case LIFE_REQUESTS:
    break;
  }
  request->life = life;
  request->kind = kind;
  request->asked_at = now_ms();
  status = aurora_pool_query(life->pool, sql, params, on_answer, request);
  life_assert(life, status == 0, "request %u is refused: %s", (unsigned)kind,
              aurora_err_name(status));
  life_assert(life, request->calls == 0, "a callback from inside the call");
}

void life_start(life_t *life, uv_loop_t *loop, fault_proxy_t *proxy, const life_plan_t *plan,
                int64_t id, void (*ended)(life_t *life))
{
  aurora_config_t config;
  aurora_error_t error;

  memset(life, 0, sizeof *life);
  life->proxy = proxy;
  life->plan = *plan;
  life->plan.script.once = true;
  life->id = id;
  life->ended = ended;
  fault_proxy_set(proxy, &life->plan.script);
  aurora_config_init(&config);
  config.host = "127.0.0.1";
  config.port = fault_proxy_port(proxy);
  config.user = DATABASE_USER;
  config.password = DATABASE_PASSWORD;
  config.database = DATABASE_NAME;
  config.ssl_mode = plan->tls ? AURORA_SSL_REQUIRED : AURORA_SSL_DISABLED;
  config.pool_size = 1;
  config.connect_timeout = plan->connect_timeout;
  config.query_timeout = plan->query_timeout;
  config.backoff_min = 1;
  config.backoff_max = 10;
  life_assert(life, aurora_pool_create(loop, &config, &life->pool, &error) == 0, "%s",
              error.message);
  ask(life, LIFE_TEXT);
  ask(life, LIFE_PREPARED);
}

/* --- Rows --------------------------------------------------------------------------------------- */

void life_make_table(database_t *database)
{
  ck_assert_int_eq(
      database_sql(database,
                   "DROP TABLE IF EXISTS life; CREATE TABLE life (id INT, which INT, a INT) "
                   "ENGINE = MEMORY"),
      0);
}

static bool may_have(const life_t *life, life_request_kind_t kind, unsigned rows)
{
  const life_request_t *request = &life->requests[kind];

  if (!request->code)
    return rows == 1;
  return rows == 0 || (rows == 1 && request->outcome == AURORA_UNKNOWN);
}

void life_check_rows(const database_t *database, const life_t *lives, unsigned count)
{
  unsigned(*rows)[LIFE_REQUESTS] = calloc(count, sizeof *rows);
  MYSQL *mysql = mysql_init(NULL);
  MYSQL_RES *result;
  MYSQL_ROW row;

  ck_assert_ptr_nonnull(rows);
  ck_assert_ptr_nonnull(
      mysql_real_connect(mysql, NULL, "root", "", DATABASE_NAME, 0, database->socket, 0));
  ck_assert_int_eq(mysql_query(mysql, "SELECT id, which, a FROM life"), 0);
  result = mysql_store_result(mysql);
  ck_assert_ptr_nonnull(result);
  while ((row = mysql_fetch_row(result)) != NULL) {
    long index = atol(row[0]) - LIFE_FIRST_ID;
    int which = atoi(row[1]);

    if (index < 0 || index >= (long)count || which < 0 || which >= LIFE_REQUESTS)
      ck_abort_msg("nobody inserted (%s, %s)", row[0], row[1]);
    life_assert(&lives[index], !row[2], "request %d ran in a session that was not clean", which);
    rows[index][which]++;
  }
  mysql_free_result(result);
  mysql_close(mysql);
  for (unsigned i = 0; i < count; i++) {
    for (int kind = LIFE_INSERT_PREPARED; kind <= LIFE_INSERT_TEXT; kind++)
      life_assert(&lives[i], may_have(&lives[i], (life_request_kind_t)kind, rows[i][kind]),
                  "request %d ended with %s, outcome %u, and %u rows are there", kind,
                  aurora_err_name(lives[i].requests[kind].code),
                  (unsigned)lives[i].requests[kind].outcome, rows[i][kind]);
  }
  free(rows);
}
