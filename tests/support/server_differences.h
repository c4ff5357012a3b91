/*
 * Where the servers differ by right, and so a test case expects other things of each. A case asks for
 * the feature that makes the difference, never for the server, and says what the server without it
 * does instead.
 *
 * The third column: what the server without it does.
 */
#ifndef TESTS_SUPPORT_SERVER_DIFFERENCES_H
#define TESTS_SUPPORT_SERVER_DIFFERENCES_H

#include <stdbool.h>

#include "support/database.h"

#define SERVER_FEATURES(XX)                                                                        \
  XX(BULK, DATABASE_MARIADB, "takes an array of parameters row by row (no COM_STMT_BULK_EXECUTE)") \
  XX(RETURNING, DATABASE_MARIADB, "refuses INSERT and DELETE ... RETURNING (1064)")                \
  XX(SEQUENCES, DATABASE_MARIADB, "refuses CREATE SEQUENCE (1064)")                                \
  XX(OR_REPLACE, DATABASE_MARIADB, "refuses CREATE OR REPLACE TABLE (1064)")                       \
  XX(MARIADB_COMMENTS, DATABASE_MARIADB, "takes what stands in /*M! */ for a comment")             \
  XX(SET_STATEMENT, DATABASE_MARIADB,                                                              \
     "refuses SET STATEMENT ... FOR (1064); it has hints instead")                                 \
  XX(MAX_STATEMENT_TIME, DATABASE_MARIADB, "has max_execution_time instead (1193)")                \
  XX(MAX_EXECUTION_TIME, DATABASE_MYSQL, "has max_statement_time instead (1193)")                  \
  XX(REPORT_OF_SELECT, DATABASE_MARIADB, "does not report what a SELECT changes in its session")   \
  XX(DEFAULT_ROLE_FOR, DATABASE_MARIADB, "says SET DEFAULT ROLE ... TO, not FOR")                  \
  XX(COMPOSED_TEXT, DATABASE_MARIADB, "refuses EXECUTE IMMEDIATE, BEGIN NOT ATOMIC (1064)")        \
  XX(IN_TRANSACTION, DATABASE_MARIADB, "has no variable in_transaction (1193)")                    \
  XX(TX_VARIABLES, DATABASE_MARIADB,                                                               \
     "calls tx_isolation transaction_isolation, as MariaDB does from 11.1")                        \
  XX(BACKUP_STAGE, DATABASE_MARIADB,                                                               \
     "cannot hold up a commit alone: FLUSH TABLES WITH READ LOCK holds up every statement")        \
  XX(FLUSH_SSL, DATABASE_MARIADB, "reads its certificates again with ALTER INSTANCE RELOAD TLS")   \
  XX(YEAR_2, DATABASE_MARIADB, "refuses columns of two-digit years, YEAR(2) (1818)")               \
  XX(SCALE_38, DATABASE_MARIADB, "refuses DECIMAL of a scale over 30 (1425)")                      \
  XX(UUID_INET6, DATABASE_MARIADB, "has no types UUID and INET6 (1064)")                           \
  XX(LAST_SECOND, DATABASE_MARIADB,                                                                \
     "ends TIME at 838:59:59 (1292); no parameter of hour 838 has a fraction (1690)")              \
  XX(LONG_DERIVED, DATABASE_MARIADB,                                                               \
     "cuts a parameter that becomes a column of a temporary table to 65,535 bytes, in silence")    \
  XX(CALL_SUMS, DATABASE_MARIADB,                                                                  \
     "tells of a CALL the rows that its last statement changed; if there is none, those of the "   \
     "statement before the CALL")                                                                  \
  XX(SHA2_PASSWORDS, DATABASE_MYSQL,                                                               \
     "has neither caching_sha2_password nor sha256_password: mysql_native_password; a locked "     \
     "account is 4151; require_secure_transport refuses with 1045, a later MariaDB with 3159")     \
  XX(DUAL_PASSWORDS, DATABASE_MYSQL, "refuses RETAIN CURRENT PASSWORD (1064)")                     \
  XX(JSON_TYPE, DATABASE_MYSQL, "has JSON as a name of LONGTEXT with a check")                     \
  XX(LAST_WORD, DATABASE_MYSQL,                                                                    \
     "says nothing before it ends a connection whose login or statement does not come")            \
  XX(SHOW_IS_CHEAP, DATABASE_MARIADB,                                                              \
     "queries performance_schema for SHOW VARIABLES: the pool asks it otherwise")                  \
  XX(TYPES_BY_EXECUTION, DATABASE_MARIADB,                                                         \
     "fixes the types of parameters when a statement is prepared or executed first")

typedef enum {
#define XX(name, kind, instead) SERVER_##name,
  SERVER_FEATURES(XX)
#undef XX
} server_feature_t;

/* Whether the server that this program is run on has it. */
static inline bool server_has(server_feature_t feature)
{
  static const database_kind_t kinds[] = {
#define XX(name, kind, instead) kind,
      SERVER_FEATURES(XX)
#undef XX
  };

  return database_kind() == kinds[feature];
}

#endif
