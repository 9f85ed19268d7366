#!/bin/sh
# Installs what the durability suite needs beside Node, from Debian's packages: strace, a C compiler, mount and the mkfs of the
# file systems that power-cut.sh tries. Needs root, and says so.
set -eu

missing=''
for pair in strace:strace gcc:gcc mount:mount losetup:mount; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
# gcc without the C library's headers compiles nothing.
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
if [ "${1:-}" = --power-cut ]; then
  for pair in mkfs.ext4:e2fsprogs mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
  done
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "install-tools: the durability suite needs$missing; install them (apt-get install$missing) or run this as root on Debian" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null || { echo 'install-tools: apt-get update failed' >&2; exit 1; }
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing >/dev/null || { echo "install-tools: apt-get install$missing failed" >&2; exit 1; }
