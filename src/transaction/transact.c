/*
 * A whole transaction, run again on deadlock:
 *
 *   BEGIN -> body -> finish(NULL) -> COMMIT ----------------------------> told
 *     ^        \\--> finish(error) -> ROLLBACK -- will not go better --> told
 *     |                    or COMMIT fails \\-- deadlock --> PAUSE -+
 *     +-----------------------------------------------------------+
 *
 * The callback is a notice of the pool's, allocated in the beginning: telling cannot fail, and never
 * happens inside a call of the caller's. `transactions` of the pool has those that are under way, and
 * after an abort those whose body may still call finish.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "connection/fate.h"
#include "pool/pool.h"
#include "transaction/transaction.h"

enum { DEFAULT_ATTEMPTS = 3, MOST_ATTEMPTS = 100, FIRST_PAUSE_MS = 10, LONGEST_PAUSE_MS = 1000 };

typedef enum { BEGINNING, IN_BODY, ENDING, PAUSING, ABORTED } phase_t;

struct aurora_transaction {
  aurora__list_t node; /* in pool.transactions */
  aurora_pool_t *pool;
  phase_t phase;
  aurora_transaction_options_t options;
  char label[AURORA__LABEL_SIZE];
  aurora_transaction_cb body;
  void *data;
  aurora_connection_t *connection; /* IN_BODY; a handle */
  unsigned attempt;                /* from 1 */
  aurora__alarm_t alarm;           /* PAUSING */
  aurora__notice_t *notice;        /* the callback; NULL once it is due */
  aurora_error_t error;            /* for which it is rolled back */
};

static void begin(aurora_transaction_t *transaction);

/* --- The end ------------------------------------------------------------------------------------ */

static void tell(aurora_transaction_t *transaction, const aurora_error_t *error)
{
  aurora_pool_t *pool = transaction->pool;
  aurora__notice_t *notice = transaction->notice;

  transaction->notice = NULL;
  notice->failed = error != NULL;
  if (error)
    notice->error = *error;
  aurora__pool_hold(pool);
  aurora__list_push_back(&pool->notices, &notice->node);
  aurora__pool_need_turn(pool);
}

static void end(aurora_transaction_t *transaction, const aurora_error_t *error)
{
  tell(transaction, error);
  aurora__list_remove(&transaction->node);
  aurora__free(transaction);
}

/* --- Once more ---------------------------------------------------------------------------------- */

static void on_pause_over(aurora__alarm_t *alarm)
{
  aurora_transaction_t *transaction = aurora__container_of(alarm, aurora_transaction_t, alarm);
  aurora_pool_t *pool = transaction->pool;

  begin(transaction);
  aurora__pool_let_go(pool);
}

static bool may_go_better(const aurora_transaction_t *transaction, const aurora_error_t *error)
{
  unsigned attempts =
      transaction->options.attempts ? transaction->options.attempts : DEFAULT_ATTEMPTS;

  return (error->code == AURORA_EDEADLOCK || error->code == AURORA_ELOCKTIMEOUT ||
          aurora__error_is_conflict(error)) &&
         error->outcome != AURORA_UNKNOWN && transaction->attempt < attempts;
}

static void pause_before_next(aurora_transaction_t *transaction)
{
  aurora_pool_t *pool = transaction->pool;
  aurora__limits_t *limits = &pool->scheduler.limits;
  unsigned doublings = transaction->attempt - 1 < 7 ? transaction->attempt - 1 : 7;
  uint64_t longest = (uint64_t)FIRST_PAUSE_MS << doublings;

  if (longest > LONGEST_PAUSE_MS)
    longest = LONGEST_PAUSE_MS;
  transaction->phase = PAUSING;
  transaction->alarm.ring = on_pause_over;
  aurora__pool_hold(pool);
  aurora__pool_set_alarm(pool, &transaction->alarm,
                         aurora__now_ms() + 1 + limits->random(limits->random_state, longest));
}

static void end_or_again(aurora_transaction_t *transaction, const aurora_error_t *error)
{
  if (!error || transaction->pool->closing || !may_go_better(transaction, error)) {
    end(transaction, error);
    return;
  }
  aurora__log(&transaction->pool->config, AURORA_LOG_WARN, "transaction run again",
              AURORA__LOG_FIELDS(aurora__log_string("code", aurora_err_name(error->code)),
                                 aurora__log_int("attempt", transaction->attempt),
                                 aurora__log_string("holder", transaction->label)));
  pause_before_next(transaction);
}

/* --- Body and finish ---------------------------------------------------------------------------- */

static void on_committed(const aurora_error_t *error, void *data)
{
  end_or_again(data, error);
}

