#!/bin/sh
# internals.sh SOURCES
# Only src/libmariadb touches libmariadb's inner structures, and its headers that are not meant for programs are
# not included at all. Prints TAP.
set -u
cd "$1/src" || exit 1
number=0
failed=0

# none NAME PATTERN: one case; no line of the sources matches, comments and src/libmariadb left out.
none() {
  number=$((number + 1))
  if found=$(grep -rnE --include='*.[ch]' --exclude-dir=libmariadb -e "$2" . |
    grep -vE '^[^:]*:[0-9]+: *(\*|/\*)'); then
    failed=1
    echo "not ok $number - $1"
    echo "$found" | sed 's/^/# /' >&2
  else
    echo "ok $number - $1"
  fi
}

none 'no member of MYSQL' '\bmysql->[a-z]|\bmysql\.[a-z]+ *[^>a-z]'
none 'no member of NET' '(->|\.)net\b|\bnet->'
none 'no member of MYSQL_STMT' '\b(handle|stmt|called)->(mysql|stmt_id|flags|state|field|param|bind|result|last_|user_data|default_)'
none 'no member of MYSQL_RES' '\brows->(handle|field|data|row_count|eof|lengths)'
none 'no pvio, no TLS session of it' '(->|\.)(pvio|ctls|cache_pos|cache_size)\b|MARIADB_PVIO|MARIADB_TLS\b'
none 'no header of its inside' '#include <(ma_[a-z_]+|mariadb_stmt|mariadb_com)\.h>'
echo "1..$number"
exit $failed
