#!/bin/sh
# check.sh INCLUDE-DIRECTORY C-COMPILER C++-COMPILER-OR-"" OPTION...
# Compiles each public header alone, twice included, as C11 and as C++17, then the two programs beside
# this script that use the macros. Prints TAP. The options are those of libuv.
set -u
include=$1
cc=$2
cxx=$3
shift 3
here=$(dirname "$0")
warnings='-pedantic -Wall -Wextra -Wshadow -Wconversion -Werror'
number=0
failed=0

# result NAME COMMAND...: one case; what the command says is shown when it fails.
result() {
  name=$1
  shift
  number=$((number + 1))
  if output=$("$@" 2>&1); then
    echo "ok $number - $name"
  else
    failed=1
    echo "not ok $number - $name"
    echo "$output" | sed 's/^/# /' >&2
  fi
}

# The compilers may be several words (such as "ccache cc"). All of these are called through result.
# shellcheck disable=SC2086,SC2317
as_c() {
  $cc -std=c11 -D_POSIX_C_SOURCE=200809L $warnings -Wstrict-prototypes -fsyntax-only \
    -I"$include" "$@"
}

# shellcheck disable=SC2086,SC2317
as_cxx() {
  $cxx -std=c++17 $warnings -fsyntax-only -I"$include" "$@"
}

# shellcheck disable=SC2317
alone_as_c() {
  header=$1
  shift
  printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$header" "$header" |
    as_c "$@" -x c -
}

# shellcheck disable=SC2317
alone_as_cxx() {
  header=$1
  shift
  printf '#include <%s>\n#include <%s>\nint main() { return 0; }\n' "$header" "$header" |
    as_cxx "$@" -x c++ -
}

headers=$(cd "$include" && find . -name '*.h' | sed 's,^\./,,' | sort)
for header in $headers; do
  result "$header alone as C11" alone_as_c "$header" "$@"
done
result 'the macros in C11' as_c "$@" "$here/use.c"
if [ -n "$cxx" ]; then
  for header in $headers; do
    result "$header alone as C++17" alone_as_cxx "$header" "$@"
  done
  result 'values and parameters in C++17' as_cxx "$@" "$here/use.cc"
else
  number=$((number + 1))
  echo "ok $number - C++17 # SKIP there is no C++ compiler"
fi
echo "1..$number"
exit $failed
