"""The commands that compete, as an operator would type them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from measure import Contender
from places import Place
from tools import tool

REPOSITORY = Path(__file__).resolve().parents[1]
OURS = Path(os.environ.get("MBK_BINARY") or REPOSITORY / "milvus-backup")
# rclone moves four objects at a time unless told otherwise. It runs both ways, so that it cannot be said that
# it lost for its caution.
RCLONE_TRANSFERS = 64

class CopyOfABackup:
    """A backup that lies in one place, to be brought into another by each tool that can."""

    def __init__(self, name: str, source: Place, target: Place, directory: Path) -> None:
        self._name, self._source, self._target, self._directory = name, source, target, directory
        self._data = [key for key in source.keys(name) if not key.startswith("meta/")]
        (directory / "configs").mkdir(parents=True, exist_ok=True)
        (directory / "configs/backup.yaml").write_text(source.config())
        (directory / "other.yaml").write_text(target.config())

    def contenders(self) -> list[Contender]:
        mc_mirror = self._mc("mc mirror", "mirror")
        ours, mc_cp, *rclones = self.copiers()
        return [ours, mc_cp, mc_mirror, *rclones]

    def copiers(self) -> list[Contender]:
        return [self.ours(), self._mc("mc cp", "cp", "--recursive"), self._rclone("rclone"),
                self._rclone(f"rclone, {RCLONE_TRANSFERS} at a time", "--transfers", str(RCLONE_TRANSFERS))]  # fmt: skip

    def ours(self, *settings: str) -> Contender:
        flags = [item for setting in settings for item in ("--set", setting)]
        command = [str(OURS), "copy", "-n", self._name, "--to", "other.yaml", "--quiet", *flags]
        contender = self._contender(" ".join(["milvus-backup", *settings]), command)
        return replace(contender, log=self._directory / "logs/backup.log")

    def _mc(self, name: str, *verb: str) -> Contender:
        command = [*mc_command(self._directory), *verb, f"{self._source.mc_path(self._name)}/",
                   f"{self._target.mc_path(self._name)}/"]  # fmt: skip
        return self._contender(name, command, self._source.mc_env() | self._target.mc_env())

    def _rclone(self, name: str, *flags: str) -> Contender:
        env = rclone_env(self._directory) | self._source.rclone_env() | self._target.rclone_env()
        command = [rclone(), "copy", "--quiet", *flags, self._source.rclone_path(self._name),
                   self._target.rclone_path(self._name)]  # fmt: skip
        return self._contender(name, command, env)

    def _contender(self, name: str, command: list[str], env: dict[str, str] | None = None) -> Contender:
        return Contender(name, command, self._directory, prepare=self._target.empty, check=self._check, env=env or {})

    def _check(self) -> None:
        arrived = self._target.keys(self._name)
        data = [key for key in arrived if not key.startswith("meta/")]
        if data != self._data or "meta/backup_meta.json" not in arrived:
            raise RuntimeError(f"{len(data)} of {len(self._data)} objects arrived at {self._target}")


class ListOfABackup:
    """The objects of a backup in a bucket, to be listed by each tool. Ours has no command that lists and does nothing
    else: `verify --level quick` is one listing, held against the metadata, which it reads before."""

    def __init__(self, name: str, place: Place, objects: int, directory: Path) -> None:
        self._name, self._place, self._objects, self._directory = name, place, objects, directory
        (directory / "configs").mkdir(parents=True, exist_ok=True)
        (directory / "configs/backup.yaml").write_text(place.config())

    def contenders(self) -> list[Contender]:
        ours = [str(OURS), "verify", "-n", self._name, "--level", "quick", "--quiet", "--json"]
        mc = [*mc_command(self._directory), "ls", "--recursive", f"{self._place.mc_path(self._name)}/"]
        lsf = [rclone(), "lsf", "-R", "--files-only", self._place.rclone_path(self._name)]
        return [self._contender("verify --level quick", ours, self._check_ours),
                self._contender("mc ls --recursive", mc, self._check_lines, self._place.mc_env()),
                self._contender("rclone lsf -R", lsf, self._check_lines,
                                rclone_env(self._directory) | self._place.rclone_env())]  # fmt: skip

    def _contender(self, name: str, command: list[str], check: Callable[[], None],
                   env: dict[str, str] | None = None) -> Contender:  # fmt: skip
        return Contender(name, command, self._directory, prepare=lambda: None, check=check, env=env or {})

    def _check_ours(self) -> None:
        output = self._output()
        self._check(json.loads(output[output.index("{") :])["objects"])

    def _check_lines(self) -> None:
        self._check(sum("/insert_log/" in line for line in self._output().splitlines()))

    def _check(self, listed: int) -> None:
        if listed != self._objects:
            raise RuntimeError(f"{listed} of {self._objects} objects were listed:\n{self._output()[:1000]}")

    def _output(self) -> str:
        return (self._directory / "bench-output.txt").read_text()


def mc_command(directory: Path) -> list[str]:
    return [str(tool("bin/mc")), "--config-dir", str(directory / "mc"), "--quiet"]


def rclone() -> str:
    program = shutil.which("rclone")
    if program is None:
        raise FileNotFoundError("rclone is missing: apt-get install rclone")
    return program


def rclone_env(directory: Path) -> dict[str, str]:
    # rclone 1.60 refuses to start where AWS_CA_BUNDLE is set.
    return {"RCLONE_CONFIG": str(directory / "no-rclone.conf"), "AWS_CA_BUNDLE": ""}
