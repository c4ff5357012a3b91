#!/usr/bin/env bash
# Builds the sources in a Debian 13 (gcc 14, libmariadb 3.4, MariaDB 11.8, OpenSSL 3.5) and runs the tests
# there, whatever this machine has. See --help.
#
# The root is made by debootstrap, once, in the cache directory of the tests: under another name with a lock
# held, and renamed when it is complete. Everything that is mounted is so in a mount namespace of its own and
# every process is in a PID namespace of its own: both end with this script, however it ends. The root is
# not written to later: the sources are copied to a tmpfs in it, and built there.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/prepare.sh
. tests/support/cache_directory.sh

usage() {
  cat <<'END'
Usage: tests/debian13.sh [--shell | options of tests/run.sh]
Makes a Debian 13 root in the tests' cache directory (some minutes and 1 GB, the first time), copies the
sources into it, builds and tests them there. Needs root, debootstrap, and the mirror of this machine's
apt. The tests are those of tests/run.sh, with warnings as errors.

  --shell   a shell in it instead, with a copy of the sources as working directory
  --help    this text

The last line is the number of test cases: N passed, N failed, N skipped. Exit status: 0 when all passed.
END
}

# Without it nothing can be tested: in CI that is an error.
cannot() {
  printf '\nDebian 13: %s\n' "$*"
  if [ "${CI:-}" = true ]; then
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
  fi
  echo '0 passed, 0 failed, 1 skipped'
  exit 0
}

# The mirror that this machine's apt takes Debian itself from.
mirror() {
  { cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list ||
    true; } 2>/dev/null |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] *)?([^ ]+).*/\2/p' |
    grep -m 1 -E '/debian/?$'
}

# In a mount namespace: what debootstrap mounts is gone after it. Nothing needs to outlive a power cut, and
# nobody reads manuals there.
make_root() {
  local making=$1 from=$2
  local in_it=(chroot "$making" env DEBIAN_FRONTEND=noninteractive LC_ALL=C)

  mount --make-rprivate /
  debootstrap --variant=minbase trixie "$making" "$from"
  {
    echo force-unsafe-io
    printf 'path-exclude=/usr/share/%s/*\n' doc man locale
  } >"$making/etc/dpkg/dpkg.cfg.d/tests"
  printf '#!/bin/sh\nexit 101\n' >"$making/usr/sbin/policy-rc.d"
  chmod +x "$making/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf /etc/hosts "$making/etc/"
  mkdir "$making/aurora"
  "${in_it[@]}" apt-get -q update
  "${in_it[@]}" apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 install "${packages[@]}" \
    </dev/null
  "${in_it[@]}" apt-get clean
}

# MySQL, where this machine's cache has it: it runs by its own loader and libraries, so in there too.
give_mysql() {
  local server
  local to=$1

  server=$(cache_directory)/mysql-server
  [ -d "$server" ] || return 0
  mkdir -m 700 "$to"
  mkdir "$to/mysql-server"
  mount --bind -o ro "$server" "$to/mysql-server"
}

# In namespaces of its own, for which this script calls itself.
enter() {
  local root=$1
  shift

  mount --make-rprivate /
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount -t tmpfs tmpfs "$root/aurora"
  give_mysql "$root/tmp/aurora-test-0"
  cp -R meson.build meson_options.txt README.md src include tests bench "$root/aurora/"
  exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    CI="${CI:-}" AURORA_TEST_SLOWNESS="${AURORA_TEST_SLOWNESS:-1}" \
    sh -c 'cd /aurora && exec "$@"' sh "$@"
}

case ${1:-} in
  --help | -h)
    usage
    exit 0
    ;;
  --make-root)
    make_root "$2" "$3"
    exit
    ;;
  --enter)
    shift
    enter "$@"
    ;;
  --shell) command=(bash) ;;
  *) command=(tests/run.sh --werror "$@") ;;
esac

[ "$(id -u)" -eq 0 ] || cannot "only root can make and enter another root"
cache=$(cache_directory) || cannot "no cache directory of this user's own"
from=$(mirror) || cannot "this machine's apt has no mirror of Debian"
alone=(unshare --mount --pid --fork --kill-child tests/debian13.sh)
# Another list of packages is another root.
root=$cache/debian13-$(cksum <<<"${packages[*]}" | cut -d ' ' -f 1)
exec 9>"$cache/debian13.lock"
flock 9
if [ ! -d "$root" ]; then
  install_missing debootstrap util-linux
  say "Making a Debian 13 in $root"
  rm -rf --one-file-system "$root.new"
  log=$(mktemp)
  if ! "${alone[@]}" --make-root "$root.new" "$from" >"$log" 2>&1; then
    tail -n 20 "$log"
    rm -rf --one-file-system "$root.new" "$log"
    cannot "debootstrap or apt failed"
  fi
  rm -f "$log"
  mv -T "$root.new" "$root"
fi
exec 9>&-
# Where it cannot be had, run.sh says so.
[ "${command[0]}" = bash ] || [[ " $* " == *' --server mariadb '* ]] ||
  tests/support/mysql_server.sh >/dev/null || true
"${alone[@]}" --enter "$root" "${command[@]}"
