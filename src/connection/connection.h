/*
 * A connection: one session on the server, one state machine on the loop.
 *
 *                        +------------------------------ ready ------------------------------+
 *                        v                                                                   |
 *   CONNECTING ------> IDLE --query--> RUNNING --clean----------------------------------> (IDLE)
 *       |               | |              |  \--may be dirty--> RESETTING --> (IDLE)          ^
 *       |               | |              |                        ^                          |
 *       |               | |              +--time-out, cancel--> KILLING                      |
 *       |               | |--lease--> LEASED <--> RUNNING (on a lease)                       |
 *       |               | |             +------release------> RESETTING ---------------------+
 *       |               | +--upkeep--> PINGING ----------------------------------------------+
 *       v               v
 *     (gone)         CLOSING <-- from any state, with a reason --> (gone)
 *
 * One function (aurora__connection_set_state) makes every step; it knows which are legal. The pool's
 * scheduler sees the states as four lists: connecting; idle; busy (leased, running); upkeep (the
 * rest).
 *
 * One libmariadb call is under way at a time: `operation`. Everything here happens on the loop's
 * thread, but for the connect job, which has the MYSQL to itself until it hands it over.
 */
#ifndef AURORA_CONNECTION_CONNECTION_H
#define AURORA_CONNECTION_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <mysql.h>
#include <uv.h>

#include <aurora/connection.h>
#include <aurora/stats.h>

#include "base/alarm.h"
#include "connection/fate.h"
#include "connection/handle.h"
#include "connection/statement_cache.h"
#include "pool/scheduler.h"
#include "result/result.h"
#include "session/connect.h"

#define AURORA__CONNECTION_STATE_MAP(XX)                                                           \
  XX(CONNECTING, "connecting")                                                                     \
  XX(IDLE, "idle")                                                                                 \
  XX(LEASED, "leased")                                                                             \
  XX(RUNNING, "running")                                                                           \
  XX(KILLING, "killing")                                                                           \
  XX(RESETTING, "resetting")                                                                       \
  XX(PINGING, "pinging")                                                                           \
  XX(CLOSING, "closing")

typedef enum {
#define AURORA__STATE_GEN(name, text) AURORA__CONNECTION_##name,
  AURORA__CONNECTION_STATE_MAP(AURORA__STATE_GEN)
#undef AURORA__STATE_GEN
} aurora__connection_state_t;

/* A libmariadb call with a start and a cont. start and cont return MYSQL_WAIT_*, or 0 when the call
 * is finished; done then looks at its outcome and says what is next (aurora__driver_next). */
typedef struct {
  const char *name;
  int (*start)(aurora_connection_t *connection);
  int (*cont)(aurora_connection_t *connection, int status);
  void (*done)(aurora_connection_t *connection);
} aurora__operation_t;

/* How far a query is that is sent, awaited and read in one operation (text.c, execution.c). */
typedef enum {
  AURORA__STEP_SENDING,
  AURORA__STEP_AWAITING,     /* it is sent, and the server is at work */
  AURORA__STEP_READING,      /* libmariadb reads the answer */
  AURORA__STEP_KNOWN,        /* the answer is there, and known: answer.h */
  AURORA__STEP_PARTLY_KNOWN, /* the same of its columns; libmariadb is to read the rows */
  AURORA__STEP_BROKEN        /* it cannot be an answer */
} aurora__step_t;

/* A short list of statements of our own, run one after the other: SELECT 1, or what puts a session
 * right after a reset. */
typedef struct {
  const char *statements[4];
  unsigned count;
  unsigned next;
  void (*done)(aurora_connection_t *connection, bool failed);
  void (*look)(aurora_connection_t *connection,
               MYSQL_RES *rows); /* at each result with rows; or NULL */
} aurora__script_t;

/* How far the parameters of the query in hand that go ahead of its execution were sent (long_data.c). */
typedef struct {
  size_t param;          /* the one whose turn it is */
  size_t offset;         /* bytes of it that were sent */
  size_t with_execution; /* bytes of large texts before it that go with the execution */
  bool kept; /* the server holds some for the statement in hand, which was not executed */
} aurora__long_data_t;

/* A lease's label: 63 bytes and a NUL. */
enum { AURORA__LABEL_SIZE = 64 };

struct aurora_connection {
  aurora__slot_t slot; /* first: how the scheduler knows it */
  aurora_pool_t *pool;
  aurora__connection_state_t state;
  aurora_close_reason_t close_reason;
  uint64_t started_at;     /* ns: start of the connect */
  aurora__list_t all_node; /* in pool.all */
  uint64_t proven_round;   /* of the warm-up in which it answered */

  MYSQL *mysql;
  uint64_t server_id;      /* CONNECTION_ID() */
  aurora__server_t server; /* where that is its id */
  aurora__setup_t setup;
  bool tracking_ended; /* perhaps: a statement may have switched it off */
  bool encrypted;

