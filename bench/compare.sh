#!/usr/bin/env bash
# The whole comparison: aurora beside what one would use instead. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh

usage() {
  cat <<'END'
Usage: bench/compare.sh [options]
Measures queries through the pool beside other clients, in one run: blocking libmariadb with threads,
a bare loop of uv_poll and libmariadb (the floor), a raw socket (the limit of the protocol), mysql2 and
mariadb on node, go-sql-driver, aiomysql. Installs the Debian packages that are missing (as root, or
with sudo) and the two from npm into the build directory, builds a release in build-compare/, starts a
private database server on 127.0.0.1, and runs every client in turn, client and server pinned to a core
each. What cannot be installed is left out, and said. Takes about an hour.

  --short             the main workloads and sizes, 3 short rounds: some minutes
  --workloads W1,W8   these only: W1 to W8, or a name such as W8-db
  --rounds N          rounds (default 5)
  --seconds S         length of each run (default 1)
  --peers bare,go     beside aurora and bare these only: threads, raw, mysql2, mariadb, go, aiomysql
  --no-install        install nothing
  --gates             instead: instructions and system calls a query (callgrind and strace), which
                      repeat on a noisy machine, beside what is to be reached; about 3 minutes.
                      Without --peers beside bare, threads and raw only
  --server NAME       beside this private server: mariadb (default) or mysql, which is fetched from the
                      mirror of this machine's apt as for the tests
  --own               measure the database of AURORA_HOST, AURORA_PORT, AURORA_USER, AURORA_PASSWORD
                      and AURORA_DATABASE (over TLS when AURORA_SSL_MODE says so) instead of a private
                      one. Makes the tables aurora_compare_* there and drops them at the end; a table of
                      such a name that is there already is an error. Up to 64 connections at once.
  --build DIR         build there
  --help              this text

Every run is a line of JSON in build-compare/compare/results.jsonl (gates.jsonl); the chart is
compare.svg beside it.
END
}

build="build-compare"
server=mariadb
own=no
gates=no
install=yes
peers=
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --short) arguments=(--short --rounds 3 --seconds 0.4 "${arguments[@]}") ;;
    --workloads | --rounds | --seconds | --peers | --build)
      [ $# -gt 1 ] || die "$1 needs a value"
      case $1 in
        --build) build=$2 ;;
        --peers) peers=$2 arguments+=(--peers "$2") ;;
        *) arguments+=("$1" "$2") ;;
      esac
      shift
      ;;
    --no-install) install=no ;;
    --gates)
      gates=yes
      peers=${peers:-bare,threads,raw}
      arguments+=(--gates --peers "$peers")
      ;;
    --server)
      case ${2:-} in
        mariadb | mysql) server=$2 ;;
        *) die "--server needs mariadb or mysql" ;;
      esac
      shift
      ;;
    --own) own=yes ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) die "unknown option $1; see --help" ;;
  esac
  shift
done
if [ $own = yes ] && [ -z "${AURORA_HOST-}" ]; then
  die "--own needs the variable AURORA_HOST"
fi

wanted() {
  [ -z "$peers" ] || [[ ,$peers, == *,$1,* ]]
}

# The peers are a help, not a need: a failure is told, and the peer left out.
install_peers() {
  if wanted go; then
    (install_missing golang-go golang-github-go-sql-driver-mysql-dev) || say "No Go"
  fi
  if wanted aiomysql; then
    (install_missing python3-aiomysql) || say "No aiomysql"
  fi
  if wanted mysql2 || wanted mariadb; then
    command -v node >/dev/null || (install_missing nodejs) || say "No node"
    command -v npm >/dev/null || (install_missing npm) || say "No npm"
  fi
}

build_go() {
  wanted go && command -v go >/dev/null || return 0
  say "Building the client in Go"
  (cd bench/peers/go && GO111MODULE=off GOFLAGS='' GOPATH=/usr/share/gocode \
    GOCACHE="$build/compare/go-cache" go build -o "$build/bench/compare-go" .) ||
    say "The client in Go cannot be built"
}

install_node() {
  wanted mysql2 || wanted mariadb || return 0
  command -v npm >/dev/null || return 0
  mkdir -p "$build/compare/node"
  if ! cmp -s bench/peers/node/package.json "$build/compare/node/package.json"; then
    say "Installing mysql2 and mariadb from npm into $build/compare/node"
    cp bench/peers/node/package.json "$build/compare/node/"
    if ! npm install --prefix "$build/compare/node" --no-audit --no-fund --loglevel=error; then
      say "npm install failed"
      rm -f "$build/compare/node/package.json"
    fi
  fi
}

packages+=(python3-minimal util-linux)
[ $gates = no ] || packages+=(valgrind libc6-dbg strace)
if [ $install = yes ]; then
  install_missing "${packages[@]}"
  install_peers
fi
configure "$build" -Dbuildtype=release -Dtests=disabled
compile "$build"
build=$(cd "$build" && pwd)
mkdir -p "$build/compare"
build_go
install_node

AURORA_COMPARE_GO_DRIVER=$(dpkg-query -W -f='${Version}' golang-github-go-sql-driver-mysql-dev \
  2>/dev/null) || AURORA_COMPARE_GO_DRIVER=unknown
export AURORA_COMPARE_GO_DRIVER
arguments+=(--build "$build" --source "$PWD" --output "$build/compare"
  --node-modules "$build/compare/node/node_modules")
run=(python3 bench/report/compare.py)
export PYTHONDONTWRITEBYTECODE=1

# A core each for client and server, where there are two; the counts of --gates need none.
mapfile -t cores < <(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' |
  awk -F- '{ for (i = $1; i <= (NF > 1 ? $2 : $1); i++) print i }')
pin=()
if [ $gates = no ] && [ ${#cores[@]} -gt 1 ]; then
  arguments+=(--client-core "${cores[0]}")
  if [ $own = no ]; then
    pin=(taskset -c "${cores[1]}")
    arguments+=(--server-core "${cores[1]}")
  fi
fi
if [ "$server" = mysql ] && [ $own = no ]; then
  tests/support/mysql_server.sh >/dev/null || die "MySQL cannot be fetched"
fi
say "Comparing"
if [ $own = yes ]; then
  exec "${run[@]}" "${arguments[@]}"
fi
export AURORA_TEST_SERVER=$server
exec "${pin[@]}" "$build/bench/aurora-with-database" "${run[@]}" "${arguments[@]}"
