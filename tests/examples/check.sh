#!/bin/sh
# check.sh WITH-DATABASE EXPECTED PROGRAM
# Runs an example beside a private database: it must succeed and print what the file EXPECTED holds.
# Prints TAP.
set -u
output=$("$1" "$3" 2>&1)
status=$?
echo 1..1
if [ $status -eq 0 ] && [ "$output" = "$(cat "$2")" ]; then
  echo "ok 1 - it prints what it should"
else
  echo "not ok 1 - it ended with $status and printed:"
  echo "$output" | sed 's/^/# /'
  exit 1
fi
