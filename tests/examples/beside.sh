#!/bin/sh
# beside.sh WITH-DATABASE COMMAND [ARGUMENT...]
# Runs a command that prints TAP beside a private database; skipped where there is no MySQL to run it on.
set -u
"$@"
status=$?
if [ $status -eq 77 ] && [ "${AURORA_TEST_SERVER:-}" = mysql ]; then
  echo "1..0 # SKIP there is no MySQL: tests/support/mysql_server.sh fetches it"
  exit 0
fi
exit $status
