/*
 * The histogram: buckets cover every value, percentiles hold their promise against sorted arrays.
 */
#include <stdlib.h>

#include "base/histogram.h"
#include "support/runner.h"

enum { VALUES = 20000 };

static uint64_t random_state = 88172645463325252u;

static uint64_t random64(void)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static int compare(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

START_TEST(empty_is_all_zero)
{
  aurora__histogram_t histogram;
  aurora_latency_t latency = {1, 2, 3, 4, 5, 6, 7, 8};

  aurora__histogram_init(&histogram);
  aurora__histogram_read(&histogram, &latency);
  ck_assert_uint_eq(latency.count, 0);
  ck_assert_uint_eq(latency.sum, 0);
  ck_assert_uint_eq(latency.min, 0);
  ck_assert_uint_eq(latency.max, 0);
  ck_assert_uint_eq(latency.p50, 0);
  ck_assert_uint_eq(latency.p90, 0);
  ck_assert_uint_eq(latency.p99, 0);
  ck_assert_uint_eq(latency.p999, 0);
}
END_TEST

START_TEST(one_value_is_every_percentile)
{
  const uint64_t values[] = {0, 1, 15, 16, 17, 1000, 123456789, UINT64_MAX - 1, UINT64_MAX};

  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    aurora__histogram_t histogram;
    aurora_latency_t latency;

    aurora__histogram_init(&histogram);
    aurora__histogram_record(&histogram, values[i]);
    aurora__histogram_read(&histogram, &latency);
    ck_assert_uint_eq(latency.count, 1);
    ck_assert_uint_eq(latency.sum, values[i]);
    ck_assert_uint_eq(latency.min, values[i]);
    ck_assert_uint_eq(latency.max, values[i]);
    ck_assert_uint_eq(latency.p50, values[i]);
    ck_assert_uint_eq(latency.p999, values[i]);
  }
}
END_TEST

/* Every power of two and its neighbours: buckets rise one by one, and the last is the last. */
START_TEST(buckets_are_in_order_and_in_range)
{
  unsigned last = 0;

  for (uint64_t value = 0; value < 100000; value++) {
    unsigned bucket = aurora__histogram_bucket(value);

    ck_assert_uint_ge(bucket, last);
    ck_assert_uint_le(bucket, last + 1);
    last = bucket;
  }
  for (unsigned bit = 5; bit < 64; bit++) {
    uint64_t power = UINT64_C(1) << bit;

    ck_assert_uint_eq(aurora__histogram_bucket(power), aurora__histogram_bucket(power - 1) + 1);
    ck_assert_uint_eq(aurora__histogram_bucket(power), aurora__histogram_bucket(power + 1));
  }
  ck_assert_uint_eq(aurora__histogram_bucket(UINT64_MAX), AURORA__HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(sum_stays_at_its_largest)
{
  aurora__histogram_t histogram;
  aurora_latency_t latency;

  aurora__histogram_init(&histogram);
  aurora__histogram_record(&histogram, UINT64_MAX - 5);
  aurora__histogram_record(&histogram, 5);
  aurora__histogram_record(&histogram, 1);
  aurora__histogram_record(&histogram, 1);
  aurora__histogram_read(&histogram, &latency);
  ck_assert_uint_eq(latency.sum, UINT64_MAX);
  ck_assert_uint_eq(latency.count, 4);
}
END_TEST

/* Never below the value of that rank, above it by 1/16 at most, and within min and max. */
static void check_percentile(const uint64_t *sorted, size_t count, uint64_t thousandths,
                             uint64_t found)
{
  size_t rank = (count * thousandths + 999) / 1000;
  uint64_t exact = sorted[rank - 1];

  ck_assert_uint_ge(found, exact);
  ck_assert_uint_le(found - exact, exact / 16);
  ck_assert_uint_ge(found, sorted[0]);
  ck_assert_uint_le(found, sorted[count - 1]);
}

static void check_values(uint64_t *values, size_t count)
{
  static aurora__histogram_t histogram;
  aurora_latency_t latency;
  uint64_t sum = 0;

  aurora__histogram_init(&histogram);
  for (size_t i = 0; i < count; i++) {
    aurora__histogram_record(&histogram, values[i]);
    sum += values[i];
  }
  qsort(values, count, sizeof *values, compare);
  aurora__histogram_read(&histogram, &latency);
  ck_assert_uint_eq(latency.count, count);
  ck_assert_uint_eq(latency.sum, sum);
  ck_assert_uint_eq(latency.min, values[0]);
  ck_assert_uint_eq(latency.max, values[count - 1]);
  check_percentile(values, count, 500, latency.p50);
  check_percentile(values, count, 900, latency.p90);
  check_percentile(values, count, 990, latency.p99);
  check_percentile(values, count, 999, latency.p999);
}

START_TEST(percentiles_of_random_values)
{
  static uint64_t values[VALUES];

  for (int round = 0; round < 200; round++) {
    size_t count = 1 + random64() % (round < 100 ? 50 : VALUES);
    unsigned widest = 1 + random64() % 48;

    for (size_t i = 0; i < count; i++) {
      switch (round % 3) {
      case 0: /* even in the logarithm */
        values[i] = random64() >> (64 - 1 - random64() % widest);
        break;
      case 1: /* even */
        values[i] = random64() % (UINT64_C(1) << widest);
        break;
      case 2: /* all in one bucket or two */
        values[i] = (UINT64_C(1) << widest) + random64() % 3;
        break;
      }
    }
    check_values(values, count);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("histogram");
  TCase *tcase = tcase_create("histogram");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, empty_is_all_zero);
  tcase_add_test(tcase, one_value_is_every_percentile);
  tcase_add_test(tcase, buckets_are_in_order_and_in_range);
  tcase_add_test(tcase, sum_stays_at_its_largest);
  tcase_add_test(tcase, percentiles_of_random_values);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
