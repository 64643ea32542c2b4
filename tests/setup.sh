#!/bin/sh
# Makes sure that what a target needs is there: setup.sh GROUP...
# (build demo test hosts coverage mcdc clang valgrind fuzz machines peers bench-peers)
#
# Installs missing Debian packages when it may (root, or sudo without a
# password); otherwise prints the one line that does, and fails. Quick when
# everything is there already: it looks for files, not for packages.
set -eu
missing=""

need() {            # need PACKAGE TEST...
  package=$1; shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}
header() { echo "#include <$1>" | ${CC:-cc} -E -x c - ; }
python_module() { /usr/bin/python3 -c "import $1" ; }
python_header() { test -e "$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ; }
# Debian's clang only recommends the package that has libFuzzer.
fuzzer_library() { ls "$("${FUZZ_CC:-clang}" -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a ; }

profile_library() { ls "$("${MCDC_CC:-clang-19}" -print-resource-dir)"/lib/*/libclang_rt.profile*.a ; }

for group in "$@"; do
  case $group in
    build)
      need gcc command -v "${CC:-cc}"
      need libc6-dev header stdio.h
      need libsqlite3-dev header sqlite3ext.h ;;
    demo)
      need sqlite3 command -v sqlite3 ;;
    test)
      need libcmocka-dev test -e /usr/include/cmocka.h
      need locales test -e /usr/share/i18n/locales/de_DE
      need python3 test -x /usr/bin/python3
      need python3-pytest python_module pytest
      need python3-pytest-xdist python_module xdist
      need python3-hypothesis python_module hypothesis
      need r-cran-survival test -e /usr/lib/R/library/survival/DESCRIPTION ;;
    hosts)
      need debian-archive-keyring test -e /usr/share/keyrings/debian-archive-keyring.gpg
      need tcl command -v tclsh
      need xz-utils command -v xz
      need nodejs command -v node
      need npm command -v npm
      need python3-pip python_module pip ;;
    clang)
      need clang command -v clang ;;
    valgrind)
      need valgrind command -v valgrind
      need libc6-dbg test -d /usr/lib/debug/.build-id ;;
    fuzz)
      need libcmocka-dev test -e /usr/include/cmocka.h
      need clang command -v "${FUZZ_CC:-clang}"
      need libclang-rt-dev fuzzer_library ;;
    machines)
      need npm command -v npm
      need gcc-aarch64-linux-gnu command -v aarch64-linux-gnu-gcc
      need libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
      need gcc-i686-linux-gnu command -v i686-linux-gnu-gcc
      need libc6-dev-i386-cross test -e /usr/i686-linux-gnu/include/stdio.h
      need qemu-user command -v qemu-aarch64
      need musl-tools command -v musl-gcc
      need gcc-mingw-w64-x86-64 command -v x86_64-w64-mingw32-gcc
      need wine command -v wine
      need wine64 test -e /usr/lib/wine/wine64 ;;
    coverage)
      need gcc command -v "${GCOV:-gcov}" ;;
    mcdc)
      need clang-19 command -v "${MCDC_CC:-clang-19}"
      need llvm-19 command -v llvm-cov-19
      need libclang-rt-19-dev profile_library ;;
    peers)
      need python3 test -x /usr/bin/python3
      need nodejs command -v node
      need npm command -v npm ;;
    bench-peers)
      need python3 test -x /usr/bin/python3
      need python3-venv python_module ensurepip
      need python3-dev python_header
      need g++ command -v g++ ;;
    *) echo "setup.sh: unknown group $group" >&2; exit 2 ;;
  esac
done
[ -n "$missing" ] || exit 0

# Headers are looked for with a compiler that may itself be missing.
if ! command -v apt-get >/dev/null 2>&1; then
  echo "missing:$missing (these are Debian's names; install what your system calls them)" >&2
  exit 1
fi
install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then run=""
elif sudo -n true 2>/dev/null; then run="sudo"
else
  echo "missing:$missing" >&2
  echo "run: sudo apt-get update && sudo $install" >&2
  exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
# shellcheck disable=SC2086
$run $install -qq >/dev/null