  /* Driver. */
  uv_poll_t poll;
  int poll_events;                           /* armed for: UV_READABLE and the like; 0: stopped */
  const aurora__operation_t *operation;      /* under way, or NULL */
  const aurora__operation_t *next_operation; /* to be started, or NULL */
  int waits_for;                             /* MYSQL_WAIT_* of the suspended call */
  size_t read_ahead_size;                    /* of libmariadb's; 0: it is not ours to fill */
  bool in_call;            /* the driver runs inside what may be a caller's call */
  bool driving;            /* inside the driver's loop */
  uint64_t turn_began_at;  /* ns: this run of the driver's loop */
  unsigned steps;          /* rows since the clock was last looked at */
  aurora__list_t run_node; /* in pool.runnable: gave the loop a turn */
  /* Where libmariadb's calls put their results. */
  int status;
  my_bool flag;
  bool rows_ahead; /* the fetch took none: the next row is in libmariadb's read-ahead */
  MYSQL_ROW row;
  MYSQL_RES *rows;
  aurora__columns_t *columns; /* of the last result by text that libmariadb has read, or NULL */

  /* The answer to the query in hand (answer.h). */
  aurora__step_t step;
  size_t rows_at;             /* KNOWN: bytes before its rows */
  unsigned char *description; /* to be remembered, or NULL */
  size_t description_size;

  /* The query in hand. */
  aurora_query_t *query;          /* NULL: it was given up (time-out, cancel), or there is none */
  aurora_query_t *memory;         /* whose SQL and parameters libmariadb may be using */
  aurora__statement_t *statement; /* prepared; NULL for text */
  aurora__statement_t *closing_statement; /* being closed on the server, and in no cache */
  MYSQL_STMT *called;                     /* the handle of the call under way (statement_calls.h) */
  aurora_result_t *first;                 /* of the results so far; our reference */
  aurora_result_t *current;  /* the one that is being filled; one of first's, or a streamed row */
  aurora_result_t *previous; /* the one before it, or NULL */
  uint64_t results_size;     /* bytes of memory that those before it take */
  bool sent;                 /* the server may have begun to execute the query */
  bool harmless;             /* its text cannot change the session */
  bool suspect;              /* a statement since the last reset may have left something */
  bool may_be_xa;            /* one since then may have been an XA statement */
  bool xa_in_doubt;          /* it failed, which tells no status */
  bool put_right;            /* RESETTING: database and role were set, for they were others */
  bool prepared_again;       /* the statement was lost on the server and prepared anew */
  bool one_off;              /* the statement is not to be cached: the server has no room */
  aurora__list_t room_node;  /* in pool.room.waiting: the server has no room for the statement */
  uint64_t room_until;       /* ms; it waits no longer than this; 0: it has not waited */
  unsigned room_tries;       /* since no other connection of the pool held a statement */
  aurora__long_data_t long_data;
  aurora__statements_t statements;
  MYSQL_BIND *binds; /* room for the parameters */
  MYSQL_TIME *times;
  size_t binds_size;

  aurora__script_t script;
  aurora__alarm_t alarm;        /* bounds KILLING, RESETTING, PINGING; and see pool/room.c */
  bool kill_sent;               /* KILLING: a kill job was asked for */
  bool kill_answered;           /* KILLING: and is done */
  bool settled;                 /* KILLING: the killed statement has ended */
  aurora__list_t kill_node;     /* in pool.kills */
  aurora_connection_t *carrier; /* KILLING: the one that carries the kill, or NULL */
  aurora_connection_t *carries; /* PINGING: the one whose statement it kills, or NULL */
  uint64_t uptime;              /* the same: of the server, s; or 0 */
  char kill_sql[40];            /* the same */

  /* Batches. */
  uint64_t max_packet; /* @@max_allowed_packet in bytes; 0: not asked for yet */
  bool no_bulk;        /* the server has no bulk protocol */
  const char
      *undo; /* on a lease: takes back what a batch has done, should it be given up; or NULL */

  /* Lease. */
  bool on_lease;          /* from the hand-out to the end of the last statement after the release */
  bool leased;            /* a caller holds it */
  aurora__place_t *place; /* where its handle leads to */
  bool lease_used;        /* a statement has run on it */
  bool in_transaction;    /* that aurora_pool_begin started */
  aurora__fate_t fate;    /* of the transaction, after an error */
  unsigned fate_errno;    /* that error's */
  bool fate_rolled_back;  /* and it means that the server rolls back, if it has ended it */
  bool shell;             /* the session died under its holder; the object waits for the release */
  bool handle_closed;     /* the poll's close callback has come */
  aurora__list_t queue;   /* queries that wait for their turn */
  aurora__alarm_t leak_alarm;
  char label[AURORA__LABEL_SIZE]; /* its holder's; "" without one */
};

