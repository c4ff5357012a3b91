/*
 * Random statements, repeated, through the pool and through the plain client library, each in a database
 * of its own: every value, type, count, info text and error is the same.
 *
 * What is drawn: the pool's configuration; a few statements out of all, so that each comes again and
 * again; parameters of any type and size; the way (a pool query, a lease, buffered, streamed, stopped,
 * paused, cancelled); how many at once. A seed gives the same draw again.
 *
 * A minute from a seed that is printed, or six seeds from 1 with AURORA_TEST_SHORT; AURORA_TEST_SEED is another
 * first one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "integration/random_plain.h"
#include "integration/random_statements.h"
#include "integration/transcript.h"
#include "support/database_test.h"
#include "support/fault_proxy.h"
#include "support/loop.h"
#include "support/pool_fixture.h"
#include "support/server_differences.h"

enum { MOST_AT_ONCE = 6, STEPS = 300, SEEDS = 6, SECONDS = 60 };

static database_t database;
static pool_fixture_t fixture;
static unsigned long first_seed = 1;
static unsigned seconds;

/* --- A statement on its way ---------------------------------------------------------------------- */

typedef struct {
  reply_t reply; /* first: what the callbacks get */
  script_step_t step;
  unsigned flags;
  bool streamed, stopped, cancelled, paused;
  unsigned stop_after, rows_seen;
  transcript_t rows, pooled, plain;
  aurora_query_t *query;
} job_t;

static job_t jobs[MOST_AT_ONCE];
static unsigned jobs_count;
static bool chaos; /* callbacks cancel others */

static void draw_step(job_t *job)
{
  const random_statement_t *statement = random_draw_statement();

  memset(job, 0, sizeof *job);
  job->flags = statement->flags;
  job->step.sql = statement->sql;
  job->step.count = 0;
  for (const char *kind = statement->parameters; *kind; kind++) {
    if (job->step.count == 8)
      break;
    job->step.values[job->step.count++] = random_draw_value(*kind);
  }
}

static int on_row(const aurora_result_t *row, void *data)
{
  job_t *job = data;

  for (unsigned i = 0; i < aurora_result_columns(row); i++) {
    aurora_value_t value = aurora_result_value(row, 0, i);

    transcript_add_value(&job->rows, &value);
  }
  transcript_add(&job->rows, "\n");
  if (++job->rows_seen == job->stop_after) {
    job->stopped = true;
    return 1;
  }
  if (random_once_in(40) && !job->paused) {
    ck_assert_int_eq(aurora_query_pause(job->query), 0);
    job->paused = true;
  }
  return 0;
}

static void cancel(job_t *job)
{
  if (!job->reply.done && (job->flags & RANDOM_READS) && aurora_query_cancel(job->query) == 0)
    job->cancelled = true;
}

static void on_query(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  reply_on_query(error, result, data);
  if (chaos && random_once_in(4))
    cancel(&jobs[random_below(jobs_count)]);
}

static void submit(job_t *job, aurora_connection_t *lease)
{
  aurora_query_options_t options = {0};
  aurora_params_t params = {job->step.values, job->step.count};
  int code;

  job->streamed = random_once_in(5);
  if (job->streamed)
    options.on_row = on_row;
  if (job->streamed && (job->flags & RANDOM_READS) && random_once_in(4))
    job->stop_after = 1 + random_below(60);
  reply_init(&job->reply, &fixture);
  fixture.submitting++;
  code = lease ? aurora_connection_query_with(lease, job->step.sql, params, &options, on_query, job,
                                              &job->query)
               : aurora_pool_query_with(fixture.pool, job->step.sql, params, &options, on_query,
                                        job, &job->query);
  fixture.submitting--;
  ck_assert_int_eq(code, 0);
  if (job->streamed && random_once_in(4)) {
    job->paused = aurora_query_pause(job->query) == 0;
  }
}

