#include "libmariadb/internals.h"

#include <malloc.h>
#include <string.h>

#include <errmsg.h>

#include "base/secret.h"

/* The head of what ma_tls.h declares. */
struct st_ma_pvio_tls {
  void *data;
  MARIADB_PVIO *pvio;
  void *ssl;
};

/* PVIO_READ_AHEAD_CACHE_SIZE of ma_pvio.h. */
enum { CACHE_SIZE = 16384 };

_Atomic bool aurora__internals_are_known;

static _Atomic bool has_openssl;
static _Atomic unsigned long pretended_version;

void aurora__internals_pretend(unsigned long version)
{
  pretended_version = version;
}

unsigned long aurora__internals_version(void)
{
  unsigned long version = pretended_version;

  return version ? version : mysql_get_client_version();
}

void aurora__internals_look(void)
{
  unsigned long version = aurora__internals_version();
  const char *library = NULL;

  aurora__internals_are_known =
      version >= AURORA__LIBMARIADB_FIRST && version <= AURORA__LIBMARIADB_LAST;
  has_openssl = mariadb_get_infov(NULL, MARIADB_TLS_LIBRARY, &library) == 0 && library &&
                strncmp(library, "OpenSSL", 7) == 0;
}

size_t aurora__cache_room(const MYSQL *mysql)
{
  const MARIADB_PVIO *pvio = aurora__internals_known() ? mysql->net.pvio : NULL;

  /* A library that was built with another size than its header says must not be written beyond. */
  if (!pvio || pvio->mysql != mysql || !pvio->cache || pvio->ctls || mysql->net.compress ||
      malloc_usable_size(pvio->cache) < CACHE_SIZE)
    return 0;
  return CACHE_SIZE;
}

void *aurora__openssl_session(const MYSQL *mysql)
{
  return has_openssl ? mysql->net.pvio->ctls->ssl : NULL;
}

void *aurora__tls_session_of(const void *handle)
{
  return has_openssl ? ((const struct st_ma_pvio_tls *)handle)->ssl : NULL;
}

/* MARIADB_TLS_VERIFY_UNKNOWN. Only that a certificate is not trusted (1) is overlooked at times. */
enum { VERDICT_REFUSED = 32 };

bool aurora__tls_found_nothing(const MYSQL *mysql)
{
#if MARIADB_PACKAGE_VERSION_ID >= 30400
  return !mysql->net.tls_verify_status;
#else
  return !mysql->net.unused_2;
#endif
}

void aurora__tls_heed(MYSQL *mysql, bool accepted)
{
#if MARIADB_PACKAGE_VERSION_ID >= 30400
  mysql->net.tls_verify_status = accepted ? 0 : VERDICT_REFUSED;
#else
  mysql->net.unused_2 = accepted ? 0 : VERDICT_REFUSED;
#endif
}

void aurora__wipe_login(MYSQL *mysql)
{
  if (mysql->passwd)
    aurora__wipe(mysql->passwd, strlen(mysql->passwd));
  if (mysql->net.buff)
    aurora__wipe(mysql->net.buff, mysql->net.max_packet);
}

void aurora__note_warnings(MYSQL *mysql)
{
  const unsigned char *packet = mysql->net.read_pos;

  if (aurora__internals_known() && packet[0] == 0xfe)
    mysql->warning_count = packet[1] | (unsigned)packet[2] << 8;
}

void aurora__note_rows(MYSQL *mysql, MYSQL_STMT *statement, unsigned columns)
{
  mysql->status = MYSQL_STATUS_STMT_RESULT;
  mysql->field_count = columns;
  statement->state = MYSQL_STMT_WAITING_USE_OR_STORE;
}

void aurora__statement_renew_types(MYSQL_STMT *statement, const MYSQL *mysql)
{
  for (unsigned i = 0; i < mysql->field_count; i++) {
    statement->fields[i].type = mysql->fields[i].type;
    statement->fields[i].length = mysql->fields[i].length;
    statement->fields[i].flags = mysql->fields[i].flags;
    statement->fields[i].decimals = mysql->fields[i].decimals;
    statement->fields[i].charsetnr = mysql->fields[i].charsetnr;
    statement->fields[i].max_length = mysql->fields[i].max_length;
  }
}

bool aurora__statement_has_other_columns(const MYSQL_STMT *statement, const MYSQL *mysql)
{
  return aurora__internals_known() && statement->last_errno == CR_NEW_STMT_METADATA &&
         mysql->status == MYSQL_STATUS_STMT_RESULT &&
         statement->state == MYSQL_STMT_WAITING_USE_OR_STORE;
}

void aurora__statement_adopt_columns(MYSQL_STMT *statement, const MYSQL *mysql, MYSQL_BIND *cells)
{
  statement->bind = cells;
  statement->fields = mysql->fields;
  statement->field_count = mysql->field_count;
  statement->last_errno = 0;
}

bool aurora__detach_statements(MYSQL *mysql)
{
  if (!aurora__internals_known())
    return false;
  for (LIST *item = mysql->stmts; item; item = item->next)
    ((MYSQL_STMT *)item->data)->mysql = NULL;
  mysql->stmts = NULL;
  return true;
}

void aurora__drop_rows(MYSQL_RES *rows)
{
  if (aurora__internals_known())
    rows->handle = NULL;
  mysql_free_result(rows);
}
