/*
 * More of dirty_statements.h: what a reset for what was seen does not clean.
 */
#ifndef TESTS_INTEGRATION_DIRTY_UNSEEN_STATEMENTS_H
#define TESTS_INTEGRATION_DIRTY_UNSEEN_STATEMENTS_H

#include "integration/dirty_statements.h"

/* What neither the text nor the server shows: clean with AURORA_RESET_ALWAYS only. */
static const dirty_statements_t dirty_unseen_statements[] = {
    {"view of a stored function", {"SELECT a FROM dirty_view"}, "SELECT @dirty", NULL, 0},
    {"view of a stored function that assigns in an expression",
     {"SELECT a FROM dirty_assign_view"},
     "SELECT @dirty",
     NULL,
     0},
    {"view that takes a lock",
     {"SELECT a FROM dirty_lock_view"},
     "SELECT IS_FREE_LOCK('dirty')",
     "1",
     0},
    {"trigger that takes a lock",
     {"INSERT INTO dirty_locked VALUES (1)"},
     "SELECT IS_FREE_LOCK('dirty')",
     "1",
     0},
    {"default from a sequence",
     {"INSERT INTO dirty_numbered (b) VALUES (1)"},
     "SELECT PREVIOUS VALUE FOR dirty_sequence",
     NULL,
     0,
     ONLY(SEQUENCES, 1146)},
};

/* What mysql_reset_connection leaves (MariaDB 10.11, MySQL 9.7): the trace is there after it, too. */
static const dirty_statements_t dirty_lasting_statements[] = {
    {"role", {"SET ROLE dirty_role"}, "SELECT " NO_ROLE, NULL, 0},
    {"role in a procedure", {"CALL dirty_set_role()"}, "SELECT " NO_ROLE, NULL, 0},
    {"role in a composed text",
     {"EXECUTE IMMEDIATE CONCAT('SET R', 'OLE dirty_role')"},
     "SELECT " NO_ROLE,
     NULL,
     0,
     ONLY(COMPOSED_TEXT, 1064)},
    {"role in a prepared text",
     {"PREPARE dirty FROM 'SET ROLE dirty_role'", "EXECUTE dirty"},
     "SELECT " NO_ROLE,
     NULL,
     0},
    {"role and database",
     {"SET ROLE dirty_role", "USE dirty_database"},
     "SELECT CONCAT(COALESCE(" NO_ROLE ", ''), DATABASE())",
     "octane",
     0},
    {"database, not reported",
     {"SET session_track_schema = 0", "USE dirty_database"},
     "SELECT DATABASE()",
     "octane",
     0},
    {"database, not reported and then reported again",
     {"SET session_track_schema = 0", "USE dirty_database", "SET session_track_schema = 1"},
     "SELECT DATABASE()",
     "octane",
     0},
    {"profiles",
     {"SET profiling = 1", "SELECT 'of ours'"},
     "SELECT COUNT(*) FROM information_schema.profiling",
     "0",
     0},
    {"profiles, not made any more",
     {"SET profiling = 1", "SELECT 'of ours'", "SET profiling = 0", "SELECT 1"},
     "SELECT COUNT(*) FROM information_schema.profiling",
     "0",
     0},
    {"profiles, from a procedure",
     {"CALL dirty_profile()", "SELECT 1"},
     "SELECT COUNT(*) FROM information_schema.profiling",
     "0",
     0},
};

#endif
