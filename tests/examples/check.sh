#!/bin/sh
# check.sh EXPECTED PROGRAM
# Runs an example: it must succeed and print what the file EXPECTED holds. To be run beside a database
# that the AURORA_* variables name. Prints TAP.
set -u
output=$("$2" 2>&1)
status=$?
echo 1..1
if [ $status -eq 0 ] && [ "$output" = "$(cat "$1")" ]; then
  echo "ok 1 - it prints what it should"
else
  echo "not ok 1 - it ended with $status and printed:"
  echo "$output" | sed 's/^/# /'
  exit 1
fi
