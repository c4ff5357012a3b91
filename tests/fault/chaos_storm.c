/*
 * See chaos_storm.h. The thread shares two things with the loop's: the fault that the pool is to recover
 * from, and the time from which that counts; both are atomic.
 */
#include "chaos_storm.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "chaos.h"
#include "support/loop.h"

enum {
  RECOVERY_PATIENCE_MS = 20000,
  LONGEST_PAUSE_MS = 700,
  LAST_PAUSE_MS = 300, /* after it the callers know what was done to them */
  LONGEST_CUT = 4000   /* bytes of a connection */
};

typedef struct {
  const char *name;
  void (*make)(chaos_storm_t *storm);
  bool takes_away; /* the server; when make returns it is back */
  bool needs_proxy;
} fault_t;

static void restart(chaos_storm_t *storm);
static void crash(chaos_storm_t *storm);
static void freeze(chaos_storm_t *storm);
static void kill_connections(chaos_storm_t *storm);
static void kill_queries(chaos_storm_t *storm);
static void proxy_reset(chaos_storm_t *storm);
static void proxy_stall(chaos_storm_t *storm);
static void proxy_refuse(chaos_storm_t *storm);
static void proxy_cut(chaos_storm_t *storm);
static void proxy_slow(chaos_storm_t *storm);

static const fault_t faults[] = {
    {"restarts in order", restart, .takes_away = true},
    {"crashes (SIGKILL)", crash, .takes_away = true},
    {"freezes (SIGSTOP)", freeze, .takes_away = true},
    {"KILL CONNECTION", kill_connections},
    {"KILL QUERY", kill_queries},
    {"network: all reset", proxy_reset, .needs_proxy = true},
    {"network: black hole", proxy_stall, .takes_away = true, .needs_proxy = true},
    {"network: refused", proxy_refuse, .takes_away = true, .needs_proxy = true},
    {"network: cut after some bytes", proxy_cut, .takes_away = true, .needs_proxy = true},
    {"network: slow", proxy_slow, .needs_proxy = true},
};

enum { FAULTS = sizeof faults / sizeof *faults };

struct chaos_storm {
  uv_thread_t thread;
  database_t *database;
  fault_proxy_t *proxy;
  uint64_t random, until;
  unsigned made[FAULTS], recoveries[FAULTS];
  const char *problem; /* NULL: none */
  atomic_bool over;

  atomic_int recovering;  /* index of the fault + 1; 0: the pool was seen to work since */
  atomic_ullong back_at;  /* ns */
  uint64_t worst[FAULTS]; /* ns; the loop thread's */
};

/* --- Faults ------------------------------------------------------------------------------------- */

static uint32_t random_ms(chaos_storm_t *storm, uint32_t most)
{
  return chaos_random(&storm->random, most) + 1;
}

static void must(chaos_storm_t *storm, int status, const char *problem)
{
  if (status && !storm->problem)
    storm->problem = problem;
}

static void restart(chaos_storm_t *storm)
{
  must(storm, database_terminate(storm->database), "the server did not end");
  uv_sleep(random_ms(storm, 300));
  must(storm, database_restart(storm->database), "the server did not start again");
}

static void crash(chaos_storm_t *storm)
{
  must(storm, database_kill(storm->database), "the server could not be killed");
  uv_sleep(random_ms(storm, 300));
  must(storm, database_restart(storm->database), "the server did not start after a crash");
}

static void freeze(chaos_storm_t *storm)
{
  must(storm, database_freeze(storm->database), "the server could not be stopped");
  uv_sleep(random_ms(storm, 1200));
  must(storm, database_thaw(storm->database), "the server could not be let go on");
}

/* Some of the sessions that arla has; one may have ended by then. */
static void kill_some(chaos_storm_t *storm, const char *what)
{
  char sql[64];

  snprintf(sql, sizeof sql, "CALL kill_%s(%u)", what,
           chaos_random(&storm->random, CHAOS_POOL_SIZE) + 1);
  must(storm, database_sql(storm->database, sql), "the kill could not be sent");
}

int chaos_storm_prepare(database_t *database)
{
#define KILL_SOME(name, what)                                                                      \
  "DROP PROCEDURE IF EXISTS " name,                                                                \
      "CREATE PROCEDURE " name "(many INT) BEGIN "                                                 \
      "DECLARE it BIGINT; DECLARE them CURSOR FOR SELECT id FROM information_schema.processlist "  \
      "WHERE user = '" DATABASE_USER "' ORDER BY RAND() LIMIT many; "                              \
      "DECLARE EXIT HANDLER FOR NOT FOUND BEGIN END; "                                             \
      "DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; "                                              \
      "OPEN them; LOOP FETCH them INTO it; KILL " what " it; END LOOP; END"
  static const char *const procedures[] = {KILL_SOME("kill_connections", "CONNECTION"),
                                           KILL_SOME("kill_queries", "QUERY")};
#undef KILL_SOME
  int error = 0;

  for (size_t i = 0; i < sizeof procedures / sizeof *procedures && !error; i++)
    error = database_sql(database, procedures[i]);
  return error;
}

static void kill_connections(chaos_storm_t *storm)
{
  kill_some(storm, "connections");
}

static void kill_queries(chaos_storm_t *storm)
{
  for (int i = 0; i < 10; i++) {
    kill_some(storm, "queries");
    uv_sleep(random_ms(storm, 5));
  }
}

static const fault_script_t pass;

