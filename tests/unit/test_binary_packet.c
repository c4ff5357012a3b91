/*
 * Rows that are taken from packets of the binary protocol: null bits, lengths, that they equal those which
 * libmariadb's callback makes, and that packets which are no rows are refused without a read beyond them.
 * How cells are decoded is in test_binary.c, how rows take memory in test_packet_rows.c.
 */
#include <aurora/result.h>

#include "packet_helpers.h"
#include "support/runner.h"

static packet_t packet;

static aurora_result_t *result_of_type(enum enum_field_types type, unsigned count)
{
  MYSQL_FIELD fields[70];

  for (unsigned i = 0; i < count; i++)
    fields[i] = field("a", type, 0, UTF8, 0);
  return result_of(fields, count, AURORA__PROTOCOL_BINARY, UINT64_MAX);
}

static aurora_result_t *strings(unsigned count)
{
  return strings_of(count, AURORA__PROTOCOL_BINARY, UINT64_MAX);
}

static void begin(unsigned columns)
{
  begin_packet(&packet, AURORA__PROTOCOL_BINARY, columns);
}

static void put_null_bit(unsigned column)
{
  put_null(&packet, AURORA__PROTOCOL_BINARY, column);
}

static int append_bytes(aurora_result_t *result, const void *bytes, size_t size)
{
  return append_from_heap(aurora__result_append_binary_packet, result, bytes, size);
}

static int append(aurora_result_t *result)
{
  return append_bytes(result, packet.bytes, packet.size);
}

/* Rows of numbers of a byte, 7 + column. Each cell is NULL once, and once the only one that is not. */
START_TEST(null_bits_of_any_number_of_columns)
{
  for (unsigned count = 0; count <= 70; count++) {
    aurora_result_t *result = result_of_type(MYSQL_TYPE_TINY, count);

    for (unsigned row = 0; row < 2 * count + 2; row++) {
      begin(count);
      for (unsigned c = 0; c < count; c++) {
        if ((row / 2 == c) == (row % 2 == 0))
          put_null_bit(c);
        else
          put_byte(&packet, 7 + c);
      }
      ck_assert_int_eq(append(result), 0);
      for (unsigned c = 0; c < count; c++) {
        aurora_value_t value = aurora_result_value(result, row, c);

        if ((row / 2 == c) == (row % 2 == 0)
                ? value.type != AURORA_TYPE_NULL
                : value.type != AURORA_TYPE_INT64 || value.as.int64 != 7 + c)
          ck_abort_msg("row %u of %u columns, column %u", row, count, c);
      }
    }
    ck_assert_uint_eq(aurora_result_rows(result), 2 * count + 2);
    aurora_result_unref(result);
  }
}
END_TEST

/* The first two bits, and those behind the last column's. */
START_TEST(other_bits_mean_nothing)
{
  aurora_result_t *result = result_of_type(MYSQL_TYPE_TINY, 3);

  ck_assert_int_eq(append_bytes(result, "\0\343\1\2\3", 5), 0);
  ck_assert_int_eq(append_bytes(result, "\0\353\1\3", 4), 0);
  for (unsigned c = 0; c < 3; c++)
    ck_assert_int_eq(aurora_result_value(result, 0, c).as.int64, 1 + (int)c);
  ck_assert_int_eq(aurora_result_value(result, 1, 0).as.int64, 1);
  ck_assert_int_eq(aurora_result_value(result, 1, 1).type, AURORA_TYPE_NULL);
  ck_assert_int_eq(aurora_result_value(result, 1, 2).as.int64, 3);
  aurora_result_unref(result);
}
END_TEST

