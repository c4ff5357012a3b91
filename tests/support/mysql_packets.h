/*
 * Packets of the MySQL protocol as a server sends them: while a client connects, and as answers.
 * https://mariadb.com/kb/en/clientserver-protocol/
 */
#ifndef TESTS_SUPPORT_MYSQL_PACKETS_H
#define TESTS_SUPPORT_MYSQL_PACKETS_H

#include <stdbool.h>
#include <stddef.h>

enum { MYSQL_PACKET_MAX = 256, MYSQL_PACKETS_MAX = 4096, MYSQL_PACKET_HEADER = 4 };

enum { MYSQL_COLUMN_BIGINT = 8, MYSQL_COLUMN_DATETIME = 12, MYSQL_COLUMN_TEXT = 253 };

/* A whole packet, its header included. */
typedef struct {
  unsigned char bytes[MYSQL_PACKET_MAX];
  size_t size;
} mysql_packet_t;

/* Several, one behind the other. */
typedef struct {
  unsigned char bytes[MYSQL_PACKETS_MAX];
  size_t size;
} mysql_packets_t;

/* As MariaDB 10.11's, with mysql_native_password. */
mysql_packet_t mysql_greeting(bool offers_tls);
/* As MySQL 5.7's: without TLS, and nothing optional changes the packets that follow. */
mysql_packet_t mysql_simple_greeting(void);
mysql_packet_t mysql_ok(unsigned sequence);
/* sqlstate NULL: none, as in an error that comes instead of a greeting. */
mysql_packet_t mysql_error_packet(unsigned sequence, unsigned number, const char *sqlstate,
                                  const char *message);
mysql_packet_t mysql_auth_switch(unsigned sequence, const char *plugin);

/* Results: how many columns; each of them; end of file; rows; end of file. */
mysql_packet_t mysql_column_count(unsigned sequence, unsigned char count);
mysql_packet_t mysql_column(unsigned sequence, unsigned char type);
mysql_packet_t mysql_eof(unsigned sequence, unsigned status);
/* Of one column. */
mysql_packet_t mysql_text_row(unsigned sequence, const char *text);
mysql_packet_t mysql_binary_row(unsigned sequence, const void *cell, size_t size);
/* What a prepare is answered with, before the definitions. */
mysql_packet_t mysql_prepared(unsigned sequence, unsigned columns, unsigned params);
/* Whatever stands in it. */
mysql_packet_t mysql_raw_packet(unsigned sequence, const void *payload, size_t size);

void mysql_append(mysql_packets_t *packets, mysql_packet_t packet);
void mysql_append_bytes(mysql_packets_t *packets, const void *bytes, size_t size);

/* The size of the first packet in these bytes, its header included; 0 as long as it is not whole. */
size_t mysql_whole_packet(const void *bytes, size_t size);

#endif
