/*
 * Rows that are taken from packets, and memory: limits, rows that do not fit where they were begun, many of
 * them, streams, and no memory at all. Each case once by text (0) and once by the binary protocol (1).
 */
#include <uv.h>

#include <aurora/result.h>

#include "base/alloc.h"
#include "packet_helpers.h"
#include "support/runner.h"

static packet_t packet;
static bool may_allocate;

static bool allocation_is_allowed(void)
{
  return may_allocate;
}

static int append(aurora_result_t *result, aurora__protocol_t protocol)
{
  return append_from_heap(protocol == AURORA__PROTOCOL_TEXT ? aurora__result_append_text_packet
                                                            : aurora__result_append_binary_packet,
                          result, packet.bytes, packet.size);
}

/* A row of one text. */
static int append_letters(aurora_result_t *result, aurora__protocol_t protocol, size_t first,
                          size_t size)
{
  begin_packet(&packet, protocol, 1);
  put_letters(&packet, usual_width(size), first, size);
  return append(result, protocol);
}

static int append_nulls(aurora_result_t *result, aurora__protocol_t protocol, unsigned columns)
{
  begin_packet(&packet, protocol, columns);
  for (unsigned i = 0; i < columns; i++)
    put_null(&packet, protocol, i);
  return append(result, protocol);
}

/* To the byte. What was read before stays, and a smaller row still finds room. */
START_TEST(the_limit_holds)
{
  static const size_t sizes[] = {0, 10, 500, 5000, 100000};
  aurora__protocol_t protocol = (aurora__protocol_t)_i;

  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    aurora_result_t *result = strings_of(1, protocol, UINT64_MAX);
    uint64_t needed;

    ck_assert_int_eq(append_letters(result, protocol, 1, 9), 0);
    ck_assert_int_eq(append_letters(result, protocol, 2, sizes[i]), 0);
    needed = aurora__result_memory(result);
    ck_assert_uint_ge(needed, 9 + sizes[i]);
    aurora_result_unref(result);

    result = strings_of(1, protocol, needed);
    ck_assert_int_eq(append_letters(result, protocol, 1, 9), 0);
    ck_assert_int_eq(append_letters(result, protocol, 2, sizes[i] + 1), AURORA_ETOOBIG);
    ck_assert_uint_eq(aurora_result_rows(result), 1);
    ck_assert(letters_are(aurora_result_value(result, 0, 0), 1, 9));
    ck_assert_int_eq(append_letters(result, protocol, 2, sizes[i]), 0);
    ck_assert_uint_eq(aurora__result_memory(result), needed);
    ck_assert_int_eq(append_nulls(result, protocol, 1), AURORA_ETOOBIG);
    ck_assert_uint_eq(aurora_result_rows(result), 2);
    ck_assert(letters_are(aurora_result_value(result, 0, 0), 1, 9));
    ck_assert(letters_are(aurora_result_value(result, 1, 0), 2, sizes[i]));
    aurora_result_unref(result);
  }
}
END_TEST

/* Every way in which a row just fits what is left of the first piece or of a chunk, or just not. The head
 * moves then, and all that is in it must come along. */
START_TEST(rows_that_do_not_fit_the_chunk)
{
  aurora__protocol_t protocol = (aurora__protocol_t)_i;
  MYSQL_FIELD fields[4];

  for (unsigned i = 0; i < 4; i++)
    fields[i] = field("a", i == 0 ? MYSQL_TYPE_TINY : MYSQL_TYPE_VAR_STRING, 0, UTF8, 0);
  for (size_t size = 0; size <= 5000; size++) {
    aurora_result_t *result = result_of(fields, 4, protocol, UINT64_MAX);

    for (unsigned row = 0; row < 3; row++) {
      begin_packet(&packet, protocol, 4);
      if (protocol == AURORA__PROTOCOL_TEXT)
        put_length(&packet, 1, 1);
      put_byte(&packet, '7');
      put_null(&packet, protocol, 1);
      put_letters(&packet, usual_width(size), row, size);
      put_letters(&packet, 1, row, row);
      ck_assert_int_eq(append(result, protocol), 0);
    }
    for (unsigned row = 0; row < 3; row++)
      if (aurora_result_value(result, row, 0).as.int64 !=
              (protocol == AURORA__PROTOCOL_TEXT ? 7 : '7') ||
          aurora_result_value(result, row, 1).type != AURORA_TYPE_NULL ||
          !letters_are(aurora_result_value(result, row, 2), row, size) ||
          !letters_are(aurora_result_value(result, row, 3), row, row))
        ck_abort_msg("row %u, a text of %zu bytes", row, size);
    aurora_result_unref(result);
  }
}
END_TEST

