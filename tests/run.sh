#!/usr/bin/env bash
# Builds everything and runs the tests. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh

usage() {
  cat <<'END'
Usage: tests/run.sh [options]
Installs the Debian packages that are missing (as root, or with sudo), builds in build/ and runs all
tests but the slow ones. The tests start and stop private database servers on 127.0.0.1 in temporary
directories; a database of yours is not touched.

  --slow          the suite "slow" too: chaos and fuzzing, some minutes
  --short-slow    the suite "slow" too, each test cut to some seconds
  --suite NAME    this suite only: unit, integration, fault or slow (may be repeated)
  --server NAME   on this database server only: mariadb or mysql; both is the default. MySQL is fetched
                  from the mirror of this machine's apt, into the tests' cache directory; where it
                  cannot be had its programs are skipped, which is an error if CI=true, unless no
                  mirror has it
  --sanitize      build with AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan/
  --clang         build with clang, in build-clang/
  --valgrind      run the test programs under valgrind's memcheck
  --werror        compiler warnings are errors
  --help          this text

The last line is the number of test cases: N passed, N failed, N skipped. Exit status: 0 when all passed.
END
}

slow=no
server=both
clang=no
sanitize=no
valgrind=no
werror=false
suites=()
while [ $# -gt 0 ]; do
  case $1 in
    --slow) slow=full ;;
    --short-slow) slow=short ;;
    --suite)
      [ $# -gt 1 ] || die "--suite needs a name"
      suites+=(--suite "$2")
      [ "$2" != slow ] || [ $slow != no ] || slow=full
      shift
      ;;
    --server)
      case ${2:-} in
        mariadb | mysql | both) server=$2 ;;
        *) die "--server needs mariadb, mysql or both" ;;
      esac
      shift
      ;;
    --sanitize) sanitize=yes ;;
    --clang) clang=yes ;;
    --valgrind) valgrind=yes ;;
    --werror) werror=true ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) die "unknown option $1; see --help" ;;
  esac
  shift
done
[ $sanitize = no ] || [ $valgrind = no ] || die "--sanitize and --valgrind exclude each other"

directory=build
options=("-Dwerror=$werror")
if [ $clang = yes ]; then
  export CC=clang CXX=clang++
  directory+=-clang
  packages+=(clang)
fi
if [ $sanitize = yes ]; then
  directory+=-asan
  options+=("-Db_sanitize=address,undefined" -Db_lundef=false)
  # Every finding ends the test case that has it.
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
  export AURORA_TEST_SLOWNESS=2
  [ $clang = no ] || packages+=(libclang-rt-14-dev)
fi
arguments=(--print-errorlogs --no-rebuild "${suites[@]}")
log=testlog.json
if [ $valgrind = yes ]; then
  packages+=(valgrind libc6-dbg)
  # Only programs of ours: not the scripts and compilers of the suite "build", and not the database
  # server (valgrind does not follow an exec unless told to); each program once, libmariadb known. Cases
  # take some 30 times as long, and long random runs are shortened. The suite "timing" is about deadlines
  # of some hundred ms, which do not hold at that speed; its memory is looked at by the sanitizers.
  arguments+=(--no-suite build --no-suite timing --no-suite unknown-library --timeout-multiplier 20 --wrap
    "valgrind -q --vgdb=no --fair-sched=yes --leak-check=full --error-exitcode=99 --suppressions=$PWD/tests/valgrind.supp")
  export CK_TIMEOUT_MULTIPLIER=20 AURORA_TEST_SLOWNESS=20 AURORA_TEST_SHORT=1
  log=testlog-valgrind.json
fi
# Fuzzing is part of the slow suite and needs clang's libFuzzer.
[ $slow = no ] || packages+=(clang libclang-rt-14-dev)
case $slow in
  no) arguments+=(--no-suite slow) ;;
  short) export AURORA_TEST_SHORT=1 ;;
esac
case $server in
  mariadb) arguments+=(--no-suite mysql) ;;
  mysql) arguments+=(--no-suite mariadb) ;;
esac

install_missing "${packages[@]}"
status=0
mysql=
if [ "$server" != mariadb ]; then
  say "Looking for MySQL"
  tests/support/mysql_server.sh >/dev/null || status=$?
  case $status in
    0) ;;
    2)
      mysql="MySQL: no mirror of this machine has it, its tests are skipped"
      status=0
      ;;
    *)
      mysql="MySQL: it could not be fetched, its tests are skipped"
      status=0
      if [ "${CI:-}" = true ]; then
        mysql="FAILED: MySQL could not be fetched"
        status=1
      fi
      ;;
  esac
fi
configure $directory "${options[@]}"
compile $directory
say "Running the tests"
rm -f "$directory/meson-logs/$log"
meson test -C $directory "${arguments[@]}" || status=$?
[ -z "$mysql" ] || printf '\n%s\n' "$mysql"
python3 tests/count_cases.py "$directory/meson-logs/$log" || status=1
exit $status
