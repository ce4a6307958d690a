"""Commands that decode every row of a backup: what they take, and how much memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import collections_of as milvus
from decode_rounds import BENCH_ROWS
from measure import Contender, Results, aligned, compete, run_once, spread
from milvus_server import Milvus
from object_stores import Minio
from places import ROOT, config
from tools_under_test import OURS

COLLECTION = "bench"
_KEYS_OF_A_DELETE = 100


@dataclass(frozen=True)
class RowShape:
    """A collection of Int64 keys and float vectors; one key in a hundred is deleted."""

    name: str
    segments: int
    segment_rows: int
    log_rows: int
    dim: int

    @property
    def rows(self) -> int:
        return self.segments * self.segment_rows

    @property
    def living(self) -> int:
        return self.rows - (self.rows + _KEYS_OF_A_DELETE - 1) // _KEYS_OF_A_DELETE

    @property
    def value_bytes(self) -> int:
        """Key, row id, timestamp and vector."""
        return self.rows * (3 * 8 + 4 * self.dim)

    def __str__(self) -> str:
        return f"{self.rows:,} × {self.dim}-d in {self.segments:,} segments"


# As Milvus writes them: logs of 16 MiB, segments of some dozens.
LARGE = RowShape("large", segments=20, segment_rows=60_000, log_rows=15_000, dim=256)
MANY_SEGMENTS = RowShape("many_segments", segments=5_000, segment_rows=80, log_rows=80, dim=16)


class RowCommands:
    """A desk beside a MinIO that holds a made backup, and a Milvus where one is needed."""

    def __init__(self, store: Minio, bucket: str, shape: RowShape, directory: Path, server: Milvus | None = None) -> None:
        self._store, self._bucket, self._shape, self._directory, self._server = store, bucket, shape, directory, server
        (directory / "configs").mkdir(parents=True, exist_ok=True)
        port = {"milvus_port": server.port} if server is not None else {}
        (directory / "configs/backup.yaml").write_text(config(store, bucket, **port))
        self._pids = [store.process.pid] + ([server.process.pid] if server is not None else [])

    def seed(self) -> None:
        shape = self._shape
        with tempfile.TemporaryDirectory(dir=self._directory) as made:
            numbers = (shape.segments, shape.segment_rows, shape.log_rows, shape.dim)
            subprocess.run([BENCH_ROWS, "backup", made, shape.name, *map(str, numbers)], check=True)
            self._store.mc("mirror", f"{made}/{shape.name}", f"{self._store.name}/{self._bucket}/{ROOT}/{shape.name}")

    def verify(self) -> Contender:
        return self._contender("verify --level rows", ["verify", "-n", self._shape.name, "--level", "rows"],
                               check=self._check_living)  # fmt: skip

    def rounds(self, rounds: int) -> Results:
        return compete([self.verify()], rounds, self._pids)

    def memory(self) -> str:
        """Each command once: peak memory is the same every time."""
        assert self._server is not None
        name, restored = self._shape.name, f"{COLLECTION}_bak"
        exported = self._directory / "exported"
        commands = [
            self.verify(),
            self._contender("export", ["export", "-n", name, "-c", COLLECTION, "-o", str(exported)],
                            prepare=lambda: shutil.rmtree(exported, ignore_errors=True)),
            self._contender("l0compact", ["l0compact", "-n", name, "--force"]),
            self._contender("restore --via insert", ["restore", "-n", name, "-s", "_bak", "--via", "insert"],
                            check=lambda: self._load(restored)),
            self._contender("verify --live", ["verify", "-n", name, "--live", "-s", "_bak"]),
            self._contender("compare", ["compare", "--to", "configs/backup.yaml", "-c", f"{restored}:{restored}"]),
        ]  # fmt: skip
        rows = [("", "wall s", "CPU s", "peak MiB")]
        for command in commands:
            cost = run_once(command, self._pids)
            rows.append((command.name, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.peak_mib:.0f}"))
        shutil.rmtree(exported, ignore_errors=True)
        return aligned(rows)

    def _load(self, name: str) -> None:
        restored = milvus.collection(self._server, name)
        milvus.index_vector_plainly(restored)
        restored.load()

    def _check_living(self) -> None:
        output = (self._directory / "bench-output.txt").read_text()
        [collection] = json.loads(output[output.index("{") :])["collections"]
        if collection["living"] != self._shape.living:
            raise RuntimeError(f"not {self._shape.living} living rows:\n{output}")

    def _contender(self, name: str, arguments: Sequence[str], *, prepare: Callable[[], None] = lambda: None,
                   check: Callable[[], None] = lambda: None) -> Contender:  # fmt: skip
        return Contender(name, [str(OURS), *arguments, "--quiet", "--json"], self._directory, prepare, check)


def throughput(shape: RowShape, results: Results) -> str:
    lines = []
    for name, costs in results.items():
        rates = [shape.value_bytes / cost.wall_s / (1 << 30) for cost in costs]
        of_cpu = [shape.value_bytes / cost.cpu_s / (1 << 30) for cost in costs]
        lines.append(f"    {name}: {spread(rates)} GiB/s of values, {spread(of_cpu)} GiB to a second of its CPU")
    return "\n".join(lines)
