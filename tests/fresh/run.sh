#!/usr/bin/env bash
# What a new user does, on a new machine: in a clean Debian bookworm, clone HEAD and run `make demo`; on a second clean
# machine, clone and run `make test`. Nothing is installed beforehand but git, make and ca-certificates, and there is
# no standard input. Uncommitted changes are not part of it.
#
# The machine is a chroot in $TMPDIR (default build/fresh), which takes over the host's apt configuration: sources,
# download settings, proxies, certificates. A folder shared/ beside the working copy is copied beside the clone.
# Mounts and processes live in namespaces of their own and end with the command, whatever happens.
set -euo pipefail

release=bookworm
top=$(cd "$(dirname "$0")/../.." && pwd)
project=sqlite-attribution

needs() { printf 'tests/fresh/run.sh: %s\n' "$1" >&2; exit 2; }
[ "$(uname -s)" = Linux ] || needs "needs Linux"
command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] ||
  needs "debootstrap is missing; install it: sudo apt-get install -y debootstrap"
[ "$(id -u)" = 0 ] || needs "a chroot needs root; run: sudo make test-fresh"
PATH=$PATH:/usr/sbin:/sbin

mkdir -p "${TMPDIR:-$top/build/fresh}"
work=$(mktemp -d "${TMPDIR:-$top/build/fresh}/fresh.XXXXXX")
chmod 755 "$work"
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP

# where the host's apt gets the release's main packages from
apt_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $release" 'Component: main' 2>/dev/null |
    head -n 1
}

take_over_apt() {
  local machine=$1 file
  if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = "$release" ]; then
    rm -f "$machine/etc/apt/sources.list"
    for file in sources.list sources.list.d trusted.gpg.d keyrings; do
      [ ! -e "/etc/apt/$file" ] || cp -rL "/etc/apt/$file" "$machine/etc/apt/"
    done
  fi
  for file in $(grep -lsE '^[[:space:]]*Acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true); do
    cp -L "$file" "$machine/etc/apt/apt.conf.d/"
  done
  for file in /etc/resolv.conf /etc/hosts; do
    [ ! -e "$file" ] || cp -L "$file" "$machine$file"
  done
  for file in /usr/local/share/ca-certificates/*.crt; do
    [ ! -e "$file" ] || cp -L "$file" "$machine/usr/local/share/ca-certificates/"
  done
  chroot "$machine" update-ca-certificates >/dev/null 2>&1
}

# a machine as a container image has it: no package lists, and no service starts when its package is installed
make_machine() {
  local machine=$1 mirror proxy=
  mirror=$(apt_mirror)
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  [ -z "$proxy" ] || export http_proxy="${http_proxy:-$proxy}"
  unshare --mount debootstrap --variant=minbase --include=git,make,ca-certificates "$release" "$machine" \
    "${mirror:-http://deb.debian.org/debian}" > "$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; exit 1; }
  take_over_apt "$machine"
  rm -rf "$machine"/var/lib/apt/lists/* "$machine"/var/cache/apt/archives/*.deb
  printf '#!/bin/sh\nexit 101\n' > "$machine/usr/sbin/policy-rc.d"
  chmod 755 "$machine/usr/sbin/policy-rc.d"
  git clone --quiet --bare --no-local "$top" "$machine/srv/$project.git"
  mkdir "$machine/root/fresh"
  [ ! -d "$top/../shared" ] || cp -rL "$top/../shared" "$machine/root/fresh/shared"
}

# runs a shell command in the machine, as root, with a clean environment and the host's proxies
in_machine() {
  local machine=$1 name environment=(HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin)
  for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$1/proc" && mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" &&
    machine=$1 && shift && exec chroot "$machine" "$@"' sh \
    "$machine" env -i "${environment[@]}" sh -c "$2" </dev/null
}

[ -z "$(git -C "$top" status --porcelain)" ] || echo "note: there are uncommitted changes; this tests HEAD without them"
echo "== a clean Debian $release in $work"
make_machine "$work/clean"
results= failed=0
for command in "make demo" "make test"; do
  echo "== $command, in a fresh clone on a clean machine"
  cp -a "$work/clean" "$work/machine"
  SECONDS=0
  if in_machine "$work/machine" "cd /root/fresh && git clone --quiet /srv/$project.git && cd $project && $command"; then
    results+="PASS  $command  ($SECONDS s)"$'\n'
  else
    results+="FAIL  $command  ($SECONDS s)"$'\n' failed=1
  fi
  rm -rf --one-file-system "$work/machine"
done
printf '\n%s' "$results"
exit "$failed"