static bool wait_a_little(void)
{
  bool waiting = false, paused = false;

  for (unsigned i = 0; i < jobs_count; i++) {
    waiting |= !jobs[i].reply.done;
    if (jobs[i].paused && !jobs[i].reply.done) {
      paused = true;
      if (random_once_in(3)) {
        aurora_query_resume(jobs[i].query);
        jobs[i].paused = false;
      }
    }
  }
  if (waiting)
    uv_run(&fixture.loop, paused ? UV_RUN_NOWAIT : UV_RUN_ONCE);
  return waiting;
}

/* The transcript's lines that are rows, or those that are not. */
static void take_lines(transcript_t *to, const transcript_t *from, bool rows)
{
  const char *line = from->text;

  while (line && *line) {
    const char *end = strchr(line, '\n') + 1;

    if ((*line == ' ') == rows) {
      char *copy = strndup(line, (size_t)(end - line));

      for (char *at = copy; *at; at += strnlen(at, 1000))
        transcript_add(to, "%.1000s", at);
      free(copy);
    }
    line = end;
  }
  if (!to->text)
    transcript_add(to, "%s", "");
}

/* Of a CALL, where the count may be that of a statement before it in the session. */
static void leave_out_affected(transcript_t *transcript)
{
  char *at = transcript->text;

  while (at && (at = strstr(at, "affected ")) != NULL) {
    char *from = at += strlen("affected ");

    from += strspn(from, "0123456789");
    memmove(at, from, strlen(from) + 1);
    transcript->size = strlen(transcript->text);
  }
}

static bool same(const transcript_t *a, const transcript_t *b)
{
  return strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
}

static void show(const job_t *job, const char *why, const transcript_t *plain,
                 const transcript_t *pooled)
{
  fprintf(stderr, "%s: %.300s\n", why, job->step.sql);
  for (unsigned i = 0; i < job->step.count; i++) {
    transcript_t text = {0};

    transcript_add_value(&text, &job->step.values[i]);
    fprintf(stderr, "  parameter %.100s\n", text.text);
    transcript_clear(&text);
  }
  fprintf(stderr, "streamed %d stopped %d cancelled %d code %d %s\n", job->streamed, job->stopped,
          job->cancelled, job->reply.code, job->reply.code ? job->reply.error.message : "");
  fprintf(stderr, "--- plain\n%.1500s\n--- pool\n%.1500s\n", plain->text ? plain->text : "",
          pooled->text ? pooled->text : "");
}

static bool faulty;     /* connections break */
static bool reads_only; /* what fails then leaves the databases the same */

static bool is_as_it_should_be(job_t *job)
{
  const aurora_error_t *error = job->reply.code ? &job->reply.error : NULL;
  transcript_t rows = {0}, counts = {0};
  bool good = true;

  if (error && job->cancelled && job->reply.code == UV_ECANCELED)
    return true;
  if (error && (job->flags & RANDOM_READS) && job->reply.code == AURORA_ETOOBIG)
    return true;
  if (error && faulty && job->reply.code == AURORA_ELOST)
    return true;
  if (error && job->stopped && job->reply.code == UV_ECANCELED) {
    if (strncmp(job->plain.text, "error", 5) == 0)
      return true;
    take_lines(&rows, &job->plain, true);
    good = strncmp(rows.text, job->rows.text, job->rows.size) == 0;
    if (!good)
      show(job, "other rows before the stop", &rows, &job->rows);
    transcript_clear(&rows);
    return good;
  }
  if (error && error->outcome != AURORA_REFUSED) {
    show(job, "failed", &job->plain, &job->pooled);
    return false;
  }
  transcript_of_reply(&job->pooled, error, job->reply.result);
  if (strncmp(job->step.sql, "CALL", 4) == 0 && !server_has(SERVER_CALL_SUMS)) {
    leave_out_affected(&job->plain);
    leave_out_affected(&job->pooled);
  }
  if (!job->streamed || error) {
    if (same(&job->plain, &job->pooled))
      return true;
    show(job, "different", &job->plain, &job->pooled);
    return false;
  }
  take_lines(&rows, &job->plain, true);
  take_lines(&counts, &job->plain, false);
  if (!same(&rows, &job->rows) || !same(&counts, &job->pooled)) {
    show(job, "different rows or counts", &rows, &job->rows);
    show(job, "different rows or counts", &counts, &job->pooled);
    good = false;
  }
  transcript_clear(&rows);
  transcript_clear(&counts);
  return good;
}