/* SELECT NULL: no bytes, whether its bit is set or not. */
START_TEST(a_column_that_is_always_null)
{
  MYSQL_FIELD fields[3] = {field("a", MYSQL_TYPE_TINY, 0, BINARY, 0),
                           field("b", MYSQL_TYPE_NULL, 0, BINARY, 0),
                           field("c", MYSQL_TYPE_TINY, 0, BINARY, 0)};
  aurora_result_t *result = result_of(fields, 3, AURORA__PROTOCOL_BINARY, UINT64_MAX);

  ck_assert_int_eq(append_bytes(result, "\0\10\5\6", 4), 0);
  ck_assert_int_eq(append_bytes(result, "\0\0\5\6", 4), 0);
  for (size_t row = 0; row < 2; row++) {
    ck_assert_int_eq(aurora_result_value(result, row, 0).as.int64, 5);
    ck_assert_int_eq(aurora_result_value(result, row, 1).type, AURORA_TYPE_NULL);
    ck_assert_int_eq(aurora_result_value(result, row, 2).as.int64, 6);
  }
  aurora_result_unref(result);
}
END_TEST

/* Two cells, each with a length of each width: short ones as well, as libmariadb takes them. */
START_TEST(lengths_of_every_width)
{
  static const unsigned widths[] = {1, 3, 4, 9};
  static const size_t sizes[] = {0, 1, 249, 250, 251, 252, 255, 256, 300, 65535, 65536, 70000};
  enum { SIZES = sizeof sizes / sizeof sizes[0] };

  for (unsigned i = 0; i < 16; i++) {
    unsigned first = widths[i % 4], second = widths[i / 4];

    for (unsigned j = 0; j < SIZES; j++) {
      aurora_result_t *result = strings(2);
      size_t size = sizes[j];

      /* What does not fit a width is put behind a longer one. */
      for (unsigned row = 0; row < 2; row++) {
        size_t of_first = row ? 5 : size, of_second = row ? size : 5;
        unsigned least_first = usual_width(of_first), least_second = usual_width(of_second);

        begin(2);
        put_letters(&packet, first > least_first ? first : least_first, 1, of_first);
        put_letters(&packet, second > least_second ? second : least_second, 2, of_second);
        ck_assert_int_eq(append(result), 0);
      }
      ck_assert(letters_are(aurora_result_value(result, 0, 0), 1, size));
      ck_assert(letters_are(aurora_result_value(result, 0, 1), 2, 5));
      ck_assert(letters_are(aurora_result_value(result, 1, 0), 1, 5));
      ck_assert(letters_are(aurora_result_value(result, 1, 1), 2, size));
      aurora_result_unref(result);
    }
  }
}
END_TEST

/* As libmariadb's cache is: the next packet comes to where this one was. The long text does not fit where the
 * row was begun. */
