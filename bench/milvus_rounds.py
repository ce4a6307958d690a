"""create and restore of a collection on a real Milvus."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import collections_of as milvus
import numpy as np
from measure import Contender, Results, compete
from milvus_server import Milvus
from places import ROOT, config
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema
from tools_under_test import OURS

ROWS, DIM, BATCH = 100_000, 128, 10_000
DELETED = range(0, ROWS, 10)
COLLECTION, SUFFIX, BACKUP = "coll", "_bak", "bench"
# Recorded on another run of this rig, two quiet cores, with the main branch of 2026-08.
# Milvus 2.3.5 makes imported rows visible when a clock of its own ticks.
IMPORT_TICK_S = 2.0
RECORDED_GO = {"create": "1.5 s, 85 MB", "restore": "6.3 s"}


def fill(server: Milvus) -> None:
    """The collection of the walkthrough: key, vector and an HNSW index."""
    schema = CollectionSchema([FieldSchema("id", DataType.INT64, is_primary=True),
                               FieldSchema("vec", DataType.FLOAT_VECTOR, dim=DIM)])  # fmt: skip
    coll = Collection(COLLECTION, schema, using=milvus.connection(server))
    vectors = np.random.default_rng(7)
    for first in range(0, ROWS, BATCH):
        coll.insert([list(range(first, first + BATCH)), vectors.random((BATCH, DIM), dtype=np.float32)])
    coll.flush()
    coll.create_index("vec", {"index_type": "HNSW", "metric_type": "L2", "params": {"M": 8, "efConstruction": 64}})


class MilvusRounds:
    """A desk with the configuration of the walkthrough: backups lie in the bucket of Milvus, below another root."""

    def __init__(self, server: Milvus, directory: Path) -> None:
        assert server.store is not None
        self._server, self._store = server, server.store
        self._backups = f"{server.bucket}/{ROOT}"
        self._directory = directory
        (directory / "configs").mkdir(parents=True)
        text = config(self._store, server.bucket, milvus_port=server.port)
        (directory / "configs/backup.yaml").write_text(text)
        self._random = random.Random(5)
        self._rows = ROWS
        self._pids = [server.process.pid, self._store.process.pid]

    def delete_some(self) -> None:
        """One row in ten: from now on delta logs lie beside the data."""
        coll = milvus.collection(self._server, COLLECTION)
        coll.load()
        coll.delete(f"id in {list(DELETED)}")
        coll.flush()
        coll.release()
        self._rows = ROWS - len(DELETED)

    def create(self, rounds: int) -> Results:
        return self._compete(rounds, ["create", "-n", BACKUP], self._remove_backup, self._check_backup)

    def restore(self, rounds: int) -> Results:
        """Of the backup that the last run of `create` left."""
        return self._compete(rounds, ["restore", "-n", BACKUP, "-s", SUFFIX], self._prepare_restore, self._check_restored)

    def _compete(
        self, rounds: int, arguments: list[str], prepare: Callable[[], None], check: Callable[[], None]
    ) -> Results:
        ours = Contender("milvus-backup", [str(OURS), *arguments, "--quiet"], self._directory, prepare, check,
                         log=self._directory / "logs/backup.log")  # fmt: skip
        contenders = [ours]
        if go_tool := os.environ.get("MBK_GO_TOOL"):
            contenders.append(Contender("Go tool", [go_tool, *arguments], self._directory, prepare, check))
        return compete(contenders, rounds, self._pids)

    def _remove_backup(self) -> None:
        self._store.mc("rm", "--recursive", "--force", f"{self._store.name}/{self._backups}/")

    def _check_backup(self) -> None:
        if "meta/backup_meta.json" not in self._store.keys(f"{self._backups}/{BACKUP}"):
            raise RuntimeError(f"no backup {BACKUP} was made")

    def _prepare_restore(self) -> None:
        """Drop what was restored, and start anywhere between two ticks: a restore ends with a tick, so that runs
        back to back would all begin at the same place, and all be lucky or all not."""
        time.sleep(self._random.uniform(0, IMPORT_TICK_S))
        if COLLECTION + SUFFIX in milvus.names(self._server):
            milvus.drop(self._server, COLLECTION + SUFFIX)

    def _check_restored(self) -> None:
        restored = milvus.collection(self._server, COLLECTION + SUFFIX)
        if restored.num_entities != self._rows:
            raise RuntimeError(f"{restored.num_entities} of {self._rows} rows were restored")
