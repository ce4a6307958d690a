"""Decoding of insert logs in memory, column by column: the codec of milvus-backup against pyarrow.

Both print what they took themselves, so that the start of the processes is left out.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import aligned, spread
from tools_under_test import REPOSITORY

BENCH_ROWS = REPOSITORY / "build/release/src/bench-rows"
_PYARROW = Path(__file__).with_name("decode_pyarrow.py")
# Rows to decode in a run, for half a second or so.
KINDS = {"primary_key": 30_000_000, "int64": 30_000_000, "int32_few_values": 30_000_000, "bool": 30_000_000,
         "double": 30_000_000, "varchar": 5_000_000, "json": 1_500_000, "array_of_int64": 5_000_000,
         "float_vector_128": 1_000_000, "float_vector_256": 500_000, "sparse_vector": 2_000_000}  # fmt: skip
OURS, TWO_THREADS, FINGERPRINT, PYARROW = "ours", "ours, 2 threads", "ours, fingerprint", "pyarrow"


@dataclass(frozen=True)
class Decoded:
    rows: int
    wall_s: float
    cpu_s: float
    value_bytes: int = 0
    file_bytes: int = 0

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.wall_s

    @property
    def cpu_per_row(self) -> float:
        return self.cpu_s / self.rows


Rounds = dict[str, list[Decoded]]


def make_files(directory: Path) -> None:
    subprocess.run([BENCH_ROWS, "files", directory], check=True)


def measure(directory: Path, kind: str, rounds: int) -> Rounds:
    """One round to warm up, then `rounds`; who begins changes."""
    rows = str(KINDS[kind])
    ours = [str(BENCH_ROWS), "decode", str(directory), kind]
    contenders = {
        OURS: [*ours, "1", rows],
        PYARROW: [sys.executable, str(_PYARROW), str(directory), kind, rows],
        TWO_THREADS: [*ours, "2", rows],
        FINGERPRINT: [*ours, "1", rows, "fingerprint"],
    }
    results: Rounds = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            decoded = _run(contenders[name])
            if number > 0:
                results[name].append(decoded)
        print(f"    round {number} of {kind}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return results


def _run(command: Sequence[str]) -> Decoded:
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    told.pop("sum", None)
    return Decoded(**told)


def table(results: dict[str, Rounds]) -> str:
    """Medians (least–most). `× pyarrow`: how many rows ours decodes while pyarrow decodes one, taken within a
    round; by CPU time, which bears a busy machine better, beside it."""
    rows = [("", "MB/s", "million rows/s", "× pyarrow", "by CPU", "2 threads ×", "with fingerprint MB/s")]
    for kind, rounds in results.items():
        ours = rounds[OURS]
        megabytes = ours[0].value_bytes / ours[0].rows / 1e6
        rate = statistics.median(one.rate for one in ours)
        rows.append((
            kind,
            f"{rate * megabytes:.0f}",
            f"{rate / 1e6:.2f}",
            spread([own.rate / theirs.rate for own, theirs in zip(ours, rounds[PYARROW], strict=True)]),
            spread([theirs.cpu_per_row / own.cpu_per_row for own, theirs in zip(ours, rounds[PYARROW], strict=True)]),
            spread([two.rate / one.rate for one, two in zip(ours, rounds[TWO_THREADS], strict=True)]),
            f"{statistics.median(one.rate for one in rounds[FINGERPRINT]) * megabytes:.0f}",
        ))  # fmt: skip
    return aligned(rows)
