#!/usr/bin/env bash
# Builds one libFuzzer target with clang and the sanitizers, and runs it for a minute (some seconds when
# AURORA_TEST_SHORT is set), from its corpus if it has one. Prints TAP.
#
# Usage: run.sh SOURCE_ROOT TARGET SOURCE...    (sources relative to SOURCE_ROOT/src)
set -euo pipefail
root=$1 target=$2
shift 2
echo 1..1
if ! command -v clang >/dev/null; then
  echo "ok 1 - $target # SKIP there is no clang"
  exit 0
fi
seconds=60
[ -z "${AURORA_TEST_SHORT:-}" ] || seconds=5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
[ ! -d "$root/tests/fuzz/corpus/$target" ] || cp "$root/tests/fuzz/corpus/$target"/* "$work/corpus"
mapfile -t flags < <(pkg-config --cflags libuv libmariadb openssl | xargs -n 1)
mapfile -t libraries < <(pkg-config --libs libuv libmariadb openssl | xargs -n 1)
clang -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -I "$root/include" -I "$root/src" -I "$root/tests" "${flags[@]}" \
  "$root/tests/fuzz/fuzz_${target//-/_}.c" "${@/#/$root/src/}" "${libraries[@]}" -o "$work/fuzz"
if (cd "$work" && ./fuzz -max_total_time=$seconds -timeout=10 corpus) >"$work/log" 2>&1; then
  echo "ok 1 - $target, $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$work/log") in $seconds s"
else
  sed 's/^/# /' "$work/log" | tail -n 60
  echo "not ok 1 - $target"
  exit 1
fi
