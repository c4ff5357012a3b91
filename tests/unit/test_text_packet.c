/*
 * Rows that are taken from packets of the text protocol: how cells are found, that they equal those which
 * libmariadb finds, and that packets which are no rows are refused without a read beyond them. How
 * rows take memory is in test_packet_rows.c.
 */
#include <aurora/result.h>

#include "packet_helpers.h"
#include "support/runner.h"

static packet_t packet;
static aurora_result_t *strings(unsigned count)
{
  return strings_of(count, AURORA__PROTOCOL_TEXT, UINT64_MAX);
}

/* Appends the packet, and makes it empty. */
static int append(aurora_result_t *result)
{
  int err = append_from_heap(aurora__result_append_text_packet, result, packet.bytes, packet.size);

  packet.size = 0;
  return err;
}

static int append_bytes(aurora_result_t *result, const void *bytes, size_t size)
{
  return append_from_heap(aurora__result_append_text_packet, result, bytes, size);
}

/* One row of one text. */
static int append_letters(aurora_result_t *result, size_t first, size_t size)
{
  put_letters(&packet, usual_width(size), first, size);
  return append(result);
}

/* Three cells, each with a length of each width: short ones as well, as libmariadb takes them. */
START_TEST(lengths_of_every_width)
{
  static const unsigned widths[] = {1, 3, 4, 9};
  static const size_t sizes[] = {0, 1, 250, 251, 300};
  aurora_result_t *result = strings(3);
  size_t row = 0;

  for (unsigned i = 0; i < 64; i++) {
    unsigned of[3] = {widths[i % 4], widths[i / 4 % 4], widths[i / 16]};

    for (unsigned j = 0; j < 125; j++) {
      size_t size[3] = {sizes[j % 5], sizes[j / 5 % 5], sizes[j / 25]};

      if ((of[0] == 1 && size[0] > 250) || (of[1] == 1 && size[1] > 250) ||
          (of[2] == 1 && size[2] > 250))
        continue;
      for (unsigned c = 0; c < 3; c++)
        put_letters(&packet, of[c], c, size[c]);
      ck_assert_int_eq(append(result), 0);
      for (unsigned c = 0; c < 3; c++)
        ck_assert_msg(letters_are(aurora_result_value(result, row, c), c, size[c]),
                      "widths %u %u %u, column %u", of[0], of[1], of[2], c);
      row++;
    }
  }
  ck_assert_uint_eq(aurora_result_rows(result), row);
  aurora_result_unref(result);
}
END_TEST

/* Where one width ends and the next begins, alone and before and behind another cell. */
START_TEST(texts_at_the_ends_of_the_widths)
{
  static const size_t sizes[] = {0, 1, 249, 250, 251, 252, 255, 256, 65535, 65536, 70000, 300000};

  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    aurora_result_t *one = strings(1), *three = strings(3);
    size_t size = sizes[i];

    ck_assert_int_eq(append_letters(one, 7, size), 0);
    ck_assert(letters_are(aurora_result_value(one, 0, 0), 7, size));
    for (unsigned place = 0; place < 3; place++) {
      for (unsigned c = 0; c < 3; c++)
        put_letters(&packet, c == place ? usual_width(size) : 1, c, c == place ? size : 5);
      ck_assert_int_eq(append(three), 0);
    }
    for (unsigned place = 0; place < 3; place++)
      for (unsigned c = 0; c < 3; c++)
        ck_assert(letters_are(aurora_result_value(three, place, c), c, c == place ? size : 5));
    aurora_result_unref(one);
    aurora_result_unref(three);
  }
}
END_TEST

/* Every way in which up to six cells can be NULL: the first, the last, all of them. The others are empty or
 * have one letter. */
