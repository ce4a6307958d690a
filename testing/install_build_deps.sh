#!/usr/bin/env bash
# Install with apt what building and testing need and this machine lacks: as root, or with sudo.
# Says nothing and asks nobody when all of it is there. Debian 12.
set -euo pipefail

packages=(
  # build
  ccache cmake g++ git make mold ninja-build pkg-config
  # libraries
  libcli11-dev libcurl4-openssl-dev libfmt-dev libgrpc++-dev libprotobuf-dev libpugixml-dev libspdlog-dev
  libssl-dev libyaml-cpp-dev nlohmann-json3-dev protobuf-compiler protobuf-compiler-grpc
  # tests
  libbenchmark-dev libgmock-dev libgtest-dev librapidcheck-dev
  # the servers that the tests run against
  ca-certificates curl iproute2 openssl python3-venv util-linux
)

# A package that dpkg has never heard of is reported on stderr and counts as missing too.
present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$present" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing with apt: ${missing[*]}" >&2
if [ "$(id -u)" = 0 ]; then
  as_root=(env)
elif command -v sudo >/dev/null; then
  as_root=(sudo)
else
  echo "run this as root, or install sudo: apt-get install ${missing[*]}" >&2
  exit 1
fi
apt() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@" >&2; }
# The package lists of a fresh machine are empty or old: fetch them only when the install asks for it.
apt install -y --no-install-recommends "${missing[@]}" || { apt update && apt install -y --no-install-recommends "${missing[@]}"; }
