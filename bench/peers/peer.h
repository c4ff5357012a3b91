/*
 * What every client written in C shares: its command line, where the database is, and the line of JSON
 * that it prints. peer_main.c is main; a client is one function.
 */
#ifndef BENCH_PEERS_PEER_H
#define BENCH_PEERS_PEER_H

#include "bare.h"
#include "meter.h"
#include "workload.h"

typedef struct {
  const workload_t *workload;
  unsigned connections;
  unsigned callers;
  bare_target_t target; /* from AURORA_HOST and its like; its strings live as long as the program */
} peer_options_t;

/* Given by each client. */
extern const char peer_name[];
/* Libraries and their versions: "aurora 0.1.0, libuv 1.44.2". */
void peer_versions(char *ret_text, size_t size);
/* Runs the workload between meter_start and meter_stop. 0; -1 with *ret_error filled in; 1: this client
 * does not have the workload. */
int peer_run(const peer_options_t *options, meter_t *meter, bare_error_t *ret_error);

/* Fills in options->target; options->workload must be set. */
void peer_read_target(peer_options_t *options);
/* Writes the message; returns -1. */
int peer_failed(bare_error_t *ret_error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
