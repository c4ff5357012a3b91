#!/bin/sh
# compare.sh DIRECTORY PROGRAM...
# Runs each program: it must succeed, quickly, and print what stands in DIRECTORY/NAME.txt, or in
# DIRECTORY/NAME-SERVER.txt where it differs by server. To be run beside a database that the AURORA_*
# variables name. Prints TAP.
set -u
directory=$1
shift
number=0
failed=0
temporary=$(mktemp -d) || exit 1
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' HUP INT TERM

echo "1..$#"
for program; do
  name=${program##*/}
  name=${name#example-}
  number=$((number + 1))
  expected=$directory/$name-${AURORA_TEST_SERVER:-mariadb}.txt
  [ -f "$expected" ] || expected=$directory/$name.txt
  timeout 30 "$program" >"$temporary/output" 2>&1
  status=$?
  if [ $status -eq 0 ] && diff -u "$expected" "$temporary/output" >"$temporary/diff"; then
    echo "ok $number - $name"
  else
    failed=1
    echo "not ok $number - $name"
    {
      echo "$name ended with $status"
      cat "$temporary/diff" "$temporary/output"
    } | sed 's/^/# /' >&2
  fi
done
exit $failed
