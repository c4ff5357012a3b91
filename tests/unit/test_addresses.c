/*
 * In which order addresses are tried, and for how long each.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "session/addresses.h"
#include "support/runner.h"

#define MS UINT64_C(1000000)

static const struct {
  const char *given; /* a digit: IPv4, a letter: IPv6 */
  const char *order;
} orders[] = {
    {"", ""},           {"1", "1"},           {"a", "a"},       {"12", "12"},     {"a1", "a1"},
    {"1a", "1a"},       {"ab12", "a1b2"},     {"12ab", "1a2b"}, {"abc1", "a1bc"}, {"1a23", "1a23"},
    {"123ab", "1a2b3"}, {"abcd12", "a1b2cd"}, {"1231", "123"},  {"aa1", "a1"},
};

START_TEST(families_take_turns)
{
  aurora__addresses_t addresses = {.count = 0};
  char order[AURORA__ADDRESSES_MAX + 1] = "";

  for (const char *at = orders[_i].given; *at; at++)
    aurora__addresses_add(&addresses, (char[]){*at, 0}, *at >= 'a');
  aurora__addresses_order(&addresses);
  for (size_t i = 0; i < addresses.count; i++)
    strcat(order, addresses.list[i].text);
  ck_assert_str_eq(order, orders[_i].order);
}
END_TEST

START_TEST(no_more_than_there_is_room_for)
{
  aurora__addresses_t addresses = {.count = 0};

  for (int i = 0; i < 3 * AURORA__ADDRESSES_MAX; i++)
    aurora__addresses_add(&addresses, (char[]){(char)(32 + i), 0}, false);
  ck_assert_uint_eq(addresses.count, AURORA__ADDRESSES_MAX);
}
END_TEST

static const struct {
  uint64_t left_ms;
  size_t others;
  uint64_t share_ms;
} shares[] = {
    {5000, 0, 5000}, {5000, 1, 2500}, {5000, 7, 2500}, {600, 1, 300}, {500, 1, 250},
    {400, 1, 250},   {250, 1, 250},   {100, 1, 100},   {0, 3, 0},     {100, 0, 100},
};

START_TEST(half_of_the_time_for_each)
{
  const uint64_t now = 77 * MS;

  ck_assert_uint_eq(aurora__address_deadline(now, now + shares[_i].left_ms * MS, shares[_i].others),
                    now + shares[_i].share_ms * MS);
}
END_TEST

START_TEST(a_deadline_that_has_passed)
{
  ck_assert_uint_eq(aurora__address_deadline(77 * MS, 5 * MS, 1), 5 * MS);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("addresses");
  TCase *tcase = tcase_create("addresses");

  tcase_add_loop_test(tcase, families_take_turns, 0, sizeof orders / sizeof *orders);
  tcase_add_test(tcase, no_more_than_there_is_room_for);
  tcase_add_loop_test(tcase, half_of_the_time_for_each, 0, sizeof shares / sizeof *shares);
  tcase_add_test(tcase, a_deadline_that_has_passed);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
