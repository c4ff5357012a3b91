#!/usr/bin/env bash
# A real MySQL server for the tests: prints the path of a program `mysqld`, fetched if need be.
#
# No stable release of Debian has MySQL, but its unstable one has (package mysql-server-core). The
# package and the libraries that the server loads are taken from the mirror that this machine's apt
# uses, and unpacked into the cache directory of the tests (see files.h). Apt works there with a state
# and a configuration of its own: the machine's are read, not changed, and nobody needs to be root.
# The program `mysqld` is a script: the server runs by the unstable release's own loader and libraries,
# however old this machine's are. All is made under another name with a lock held, and renamed when it
# is complete.
#
#   mysql_server.sh          11 MB of index and 42 MB of packages the first time, some 30 s
#
# Exit status: 0; 1: it could not be fetched; 2: no mirror of this machine has the package.
set -euo pipefail
export LC_ALL=C
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cache_directory.sh"

say() {
  printf 'mysql_server.sh: %s\n' "$*" >&2
}

# The mirrors of this machine's apt, one a line, with both kinds of files: stanzas "URIs: one two",
# which may go on in the next line, and lines "deb [options] uri suite ...". Not those of security
# updates, which have stable releases only.
mirrors() {
  local directory=/etc/apt/sources.list.d

  {
    cat "$directory"/*.sources 2>/dev/null | awk '
      function stanza() { if (enabled && binary) printf "%s", uris; uris = ""; enabled = binary = 1 }
      BEGIN { stanza() }
      /^[[:space:]]*#/ { next }
      /^[[:space:]]*$/ { stanza(); next }
      /^[^[:space:]]/ { field = tolower($1); $1 = "" }
      field == "enabled:" { enabled = tolower($0) !~ /no|false|off|0/ }
      field == "types:" { binary = / deb( |$)/ }
      field == "uris:" { for (i = 1; i <= NF; i++) uris = uris $i "\n" }
      END { stanza() }'
    cat /etc/apt/sources.list "$directory"/*.list 2>/dev/null |
      sed -nE 's/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]*)?([^[:space:]]+).*/\2/p'
  } | sed 's:/*$::' | grep -v security | awk 'NF && !seen[$0]++'
}

# The keyrings that this machine's sources name, and Debian's own.
keyrings() {
  {
    cat /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null |
      grep -ioE 'signed-by[:=][[:space:]]*/[^] ]+' | grep -oE '/.*' | tr ',' '\n'
    printf '/usr/share/keyrings/debian-archive-keyring.%s\n' gpg pgp
  } | awk '!seen[$0]++' | while read -r keyring; do
    [ ! -r "$keyring" ] || printf '%s\n' "$keyring"
  done | paste -sd,
}

# A configuration that has of the machine's only how to reach a mirror (proxies, for one), and for which
# nothing is installed.
write_configuration() {
  local state=$1

  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/var"
  : >"$state/status"
  apt-config dump | grep -E '^Acquire::(https?|ftp|tor|Retries|ForceIPv|Check-Valid|.*Proxy)' \
    >"$state/apt.conf" || true
  cat >>"$state/apt.conf" <<CONFIGURATION
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$state/var";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Acquire::Languages "none";
APT::Install-Recommends "0";
APT::Sandbox::User "$(id -un)";
APT::Update::Error-Mode "any";
Debug::NoLocking "1";
CONFIGURATION
}

# What the server loads, out of all that the package says it needs.
needed_packages() {
  apt-get -q -s install mysql-server-core 2>/dev/null | awk '/^Inst /{ print $2 }' | grep -E \
    '^(mysql-server-core|zlib1g|lib(c6|gcc-s1|stdc\+\+6|aio|numa|icu|ssl3|zstd|lz4|lzma|xxhash)|lib(protobuf-lite|tirpc3|unwind|google-perftools|tcmalloc).*)'
}

# fetch STATE MIRROR: the index and the packages. 0, 1 or 2 as this script.
fetch() {
  local state=$1 mirror=$2 keys names

  keys=$(keyrings)
  echo "deb ${keys:+[signed-by=$keys] }$mirror sid main" >"$state/sources.list"
  if ! apt-get -q update >"$state/log" 2>&1; then
    if grep -qE ' 404 |does not have a Release file' "$state/log"; then
      return 2
    fi
    say "$mirror: $(grep -m 1 '^E:' "$state/log" || tail -n 1 "$state/log")"
    return 1
  fi
  mapfile -t names < <(needed_packages)
  [[ " ${names[*]} " == *' mysql-server-core '* ]] || return 2
  if ! (cd "$state/cache/archives" && apt-get -q download "${names[@]}") >"$state/log" 2>&1; then
    say "$mirror: $(grep -m 1 '^E:' "$state/log" || tail -n 1 "$state/log")"
    return 1
  fi
}

# unpack STATE ROOT: without what only a person reads.
unpack() {
  local state=$1 root=$2 package

  mkdir "$root"
  for package in "$state"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --no-same-owner \
      --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' \
      --exclude='*/group_replication.so' --exclude='*/gconv' || return 1
  done
}

# The program that runs the server in place, wherever the directory lies.
write_program() {
  cat >"$1/mysqld" <<'PROGRAM'
#!/bin/sh
# mysqld by its own loader; the arguments are mysqld's, without an options file.
here=$(dirname "$0")
root=$here/root
libraries=$(dirname "$(echo "$root"/usr/lib/*/libc.so.6)")
exec "$(echo "$libraries"/ld-linux*.so.*)" --library-path "$libraries" "$root/usr/sbin/mysqld" \
  --no-defaults --basedir="$root/usr" --plugin-dir="$root/usr/lib/mysql/plugin" \
  --lc-messages-dir="$root/usr/share/mysql" --character-sets-dir="$root/usr/share/mysql/charsets" \
  "$@"
PROGRAM
  chmod 755 "$1/mysqld"
}

# make DIRECTORY: fetches, unpacks and tries the server; what is left half made is made anew.
make_server() {
  local directory=$1 making=$1.new status=2 mirror one

  if ! command -v apt-get || ! command -v dpkg-deb; then
    say "this is not Debian: MySQL cannot be fetched"
    return 1
  fi >/dev/null
  rm -rf "$making"
  mkdir -p "$making"
  write_configuration "$making/apt"
  export APT_CONFIG=$making/apt/apt.conf
  while read -r mirror; do
    one=0
    fetch "$making/apt" "$mirror" || one=$?
    [ $one -ne 0 ] || break
    # One that cannot be reached may have it.
    [ $one -ne 1 ] || status=1
  done < <(mirrors)
  if [ "${one:-2}" -ne 0 ]; then
    [ $status -ne 2 ] || say "no mirror of this machine has Debian unstable's mysql-server-core"
    return $status
  fi
  unpack "$making/apt" "$making/root" && write_program "$making" || return 1
  "$making/mysqld" --version >&2 || return 1
  rm -rf "$making/apt"
  mv -T "$making" "$directory"
}

cache=$(cache_directory) || {
  say "no cache directory of this user's own"
  exit 1
}
server=$cache/mysql-server
if [ ! -d "$server" ]; then
  exec 9>"$server.lock"
  flock 9
  status=0
  # Another may have made it while this one waited.
  [ -d "$server" ] || (make_server "$server") || status=$?
  [ $status -eq 0 ] || {
    rm -rf "$server.new"
    exit $status
  }
fi
printf '%s\n' "$server/mysqld"
