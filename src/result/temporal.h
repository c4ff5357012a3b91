/*
 * Dates and times: read from both protocols, and packed into 64 bits while they are stored.
 *
 * Reading checks ranges (month 0 to 12, hour 0 to 23 and so on), not calendars: the server allows
 * 2024-00-00 and, in some modes, 2024-02-31.
 */
#ifndef AURORA_RESULT_TEMPORAL_H
#define AURORA_RESULT_TEMPORAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/value.h>

/* "2024-02-29". */
bool aurora__parse_date(const char *text, size_t size, aurora_datetime_t *ret);
/* "2024-02-29 13:14:15" with up to 6 digits of a fraction. */
bool aurora__parse_datetime(const char *text, size_t size, aurora_datetime_t *ret);
/* "-838:59:59.999999": 2 or more digits of hours, up to 65535 of them. */
bool aurora__parse_time(const char *text, size_t size, aurora_time_t *ret);

/* The binary protocol's form behind its length byte: 0, 4, 7 or 11 bytes; 0, 8 or 12 for TIME. */
bool aurora__unpack_wire_datetime(const unsigned char *bytes, size_t size, aurora_datetime_t *ret);
bool aurora__unpack_wire_time(const unsigned char *bytes, size_t size, aurora_time_t *ret);

uint64_t aurora__pack_datetime(const aurora_datetime_t *datetime);
aurora_datetime_t aurora__unpack_datetime(uint64_t packed);
uint64_t aurora__pack_time(const aurora_time_t *time);
aurora_time_t aurora__unpack_time(uint64_t packed);

#endif
