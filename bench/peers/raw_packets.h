/*
 * Packets of the MySQL protocol, ready to be sent, and counting those of an answer. Each starts with a
 * length of 3 bytes and a sequence number.
 */
#ifndef BENCH_PEERS_RAW_PACKETS_H
#define BENCH_PEERS_RAW_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#include "workload.h"

enum { RAW_STATEMENT = 512 };

typedef struct {
  size_t size;
  size_t params_at; /* where the parameters' 4 bytes each are; 0: there are none */
  unsigned char bytes[RAW_STATEMENT];
} raw_packet_t;

/* COM_QUERY, or COM_STMT_EXECUTE of a statement that the server knows by that id. */
void raw_packet_make(raw_packet_t *packet, const work_statement_t *work, uint32_t statement_id);
void raw_packet_set_params(raw_packet_t *packet, const int32_t *params, unsigned count);

/* Where in the stream of packets the reader is. A zeroed struct is between two. */
typedef struct {
  unsigned char header[4];
  unsigned header_size; /* bytes of it that are there */
  size_t left;          /* bytes of the packet that are still to come */
} raw_reader_t;

/* How many packets end within these bytes. */
unsigned raw_count(raw_reader_t *reader, const unsigned char *bytes, size_t size);

#endif