/* Small rows, and some that get a chunk of their own. A NUL in the wrong place would be in the next row. */
START_TEST(many_rows)
{
  enum { ROWS = 5000, LARGE = 70000 };
  aurora__protocol_t protocol = (aurora__protocol_t)_i;
  aurora_result_t *result = strings_of(1, protocol, UINT64_MAX);

  for (size_t row = 0; row < ROWS; row++) {
    if (row % 17 == 5)
      ck_assert_int_eq(append_nulls(result, protocol, 1), 0);
    else
      ck_assert_int_eq(
          append_letters(result, protocol, row, row % 1000 == 999 ? LARGE + row : row % 211), 0);
  }
  ck_assert_int_eq(aurora__result_finish(result, 0, 0, 0, NULL), 0);
  ck_assert_uint_eq(aurora_result_rows(result), ROWS);
  for (size_t row = 0; row < ROWS; row++) {
    aurora_value_t value = aurora_result_value(result, row, 0);

    ck_assert_msg(row % 17 == 5
                      ? value.type == AURORA_TYPE_NULL
                      : letters_are(value, row, row % 1000 == 999 ? LARGE + row : row % 211),
                  "row %zu", row);
  }
  aurora_result_unref(result);
}
END_TEST

/* Refused ones between rows of many sizes, also where the pointers to the rows have no more room. */
START_TEST(refused_rows_leave_the_others_alone)
{
  enum { ROWS = 300, LIMIT = 100000 };
  aurora__protocol_t protocol = (aurora__protocol_t)_i;
  aurora_result_t *result = strings_of(2, protocol, LIMIT);

  for (size_t row = 0; row < ROWS; row++) {
    begin_packet(&packet, protocol, 2);
    put_letters(&packet, 1, row + 5, row * 7 % 130);
    put_letters(&packet, 1, row + 6, 3);
    packet.size--;
    ck_assert_int_eq(append(result, protocol), AURORA_EPROTOCOL);
    ck_assert_uint_eq(aurora_result_rows(result), row);
    begin_packet(&packet, protocol, 2);
    put_letters(&packet, 1, row, row * 7 % 130);
    put_null(&packet, protocol, 1);
    ck_assert_int_eq(append(result, protocol), 0);
    begin_packet(&packet, protocol, 2);
    put_letters(&packet, 1, row + 7, 100);
    put_letters(&packet, 4, row + 8, LIMIT);
    ck_assert_int_eq(append(result, protocol), AURORA_ETOOBIG);
    ck_assert_uint_eq(aurora_result_rows(result), row + 1);
  }
  for (size_t row = 0; row < ROWS; row++) {
    ck_assert(letters_are(aurora_result_value(result, row, 0), row, row * 7 % 130));
    ck_assert_int_eq(aurora_result_value(result, row, 1).type, AURORA_TYPE_NULL);
  }
  ck_assert_uint_le(aurora__result_memory(result), LIMIT);
  ck_assert_int_eq(aurora__result_finish(result, 0, 0, 0, NULL), 0);
  ck_assert_uint_eq(aurora_result_affected_rows(result), ROWS);
  aurora_result_unref(result);
}
END_TEST

