# shellcheck shell=bash
# Where scripts of the tests keep what takes long to make. Sourced, not run.

# Prints the cache directory of the tests and makes it, as files_cache_directory of files.c: this user's
# own. 1: there is none.
cache_directory() {
  local cache

  cache=/tmp/aurora-test-$(id -u)
  if [ -n "${AURORA_TEST_CACHE:-}" ]; then
    cache=$AURORA_TEST_CACHE
  elif [[ ${XDG_RUNTIME_DIR:-} == /* && -O $XDG_RUNTIME_DIR ]]; then
    cache=$XDG_RUNTIME_DIR/aurora-test
  fi
  mkdir -m 700 "$cache" 2>/dev/null || [[ -d $cache && -O $cache ]] || return 1
  printf '%s\n' "$cache"
}
