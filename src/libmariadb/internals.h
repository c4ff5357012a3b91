/*
 * libmariadb's inner structures: this header and internals.c are the only files that touch them.
 *
 * What is touched, where it is declared, and why it is safe:
 *
 *   | what                                   | declared in    | for what                        | safe, because                           |
 *   | -------------------------------------- | -------------- | ------------------------------- | --------------------------------------- |
 *   | MYSQL.server_status, .db, .fields,     | mysql.h        | read                            | programs keep a MYSQL of their own, so  |
 *   |   .server_capabilities, .client_flag   |                |                                 | its layout, and that of the NET in it,  |
 *   | MYSQL.passwd, NET.buff, .max_packet    | mysql.h        | wiped after the login           | is fixed for all of libmariadb.so.3     |
 *   | NET.buff, .buff_end                    | mysql.h        | bounds of a row's cells         |                                         |
 *   | NET.read_pos                           | mysql.h        | warnings of the end of rows, a  | * stays at the packet that was read last|
 *   |                                        |                |   server's error with a number  |                                         |
 *   |                                        |                |   of libmariadb's               |                                         |
 *   | NET.pvio, .compress, .pkt_nr           | mysql.h        | the read-ahead cache            | * as below                              |
 *   | st_ma_pvio.cache, .cache_pos,          | ma_pvio.h      | bytes are taken and put there   | * libmariadb looks there before it reads|
 *   |   .cache_size, .ctls, .mysql           |                |                                 |   the socket, and keeps nothing besides |
 *   | st_ma_pvio_tls.ssl                     | ma_tls.h       | OpenSSL's session               | * only if OpenSSL is libmariadb's TLS   |
 *   | NET.tls_verify_status                  | mysql.h        | 3.4: the verdict on the server's| as the first; a byte that 3.3 leaves    |
 *   |                                        |                |   certificate                   |   unused                                |
 *   | MYSQL.host                             | mysql.h        | the name that is verified       | as the first                            |
 *   | MYSQL.status, .info, .affected_rows,   | mysql.h        | set as libmariadb's own call    | * between two calls nothing else of it  |
 *   |   .warning_count, .field_count,        |                | sets them, which is spared      |   depends on them                       |
 *   |   NET.last_errno, .last_error, .sqlstate |              |                                 |                                         |
 *   | MYSQL_STMT.stmt_id, .state, .fields,   | mariadb_stmt.h | the same                        | * the same                              |
 *   |   .field_count, .bind, .last_errno,    |                |                                 |                                         |
 *   |   .default_rset_handler                |                |                                 |                                         |
 *   | MYSQL.stmts, MYSQL_STMT.mysql          | mysql.h        | statements leave their session  | * as mysql_close does                   |
 *   | MYSQL_RES.handle                       | mysql.h        | rows are dropped without I/O    | * mysql_free_result looks at it first   |
 *
 * The lines with * hold for the versions of libmariadb that were looked at and tested: the sources of 3.3.0 to
 * 3.3.11, 3.4.0 and 3.4.1, the headers and the tests of 3.3.20 (Debian 12) and 3.4.10 (Debian 13). A line of
 * releases (3.3, 3.4) keeps its structures; later lines are not known. When the libmariadb that is there at
 * run time is of another line, nothing with a * is done: aurora__internals_known() is false, the short ways
 * are off and libmariadb does all the work. What is lost then besides speed: bytes that a server sends
 * unasked are noticed only in the socket; warnings of rows of a prepared statement are not counted; a SIGNAL
 * with a number of libmariadb's own (2013) is taken for its error; a statement whose result gets another
 * number of columns by an ALTER TABLE ends its connection, once.
 */
#ifndef AURORA_LIBMARIADB_INTERNALS_H
#define AURORA_LIBMARIADB_INTERNALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mysql.h>

/* mysql_get_client_version() of the first and the last version whose structures are known. */
enum { AURORA__LIBMARIADB_FIRST = 30300, AURORA__LIBMARIADB_LAST = 30499 };

/* Looks at the libmariadb that is there, which is initialised. Before anything else in here is used; any
 * number of times. */
void aurora__internals_look(void);

/* For tests: the version that is taken for that of the libmariadb that is there, from the next look on; 0: its
 * own. */
void aurora__internals_pretend(unsigned long version);

/* The version that the last look has seen. */
unsigned long aurora__internals_version(void);

extern _Atomic bool aurora__internals_are_known;

/* Whether what has a * in the table may be done. */
static inline bool aurora__internals_known(void)
{
  return atomic_load_explicit(&aurora__internals_are_known, memory_order_relaxed);
}

/* --- The connection ----------------------------------------------------------------------------- */

