"""The program under test, run as a user runs it: in a directory, with a configs/backup.yaml."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milvus_server import Milvus
from object_stores import ObjectStore

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("MBK_BINARY") or REPOSITORY / "milvus-backup")
RUN_SECONDS = 600  # the test's own limit ends it long before

DONE, FAILED, USAGE, PARTLY, DIFFERENT = 0, 1, 2, 3, 4
NOT_FOUND, LOCKED, NOT_ALLOWED, INTERRUPTED = 10, 11, 12, 130

# Variables that the program reads and a developer's shell may hold.
_OURS = ("AWS_", "MILVUS_", "MINIO_", "BACKUP_", "MILVUSCONF", "GCP_KEY_JSON", "ZILLIZ_", "SERVER_PORT", "TO_")


@dataclass(frozen=True)
class Outcome:
    command: str
    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)

    def __str__(self) -> str:
        return f"$ {self.command}\nexit code {self.exit_code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def only_collection(outcome: Outcome) -> dict[str, Any]:
    """What the JSON of a run over one collection says of it."""
    [one] = outcome.json()["collections"]
    return one


class Program:
    """`milvus-backup` in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        # Variables beside the developer's own. What other runs have recorded on this machine is none of its business.
        self.environment: dict[str, str] = {"XDG_STATE_HOME": str(directory.parent / f"{directory.name}.state")}
        self.wrapper: list[str] = []  # a command that runs the program
        directory.mkdir(parents=True, exist_ok=True)

    def configure(self, text: str, file: str = "configs/backup.yaml") -> Path:
        """Write a configuration file; its path. The default one is found without --config."""
        path = self.directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *args: object, env: dict[str, str] | None = None) -> Outcome:
        command = [str(BINARY), *map(str, args)]
        done = subprocess.run(
            [*self.wrapper, *command],
            cwd=self.directory,
            env=_environment() | self.environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Outcome(" ".join(["milvus-backup", *command[1:]]), done.returncode, done.stdout, done.stderr)

    def shell(self, command: str, env: dict[str, str] | None = None) -> Outcome:
        """Run what was printed as a user pastes it: in the same directory, with the program in the PATH."""
        path = self.directory / ".path"
        path.mkdir(exist_ok=True)
        if not (path / "milvus-backup").exists():
            (path / "milvus-backup").symlink_to(BINARY)
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.directory,
            env=_environment() | self.environment | (env or {}) | {"PATH": f"{path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Outcome(command, done.returncode, done.stdout, done.stderr)

    def ok(self, *args: object) -> Outcome:
        return self.ends_with(DONE, *args)

    def ends_with(self, exit_code: int, *args: object) -> Outcome:
        outcome = self.run(*args)
        assert outcome.exit_code == exit_code, f"expected exit code {exit_code}\n{outcome}"
        return outcome

    def backups(self) -> list[str]:
        """The names that `list` shows."""
        header, *names = self.ok("list").stdout.splitlines()
        assert header == ">> Backups:"
        return names

    def start(self, *args: object) -> Running:
        return Running(self, [str(BINARY), *map(str, args)])


class Running:
    """A run that is not over yet. As a context manager it is killed at the end, should it still go on."""

    def __init__(self, program: Program, command: Sequence[str]) -> None:
        self._command = " ".join(["milvus-backup", *command[1:]])
        self._process = subprocess.Popen(
            command,
            cwd=program.directory,
            env=_environment() | program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def interrupt(self, sent: signal.Signals = signal.SIGINT) -> None:
        self._process.send_signal(sent)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def is_gone(self, *, within_s: float) -> bool:
        """Waits for the end without taking what was printed: another thread may be in `finish`."""
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def finish(self, *, within_s: float) -> Outcome:
        stdout, stderr = self._process.communicate(timeout=within_s)
        return Outcome(self._command, self._process.returncode, stdout, stderr)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def documented_config(
    server: Milvus,
    *,
    backup_bucket: str | None = None,
    backup_root: str = "backup",
    minio: dict[str, Any] | None = None,
    milvus: dict[str, Any] | None = None,
) -> str:
    """A user's v1 file with the keys of the documentation, for a Milvus whose data lie in a store.

    `minio` and `milvus` add keys to those sections or replace them.
    """
    store = server.store
    assert store is not None, "this Milvus keeps its data on a local disk"
    section: dict[str, Any] = {
        "storageType": store.provider,
        **_store_keys(store),
        "useIAM": False,
        "iamEndpoint": "",
        "bucketName": server.bucket,
        "rootPath": server.root_path,
        "backupAccessKeyID": store.access_key,
        "backupSecretAccessKey": store.secret_key,
        "backupBucketName": backup_bucket or server.bucket,
        "backupRootPath": backup_root,
    }
    return yaml_text({"milvus": _milvus_keys(server) | (milvus or {}), "minio": section | (minio or {})})


def local_config(
    server: Milvus, backup_root: Path, *, minio: dict[str, Any] | None = None, milvus: dict[str, Any] | None = None
) -> str:
    """A user's v1 file for a Milvus that keeps its data on this machine's disk, as the backup does.

    `minio` and `milvus` add keys to those sections or replace them.
    """
    section = {"storageType": "local", "rootPath": str(server.local_root), "backupRootPath": str(backup_root)}
    return yaml_text({"milvus": _milvus_keys(server) | (milvus or {}), "minio": section | (minio or {})})


def backup_store(store: ObjectStore, bucket: str) -> dict[str, Any]:
    """Keys of the minio section that put the backup into another store than the data."""
    keys = {f"backup{name[0].upper()}{name[1:]}": value for name, value in _store_keys(store).items()}
    return {"backupStorageType": store.provider, **keys, "backupBucketName": bucket}


def _milvus_keys(server: Milvus) -> dict[str, Any]:
    return {
        "address": server.address,
        "port": server.port,
        "authorizationEnabled": server.auth,
        "tlsMode": server.tls_mode,
        "user": server.user,
        "password": server.password,
    }


def _store_keys(store: ObjectStore) -> dict[str, Any]:
    return {
        "address": store.address,
        "port": store.port,
        "accessKeyID": store.access_key,
        "secretAccessKey": store.secret_key,
        "useSSL": store.tls,
    }


def unpack_golden_backups(directory: Path) -> None:
    """The backups that the Go tool 0.5.16 made, below `directory`, which is made if it is not there."""
    with tarfile.open(REPOSITORY / "tests" / "compat" / "go-v0.5.16.tar.gz") as archive:
        archive.extractall(directory)  # our own archive; Debian's Python 3.11.2 knows no filter


def yaml_text(sections: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, keys in sections.items():
        lines.append(f"{name}:")
        lines += [f"  {key}: {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"
