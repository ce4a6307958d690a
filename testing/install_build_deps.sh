#!/usr/bin/env bash
# Install with apt what this machine lacks. Debian 12.
#
#   testing/install_build_deps.sh GROUP…
#
# program   what the program is built with
# servers   what the servers of tests and demo are installed and run with
# tests     what the unit tests are built with
set -euo pipefail

packages=()
for group in "$@"; do
  case $group in
    program)
      packages+=(
        ccache cmake g++ git make mold ninja-build pkg-config
        libcli11-dev libcurl4-openssl-dev libfmt-dev libgrpc++-dev libprotobuf-dev libpugixml-dev libspdlog-dev
        libssl-dev libxxhash-dev libyaml-cpp-dev nlohmann-json3-dev protobuf-compiler protobuf-compiler-grpc
        python3-venv
      ) ;;
    servers) packages+=(ca-certificates curl iproute2 openssl python3-venv util-linux) ;;
    tests) packages+=(libbenchmark-dev libgmock-dev libgtest-dev librapidcheck-dev) ;;
    *) echo "install_build_deps.sh: group $group: want program, servers or tests" >&2; exit 2 ;;
  esac
done

exec "$(dirname "$0")/apt_install" "${packages[@]}"
