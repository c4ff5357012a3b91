/*
 * Networks that fail at the worst moment: a FIN, a RST or silence after each single byte of a pool's
 * life (life.h), either way, plain and over TLS; bytes that come one at a time; bytes that are not what
 * was sent.
 *
 * Every offset takes minutes. So an ordinary run tries each n-th, beginning with another one each time:
 * AURORA_TEST_SEED, which is printed, repeats a run. With the argument "all" each offset is tried, in
 * the slow suite.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "life.h"
#include "support/database_test.h"
#include "support/loop.h"

enum {
  AT_ONCE = 48,
  AT_MOST = 20000,
  MEASURED = 5,  /* undisturbed lives that are looked at ... */
  VARIATION = 8, /* ... and by how much more others may differ: signatures vary in size */
  RUN_MS = 1200000,
  /* For what a deadline ends, and for what must come by itself, on the slowest machine. */
  SHORT_CONNECT_MS = 250,
  SHORT_QUERY_MS = 400,
  LONG_MS = 60000
};

static database_t database;
static unsigned stride_plain = 2, stride_tls = 12;
static uint64_t seed;

typedef struct {
  uint64_t to_server, to_client;
} life_size_t;

/* A number of lives, some at a time. */
typedef struct {
  uv_loop_t loop;
  unsigned descriptors;
  fault_proxy_t *proxies[AT_ONCE];
  unsigned idle; /* of the proxies, the first */
  life_t *lives;
  unsigned started, ended, count;
  void (*plan)(unsigned index, life_plan_t *ret_plan);
} run_t;

static run_t run;

/* What the plans of a run have in common. */
static struct {
  life_kind_t kind;
  bool tls;
  fault_cut_t cut;
  bool corrupt;
  unsigned stride, first;
  unsigned offsets_to_server;
} wanted;

static void on_ended(life_t *life);

static void start_lives(void)
{
  while (run.idle && run.started < run.count) {
    unsigned index = run.started++;
    life_plan_t plan;

    memset(&plan, 0, sizeof plan);
    run.plan(index, &plan);
    life_start(&run.lives[index], &run.loop, run.proxies[--run.idle], &plan, LIFE_FIRST_ID + index,
               on_ended);
  }
}

static void on_ended(life_t *life)
{
  run.ended++;
  run.proxies[run.idle++] = life->proxy;
  start_lives();
}

static void begin_run(void)
{
  memset(&run, 0, sizeof run);
  run.descriptors = open_descriptors();
  ck_assert_int_eq(uv_loop_init(&run.loop), 0);
  for (; run.idle < AT_ONCE; run.idle++)
    ck_assert_int_eq(fault_proxy_start(database.host, database.port, NULL, &run.proxies[run.idle]),
                     0);
  life_make_table(&database);
}

static void live(unsigned count, void (*plan)(unsigned index, life_plan_t *ret_plan))
{
  ck_assert_uint_le(count, AT_MOST);
  free(run.lives);
  run.lives = calloc(count, sizeof *run.lives);
  ck_assert_ptr_nonnull(run.lives);
  run.started = run.ended = 0;
  run.count = count;
  run.plan = plan;
  start_lives();
  loop_run_until_count(&run.loop, &run.ended, count, RUN_MS);
}

/* The server notices that its clients have gone. */
static void wait_for_the_server(void)
{
  uint64_t end = now_ms() + LIFE_PATIENCE_MS;

  while (database_count(&database, "SELECT COUNT(*) FROM information_schema.processlist "
                                   "WHERE user IN ('arla', 'unauthenticated user')") != 0) {
    ck_assert_msg(now_ms() < end, "sessions are left on the server");
    uv_sleep(10);
  }
}

static void end_run(void)
{
  loop_close_clean(&run.loop);
  for (unsigned i = 0; i < AT_ONCE; i++)
    fault_proxy_stop(run.proxies[i]);
  free(run.lives);
  ck_assert_uint_eq(open_descriptors(), run.descriptors);
  wait_for_the_server();
}

static const char *fault_name(void)
{
  if (wanted.corrupt)
    return "corrupted";
  switch (wanted.cut) {
  case FAULT_RESET:
    return "RST";
  case FAULT_FIN:
    return "FIN";
  case FAULT_STALL:
    return "stalled";
  case FAULT_NONE:
    break;
  }
  return "unharmed";
}

static void report(uint64_t offsets, uint64_t began_at)
{
  unsigned failed = 0, touched = 0;
  uint64_t latest = 0;

  for (unsigned i = 0; i < run.count; i++) {
    failed += run.lives[i].failed;
    touched += run.lives[i].failed > 0;
    if (run.lives[i].latest > latest)
      latest = run.lives[i].latest;
  }
  printf("# %s, %s at %u of %llu offsets: %u of %u requests failed, in %u lives, the latest answer "
         "%llu ms after its deadline; %.1f s\n",
         wanted.tls ? "TLS" : "plain", fault_name(), run.count, (unsigned long long)offsets, failed,
         run.count * LIFE_REQUESTS, touched, (unsigned long long)latest,
         (double)(now_ms() - began_at) / 1000);
  fflush(stdout);
}

/* --- How many bytes a life takes ---------------------------------------------------------------- */

static void undisturbed(unsigned index, life_plan_t *ret_plan)
{
  ret_plan->kind = LIFE_UNDISTURBED;
  ret_plan->tls = wanted.tls;
  ret_plan->connect_timeout = ret_plan->query_timeout = LONG_MS;
  snprintf(ret_plan->name, sizeof ret_plan->name, "undisturbed life %u", index);
}

