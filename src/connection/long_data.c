/*
 * Large parameters go ahead of the execution, each in pieces:
 *
 *   next large one -> PIECE ... PIECE -> next large one ... -> execution
 *
 * So no packet holds them all, and a parameter may be as large as the server's max_allowed_packet
 * whatever the others are. The server does not answer pieces. It keeps them until the execution, and
 * says then what was wrong with them. A statement that has got some and is not executed well keeps
 * them, or an error, for its next execution: it is closed (see connection->long_data.kept).
 */
#include "connection/prepared.h"

#include "connection/driver.h"
#include "pool/pool.h"

enum {
  PIECE = 256 * 1024,               /* bytes */
  WITH_EXECUTION = 1024 * 1024,     /* bytes of texts that go in the execution's packet */
  ALWAYS_WITH_EXECUTION = 32 * 1024 /* a text up to this size always does: a packet has its price */
};

/* Decides for one parameter after the other, in order. */
static bool goes_ahead(aurora__long_data_t *state, const aurora_value_t *value)
{
  size_t size = value->as.text.size;

  if ((value->type != AURORA_TYPE_STRING && value->type != AURORA_TYPE_BYTES) ||
      size <= ALWAYS_WITH_EXECUTION)
    return false;
  if (size > WITH_EXECUTION - state->with_execution)
    return true;
  state->with_execution += size;
  return false;
}

bool aurora__long_data_is_due(aurora_params_t params)
{
  aurora__long_data_t state = {.param = 0};

  for (size_t i = 0; i < params.count; i++) {
    if (goes_ahead(&state, &params.values[i]))
      return true;
  }
  return false;
}

static size_t piece_size(const aurora__long_data_t *state, const aurora_text_t *text)
{
  size_t left = text->size - state->offset;

  return left < PIECE ? left : PIECE;
}

static int piece_start(aurora_connection_t *connection)
{
  aurora__long_data_t *state = &connection->long_data;
  const aurora_text_t *text = &connection->memory->params.values[state->param].as.text;

  state->kept = true;
  return mysql_stmt_send_long_data_start(&connection->flag, aurora__prepared_handle(connection),
                                         (unsigned)state->param, text->data + state->offset,
                                         (unsigned long)piece_size(state, text));
}

static int piece_cont(aurora_connection_t *connection, int status)
{
  return mysql_stmt_send_long_data_cont(&connection->flag, aurora__prepared_handle(connection),
                                        status);
}

static void piece_done(aurora_connection_t *connection);

static const aurora__operation_t piece = {"long data", piece_start, piece_cont, piece_done};

/* The next piece is one of this parameter or of one behind it; or there is none. */
static void find_piece(aurora_connection_t *connection)
{
  aurora__long_data_t *state = &connection->long_data;
  const aurora_params_t *params = &connection->memory->params;

  while (state->param < params->count && !goes_ahead(state, &params->values[state->param]))
    state->param++;
  if (state->param < params->count)
    aurora__driver_next_slow(connection, &piece);
  else
    aurora__prepared_execute(connection);
}

static void piece_done(aurora_connection_t *connection)
{
  aurora__long_data_t *state = &connection->long_data;
  const aurora_text_t *text = &connection->memory->params.values[state->param].as.text;

  if (connection->flag) {
    aurora__prepared_failed(connection);
    return;
  }
  if (!connection->query) { /* given up: it must not be executed */
    aurora__prepared_ended(connection);
    return;
  }
  state->offset += piece_size(state, text);
  if (state->offset < text->size) {
    aurora__driver_next_slow(connection, &piece);
    return;
  }
  state->offset = 0;
  state->param++;
  find_piece(connection);
}

void aurora__long_data_send(aurora_connection_t *connection)
{
  connection->long_data = (aurora__long_data_t){.param = 0};
  find_piece(connection);
}