START_TEST(streamed_rows_reuse_the_memory)
{
  aurora__protocol_t protocol = (aurora__protocol_t)_i;
  aurora_result_t *result = strings_of(1, protocol, 4096), *same = result, *kept;

  ck_assert_int_eq(append_letters(result, protocol, 0, 2000), 0);
  may_allocate = false;
  aurora__alloc_may = allocation_is_allowed;
  for (size_t row = 1; row < 100; row++) {
    ck_assert_int_eq(aurora__result_clear_rows(&result), 0);
    ck_assert_ptr_eq(result, same);
    ck_assert_int_eq(append_letters(result, protocol, row, 2000), 0);
    ck_assert_uint_eq(aurora_result_rows(result), 1);
    ck_assert(letters_are(aurora_result_value(result, 0, 0), row, 2000));
  }
  aurora__alloc_may = NULL;
  kept = aurora_result_ref(result);
  ck_assert_int_eq(aurora__result_clear_rows(&result), 0);
  ck_assert_int_eq(append_letters(result, protocol, 100, 3), 0);
  ck_assert(letters_are(aurora_result_value(kept, 0, 0), 99, 2000));
  ck_assert(letters_are(aurora_result_value(result, 0, 0), 100, 3));
  aurora_result_unref(kept);
  aurora_result_unref(result);
}
END_TEST

/* Neither for the head, nor for the texts, nor for the pointers to the rows. */
START_TEST(rows_without_memory)
{
  aurora__protocol_t protocol = (aurora__protocol_t)_i;
  aurora_result_t *wide = strings_of(256, protocol, UINT64_MAX);
  aurora_result_t *large = strings_of(1, protocol, UINT64_MAX);
  aurora_result_t *many = strings_of(1, protocol, UINT64_MAX);

  may_allocate = false;
  aurora__alloc_may = allocation_is_allowed;
  ck_assert_int_eq(append_nulls(wide, protocol, 256), UV_ENOMEM);
  ck_assert_int_eq(append_letters(large, protocol, 0, 3), 0);
  ck_assert_int_eq(append_letters(large, protocol, 1, 5000), UV_ENOMEM);
  for (size_t row = 0; row < 8; row++)
    ck_assert_int_eq(append_letters(many, protocol, row, 1), 0);
  ck_assert_int_eq(append_letters(many, protocol, 8, 1), UV_ENOMEM);
  may_allocate = true;
  ck_assert_uint_eq(aurora_result_rows(wide), 0);
  ck_assert_int_eq(append_nulls(wide, protocol, 256), 0);
  ck_assert_int_eq(append_letters(large, protocol, 1, 5000), 0);
  ck_assert_int_eq(append_letters(many, protocol, 8, 1), 0);
  aurora__alloc_may = NULL;
  ck_assert_uint_eq(aurora_result_rows(wide), 1);
  ck_assert_int_eq(aurora_result_value(wide, 0, 255).type, AURORA_TYPE_NULL);
  ck_assert(letters_are(aurora_result_value(large, 0, 0), 0, 3));
  ck_assert(letters_are(aurora_result_value(large, 1, 0), 1, 5000));
  for (size_t row = 0; row < 9; row++)
    ck_assert(letters_are(aurora_result_value(many, row, 0), row, 1));
  aurora_result_unref(wide);
  aurora_result_unref(large);
  aurora_result_unref(many);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("packet rows");
  TCase *tcase = tcase_create("packet rows");

  tcase_add_loop_test(tcase, the_limit_holds, 0, 2);
  tcase_add_loop_test(tcase, rows_that_do_not_fit_the_chunk, 0, 2);
  tcase_add_loop_test(tcase, many_rows, 0, 2);
  tcase_add_loop_test(tcase, refused_rows_leave_the_others_alone, 0, 2);
  tcase_add_loop_test(tcase, streamed_rows_reuse_the_memory, 0, 2);
  tcase_add_loop_test(tcase, rows_without_memory, 0, 2);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
