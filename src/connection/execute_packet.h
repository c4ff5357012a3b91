/*
 * COM_STMT_EXECUTE: the packet that executes a prepared statement.
 */
#ifndef AURORA_CONNECTION_EXECUTE_PACKET_H
#define AURORA_CONNECTION_EXECUTE_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include <aurora/value.h>

/* Always fits into the buffer of a socket on which nothing is under way. */
enum { AURORA__LARGEST_EXECUTE_PACKET = 1024 };

typedef struct {
  unsigned char bytes[AURORA__LARGEST_EXECUTE_PACKET];
  size_t size;
} aurora__execute_packet_t;

/* Fills it in, header and all. False: it does not fit, or a parameter is a date or time, which are left to
 * libmariadb. */
bool aurora__execute_packet(aurora__execute_packet_t *packet, unsigned long id,
                            aurora_params_t params);

#endif
