/*
 * Why a connect failed: the error of a job, in words that name the cause and what to do.
 */
#ifndef AURORA_SESSION_CONNECT_FAILURE_H
#define AURORA_SESSION_CONNECT_FAILURE_H

#include "session/attempt.h"
#include "session/connect.h"

/* Each sets job->error and job->failure. where: as aurora__connect_describe has it. */
void aurora__connect_fail_for_memory(aurora__connect_t *job, const char *where);
/* connect_timeout has passed. attempt NULL: there was none. */
void aurora__connect_fail_late(aurora__connect_t *job, const aurora__attempt_t *attempt,
                               const char *where);
/* The attempt has failed, and its MYSQL is not closed yet. */
void aurora__connect_explain(aurora__connect_t *job, const aurora__attempt_t *attempt,
                             const char *where);

#endif