/*
 * The head of what ma_pvio.h declares. That header cannot be included: the one of 3.4 includes another one that
 * is not installed. It shows the read-ahead cache only when it takes libmariadb to have TLS.
 */
struct st_ma_pvio {
  void *data;
  unsigned char *cache; /* NULL: none. Of 16 KiB */
  unsigned char *cache_pos;
  size_t cache_size; /* bytes that are in it, from its beginning on */
  int type;
  int timeout[3];
  int ssl_type;
  struct st_ma_pvio_tls *ctls; /* NULL: a plain connection */
  MYSQL *mysql;
};

/* --- The read-ahead cache ----------------------------------------------------------------------- */

/* What is in it that nobody has asked for yet. NULL: there is no cache, or it is not known. */
static inline const unsigned char *aurora__cached(const MYSQL *mysql, const unsigned char **ret_end)
{
  const MARIADB_PVIO *pvio = aurora__internals_known() ? mysql->net.pvio : NULL;

  if (!pvio || !pvio->cache || pvio->cache_pos < pvio->cache)
    return NULL;
  *ret_end = pvio->cache + pvio->cache_size;
  return pvio->cache_pos;
}

/* How many bytes it holds, if we may fill it, which is so on a plain connection; else 0. */
size_t aurora__cache_room(const MYSQL *mysql);

/* The rest needs a cache that we may fill. */

/* Where the next bytes that are read belong, behind those that are there. */
static inline unsigned char *aurora__cache_end(MYSQL *mysql, size_t *ret_used)
{
  MARIADB_PVIO *pvio = mysql->net.pvio;

  if (pvio->cache_pos >= pvio->cache + pvio->cache_size) {
    pvio->cache_pos = pvio->cache;
    pvio->cache_size = 0;
  }
  *ret_used = pvio->cache_size;
  return pvio->cache + pvio->cache_size;
}

/* So many bytes were put there. */
static inline void aurora__cache_filled(MYSQL *mysql, size_t size)
{
  mysql->net.pvio->cache_size += size;
}

static inline const unsigned char *aurora__cache_at(const MYSQL *mysql,
                                                    const unsigned char **ret_end)
{
  const MARIADB_PVIO *pvio = mysql->net.pvio;

  *ret_end = pvio->cache + pvio->cache_size;
  return pvio->cache_pos;
}

/* So many bytes, which are there, were taken out. */
static inline void aurora__cache_taken(MYSQL *mysql, size_t size)
{
  mysql->net.pvio->cache_pos += size;
}

/* True on a connection whose packets are compressed. */
static inline bool aurora__is_compressed(const MYSQL *mysql)
{
  return mysql->net.compress;
}

/* The number that the next packet of the server is to have. */
static inline void aurora__set_packet_number(MYSQL *mysql, unsigned number)
{
  mysql->net.pkt_nr = number;
}

/* OpenSSL's session (SSL *); NULL: a plain connection, a libmariadb that was built with another library for
 * TLS, or one that is not known. */
void *aurora__openssl_session(const MYSQL *mysql);
static inline void *aurora__tls_session(const MYSQL *mysql)
{
  return aurora__internals_known() && mysql->net.pvio && mysql->net.pvio->ctls
             ? aurora__openssl_session(mysql)
             : NULL;
}

/* The same in libmariadb's verification callback (from 3.4 on), which is given the handle; also where nothing else is
 * known: a certificate that cannot be looked at is refused. */
void *aurora__tls_session_of(const void *handle);

/* There: whether libmariadb's own look at the chain has noted nothing; and what it is to think of it from now on. */
bool aurora__tls_found_nothing(const MYSQL *mysql);
void aurora__tls_heed(MYSQL *mysql, bool accepted);

/* The name that libmariadb has compared the certificate with, or would. */
static inline const char *aurora__verified_name(const MYSQL *mysql)
{
  return mysql->host;
}

/* Takes the password in clear text and the login packet out of a connection. Nothing may be in flight. */
void aurora__wipe_login(MYSQL *mysql);

/* --- The session, as libmariadb knows it -------------------------------------------------------- */

/* SERVER_STATUS_... of the last answer. */
static inline unsigned aurora__server_status(const MYSQL *mysql)
{
  return mysql->server_status;
}

/* The flags CLIENT_... of the protocol that both sides have asked for. */
static inline unsigned long aurora__agreed_capabilities(const MYSQL *mysql)
{
  return mysql->client_flag & mysql->server_capabilities;
}

/* MariaDB leaves this bit out of its greeting, to tell itself from MySQL. */
static inline bool aurora__greets_as_mariadb(const MYSQL *mysql)
{
  return !(mysql->server_capabilities & CLIENT_MYSQL);
}

