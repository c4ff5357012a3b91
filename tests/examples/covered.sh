#!/bin/sh
# covered.sh HEADERS-DIRECTORY EXAMPLE...
# Every public function, maker and macro of the headers occurs in an example. Prints TAP, a case a
# header; the names that are missing go to stderr.
set -u
headers=$1
shift
number=0
failed=0

# What a header declares: functions and makers (the name before the first parenthesis), and macros that
# stand for something (include guards do not). AURORA__* and aurora__* are private.
public_names() {
  sed -n \
    -e 's/^AURORA_API [^(]*[ *]\(aurora_[a-z0-9_]*\)(.*/\1/p' \
    -e 's/^static inline [^(]*[ *]\(aurora_[a-z0-9_]*\)(.*/\1/p' \
    -e 's/^#define \(AURORA_[A-Z0-9_]*\)[( ].*/\1/p' "$1" |
    grep -vE '^(AURORA_API|AURORA__.*|aurora__.*)$' | sort -u
}

# Declarations that public_names cannot read.
unread() {
  grep -E '^(AURORA_API|static inline) ' "$1" | grep -vE '[ *]aurora_[a-z0-9_]+\('
}

# The words of the examples, without their comments and texts in quotes.
words=$(cat "$@" | awk '
  { gsub(/"([^"\\]|\\.)*"/, "\"\"") }
  inside { if (!sub(/^.*\*\//, "")) next; inside = 0 }
  { gsub(/\/\*([^*]|\*[^\/])*\*\//, " ") }
  sub(/\/\*.*/, "") { inside = 1 }
  { print }' | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | sort -u)

for header in "$headers"/*.h; do
  number=$((number + 1))
  names=$(public_names "$header")
  missing=$(
    for name in $names; do
      printf '%s\n' "$words" | grep -qx "$name" || echo "$name is in no example"
    done
    unread "$header"
  )
  if [ -z "$missing" ]; then
    count=$(printf '%s' "$names" | grep -c .)
    echo "ok $number - ${header##*/}: an example for each of $count names"
  else
    failed=1
    echo "not ok $number - ${header##*/}"
    printf '%s\n' "$missing" | sed 's/^/# /' >&2
  fi
done
echo "1..$number"
exit $failed
