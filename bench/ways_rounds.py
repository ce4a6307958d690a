"""restore of a collection of many small segments, by Insert and by Import, on a real Milvus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import collections_of as milvus
import numpy as np
from measure import Contender, Cost, Results, aligned, compete, run_once, spread
from milvus_server import Milvus
from places import ROOT, config
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema
from tools_under_test import OURS

PARTITIONS, ROWS, DIM = 256, 20_000, 32
COLLECTION, SUFFIX, BACKUP = "tenants", "_bak", "ways"


def fill(server: Milvus) -> None:
    """A collection with a partition key: Milvus spreads its rows over 256 partitions, some 80 in each."""
    schema = CollectionSchema([FieldSchema("id", DataType.INT64, is_primary=True),
                               FieldSchema("tenant", DataType.VARCHAR, max_length=40, is_partition_key=True),
                               FieldSchema("vec", DataType.FLOAT_VECTOR, dim=DIM)])  # fmt: skip
    coll = Collection(COLLECTION, schema, using=milvus.connection(server), num_partitions=PARTITIONS)
    vectors = np.random.default_rng(11).random((ROWS, DIM), dtype=np.float32)
    coll.insert([list(range(ROWS)), [f"tenant {key}" for key in range(ROWS)], vectors])
    coll.flush()


class WaysRounds:
    def __init__(self, server: Milvus, directory: Path) -> None:
        assert server.store is not None
        self._server, self._directory = server, directory
        (directory / "configs").mkdir(parents=True)
        (directory / "configs/backup.yaml").write_text(config(server.store, server.bucket, milvus_port=server.port))
        self._pids = [server.process.pid, server.store.process.pid]

    def create(self) -> None:
        """The backup that is restored."""
        run_once(self._contender("create", ["create", "-n", BACKUP, "-c", COLLECTION]), self._pids)

    def insert(self, rounds: int) -> Results:
        return compete([self._restore("insert")], rounds, self._pids)

    def import_once(self) -> Cost:
        return run_once(self._restore("import"), self._pids)

    def _restore(self, way: str) -> Contender:
        arguments = ["restore", "-n", BACKUP, "-s", SUFFIX, "--via", way]
        return self._contender(f"restore --via {way}", arguments, self._drop_restored, self._check_restored)

    def _contender(self, name: str, arguments: list[str], prepare: Callable[[], None] = lambda: None,
                   check: Callable[[], None] = lambda: None) -> Contender:  # fmt: skip
        return Contender(name, [str(OURS), *arguments, "--quiet"], self._directory, prepare, check,
                         log=self._directory / "logs/backup.log")  # fmt: skip

    def _drop_restored(self) -> None:
        if COLLECTION + SUFFIX in milvus.names(self._server):
            milvus.drop(self._server, COLLECTION + SUFFIX)

    def _check_restored(self) -> None:
        restored = milvus.collection(self._server, COLLECTION + SUFFIX)
        if restored.num_entities != ROWS:
            raise RuntimeError(f"{restored.num_entities} of {ROWS} rows were restored")


def times_faster(insert: Results, by_import: Cost) -> str:
    """`by_import` ran once: it takes nine minutes."""
    [costs] = insert.values()
    rows = [("", "wall s", "insert is faster by", "CPU s", "peak MiB", "servers' CPU s"),
            ("restore --via import, once", f"{by_import.wall_s:.1f}", spread([by_import.wall_s / one.wall_s for one in costs]),
             f"{by_import.cpu_s:.2f}", f"{by_import.peak_mib:.0f}", f"{by_import.servers_cpu_s:.1f}")]  # fmt: skip
    return aligned(rows)