/* However the rollback went: the lease has ended, and with it the transaction. */
static void on_rolled_back(const aurora_error_t *error, void *data)
{
  aurora_transaction_t *transaction = data;
  aurora_error_t reason = transaction->error;

  (void)error;
  end_or_again(transaction, &reason);
}

/* A program's own error may have a code only. */
static void note_error(aurora_transaction_t *transaction, const aurora_error_t *error)
{
  transaction->error = *error;
  if (!error->message[0])
    snprintf(transaction->error.message, sizeof transaction->error.message, "%s",
             aurora_strerror(error->code));
}

void aurora_transaction_finish(aurora_transaction_t *transaction, const aurora_error_t *error)
{
  aurora_connection_t *connection;
  aurora_error_t no_memory;
  int code;

  if (!transaction || transaction->phase != IN_BODY)
    return;
  connection = transaction->connection;
  transaction->phase = ENDING;
  transaction->connection = NULL;
  if (error)
    note_error(transaction, error);
  if (error)
    code = aurora_connection_rollback(connection, on_rolled_back, transaction);
  else
    code = aurora_connection_commit(connection, on_committed, transaction);
  if (!code)
    return;
  aurora__error_set(&no_memory, code, AURORA_NOT_SENT, "the transaction could not be ended: %s",
                    aurora_strerror(code));
  aurora_connection_release(connection);
  end(transaction, &no_memory);
}

static void on_begun(const aurora_error_t *error, aurora_connection_t *connection, void *data)
{
  aurora_transaction_t *transaction = data;

  if (error) {
    end(transaction, error);
    return;
  }
  transaction->phase = IN_BODY;
  transaction->connection = connection;
  transaction->body(transaction, connection, transaction->data);
}

static void begin(aurora_transaction_t *transaction)
{
  aurora_error_t error;
  int code;

  transaction->phase = BEGINNING;
  transaction->attempt++;
  code = aurora_pool_begin(transaction->pool, &transaction->options, on_begun, transaction);
  if (!code)
    return;
  aurora__error_set(&error, code, AURORA_NOT_SENT, "the transaction could not be started: %s",
                    aurora_strerror(code));
  end(transaction, &error);
}

int aurora_pool_transact(aurora_pool_t *pool, const aurora_transaction_options_t *options,
                         aurora_transaction_cb body, aurora_done_cb cb, void *data)
{
  aurora_transaction_t *transaction;
  int code;

  if (!pool || !body || !cb || (options && options->attempts > MOST_ATTEMPTS))
    return UV_EINVAL;
  transaction = aurora__calloc(1, sizeof *transaction);
  if (!transaction)
    return UV_ENOMEM;
  transaction->notice = aurora__calloc(1, sizeof *transaction->notice);
  if (!transaction->notice) {
    aurora__free(transaction);
    return UV_ENOMEM;
  }
  transaction->notice->cb = cb;
  transaction->notice->data = data;
  transaction->pool = pool;
  transaction->body = body;
  transaction->data = data;
  transaction->attempt = 1;
  aurora__alarm_init(&transaction->alarm, NULL);
  if (options)
    transaction->options = *options;
  if (transaction->options.label) {
    snprintf(transaction->label, sizeof transaction->label, "%s", options->label);
    transaction->options.label = transaction->label;
  }
  code = aurora_pool_begin(pool, &transaction->options, on_begun, transaction);
  if (code) {
    aurora__free(transaction->notice);
    aurora__free(transaction);
    return code;
  }
  aurora__list_push_back(&pool->transactions, &transaction->node);
  return 0;
}

/* --- The pool closes ---------------------------------------------------------------------------- */

void aurora__transactions_hurry(aurora_pool_t *pool)
{
  aurora__list_t *node;

  for (node = pool->transactions.next; node != &pool->transactions; node = node->next) {
    aurora_transaction_t *transaction = aurora__container_of(node, aurora_transaction_t, node);

    if (transaction->phase == PAUSING)
      aurora__pool_set_alarm(pool, &transaction->alarm, aurora__now_ms());
  }
}

bool aurora__transactions_abort(aurora_pool_t *pool)
{
  aurora__list_t *node;
  aurora_error_t error;
  bool any = false;

  aurora__error_set(&error, AURORA_ECLOSED, AURORA_NOT_SENT,
                    "the pool was closed while the transaction was under way");
  for (node = pool->transactions.next; node != &pool->transactions; node = node->next) {
    aurora_transaction_t *transaction = aurora__container_of(node, aurora_transaction_t, node);

    if (transaction->phase == ABORTED)
      continue;
    transaction->phase = ABORTED;
    tell(transaction, &error);
    any = true;
  }
  return any;
}

void aurora__transactions_free(aurora_pool_t *pool)
{
  aurora__list_t *node;

  while ((node = aurora__list_pop_front(&pool->transactions)) != NULL)
    aurora__free(aurora__container_of(node, aurora_transaction_t, node));
}