/* What follows a transaction that has ended with a statement that failed. */
static bool is_refused(job_t *job)
{
  if (job->cancelled && job->reply.code == UV_ECANCELED)
    return true;
  if (job->reply.code == AURORA_ENOTRANSACTION && job->reply.error.outcome == AURORA_NOT_SENT)
    return true;
  show(job, "not refused", &job->plain, &job->pooled);
  return false;
}

static unsigned long done_steps;

/* Some at once; then the same by the plain client, one after the other. */
static bool run_some(aurora_connection_t *lease, MYSQL *plain)
{
  bool good = true;

  /* Of the pool's connections only reads may run side by side. */
  jobs_count = lease || random_once_in(3) ? 1 + random_below(MOST_AT_ONCE) : 1;
  for (unsigned i = 0; i < jobs_count; i++) {
    int tries = 0;

    do
      draw_step(&jobs[i]);
    while (((!lease && jobs_count > 1) || reads_only) && !(jobs[i].flags & RANDOM_READS) &&
           ++tries < 50);
    if (tries == 50) {
      jobs_count = i;
      break;
    }
  }
  chaos = random_once_in(4);
  for (unsigned i = 0; i < jobs_count; i++)
    submit(&jobs[i], lease);
  if (random_once_in(30) && jobs_count) {
    for (unsigned turns = random_below(6); turns; turns--)
      uv_run(&fixture.loop, UV_RUN_NOWAIT);
    cancel(&jobs[random_below(jobs_count)]);
  }
  while (wait_a_little())
    ;
  chaos = false;
  for (unsigned i = 0; i < jobs_count; i++) {
    if (random_plain_refuses(jobs[i].step.sql)) {
      good &= is_refused(&jobs[i]);
    } else {
      random_plain_run(&jobs[i].plain, plain, &jobs[i].step);
      good &= is_as_it_should_be(&jobs[i]);
    }
    ck_assert_uint_eq(jobs[i].reply.calls, 1);
    done_steps++;
    reply_clear(&jobs[i].reply);
    transcript_clear(&jobs[i].rows);
    transcript_clear(&jobs[i].plain);
    transcript_clear(&jobs[i].pooled);
  }
  return good;
}

/* --- Batches ------------------------------------------------------------------------------------- */

typedef struct {
  bool done, failed;
} batch_reply_t;

static void on_batch(const aurora_error_t *error, const aurora_batch_t *batch, void *data)
{
  batch_reply_t *reply = data;

  (void)batch;
  reply->done = true;
  reply->failed = error != NULL;
}

/* A batch of a statement that is executed by itself too; the plain client executes it row by row. */
static bool run_batch(MYSQL *plain)
{
  enum { ROWS = 12, COLUMNS = 3 };
  aurora_value_t values[ROWS][COLUMNS];
  aurora_rows_t rows = {&values[0][0], COLUMNS, 1 + random_below(ROWS)};
  aurora_batch_options_t options = {.flags = random_once_in(2) ? AURORA_BATCH_ONE_BY_ONE : 0};
  batch_reply_t reply = {0};
  bool failed = false;
  script_step_t step = {.sql = "REPLACE INTO batched (id, a, b) VALUES (?, ?, ?)",
                        .count = COLUMNS};

  for (size_t row = 0; row < rows.rows; row++) {
    values[row][0] = random_draw_value('i');
    values[row][1] = random_draw_value('n');
    values[row][2] = random_draw_value('s');
  }
  fixture.submitting++;
  ck_assert_int_eq(
      aurora_pool_batch(fixture.pool, step.sql, rows, &options, on_batch, &reply, NULL), 0);
  fixture.submitting--;
  while (!reply.done)
    uv_run(&fixture.loop, UV_RUN_ONCE);
  ck_assert_int_eq(mysql_query(plain, "BEGIN"), 0);
  for (size_t row = 0; row < rows.rows; row++) {
    transcript_t transcript = {0};

    memcpy(step.values, values[row], sizeof values[row]);
    transcript_of_plain(&transcript, plain, &step);
    failed |= strncmp(transcript.text, "error", 5) == 0;
    transcript_clear(&transcript);
  }
  ck_assert_int_eq(mysql_query(plain, failed ? "ROLLBACK" : "COMMIT"), 0);
  if (failed != reply.failed)
    fprintf(stderr, "a batch: plain failed %d, pool failed %d\n", failed, reply.failed);
  return failed == reply.failed;
}

