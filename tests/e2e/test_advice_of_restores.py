"""Each advice about what a restore is to do, taken as printed: it does that, and touches nothing else. On Milvus Lite.

The backup lies on the disk; rows are inserted, which takes Milvus Lite a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import collections_of as milvus
import golden_rows
import grpc
import pytest
from advice import contents, takes
from datasets import FLAT_IP, field, make, vectors
from milvus_lite_server import MilvusLite
from program import DONE, FAILED, NOT_ALLOWED, USAGE, Outcome, Program, unpack_golden_backups, yaml_text
from pymilvus import Collection, DataType, utility
from rows import PARTITION, assert_same_rows, canonical_row
from rpc_proxy import Refusal, RpcProxy

BACKUP = "spec516"
OLD_KEYS = range(1000, 1020)  # not one of them is in the backup
L2 = {"index_type": "FLAT", "metric_type": "L2", "params": {}}


class Laptop:
    """A Milvus Lite with a collection that no advice is about, and a program that restores into it."""

    def __init__(self, server: MilvusLite, proxy: RpcProxy, program: Program, backups: Path) -> None:
        self.server, self.proxy, self.program, self.backups = server, proxy, program, backups
        self.using = milvus.connection(server)
        store = {"storageType": "local", "rootPath": str(program.directory), "backupRootPath": str(backups)}
        program.environment["XDG_STATE_HOME"] = str(program.directory / "state")
        program.configure(yaml_text({"milvus": {"address": "127.0.0.1", "port": proxy.port}, "minio": store}))
        self.old("bystander")

    def old(self, name: str) -> Collection:
        """What stands there: with rows of its own, an index that the backup does not have, and loaded."""
        fields = [field("id", DataType.INT64, is_primary=True), field("v", DataType.FLOAT_VECTOR, dim=8)]
        made = make(name, self.using, fields)
        made.create_index("v", L2)
        made.insert([list(OLD_KEYS), vectors(8, len(OLD_KEYS), 8)])
        made.flush()
        made.load()
        return made

    def restore(self, exit_code: int, *args: str) -> Outcome:
        return self.program.ends_with(exit_code, "restore", "-n", BACKUP, "--via", "insert", *args)

    def refused(self, exit_code: int, *args: str, said: tuple[str, ...]) -> Outcome:
        """All of it is said, and nothing was changed, in the server or on the disk."""
        before, files = self.state(), contents(self.backups)
        outcome = self.restore(exit_code, *args)
        assert [part for part in said if part not in outcome.stderr] == [], str(outcome)
        assert (self.state(), contents(self.backups)) == (before, files)
        return outcome

    def state(self) -> dict[tuple[str, str], Any]:
        return {(db, name): self.state_of(name, db) for db, name in milvus.all_names(self.server)}

    def state_of(self, name: str, db: str = milvus.DEFAULT_DB) -> Any:
        found = milvus.collection(self.server, name, db)
        return found.num_entities, milvus.indexes_of(found), milvus.load_state(found)

    def is_restored(self, name: str, rows: golden_rows.Rows, *, and_old: bool = False) -> None:
        schema = milvus.collection(self.server, name).schema
        wanted = {key: canonical_row(row, schema) | {PARTITION: partition} for key, (partition, row) in rows.items()}
        there = milvus.rows(self.server, name)
        if and_old:
            wanted |= milvus.rows(self.server, "bystander")
        assert_same_rows(wanted, there)


@pytest.fixture(scope="module")
def lite(rig) -> Iterator[tuple[MilvusLite, RpcProxy]]:
    server = rig.milvus_lite("lite_of_restores")
    server.wait_ready()
    with RpcProxy(server.address, server.port) as proxy:
        yield server, proxy
    rig.stop_one(server.name)


@pytest.fixture(scope="module")
def backups(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("backups")
    unpack_golden_backups(home)
    return home


@pytest.fixture
def laptop(lite, backups, program) -> Iterator[Laptop]:
    server, proxy = lite
    proxy.only_pass_on()
    with milvus.only_for_now(server):
        yield Laptop(server, proxy, program, backups)


@takes("ops/load/place.cc", "collection already exist, ")
def test_a_name_that_is_taken_is_not_when_another_is_given_or_it_is_replaced(laptop):
    laptop.old("growing")
    before = laptop.state()
    said = ("choose another name with --suffix or --rename", "or replace it with --drop_exist_collection")
    restore = ("-c", "growing")
    laptop.refused(FAILED, *restore, said=said)
    for flag, new in ((("--suffix", "_b"), "growing_b"), (("--rename", "growing:other"), "other")):
        laptop.restore(DONE, *restore, *flag)
        assert laptop.state().keys() == before.keys() | {("default", new)}
        assert {name: state for name, state in laptop.state().items() if name in before} == before
        laptop.is_restored(new, golden_rows.growing())
        milvus.drop(laptop.server, new)
    laptop.restore(DONE, *restore, "--drop_exist_collection")
    assert laptop.state().keys() == before.keys()
    laptop.is_restored("growing", golden_rows.growing())
    assert laptop.state_of("bystander") == before["default", "bystander"]


@takes("ops/load/place.cc", "is an alias of the collection")
def test_an_alias_stays_when_another_name_is_given_or_that_of_its_collection(laptop):
    laptop.old("books")
    utility.create_alias("books", "growing", using=laptop.using)
    before = laptop.state()
    said = ("choose another name with --suffix or --rename",)
    restore = ("-c", "growing", "--drop_exist_collection")
    refused = laptop.refused(FAILED, *restore, said=said)
    for flag, new in ((("--suffix", "_b"), "growing_b"), (("--rename", "growing:other"), "other")):
        laptop.restore(DONE, *restore, *flag)
        assert {name: state for name, state in laptop.state().items() if name in before} == before
        laptop.is_restored(new, golden_rows.growing())
        milvus.drop(laptop.server, new)
    named = re.search(r"or restore as (\w+)", refused.stderr)[1]
    assert named == "books"
    laptop.restore(DONE, *restore, "--rename", f"growing:{named}")
    assert laptop.state().keys() == before.keys()
    laptop.is_restored("books", golden_rows.growing())
    laptop.refused(FAILED, *restore, said=("is an alias of the collection books",))  # as before
    assert laptop.state_of("bystander") == before["default", "bystander"]


@takes("ops/load/place.cc", "--skip_create_collection says that it is there")
@takes("ops/load/place.cc", "has rows already (")
def test_rows_go_into_what_is_there_when_that_is_said_and_true(laptop):
    before = laptop.state()
    restore = ("-c", "growing", "-r", "growing:books")
    into = (*restore, "--skip_create_collection")
    laptop.refused(FAILED, *into, said=("--skip_create_collection says that it is there",))
    laptop.restore(DONE, *restore, "--meta_only")  # without it, and without rows for what follows
    books = milvus.collection(laptop.server, "books")
    books.insert([list(OLD_KEYS), vectors(8, len(OLD_KEYS), 8)])
    books.flush()
    laptop.refused(FAILED, *into, said=(f"has rows already ({len(OLD_KEYS)})", "--append says that this is meant"))
    laptop.restore(DONE, *into, "--append")
    laptop.is_restored("books", golden_rows.growing(), and_old=True)
    milvus.drop(laptop.server, "books")
    laptop.restore(DONE, *restore)
    laptop.is_restored("books", golden_rows.growing())
    assert {name: state for name, state in laptop.state().items() if name in before} == before


@takes("ops/load/place.cc", "--meta_only says that the schema alone is meant")
def test_rows_are_replaced_by_none_when_that_is_meant(laptop):
    laptop.old("empty_coll")
    before = laptop.state()
    restore = ("-c", "empty_coll", "--drop_exist_collection")
    said = (f"has {len(OLD_KEYS)} rows", "--meta_only says that the schema alone is meant")
    laptop.refused(FAILED, *restore, said=said)
    laptop.restore(DONE, *restore, "--meta_only")
    assert laptop.state().keys() == before.keys()
    assert laptop.state_of("empty_coll")[:2] == (0, {})
    assert laptop.state_of("bystander") == before["default", "bystander"]


@takes("ops/load/place.cc", "--release says that it may be released and loaded again")
def test_an_index_of_what_is_loaded_is_replaced_when_it_may_be_released(laptop):
    laptop.old("books")
    before = laptop.state()
    restore = ("-c", "db1.indb", "-r", "db1.indb:default.books", "--skip_create_collection", "--meta_only",
               "--rebuild_index", "--drop_exist_index")  # fmt: skip
    laptop.refused(FAILED, *restore, said=("--release says that it may be released and loaded again",))
    laptop.restore(DONE, *restore, "--release")
    rows, indexes, loaded = laptop.state_of("books")
    assert (rows, loaded) == (len(OLD_KEYS), "Loaded")
    [(indexed, params)] = indexes.values()
    assert (indexed, params["metric_type"]) == ("v", FLAT_IP["metric_type"])
    assert before["default", "books"][1] != indexes
    assert_same_rows(milvus.rows(laptop.server, "bystander"), milvus.rows(laptop.server, "books"))
    assert laptop.state_of("bystander") == before["default", "bystander"]


@takes("ops/load/place.cc", "would have to be dropped before its replacement stands")
def test_what_nobody_may_rename_is_dropped_first_when_that_is_said(laptop):
    laptop.old("growing")
    before = laptop.state()
    no_right = Refusal(code=grpc.StatusCode.PERMISSION_DENIED, details="PrivilegeRenameCollection: permission deny")
    laptop.proxy.refuse(lambda call: no_right if call.method == "RenameCollection" else None)
    restore = ("-c", "growing", "--drop_exist_collection")
    laptop.refused(NOT_ALLOWED, *restore, said=("Nothing was changed; --drop_first says that this is meant",))
    assert laptop.proxy.refused == 1
    laptop.restore(DONE, *restore, "--drop_first")
    assert laptop.state().keys() == before.keys()
    laptop.is_restored("growing", golden_rows.growing())
    assert laptop.state_of("bystander") == before["default", "bystander"]


@takes("cli/selection_flags.cc", "for all that they name write -a {}")
def test_a_selection_of_the_backup_is_written_for_whoever_selects_twice(laptop):
    refused = laptop.refused(USAGE, "-d", "db1", "-c", "default.growing,empty_coll", "--dry-run", said=("write -a ",))
    advised = re.search(r"write (-a .*)", refused.stderr)[1]
    planned = laptop.program.shell(f"milvus-backup --json restore -n {BACKUP} --via insert --dry-run {advised}")
    assert planned.exit_code == DONE, str(planned)
    sources = {one["source"] for one in planned.json()["collections"]}
    assert sources == {"db1.indb", "default.growing", "default.empty_coll"}
