/*
 * Packets of the MySQL protocol as a server sends them while a client connects.
 * https://mariadb.com/kb/en/clientserver-protocol/
 */
#ifndef TESTS_SUPPORT_MYSQL_PACKETS_H
#define TESTS_SUPPORT_MYSQL_PACKETS_H

#include <stdbool.h>
#include <stddef.h>

enum { MYSQL_PACKET_MAX = 256, MYSQL_PACKET_HEADER = 4 };

/* A whole packet, its header included. */
typedef struct {
  unsigned char bytes[MYSQL_PACKET_MAX];
  size_t size;
} mysql_packet_t;

/* As MariaDB 10.11's, with mysql_native_password. */
mysql_packet_t mysql_greeting(bool offers_tls);
mysql_packet_t mysql_ok(unsigned sequence);
/* sqlstate NULL: none, as in an error that comes instead of a greeting. */
mysql_packet_t mysql_error_packet(unsigned sequence, unsigned number, const char *sqlstate,
                                  const char *message);
mysql_packet_t mysql_auth_switch(unsigned sequence, const char *plugin);

/* The size of the first packet in these bytes, its header included; 0 as long as it is not whole. */
size_t mysql_whole_packet(const void *bytes, size_t size);

#endif
