/*
 * A model of the pool for the scheduler's random test: its own books of waiters and connections,
 * against which every action is checked, and after each event that nothing was left undone.
 */
#ifndef TESTS_UNIT_SCHEDULER_MODEL_H
#define TESTS_UNIT_SCHEDULER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/scheduler.h"

enum { WAITERS = 40, SLOTS = 8 };

typedef struct {
  aurora__waiter_t waiter;
  bool queued;
  bool doomed; /* a FAIL is due */
  uint64_t deadline;
  uint64_t order;
} guest_t;

typedef enum { ABSENT, CONNECTING, IDLE, BUSY, TENDED, PINGED, VALIDATED, CLOSING, KINDS } kind_t;

typedef struct {
  aurora__slot_t slot;
  kind_t kind;
  bool retiring;
  guest_t *guest;       /* while BUSY: who was granted it */
  uint64_t guest_order; /* the guest may have come again since */
  uint64_t idle_since, proven_at, expires_at, generation;
} room_t;

typedef enum { UP, DOWN, REJECTING, FLAKY, NO_MEMORY, WEATHERS } weather_t;

typedef struct {
  aurora__scheduler_t scheduler;
  aurora__limits_t limits;
  guest_t guests[WAITERS];
  room_t rooms[SLOTS];
  uint64_t now, generation, events;
  uint64_t first_order, last_order; /* of the waiters: they are put back before the first */
  unsigned floor, failures;
  unsigned demand; /* of 1000 events, how many are about waiters */
  bool closing, for_good;
  weather_t weather;
  /* Shown at the end, to prove that the run was no idle talk. */
  uint64_t told[AURORA__ACTION_CLOSE + 1];
} model_t;

extern model_t model;
extern uint64_t random_seed; /* told when a check fails */

/* Random numbers: from random_start's seed on, from 0 to limit - 1. */
void random_start(uint64_t seed);
uint64_t below(uint64_t limit);

/* Fails the test unless fulfilled. Not ck_assert: that writes to a file each time. */
void expect(bool fulfilled, const char *what);

/* The connections in a state; those that are not on their way out; the waiters to be served. */
size_t count(kind_t kind);
size_t alive(void);
size_t waiting(bool impatient_only);

/* After the scheduler was told of a failed attempt. */
void note_failure(bool for_good);

/* Does what is to be done now, and checks. exact_wakeup: nothing has happened but that the time came
 * that the scheduler had asked for, so that the next such time must be right. */
void settle(bool exact_wakeup);

#endif
