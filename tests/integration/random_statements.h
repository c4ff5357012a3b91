/*
 * Random statements and parameters, and the tables that they need. A seed gives the same draw again.
 */
#ifndef TESTS_INTEGRATION_RANDOM_STATEMENTS_H
#define TESTS_INTEGRATION_RANDOM_STATEMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <aurora.h>

enum { RANDOM_READS = 1, RANDOM_ON_LEASE = 2, RANDOM_LARGE = 4 };

/* parameters, a letter each: i an id, n a small number, r how many characters, s a text, * anything,
 * t a date or time, d a double */
typedef struct {
  const char *sql;
  const char *parameters;
  unsigned flags;
} random_statement_t;

/* What makes the tables (anew), and the functions and procedures. */
extern const char random_tables[];
extern const char random_routines[];
/* No large answers and parameters, as when they come byte by byte. */
extern bool random_is_small;

/* Around all draws. */
void random_begin(void);
void random_end(void);

void random_seed(uint64_t seed);
/* From 0 to below - 1. */
unsigned random_below(unsigned below);
bool random_once_in(unsigned times);

/* Ten of all statements, from which one after the other is drawn until the next set; lease: also those that
 * change their session. */
void random_draw_set(bool lease);
const random_statement_t *random_draw_statement(void);
aurora_value_t random_draw_value(char kind);

#endif