START_TEST(the_packet_may_be_overwritten)
{
  enum { LONG_TEXT = 3000 };
  MYSQL_FIELD fields[3] = {field("a", MYSQL_TYPE_LONGLONG, 0, BINARY, 0),
                           field("b", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0),
                           field("c", MYSQL_TYPE_VAR_STRING, 0, UTF8, 0)};
  aurora_result_t *result = result_of(fields, 3, AURORA__PROTOCOL_BINARY, UINT64_MAX);

  for (unsigned row = 0; row < 3; row++) {
    begin(3);
    put(&packet, "\1\2\3\4\5\6\7", 7);
    put_byte(&packet, row);
    put_letters(&packet, 1, row, 10);
    if (row == 1)
      put_null_bit(2);
    else
      put_letters(&packet, 3, row + 3, LONG_TEXT);
    ck_assert_int_eq(aurora__result_append_binary_packet(result, packet.bytes, packet.size), 0);
    memset(packet.bytes, 0xee, packet.size);
  }
  for (unsigned row = 0; row < 3; row++) {
    ck_assert_int_eq(aurora_result_value(result, row, 0).as.int64,
                     0x07060504030201 + ((int64_t)row << 56));
    ck_assert(letters_are(aurora_result_value(result, row, 1), row, 10));
    if (row == 1)
      ck_assert_int_eq(aurora_result_value(result, row, 2).type, AURORA_TYPE_NULL);
    else
      ck_assert(letters_are(aurora_result_value(result, row, 2), row + 3, LONG_TEXT));
  }
  aurora_result_unref(result);
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1

/* A cell of each kind and each width. */
static const struct {
  enum enum_field_types type;
  unsigned flags;
  unsigned charset;
  const char *bytes;
  size_t size;
} samples[] = {
    {MYSQL_TYPE_TINY, 0, BINARY, BYTES("\200")},
    {MYSQL_TYPE_TINY, UNSIGNED_FLAG, BINARY, BYTES("\377")},
    {MYSQL_TYPE_SHORT, 0, BINARY, BYTES("\1\200")},
    {MYSQL_TYPE_YEAR, UNSIGNED_FLAG, BINARY, BYTES("\153\10")},
    {MYSQL_TYPE_INT24, 0, BINARY, BYTES("\0\0\200\377")},
    {MYSQL_TYPE_LONG, UNSIGNED_FLAG, BINARY, BYTES("\1\2\3\377")},
    {MYSQL_TYPE_LONGLONG, 0, BINARY, BYTES("\1\2\3\4\5\6\7\200")},
    {MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, BINARY, BYTES("\377\376\375\374\373\372\371\370")},
    {MYSQL_TYPE_FLOAT, 0, BINARY, BYTES("\315\314\314\75")},
    {MYSQL_TYPE_DOUBLE, 0, BINARY, BYTES("\232\231\231\231\231\231\271\77")},
    {MYSQL_TYPE_NULL, 0, BINARY, BYTES("")},
    {MYSQL_TYPE_NEWDECIMAL, 0, BINARY, BYTES("\6-12.50")},
    {MYSQL_TYPE_BIT, UNSIGNED_FLAG, BINARY, BYTES("\2\3\377")},
    {MYSQL_TYPE_BIT, UNSIGNED_FLAG | BINARY_FLAG, BINARY, BYTES("\00220")},
    {MYSQL_TYPE_DATE, 0, BINARY, BYTES("\4\350\7\2\35")},
    {MYSQL_TYPE_DATE, 0, BINARY, BYTES("\0")},
    {MYSQL_TYPE_DATETIME, 0, BINARY, BYTES("\7\350\7\2\35\27\73\72")},
    {MYSQL_TYPE_TIMESTAMP, 0, BINARY, BYTES("\13\350\7\2\35\27\73\72\77\102\17\0")},
    {MYSQL_TYPE_TIME, 0, BINARY, BYTES("\10\1\42\0\0\0\26\73\73")},
    {MYSQL_TYPE_TIME, 0, BINARY, BYTES("\14\0\0\0\0\0\1\2\3\1\0\0\0")},
    {MYSQL_TYPE_VAR_STRING, 0, UTF8, BYTES("\0")},
    {MYSQL_TYPE_VAR_STRING, 0, UTF8, BYTES("\3a\0b")},
    {MYSQL_TYPE_BLOB, 0, BINARY, BYTES("\374\3\0\373\374\377")},
    {MYSQL_TYPE_JSON, 0, BINARY, BYTES("\375\2\0\0{}")},
    {MYSQL_TYPE_GEOMETRY, 0, BINARY, BYTES("\376\1\0\0\0\0\0\0\0g")},
};

enum { SAMPLES = sizeof samples / sizeof samples[0] };

/* Columns of the types of the samples from the first-th on. */
static aurora_result_t *samples_of(unsigned first, unsigned count)
{
  MYSQL_FIELD fields[70];

  for (unsigned c = 0; c < count; c++) {
    unsigned i = (first + c) % SAMPLES;

    fields[c] = field("a", samples[i].type, samples[i].flags, samples[i].charset, 31);
  }
  return result_of(fields, count, AURORA__PROTOCOL_BINARY, UINT64_MAX);
}

/* Each nulls-th cell is NULL, or none. */
static void put_samples(unsigned first, unsigned count, unsigned nulls)
{
  begin(count);
  for (unsigned c = 0; c < count; c++) {
    unsigned i = (first + c) % SAMPLES;

    if (nulls && c % nulls == 0)
      put_null_bit(c);
    else
      put(&packet, samples[i].bytes, samples[i].size);
  }
}

/* Each kind of cell comes last in a row of its own, and is cut. */
START_TEST(packets_are_refused_wherever_they_are_cut)
{
  for (unsigned first = 0; first < SAMPLES; first++) {
    for (unsigned nulls = 0; nulls <= 3; nulls++) {
      aurora_result_t *result = samples_of(first, SAMPLES);

      put_samples(first, SAMPLES, nulls);
      ck_assert_int_eq(append(result), 0);
      check_every_cut(aurora__result_append_binary_packet, result, &packet);
      for (unsigned c = 0; c < SAMPLES; c++)
        ck_assert(same_value(aurora_result_value(result, 0, c), aurora_result_value(result, 1, c)));
      aurora_result_unref(result);
    }
  }
}
END_TEST

START_TEST(null_bits_are_refused_wherever_they_are_cut)
{
  for (unsigned count = 0; count <= 70; count++) {
    aurora_result_t *result = result_of_type(MYSQL_TYPE_LONG, count);

    put_samples(0, count, 1);
    check_every_cut(aurora__result_append_binary_packet, result, &packet);
    for (unsigned c = 0; c < count; c++)
      ck_assert_int_eq(aurora_result_value(result, 0, c).type, AURORA_TYPE_NULL);
    aurora_result_unref(result);
  }
}
END_TEST

/* Rows of two strings that are none. */
START_TEST(broken_packets_are_refused)
{
  static const struct {
    const char *bytes;
    size_t size;
  } broken[] = {
      /* what is no length */
      {BYTES("\0\0\373\1a")},
      {BYTES("\0\0\1a\373")},
      {BYTES("\0\0\377\1a")},
      {BYTES("\0\0\373\1\0\0\0\0\0\0\0a\1b")},
      {BYTES("\0\0\377\1\0\0\0\0\0\0\0a\1b")},
      {BYTES("\0\0\1a\377\0\0\0\0\0\0\0\0")},
      /* lengths of which the last byte, or the upper half, is what makes them too long */
      {BYTES("\0\0\1a\2b")},
      {BYTES("\0\0\374\1\1a\1b")},
      {BYTES("\0\0\1a\375\1\0\1b")},
      {BYTES("\0\0\376\1\0\0\0\1\0\0\0a\1b")},
      {BYTES("\0\0\1a\376\1\0\0\0\0\0\0\200b")},
      /* lengths that would lead back to before where they are, if they were added up */
      {BYTES("\0\0\1a\376\377\377\377\377\377\377\377\377b")},
      {BYTES("\0\0\376\365\377\377\377\377\377\377\377\1a\1b")},
  };
  aurora_result_t *result = strings(2);

  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    ck_assert_int_eq(append_bytes(result, BYTES("\0\10\2ok")), 0);
    ck_assert_msg(append_bytes(result, broken[i].bytes, broken[i].size) == AURORA_EPROTOCOL,
                  "packet %zu", i);
    ck_assert_uint_eq(aurora_result_rows(result), i + 1);
  }
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    ck_assert_str_eq(aurora_result_value(result, i, 0).as.text.data, "ok");
    ck_assert_int_eq(aurora_result_value(result, i, 1).type, AURORA_TYPE_NULL);
  }
  aurora_result_unref(result);
}
END_TEST