/* --- A round ------------------------------------------------------------------------------------- */

static fault_proxy_t *proxy;
static bool never_reset;

static void open_pool(void)
{
  static const unsigned caches[] = {64, 64, 64, 1, 2, 3, 0};
  static const aurora_reset_policy_t resets[] = {AURORA_RESET_AUTO, AURORA_RESET_AUTO,
                                                 AURORA_RESET_NEVER, AURORA_RESET_ALWAYS};
  aurora_config_t config = fixture_config(&database);

  config.pool_size = 1 + random_below(3);
  config.statement_cache = caches[random_below(7)];
  config.reset = resets[random_below(4)];
  never_reset = config.reset == AURORA_RESET_NEVER;
  config.log_cb = NULL;
  faulty = random_is_small = false;
  if (random_once_in(6))
    config.ssl_mode = AURORA_SSL_REQUIRED;
  else if (random_once_in(4)) {
    fault_script_t faults = {0};

    random_is_small = faults.to_client.byte_by_byte = random_once_in(2);
    if (random_once_in(2)) {
      faulty = true;
      faults.to_client.cut = random_once_in(2) ? FAULT_RESET : FAULT_FIN;
      faults.to_client.after = 1000 + random_below(random_once_in(2) ? 3000 : 200000);
    }
    ck_assert_int_eq(fault_proxy_start(database.host, database.port, &faults, &proxy), 0);
    config.port = fault_proxy_port(proxy);
  }
  reads_only = faulty;
  if (random_once_in(8)) {
    config.max_result_size = 8192;
    reads_only = true;
  }
  fixture_open(&fixture, &config);
}

static bool run_round(unsigned long seed)
{
  MYSQL *plain;
  aurora_connection_t *lease = NULL;
  bool good = true;

  random_seed(seed);
  random_make_tables(&database);
  plain = random_plain_open(&database);
  open_pool();
  random_draw_set(false);
  for (int i = 0; i < STEPS && good; i++) {
    if (!faulty && random_once_in(25)) {
      if (lease) {
        aurora_connection_release(lease);
        random_plain_reset(plain);
        lease = NULL;
      } else {
        lease = fixture_lease(&fixture);
      }
      random_draw_set(lease && !never_reset);
    }
    if (random_once_in(60))
      random_draw_set(lease && !never_reset);
    good = !lease && !reads_only && random_once_in(15) ? run_batch(plain) : run_some(lease, plain);
    if (!good)
      fprintf(stderr, "seed %lu, step %d, on a lease: %d\n", seed, i, lease != NULL);
  }
  if (lease)
    aurora_connection_release(lease);
  if (!faulty && good) {
    aurora_stats_t stats = fixture_stats(&fixture);

    if (stats.closed[AURORA_CLOSE_LOST] || stats.closed[AURORA_CLOSE_PROTOCOL_ERROR]) {
      fprintf(stderr, "seed %lu: connections lost %lu, protocol errors %lu\n", seed,
              (unsigned long)stats.closed[AURORA_CLOSE_LOST],
              (unsigned long)stats.closed[AURORA_CLOSE_PROTOCOL_ERROR]);
      good = false;
    }
  }
  if (proxy)
    fault_proxy_apply(proxy, &fault_reset);
  fixture_close(&fixture);
  if (proxy)
    fault_proxy_stop(proxy);
  proxy = NULL;
  mysql_close(plain);
  return good;
}

