/*
 * Looking through an answer: packet by packet, within what the read-ahead holds. See answer.h.
 */
#include "connection/answer.h"

#include <string.h>

#include "base/alloc.h"
#include "libmariadb/internals.h"
#include "session/read_ahead.h"

enum {
  END = 0xfe,
  END_SIZE = 5, /* the byte, count of warnings, status */
  LARGEST_DESCRIPTION = 2048
};

/* The payload of the packet at *at, and *at behind it; NULL: it is not all there. */
static inline const unsigned char *next(const unsigned char **at, const unsigned char *end,
                                        size_t *ret_size)
{
  const unsigned char *packet = aurora__packet_at(*at, end, ret_size);

  if (!packet)
    return NULL;
  *at = packet + NET_HEADER_SIZE + *ret_size;
  return packet + NET_HEADER_SIZE;
}

static inline bool is_end(const unsigned char *payload, size_t size)
{
  return size == END_SIZE && payload[0] == END;
}

static unsigned status_of(const unsigned char *end)
{
  return end[3] | (unsigned)end[4] << 8;
}

/* The first packet: how many columns, and whether descriptions follow, which MariaDB tells in a second
 * byte if it may leave them out. */
static aurora__answer_kind_t read_count(const unsigned char **at, const unsigned char *end,
                                        aurora__answer_t *answer)
{
  size_t size;
  const unsigned char *payload = next(at, end, &size);

  if (!payload)
    return AURORA__ANSWER_SHORT;
  if (size == 0 || size > 2 || payload[0] == 0 || payload[0] > AURORA__MOST_KNOWN_COLUMNS ||
      (size == 2 && payload[1] > 1))
    return AURORA__ANSWER_OTHER;
  answer->columns = payload[0];
  answer->undescribed = size == 2 && payload[1] == 0;
  return AURORA__ANSWER_ROWS;
}

static aurora__answer_kind_t pass_descriptions(const unsigned char **at, const unsigned char *end,
                                               unsigned columns)
{
  const unsigned char *payload;
  size_t size;

  while (columns) {
    payload = next(at, end, &size);
    if (!payload)
      return AURORA__ANSWER_SHORT;
    if (size == 0 || payload[0] >= END)
      return AURORA__ANSWER_OTHER;
    columns--;
  }
  return AURORA__ANSWER_ROWS;
}

/* Whether the rows from here on, and their end, are all there, and no other result comes behind. */
static bool has_all_rows(const unsigned char *at, const unsigned char *end,
                         aurora__protocol_t protocol)
{
  const unsigned char *payload;
  size_t size;

  while ((payload = next(&at, end, &size)) != NULL) {
    if (!aurora__is_row(payload, size, protocol))
      return is_end(payload, size) && !(status_of(payload) & SERVER_MORE_RESULTS_EXIST);
  }
  return false;
}

static aurora__answer_t look(const MYSQL *mysql, aurora__protocol_t protocol,
                             const unsigned char *before, size_t size)
{
  const unsigned char *end, *payload;
  const unsigned char *begin = aurora__read_ahead(mysql, &end);
  const unsigned char *at = begin;
  aurora__answer_t answer = {.kind = AURORA__ANSWER_ROWS};

  if (size && size <= (size_t)(end - begin) && memcmp(before, begin, size) == 0) {
    answer.known = true;
    at += size;
  } else {
    answer.kind = read_count(&at, end, &answer);
    if (answer.kind == AURORA__ANSWER_ROWS && !answer.undescribed)
      answer.kind = pass_descriptions(&at, end, answer.columns);
    if (answer.kind != AURORA__ANSWER_ROWS)
      return answer;
  }
  answer.described = (size_t)(at - begin);
  payload = next(&at, end, &size);
  if (!payload || !is_end(payload, size)) {
    answer.kind = payload ? AURORA__ANSWER_OTHER : AURORA__ANSWER_SHORT;
    return answer;
  }
  answer.rows_at = (size_t)(at - begin);
  answer.status = status_of(payload);
  answer.complete = has_all_rows(at, end, protocol);
  return answer;
}

aurora__answer_t aurora__answer_look(aurora_connection_t *connection, aurora__protocol_t protocol,
                                     const unsigned char *before, size_t size)
{
  switch (aurora__read_ahead_fill(connection->mysql, connection->read_ahead_size)) {
  case AURORA__FILLED:
    break;
  case AURORA__FILLED_NOT:
    return (aurora__answer_t){.kind = AURORA__ANSWER_SHORT};
  case AURORA__FILL_FAILED:
    return (aurora__answer_t){.kind = AURORA__ANSWER_OTHER};
  }
  return look(connection->mysql, protocol, before, size);
}

int aurora__answer_read(aurora_connection_t *connection)
{
  connection->step = AURORA__STEP_READING;
  return mysql_read_query_result_start(&connection->flag, connection->mysql);
}

void aurora__answer_end(MYSQL *mysql)
{
  const unsigned char *end;
  const unsigned char *payload = aurora__read_ahead(mysql, &end) + NET_HEADER_SIZE;

  aurora__note_end(mysql, payload[1] | (unsigned)payload[2] << 8, status_of(payload));
  aurora__read_ahead_skip(mysql, NET_HEADER_SIZE + END_SIZE);
}

void aurora__answer_note(aurora_connection_t *connection, const aurora__answer_t *answer)
{
  const unsigned char *end;

  aurora__answer_forget(connection);
  if (answer->undescribed || answer->described > LARGEST_DESCRIPTION)
    return;
  connection->description = aurora__malloc(answer->described);
  connection->description_size = answer->described;
  if (connection->description)
    memcpy(connection->description, aurora__read_ahead(connection->mysql, &end), answer->described);
}

void aurora__answer_forget(aurora_connection_t *connection)
{
  aurora__free(connection->description);
  connection->description = NULL;
}