/* libmariadb does not look behind the last cell. */
START_TEST(bytes_behind_the_row_are_left)
{
  aurora_result_t *result = strings(1);

  ck_assert_int_eq(append_bytes(result, BYTES("\0\0\1ab")), 0);
  ck_assert_int_eq(append_bytes(result, BYTES("\0\4\1")), 0);
  ck_assert_str_eq(aurora_result_value(result, 0, 0).as.text.data, "a");
  ck_assert_int_eq(aurora_result_value(result, 1, 0).type, AURORA_TYPE_NULL);
  aurora_result_unref(result);
}
END_TEST

/* Sends the packet through the callback, as libmariadb walks over it. */
static int walk(aurora_result_t *result)
{
  unsigned count = aurora_result_columns(result);
  unsigned char *at = packet.bytes + 1 + (count + 9) / 8;
  NET net;

  memset(&net, 0, sizeof net);
  net.buff = packet.bytes;
  net.buff_end = packet.bytes + packet.size;
  aurora__result_begin_row(result, &net);
  for (unsigned c = 0; c < count; c++) {
    bool is_null = packet.bytes[1 + (c + 2) / 8] >> (c + 2) % 8 & 1;

    aurora__result_cell(result, c, is_null ? NULL : &at);
  }
  ck_assert_ptr_eq(at, packet.bytes + packet.size);
  return aurora__result_end_row(result);
}