static void all_pass(chaos_storm_t *storm)
{
  fault_proxy_set(storm->proxy, &pass);
  fault_proxy_apply(storm->proxy, &pass);
}

static void proxy_reset(chaos_storm_t *storm)
{
  fault_proxy_apply(storm->proxy, &fault_reset);
}

static void proxy_stall(chaos_storm_t *storm)
{
  fault_proxy_set(storm->proxy, &fault_black_hole);
  fault_proxy_apply(storm->proxy, &fault_black_hole);
  uv_sleep(random_ms(storm, 1200));
  all_pass(storm);
}

static void proxy_refuse(chaos_storm_t *storm)
{
  must(storm, fault_proxy_listen(storm->proxy, false), "the proxy goes on listening");
  fault_proxy_apply(storm->proxy, &fault_reset);
  uv_sleep(random_ms(storm, 800));
  must(storm, fault_proxy_listen(storm->proxy, true), "the proxy does not listen again");
}

/* New connections end in the middle of a login, of a statement, of an answer. */
static void proxy_cut(chaos_storm_t *storm)
{
  static const fault_cut_t cuts[] = {FAULT_RESET, FAULT_FIN, FAULT_STALL};

  for (int i = 0; i < 4; i++) {
    fault_flow_t flow = {.cut = cuts[chaos_random(&storm->random, 3)],
                         .after = chaos_random(&storm->random, LONGEST_CUT)};
    fault_script_t script = {.once = false};

    if (chaos_random(&storm->random, 2))
      script.to_client = flow;
    else
      script.to_server = flow;
    fault_proxy_set(storm->proxy, &script);
    fault_proxy_apply(storm->proxy, &fault_reset);
    uv_sleep(random_ms(storm, 300));
  }
  all_pass(storm);
}

static void proxy_slow(chaos_storm_t *storm)
{
  fault_script_t script = {.once = false};

  script.to_client.delay_ms = random_ms(storm, 30);
  script.to_server.delay_ms = random_ms(storm, 30);
  fault_proxy_set(storm->proxy, &script);
  fault_proxy_apply(storm->proxy, &script);
  uv_sleep(random_ms(storm, 500));
  all_pass(storm);
}

/* --- The thread --------------------------------------------------------------------------------- */

static void await_recovery(chaos_storm_t *storm, int fault)
{
  uint64_t until = now_ms() + slowly(RECOVERY_PATIENCE_MS);

  atomic_store(&storm->back_at, uv_hrtime());
  atomic_store(&storm->recovering, fault + 1);
  while (atomic_load(&storm->recovering) && now_ms() < until)
    uv_sleep(1);
  if (atomic_load(&storm->recovering))
    storm->problem = "nobody was answered after the server was back";
  else
    storm->recoveries[fault]++;
}

static void shuffle(chaos_storm_t *storm, int order[FAULTS])
{
  for (int i = 0; i < FAULTS; i++) {
    int other = (int)chaos_random(&storm->random, (uint32_t)i + 1);

    order[i] = order[other];
    order[other] = i;
  }
}

static void rage(void *data)
{
  chaos_storm_t *storm = data;
  int order[FAULTS];

  for (int i = 0; !storm->problem && (i < FAULTS || now_ms() < storm->until); i++) {
    int fault;

    if (i % FAULTS == 0)
      shuffle(storm, order);
    fault = order[i % FAULTS];
    if (faults[fault].needs_proxy && !storm->proxy)
      continue;
    uv_sleep(random_ms(storm, LONGEST_PAUSE_MS));
    faults[fault].make(storm);
    storm->made[fault]++;
    if (faults[fault].takes_away && !storm->problem)
      await_recovery(storm, fault);
  }
  uv_sleep((unsigned)slowly(LAST_PAUSE_MS));
  atomic_store(&storm->over, true);
}

chaos_storm_t *chaos_storm_start(database_t *database, fault_proxy_t *proxy, uint64_t seed,
                                 uint64_t ms)
{
  chaos_storm_t *storm = calloc(1, sizeof *storm);

  if (!storm)
    return NULL;
  storm->database = database;
  storm->proxy = proxy;
  storm->random = seed;
  storm->until = now_ms() + ms;
  if (uv_thread_create(&storm->thread, rage, storm)) {
    free(storm);
    return NULL;
  }
  return storm;
}

void chaos_storm_note_success(chaos_storm_t *storm)
{
  int fault = atomic_load(&storm->recovering);
  uint64_t took;

  if (!fault)
    return;
  took = uv_hrtime() - atomic_load(&storm->back_at);
  if (took > storm->worst[fault - 1])
    storm->worst[fault - 1] = took;
  atomic_store(&storm->recovering, 0);
}

bool chaos_storm_is_over(void *storm)
{
  return atomic_load(&((chaos_storm_t *)storm)->over);
}

bool chaos_storm_end(chaos_storm_t *storm)
{
  double worst = 0;
  bool good;

  uv_thread_join(&storm->thread);
  good = !storm->problem;
  for (int i = 0; i < FAULTS; i++) {
    double ms = (double)storm->worst[i] / 1e6;

    if (!storm->made[i])
      continue;
    if (storm->recoveries[i])
      printf("# %4u %s, back within %.1f ms\n", storm->made[i], faults[i].name, ms);
    else
      printf("# %4u %s\n", storm->made[i], faults[i].name);
    worst = ms > worst ? ms : worst;
  }
  printf("# worst recovery time: %.1f ms\n", worst);
  if (!good)
    printf("# %s\n", storm->problem);
  free(storm);
  return good;
}