/* The current database, which libmariadb follows by the server's reports; or "". */
static inline const char *aurora__current_database(const MYSQL *mysql)
{
  return mysql->db ? mysql->db : "";
}

/* The columns, mysql_field_count() of them, that the last answer has. */
static inline const MYSQL_FIELD *aurora__described_fields(const MYSQL *mysql)
{
  return mysql->fields;
}

/* The memory in which libmariadb keeps the packet that it has read. It may move with each packet. */
static inline void aurora__packet_bounds(const NET *net, const unsigned char **ret_begin,
                                         const unsigned char **ret_end)
{
  *ret_begin = net->buff;
  *ret_end = net->buff_end;
}

/* The payload of the packet that was read last, and the end of the memory that it is in. NULL: the connection has ended, or
 * nothing was read since; or not known. */
static inline const unsigned char *aurora__last_packet(const MYSQL *mysql,
                                                       const unsigned char **ret_end)
{
  const NET *net = &mysql->net;

  /* A command that needed more room has made another buffer, and nothing was read into it yet. */
  if (!aurora__internals_known() || !net->pvio || !net->buff || net->read_pos < net->buff ||
      net->read_pos >= net->buff_end)
    return NULL;
  *ret_end = net->buff_end;
  return net->read_pos;
}

static inline const NET *aurora__net(const MYSQL *mysql)
{
  return &mysql->net;
}

/* --- What libmariadb would have noted ----------------------------------------------------------- */
/* All of the following needs aurora__internals_known(), unless it says otherwise. */

static inline bool aurora__is_ready_for_command(const MYSQL *mysql)
{
  return mysql->status == MYSQL_STATUS_READY;
}

static inline void aurora__note_status(MYSQL *mysql, unsigned server_status)
{
  mysql->server_status = server_status;
}

static inline void aurora__note_end(MYSQL *mysql, unsigned warnings, unsigned server_status)
{
  mysql->warning_count = warnings;
  mysql->server_status = server_status;
}

/* libmariadb ends the rows of a statement at the EOF packet and does not look at the count of warnings in it:
 * right after it has read that packet. Not known: nothing. */
void aurora__note_warnings(MYSQL *mysql);

/* What is done before a command is sent. */
static inline void aurora__note_command(MYSQL *mysql, MYSQL_STMT *statement)
{
  mysql->net.last_errno = 0;
  mysql->net.last_error[0] = '\0';
  memcpy(mysql->net.sqlstate, "00000", sizeof "00000");
  mysql->net.pkt_nr = 1;
  mysql->info = NULL;
  mysql->affected_rows = UINT64_MAX;
  statement->last_errno = 0;
}

/* The statement was executed, and rows are next: in the columns that it had before, or that were described. */
void aurora__note_rows(MYSQL *mysql, MYSQL_STMT *statement, unsigned columns);

static inline unsigned long aurora__statement_id(const MYSQL_STMT *statement)
{
  return statement->stmt_id;
}

static inline unsigned aurora__statement_columns(const MYSQL_STMT *statement)
{
  return statement->field_count;
}

/* libmariadb cannot fetch rows for a handle that it has never seen any of. */
static inline bool aurora__statement_had_rows(const MYSQL_STMT *statement)
{
  return statement->default_rset_handler != NULL;
}

/* As many columns of other types: the handle learns them. */
void aurora__statement_renew_types(MYSQL_STMT *statement, const MYSQL *mysql);

/* libmariadb renews the types in the handle's descriptions, and not the names. name is borrowed as long as the
 * handle lives. */
static inline void aurora__statement_rename(MYSQL_STMT *statement, unsigned column,
                                            const char *name, unsigned size)
{
  statement->fields[column].name = (char *)name;
  statement->fields[column].name_length = size;
}

/* True: libmariadb calls it an error that the result has another number of columns than the statement had when it was
 * prepared; it has read their descriptions, and rows are next. Not known: false. */
bool aurora__statement_has_other_columns(const MYSQL_STMT *statement, const MYSQL *mysql);

/* They are the statement's columns from now on, and it is no error. cells: mysql_field_count() of them, which
 * live as long as the handle. The handle is not to be executed again. */
void aurora__statement_adopt_columns(MYSQL_STMT *statement, const MYSQL *mysql, MYSQL_BIND *cells);

/* The handles are freed without a word to the server from now on. False: not known, nothing was done. */
bool aurora__detach_statements(MYSQL *mysql);

/* mysql_free_result, which would read from the server what is left of them. Not known: it does, as far as it comes
 * without waiting. */
void aurora__drop_rows(MYSQL_RES *rows);

#endif
