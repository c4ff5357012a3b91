/*
 * Rows into structs: a table says which column goes into which member; one call reads a row.
 */
#include <aurora.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct {
  uint32_t id;
  char name[16]; /* copied */
  bool active;
  double balance;
  bool has_no_balance;
  const char *email; /* borrowed: lives as long as the result */
  bool has_no_email;
  int64_t joined;
  int64_t visit_length;
  int64_t last_visit;
  bool never_visited;
  int64_t left;
  bool is_here;
} member_t;

#define FIELDS (sizeof fields / sizeof *fields)

static const aurora_field_t fields[] = {
    AURORA_FIELD(member_t, id),                   /* the column has the member's name ... */
    AURORA_FIELD_AS(member_t, name, "full_name"), /* ... or another */
    AURORA_FIELD(member_t, active),               /* 0 or 1 */
    AURORA_FIELD_NULLABLE(member_t, balance, has_no_balance), /* NULL reads as 0, and says so */
    AURORA_FIELD_NULLABLE_AS(member_t, email, has_no_email, "mail"),
    AURORA_FIELD_MICROSECONDS(member_t, joined), /* since 1970, in the session's time zone */
    AURORA_FIELD_MICROSECONDS_AS(member_t, visit_length, "spent"),
    AURORA_FIELD_MICROSECONDS_NULLABLE(member_t, last_visit, never_visited),
    AURORA_FIELD_MICROSECONDS_NULLABLE_AS(member_t, left, is_here, "quit"),
};

static int failed;

static void print_member(const member_t *member)
{
  printf("%" PRIu32 " %s, %s", member->id, member->name, member->active ? "active" : "passive");
  if (!member->has_no_balance)
    printf(", balance %.2f", member->balance);
  if (!member->has_no_email)
    printf(", %s", member->email);
  printf(", joined %" PRId64 " s after 1970, visits of %" PRId64 " s", member->joined / 1000000,
         member->visit_length / 1000000);
  if (!member->never_visited)
    printf(", last %" PRId64 " s", member->last_visit / 1000000);
  puts(member->is_here ? "" : ", left");
}

static void on_result(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  (void)data;
  if (error) {
    fprintf(stderr, "%s: %s\n", aurora_err_name(error->code), error->message);
    failed = 1;
    return;
  }
  for (size_t row = 0; row < aurora_result_rows(result); row++) {
    member_t member;
    aurora_error_t why;

    if (aurora_result_read_with(result, row, fields, FIELDS, &member, &why) == 0)
      print_member(&member);
    else /* names row, column and types; the struct is untouched */
      printf("%s: %s\n", aurora_err_name(why.code), why.message);
  }
}

/* Without the words: for what cannot fail, or where the code is enough. */
static void on_count(const aurora_error_t *error, const aurora_result_t *result, void *data)
{
  struct count {
    long long all;
    aurora_value_t top; /* takes any type, NULL too */
  } count;
  const aurora_field_t count_fields[] = {AURORA_FIELD(struct count, all),
                                         AURORA_FIELD(struct count, top)};

  (void)data;
  if (error || aurora_result_read(result, 0, count_fields, 2, &count) != 0)
    failed = 1;
  else
    printf("%lld in all, top: %s\n", count.all, aurora_type_name(count.top.type));
}

int main(void)
{
  uv_loop_t *loop = uv_default_loop();
  aurora_pool_t *pool;
  aurora_error_t error;
  int code;

  if (aurora_pool_get(loop, &pool, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  code = aurora_pool_query(
      pool,
      "SELECT 1 AS id, 'Ada' AS full_name, TRUE AS active, 12.50 AS balance, 'ada@x.org' AS mail, "
      "DATE'1970-01-02' AS joined, TIME'00:30:00' AS spent, "
      "TIMESTAMP'1970-01-03 00:00:01' AS last_visit, CAST(NULL AS DATE) AS quit "
      "UNION ALL SELECT 2, 'Bob', FALSE, NULL, NULL, DATE'1969-12-31', TIME'00:01:00', NULL, "
      "DATE'1975-01-01' "
      "UNION ALL SELECT 3, 'Bartholomew the Second', TRUE, 0, NULL, DATE'1970-01-01', "
      "TIME'00:00:00', NULL, NULL",
      AURORA_NO_PARAMS, on_result, NULL);
  uv_run(loop, UV_RUN_DEFAULT); /* two connections could answer in any order */
  if (code == 0)
    code =
        aurora_pool_query(pool, "SELECT 3 AS `all`, NULL AS top", AURORA_NO_PARAMS, on_count, NULL);
  if (code != 0)
    failed = 1;
  uv_run(loop, UV_RUN_DEFAULT);
  aurora_pool_close(pool, 1000, NULL, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || failed;
}
