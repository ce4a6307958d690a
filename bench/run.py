"""The benchmark of milvus-backup against what an operator would use instead. See README.md.

    testing/servers/in_loopback PYTHON bench/run.py [--rounds N] [PART…]
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
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
from measure import Contender, Results, compete, per_byte, table  # noqa: E402
from milvus_rounds import DIM, RECORDED_GO, ROWS, MilvusRounds, fill  # noqa: E402
from object_stores import Minio  # noqa: E402
from places import Bucket, Directory  # noqa: E402
from rig import Rig  # noqa: E402
from rows_rounds import LARGE as LARGE_ROWS  # noqa: E402
from rows_rounds import MANY_SEGMENTS, RowCommands, RowShape, throughput  # noqa: E402
from synthetic_backup import Shape, write_backup  # noqa: E402
from tools_under_test import OURS, CopyOfABackup, ListOfABackup  # noqa: E402

FROM, TO = "bench-from", "bench-to"
SMALL = Shape(objects=3_000, object_bytes=64 << 10)
LARGE = Shape(objects=40, object_bytes=64 << 20)
MANY = Shape(objects=50_000, object_bytes=128)
FEW_LARGE = Shape(objects=24, object_bytes=64 << 20, columns=8)
LISTED = Shape(objects=100_000, object_bytes=16)


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
            rounds.delete_some()
            rounds.create(1)
            self.say("\nrestore of the same with one row in ten deleted")
            self.say(table(rounds.restore(self.rounds)))

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

    def stores(self) -> None:
        """Put, get, copy and list, each by itself."""
        for shape, rounds in ((SMALL, self.rounds), (FEW_LARGE, min(self.rounds, 3))):
            with Rig() as rig:
                store = rig.minio("minio_a", [FROM, TO])
                store.wait_ready()
                self._put_get_copy(store, shape, rounds)
        with Rig() as rig:
            store = rig.minio("minio_a", [FROM])
            store.wait_ready()
            self._list(store, LISTED)

    def _put_get_copy(self, store: Minio, shape: Shape, rounds: int) -> None:
        name = f"of_{shape.objects}"
        here, there = (Directory(Path(tempfile.mkdtemp(dir=self.work))) for _ in range(2))
        write_backup(here.backups, name, shape)
        source, target = Bucket(store, FROM), Bucket(store, TO)
        source.put(name, here.backups / name)
        ways = {"put: from a directory into MinIO": (here, target), "get: from MinIO into a directory": (source, there),
                "copy: from one bucket of MinIO to another": (source, target)}  # fmt: skip
        for what, (begin, end) in ways.items():
            copy = CopyOfABackup(name, begin, end, Path(tempfile.mkdtemp(dir=self.work)))
            self.say(f"\n{what}, {shape}")
            results = self._compete(copy, CopyOfABackup.copiers, rounds, [store])
            self.say(per_byte(results, shape.total_bytes))
            end.empty()
        shutil.rmtree(here.backups)

    def _list(self, store: Minio, shape: Shape) -> None:
        place = Bucket(store, FROM)
        self._seed(place, "listed", shape)
        self.say(f"\nlist: {shape}, in MinIO")
        lists = ListOfABackup("listed", place, shape.objects, Path(tempfile.mkdtemp(dir=self.work)))
        self.say(table(compete(self._wanted(lists.contenders()), self.rounds, [store.process.pid])))

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
        source, target = Bucket(a, FROM), Bucket(b, TO)
        self._seed(source, name, shape)
        self.say(f"\n{what}, {shape}")
        self._compete(CopyOfABackup(name, source, target, Path(tempfile.mkdtemp(dir=self.work))), choose, rounds, [a, b])

    def _compete(self, copy: CopyOfABackup, choose: Callable[[CopyOfABackup], list[Contender]], rounds: int,
                 servers: Sequence[Minio]) -> Results:  # fmt: skip
        contenders = choose(copy)
        contenders[1:1] = [copy.ours(setting) for setting in self.settings]
        results = compete(self._wanted(contenders), rounds, sorted({server.process.pid for server in servers}))
        self.say(table(results))
        return results

    def _wanted(self, contenders: list[Contender]) -> list[Contender]:
        return [one for one in contenders if not any(one.name.startswith(name) for name in self.left_out)]

    def _seed(self, place: Bucket, name: str, shape: Shape) -> None:
        with tempfile.TemporaryDirectory(dir=self.work) as directory:
            write_backup(Path(directory), name, shape)
            place.put(name, Path(directory) / name)


def main(argv: Sequence[str]) -> int:
    parts = {"milvus": Bench.milvus, "server-side": Bench.server_side, "streaming": Bench.streaming,
             "large": Bench.large, "stores": Bench.stores, "many": Bench.many, "decode": Bench.decode,
             "rows": Bench.rows, "ways": Bench.ways, "memory": Bench.memory}  # fmt: skip
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
