"""Milvus servers that keep their data on a local disk: backups on that disk, without any object store, and clones
between such a server and one with an object store."""

import os
import shlex
from pathlib import Path

import collections_of as milvus
import pytest
from datasets import fill_every_type, fill_partitioned
from milvus_server import EAGER
from program import FAILED, Program, documented_config, local_config, yaml_text
from rows import assert_same_rows

NAMES = ["partitioned", "every_type"]


@pytest.fixture(scope="module")
def disk_pair(rig):
    pair = [rig.milvus(name, overrides=EAGER) for name in ("milvus_disk_a", "milvus_disk_b")]
    for server in pair:
        server.wait_ready()
    yield pair
    for server in pair:
        rig.stop_one(server.name)


@pytest.fixture(scope="module")
def rows(disk_pair):
    """What a user sees in the first server: several partitions, deletes that are flushed and some that are not."""
    using = milvus.connection(disk_pair[0])
    made = [fill_partitioned("partitioned", using), fill_every_type("every_type", using)]
    return {collection.name: milvus.read_all_rows(collection) for collection in made}


@pytest.fixture
def disk_a(disk_pair, rows):
    with milvus.only_for_now(disk_pair[0]) as server:
        yield server


@pytest.fixture
def disk_b(disk_pair):
    with milvus.only_for_now(disk_pair[1]) as server:
        yield server


@pytest.fixture
def backups(tmp_path):
    return tmp_path / "backups"


def files_below(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def v2_config(server, **storage):
    """`storage` adds keys to milvus.storage or replaces them."""
    root = storage.pop("rootPath", str(server.local_root))
    section = {"provider": "local", "rootPath": root, **storage}
    return {"grpc": {"address": server.address, "port": server.port}, "storage": section}


def test_restores_beside_the_source(disk_a, rows, program, backups):
    program.configure(local_config(disk_a, backups))
    created = program.ok("create", "-n", "my_backup", "--json").json()
    assert "streamed_because" not in created, "the kernel copies, or shares blocks"
    program.ok("verify", "-n", "my_backup", "--level", "rows")
    program.ok("restore", "-n", "my_backup", "-s", "_bak", "--rebuild_index")
    for name in NAMES:
        assert_same_rows(rows[name], milvus.rows(disk_a, f"{name}_bak"))
        original, restored = milvus.collection(disk_a, name), milvus.collection(disk_a, f"{name}_bak")
        assert milvus.partitions_of(restored) == milvus.partitions_of(original)
        assert milvus.indexes_of(restored) == milvus.indexes_of(original)
    program.ok("verify", "-n", "my_backup", "--live", "-s", "_bak", "--load")


def test_restores_into_another_server(disk_a, disk_b, rows, program, backups):
    program.configure(local_config(disk_a, backups))
    program.ok("create", "-n", "my_backup")
    program.configure(local_config(disk_b, backups))
    before = files_below(disk_b.local_root)
    program.ok("restore", "-n", "my_backup")
    for name in NAMES:
        assert_same_rows(rows[name], milvus.rows(disk_b, name))
    assert not [path for path in files_below(disk_b.local_root) - before if "restore-temp" in path]


def test_a_deleted_backup_leaves_not_even_directories(disk_a, program, backups):
    program.configure(local_config(disk_a, backups))
    program.ok("create", "-n", "first", "-c", "partitioned")
    program.ok("create", "-n", "second", "-c", "partitioned")
    program.ok("delete", "-n", "first")
    assert [path.name for path in backups.iterdir()] == ["second"]
    program.ok("delete", "-n", "second")
    assert files_below(backups) == set()


class InItsOwnMounts(Program):
    """A program for which the directory `there` lies at `here` as well, as a mounted volume does."""

    def __init__(self, directory: Path, *, there: Path, here: Path) -> None:
        super().__init__(directory)
        here.mkdir()
        mount = shlex.join(["mount", "--bind", str(there), str(here)])
        self.wrapper = ["unshare", "--mount", "--", "sh", "-c", f'{mount} && exec "$@"', "sh"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a directory needs root")
def test_milvus_sees_the_disk_under_another_path(disk_a, rows, tmp_path, backups):
    """As with a container and its volume: here the data lie at a path that is an empty directory to Milvus."""
    here = tmp_path / "volume"
    program = InItsOwnMounts(tmp_path / "work", there=disk_a.local_root, here=here)
    backup = {"storage": {"provider": "local", "rootPath": str(backups)}}
    server = v2_config(disk_a, rootPath=str(here), localPath=str(disk_a.local_root))
    program.configure("configVersion: v2\n" + yaml_text({"milvus": server, "backup": backup}))
    program.ok("create", "-n", "my_backup", "-c", "partitioned")
    program.ok("restore", "-n", "my_backup", "-s", "_bak")
    assert_same_rows(rows["partitioned"], milvus.rows(disk_a, "partitioned_bak"))

    sections = {"milvus": v2_config(disk_a, rootPath=str(here)), "backup": backup, "transfer": {"mode": "streaming"}}
    program.configure("configVersion: v2\n" + yaml_text(sections))
    # Told of a path where nothing lies, Milvus says that it has imported that.
    refused = program.ends_with(FAILED, "restore", "-n", "my_backup", "-s", "_unmapped")
    assert "Milvus imported 0 rows" in refused.stderr and "localPath" in refused.stderr
    assert list(here.iterdir()) == []


def test_a_link_out_of_the_backup_is_not_followed(disk_a, program, backups, tmp_path):
    program.configure(local_config(disk_a, backups))
    program.ok("create", "-n", "my_backup", "-c", "partitioned")
    insert_log = backups / "my_backup" / "binlogs" / "insert_log"
    insert_log.rename(tmp_path / "elsewhere")
    insert_log.symlink_to(tmp_path / "elsewhere")
    refused = program.run("restore", "-n", "my_backup", "-s", "_bak")
    assert refused.exit_code != 0
    assert "partitioned_bak" not in milvus.names(disk_a)


def clone(program, source, target, *args):
    """Between the servers of two files, and what came of it for the one collection."""
    program.configure(source)
    program.configure(target, "configs/target.yaml")
    outcome = program.ok("--json", "clone", "--to", "configs/target.yaml", *args)
    [collection] = outcome.json()["collections"]
    return collection


@pytest.mark.parametrize("name", NAMES)
def test_clone_from_disk_to_disk(disk_a, disk_b, rows, program, backups, name):
    made = clone(program, local_config(disk_a, backups), local_config(disk_b, backups), "-c", name)
    assert "streamed_because" not in made
    assert_same_rows(rows[name], milvus.rows(disk_b, name))


@pytest.mark.parametrize("name", NAMES)
def test_clone_from_disk_to_an_object_store(disk_a, b, rows, program, backups, name):
    made = clone(program, local_config(disk_a, backups), documented_config(b), "-c", name)
    assert "are two services" in made["streamed_because"]
    assert_same_rows(rows[name], milvus.rows(b, name))


@pytest.mark.parametrize("name", NAMES)
def test_clone_from_an_object_store_to_disk(a, disk_b, program, backups, name):
    made = clone(program, documented_config(a.server), local_config(disk_b, backups), "-c", name, "-s", "_clone")
    assert "are two services" in made["streamed_because"]
    assert_same_rows(a.rows_of(name), milvus.rows(disk_b, f"{name}_clone"))
