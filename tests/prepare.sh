# shellcheck shell=bash
# What tests/run.sh, bench/run.sh and .ci/run share: installing what is missing, configuring a build.
# Sourced, not run; the working directory is the top of the sources.

# What is needed to build and to run everything. mariadb-server-core has the server without the
# system service that the package mariadb-server sets up and starts.
# shellcheck disable=SC2034
packages=(gcc g++ libc6-dev meson ninja-build pkg-config libuv1-dev libmariadb-dev libssl-dev
  uthash-dev check mariadb-server-core mariadb-client-core ca-certificates)

say() {
  printf '==> %s\n' "$*"
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs those of the Debian packages that are not there; asks nothing, removes nothing.
install_missing() {
  local missing=() as_root=() package

  if ! command -v dpkg-query >/dev/null; then
    say "This is not Debian: nothing is installed. Needed are what Debian calls: $*"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    return
  fi
  say "Installing Debian packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root, and there is no sudo: install them and try again"
    as_root=(sudo)
  fi
  # Nothing may be read from the terminal but sudo's password.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
    update || die "apt-get update failed"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    --no-remove -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install "${missing[@]}" </dev/null || die "apt-get install failed"
}

# configure DIRECTORY OPTION...: sets up a build with these Meson options, unless it is already.
configure() {
  local directory=$1
  shift

  if [ ! -f "$directory/build.ninja" ]; then
    say "Configuring $directory"
    rm -rf "$directory"
    meson setup "$directory" "$@" || die "meson setup failed"
  elif [ "$*" != "$(cat "$directory/setup-options" 2>/dev/null)" ]; then
    say "Configuring $directory again"
    meson setup --reconfigure "$directory" "$@" || die "meson setup failed"
  fi
  printf '%s\n' "$*" >"$directory/setup-options"
}

compile() {
  say "Building $1"
  ninja -C "$1" || die "the build failed"
}