START_TEST(any_cells_may_be_null)
{
  for (unsigned count = 1; count <= 6; count++) {
    aurora_result_t *result = strings(count);

    for (unsigned kinds = 0; kinds < 729; kinds++) {
      unsigned left = kinds;

      for (unsigned c = 0; c < count; c++, left /= 3) {
        if (left % 3 == 2)
          put_null(&packet, AURORA__PROTOCOL_TEXT, 0);
        else
          put_letters(&packet, 1, c, left % 3);
      }
      ck_assert_int_eq(append(result), 0);
    }
    for (unsigned kinds = 0; kinds < 729; kinds++) {
      unsigned left = kinds;

      for (unsigned c = 0; c < count; c++, left /= 3) {
        aurora_value_t value = aurora_result_value(result, kinds, c);

        ck_assert_msg(left % 3 == 2 ? value.type == AURORA_TYPE_NULL
                                    : letters_are(value, c, left % 3),
                      "row %u of %u columns, column %u", kinds, count, c);
        ck_assert(aurora_result_is_null(result, kinds, c) == (left % 3 == 2));
      }
    }
    aurora_result_unref(result);
  }
}
END_TEST

/* Null bits take more than one word. Each cell is NULL once, and once the only one that is not. */
START_TEST(any_number_of_columns)
{
  aurora_result_t *none = strings(0);

  ck_assert_int_eq(append_bytes(none, "\0", 1), AURORA_EPROTOCOL);
  ck_assert_int_eq(append_bytes(none, "\373", 1), AURORA_EPROTOCOL);
  ck_assert_uint_eq(aurora_result_rows(none), 0);
  aurora_result_unref(none);
  for (unsigned count = 1; count <= 70; count++) {
    aurora_result_t *result = strings(count);

    for (unsigned row = 0; row < 2 * count; row++) {
      for (unsigned c = 0; c < count; c++) {
        if ((row / 2 == c) == (row % 2 == 0))
          put_null(&packet, AURORA__PROTOCOL_TEXT, 0);
        else
          put_letters(&packet, 1, c, c % 4);
      }
      ck_assert_int_eq(append(result), 0);
    }
    for (unsigned row = 0; row < 2 * count; row++) {
      for (unsigned c = 0; c < count; c++) {
        aurora_value_t value = aurora_result_value(result, row, c);

        if ((row / 2 == c) == (row % 2 == 0) ? value.type != AURORA_TYPE_NULL
                                             : !letters_are(value, c, c % 4))
          ck_abort_msg("row %u of %u columns, column %u", row, count, c);
      }
    }
    aurora_result_unref(result);
  }
}
END_TEST

/* As libmariadb's cache is: the next packet comes to where this one was. */
START_TEST(the_packet_may_be_overwritten)
{
  unsigned char cache[] = "\3abc\373\0\374\2\0de";
  aurora_result_t *result = strings(4);

  ck_assert_int_eq(aurora__result_append_text_packet(result, cache, sizeof cache - 1), 0);
  memcpy(cache, "\376\4\0\0\0\0\0\0\0", 9);
  memcpy(cache + 9, "x\1", 2);
  ck_assert_int_eq(aurora__result_append_text_packet(result, cache, sizeof cache - 1),
                   AURORA_EPROTOCOL);
  memcpy(cache, "\0\5fghij\373\2k", 10);
  cache[10] = 'l';
  ck_assert_int_eq(aurora__result_append_text_packet(result, cache, sizeof cache - 1), 0);
  memset(cache, 0xee, sizeof cache);
  ck_assert_uint_eq(aurora_result_rows(result), 2);
  ck_assert_str_eq(aurora_result_value(result, 0, 0).as.text.data, "abc");
  ck_assert_int_eq(aurora_result_value(result, 0, 1).type, AURORA_TYPE_NULL);
  ck_assert_str_eq(aurora_result_value(result, 0, 2).as.text.data, "");
  ck_assert_str_eq(aurora_result_value(result, 0, 3).as.text.data, "de");
  ck_assert_str_eq(aurora_result_value(result, 1, 0).as.text.data, "");
  ck_assert_str_eq(aurora_result_value(result, 1, 1).as.text.data, "fghij");
  ck_assert_int_eq(aurora_result_value(result, 1, 2).type, AURORA_TYPE_NULL);
  ck_assert_str_eq(aurora_result_value(result, 1, 3).as.text.data, "kl");
  aurora_result_unref(result);
}
END_TEST

