/*
 * Helpers for tests that run a libuv loop. Failures fail the running Check test.
 */
#ifndef TESTS_SUPPORT_LOOP_H
#define TESTS_SUPPORT_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* A monotonic clock in ms. */
uint64_t now_ms(void);

/* A bound for what must happen in time, stretched where everything is slow: AURORA_TEST_SLOWNESS times,
 * which tests/run.sh sets for valgrind. The waits below stretch theirs themselves. */
uint64_t slowly(uint64_t ms);

/* Runs the loop until the flag is true; fails the test when that takes longer. The loop goes on even
 * if nothing but the wait keeps it alive. */
void loop_run_until(uv_loop_t *loop, const bool *flag, unsigned timeout_ms);

/* The same for a count to reach at least a number. */
void loop_run_until_count(uv_loop_t *loop, const unsigned *count, unsigned wanted,
                          unsigned timeout_ms);

/* Runs the loop for a time, for tests that something does not happen. */
void loop_run_for(uv_loop_t *loop, unsigned ms);

/* Runs the loop until what a function says is true, asking after each turn and every ms: for
 * conditions outside the loop. */
void loop_run_until_true(uv_loop_t *loop, bool (*condition)(void *data), void *data,
                         unsigned timeout_ms);

/* Nothing may keep the loop alive, and uv_loop_close must return 0: else prints the handles that are
 * left to stderr and fails the test. */
void loop_close_clean(uv_loop_t *loop);

/* How many descriptors this process has open, by /proc/self/fd. Those that libuv keeps from its first
 * loop to the end of the process are always among them. */
unsigned open_descriptors(void);

#endif
