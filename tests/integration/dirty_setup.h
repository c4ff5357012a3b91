/*
 * What the statements of dirty_statements.h need: runs once, as root, in database octane.
 */
#ifndef TESTS_INTEGRATION_DIRTY_SETUP_H
#define TESTS_INTEGRATION_DIRTY_SETUP_H

/* dirty_rows holds one row before each entry and after it, unless a transaction was committed. */
static const char *const dirty_setup[] = {
    "CREATE TABLE dirty_rows (a INT) ENGINE=InnoDB",
    "INSERT INTO dirty_rows VALUES (1)",
    "CREATE TABLE dirty_other (a INT) ENGINE=InnoDB",
    "CREATE TABLE dirty_counted (a INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB",
    "CREATE TABLE dirty_fired (a INT) ENGINE=InnoDB",
    "CREATE TABLE dirty_locked (a INT) ENGINE=InnoDB",
    "CREATE TRIGGER dirty_trigger BEFORE INSERT ON dirty_fired FOR EACH ROW SET @dirty = 1",
    "CREATE TRIGGER dirty_lock_trigger BEFORE INSERT ON dirty_locked FOR EACH ROW"
    " DO GET_LOCK('dirty', 0)",
    "CREATE TABLE dirty_refused (a INT PRIMARY KEY) ENGINE=InnoDB",
    "INSERT INTO dirty_refused VALUES (1)",
    "CREATE TRIGGER dirty_refused_trigger BEFORE INSERT ON dirty_refused FOR EACH ROW"
    " SET @dirty = 1",
    "CREATE FUNCTION dirty_assign() RETURNS INT RETURN @dirty := 1",
    "CREATE FUNCTION dirty_set() RETURNS INT BEGIN SET @dirty = 1; RETURN 1; END",
    "CREATE FUNCTION dirty_lock(name VARCHAR(20)) RETURNS INT RETURN GET_LOCK(name, 0)",
    "CREATE FUNCTION `count`(a INT) RETURNS INT RETURN @dirty := a",
    "CREATE PROCEDURE dirty_assign() SET @dirty = 1",
    "CREATE PROCEDURE dirty_out(OUT a INT) SET a = 1",
    "CREATE VIEW dirty_view AS SELECT dirty_set() AS a",
    "CREATE VIEW dirty_assign_view AS SELECT dirty_assign() AS a",
    "CREATE VIEW dirty_lock_view AS SELECT dirty_lock('dirty') AS a",
    "CREATE DATABASE dirty_database",
    "GRANT ALL PRIVILEGES ON dirty_database.* TO arla@'%'",
    "CREATE PROCEDURE dirty_set_role() SQL SECURITY INVOKER SET ROLE dirty_role",
    "CREATE PROCEDURE dirty_profile() SET profiling = 1",
    "CREATE ROLE dirty_role",
    "GRANT dirty_role TO arla@'%'",
    "GRANT RELOAD ON *.* TO arla@'%'",
};

/* Where there are sequences. */
static const char *const dirty_sequence_setup[] = {
    "CREATE SEQUENCE dirty_sequence",
    "CREATE TABLE dirty_numbered (a INT DEFAULT (NEXT VALUE FOR dirty_sequence), b INT)",
};

#endif
