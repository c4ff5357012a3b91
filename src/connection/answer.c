/*
 * Looking through an answer: packet by packet, within what the read-ahead holds. See answer.h.
 */
#include "connection/answer.h"

#include <string.h>

#include "base/alloc.h"
#include "connection/read_ahead.h"
#include "pool/query.h"

enum {
  HEADER = 4,
  END = 0xfe,
  END_SIZE = 5,       /* the byte, count of warnings, status */
  MOST_COLUMNS = 250, /* that are counted in one byte */
  LARGEST_DESCRIPTION = 2048
};

/* The payload of the packet at *at, and *at behind it; NULL: it is not all there. */
static inline const unsigned char *next(const unsigned char **at, const unsigned char *end,
                                        size_t *ret_size)
{
  const unsigned char *payload = *at + HEADER;

  if (end - *at < HEADER)
    return NULL;
  *ret_size = (*at)[0] | (size_t)(*at)[1] << 8 | (size_t)(*at)[2] << 16;
  if (*ret_size > (size_t)(end - payload))
    return NULL;
  *at = payload + *ret_size;
  return payload;
}

static inline bool is_end(const unsigned char *payload, size_t size)
{
  return size == END_SIZE && payload[0] == END;
}

static unsigned status_of(const unsigned char *end)
{
  return end[3] | (unsigned)end[4] << 8;
}

/* Steps over the count and the descriptions. False: this is no answer with rows, or not all there. */
static bool pass_description(const unsigned char **at, const unsigned char *end)
{
  const unsigned char *payload;
  unsigned columns;
  size_t size;

  payload = next(at, end, &size);
  /* MariaDB says in a second byte that descriptions follow. */
  if (!payload || size == 0 || size > 2 || (size == 2 && payload[1] != 1) || payload[0] == 0 ||
      payload[0] > MOST_COLUMNS)
    return false;
  columns = payload[0];
  while (columns) {
    payload = next(at, end, &size);
    if (!payload || size == 0 || payload[0] >= MOST_COLUMNS)
      return false;
    columns--;
  }
  return true;
}

/* Whether the rows from here on, and their end, are all there, and no other result comes behind. */
static bool has_all_rows(const unsigned char *at, const unsigned char *end)
{
  const unsigned char *payload;
  size_t size;

  while ((payload = next(&at, end, &size)) != NULL && size) {
    if (payload[0] >= END)
      return is_end(payload, size) && !(status_of(payload) & SERVER_MORE_RESULTS_EXIST);
  }
  return false;
}

static bool is_as_described(const aurora__known_text_t *known, const unsigned char *at,
                            const unsigned char *end)
{
  return known->description_size && known->description_size <= (size_t)(end - at) &&
         memcmp(known->description, at, known->description_size) == 0;
}

bool aurora__answer_is_known(aurora_connection_t *connection)
{
  const aurora_query_t *query = connection->query;
  const unsigned char *begin, *at, *end, *payload;
  bool known;
  size_t size;

  /* Rows that are streamed may be paused between any two. */
  if (!query || !query->known || query->on_row ||
      !aurora__read_ahead_fill(connection->mysql, connection->read_ahead_size))
    return false;
  begin = at = aurora__read_ahead(connection->mysql, &end);
  known = is_as_described(query->known, at, end);
  if (known)
    at += query->known->description_size;
  else if (!pass_description(&at, end))
    return false;
  size = (size_t)(at - begin);
  payload = next(&at, end, &connection->answer_skips);
  if (!payload || !is_end(payload, connection->answer_skips) || !has_all_rows(at, end))
    return false;
  connection->answer_skips = (size_t)(at - begin);
  if (known) {
    connection->answer_columns = query->known->columns;
  } else if (size <= LARGEST_DESCRIPTION) {
    connection->description = aurora__malloc(size);
    connection->description_size = size;
    if (connection->description)
      memcpy(connection->description, begin, size);
  }
  return known;
}

void aurora__answer_begin(aurora_connection_t *connection)
{
  aurora__read_ahead_skip(connection->mysql, connection->answer_skips);
}

void aurora__answer_end(aurora_connection_t *connection)
{
  MYSQL *mysql = connection->mysql;
  const unsigned char *end;
  const unsigned char *payload = aurora__read_ahead(mysql, &end) + HEADER;

  mysql->warning_count = payload[1] | (unsigned)payload[2] << 8;
  mysql->server_status = status_of(payload);
  aurora__read_ahead_skip(mysql, HEADER + END_SIZE);
}

void aurora__answer_remember(aurora_connection_t *connection, aurora__columns_t *columns)
{
  const aurora_query_t *query = connection->query;

  if (!connection->description)
    return;
  if (query && query->known &&
      aurora__known_text_is(query->known, aurora__query_sql(query), query->sql_size)) {
    aurora__known_text_describe(query->known, connection->description, connection->description_size,
                                columns);
    connection->description = NULL;
    return;
  }
  aurora__answer_forget(connection);
}

void aurora__answer_forget(aurora_connection_t *connection)
{
  aurora__free(connection->description);
  connection->description = NULL;
}
