/*
 * Errors: what to look at, and whether a statement may be sent again.
 */
#include <aurora.h>
#include <stdio.h>

static int failed;

/* code says what kind it is, server_errno what the server says, outcome whether it may have
 * happened, message is for people. */
static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)result;
  if (!error) {
    printf("%s: ok\n", (const char *)data);
    return;
  }
  printf("%s: %s", (const char *)data, aurora_err_name(error->code));
  if (error->code == AURORA_ESERVER)
    printf(", server error %u, SQLSTATE %s", error->server_errno, error->sqlstate);
  switch (error->outcome) {
  case AURORA_NOT_SENT:
    puts(": it never left");
    break;
  case AURORA_REFUSED:
    puts(": the server has said no");
    break;
  case AURORA_UNKNOWN:
    puts(": it may have been executed, look before you repeat it");
    break;
  }
}

/* Refused at once: no callback, and nothing has happened. */
static void show_refusals(aurora_pool_t *pool)
{
  int code = aurora_pool_query(pool, "", AURORA_NO_PARAMS, on_result, NULL);

  printf("an empty statement: %s: %s\n", aurora_err_name(code), aurora_strerror(code));
  code = aurora_pool_query(pool, "SELECT ?", AURORA_PARAMS("\xff"), on_result, NULL);
  printf("a parameter that is not UTF-8: %s\n", aurora_err_name(code));
}

static void show_answers(aurora_pool_t *pool)
{
  int code = 0;

  code |= aurora_pool_query(pool, "SELEC 1", AURORA_NO_PARAMS, on_result, (void *)"syntax");
  code |= aurora_pool_query(pool, "SELECT * FROM aurora_example_nowhere", AURORA_NO_PARAMS,
                            on_result, (void *)"no table");
  code |=
      aurora_pool_query(pool, "SELECT ? + ?", AURORA_PARAMS(1), on_result, (void *)"one parameter");
  if (code != 0)
    failed = 1;
}

/* A time-out of a statement that runs already: it is killed on the server, and nobody can say how far
 * it came. */
static void show_timeout(aurora_pool_t *pool)
{
  aurora_query_options_t hurried = {.timeout_ms = 100};
  int code = aurora_pool_query_with(pool, "DO SLEEP(60)", AURORA_NO_PARAMS, &hurried, on_result,
                                    (void *)"too late", NULL);

  if (code == 0)
    code = aurora_pool_query(pool, "DO 1", AURORA_NO_PARAMS, on_result, (void *)"and then");
  if (code != 0)
    failed = 1;
}

/* The map has all codes of the library, for tables of one's own: here from a name to its number.
 * Other codes are libuv's UV_E*. */
static int code_of(const char *name)
{
#define ENTRY(code_name, number, text) {"AURORA_" #code_name, number},
  static const struct {
    const char *name;
    int code;
  } codes[] = {AURORA_ERRNO_MAP(ENTRY)};
#undef ENTRY

  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(codes[i].name, name) == 0)
      return codes[i].code;
  return 0;
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_config_t config;
  aurora_pool_t *pool;
  aurora_error_t error;
  int code;

  code = code_of("AURORA_ETYPE");
  printf("%s is %d: %s\n", aurora_err_name(code), code, aurora_strerror(code));
  aurora_config_init(&config);
  code = aurora_config_from_env(&config, &error);
  config.pool_size = 1; /* one after the other */
  if (code == 0)
    code = aurora_pool_create(loop, &config, &pool, &error);
  aurora_config_clear(&config);
  if (code != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  show_refusals(pool);
  show_answers(pool);
  uv_run(loop, UV_RUN_DEFAULT);
  show_timeout(pool);
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  code = aurora_pool_query(pool, "SELECT 1", AURORA_NO_PARAMS, on_result, NULL);
  printf("after close: %s\n", aurora_err_name(code));
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
