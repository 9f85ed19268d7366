#!/bin/sh
# B4: cuts the power of file systems on loop images. As root, on demand: sh test/durability/power-cut.sh [--cuts 50] [--seed 1]
set -eu
cd "$(dirname "$0")/../.."
if [ "$(id -u)" -ne 0 ]; then
  echo 'power-cut: mounting images needs root' >&2
  exit 1
fi
if [ ! -e /dev/loop-control ]; then
  echo 'power-cut: this machine has no loop devices' >&2
  exit 1
fi
sh test/durability/install-tools.sh --power-cut
exec npx --no-install tsx test/durability/power-cut.ts "$@"
