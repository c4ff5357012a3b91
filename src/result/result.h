/*
 * Making results: what the driver calls while rows arrive. Reading is <aurora/result.h>.
 *
 *   text:    create -> append_text_packet or append_text per row -> finish
 *   binary:  create -> append_binary_packet, or begin_row -> cell per column, by libmariadb -> end_row,
 *            per row -> finish
 *   stream:  as above, with aurora__result_clear_rows before each row but the first
 *   no rows: create with columns NULL -> finish
 *
 * A result that is not finished may be given up at any time with aurora_result_unref.
 */
#ifndef AURORA_RESULT_RESULT_H
#define AURORA_RESULT_RESULT_H

#include <stdint.h>

#include <mysql.h>

#include <aurora/result.h>

#include "result/columns.h"

/* In which form the cells come from the server. */
typedef enum { AURORA__PROTOCOL_TEXT, AURORA__PROTOCOL_BINARY } aurora__protocol_t;

/* An empty result with one reference. It takes a reference of its own to columns, which is NULL for
 * a statement that returns no rows. limit: bytes of memory that its rows may take. One allocation.
 * 0 or UV_ENOMEM. */
int aurora__result_create(aurora__columns_t *columns, aurora__protocol_t protocol, uint64_t limit,
                          aurora_result_t **ret);

/*
 * Copies one row as mysql_fetch_row and mysql_fetch_lengths give it: a NULL pointer is SQL NULL, and
 * the byte behind a cell can be read.
 * 0; UV_ENOMEM; AURORA_ETOOBIG: the limit would be passed. On failure the rows before it are kept.
 * Cells are not parsed here; one that cannot be read as its column's type reads as a string.
 */
int aurora__result_append_text(aurora_result_t *result, char *const *row,
                               const unsigned long *lengths);

/*
 * The same from a packet of the text protocol that is not empty. AURORA_EPROTOCOL: it is no row of that
 * many columns, and the connection is not to be used any more.
 */
int aurora__result_append_text_packet(aurora_result_t *result, const unsigned char *packet,
                                      size_t size);

/* The same from a packet of the binary protocol that begins with 0; it is decoded here. */
int aurora__result_append_binary_packet(aurora_result_t *result, const unsigned char *packet,
                                        size_t size);

/*
 * Before mysql_stmt_fetch(_start). net is that of the statement's connection (&mysql->net) and must
 * stay where it is until end_row; it bounds what the callback reads. A row that was begun and not
 * ended is dropped. Failures are kept for end_row.
 */
void aurora__result_begin_row(aurora_result_t *result, const NET *net);

/* The ps_result_callback (STMT_ATTR_CB_RESULT); data (STMT_ATTR_USER_DATA) is the aurora_result_t. */
void aurora__result_cell(void *data, unsigned column, unsigned char **row);

/*
 * After a fetch that gave a row (returned 0 or MYSQL_DATA_TRUNCATED), before anything else is done on
 * the connection. 0; UV_ENOMEM; AURORA_ETOOBIG; AURORA_EPROTOCOL: the row does not follow the
 * protocol, and the connection is not to be used any more. On failure the rows before it are kept.
 */
int aurora__result_end_row(aurora_result_t *result);

/* Sets what the server said at the end. info may be NULL, and is copied. 0 or UV_ENOMEM (then
 * everything but info is set). affected counts for statements without rows; one with rows counts
 * them itself, streamed ones included. */
int aurora__result_finish(aurora_result_t *result, uint64_t affected, uint64_t insert_id,
                          unsigned warnings, const char *info);

/* Its row is the OUT and INOUT parameters of a CALL. */
void aurora__result_mark_out_params(aurora_result_t *result);

/* Puts next, whose reference it takes over, after the last of the results that hang on first. */
void aurora__result_chain_take(aurora_result_t *first, aurora_result_t *next);

/*
 * Makes room for the next streamed row, reusing the memory. If somebody else keeps a reference to
 * *result, he keeps it as it is, and *result becomes a new, empty one (the same columns, protocol and
 * limit). 0 or UV_ENOMEM (*result is untouched).
 */
int aurora__result_clear_rows(aurora_result_t **result);

/* After clear_rows gave a new object: where old hung behind first, fresh hangs now. old may be gone
 * already; only its address is looked at. Nothing happens if it does not hang there. */
void aurora__result_chain_relink(aurora_result_t *first, const aurora_result_t *old,
                                 aurora_result_t *fresh);

/* Gives a reference back (NULL is allowed). NULL, unless it was the last of a large result: that is returned,
 * to be freed bit by bit. */
aurora_result_t *aurora__result_unref_slowly(aurora_result_t *result);
/* Links it before others that are to be freed bit by bit (NULL: none). */
void aurora__result_put_before(aurora_result_t *result, aurora_result_t *others);
/* Frees about a quarter of a megabyte. What is left to be freed, or NULL. */
aurora_result_t *aurora__result_free_bit(aurora_result_t *result);

/* Bytes of memory that the rows take: what is held against the limit. */
uint64_t aurora__result_memory(const aurora_result_t *result);

/* The same, and what the result itself takes. */
uint64_t aurora__result_footprint(const aurora_result_t *result);

#endif
