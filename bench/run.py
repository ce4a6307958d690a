"""The benchmark of milvus-backup against what an operator would use instead. See README.md.

    testing/servers/in_loopback PYTHON bench/run.py [--rounds N] [PART…]
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "testing" / part) for part in ("client", "servers")]
warnings.filterwarnings("ignore", category=UserWarning, module="pymilvus")

import decode_rounds  # noqa: E402
import ways_rounds  # noqa: E402
from measure import Contender, compete, table  # noqa: E402
from milvus_rounds import DIM, RECORDED_GO, ROWS, MilvusRounds, fill  # noqa: E402
from object_stores import Minio  # noqa: E402
from rig import Rig  # noqa: E402
from rows_rounds import LARGE as LARGE_ROWS  # noqa: E402
from rows_rounds import MANY_SEGMENTS, RowCommands, RowShape, throughput  # noqa: E402
from synthetic_backup import Shape, write_backup  # noqa: E402
from tools_under_test import OURS, ROOT, CopyOfABackup  # noqa: E402

FROM, TO = "bench-from", "bench-to"
SMALL = Shape(objects=3_000, object_bytes=64 << 10)
LARGE = Shape(objects=40, object_bytes=64 << 20)
MANY = Shape(objects=50_000, object_bytes=128)


@dataclass
class Bench:
    rounds: int
    settings: Sequence[str]
    left_out: Sequence[str]
    work: Path

    def say(self, text: str) -> None:
        print(text, flush=True)

    def milvus(self) -> None:
        with Rig() as rig:
            store = rig.minio("minio_a", ["bucket-a"])
            server = rig.milvus("milvus_a", store, "bucket-a")
            rig.wait_ready()
            fill(server)
            rounds = MilvusRounds(server, self.work / "milvus")
            for verb, measure in (("create", rounds.create), ("restore", rounds.restore)):
                self.say(f"\n{verb} of {ROWS:,} × {DIM}-d, Milvus 2.3.5, backup in its own bucket")
                self.say(table(measure(self.rounds)))
                self.say(f"    the Go tool, recorded on another run of this rig: {RECORDED_GO[verb]}")

    def server_side(self) -> None:
        with Rig() as rig:
            store = rig.minio("minio_a", [FROM, TO])
            self._copy("copy within one MinIO", store, store, SMALL, self.rounds)

    def streaming(self) -> None:
        with Rig() as rig:
            a, b = rig.minio("minio_a", [FROM]), rig.minio("minio_b", [TO])
            self._copy("copy from one MinIO to another", a, b, SMALL, self.rounds)

    def large(self) -> None:
        with Rig() as rig:
            a, b = rig.minio("minio_a", [FROM]), rig.minio("minio_b", [TO])
            self._copy("copy from one MinIO to another", a, b, LARGE, min(self.rounds, 3))

    def many(self) -> None:
        """Memory is what this is about, so ours runs alone, once each way."""
        with Rig() as rig:
            a, b = rig.minio("minio_a", [FROM, TO]), rig.minio("minio_b", [TO])
            alone = lambda copy: [copy.ours()]  # noqa: E731
            self._copy("copy within one MinIO", a, a, MANY, 1, alone)
            self._copy("copy from one MinIO to another", a, b, MANY, 1, alone)

    def decode(self) -> None:
        """In memory, without servers."""
        directory = self.work / "decode"
        decode_rounds.make_files(directory)
        self.say("\ndecoding insert logs in memory, column by column, one thread against pyarrow's one")
        results = {kind: decode_rounds.measure(directory, kind, self.rounds) for kind in decode_rounds.KINDS}
        self.say(decode_rounds.table(results))

    def rows(self) -> None:
        with Rig() as rig:
            commands = self._row_commands(rig, LARGE_ROWS)
            self.say(f"\nevery row of a backup of {LARGE_ROWS}, from MinIO")
            results = commands.rounds(min(self.rounds, 3))
            self.say(f"{table(results)}\n{throughput(LARGE_ROWS, results)}")

    def ways(self) -> None:
        with Rig() as rig:
            server = rig.milvus("milvus_a", rig.minio("minio_a", ["bucket-a"]), "bucket-a")
            rig.wait_ready()
            ways_rounds.fill(server)
            rounds = ways_rounds.WaysRounds(server, self.work / "ways")
            rounds.create()
            self.say(f"\nrestore of {ways_rounds.ROWS:,} rows in {ways_rounds.PARTITIONS} partitions, flush included")
            by_insert = rounds.insert(self.rounds)
            self.say(table(by_insert))
            self.say(ways_rounds.times_faster(by_insert, rounds.import_once()))

    def memory(self) -> None:
        """Everything that decodes rows, once each."""
        for shape in (LARGE_ROWS, MANY_SEGMENTS):
            with Rig() as rig:
                commands = self._row_commands(rig, shape, with_milvus=True)
                self.say(f"\nmemory over a backup of {shape}")
                self.say(commands.memory())

    def _row_commands(self, rig: Rig, shape: RowShape, *, with_milvus: bool = False) -> RowCommands:
        store = rig.minio("minio_a", ["bucket-a"])
        server = rig.milvus("milvus_a", store, "bucket-a") if with_milvus else None
        rig.wait_ready()
        commands = RowCommands(store, "bucket-a", shape, Path(tempfile.mkdtemp(dir=self.work)), server)
        commands.seed()
        return commands

    def _copy(self, what: str, a: Minio, b: Minio, shape: Shape, rounds: int,
              choose: Callable[[CopyOfABackup], list[Contender]] = CopyOfABackup.contenders) -> None:  # fmt: skip
        a.wait_ready()
        b.wait_ready()
        name = f"of_{shape.objects}"
        self._seed(a, name, shape)
        self.say(f"\n{what}, {shape.objects:,} objects of {in_words(shape.object_bytes)}")
        copy = CopyOfABackup(name, a, FROM, b, TO, Path(tempfile.mkdtemp(dir=self.work)))
        contenders = choose(copy)
        contenders[1:1] = [copy.ours(setting) for setting in self.settings]
        contenders = [one for one in contenders if not any(one.name.startswith(name) for name in self.left_out)]
        self.say(table(compete(contenders, rounds, sorted({a.process.pid, b.process.pid}))))

    def _seed(self, store: Minio, name: str, shape: Shape) -> None:
        with tempfile.TemporaryDirectory(dir=self.work) as directory:
            write_backup(Path(directory), name, shape)
            store.mc("mirror", f"{directory}/{name}", f"{store.name}/{FROM}/{ROOT}/{name}")


def in_words(size: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def main(argv: Sequence[str]) -> int:
    parts = {"milvus": Bench.milvus, "server-side": Bench.server_side, "streaming": Bench.streaming,
             "large": Bench.large, "many": Bench.many, "decode": Bench.decode, "rows": Bench.rows,
             "ways": Bench.ways, "memory": Bench.memory}  # fmt: skip
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; all when none is given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=VALUE",
                        help="let milvus-backup compete with itself under another setting")  # fmt: skip
    parser.add_argument("--leave-out", action="append", default=[], metavar="NAME", help="mc or rclone")
    args = parser.parse_args(argv)
    if unknown := set(args.parts) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if not OURS.exists():
        sys.exit(f"{OURS} is missing: run `make build`")
    print(f"{OURS.name} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
          f"medians of {args.rounds} rounds (least–most)", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="mbk-bench-") as work:
        bench = Bench(args.rounds, args.setting, args.leave_out, Path(work))
        for part in args.parts or parts:
            parts[part](bench)
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
