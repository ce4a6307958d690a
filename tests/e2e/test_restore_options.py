"""What restore can be told: which collections, under which names, over what is there."""

import collections_of as milvus
import grpc
import pytest
from advice import takes
from datasets import FLAT_IP, fill_coll, fill_small
from program import FAILED, documented_config
from rows import assert_same_rows
from rpc_proxy import Refusal, RpcProxy


@pytest.fixture(scope="module")
def root_of_all():
    return "backups/restore_options"


@pytest.fixture(scope="module")
def backup_of_all(a, tmp_path_factory, root_of_all):
    from program import Program

    program = Program(tmp_path_factory.mktemp("restore_options"))
    program.configure(documented_config(a.server, backup_root=root_of_all))
    program.ok("create", "-n", "all_of_a", "-c", "coll,partitioned,nothing_in_it,archive.coll")


@pytest.fixture
def config(b, a, backup_of_all, root_of_all):
    store = a.server.store
    keys = {"backupAddress": store.address, "backupPort": store.port, "backupBucketName": "bucket-a"}
    return lambda **server: documented_config(b, backup_root=root_of_all, minio=keys, milvus=server)


@pytest.fixture
def restore(config, program):
    program.configure(config())
    return lambda *args: program.run("restore", "-n", "all_of_a", *args)


def succeeds(outcome):
    assert outcome.exit_code == 0, str(outcome)
    return outcome


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--filter", "coll_x", "-s", "_x"), {("default", "coll_x")}),
        (("--filter", "archive.*", "-s", "_x"), {("archive", "coll_x")}),
        (("--filter", "coll_x,archive.coll_x", "-s", "_x"), {("default", "coll_x"), ("archive", "coll_x")}),
        (("-c", "coll,nothing_in_it"), {("default", "coll"), ("default", "nothing_in_it")}),
        (("-c", "archive.coll"), {("archive", "coll")}),
        (("-d", "archive"), {("archive", "coll")}),
        (("-a", '{"archive": [], "default": ["nothing_in_it"]}'), {("archive", "coll"), ("default", "nothing_in_it")}),
        (("-c", "coll", "-r", "coll:renamed"), {("default", "renamed")}),
        (("-c", "coll", "-r", "default.coll:fresh.renamed"), {("fresh", "renamed")}),
        (("-d", "archive", "-r", "archive.*:moved.*"), {("moved", "coll")}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_selects_and_names(b, restore, flags, expected):
    succeeds(restore("--meta_only", *flags))
    assert milvus.all_names(b) == expected


def test_rows_follow_a_rename(a, b, restore):
    succeeds(restore("-c", "coll,archive.coll", "-r", "default.coll:archive.both,archive.coll:archive.old"))
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "both", "archive"))
    assert_same_rows(a.rows_of("coll", "archive"), milvus.rows(b, "old", "archive"))


def test_meta_only_brings_no_rows(b, restore):
    succeeds(restore("--meta_only", "--rebuild_index", "-c", "coll"))
    assert milvus.rows(b, "coll") == {}
    assert len(milvus.indexes_of(milvus.collection(b, "coll"))) == 1


def test_without_asking_no_index_no_alias_and_not_loaded(b, restore):
    succeeds(restore("-c", "coll"))
    restored = milvus.collection(b, "coll")
    assert milvus.indexes_of(restored) == {}
    assert milvus.aliases_of(restored) == []
    assert milvus.load_state(restored) == "NotLoad"


@pytest.mark.parametrize("flag", ["--rebuild_index", "--restore_index", "--rebuild-index"])
def test_indexes_when_asked(a, b, restore, flag):
    succeeds(restore("-c", "coll", flag))
    assert milvus.indexes_of(milvus.collection(b, "coll")) == milvus.indexes_of(milvus.collection(a.server, "coll"))


def test_auto_index(b, restore):
    succeeds(restore("-c", "coll", "--rebuild_index", "--use_auto_index"))
    [(field, params)] = milvus.indexes_of(milvus.collection(b, "coll")).values()
    assert (field, params["index_type"], params["metric_type"]) == ("vec", "AUTOINDEX", "L2")


def test_drop_exist_collection(a, b, restore):
    fill_small("coll", milvus.connection(b))
    succeeds(restore("-c", "coll", "--drop_exist_collection"))
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll"))


def test_skip_create_collection_adds_to_what_is_there(a, b, restore):
    succeeds(restore("-c", "coll", "--meta_only"))
    succeeds(restore("-c", "coll", "--skip_create_collection"))
    assert_same_rows(a.rows_of("coll"), milvus.rows(b, "coll"))


@takes("ops/load/place.cc", "whether it has rows in memory only a flush tells")
def test_rows_that_may_be_in_memory_are_joined_by_others_when_that_is_said(a, b, config, restore, program):
    """Who may not flush does not know of them."""
    no_right = Refusal(code=grpc.StatusCode.PERMISSION_DENIED, details="PrivilegeFlush: permission deny")
    succeeds(restore("-c", "archive.coll", "--meta_only"))
    before = milvus.all_names(b)
    into = ("-c", "archive.coll", "--skip_create_collection")
    with RpcProxy(b.address, b.port) as proxy:
        program.configure(config(port=proxy.port))
        proxy.refuse(lambda call: no_right if call.method == "Flush" else None)
        refused = restore(*into)
        assert refused.exit_code == FAILED, str(refused)
        assert "only a flush tells (--append says that they may be there)" in refused.stderr
        assert milvus.collection(b, "coll", "archive").num_entities == 0
        succeeds(restore(*into, "--append"))
        assert proxy.refused == 1
    assert milvus.all_names(b) == before
    assert_same_rows(a.rows_of("coll", "archive"), milvus.rows(b, "coll", "archive"))


def test_skip_create_collection_needs_the_collection(b, restore):
    outcome = restore("-c", "coll", "--skip_create_collection")
    assert outcome.exit_code == FAILED, str(outcome)
    assert milvus.all_names(b) == set()


def test_drop_exist_index(b, restore):
    there = fill_coll("coll", milvus.connection(b), count=10)
    there.release()
    there.drop_index(index_name=next(iter(milvus.indexes_of(there))))
    there.create_index("vec", FLAT_IP, index_name="old_index")
    succeeds(restore("-c", "coll", "--skip_create_collection", "--drop_exist_index", "--rebuild_index", "--meta_only"))
    assert "old_index" not in milvus.indexes_of(milvus.collection(b, "coll"))


def test_partitions_that_are_missing_are_made(a, b, restore):
    succeeds(restore("-c", "partitioned"))
    assert_same_rows(a.rows_of("partitioned"), milvus.rows(b, "partitioned"))