/* What one life transfers at most, and up to how many bytes more one may. */
static life_size_t measure(void)
{
  life_size_t size = {0, 0};

  for (unsigned i = 0; i < MEASURED; i++) {
    fault_counters_t before, after;

    fault_proxy_count(run.proxies[run.idle - 1], &before);
    live(1, undisturbed);
    do /* the goodbye */
      fault_proxy_count(run.lives[0].proxy, &after);
    while (after.open);
    ck_assert_uint_eq(after.connections, before.connections + 1);
    if (after.to_server - before.to_server > size.to_server)
      size.to_server = after.to_server - before.to_server;
    if (after.to_client - before.to_client > size.to_client)
      size.to_client = after.to_client - before.to_client;
  }
  if (wanted.tls) {
    size.to_server += VARIATION;
    size.to_client += VARIATION;
  }
  return size;
}

/* --- Each offset -------------------------------------------------------------------------------- */

static void disturbed(unsigned index, life_plan_t *ret_plan)
{
  bool to_server = index < wanted.offsets_to_server;
  uint64_t offset = to_server ? index : index - wanted.offsets_to_server;
  fault_flow_t *flow = to_server ? &ret_plan->script.to_server : &ret_plan->script.to_client;
  bool waits = wanted.corrupt || wanted.cut == FAULT_STALL;

  offset = offset * wanted.stride + wanted.first;
  ret_plan->kind = wanted.kind;
  ret_plan->tls = wanted.tls;
  ret_plan->connect_timeout = waits ? SHORT_CONNECT_MS : LONG_MS;
  ret_plan->query_timeout = waits ? SHORT_QUERY_MS : LONG_MS;
  flow->cut = wanted.cut;
  flow->after = offset;
  flow->corrupt = wanted.corrupt;
  flow->corrupt_at = offset;
  snprintf(ret_plan->name, sizeof ret_plan->name, "%s, to the %s, %s at %llu",
           wanted.tls ? "TLS" : "plain", to_server ? "server" : "client", fault_name(),
           (unsigned long long)offset);
}

/* How many offsets from 0 to the last are tried. */
static unsigned tried(uint64_t last)
{
  return last < wanted.first ? 0 : (unsigned)((last - wanted.first) / wanted.stride) + 1;
}

static void try_offsets(void)
{
  uint64_t began_at = now_ms();
  unsigned to_client;
  life_size_t size;

  wanted.stride = wanted.tls ? stride_tls : stride_plain;
  wanted.first = (unsigned)(seed % wanted.stride);
  begin_run();
  size = measure();
  life_make_table(&database);
  wanted.offsets_to_server = tried(size.to_server);
  to_client = tried(size.to_client);
  live(wanted.offsets_to_server + to_client, disturbed);
  if (wanted.kind != LIFE_FALSIFIED)
    life_check_rows(&database, run.lives, run.count);
  report(size.to_server + 1 + size.to_client + 1, began_at);
  end_run();
}

START_TEST(a_life_is_cut_after_each_byte)
{
  static const fault_cut_t cuts[] = {FAULT_FIN, FAULT_RESET, FAULT_STALL};

  wanted.tls = _i & 1;
  wanted.cut = cuts[_i / 2];
  wanted.kind = wanted.cut == FAULT_STALL ? LIFE_STALLED : LIFE_CUT;
  try_offsets();
}
END_TEST

/* Without TLS what comes out may be wrong, as nothing protects it; there is one callback still. */
START_TEST(each_byte_is_corrupted)
{
  wanted.tls = _i & 1;
  wanted.corrupt = true;
  wanted.kind = wanted.tls ? LIFE_DISTURBED : LIFE_FALSIFIED;
  try_offsets();
}
END_TEST

static void throttled(unsigned index, life_plan_t *ret_plan)
{
  undisturbed(index, ret_plan);
  ret_plan->script.to_server.byte_by_byte = true;
  ret_plan->script.to_client.byte_by_byte = true;
}

START_TEST(single_bytes_do_no_harm)
{
  wanted.tls = _i & 1;
  begin_run();
  live(2 * AT_ONCE, throttled);
  life_check_rows(&database, run.lives, run.count);
  end_run();
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("offsets");
  TCase *tcase = tcase_create("offsets");

  tcase_set_timeout(tcase, RUN_MS / 1000);
  tcase_add_loop_test(tcase, single_bytes_do_no_harm, 0, 2);
  tcase_add_loop_test(tcase, a_life_is_cut_after_each_byte, 0, 6);
  tcase_add_loop_test(tcase, each_byte_is_corrupted, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

static void choose(int argc, char **argv)
{
  const char *given = getenv("AURORA_TEST_SEED");

  seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
  printf("# AURORA_TEST_SEED=%llu\n", (unsigned long long)seed);
  fflush(stdout);
  if (argc > 1 && strcmp(argv[1], "all") == 0)
    stride_plain = stride_tls = 1;
  if (getenv("AURORA_TEST_SHORT")) {
    stride_plain *= 8;
    stride_tls *= 8;
  }
}

/* A corrupted count of columns may have libmariadb ask for more memory than there is, which must not
 * end the program: it gets none, and says so. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
  return "allocator_may_return_null=1";
}

int main(int argc, char **argv)
{
  static const char *const arguments[] = {"--max-connections=2000", NULL};
  const database_options_t options = {.arguments = arguments};
  choose(argc, argv);
  /* Each life has connects that take a thread of libuv's worker pool for as long as they hang. */
  setenv("UV_THREADPOOL_SIZE", "96", 1);
  /* The system's authorities, which nobody asks here, take most of the time of a TLS connect. */
  setenv("SSL_CERT_FILE", "/dev/null", 1);
  setenv("SSL_CERT_DIR", "/dev/null", 1);

  return test_run_with_database(make_suite(), &database, &options);
}
