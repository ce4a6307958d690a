"""Where backups lie, and what each tool calls that: a bucket of a store, or a directory."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from pathlib import Path

from object_stores import Minio, ObjectStore

ROOT = "backup"

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


# Of the store, only its kind counts: what Milvus itself keeps is not looked at.
LOCAL_CONFIG = """\
log:
  console: false
minio:
  storageType: local
  rootPath: {directory}/files
  backupRootPath: {directory}/{root}
"""


class Place(ABC):
    """Holds backups, each below its name."""

    @abstractmethod
    def config(self) -> str:
        """A user's configuration file whose backups lie here."""

    @abstractmethod
    def keys(self, name: str) -> list[str]:
        """Every key of the backup `name`, relative to it, sorted."""

    @abstractmethod
    def empty(self) -> None: ...

    @abstractmethod
    def mc_path(self, name: str) -> str: ...

    @abstractmethod
    def rclone_path(self, name: str) -> str: ...

    def mc_env(self) -> dict[str, str]:
        return {}

    def rclone_env(self) -> dict[str, str]:
        return {}


class Bucket(Place):
    def __init__(self, store: Minio, bucket: str) -> None:
        self._store, self._bucket = store, bucket

    def __str__(self) -> str:
        return f"{self._store.name}/{self._bucket}"

    def config(self) -> str:
        return config(self._store, self._bucket)

    def keys(self, name: str) -> list[str]:
        return self._store.keys(f"{self._bucket}/{ROOT}/{name}")

    def empty(self) -> None:
        self._store.mc("rm", "--recursive", "--force", "--dangerous", f"{self}/")
        self._store.empty_trash()

    def put(self, name: str, tree: Path) -> None:
        self._store.mc("mirror", str(tree), self.mc_path(name))

    def mc_path(self, name: str) -> str:
        return f"{self}/{ROOT}/{name}"

    def rclone_path(self, name: str) -> str:
        # Remotes of one name are one store to it: only then it lets the server copy.
        return f"{self._store.name}:{self._bucket}/{ROOT}/{name}"

    def mc_env(self) -> dict[str, str]:
        return self._store.mc_env()

    def rclone_env(self) -> dict[str, str]:
        keys = {"TYPE": "s3", "PROVIDER": "Minio", "ENDPOINT": self._store.url, "ACCESS_KEY_ID": self._store.access_key,
                "SECRET_ACCESS_KEY": self._store.secret_key}  # fmt: skip
        return {f"RCLONE_CONFIG_{self._store.name.upper()}_{key}": value for key, value in keys.items()}


class Directory(Place):
    def __init__(self, path: Path) -> None:
        self._path = path
        self.backups.mkdir(parents=True)

    def __str__(self) -> str:
        return str(self._path)

    @property
    def backups(self) -> Path:
        return self._path / ROOT

    def config(self) -> str:
        return LOCAL_CONFIG.format(directory=self._path, root=ROOT)

    def keys(self, name: str) -> list[str]:
        root = self.backups / name
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def empty(self) -> None:
        shutil.rmtree(self.backups)
        self.backups.mkdir()

    def mc_path(self, name: str) -> str:
        return str(self.backups / name)

    def rclone_path(self, name: str) -> str:
        return str(self.backups / name)
