#!/usr/bin/env bash
# The main job in one command: builds, starts a private database, drives it through the pool.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh

usage() {
  cat <<'END'
Usage: bench/run.sh [options of aurora-bench]
Installs the Debian packages that are missing (as root, or with sudo), builds in build/, starts a
private database server on 127.0.0.1 in a temporary directory, drives it through the pool and through
libmariadb alone, and prints what was measured. The server is stopped at the end; a database of yours
is not touched.

Without options it runs `build/bench/aurora-bench --private`. Options go to aurora-bench, after
--private; `build/bench/aurora-bench --help` lists them, and tells how to measure a database of yours.

  --help          this text
END
}

case ${1-} in
  --help | -h)
    usage
    exit 0
    ;;
esac

install_missing "${packages[@]}"
# A build that is there is taken as it is, whatever its options.
[ -f build/build.ninja ] || configure build
compile build
say "Running build/bench/aurora-bench --private $*"
exec build/bench/aurora-bench --private "$@"