/* Shared by the files of this folder. */
aurora_connection_t *aurora__connection_new(aurora_pool_t *pool);
void aurora__connection_free_if_unused(aurora_connection_t *connection);
/* Nothing of the query in hand is left: its results, its statement, its memory. */
void aurora__connection_forget_query(aurora_connection_t *connection);
/* A lease's next query; or its end, when it was released and nothing is left to run. */
void aurora__connection_lease_goes_on(aurora_connection_t *connection);
/* The session has ended: so do the queries that wait for their turn on it. */
void aurora__connection_fail_queue(aurora_connection_t *connection);
/* The statement that is being killed has ended. */
void aurora__connection_settled(aurora_connection_t *connection);
/* A query has ended and left nothing behind: to the lease's next, to a reset, or to the pool. */
void aurora__connection_use_ended(aurora_connection_t *connection);

/* Opens a connection in the background; tells the scheduler. 0, or a code: nothing happened. */
int aurora__connection_open(aurora_pool_t *pool);

/* Hands an IDLE connection to a query that was granted it. */
void aurora__connection_run(aurora_connection_t *connection, aurora_query_t *query);
void aurora__connection_lease(aurora_connection_t *connection, aurora_query_t *query);
/* A query for a lease: runs when those before it have ended. */
void aurora__connection_enqueue(aurora_connection_t *connection, aurora_query_t *query);
/* The holder gives it back. */
void aurora__connection_unlease(aurora_connection_t *connection);

/* Pings an IDLE connection, or runs SELECT 1 on it. The scheduler has it in upkeep already. */
void aurora__connection_ping(aurora_connection_t *connection);
void aurora__connection_prove(aurora_connection_t *connection);
/* The same with a script, at whose end aurora__connection_proven is called. */
void aurora__connection_run_upkeep(aurora_connection_t *connection, const aurora__script_t *script,
                                   const char *why);
void aurora__connection_proven(aurora_connection_t *connection, bool failed);

/* The query in hand has got its outcome otherwise (time-out, cancel, a result too large): it is killed
 * on the server, and the session cleaned. */
void aurora__connection_give_up(aurora_connection_t *connection);
/* The same from a row callback that wants no more: it is killed if there is much left to come. */
void aurora__connection_stop_stream(aurora_connection_t *connection);
/* The kill job is done with this connection. */
void aurora__connection_killed(aurora_connection_t *connection, bool failed);

/* Ends a connection that is not CONNECTING, now. With an operation under way the socket is cut;
 * without one it says goodbye to the server first. A query in hand gets error. */
void aurora__connection_die(aurora_connection_t *connection, aurora_close_reason_t reason,
                            const aurora_error_t *error);
/* The same for one without a query in hand. */
void aurora__connection_close(aurora_connection_t *connection, aurora_close_reason_t reason);

/* True when a connection without an operation has been closed by the server, or has received what
 * nobody asked for. A system call. */
bool aurora__connection_is_stale(const aurora_connection_t *connection);

/* The poll rang while nothing was asked. */
void aurora__connection_heard(aurora_connection_t *connection);

/* The query in hand has ended (connection->first), or failed. connection_is_good: the server
 * answered, and the session goes on. */
void aurora__connection_query_done(aurora_connection_t *connection);
void aurora__connection_query_failed(aurora_connection_t *connection, const aurora_error_t *error,
                                     bool connection_is_good);

/* A statement of the query in hand has ended: the session may be another than those were prepared for that are
 * kept. */
void aurora__connection_note_context(aurora_connection_t *connection);

/* Only the query: it gets error, and the connection has none in hand any more. */
void aurora__connection_fail_query(aurora_connection_t *connection, const aurora_error_t *error);

/* Makes the session as good as new, then the connection ready (reset.c). */
void aurora__connection_reset(aurora_connection_t *connection);
/* Whether the last answer, an OK packet, reports a change of the session. To MySQL the beginning and the end
 * of a transaction, and a GTID, are changes as well: those are none here. */
bool aurora__ok_reports_change(const MYSQL *mysql);
/* Whether the queries that ended may have left something in the session. */
bool aurora__connection_may_be_dirty(const aurora_connection_t *connection);

/* Start the query in hand (text.c, prepared.c). */
void aurora__text_start(aurora_connection_t *connection);
void aurora__prepared_start(aurora_connection_t *connection);

/* Runs a script; script.done is called at its end, unless the connection dies before (script.c). */
void aurora__script_run(aurora_connection_t *connection, const aurora__script_t *script);

void aurora__connection_set_state(aurora_connection_t *connection, aurora__connection_state_t state,
                                  const char *why);
const char *aurora__connection_state_name(aurora__connection_state_t state);

#endif
