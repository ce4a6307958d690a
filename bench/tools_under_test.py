"""The commands that compete, as an operator would type them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from measure import Contender
from object_stores import ObjectStore
from tools import tool

REPOSITORY = Path(__file__).resolve().parents[1]
OURS = Path(os.environ.get("MBK_BINARY") or REPOSITORY / "milvus-backup")
ROOT = "backup"
# rclone moves four objects at a time unless told otherwise. It runs both ways, so that it cannot be said that
# it lost for its caution.
RCLONE_TRANSFERS = 64

CONFIG = """\
log:
  console: false
milvus:
  address: 127.0.0.1
  port: {milvus_port}
minio:
  storageType: minio
  address: {store.address}
  port: {store.port}
  accessKeyID: {store.access_key}
  secretAccessKey: {store.secret_key}
  bucketName: {bucket}
  rootPath: files
  backupRootPath: {root}
"""


def config(store: ObjectStore, bucket: str, *, milvus_port: int = 19530) -> str:
    """A user's configuration file; copying a backup needs no Milvus."""
    return CONFIG.format(store=store, bucket=bucket, root=ROOT, milvus_port=milvus_port)


class CopyOfABackup:
    """A backup that lies in one bucket, to be brought into another by each tool that can."""

    def __init__(self, name: str, source: ObjectStore, from_bucket: str, target: ObjectStore, to_bucket: str,
                 directory: Path) -> None:  # fmt: skip
        self._name = name
        self._source, self._from = source, f"{from_bucket}/{ROOT}/{name}"
        self._target, self._to_bucket, self._to = target, to_bucket, f"{to_bucket}/{ROOT}/{name}"
        self._directory = directory
        self._data = [key for key in source.keys(self._from) if not key.startswith("meta/")]
        (directory / "configs").mkdir(parents=True, exist_ok=True)
        (directory / "configs/backup.yaml").write_text(config(source, from_bucket))
        (directory / "other.yaml").write_text(config(target, to_bucket))

    def contenders(self) -> list[Contender]:
        return [self.ours(), self._mc("mc cp", "cp", "--recursive"), self._mc("mc mirror", "mirror"),
                self._rclone("rclone"),
                self._rclone(f"rclone, {RCLONE_TRANSFERS} at a time", "--transfers", str(RCLONE_TRANSFERS))]  # fmt: skip

    def ours(self, *settings: str) -> Contender:
        flags = [item for setting in settings for item in ("--set", setting)]
        command = [str(OURS), "copy", "-n", self._name, "--to", "other.yaml", "--quiet", *flags]
        contender = self._contender(" ".join(["milvus-backup", *settings]), command)
        return replace(contender, log=self._directory / "logs/backup.log")

    def _mc(self, name: str, *verb: str) -> Contender:
        command = [str(tool("bin/mc")), "--config-dir", str(self._directory / "mc"), "--quiet", *verb,
                   f"{self._source.name}/{self._from}/", f"{self._target.name}/{self._to}/"]  # fmt: skip
        return self._contender(name, command, self._source.mc_env() | self._target.mc_env())

    def _rclone(self, name: str, *flags: str) -> Contender:
        program = shutil.which("rclone")
        if program is None:
            raise FileNotFoundError("rclone is missing: apt-get install rclone")
        # Remotes of one name are one store to it: only then it lets the server copy.
        remotes = {store.url: store for store in (self._source, self._target)}
        # rclone 1.60 refuses to start where AWS_CA_BUNDLE is set.
        env = {"RCLONE_CONFIG": str(self._directory / "no-rclone.conf"), "AWS_CA_BUNDLE": ""}
        for store in remotes.values():
            env |= _rclone_remote(store)
        command = [program, "copy", "--quiet", *flags, f"{self._source.name}:{self._from}", f"{self._target.name}:{self._to}"]
        return self._contender(name, command, env)

    def _contender(self, name: str, command: list[str], env: dict[str, str] | None = None) -> Contender:
        return Contender(name, command, self._directory, prepare=self._empty_target, check=self._check, env=env or {})

    def _empty_target(self) -> None:
        self._target.mc("rm", "--recursive", "--force", "--dangerous", f"{self._target.name}/{self._to_bucket}/")

    def _check(self) -> None:
        arrived = self._target.keys(self._to)
        data = [key for key in arrived if not key.startswith("meta/")]
        if data != self._data or "meta/backup_meta.json" not in arrived:
            raise RuntimeError(f"{len(data)} of {len(self._data)} objects arrived at {self._to}")


def _rclone_remote(store: ObjectStore) -> dict[str, str]:
    keys = {"TYPE": "s3", "PROVIDER": "Minio", "ENDPOINT": store.url, "ACCESS_KEY_ID": store.access_key,
            "SECRET_ACCESS_KEY": store.secret_key}  # fmt: skip
    return {f"RCLONE_CONFIG_{store.name.upper()}_{key}": value for key, value in keys.items()}