/* Rows by turns as packets and by the callback, which is how they come, against the callback only. */
START_TEST(packets_give_what_the_callback_gives)
{
  for (unsigned count = 0; count <= 70; count++) {
    aurora_result_t *mixed = samples_of(count, count), *walked = samples_of(count, count);

    for (unsigned row = 0; row < 40; row++) {
      put_samples(count, count, row % 7);
      ck_assert_int_eq(walk(walked), 0);
      ck_assert_int_eq(row % 3 == 1 ? walk(mixed) : append(mixed), 0);
    }
    check_same_rows(mixed, walked);
    ck_assert_uint_eq(aurora__result_memory(mixed), aurora__result_memory(walked));
    aurora_result_unref(mixed);
    aurora_result_unref(walked);
  }
}
END_TEST

/* A row that was begun is dropped; when the packet has been taken, none is under way. */
START_TEST(a_packet_ends_a_row_that_was_begun)
{
  aurora_result_t *result = strings(2);
  unsigned char bytes[] = "\4lost", *at = bytes;
  NET net;

  memset(&net, 0, sizeof net);
  net.buff = bytes;
  net.buff_end = bytes + 5;
  aurora__result_begin_row(result, &net);
  aurora__result_cell(result, 0, &at);
  ck_assert_int_eq(append_bytes(result, BYTES("\0\0\4kept\1x")), 0);
  ck_assert_int_eq(aurora__result_end_row(result), AURORA_EPROTOCOL);
  at = bytes;
  aurora__result_cell(result, 0, &at);
  aurora__result_cell(result, 1, &at);
  ck_assert_int_eq(aurora__result_end_row(result), AURORA_EPROTOCOL);
  ck_assert_uint_eq(aurora_result_rows(result), 1);
  ck_assert_str_eq(aurora_result_value(result, 0, 0).as.text.data, "kept");
  ck_assert_str_eq(aurora_result_value(result, 0, 1).as.text.data, "x");
  aurora_result_unref(result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("binary packet");
  TCase *tcase = tcase_create("binary packet");

  tcase_add_test(tcase, null_bits_of_any_number_of_columns);
  tcase_add_test(tcase, other_bits_mean_nothing);
  tcase_add_test(tcase, a_column_that_is_always_null);
  tcase_add_test(tcase, lengths_of_every_width);
  tcase_add_test(tcase, the_packet_may_be_overwritten);
  tcase_add_test(tcase, packets_are_refused_wherever_they_are_cut);
  tcase_add_test(tcase, null_bits_are_refused_wherever_they_are_cut);
  tcase_add_test(tcase, broken_packets_are_refused);
  tcase_add_test(tcase, bytes_behind_the_row_are_left);
  tcase_add_test(tcase, packets_give_what_the_callback_gives);
  tcase_add_test(tcase, a_packet_ends_a_row_that_was_begun);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
