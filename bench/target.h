/*
 * The database that is measured, private or the user's own, and what is run on it.
 */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <aurora.h>

#include "bare.h"
#include "options.h"
#include "support/database.h"

/* How connections are made. */
typedef enum {
  TARGET_PLAIN,
  TARGET_TLS,
  TARGET_TLS_BUNDLE, /* verified against a file of many certificates */
  TARGET_LINKS
} target_link_t;

enum { TARGET_KEYS = 10000, TARGET_BUNDLE = 144 };

typedef struct {
  aurora_config_t config; /* as the user gave it */
  bool is_private;
  database_t database;                /* while is_private */
  bool has_table;                     /* ours, to be dropped */
  bool is_owned;                      /* config is to be cleared */
  bare_error_t missing[TARGET_LINKS]; /* why a link is not there; "": it is there */
  target_link_t queries;              /* the link that queries are measured on: PLAIN or TLS */
  char bundle[256];                   /* the path of the file with many certificates; "": none */
  bool bundle_is_ours;                /* to be removed */
  unsigned bundle_count;              /* certificates in it */
  char server[256];                   /* its version, for people */
  bare_statement_t text;              /* SELECT 1 */
  bare_statement_t row;               /* a row by primary key, prepared */
} target_t;

/* Finds or starts the database and makes it ready. 0, or -1 with *ret_error filled in, and nothing to
 * close. The struct must not move. */
int target_open(const options_t *options, target_t *target, bare_error_t *ret_error);
void target_close(target_t *target);

/* The pool's configuration for a link that is there. Borrows from the target. */
void target_config(const target_t *target, target_link_t link, aurora_config_t *ret_config);
/* The same for the baselines, on the link of the queries. */
void target_bare(const target_t *target, bare_target_t *ret_bare);

#endif