/* Each width of a length is cut in two, at the beginning of a row and within it. */
START_TEST(packets_are_refused_wherever_they_are_cut)
{
  static const unsigned widths[] = {1, 3, 4, 9};

  for (unsigned first = 0; first < 5; first++) {
    aurora_result_t *result = strings(8);

    for (unsigned round = 0; round < 2; round++) {
      packet.size = 0;
      if (first == 4)
        put_null(&packet, AURORA__PROTOCOL_TEXT, 0);
      else
        put_letters(&packet, widths[first], 0, 20);
      for (unsigned i = 0; i < 4; i++)
        put_letters(&packet, widths[i], i + 1, i == 3 ? 260 : 9);
      put_null(&packet, AURORA__PROTOCOL_TEXT, 0);
      put_letters(&packet, 1, 6, 0);
      put_byte(&packet, round == 0 ? 251 : 0);
      check_every_cut(aurora__result_append_text_packet, result, &packet);
    }
    packet.size = 0;
    for (size_t row = 0; row < 2; row++) {
      if (first < 4)
        ck_assert(letters_are(aurora_result_value(result, row, 0), 0, 20));
      for (unsigned i = 0; i < 4; i++)
        ck_assert(letters_are(aurora_result_value(result, row, i + 1), i + 1, i == 3 ? 260 : 9));
      ck_assert_int_eq(aurora_result_value(result, row, 5).type, AURORA_TYPE_NULL);
    }
    ck_assert_int_eq(aurora__result_finish(result, 0, 0, 0, NULL), 0);
    ck_assert_uint_eq(aurora_result_affected_rows(result), 2);
    aurora_result_unref(result);
  }
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1

/* Rows of two columns that are none. */
START_TEST(broken_packets_are_refused)
{
  static const struct {
    const char *bytes;
    size_t size;
  } broken[] = {
      /* a byte too many, of each kind */
      {BYTES("\1a\1b\0")},
      {BYTES("\1a\1b\1")},
      {BYTES("\1a\1b\373")},
      {BYTES("\1a\1b\374")},
      {BYTES("\1a\1b\377")},
      {BYTES("\373\373\373")},
      {BYTES("\0\0\0")},
      {BYTES("\1a\373\1b")},
      /* a cell less */
      {BYTES("\2ab")},
      {BYTES("\373")},
      {BYTES("\0")},
      {BYTES("\374\2\0ab")},
      /* what is no length */
      {BYTES("\377\1a")},
      {BYTES("\1a\377")},
      {BYTES("\1a\377\0\0\0\0\0\0\0\0")},
      {BYTES("\377\0\0\0\0\0\0\0\0\1a\1b")},
      /* lengths of which the last byte, or the upper half, is what makes them too long */
      {BYTES("\1a\2b")},
      {BYTES("\374\1\1a\1b")},
      {BYTES("\1a\374\1\1b")},
      {BYTES("\375\1\0\1a\1b")},
      {BYTES("\1a\375\1\0\1b")},
      {BYTES("\376\1\0\0\0\1\0\0\0a\1b")},
      {BYTES("\1a\376\1\0\0\0\1\0\0\0b")},
      {BYTES("\1a\376\1\0\0\0\0\0\0\200b")},
      /* lengths that would lead back to before where they are, if they were added up */
      {BYTES("\1a\376\377\377\377\377\377\377\377\377b")},
      {BYTES("\376\377\377\377\377\377\377\377\377\1a\1b")},
      {BYTES("\376\366\377\377\377\377\377\377\377\1a\1b")},
      {BYTES("\1a\376\364\377\377\377\377\377\377\377b")},
  };
  aurora_result_t *result = strings(2);

  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    ck_assert_int_eq(append_bytes(result, BYTES("\2ok\373")), 0);
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

/* Cells of every type by turns in up to 70 columns. */
static const struct {
  enum enum_field_types type;
  unsigned flags;
  unsigned charset;
  const char *text;
  size_t size;
} samples[] = {
    {MYSQL_TYPE_TINY, 0, BINARY, BYTES("-128")},
    {MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG, BINARY, BYTES("18446744073709551615")},
    {MYSQL_TYPE_DOUBLE, 0, BINARY, BYTES("-1.5e-7")},
    {MYSQL_TYPE_FLOAT, 0, BINARY, BYTES("3.40282e38")},
    {MYSQL_TYPE_NEWDECIMAL, 0, BINARY, BYTES("-12.50")},
    {MYSQL_TYPE_VAR_STRING, 0, UTF8, BYTES("a\0b")},
    {MYSQL_TYPE_VAR_STRING, 0, UTF8, BYTES("")},
    {MYSQL_TYPE_BLOB, 0, BINARY, BYTES("\373\374\375\376\377\0")},
    {MYSQL_TYPE_BIT, UNSIGNED_FLAG, BINARY, BYTES("\3\377")},
    {MYSQL_TYPE_YEAR, UNSIGNED_FLAG, BINARY, BYTES("0000")},
    {MYSQL_TYPE_DATE, 0, BINARY, BYTES("2024-02-29")},
    {MYSQL_TYPE_TIME, 0, BINARY, BYTES("-838:59:59.999999")},
    {MYSQL_TYPE_TIMESTAMP, 0, BINARY, BYTES("2024-02-29 01:02:03.25")},
    {MYSQL_TYPE_LONG, 0, BINARY, BYTES("no number")},
};

/* Rows by turns as packets and as libmariadb's pointers, which is how they come, against pointers only. */
START_TEST(packets_give_what_pointers_give)
{
  enum { SAMPLES = sizeof samples / sizeof samples[0] };
  static const unsigned widths[] = {1, 3, 4, 9};

  for (unsigned count = 1; count <= 70; count++) {
    MYSQL_FIELD fields[70];
    aurora_result_t *mixed, *pointers;

    for (unsigned c = 0; c < count; c++)
      fields[c] = field("a", samples[c % SAMPLES].type, samples[c % SAMPLES].flags,
                        samples[c % SAMPLES].charset, 31);
    mixed = result_of(fields, count, AURORA__PROTOCOL_TEXT, UINT64_MAX);
    pointers = result_of(fields, count, AURORA__PROTOCOL_TEXT, UINT64_MAX);
    for (unsigned row = 0; row < 40; row++) {
      char texts[70 * 32], *text = texts, *cells[70];
      unsigned long lengths[70];

      for (unsigned c = 0; c < count; c++) {
        size_t size = samples[c % SAMPLES].size;

        cells[c] = NULL;
        lengths[c] = 0;
        if (row % 7 && (row + c) % (row % 7) == 0) {
          put_null(&packet, AURORA__PROTOCOL_TEXT, c);
          continue;
        }
        put_length(&packet, widths[(row + c) % 4], size);
        put(&packet, samples[c % SAMPLES].text, size);
        memcpy(text, samples[c % SAMPLES].text, size + 1);
        cells[c] = text;
        lengths[c] = size;
        text += size + 1;
      }
      ck_assert_int_eq(aurora__result_append_text(pointers, cells, lengths), 0);
      if (row % 3 == 1)
        ck_assert_int_eq(aurora__result_append_text(mixed, cells, lengths), 0);
      else
        ck_assert_int_eq(append(mixed), 0);
      packet.size = 0;
    }
    check_same_rows(mixed, pointers);
    aurora_result_unref(mixed);
    aurora_result_unref(pointers);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("text packet");
  TCase *tcase = tcase_create("text packet");

  tcase_add_test(tcase, lengths_of_every_width);
  tcase_add_test(tcase, texts_at_the_ends_of_the_widths);
  tcase_add_test(tcase, any_cells_may_be_null);
  tcase_add_test(tcase, any_number_of_columns);
  tcase_add_test(tcase, the_packet_may_be_overwritten);
  tcase_add_test(tcase, packets_are_refused_wherever_they_are_cut);
  tcase_add_test(tcase, broken_packets_are_refused);
  tcase_add_test(tcase, packets_give_what_pointers_give);
  suite_add_tcase(suite, tcase);
  return test_run(suite);
}
