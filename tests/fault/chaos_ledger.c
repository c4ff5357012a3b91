/*
 * The ledger: what the server's table must hold by what the callers were told. And the report.
 *
 * An entry is a byte: what is expected, whether it is a pair of rows (parts 0 and 1, of a transaction),
 * and which parts were found.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "chaos.h"
#include "support/loop.h"

enum { EXPECTED = 3, PAIR = 1 << 2, FOUND = 1 << 3, FOUND_SECOND = 1 << 4 };

uint32_t chaos_random(uint64_t *state, uint32_t limit)
{
  uint64_t x;

  /* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014) */
  *state += UINT64_C(0x9e3779b97f4a7c15);
  x = *state;
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  x ^= x >> 31;
  return (uint32_t)((x >> 32) * limit >> 32);
}

/* --- The ledger --------------------------------------------------------------------------------- */

void chaos_ledger_write(chaos_caller_t *caller, uint32_t sequence, ledger_entry_t entry,
                        bool is_pair)
{
  ledger_t *ledger = &caller->ledger;

  if (sequence >= ledger->room) {
    size_t room = 2 * (size_t)sequence + 64;

    ledger->entries = realloc(ledger->entries, room);
    ck_assert_ptr_nonnull(ledger->entries);
    memset(ledger->entries + ledger->room, LEDGER_NOTHING, room - ledger->room);
    ledger->room = room;
  }
  ck_assert_int_eq(ledger->entries[sequence], LEDGER_NOTHING);
  ledger->entries[sequence] = (unsigned char)(entry | (is_pair ? PAIR : 0));
}

ledger_entry_t chaos_ledger_entry_of(const aurora_error_t *error)
{
  if (!error)
    return LEDGER_ALL;
  return error->outcome == AURORA_UNKNOWN ? LEDGER_ALL_OR_NONE : LEDGER_NONE;
}

typedef struct {
  chaos_t *chaos;
  uint64_t rows;
  bool failed, done;
} reading_t;

static int on_row(const aurora_result_t *row, void *data)
{
  reading_t *reading = data;
  int64_t number = chaos_cell(row, 0, 0), sequence = chaos_cell(row, 0, 1),
          part = chaos_cell(row, 0, 2);
  unsigned char found = part ? FOUND_SECOND : FOUND;
  const chaos_caller_t *caller;
  unsigned char *entry;

  ck_assert(number >= 0 && number < CHAOS_CALLERS && sequence >= 0);
  caller = &reading->chaos->callers[number];
  entry = &caller->ledger.entries[sequence];
  ck_assert_msg(sequence < (int64_t)caller->ledger.room && (*entry & EXPECTED) != LEDGER_NOTHING,
                "caller %" PRId64 " never asked for row %" PRId64, number, sequence);
  ck_assert_msg(!part || (*entry & PAIR), "row %" PRId64 " has two parts", sequence);
  ck_assert_msg(!(*entry & found), "caller %" PRId64 ", row %" PRId64 " is there twice", number,
                sequence);
  *entry |= found;
  reading->rows++;
  return 0;
}

static void on_read(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  reading_t *reading = data;

  (void)result;
  reading->failed = error != NULL;
  reading->done = true;
}

static unsigned parts_found(unsigned char entry)
{
  return !!(entry & FOUND) + !!(entry & FOUND_SECOND);
}

static void entry_must_be_right(const chaos_caller_t *caller, size_t sequence)
{
  unsigned char entry = caller->ledger.entries[sequence];
  unsigned found = parts_found(entry), all = entry & PAIR ? 2 : 1;
  bool right = false;

  switch ((ledger_entry_t)(entry & EXPECTED)) {
  case LEDGER_NOTHING:
  case LEDGER_NONE:
    right = found == 0;
    break;
  case LEDGER_ALL:
    right = found == all;
    break;
  case LEDGER_ALL_OR_NONE:
    right = found == all || found == 0;
    break;
  }
  ck_assert_msg(right, "caller %d, request %zu: %u of %u rows are there, expected was %s",
                caller->number, sequence, found, all,
                (entry & EXPECTED) == LEDGER_ALL    ? "all"
                : (entry & EXPECTED) == LEDGER_NONE ? "none"
                                                    : "all or none");
}