START_TEST(random_statements_give_what_the_plain_client_gives)
{
  uint64_t end = aurora__now_ms() + seconds * 1000;
  unsigned long seed = first_seed;
  unsigned bad = 0;

  random_begin();
  random_make_databases(&database);
  do {
    bad += !run_round(seed);
  } while ((seconds ? aurora__now_ms() < end : seed < first_seed + SEEDS - 1) && (seed++, true));
  printf("# %lu steps, seeds to %lu, %u bad\n", done_steps, seed, bad);
  random_end();
  ck_assert_uint_eq(bad, 0);
}
END_TEST

/* What was under way on a connection that was cut has ended on the server. */
static bool server_is_done(void *data)
{
  (void)data;
  return database_count(
             &database,
             "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '" DATABASE_USER
             "' AND command <> 'Sleep'") == 0;
}

/* A change that the caller is told of is made once, one that was not sent never. */
static bool count_round(unsigned long seed)
{
  aurora_config_t config = fixture_config(&database);
  int64_t made = 0;
  fault_script_t faults = {0};
  fault_flow_t *flow;
  bool good = true;

  random_seed(seed + 777);
  flow = random_once_in(2) ? &faults.to_client : &faults.to_server;
  flow->cut = random_once_in(2) ? FAULT_RESET : FAULT_FIN;
  flow->after = 300 + random_below(3000);
  ck_assert_int_eq(database_sql(&database,
                                "DROP TABLE IF EXISTS counted; CREATE TABLE counted (n INT);"
                                "INSERT INTO counted VALUES (0)"),
                   0);
  ck_assert_int_eq(fault_proxy_start(database.host, database.port, &faults, &proxy), 0);
  config.port = fault_proxy_port(proxy);
  config.pool_size = 1;
  fixture_open(&fixture, &config);
  for (int i = 0; i < 60 && good; i++) {
    reply_t reply;
    int64_t now;

    if (random_once_in(3))
      fixture_ask(&fixture, &reply, "UPDATE counted SET n = n + 1", AURORA_NO_PARAMS);
    else
      fixture_ask(&fixture, &reply, "UPDATE counted SET n = n + ?", AURORA_PARAMS(1));
    fixture_wait(&fixture, &reply);
    if (reply.code == 0) {
      made++;
    } else {
      loop_run_until_true(&fixture.loop, server_is_done, NULL, FIXTURE_PATIENCE_MS);
      now = database_count(&database, "SELECT n FROM counted");
      if (now != made && (reply.error.outcome != AURORA_UNKNOWN || now != made + 1)) {
        fprintf(stderr, "count seed %lu: %s, outcome %d, made %d, is %d\n", seed,
                reply.error.message, reply.error.outcome, (int)made, (int)now);
        good = false;
      }
      made = now;
    }
    reply_clear(&reply);
  }
  good &= database_count(&database, "SELECT n FROM counted") == made;
  fault_proxy_apply(proxy, &fault_reset);
  fixture_close(&fixture);
  fault_proxy_stop(proxy);
  proxy = NULL;
  return good;
}

START_TEST(what_was_not_sent_is_not_made)
{
  uint64_t end = aurora__now_ms() + seconds * 1000 / 4;
  unsigned long seed = first_seed;
  unsigned bad = 0;

  do {
    bad += !count_round(seed);
  } while ((seconds ? aurora__now_ms() < end : seed < first_seed + 3) && (seed++, true));
  printf("# count seeds to %lu, %u bad\n", seed, bad);
  ck_assert_uint_eq(bad, 0);
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("random");
  TCase *tcase = tcase_create("random");

  tcase_set_timeout(tcase, 100 + seconds * 2);
  tcase_add_test(tcase, random_statements_give_what_the_plain_client_gives);
  tcase_add_test(tcase, what_was_not_sent_is_not_made);
  suite_add_tcase(suite, tcase);
  return suite;
}

int main(void)
{
  const char *seed = getenv("AURORA_TEST_SEED");
  if (seed)
    first_seed = strtoul(seed, NULL, 10);
  else if (!getenv("AURORA_TEST_SHORT"))
    first_seed = aurora__now_ns() % 1000000;
  seconds = getenv("AURORA_TEST_SHORT") ? 0 : SECONDS;
  printf("# AURORA_TEST_SEED=%lu\n", first_seed);
  fflush(stdout);

  return test_run_with_database(make_suite(), &database, NULL);
}
