#!/usr/bin/env bash
# Install with apt what only the benchmark needs: rclone. As root, or with sudo.
set -euo pipefail

command -v rclone >/dev/null && exit 0
if [ "$(id -u)" = 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null; then
  as_root=(sudo)
else
  echo "run this as root, or install sudo: apt-get install rclone" >&2
  exit 1
fi
echo "installing with apt: rclone" >&2
apt() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@" >&2; }
apt install -y --no-install-recommends rclone || { apt update && apt install -y --no-install-recommends rclone; }
