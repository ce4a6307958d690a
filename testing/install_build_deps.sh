#!/usr/bin/env bash
# Install with apt what building and testing need and this machine lacks. Debian 12.
set -euo pipefail

packages=(
  # build
  ccache cmake g++ git make mold ninja-build pkg-config
  # libraries
  libcli11-dev libcurl4-openssl-dev libfmt-dev libgrpc++-dev libprotobuf-dev libpugixml-dev libspdlog-dev
  libssl-dev libxxhash-dev libyaml-cpp-dev nlohmann-json3-dev protobuf-compiler protobuf-compiler-grpc
  # tests
  libbenchmark-dev libgmock-dev libgtest-dev librapidcheck-dev
  # the servers that the tests run against
  ca-certificates curl iproute2 openssl python3-venv util-linux
)

exec "$(dirname "$0")/apt_install" "${packages[@]}"