void chaos_ledger_compare(chaos_t *chaos)
{
  const aurora_query_options_t options = {.on_row = on_row};
  reading_t reading = {.chaos = chaos};
  uint64_t told[4] = {0}, unknown_done = 0;

  ck_assert_int_eq(aurora_pool_query_with(chaos->client.fixture.pool,
                                          "SELECT caller, sequence, part FROM ledger",
                                          AURORA_NO_PARAMS, &options, on_read, &reading, NULL),
                   0);
  loop_run_until(&chaos->client.fixture.loop, &reading.done, FIXTURE_PATIENCE_MS);
  ck_assert(!reading.failed);
  for (int i = 0; i < CHAOS_CALLERS; i++) {
    const ledger_t *ledger = &chaos->callers[i].ledger;

    for (size_t k = 0; k < ledger->room; k++) {
      unsigned expected = ledger->entries[k] & EXPECTED;

      entry_must_be_right(&chaos->callers[i], k);
      told[expected]++;
      unknown_done += expected == LEDGER_ALL_OR_NONE && parts_found(ledger->entries[k]);
    }
  }
  printf("# %" PRIu64 " rows: of inserts and transactions %" PRIu64 " succeeded, %" PRIu64
         " did not, %" PRIu64 " are unknown (%" PRIu64 " of them done)\n",
         reading.rows, told[LEDGER_ALL], told[LEDGER_NONE], told[LEDGER_ALL_OR_NONE], unknown_done);
}

void chaos_ledger_free(chaos_t *chaos)
{
  for (int i = 0; i < CHAOS_CALLERS; i++)
    free(chaos->callers[i].ledger.entries);
}

/* --- The report --------------------------------------------------------------------------------- */

const char *chaos_kind_name(chaos_kind_t kind)
{
  static const char *const names[] = {
#define CHAOS_KIND_NAME_GEN(name, text) text,
      CHAOS_KIND_MAP(CHAOS_KIND_NAME_GEN)
#undef CHAOS_KIND_NAME_GEN
  };

  return names[kind];
}

void chaos_count_error(chaos_t *chaos, const aurora_error_t *error)
{
  for (int i = 0; i < CHAOS_ERRORS; i++) {
    chaos_error_t *entry = &chaos->errors[i];

    if (!entry->count)
      *entry = (chaos_error_t){error->code, error->server_errno, error->outcome, 0};
    if (entry->code == error->code && entry->server_errno == error->server_errno &&
        entry->outcome == error->outcome) {
      entry->count++;
      return;
    }
  }
}

static void print_latency(const char *what, const aurora_latency_t *latency)
{
  printf("# %s: half within %.2f ms, 99 %% within %.2f ms, all within %.2f ms\n", what,
         (double)latency->p50 / 1e6, (double)latency->p99 / 1e6, (double)latency->max / 1e6);
}

void chaos_report(const chaos_t *chaos)
{
  static const char *const outcomes[] = {
      [AURORA_NOT_SENT] = "not sent", [AURORA_REFUSED] = "refused", [AURORA_UNKNOWN] = "unknown"};
  aurora_stats_t stats;

  for (int i = 0; i < CHAOS_KINDS; i++)
    printf("# %6" PRIu64 " %s, %" PRIu64 " succeeded\n", chaos->requests[i],
           chaos_kind_name((chaos_kind_t)i), chaos->succeeded[i]);
  for (int i = 0; i < CHAOS_ERRORS && chaos->errors[i].count; i++) {
    const chaos_error_t *error = &chaos->errors[i];

    printf("# %6" PRIu64 " %s", error->count, aurora_err_name(error->code));
    if (error->server_errno)
      printf(" %u", error->server_errno);
    printf(", %s\n", outcomes[error->outcome]);
  }
  aurora_pool_stats(chaos->client.fixture.pool, &stats);
  printf("# %" PRIu64 " callbacks, %" PRIu64 " cancelled, %" PRIu64 " bursts, the latest %" PRIu64
         " ms after its time-out\n",
         chaos->called_back, chaos->cancels, chaos->bursts, chaos->latest);
  printf("# connections: %" PRIu64 " opened, %" PRIu64 " attempts failed; %" PRIu64
         " resets, %" PRIu64 " kills, %" PRIu64 " pings\n",
         stats.opened, stats.connect_failed, stats.resets, stats.kills, stats.pings);
  print_latency("connect", &stats.connect);
  print_latency("acquire", &stats.acquire);
  print_latency("query", &stats.aurora_query);
  for (int i = 0; i < AURORA_CLOSE_REASONS; i++) {
    if (stats.closed[i])
      printf("# closed: %" PRIu64 " %s\n", stats.closed[i],
             aurora_close_reason_name((aurora_close_reason_t)i));
  }
}
