/*
 * The heap of deadlines: order, ties, removal anywhere, against a plain array.
 */
#include <stdlib.h>

#include "base/deadline.h"
#include "support/runner.h"

enum { ENTRIES = 300, STEPS = 200000 };

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)
{
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (random_state >> 33) % limit;
}

START_TEST(empty_has_no_first)
{
  aurora__deadlines_t deadlines;

  aurora__deadlines_init(&deadlines);
  ck_assert_ptr_null(aurora__deadline_first(&deadlines));
}
END_TEST

START_TEST(removing_what_is_not_linked_does_nothing)
{
  aurora__deadlines_t deadlines;
  aurora__deadline_t a, b;

  aurora__deadlines_init(&deadlines);
  aurora__deadline_init(&a);
  aurora__deadline_init(&b);
  aurora__deadline_remove(&deadlines, &a);
  aurora__deadline_add(&deadlines, &b, 5);
  aurora__deadline_remove(&deadlines, &a);
  ck_assert_ptr_eq(aurora__deadline_first(&deadlines), &b);
  ck_assert(b.linked);
  aurora__deadline_remove(&deadlines, &b);
  aurora__deadline_remove(&deadlines, &b);
  ck_assert(!b.linked);
  ck_assert_ptr_null(aurora__deadline_first(&deadlines));
}
END_TEST

START_TEST(equal_times_come_out_in_the_order_of_adding)
{
  aurora__deadlines_t deadlines;
  aurora__deadline_t entries[ENTRIES];

  aurora__deadlines_init(&deadlines);
  for (int i = 0; i < ENTRIES; i++) {
    aurora__deadline_init(&entries[i]);
    aurora__deadline_add(&deadlines, &entries[i], 7);
  }
  /* Out of the middle and in again: now the last. */
  aurora__deadline_remove(&deadlines, &entries[100]);
  aurora__deadline_add(&deadlines, &entries[100], 7);
  for (int i = 0; i < ENTRIES; i++) {
    if (i == 100)
      continue;
    ck_assert_ptr_eq(aurora__deadline_first(&deadlines), &entries[i]);
    aurora__deadline_remove(&deadlines, &entries[i]);
  }
  ck_assert_ptr_eq(aurora__deadline_first(&deadlines), &entries[100]);
}
END_TEST

START_TEST(extreme_times)
{
  aurora__deadlines_t deadlines;
  aurora__deadline_t never, now;

  aurora__deadlines_init(&deadlines);
  aurora__deadline_init(&never);
  aurora__deadline_init(&now);
  aurora__deadline_add(&deadlines, &never, UINT64_MAX);
  aurora__deadline_add(&deadlines, &now, 0);
  ck_assert_ptr_eq(aurora__deadline_first(&deadlines), &now);
  aurora__deadline_remove(&deadlines, &now);
  ck_assert_ptr_eq(aurora__deadline_first(&deadlines), &never);
}
END_TEST

/* The first of the linked entries by time and then by order of adding. */
static aurora__deadline_t *first_of(aurora__deadline_t *entries, const uint64_t *added)
{
  aurora__deadline_t *first = NULL;

  for (int i = 0; i < ENTRIES; i++) {
    if (!entries[i].linked)
      continue;
    if (!first || entries[i].at < first->at ||
        (entries[i].at == first->at && added[i] < added[first - entries]))
      first = &entries[i];
  }
  return first;
}

START_TEST(random_adding_and_removing)
{
  aurora__deadlines_t deadlines;
  aurora__deadline_t entries[ENTRIES];
  uint64_t added[ENTRIES] = {0};

  aurora__deadlines_init(&deadlines);
  for (int i = 0; i < ENTRIES; i++)
    aurora__deadline_init(&entries[i]);
  for (uint64_t step = 1; step <= STEPS; step++) {
    aurora__deadline_t *first = aurora__deadline_first(&deadlines);
    uint64_t i = random_below(ENTRIES);

    /* As timers do: now and then the first is taken. */
    if (first && random_below(4) == 0)
      i = (uint64_t)(first - entries);
    if (entries[i].linked) {
      aurora__deadline_remove(&deadlines, &entries[i]);
      ck_assert(!entries[i].linked);
    } else {
      aurora__deadline_add(&deadlines, &entries[i], random_below(100));
      added[i] = step;
    }
    if (step % 8 == 0)
      ck_assert_ptr_eq(aurora__deadline_first(&deadlines), first_of(entries, added));
  }
  for (;;) {
    aurora__deadline_t *first = aurora__deadline_first(&deadlines);

    ck_assert_ptr_eq(first, first_of(entries, added));
    if (!first)
      break;
    aurora__deadline_remove(&deadlines, first);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("deadline");
  TCase *tcase = tcase_create("deadline");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, empty_has_no_first);
  tcase_add_test(tcase, removing_what_is_not_linked_does_nothing);
  tcase_add_test(tcase, equal_times_come_out_in_the_order_of_adding);
  tcase_add_test(tcase, extreme_times);
  tcase_add_test(tcase, random_adding_and_removing);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
