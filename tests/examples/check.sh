#!/bin/sh
# check.sh WITH-DATABASE EXPECTED PROGRAM
# Runs an example beside a private database: it must succeed and print what is expected. Prints TAP.
set -u
output=$("$1" "$3" 2>&1)
status=$?
echo 1..1
if [ $status -eq 0 ] && [ "$output" = "$2" ]; then
  echo "ok 1 - it prints: $2"
else
  echo "not ok 1 - it ended with $status and printed: $output"
  exit 1
fi
