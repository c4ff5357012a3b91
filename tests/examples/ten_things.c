/*
 * Runs the ten blocks of README.md, which ten_things.h has as they stand there, one after the other.
 */
#include <stdio.h>
#include <stdlib.h>

#include <aurora.h>

/* A user's callbacks need not use all that they get. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "ten_things.h"

static bool ended;

static void on_ended(const aurora_error_t *error, void *data)
{
  ended = true;
}

static void on_prepared(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  if (error)
    fprintf(stderr, "%s\n", error->message);
}

/* uv_run returns when nothing is in flight. */
static void run(void)
{
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

static void prepare(aurora_pool_t *pool)
{
  static const char *const statements[] = {
      "DROP TABLE IF EXISTS account",
      ("CREATE TABLE account (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, "
       "name VARCHAR(60) NOT NULL, balance DECIMAL(10,2) NOT NULL)"),
      "INSERT INTO account (name, balance) VALUES ('alice', 100), ('bob', 20)",
  };

  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
    aurora_pool_query(pool, statements[i], AURORA_NO_PARAMS, on_prepared, NULL);
    run();
  }
}

int main(void)
{
  static void (*const things[])(aurora_pool_t *) = {
      list_accounts,  count_rich, add_account, break_a_rule,  be_impatient,
      transfer_money, add_many,   sum_up,      use_a_session,
  };
  aurora_error_t error;
  aurora_pool_t *pool;
  char uri[256];

  if (aurora_pool_get(uv_default_loop(), &pool, &error)) {
    fprintf(stderr, "%s\n", error.message);
    return EXIT_FAILURE;
  }
  prepare(pool);
  for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
    printf("%zu:\n", i + 1);
    things[i](pool);
    run();
  }
  snprintf(uri, sizeof uri, "mysql://%s:%s@%s:%s/%s?warmup-size=2", getenv("AURORA_USER"),
           getenv("AURORA_PASSWORD"), getenv("AURORA_HOST"), getenv("AURORA_PORT"),
           getenv("AURORA_DATABASE"));
  puts("10:");
  open_another(uv_default_loop(), uri);
  run();
  aurora_pool_close(pool, 1000, on_ended, NULL);
  run();
  return ended && uv_loop_close(uv_default_loop()) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
