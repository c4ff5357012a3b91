#!/bin/sh
# check.sh SOURCES MESON C-COMPILER NM READELF
# Uses the library as other projects do: installed and found by pkg-config, shared and static; and as a
# subproject of theirs. Prints TAP. Everything happens in a temporary directory that is removed.
set -u
sources=$1
meson=$2
cc=$3
nm=$4
readelf=$5
here=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d) || exit 1
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' HUP INT TERM
cd "$temporary" || exit 1
# Options of the build that runs this test are not meant for the builds in here.
unset CFLAGS LDFLAGS DESTDIR
export CC="$cc"
number=0
failed=0

# result NAME COMMAND...: one case; what the command says is shown when it fails.
result() {
  name=$1
  shift
  number=$((number + 1))
  if "$@" >output 2>&1; then
    echo "ok $number - $name"
  else
    failed=1
    echo "not ok $number - $name"
    sed 's/^/# /' output >&2
  fi
}

# The functions below are called through result.
# shellcheck disable=SC2317
install_it() {
  "$meson" setup build "$sources" --prefix="$temporary/prefix" --libdir=lib \
    -Dtests=disabled -Dbench=disabled -Dwerror=true &&
    "$meson" install -C build
}

# shellcheck disable=SC2317
installed_headers() {
  (cd "$sources/include" && find . -name '*.h' | sort) >wanted
  (cd prefix/include && find . -name '*.h' | sort) >found
  diff wanted found
}

# shellcheck disable=SC2317
shared_name() {
  [ "$(readlink prefix/lib/libaurora.so)" = libaurora.so.0 ] &&
    "$readelf" -d prefix/lib/libaurora.so | grep 'SONAME.*\[libaurora\.so\.0\]'
}

# libmariadb is LGPL: it must be the shared one, in the consumer of the static library too.
# shellcheck disable=SC2317
needs_libmariadb() {
  "$readelf" -d "$1" | grep 'NEEDED.*\[libmariadb\.so\.3\]'
}

# Prints the names that should not be there.
# shellcheck disable=SC2317
exports_public_names_only() {
  "$nm" -D --defined-only prefix/lib/libaurora.so | awk '{ print $NF }' >exported
  grep -q '^aurora_pool_create$' exported && ! grep -v '^aurora_[a-z]' exported
}

# Static libraries cannot hide names; what is not public must at least not be anybody else's.
# shellcheck disable=SC2317
static_names_are_prefixed() {
  "$nm" -g --defined-only prefix/lib/libaurora.a | awk 'NF == 3 { print $3 }' >defined
  [ -s defined ] && ! grep -v '^aurora_' defined
}

# shellcheck disable=SC2046,SC2317
build_shared() {
  $cc -std=gnu11 -Wall -Wextra -Werror "$here/consumer.c" -o shared \
    $(pkg-config --cflags --libs aurora) -Wl,-rpath,"$temporary/prefix/lib" &&
    "$readelf" -d shared | grep 'NEEDED.*\[libaurora\.so\.0\]'
}

# The compiler is told the archive by name: there is a shared library of that name beside it.
# shellcheck disable=SC2046,SC2317
build_static() {
  $cc -std=gnu11 -Wall -Wextra -Werror "$here/consumer.c" -o static \
    $(pkg-config --static --cflags --libs aurora | sed 's/-laurora\b/-l:libaurora.a/') &&
    ! "$readelf" -d static | grep 'NEEDED.*libaurora'
}

# shellcheck disable=SC2317
set_up_subproject() {
  mkdir -p other/subprojects/aurora &&
    cp -R "$sources/meson.build" "$sources/meson_options.txt" "$sources/src" "$sources/include" \
      "$sources/tests" "$sources/bench" other/subprojects/aurora &&
    cp "$here/consumer.c" other/ &&
    cat >other/meson.build <<'END' && "$meson" setup other-build other --wrap-mode=forcefallback
project('other', 'c', default_options: ['c_std=gnu11', 'warning_level=2', 'werror=true'])
aurora = dependency('aurora', fallback: 'aurora', version: '>= 0.1')
executable('consumer', 'consumer.c', dependencies: aurora)
END
}

# shellcheck disable=SC2317
subproject_has_no_tests() {
  "$meson" introspect --tests other-build | tee tests
  [ "$(cat tests)" = '[]' ] || return 1
  "$meson" introspect --targets other-build |
    python3 -c 'import json, sys; [print(target["name"]) for target in json.load(sys.stdin)]' |
    sort -u | tee targets
  [ "$(tr '\n' ' ' <targets)" = 'aurora consumer ' ]
}

# As on a machine that has neither Check nor a C++ compiler: what finds packages knows nothing of the one, and the
# other fails.
# shellcheck disable=SC2317
builds_without_check() {
  cat >pkg-config-without-check <<'END' && chmod +x pkg-config-without-check || return 1
#!/bin/sh
for argument; do
  [ "$argument" != check ] || exit 1
done
exec pkg-config "$@"
END
  PKG_CONFIG="$temporary/pkg-config-without-check" CMAKE=false CXX=false \
    "$meson" setup without "$sources" -Dbench=disabled -Dwerror=true &&
    "$meson" compile -C without &&
    [ "$("$meson" introspect --tests without)" = '[]' ]
}

# shellcheck disable=SC2317
tests_need_check() {
  ! PKG_CONFIG="$temporary/pkg-config-without-check" CMAKE=false \
    "$meson" setup without-tests "$sources" -Dtests=enabled
}

export PKG_CONFIG_PATH="$temporary/prefix/lib/pkgconfig"
result 'it installs under a prefix, without warnings' install_it
result 'its headers are installed, and no others' installed_headers
result 'its shared library has a soversion' shared_name
result 'it needs the shared libmariadb' needs_libmariadb prefix/lib/libaurora.so
result 'it exports public names only' exports_public_names_only
result 'its static library has no names but its own' static_names_are_prefixed
result 'a consumer builds by pkg-config with the shared library' build_shared
result 'that consumer runs' ./shared
result 'a consumer builds by pkg-config with the static library' build_static
result 'that consumer needs the shared libmariadb' needs_libmariadb static
result 'that consumer runs, too' ./static
result 'another project has it as a subproject' set_up_subproject
result 'the subproject brings no tests and no bench' subproject_has_no_tests
result 'that project builds, with warnings as errors' "$meson" compile -C other-build
result 'its consumer runs' other-build/consumer
result 'it builds without Check and without a C++ compiler, and has no tests then' builds_without_check
result 'without Check it has no tests=enabled' tests_need_check
echo "1..$number"
exit $failed
